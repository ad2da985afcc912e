/** Models as modules that stand alone, called from JavaScript. */

import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { type ExportFunction, exportModel, verifyExport } from "../../src/entries/exchange.ts";
import { openModule } from "../../src/exchange/wasm/moduleNotes.ts";
import { type Flow, fit, load, type Table, tableFromObjects } from "../../src/index.ts";
import { rowsAround } from "./rowsAround.ts";
import { sectionsOf } from "./wasmSections.ts";

const folder = join(import.meta.dirname, "../files/models");
const modelOf = (name: string): Promise<Flow> => load(join(folder, `${name}.safetensors`));

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly allocate: (bytes: number) => number;
  readonly release: (address: number) => void;
  readonly logprob: (rows: number, count: number, results: number) => void;
  readonly clickhouse_create_buffer: (bytes: number) => number;
  readonly clickhouse_destroy_buffer: (handle: number) => void;
  readonly clickhouse_logprob: (handle: number, rows: number) => number;
}

async function instanceOf(bytes: Uint8Array): Promise<Exports> {
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(bytes), {});
  return instance.exports as unknown as Exports;
}

async function check(
  name: string,
  functions: readonly ExportFunction[],
  precision: "float32" | "float64",
): Promise<void> {
  const flow = await modelOf(name);
  const what = functions.length > 1 ? "all" : functions[0]!;
  const bytes = await exportModel(flow, { to: "wasm", function: what, precision });
  const rows = await rowsAround(flow);
  for (const each of functions) {
    const found = await verifyExport(flow, bytes, rows, { function: each });
    expect(found, `${name} ${each}`).toMatchObject({ rows: 60, function: each, nonFiniteMismatches: 0 });
    expect(found.passes, `${name} ${each}: ${found.worstRelative} of ${found.tolerance}`).toBe(true);
    expect(found.tolerance).toBe(precision === "float64" ? 1e-9 : 2e-5 * flow.columns.length);
  }
}

/** Rows of two sets of seven columns: counts, sizes with gaps, levels, truth values, moments, prices and shares. */
function fourteenColumns(rows: number): Record<string, unknown>[] {
  const one = (i: number, set: number): Record<string, unknown> => {
    const z = 2 * Math.sin(1.7 * i * i + set) + Math.cos(i * (set + 2));
    return {
      [`age${set}`]: Math.round(40 + 8 * z),
      [`income${set}`]: i % 11 === set ? null : Math.exp(10 + 0.3 * z),
      [`city${set}`]: ["Bern", "Rom", "Oslo", "Wien", "Paris"][(i * i + set) % 5],
      [`member${set}`]: (i * 7 + set) % 3 === 0,
      [`signed${set}`]: new Date(1.5e12 + 1e10 * Math.floor(3 + z) + i).toISOString(),
      [`price${set}`]: Math.round(400 * Math.exp(0.4 * z)) / 100,
      [`share${set}`]: 1 / (1 + Math.exp(-z)),
    };
  };
  return Array.from({ length: rows }, (_, i) => ({ ...one(i, 0), ...one(i, 1) }));
}

/** Those that must work everywhere. */
const usual = ["nsf-ar", "nsf", "maf", "realnvp", "mixture", "gaussian", "sliced", "columns"];

test.each(usual)("a module gives the log-densities of %s in float64 and in float32", async (name) => {
  await check(name, ["logprob"], "float64");
  await check(name, ["logprob"], "float32");
});

const others = [
  "planar-given",
  "radial",
  "residual",
  "cnf",
  "flow-matching",
  "dual-ascent",
  "gaussianization",
  "iaf",
  "naf",
];

test.each(others)("a module gives the log-densities of %s", async (name) => {
  await check(name, ["logprob"], "float64");
});

test.each(["nsf-ar-spread", "realnvp-given", "maf", "kde", "sliced"])(
  "one module has all functions of %s",
  async (name) => {
    await check(name, ["logprob", "to-base", "sample"], "float64");
  },
);

it("is no larger than 60 kB and its weights, also where kernels call what they have in common", async () => {
  for (const name of [...usual, "naf"])
    for (const precision of ["float64", "float32"] as const) {
      const flow = await modelOf(name);
      const bytes = await exportModel(flow, { to: "wasm", precision });
      expect(bytes.length, `${name} ${precision}`).toBeLessThan(60_000 + flow.toBytes().length);
    }
});

/** The same columns, and three that have hundreds of values: more than the weights hold, these are in the module. */
function widerColumns(rows: number): Record<string, unknown>[] {
  return fourteenColumns(rows).map((row, i) => ({
    ...row,
    rent: 5 * ((i * i * 31) % 601),
    day: new Date(Date.UTC(2020, 0, 1 + ((i * 37) % 503))).toISOString().slice(0, 10),
    visits: i % 3 === 0 ? 0 : (i * 13) % 211,
    town: `town ${(i * 7) % 83}`,
  }));
}

/** Bytes of a module but its data: code, and what it says of itself. */
function bytesBesideData(bytes: Uint8Array): number {
  return sectionsOf(bytes)
    .filter(({ number }) => number === 11)
    .reduce((rest, { from, to }) => rest - (to - from), bytes.length);
}

it.each([
  ["fourteen", fourteenColumns],
  ["eighteen", widerColumns],
] as const)(
  "has less than 60 kB beside the weights of %s mixed columns, in float32 with kernels of both precisions",
  async (_, columns) => {
    const table = tableFromObjects(columns(600));
    const { flow } = await fit(table, { flow: "columns", seed: 1, epochs: 1, hidden: [16] });
    for (const precision of ["float64", "float32"] as const) {
      const bytes = await exportModel(flow, { to: "wasm", precision });
      expect(bytesBesideData(bytes), precision).toBeLessThan(48_000);
      // With the values that were seen.
      const weights = (precision === "float32" ? 4 : 8) * flow.parameterCount;
      expect(bytes.length - weights, precision).toBeLessThan(60_000);
      const { passes } = await verifyExport(flow, bytes, tableFromObjects(columns(50)));
      expect(passes, precision).toBe(true);
    }
  },
);

it("says in its custom section what it computes and what its columns are, and is the same again", async () => {
  const flow = await modelOf("realnvp-given");
  const bytes = await exportModel(flow, { to: "wasm", function: "all", precision: "float32" });
  const { module, notes } = await openModule(bytes);
  const [columns, given] = [flow.columns.length, flow.given.length];
  expect(notes).toEqual({
    formatVersion: 1,
    kind: "realnvp",
    precision: "float32",
    functions: {
      logprob: { function: "logprob", width: columns + given, results: 1 },
      to_base: { function: "to-base", width: columns + given, results: columns },
      sample: { function: "sample", width: flow.base.noise + given, results: columns },
    },
    columns: flow.columns.map((name) => ({ name, enters: "the number itself" })),
    given: flow.given.map((name) => ({ name, enters: "the number itself" })),
  });
  expect(WebAssembly.Module.imports(module)).toEqual([]);
  const { exports } = await WebAssembly.instantiate(module, {});
  for (const [name, { width, results }] of Object.entries(notes.functions))
    for (const [size, numbers] of Object.entries({ width, results }))
      expect((exports[`${name}_${size}`] as () => number)(), `${name}_${size}`).toBe(numbers);
  expect(await exportModel(flow, { to: "wasm", function: "all", precision: "float32" })).toEqual(bytes);
});

describe("the module of a flow", () => {
  it("gives the same to a row alone, in a block of any length, and in another call", async () => {
    const flow = await modelOf("maf");
    const { memory, allocate, logprob } = await instanceOf(await exportModel(flow, { to: "wasm" }));
    const width = flow.columns.length;
    const numbers = Float64Array.from({ length: width * 200 }, (_, i) => 3 * Math.sin(i * i));
    const expected = await flow.logProb(numbers, { precision: "float64" });
    const [rows, results] = [allocate(numbers.byteLength), allocate(8 * 200)];
    new Float64Array(memory.buffer, rows, numbers.length).set(numbers);
    logprob(rows, 200, results);
    const whole = [...new Float64Array(memory.buffer, results, 200)];
    for (const [i, value] of whole.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-11);
    for (const [start, count] of [
      [0, 200],
      [0, 1],
      [7, 64],
      [3, 65],
      [130, 70],
      [199, 1],
      [5, 0],
    ] as const) {
      const out = new Float64Array(memory.buffer, results, 200).fill(-1);
      logprob(rows + 8 * width * start, count, results);
      expect([...out.subarray(0, count)]).toEqual(whole.slice(start, start + count));
      expect([...out.subarray(count)].every((value) => value === -1)).toBe(true);
    }
  });

  it("gives memory of any size, aligned, and takes it back", async () => {
    const { memory, allocate, release } = await instanceOf(
      await exportModel(await modelOf("gaussian"), { to: "wasm" }),
    );
    const sizes = [0, 1, 48, 49, 1000, 65_536, 3_000_000, 100];
    const blocks = sizes.map((size) => ({ size, address: allocate(size) }));
    for (const { size, address } of blocks) {
      expect(address % 16).toBe(0);
      new Uint8Array(memory.buffer, address, size).fill(255);
      for (const other of blocks)
        expect(
          other.address === address ||
            other.address + other.size <= address ||
            address + size <= other.address,
        ).toBe(true);
    }
    for (const { address } of blocks) release(address);
    const before = memory.buffer.byteLength;
    const again = sizes.map((size) => allocate(size));
    expect(again.toSorted()).toEqual(blocks.map(({ address }) => address).toSorted());
    expect(memory.buffer.byteLength).toBe(before);
    expect([allocate(2 ** 30 + 1), allocate(-1)]).toEqual([0, 0]);
  });

  it("takes and gives blocks as ClickHouse has them, and refuses a block of another width", async () => {
    const flow = await modelOf("gaussian");
    const module = await instanceOf(await exportModel(flow, { to: "wasm" }));
    const handle = module.clickhouse_create_buffer(3 * 2 * 8);
    const bufferOf = (address: number): Float64Array => {
      const [data, size] = new Uint32Array(module.memory.buffer, address, 2);
      return new Float64Array(module.memory.buffer, data!, size! / 8);
    };
    bufferOf(handle).set([0.5, 1, -2, 3, 100, Number.NaN]);
    const result = module.clickhouse_logprob(handle, 3);
    const expected = await flow.logProb(
      [
        [0.5, 1],
        [-2, 3],
      ],
      { precision: "float64" },
    );
    expect([...bufferOf(result)]).toEqual([...expected, Number.NaN]);
    module.clickhouse_destroy_buffer(result);
    expect(() => module.clickhouse_logprob(handle, 2)).toThrow(/unreachable/);
  });
});

it("says which direction a flow of mixed columns has", async () => {
  const flow = await modelOf("columns");
  await expect(exportModel(flow, { to: "wasm", function: "sample" })).rejects.toThrow(
    /the log-density alone/,
  );
  const bytes = await exportModel(flow, { to: "wasm", function: "all" });
  expect(Object.keys((await openModule(bytes)).notes.functions)).toEqual(["logprob"]);
});

it("refuses a module of others, one of another model, and a function that it has not", async () => {
  const flow = await modelOf("gaussian");
  const rows: Table = await flow.sample(3, { seed: 1 });
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await expect(verifyExport(flow, empty, rows)).rejects.toThrow(/not one of pushforward/);
  await expect(verifyExport(flow, empty.subarray(0, 6), rows)).rejects.toThrow(/not one of pushforward/);
  const bytes = await exportModel(flow, { to: "wasm" });
  await expect(verifyExport(flow, bytes, rows, { function: "sample" })).rejects.toThrow(
    /no function sample: it has logprob/,
  );
  const given = await exportModel(await modelOf("realnvp-given"), { to: "wasm" });
  await expect(verifyExport(flow, given, rows)).rejects.toThrow(/the export is not of this model/);
  await expect(exportModel(flow, { to: "onnx", function: "all" })).rejects.toThrow(/one function/);
});
