/** A flow of a graph between columns is the product of their densities given their parents. */

import { expect, test } from "vitest";
import { maskedAutoregressive } from "../../src/bijections/autoregressive/maskedAutoregressive.ts";
import { graphicalFlow } from "../../src/entries/architectures.ts";
import { parentsConditioner } from "../../src/entries/networks.ts";
import { fit } from "../../src/fitting/fit.ts";
import { load } from "../../src/models/flow.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";
import { draw } from "./tables.ts";

// The column of the last child stands first: the order of the columns is not that of the graph.
const table = draw(["late", "early", "middle", "apart"], 300, 3, (stream) => {
  const early = stream.normal();
  const middle = early + 0.3 * stream.normal();
  return [middle * middle + 0.3 * stream.normal(), early, middle, Math.exp(stream.normal())];
});
const parents = { late: ["middle"], middle: ["early"] };
const small = { hidden: [8], epochs: 20, seed: 1, threads: 1 } as const;
const { flow } = await fit(table, { ...small, parents });

/** How far a change of one column changes what a change of another does: 0 where they are independent given the others. */
async function interaction(one: number, other: number): Promise<number> {
  const rows = [0, 1, 2, 3].map((k) => {
    const row = [1, 0.2, -0.4, 1.5];
    if (k & 1) row[one]! += 0.7;
    if (k & 2) row[other]! -= 0.6;
    return row;
  });
  const [a, b, c, d] = await flow.logProb(Float64Array.from(rows.flat()), { precision: "float64" });
  return Math.abs(a! - b! - c! + d!);
}

test("columns without an edge are independent given the others, parents and children are not", async () => {
  expect(await interaction(0, 2)).toBeGreaterThan(0.01);
  expect(await interaction(1, 2)).toBeGreaterThan(0.01);
  for (const [one, other] of [
    [0, 1],
    [0, 3],
    [1, 3],
    [2, 3],
  ] as const)
    expect(await interaction(one, other), `${one} ${other}`).toBeLessThan(1e-9);
});

test("the model is saved and read, and its ways are inverse to each other on either engine", async () => {
  const back = await load(flow.toBytes());
  const rows = table.values.subarray(0, 40);
  expect(await back.logProb(rows)).toEqual(await flow.logProb(rows));
  const base = await flow.toBase(rows, { precision: "float64" });
  for (const engine of ["wasm", "reference"] as const) {
    const again = await back.toData(base, { engine, precision: "float64" });
    again.forEach((value, i) => expect(value).toBeCloseTo(rows[i]!, 6));
  }
  expect(back.description.kind).toBe("autoregressive");
});

test("generating takes as many passes as the longest path has features", () => {
  const passesOf = (graph: number[][]): number | undefined =>
    parentsConditioner({ parents: graph, hidden: [4] }).network({
      inputs: graph.length,
      outputs: 2 * graph.length,
      autoregressive: { features: graph.length, context: 0 },
    }).passes;
  expect(passesOf([[], [], [], []])).toBe(1);
  expect(passesOf([[], [0], [0], [1, 2]])).toBe(3);
  expect(passesOf([[], [0], [1], [2]])).toBe(4);
});

test("an architecture of a graph has a context and any transformer", async () => {
  const { flow: conditional } = await fit(table, {
    flow: graphicalFlow({ parents: [[1], []], transformer: affineTransformer(), hidden: [] }),
    columns: ["late", "middle"],
    given: ["early"],
    epochs: 2,
    threads: 1,
  });
  const [near] = await conditional.logProb(Float64Array.of(0, 0.1), { given: { early: 0.1 } });
  const [far] = await conditional.logProb(Float64Array.of(0, 0.1), { given: { early: 2 } });
  expect(near).not.toBe(far);
});

test("circles are named, and so are names that are none", async () => {
  const refused = async (options: object): Promise<string> =>
    ((await fit(table, { ...small, ...options }).catch((error: Error) => error)) as Error).message;
  expect(await refused({ parents: { early: ["late"], ...parents } })).toBe(
    'fit: the parents go round in a circle: "late" depends on "middle" depends on "early" depends on "late"; leave one of these parents out.',
  );
  expect(await refused({ parents: { middle: ["earl"] } })).toContain(
    '"earl", which is not a fitted column; did you mean "early"?',
  );
  expect(await refused({ parents: { middle: ["apart"] }, given: ["apart"] })).toContain(
    "all columns depend on what is given",
  );
  expect(await refused({ parents, transforms: 2 })).toContain("has no transforms beside it");
  expect(await refused({ parents, flow: "nsf" })).toContain("parents means nothing for nsf");
  expect(await refused({ parents: { middle: "early" } })).toContain(
    "parents.middle must be an array of names",
  );
  expect(() => graphicalFlow({ features: 2, parents: [[1], [0]] })).toThrow(
    '"0" depends on "1" depends on "0"',
  );
  expect(() => graphicalFlow({ features: 2, parents: [[]] })).toThrow("of 2 features, got 1");
  expect(() => parentsConditioner({ parents: [[1], []], hidden: [4] })).toThrow(
    "features before 0; sort the features",
  );
  expect(() =>
    maskedAutoregressive({
      features: 3,
      transformer: affineTransformer(),
      conditioner: parentsConditioner({ parents: [[], [0]], hidden: [4] }),
    }),
  ).toThrow("texts of 3 letters");
});
