import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AbortedError, DataError, FormatError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";

import { type Flow, load } from "../../src/models/flow.ts";
import { type Table, tableFromColumns, tableFromRows } from "../../src/tables/table.ts";
import { curved, kinds, momentsOf, quick } from "../fitting/tables.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-flow-"));
afterAll(() => rmSync(folder, { recursive: true }));

const table = curved(300, 7);
const one = { threads: 1 };

describe.each(kinds)("a fitted %s", (kind) => {
  let flow: Flow;
  let conditional: Flow;
  beforeAll(async () => {
    // A fit that is this short, at a higher rate, has not learnt yet how far its samples may go.
    const options = { ...quick, flow: kind, hidden: [16], epochs: 30, learningRate: 3e-3 };
    flow = (await fit(table, options)).flow;
    conditional = (await fit(table, { ...options, given: ["gap"] })).flow;
  });

  it("is the same after it was saved and loaded", async () => {
    for (const [name, own] of [
      ["plain", flow],
      ["conditional", conditional],
    ] as const) {
      const path = join(folder, `${kind}-${name}.safetensors`);
      await own.save(path);
      const given = name === "plain" ? {} : { gap: 5e-4 };
      for (const read of [
        await load(path),
        await load(own.toBytes()),
        await load(new Blob([own.toBytes() as BlobPart])),
      ]) {
        expect(read.toBytes()).toEqual(own.toBytes());
        expect(read.description).toEqual(own.description);
        expect(await read.logProb(table, one)).toEqual(await own.logProb(table, one));
        const how = { seed: 4, given, ...one };
        expect((await read.sample(20, how)).values).toEqual((await own.sample(20, how)).values);
      }
    }
  });

  it("draws the same rows for the same seed, each a function of its number alone, on any number of threads", async () => {
    for (const [own, given] of [
      [flow, {}],
      [conditional, { gap: 5e-4 }],
    ] as const) {
      const many = (await own.sample(300, { seed: 2, given, ...one })).values;
      expect((await own.sample(300, { seed: 2, given, threads: 2 })).values).toEqual(many);
      const few = (await own.sample(70, { seed: 2, given, ...one })).values;
      expect(few).toEqual(many.subarray(0, 210));
      expect((await own.sample(300, { seed: 3, given, ...one })).values).not.toEqual(many);
      expect((await own.sample(0, { given })).rows).toBe(0);
    }
  });

  it("scores each row by itself, on any number of threads", async () => {
    const all = await flow.logProb(table, one);
    expect(await flow.logProb(table, { threads: 2 })).toEqual(all);
    for (const row of [0, 63, 64, 299])
      expect((await flow.logProb(table.values.slice(3 * row, 3 * row + 3), one))[0]).toBe(all[row]);
  });

  it("draws rows like the data", async () => {
    const drawn = momentsOf(await flow.sample(4000, { seed: 1 }));
    const { mean, deviation } = momentsOf(table);
    mean.forEach((value, i) => {
      expect(Math.abs(drawn.mean[i]! - value) / deviation[i]!, table.columns[i]).toBeLessThan(0.2);
      expect(Math.abs(drawn.deviation[i]! / deviation[i]! - 1), table.columns[i]).toBeLessThan(0.35);
    });
  });

  it("given a value for each row, draws each row as if it were given to all", async () => {
    // More rows than are drawn at a time.
    const gap = Float64Array.from({ length: 9000 }, (_, i) => (i % 3) * 4e-4);
    const drawn = await conditional.sampleWithLogProb(9000, { seed: 1, given: { gap } });
    expect(drawn.table.values.filter((_, i) => i % 3 === 0)).toEqual(gap);
    for (const value of [0, 4e-4]) {
      const same = await conditional.sampleWithLogProb(9000, { seed: 1, given: { gap: value } });
      for (const row of [0, 1, 2, 8997, 8998, 8999].filter((own) => gap[own] === value)) {
        expect(drawn.logProb[row]).toBe(same.logProb[row]);
        expect(drawn.table.values.subarray(3 * row, 3 * row + 3)).toEqual(
          same.table.values.subarray(3 * row, 3 * row + 3),
        );
      }
    }
    await expect(conditional.sample(3, { given: { gap: [1, 2] } })).rejects.toThrow(/each of the 3 rows/);
    await expect(conditional.sample(2, { given: { gap: [1, Number.NaN] } })).rejects.toThrow(DataError);
  });

  it("given a column, draws rows that contain it", async () => {
    const drawn = await conditional.sample(50, { seed: 1, given: { gap: 5e-4 } });
    expect(drawn.columns).toEqual(["gap", "mass", "height"]);
    for (let row = 0; row < 50; row++) expect(drawn.values[3 * row]).toBe(5e-4);
    expect((await conditional.logProb(drawn)).every(Number.isFinite)).toBe(true);
  });

  it("never gives NaN, however far out", async () => {
    const rows: number[][] = [];
    for (const far of [1e5, 1e10, 1e20, 1e30, 1e60, 1e300, Number.MAX_VALUE, 5e-324])
      for (const sign of [1, -1])
        for (let i = 0; i < 3; i++)
          rows.push(
            [0, 1, 2].map((j) => (j === i ? sign * far : 1)),
            [0, 1, 2].map(() => sign * far),
          );
    for (const own of [flow, conditional])
      for (const engine of ["wasm", "reference"] as const) {
        const scores = await own.logProb(tableFromRows(table.columns, rows), { engine, ...one });
        for (const score of scores) expect(score).toBeLessThan(100);
      }
    const far = await flow.logProb(tableFromRows(table.columns, [[1e300, 1e300, 1e300]]));
    expect(far[0]).toBeLessThan(-1e4);
  });
});

describe("the rows that are scored", () => {
  let flow: Flow;
  let conditional: Flow;
  beforeAll(async () => {
    flow = (await fit(table, quick)).flow;
    conditional = (await fit(table, { ...quick, given: ["gap"] })).flow;
  });
  const columnsOf = (source: Table): Record<string, Float64Array> =>
    Object.fromEntries(
      source.columns.map((name, i) => [
        name,
        Float64Array.from(
          { length: source.rows },
          (_, row) => source.values[row * source.columns.length + i]!,
        ),
      ]),
    );

  it("are matched by name, in any order, others ignored", async () => {
    const { mass, gap, height } = columnsOf(table);
    const extra = new Float64Array(300).fill(Number.NaN);
    const other = tableFromColumns({ height: height!, extra, gap: gap!, mass: mass! });
    expect(await flow.logProb(other, one)).toEqual(await flow.logProb(table, one));
    expect(await conditional.logProb(other, one)).toEqual(await conditional.logProb(table, one));
  });

  it("must have the columns", async () => {
    const { mass, gap } = columnsOf(table);
    const less = tableFromColumns({ mass: mass!, gap: gap! });
    for (const own of [flow, conditional]) {
      const error = await own.logProb(less).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(DataError);
      expect((error as Error).message).toContain('"height"');
    }
    await expect(flow.logProb(new Float64Array(4))).rejects.toThrow(DataError);
  });

  it("have a density of 0 at infinity, and none where a value is missing", async () => {
    const rows = [
      [1e3, 1e-3, 1e4],
      [1 / 0, 1e-3, 1e4],
      [1e3, -1 / 0, 1e4],
    ];
    const scores = await flow.logProb(tableFromRows(table.columns, rows));
    expect([...scores].map(Number.isFinite)).toEqual([true, false, false]);
    expect(scores.subarray(1)).toEqual(Float64Array.of(-1 / 0, -1 / 0));
    const missing = await flow
      .logProb(tableFromRows(table.columns, [rows[0]!, [1e3, Number.NaN, 1e4]]))
      .catch((e: unknown) => e);
    expect(missing).toBeInstanceOf(DataError);
    expect(missing).toMatchObject({ column: "gap", row: 2 });
    expect((await conditional.logProb(tableFromRows(table.columns, [rows[1]!])))[0]).toBe(-1 / 0);
    const given = await conditional
      .logProb(tableFromRows(table.columns, [rows[0]!, rows[2]!]))
      .catch((e: unknown) => e);
    expect(given).toBeInstanceOf(DataError);
    expect(given).toMatchObject({ column: "gap", row: 2 });
  });

  it("may be none, and are not changed", async () => {
    expect(await flow.logProb(tableFromRows(table.columns, new Float64Array(0)))).toHaveLength(0);
    const before = table.values.slice();
    await flow.logProb(table);
    await flow.logProb(table.values);
    expect(table.values).toEqual(before);
  });

  it("are not scored after an abort", async () => {
    await expect(flow.logProb(table, { signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
    await expect(flow.sample(10, { signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
  });

  it("cannot be drawn in impossible ways", async () => {
    for (const n of [-1, 1.5, Number.NaN, 1 / 0]) await expect(flow.sample(n)).rejects.toThrow(UsageError);
    await expect(conditional.sample(5)).rejects.toThrow(/"gap"/);
    await expect(conditional.sample(5, { given: { gap: Number.NaN } })).rejects.toThrow(UsageError);
    await expect(conditional.sample(5, { given: { gap: 1, mass: 2 } })).rejects.toThrow(
      /"mass" is not a column that the flow is given/,
    );
    await expect(flow.sample(5, { given: { mass: 2 } })).rejects.toThrow(UsageError);
  });

  it("come with an error that names the file if there is none", async () => {
    await expect(load(join(folder, "absent.safetensors"))).rejects.toThrow(FormatError);
    await expect(flow.save(join(folder, "absent", "model.safetensors"))).rejects.toThrow(
      /there is no folder/,
    );
  });
});
