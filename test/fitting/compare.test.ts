import { describe, expect, it } from "vitest";
import type { ModelKind } from "../../src/architectures/kinds.ts";
import { type CompareOptions, type Comparison, compare } from "../../src/diagnostics/compare/compare.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { draw } from "./tables.ts";

const flows: readonly ModelKind[] = ["gaussian", "mixture", "kde"];
const options: CompareOptions = { flows, seed: 1, threads: 1 };

const clusters = (rows: number, seed: number): Table =>
  draw(["x", "y"], rows, seed, (stream) => {
    const center = stream.uniform() < 0.5 ? -3 : 3;
    return [center + stream.normal(), 1e3 * (center * center + stream.normal())];
  });
const table = clusters(400, 1);

const without = <Member extends string>(result: Comparison, ...names: Member[]) =>
  result.flows.map((flow) =>
    Object.fromEntries(Object.entries(flow).filter(([name]) => !names.includes(name as Member))),
  );

describe("compare", () => {
  it("scores each kind on the same held-out rows, the best first", async () => {
    const result = await compare(table, options);
    expect(result.best).toBe("mixture");
    expect(result.flows.map(({ flow }) => flow)).toEqual(["mixture", "kde", "gaussian"]);
    expect(result).toMatchObject({ rows: 400, heldOut: 80, dropped: 0, folds: 1, columns: ["x", "y"] });
    const [best] = result.flows;
    expect(best).toMatchObject({ difference: 0, differenceError: 0, error: undefined });
    for (const { logProb, standardError, difference, differenceError } of result.flows) {
      expect(difference).toBeCloseTo(logProb! - best!.logProb!, 9);
      expect(standardError).toBeGreaterThan(0.01);
      // Paired: what makes a row unlikely makes it so for all kinds.
      expect(differenceError).toBeLessThan(standardError! + best!.standardError!);
    }
    const { difference, differenceError } = result.flows[2]!;
    expect(-difference!).toBeGreaterThan(3 * differenceError!);
    expect(result.tied).not.toContain("gaussian");
  });

  it("does not depend on the order or the number of the kinds, nor on anything but the seed", async () => {
    const all = await compare(table, options);
    const again = await compare(table, { ...options, flows: [...flows].reverse() });
    expect(without(again, "seconds")).toEqual(without(all, "seconds"));
    const alone = await compare(table, { ...options, flows: ["gaussian"] });
    expect(alone.best).toBe("gaussian");
    expect(alone.flows[0]!.logProb).toBe(all.flows[2]!.logProb);
    const other = await compare(table, { ...options, flows: ["gaussian"], seed: 2 });
    expect(other.flows[0]!.logProb).not.toBe(alone.flows[0]!.logProb);
  });

  it("holds out each row once in a cross-validation, which has a smaller standard error", async () => {
    const seen: string[] = [];
    const folded = await compare(table, {
      ...options,
      folds: 4,
      onProgress: ({ flow, fold, folds, fit }) => fit || seen.push(`${flow} ${fold}/${folds}`),
    });
    expect(folded).toMatchObject({ heldOut: 400, folds: 4, best: "mixture" });
    expect(seen).toHaveLength(12);
    expect(seen.slice(0, 4)).toEqual(["gaussian 1/4", "mixture 1/4", "kde 1/4", "gaussian 2/4"]);
    const single = await compare(table, options);
    const ratio = folded.flows[0]!.standardError! / single.flows[0]!.standardError!;
    expect(ratio).toBeGreaterThan(0.3);
    expect(ratio).toBeLessThan(0.65);
  });

  it("says that rows do not tell two kinds apart where they do not", async () => {
    const normal = draw(["x", "y"], 300, 4, (stream) => [stream.normal(), stream.normal()]);
    const result = await compare(normal, { ...options, flows: ["gaussian", "mixture"] });
    // BIC takes one component, which is the Gaussian.
    expect(result.tied).toHaveLength(1);
    expect(Math.abs(result.flows[1]!.difference!)).toBeLessThan(1e-6);
  });

  it("weighs fits and scores: equal weights change nothing, and rows of weight 0 are none", async () => {
    const rows = Array.from({ length: 400 }, (_, i) => [...table.values.subarray(2 * i, 2 * i + 2)]);
    const weighted = tableFromRows(
      ["x", "y", "w"],
      rows.map((row) => [...row, 5]),
    );
    const own = await compare(weighted, { ...options, weights: "w" });
    const plain = await compare(table, options);
    own.flows.forEach(({ logProb, standardError }, i) => {
      expect(logProb).toBeCloseTo(plain.flows[i]!.logProb!, 1);
      expect(standardError).toBeCloseTo(plain.flows[i]!.standardError!, 1);
    });
    const exact = (result: Comparison): number =>
      result.flows.find(({ flow }) => flow === "gaussian")!.logProb!;
    expect(exact(own)).toBeCloseTo(exact(plain), 9);
    const zeros = tableFromRows(
      ["x", "y", "w"],
      [...rows.map((row) => [...row, 5]), ...rows.map(() => [1e6, -1e6, 0])],
    );
    expect(await compare(zeros, { ...options, weights: "w" })).toMatchObject({ rows: 400, heldOut: 80 });
  });

  it("reports kinds that fail, all of them if need be", async () => {
    // One row differs: held out, it leaves a constant column to fit.
    const almost = draw(["x", "y"], 40, 1, (stream) => [stream.normal(), 0]);
    almost.values[1] = 1;
    const result = await compare(almost, { ...options, folds: 4 });
    expect(result.best).toBeUndefined();
    expect(result.tied).toEqual([]);
    for (const { error, logProb } of result.flows) {
      expect(error).toMatch(/^column "y"/);
      expect(logProb).toBeUndefined();
    }
  });

  it("refuses what does not fit, and stops when it is told to", async () => {
    const refused: [CompareOptions, RegExp][] = [
      [{ flows: [] }, /^compare: flows must be at least one kind, got none/],
      [{ flows: ["gausian" as ModelKind] }, /there is no kind "gausian"; did you mean "gaussian"\?$/],
      [{ flows: ["glow" as ModelKind] }, /^compare: flows: there is no kind "glow"; the kinds are realnvp/],
      [{ flows: ["kde", "kde"] }, /^compare: flows names kde twice/],
      [{ folds: 1 }, /^compare: folds must be a whole number from 2, got 1/],
      [{ folds: 401 }, /^compare: folds must be at most the number of rows, 400, got 401/],
      [{ test: 1 }, /^compare: test must be a share of the rows between 0 and 1, got 1/],
      [{ test: 0.5, folds: 3 }, /^compare: test and folds exclude each other/],
    ];
    for (const [own, message] of refused) {
      const thrown = compare(table, { ...options, ...own });
      await expect(thrown).rejects.toThrow(message);
      await expect(thrown).rejects.toThrow(UsageError);
    }
    const controller = new AbortController();
    const stopped = compare(table, {
      ...options,
      signal: controller.signal,
      onProgress: ({ flow }) => flow === "mixture" && controller.abort(),
    });
    await expect(stopped).rejects.toThrow(AbortedError);
  });
});

it("of a table that is not of real numbers alone, says that densities are compared, of which columns, and why", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    x: Math.sin(7 * i),
    y: Math.cos(3 * i * i),
    town: i % 3 === 0 ? "Ulm" : "Bonn",
  }));
  const lines: string[] = [];
  const onWarning = (line: string): unknown => lines.push(line);
  const { columns } = await compare(tableFromObjects(rows), { flows: ["gaussian"], onWarning });
  expect(columns).toEqual(["x", "y"]);
  expect(lines.filter((line) => line.startsWith("compared are"))).toEqual([
    "compared are densities of columns of numbers: x, y; masses of levels, steps and missing cells, which `fit` gives this table (town has levels), cannot be held against densities",
  ]);
  lines.length = 0;
  await compare(tableFromObjects(rows), { columns: ["x", "y"], flows: ["gaussian"], onWarning });
  expect(lines).toEqual([]);
});
