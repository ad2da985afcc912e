import { describe, expect, it } from "vitest";
import { neuralSplineFlow, realNVP } from "../../src/architectures/architecture.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { type Table, tableFromColumns } from "../../src/tables/table.ts";
import { quick } from "./tables.ts";

const stream = new RandomStream(randomKey(2));
const normals = (rows: number): number[] => Array.from({ length: rows }, () => stream.normal());
const base = { x: normals(60), y: normals(60), z: normals(60) };
const withColumn = (name: "x" | "y" | "z", change: (value: number, row: number) => number): Table =>
  tableFromColumns({ ...base, [name]: base[name].map(change) });
const good = tableFromColumns(base);

/** The error of a fit, which must come before any training. */
async function refusal(table: Table, options: FitOptions = {}): Promise<unknown> {
  let trained = false;
  const own = { ...quick, epochs: 3, ...options, onProgress: () => (trained = true) };
  const error = await fit(table, own).then(
    () => new Error("the fit went through"),
    (caught: unknown) => caught,
  );
  expect(trained).toBe(false);
  return error;
}

describe("data that cannot be fitted are refused by name before training", () => {
  it.each<[string, Table, FitOptions, RegExp, object]>([
    ["nine rows", tableFromColumns({ x: normals(9), y: normals(9) }), {}, /9 usable rows.*at least 10/, {}],
    ["a constant column", withColumn("y", () => 7), {}, /"y" is constant \(7/, { column: "y" }],
    [
      "a constant given column",
      withColumn("y", () => 7),
      { given: ["y"] },
      /"y" is constant/,
      { column: "y" },
    ],
    [
      "a missing value",
      withColumn("y", (v, i) => (i === 11 ? Number.NaN : v)),
      {},
      /missing.*`missing: "drop"`/,
      { column: "y", row: 12 },
    ],
    [
      "an infinite value",
      withColumn("z", (v, i) => (i === 4 ? -1 / 0 : v)),
      {},
      /-Infinity is not finite/,
      { column: "z", row: 5 },
    ],
    [
      "an infinite value where missing ones are dropped",
      withColumn("z", (v, i) => (i === 4 ? 1 / 0 : v)),
      { missing: "drop" },
      /Infinity is not finite/,
      { column: "z", row: 5 },
    ],
    [
      "too few rows after dropping",
      withColumn("y", (v, i) => (i < 51 ? Number.NaN : v)),
      { missing: "drop" },
      /9 usable rows \(51 left out for missing values\)/,
      {},
    ],
    [
      "values whose squares overflow",
      withColumn("y", (v) => 1e200 * v),
      {},
      /"y" spans .*e\+20\d, too much/,
      { column: "y" },
    ],
    [
      "values whose squares vanish",
      withColumn("y", (v) => 1e-200 * v),
      {},
      /"y" spans .*e-\d*, too little/,
      { column: "y" },
    ],
    ["an unknown column", good, { columns: ["x", "q"] }, /"q"/, {}],
    ["an unknown given column", good, { given: ["q"] }, /"q"/, {}],
    ["an unknown weight column", good, { weights: "q" }, /"q"/, {}],
    ["nothing left to fit", good, { given: ["x", "y", "z"] }, /no column of numbers to fit/, {}],
  ])("%s", async (_, table, options, message, where) => {
    const error = await refusal(table, options);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
    expect(error).toMatchObject(where);
  });

  it("a text column, if it is asked for", async () => {
    const lines = base.x.map((value, row) => `${value},${base.y[row]},name ${row}`);
    const table = await readTable(new Blob([`x,y,name\n${lines.join("\n")}\n`]), { format: "csv" });
    const error = await refusal(table, { columns: ["x", "name"] });
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(/"name" \(row 1\): "name 0" is not a number/);
    expect((await fit(table, quick)).flow.columns).toEqual(["x", "y"]);
  });

  it.each<[string, FitOptions, RegExp]>([
    ["a column both fitted and given", { columns: ["x", "y"], given: ["y"] }, /"y" is both fitted and given/],
    ["a column twice", { columns: ["x", "x"] }, /"x" is named twice/],
    ["a given column that weighs", { given: ["y"], weights: "y" }, /"y" is both given and the weights/],
    [
      "a fitted column that weighs",
      { columns: ["x", "y"], weights: "y" },
      /"y" is both fitted and the weights/,
    ],
    ["no epochs", { epochs: 0 }, /epochs must be a positive integer, got 0/],
    ["half a batch", { batch: 0.5 }, /batch/],
    ["a negative rate", { learningRate: -1 }, /learningRate must be a positive number, got -1/],
    ["a rate of NaN", { learningRate: Number.NaN }, /learningRate/],
    ["a decay that grows", { weightDecay: -0.1 }, /weightDecay must be 0 or more, got -0.1/],
    ["all rows held out", { validation: 1 }, /validation/],
    ["an average that never moves", { averaging: 1 }, /averaging/],
    ["a hidden layer of nothing", { hidden: [8, 0] }, /hidden/],
    ["a broken seed", { seed: 1.5 }, /seed/],
    ["no threads", { threads: 0 }, /threads/],
    ["resuming from nowhere", { resume: true }, /resume needs the checkpoint/],
  ])("%s is a wrong call", async (_, options, message) => {
    const error = await refusal(good, options);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(message);
  });

  it("a validation share that leaves hardly a row to fit gets a warning that says so", async () => {
    const warnings: string[] = [];
    await fit(good, { ...quick, validation: 0.97, onWarning: (line) => warnings.push(line) });
    expect(warnings.join()).toMatch(/leaves \d of \d+ rows to fit: name a smaller `validation`/);
  });

  it("an architecture of another size is a wrong call", async () => {
    await expect(fit(good, { flow: neuralSplineFlow({ features: 2 }) })).rejects.toThrow(
      /2 features.*3 columns/,
    );
    await expect(fit(good, { flow: realNVP({ features: 2, context: 2 }), given: ["x"] })).rejects.toThrow(
      UsageError,
    );
  });
});

describe("columns recorded in steps", () => {
  const counts = withColumn("y", (v) => Math.round(3 * v));

  it("get a warning that says how to spread them, and no other columns do", async () => {
    const warnings: string[] = [];
    // Long enough to be better on the six held-out rows than the untrained flow, of which a warning would tell as well.
    const options = { ...quick, epochs: 20, onWarning: (line: string) => warnings.push(line) };
    await fit(counts, options);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/"y" holds whole numbers.*fit `flow: "columns"`, which gives/);
    await fit(good, options);
    expect(warnings).toHaveLength(1);
  });
});
