/**
 * Which preparations are tried, and which is taken, with scores that are given.
 */

import { describe, expect, it } from "vitest";
import { continuousFlow } from "../../src/architectures/continuousFlow.ts";
import type { FitData } from "../../src/fitting/fitData.ts";
import { defaultRecipe, defaultValidation } from "../../src/fitting/gradient/recipe.ts";
import { choosePreparation } from "../../src/fitting/preparation/choosePreparation.ts";
import type { PreparationChoice } from "../../src/fitting/preparation/preparation.ts";

function dataOf(rows: number, columns: readonly string[], values: number): FitData {
  const train = {
    rows,
    data: Float64Array.from({ length: rows * columns.length }, (_, i) =>
      i % columns.length === 0 ? i % (values * columns.length) : i,
    ),
    context: new Float64Array(0),
    weights: undefined,
  };
  return { train, columns, given: [], validation: undefined, rows, dropped: 0 } as unknown as FitData;
}

/** The choice of a continuous flow, and what was tried, where a score is given by the knots. */
async function chosen(
  rows: number,
  columns: readonly string[],
  score: (knots: number) => number,
  values: number = rows,
): Promise<{ readonly taken: PreparationChoice; readonly tried: readonly number[] }> {
  const tried: number[] = [];
  const { training } = continuousFlow({ features: columns.length });
  const taken = await choosePreparation(dataOf(rows, columns, values), {
    score: async ({ knots }, { train, heldOut }) => {
      expect(train.rows + heldOut.rows).toBe(rows);
      tried.push(knots);
      return score(knots);
    },
    choices: training!.preparation!.choices,
  });
  return { taken, tried };
}

describe("the preparation of a continuous flow", () => {
  it("has many knots only where a knot is worth fifty rows", async () => {
    const better = (knots: number): number => knots;
    expect((await chosen(4849, ["a", "b"], better)).tried).toEqual([0, 17]);
    const { taken, tried } = await chosen(4850, ["a", "b"], better);
    expect(tried).toEqual([0, 17, 97]);
    expect(taken).toEqual({ knots: 97, whiten: true });
  });

  it("has many knots only where every column has twice as many values", async () => {
    const better = (knots: number): number => knots;
    expect((await chosen(6000, ["a", "b"], better, 193)).tried).toEqual([0, 17]);
    expect((await chosen(6000, ["a", "b"], better, 194)).tried).toEqual([0, 17, 97]);
  });

  it("is the simplest that others do not clearly beat", async () => {
    expect((await chosen(6000, ["a", "b"], (knots) => 1e-4 * knots)).taken.knots).toBe(0);
    expect((await chosen(6000, ["a", "b"], (knots) => (knots === 17 ? 0.04 : 0.06))).taken.knots).toBe(0);
    expect(
      (await chosen(6000, ["a", "b"], (knots) => [0, 0.04, 0.06][[0, 17, 97].indexOf(knots)]!)).taken.knots,
    ).toBe(17);
  });

  it("is found for a single column too, where there is nothing to whiten", async () => {
    const { taken, tried } = await chosen(600, ["a"], (knots) => knots);
    expect(tried).toEqual([0, 17]);
    expect(taken).toEqual({ knots: 17, whiten: false });
  });
});

describe("continuous flows of many rows", () => {
  it.each(["cnf", "flow-matching"] as const)("hold out a twentieth: %s", (kind) => {
    expect(defaultValidation(kind, 4999)).toBe(0.1);
    expect(defaultValidation(kind, 5000)).toBe(0.05);
    expect(defaultValidation("nsf-ar", 5000)).toBe(0.1);
  });

  it("let weights decay by flow matching", () => {
    const shape = { rows: 6000, features: 5 };
    expect(defaultRecipe(shape, { flow: "flow-matching" }).weightDecay).toBe(0.02);
    expect(defaultRecipe(shape, { flow: "cnf" }).weightDecay).toBe(1e-4);
  });
});
