/** One program that is disposed of, aborted or fails leaves the others alone; and memory is given back. */

import { expect, onTestFinished, test, vi } from "vitest";
import type { Engine, Executable } from "../../../src/engines/engine.ts";
import { ModuleBuilder } from "../../../src/engines/wasm/emit/assembler.ts";
import { wasmEngineWith } from "../../../src/engines/wasm/engine.ts";
import { type HostedProgram, SharedHost } from "../../../src/engines/wasm/run/host.ts";
import { growTo, takeMemory } from "../../../src/engines/wasm/run/memories.ts";
import { outOfMemory } from "../../../src/engines/wasm/run/outOfMemory.ts";
import { PrivateHost } from "../../../src/engines/wasm/run/privateHost.ts";
import { retireThreads } from "../../../src/engines/wasm/run/threads.ts";
import { AbortedError, UsageError } from "../../../src/errors.ts";
import type { Expr } from "../../../src/graph/expr.ts";
import * as g from "../../../src/graph/ops.ts";
import type { Program } from "../../../src/graph/program.ts";
import { checkPlan } from "../../../src/plan/check/checkPlan.ts";
import { observePlans } from "../../../src/plan/plans.ts";
import { root, run } from "../../docs/project.ts";

const kinds: [string, Engine][] = [
  ["threads that share memory", wasmEngineWith(true, { threads: 2 })],
  ["one worker", wasmEngineWith(false)],
];
const x = g.input("x", [8]);
const deep = (value: Expr, depth = 40): Expr =>
  depth === 0 ? value : deep(g.sin(g.mul(value, 1.01)), depth - 1);
const rows = 60_000;
const data = { rows, inputs: { x: new Float64Array(8 * rows).fill(0.3) } };
const weight = g.parameter("weight", [8]);
const training: Partial<Program> = {
  sums: { loss: g.sumRows(g.sum(g.mul(x, weight))) },
  updates: [{ parameter: weight, value: g.add(g.mul(weight, 0.5), g.sumRows(x)) }],
};
const few = {
  indices: Uint32Array.from({ length: 1000 }, (_, i) => i),
  counts: new Array<number>(10).fill(100),
  stepInputs: {},
};

async function compile(engine: Engine, program: Partial<Program>): Promise<Executable> {
  const executable = await engine.compile(program);
  onTestFinished(() => executable.dispose());
  return executable;
}

test.each(kinds)(
  "on %s a program that is disposed of while it runs leaves the others alone",
  async (_, engine) => {
    const [alone, innocent] = [await compile(engine, training), await compile(engine, training)];
    for (const own of [alone, innocent]) await own.load(data);
    const expected = [];
    for (let i = 0; i < 20; i++) expected.push(await alone.step(few));
    for (const output of [{ rows: { y: deep(x) } }, { sums: { y: g.sumRows(g.sum(deep(x))) } }]) {
      const other = await compile(engine, output);
      const running = other.run(data);
      setTimeout(() => other.dispose(), 10);
      const seen = [];
      await innocent.setParameters({ weight: new Float64Array(8) });
      for (let i = 0; i < 20; i++) seen.push(await innocent.step(few));
      await expect(running).rejects.toThrow(UsageError);
      expect(seen).toEqual(expected);
    }
  },
);

test.each(kinds)(
  "on %s an abort ends a run with sums in the middle, and the next is whole",
  async (_, engine) => {
    const executable = await compile(engine, { sums: { y: g.sumRows(g.sum(deep(x, 150))) } });
    const small = { rows: 1000, inputs: { x: data.inputs.x.subarray(0, 8000) } };
    const expected = await executable.run(small);
    const abort = new AbortController();
    const seen: number[] = [];
    const start = performance.now();
    await executable.run(data, { onProgress: ({ done, of }) => seen.push(done / of) });
    const whole = performance.now() - start;
    expect(seen.at(-1)).toBe(1);
    expect(seen.length).toBeGreaterThan(1);
    let at = 0;
    setTimeout(() => {
      at = performance.now();
      abort.abort();
    }, 20);
    await expect(executable.run(data, { signal: abort.signal })).rejects.toThrow(AbortedError);
    expect(performance.now() - at).toBeLessThan(whole / 2);
    expect(await executable.run(small)).toEqual(expected);
  },
);

test("a thread that fails ends its program alone, also while the other threads wait for it", async () => {
  const module = new ModuleBuilder({ sharedMemory: true, maximumPages: 4 });
  // The second thread fails; the first goes to the meeting and waits.
  module.addFunction("p0", ["i32", "i32", "i32"], [], (f) => {
    f.get(f.parameter(0)).i32(1).op("i32.eq");
    f.ifElse(() => f.op("unreachable"));
  });
  const program: HostedProgram = {
    module: await WebAssembly.compile(module.finish()),
    plan: {
      rowLength: 64,
      shards: 0,
      shardBytes: 0,
      mostShards: 8,
      arenas: 0,
      arenaBytes: 0,
      hasSums: false,
      levels: { prologue: 1, epilogue: 0, updates: 0 },
    },
    precision: "float32",
    maximumPages: 4,
  };
  const engine = kinds[0]![1];
  const innocent = await compile(engine, training);
  await innocent.load(data);
  const expected = await innocent.step(few);
  await innocent.setParameters({ weight: new Float64Array(8) });
  const host = new SharedHost(program, 2);
  expect(await host.reserve(65536)).toBe(true);
  const job = {
    steps: 1,
    counts: 1024,
    indices: 2048,
    stepInputs: [],
    sums: [],
    applyUpdates: false,
    random: { k0: 0, k1: 0, firstStep: 0, firstRow: 0 },
  };
  const failing = host.run(job, { signals: [] });
  const stepping = innocent.step(few);
  await expect(failing).rejects.toThrow("A thread of the engine failed: unreachable");
  expect(await stepping).toEqual(expected);
  await expect(host.run(job, { signals: [] })).rejects.toThrow("unreachable");
  host.dispose();
});

test("programs go on when threads are replaced by new ones", async () => {
  const engine = kinds[0]![1];
  const [before, during] = [await compile(engine, training), await compile(engine, training)];
  for (const own of [before, during]) await own.load(data);
  const expected = [await before.step(few), await before.step(few)];
  const stepping = during.step(few);
  await Promise.resolve();
  retireThreads();
  expect([await stepping, await during.step(few)]).toEqual(expected);
});

test("a program in the memory of an earlier one begins with zeros, and keeps what it has when it moves", async () => {
  const engine = wasmEngineWith(true, { threads: 1 });
  for (let i = 0; i < 3; i++) {
    const executable = await engine.compile(training);
    expect((await executable.getParameters()).weight).toEqual(new Float64Array(8));
    await executable.setParameters({ weight: new Float64Array(8).fill(1) });
    const small = { rows: 10, inputs: { x: new Float64Array(80).fill(0.5) } };
    const expected = await executable.run(small);
    await executable.load(data);
    expect(await executable.run(small)).toEqual(expected);
    executable.dispose();
  }
});

test.each(kinds)("on %s a program that finds no memory leaves nothing behind", async (_, engine) => {
  const hosts = [SharedHost.prototype, PrivateHost.prototype] as const;
  const reservations = hosts.map((host) => vi.spyOn(host, "reserve"));
  const disposals = hosts.map((host) => vi.spyOn(host, "dispose"));
  onTestFinished(() => void vi.restoreAllMocks());
  /** How often each host was disposed of that was made here; those that earlier tests left to the collector go at any time. */
  const disposed = (): number[] => {
    const calls = disposals.flatMap((spy): unknown[] => spy.mock.contexts);
    const made = new Set(reservations.flatMap((spy): unknown[] => spy.mock.contexts));
    return Array.from(made, (host) => calls.filter((call) => call === host).length);
  };
  // The check of plans marks every number of memory: for this one that takes 4 GiB and many seconds.
  observePlans(undefined);
  onTestFinished(() => observePlans(checkPlan));
  const large = g.parameter("large", [2 ** 30]);
  await expect(engine.compile({ sums: { sum: g.sum(large) } })).rejects.toThrow(
    /needs 4\d{3} MiB of memory.*smaller/,
  );
  expect(disposed()).toEqual([1]);
  observePlans(checkPlan);
  // Nor does one whose memory cannot be filled.
  for (const host of hosts)
    vi.spyOn(host, "writeIntegers").mockImplementation(() => {
      throw new RangeError("offset is out of bounds");
    });
  const shuffled = g.gather(g.exp(x), [3, 1, 2, 0, 7, 5, 4, 6], [8]);
  await expect(engine.compile({ rows: { shuffled: g.sin(shuffled) } })).rejects.toThrow("out of bounds");
  expect(disposed()).toEqual([1, 1]);
});

test("memory that is not to be had is told as it is, with what to do", () => {
  const parts = { "of parameters": 2 ** 32, "of sums over rows": 2 ** 30, "of constants": 4 };
  expect(outOfMemory(5 * 2 ** 30, "program", parts, "make the flow smaller").message).toBe(
    "wasmEngine: the program needs 5120 MiB of memory (4096 of parameters, 1024 of sums over rows); the engine can have at most 4080 MiB: make the flow smaller.",
  );
  expect(outOfMemory(2 ** 20, "rows", {}, "").message).toMatch(/the rows need 1 MiB .*ulimit -v unlimited/);
  // A smaller maximum is no obstacle to a module that allows a larger one.
  const own = takeMemory(2 ** 20, 32)!;
  expect(own.pages).toBe(32);
  expect(growTo(own.memory, 2 ** 21)).toBe(true);
  expect(growTo(own.memory, 2 ** 21 + 1)).toBe(false);
});

test("120 programs of 10 MB, one after another, leave resident memory flat", async () => {
  const script = `
    const { wasmEngine } = await import("./dist/engines.js");
    const { ops: g } = await import("./dist/graph.js");
    const engine = wasmEngine({ threads: 2 });
    const x = g.input("x", [8]);
    const rows = 150_000;
    const inputs = { rows, inputs: { x: new Float64Array(8 * rows) } };
    const resident = [];
    for (let i = 1; i <= 120; i++) {
      const executable = await engine.compile({ sums: { s: g.sumRows(g.sum(g.mul(x, i))) } });
      await executable.load(inputs);
      if (i % 10 === 0) await executable.run({ rows: 100, inputs: { x: inputs.inputs.x.subarray(0, 800) } });
      executable.dispose();
      if (i % 40 === 0) resident.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
    }
    console.log(JSON.stringify(resident));`;
  const resident = JSON.parse(
    await run(process.execPath, ["--input-type=module", "--eval", script], root),
  ) as number[];
  // Measured 4; with one program of ten that is not given back 46.
  expect(resident.at(-1)! - resident[0]!).toBeLessThan(30);
});

test("a program in the memory of another, whose sums were not numbers, has the sums of a first one", async () => {
  const engine = wasmEngineWith(true, { threads: 2 });
  const stepOn = async (value: number): Promise<Float64Array> => {
    const executable = await engine.compile(training);
    // Few rows: a memory that need not grow is taken as it is.
    await executable.load({ rows: 1000, inputs: { x: new Float64Array(8000).fill(value) } });
    const { loss } = await executable.step(few);
    executable.dispose();
    return loss!;
  };
  const first = await stepOn(0.3);
  expect((await stepOn(Number.NaN)).at(-1)).toBeNaN();
  expect(await stepOn(0.3)).toEqual(first);
  expect(first.every(Number.isFinite)).toBe(true);
});
