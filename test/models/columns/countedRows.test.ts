import { describe, expect, it } from "vitest";
import type { RunOutputs } from "../../../src/engines/engine.ts";
import * as g from "../../../src/graph/publicOps.ts";
import type { ColumnHead } from "../../../src/models/columns/heads/columnHead.ts";
import { headFromJson } from "../../../src/models/columns/heads/headFromJson.ts";
import { MarginalCells, type MarginalMap } from "../../../src/models/columns/heads/marginalMap.ts";
import { cellsHead, pointHead } from "../../../src/models/columns/heads/mixtureHead.ts";
import { runOn } from "../../engines/agree.ts";
import { engines } from "../../engines.ts";

const map: MarginalMap = {
  domain: { type: "logit", from: -0.5, to: 9.5 },
  mixture: { logWeights: [Math.log(0.4), Math.log(0.6)], means: [-1, 0.5], scales: [0.5, 0.8] },
};
const grid = { from: 0, step: 1, first: 0, last: 9 };
/** 40 rows on five places, each count less 0.6: the places have (40 - 5 * 0.6) / 40 of the mass. */
const discount = 0.6;
const rows = 40;
const counts = [1, 12, 20, 6, 1];
const sharesOf = (own: readonly number[], all: number) => {
  const kept = own.map((count) => Math.max(0, count - discount));
  return {
    places: [0, 2, 3, 5, 9].filter((_, i) => kept[i]! > 0),
    counts: kept.filter((count) => count > 0),
    blend: 1 - kept.reduce((sum, count) => sum + count, 0) / all,
  };
};

describe("a cell of a grid for a row that is counted", () => {
  const all = new MarginalCells(map, grid, sharesOf(counts, rows));

  it.each([
    [0, 0],
    [2, 1],
    [3, 2],
    [9, 4],
  ])("is that of the other rows: place %i", (place, i) => {
    const others = new MarginalCells(
      map,
      grid,
      sharesOf(
        counts.map((count, k) => (k === i ? count - 1 : count)),
        rows - 1,
      ),
    );
    const [left, expected] = [all.cell(place, 1), others.cell(place)];
    expect(left.low).toBeCloseTo(expected.low, 9);
    expect(left.high).toBeCloseTo(expected.high, 9);
    expect(left.logWidth).toBeCloseTo(expected.logWidth, 9);
    // It is narrower; those at the bounds have no end in z either way.
    if (place > 0 && place < 9) expect(left.width).toBeLessThan(all.cell(place).width);
    else expect(left.high - all.cell(place).high || left.low - all.cell(place).low).not.toBe(0);
  });

  it("is that of all rows at a place where none is, and where it is all there is", () => {
    expect(all.cell(4, 1)).toEqual(all.cell(4));
    const single = new MarginalCells(map, grid, { places: [3], counts: [0.4], blend: 0.6 });
    expect(single.cell(3, 1)).toEqual(single.cell(3));
  });
});

it("later columns see z, and how far along each stretch of equal probability it is", () => {
  const start = [0, 0, 0];
  const plain = pointHead({ name: "x", kind: "continuous" }, { map: identity, components: 1, start });
  const head = pointHead(
    { name: "x", kind: "continuous" },
    { map: identity, components: 1, knots: 4, start },
  );
  expect([plain.features, head.features]).toEqual([1, 5]);
  const features = new Float64Array(5);
  // F(x) = 3/8: all of the first quarter, half of the second.
  head.encode(Math.log(3 / 5), new Float64Array(1), 0, features, 0);
  expect(features[0]).toBeCloseTo(Math.log(3 / 5) / 1.8, 12);
  [1 / 8, -1 / 8, -3 / 8, -1 / 8].forEach((value, k) => {
    expect(features[1 + k]! + 0).toBeCloseTo(value, 12);
  });
  expect(head.toJSON()).toMatchObject({ knots: 4 });
});

it.each(["point", "cells"] as const)("a row stretches a head of %s no further than it may", async (type) => {
  const options = { map: identity, components: 1, start: [0, 0, 0], frequent: [], masses: [] };
  const headOf = (largestStretch?: number): ColumnHead =>
    type === "point"
      ? pointHead({ name: "x", kind: "continuous" }, { ...options, largestStretch })
      : cellsHead({ name: "x", kind: "integer" }, { ...options, largestStretch });
  /** The value with the log odds 30, and the log-density of 9, of components that the network stretches by e^a. */
  const ofStretch = async (head: ColumnHead, a: number): Promise<readonly [number, number]> => {
    const numbers = [0, 0, a, 0, 0];
    const targets = new Float64Array(head.targets);
    head.encode(9, targets, 0, new Float64Array(head.features), 0);
    const logProb = head.logProb(
      g.reshape(g.input("targets", [head.targets]), [1, head.targets]),
      g.constant(numbers, [1, numbers.length]),
    );
    const [{ rows }] = (await runOn(
      engines[0]!,
      { rows: { logProb } },
      { rows: 1, inputs: { targets: [...targets] } },
    )) as [RunOutputs];
    return [head.distribution([Float64Array.from(numbers)], [1]).quantile(30), rows.logProb![0]!];
  };
  const head = headOf(1);
  expect(await ofStretch(head, 2.5)).toEqual(await ofStretch(head, 1));
  // A model of before has no such end.
  const [far, logProb] = await ofStretch(headOf(), 2.5);
  expect(far).toBeGreaterThan(4 * (await ofStretch(head, 2.5))[0]);
  expect(logProb).not.toBeCloseTo((await ofStretch(head, 2.5))[1], 1);
  const column = { name: "x", kind: type === "point" ? "continuous" : "integer" } as const;
  expect(headFromJson(column, head.toJSON()).toJSON()).toMatchObject({ largestStretch: 1 });
});

const identity: MarginalMap = {
  domain: { type: "identity" },
  mixture: { logWeights: [0], means: [0], scales: [1] },
};
