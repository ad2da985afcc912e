/**
 * Fits of random small tables: scales of many powers of ten, heavy tails, ties, columns that hardly vary, given columns,
 * weights. Every kind fits, or says in one line why not; what it gives is finite, and the same for the same seed.
 */

import { describe, expect, test } from "vitest";
import { isTrained, modelKinds } from "../../src/architectures/kinds.ts";
import { PushforwardError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import type { RandomStream } from "../../src/random/philox.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { attackCases, attackSeed, attackStream } from "./attack.ts";

const pick = <T>(stream: RandomStream, list: readonly T[]): T => list[stream.integerBelow(list.length)]!;

/** A generator of one column. */
function columnOf(stream: RandomStream): (latent: number) => number {
  const scale = 10 ** (16 * stream.uniform() - 8);
  const shift = pick(stream, [0, 0, 1, 1e3]) * scale;
  const shape = pick(stream, [
    "normal",
    "exponential",
    "cauchy",
    "ties",
    "nearly constant",
    "bounded",
    "curved",
  ]);
  const draw = (latent: number): number => {
    const own = stream.normal();
    if (shape === "exponential") return Math.exp(2 * own);
    if (shape === "cauchy") return Math.tan(Math.PI * (stream.uniform() - 0.5));
    if (shape === "ties") return Math.round(2 * own);
    if (shape === "nearly constant") return stream.uniform() < 0.9 ? 1 : own;
    if (shape === "bounded") return stream.uniform();
    if (shape === "curved") return latent * latent + 0.1 * own;
    return 0.7 * latent + own;
  };
  return (latent) => shift + scale * draw(latent);
}

interface Case {
  readonly table: Table;
  readonly options: FitOptions;
}

function caseOf(index: number): Case {
  const stream = attackStream("fits", index);
  const kind = modelKinds[index % modelKinds.length]!;
  const width = 1 + stream.integerBelow(4);
  const rows = 10 + stream.integerBelow(pick(stream, [20, 100, 290]));
  const names = Array.from({ length: width }, (_, i) => `c${i}`);
  const generators = names.map(() => columnOf(stream));
  const isWeighted = stream.uniform() < 0.2;
  const table = tableFromRows(
    isWeighted ? [...names, "w"] : names,
    Array.from({ length: rows }, () => {
      const latent = stream.normal();
      const values = generators.map((generate) => generate(latent));
      return isWeighted ? [...values, stream.uniform() < 0.1 ? 0 : stream.uniform()] : values;
    }),
  );
  const canBeGiven = isTrained(kind) && width > 1 && stream.uniform() < 0.5;
  return {
    table,
    options: {
      flow: kind,
      seed: stream.integerBelow(1000),
      threads: 1,
      ...(isWeighted ? { weights: "w" } : {}),
      ...(canBeGiven ? { given: [names[width - 1]!] } : {}),
      ...(isTrained(kind) ? { transforms: 2, hidden: [8], epochs: 3 } : {}),
      ...(kind === "columns" ? { hidden: [8], epochs: 3, members: 1 } : {}),
    },
  };
}

/** The model and its scores, or the line that says why there is none. */
async function outcomeOf({ table, options }: Case) {
  try {
    const { flow } = await fit(table, options);
    const scores = await flow.logProb(table);
    const far = {
      ...table,
      values: table.values.map((value, i) => value + (i % 2 ? 1e6 : -1e6) * (Math.abs(value) + 1)),
    };
    const farScores = await flow.logProb(far);
    const given = Object.fromEntries(
      flow.given.map((name) => {
        const place = table.columns.indexOf(name);
        return [
          name,
          Float64Array.from({ length: 20 }, (_, i) => table.values[(i % 10) * table.columns.length + place]!),
        ];
      }),
    );
    const samples = await flow.sample(20, { seed: 1, ...(flow.given.length > 0 ? { given } : {}) });
    return { bytes: flow.toBytes(), scores, farScores, samples: samples.values };
  } catch (error) {
    if (!(error instanceof PushforwardError)) throw error;
    expect(error.message).not.toMatch(/\n/);
    return { refused: error.message };
  }
}

describe("fits of random small tables", () => {
  const cases = Array.from({ length: attackCases(modelKinds.length) }, (_, index) => index);
  test.each(cases)("case %i", async (index) => {
    const own = caseOf(index);
    const what = `seed ${attackSeed}, case ${index}: ${JSON.stringify(own.options)}, ${own.table.rows} rows`;
    const found = await outcomeOf(own);
    if (found.refused === undefined) {
      expect(found.scores!.every(Number.isFinite), what).toBe(true);
      expect(found.samples!.every(Number.isFinite), what).toBe(true);
      expect(
        found.farScores!.every((score) => Number.isFinite(score) || score === Number.NEGATIVE_INFINITY),
        what,
      ).toBe(true);
    }
    // Twice the same, now and then: it costs as much again.
    if (index % 4 === 0) expect(await outcomeOf(own), what).toEqual(found);
  });
});
