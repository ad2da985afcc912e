/**
 * Wrong calls of everything that the library exports: each ends in a PushforwardError of one line, or works, in bounded time. The
 * list of exports are the entries themselves, so that a new one is attacked from the day it is there.
 */

import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ops } from "../../src/entries/graph.ts";
import * as library from "../../src/index.ts";
import * as entries from "../entries.ts";
import { attackCases, attackStream } from "./attack.ts";

const { PushforwardError, ShapeError, UsageError, tableFromColumns, fit, load, readTable } = library;

const rows = 40;
const wave = (shift: number): number[] =>
  Array.from({ length: rows }, (_, i) => Math.sin(i + shift) + i / 50);
const table = tableFromColumns({ x: wave(0), y: wave(1), c: wave(2.5) });

/** Values that are wrong nearly everywhere. */
const wrong: readonly unknown[] = [
  ...[null, undefined, 0, -1, 1.5, 5, Number.NaN, Number.POSITIVE_INFINITY, 10n, true, Symbol("s")],
  ...["", "x", "constructor", "__proto__", "\0", "\u202e".repeat(5000), "x".repeat(100_000)],
  ...[
    {},
    [],
    [1],
    [[1, 2]],
    [null],
    [{}],
    ["a", "a"],
    new Map(),
    new Date(0),
    /x/,
    () => 1,
    Promise.resolve(),
  ],
  ...[
    new Float32Array(2),
    new Float64Array(0),
    new BigInt64Array(2),
    new ArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
  ],
  ...[
    Object.create(null),
    new Proxy({}, {}),
    Object.freeze({ features: "2" }),
    { features: null },
    { features: -1 },
  ],
  ...[
    { features: 2, hidden: 8 },
    { features: 2, transforms: "a" },
    { columns: "a", rows: 1, values: [1] },
  ],
  ...[{ columns: ["a"], rows: 3, values: new Float64Array(2), textColumns: [] }, { length: 1e9 }],
];

const isClass = (value: unknown): boolean =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

const exported: readonly (readonly [string, unknown])[] = [
  ...Object.values(entries).flatMap((entry) => Object.entries(entry)),
  ...Object.entries(ops).map(([name, value]) => [`ops.${name}`, value] as const),
];
const functions = exported.filter((entry): entry is readonly [string, (...args: unknown[]) => unknown] => {
  return typeof entry[1] === "function" && !isClass(entry[1]);
});

/** What a call ends in where that is neither a result nor an error on purpose; undefined where all is well. */
async function accident(call: () => unknown): Promise<string | undefined> {
  const started = performance.now();
  try {
    await call();
  } catch (error) {
    if (!(error instanceof PushforwardError)) return String(error);
    if (typeof error.code !== "string" || error.message === "") return `no code or message: ${error.name}`;
    const isArgument = error instanceof UsageError || error instanceof ShapeError;
    if (isArgument && (error.expected === undefined || error.received === undefined))
      return `does not say what was expected and what came: ${error.message}`;
    if (error.message.length > 2000) return `a message of ${error.message.length} letters`;
  }
  const seconds = (performance.now() - started) / 1000;
  return seconds > 20 ? `${seconds.toFixed(0)} seconds` : undefined;
}

describe("wrong arguments", () => {
  it.each(functions)("of %s are refused", async (name, call) => {
    const found = new Set<string>();
    for (const first of wrong) {
      const problem = await accident(() => call(first));
      if (problem !== undefined) found.add(problem);
    }
    for (let index = 0; index < attackCases(30); index++) {
      const stream = attackStream(`misuse ${name}`, index);
      const pick = (): unknown => wrong[stream.integerBelow(wrong.length)];
      const args = Array.from({ length: 1 + stream.integerBelow(4) }, pick);
      const problem = await accident(() => call(...args));
      if (problem !== undefined) found.add(problem);
    }
    expect([...found]).toEqual([]);
  });

  it("are looked at before they are taken apart: no signature does it, where null would be a TypeError", () => {
    const signature = (call: (...args: never[]) => unknown): string =>
      /\(([\s\S]*?)\)\s*(?:=>|\{)/.exec(Function.prototype.toString.call(call))?.[1] ?? "";
    expect(
      functions.filter(([, call]) => /(^|,)\s*[{[]/.test(signature(call))).map(([name]) => name),
    ).toEqual([]);
  });

  it("of a table and options that are none are refused", async () => {
    const { compare, information } = library;
    for (const options of [
      null,
      5,
      "x",
      [],
      ["columns"],
      new Map(),
      Promise.resolve({}),
      { epocs: 3 },
      () => 1,
    ])
      expect(await refusal(() => fit(table, options as never))).toMatch(/options must be|there is no option/);
    for (const verb of [compare, information, fit])
      expect(await refusal(() => verb(table, { sed: 3 } as never))).toMatch(/did you mean "seed"\?$/);
    expect(await refusal(() => fit(Promise.resolve(table) as never))).toContain("await it first");
  });
});

/** The message of a UsageError. */
async function refusal(call: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => new Error("it worked"),
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ code: "PUSHFORWARD_USAGE" });
  return (error as Error).message;
}

describe("options", () => {
  it("that are refused say where, what was expected, what came and what to do, each by itself", async () => {
    const { fit } = library;
    await expect(fit(table, { epochs: "3" } as object)).rejects.toMatchObject({
      code: "PUSHFORWARD_USAGE",
      where: "fit",
      expected: "a positive integer",
      received: '"3"',
      remedy: undefined,
    });
    await expect(fit(table, { epocs: 3 } as object)).rejects.toMatchObject({
      where: "fit",
      expected: expect.stringMatching(/^one of the options .*epochs/),
      received: '"epocs"',
      remedy: 'did you mean "epochs"?',
    });
  });

  const wrongOptions: readonly (readonly [string, unknown, string])[] = [
    ["a misspelt name", { epocs: 3 }, 'fit: there is no option "epocs"; did you mean "epochs"?'],
    ["a name of nothing", { zzz: 3 }, 'fit: there is no option "zzz"; the options are flow, '],
    ["null", null, "fit: options must be an object such as { flow: ... }, got null."],
    ["text", "x", 'fit: options must be an object such as { flow: ... }, got "x".'],
    ["another engine", { engine: "gpu" }, 'fit: engine must be one of wasm, reference, got "gpu".'],
    ["another precision", { precision: "float16" }, "precision must be one of float32, float64, got"],
    [
      "one size",
      { hidden: 8 },
      "hidden must be an array of positive integers of at most 8192, such as [64, 64], got 8.",
    ],
    [
      "a text of columns",
      { columns: "a" },
      'columns must be an array of names, such as ["x", "y"], got "a".',
    ],
    ["a text of given", { given: "a" }, 'given must be an array of names, such as ["x", "y"], got "a".'],
    [
      "a former option",
      { dequantize: "a" },
      "there is no dequantize any more: noise made a density of values",
    ],
    ["another policy", { missing: "x" }, 'missing must be one of error, drop, marginal, outcome, got "x".'],
    ["a yes", { wide: "yes" }, 'wide must be true or false, got "yes".'],
    [
      "a number for a signal",
      { signal: 5 },
      "signal must be an AbortSignal, such as controller.signal, got 5.",
    ],
    ["a number for a function", { onProgress: 5 }, "onProgress must be a function, got 5."],
    ["another kind", { flow: "gausian" }, "flow must be one of realnvp, maf, "],
    ["a number as text", { epochs: "3" }, 'epochs must be a positive integer, got "3".'],
  ];
  it.each(wrongOptions)("%s: says what was expected and what came", async (_, options, message) => {
    expect(await refusal(() => fit(table, options as object))).toContain(message);
  });

  it("that are undefined are left out", async () => {
    const { flow } = await fit(table, {
      flow: "gaussian",
      columns: undefined,
      seed: undefined,
      onProgress: undefined,
    });
    expect(flow.columns).toEqual(["x", "y", "c"]);
  });
});

describe("a fitted flow", () => {
  let flow: library.Flow;
  beforeAll(async () => {
    flow = (await fit(table, { flow: "gaussian", columns: ["x", "y"] })).flow;
  });

  // Saved under names that are paths, too.
  afterAll(() => {
    for (const name of ["x", "constructor", "__proto__"]) rmSync(name, { force: true });
  });

  it("refuses rows that are none, and says how to make them", async () => {
    expect(await refusal(() => flow.logProb([1, 2, 3] as never))).toContain(
      'tableFromRows(["x", "y"], rows)',
    );
    for (const bad of [[[1, 2, 3]], [{ x: 1 }], [{ x: 1, y: "2" }], new Float32Array(3)])
      await expect(flow.logProb(bad as never)).rejects.toThrow(library.DataError);
    for (const bad of wrong)
      for (const work of [
        flow.logProb,
        flow.score,
        flow.toBase,
        flow.toData,
        flow.save,
        flow.at,
        flow.sample,
        flow.sampleWithLogProb,
      ])
        expect(await accident(() => (work as (own: unknown) => unknown).call(flow, bad))).toBe(undefined);
    expect(await refusal(() => flow.logProb(table, { thread: 1 } as object))).toContain(
      'did you mean "threads"?',
    );
    expect(await refusal(() => flow.sample(3, { sed: 1 } as object))).toContain('did you mean "seed"?');
  });

  it("is loaded from what fetch gives, and does not mind what becomes of it", async () => {
    const bytes = flow.toBytes();
    const expected = await flow.logProb(table);
    const buffer = bytes.slice().buffer;
    const loaded = await load(buffer);
    new Uint8Array(buffer).fill(0);
    expect(await loaded.logProb(table)).toEqual(expected);
    expect((await load(new DataView(bytes.slice().buffer) as never)).columns).toEqual(["x", "y"]);
    expect(await refusal(() => load(null as never))).toContain("source must be a path, an ArrayBuffer");
  });

  it("scores what the numbers were when it was called, whether they are changed or moved away", async () => {
    const points = Float64Array.from({ length: 2000 }, (_, i) => Math.sin(i));
    const expected = await flow.logProb(points.slice());
    const changed = points.slice();
    const scores = flow.logProb(changed);
    changed.fill(Number.NaN);
    expect(await scores).toEqual(expected);
    const moved = points.slice();
    const others = flow.logProb(moved);
    structuredClone(moved, { transfer: [moved.buffer] });
    expect(await others).toEqual(expected);
    // What has been moved away before is no whole table.
    const gone = tableFromColumns({ x: wave(0), y: wave(1) });
    structuredClone(gone.values, { transfer: [gone.values.buffer] });
    await expect(flow.logProb(gone)).rejects.toThrow(/40 rows of 2 columns, but 0 values; were they moved/);
    await expect(fit(gone)).rejects.toThrow(/were they moved/);
  });
});

describe("tables", () => {
  it("are read from an ArrayBuffer, and from bytes that are changed meanwhile", async () => {
    const bytes = new TextEncoder().encode("a,b\n1,2\n3,4\n");
    expect((await readTable(bytes.slice().buffer)).values).toEqual(Float64Array.of(1, 2, 3, 4));
    const changed = bytes.slice();
    const reading = readTable(changed);
    changed.fill(0);
    expect((await reading).values).toEqual(Float64Array.of(1, 2, 3, 4));
    expect(await refusal(() => readTable(5 as never))).toContain("got 5");
  });

  it("hold numbers alone: nothing becomes NaN or 0 without a word", () => {
    for (const bad of [null, undefined, "1", true, 1n])
      expect(() => tableFromColumns({ x: [1, bad as unknown as number] })).toThrow(
        /column "x", element 2: .* is not a number/,
      );
    expect(() => library.tableFromRows(["x"], [[null as unknown as number]])).toThrow(
      /row 1, element 1: null/,
    );
  });

  it("whose arrays change while a fit runs are fitted as they were", async () => {
    const own = tableFromColumns({ x: wave(0), y: wave(1) });
    const options = { flow: "realnvp", transforms: 1, hidden: [4], epochs: 2, threads: 1 } as const;
    const expected = await fit(tableFromColumns({ x: wave(0), y: wave(1) }), options);
    const columns = ["x", "y"];
    const fitting = fit(own, { ...options, columns });
    own.values.fill(0);
    columns.length = 0;
    expect((await fitting).flow.toBytes()).toEqual(expected.flow.toBytes());
  });
});
