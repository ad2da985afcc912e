/** What an executable promises on threads that share memory, and on one worker with memory of its own. */

import { expect, onTestFinished, test } from "vitest";
import type { Engine, Executable, Steps } from "../../../src/engines/engine.ts";
import { ModuleBuilder } from "../../../src/engines/wasm/emit/assembler.ts";
import { type WasmEngineOptions, wasmEngineWith } from "../../../src/engines/wasm/engine.ts";
import { type HostedProgram, SharedHost } from "../../../src/engines/wasm/run/host.ts";
import { PrivateHost } from "../../../src/engines/wasm/run/privateHost.ts";
import { AbortedError, ShapeError, UsageError } from "../../../src/errors.ts";
import { adamW, adamWSchedule } from "../../../src/fitting/gradient/adamW.ts";
import { vjp } from "../../../src/graph/derivative/derivative.ts";
import type { ParameterExpr } from "../../../src/graph/expr.ts";
import * as g from "../../../src/graph/ops.ts";
import type { Program } from "../../../src/graph/program.ts";
import { RandomStream, randomKey } from "../../../src/random/philox.ts";
import { root, run } from "../../docs/project.ts";
import { nodeFlags } from "../../nodeFlags.ts";

const onThreads = (options?: WasmEngineOptions): Engine => wasmEngineWith(true, { threads: 2, ...options });
const onOneWorker = (options?: WasmEngineOptions): Engine => wasmEngineWith(false, options);
const kinds = [
  ["threads that share memory", onThreads],
  ["one worker", onOneWorker],
] as const;

const width = 24;
const first = g.parameter("first", [width, 3]);
const second = g.parameter("second", [width, width]);
const last = g.parameter("last", [1, width]);
const parameters: ParameterExpr[] = [first, second, last];
const x = g.input("x", [3]);
const output = g.linear(g.tanh(g.linear(g.tanh(g.linear(x, first)), second)), last);
const evaluation: Partial<Program> = { rows: { output, double: g.mul(2, x) } };
const loss = g.sumRows(g.sum(g.square(g.sub(output, g.sum(g.sin(x))))));
const training: Partial<Program> = {
  sums: { loss },
  updates: adamW(parameters, vjp([loss], [g.constant(1)], parameters), {}).updates,
};

const stream = new RandomStream(randomKey(1));
const normals = (length: number, scale = 1): Float64Array =>
  Float64Array.from({ length }, () => scale * stream.normal());
const start = { first: normals(3 * width, 0.5), second: normals(width ** 2, 0.2), last: normals(width, 0.2) };
const rows = 40_000;
const inputs = { rows, inputs: { x: normals(3 * rows) } };

async function compile(engine: Engine, program: Partial<Program>): Promise<Executable> {
  const executable = await engine.compile(program);
  onTestFinished(() => executable.dispose());
  await executable.setParameters(start);
  return executable;
}

/** So many steps of 512 rows each. */
function stepsOf(count: number, signal?: AbortSignal): Steps {
  return {
    indices: Uint32Array.from({ length: 512 * count }, (_, i) => (i * 7919) % rows),
    counts: new Array<number>(count).fill(512),
    stepInputs: adamWSchedule(0, count, count, { learningRate: 0.01, averaging: 0.9 }),
    signal,
  };
}

test.each(["float32", "float64"] as const)(
  "one worker gives the bits of threads, in %s",
  async (precision) => {
    const results = [];
    for (const engine of [onThreads({ precision }), onOneWorker({ precision })]) {
      const evaluated = await (await compile(engine, evaluation)).run(inputs);
      const executable = await compile(engine, training);
      // Memory grows twice: for the rows to evaluate, then for those to train on.
      const before = await executable.run({ rows: 100, inputs: { x: inputs.inputs.x.subarray(0, 300) } });
      await executable.load(inputs);
      const losses = await executable.step(stepsOf(30));
      const more = await executable.step(stepsOf(5));
      const after = await executable.run({ rows: 100, inputs: { x: inputs.inputs.x.subarray(0, 300) } });
      results.push({ evaluated, before, losses, more, after, values: await executable.getParameters() });
    }
    expect(results[1]).toEqual(results[0]);
    const { losses, more, evaluated } = results[0]!;
    expect(more.loss![4]!).toBeLessThan(0.5 * losses.loss![0]!);
    expect(evaluated.rows.output!.every(Number.isFinite)).toBe(true);
  },
);

test.each(kinds)("on %s an abort ends the steps soon, and those done count", async (_, engine) => {
  const executable = await compile(engine(), training);
  await executable.load(inputs);
  const whole = await executable.step(stepsOf(20));
  const many = {
    ...stepsOf(20),
    indices: new Uint32Array(512 * 40_000),
    counts: new Array(40_000).fill(512),
  };
  for (let i = 0; i < many.indices.length; i++) many.indices[i] = (i * 7919) % rows;
  const schedule = scheduleOf20(40_000);
  let done: Record<string, Float64Array>;
  let delay = 350;
  // A machine that has much else to do gets more time before the abort.
  do {
    await executable.setParameters({ ...start, ...zeros() });
    const abort = new AbortController();
    delay *= 2;
    setTimeout(() => abort.abort(), delay);
    done = await executable.step({ ...many, stepInputs: schedule, signal: abort.signal });
  } while (done.loss!.length <= 20 && delay < 10_000);
  expect(done.loss!.length).toBeGreaterThan(20);
  expect(done.loss!.length).toBeLessThan(40_000);
  expect(done.loss!.slice(0, 20)).toEqual(whole.loss);
  // Neither that abort nor one that comes too late stops what follows.
  const late = new AbortController();
  expect((await executable.step(stepsOf(3, late.signal))).loss!.length).toBe(3);
  late.abort();
  expect((await executable.step(stepsOf(3))).loss!.length).toBe(3);
  expect((await executable.step(stepsOf(3, AbortSignal.abort()))).loss!.length).toBe(0);
});

const zeros = (): Record<string, Float64Array> =>
  Object.fromEntries(
    parameters.flatMap(({ name }) =>
      ["adamW.mean.", "adamW.square.", "average."].map((kind) => [
        kind + name,
        new Float64Array(start[name as keyof typeof start].length),
      ]),
    ),
  );

/** The schedule of 20 steps, and then 0. */
function scheduleOf20(count: number): Record<string, Float64Array> {
  return Object.fromEntries(
    Object.entries(stepsOf(20).stepInputs).map(([name, data]) => {
      const all = new Float64Array(count);
      all.set(data);
      return [name, all];
    }),
  );
}

test.each(kinds)("on %s an abort ends an evaluation between blocks of rows", async (_, engine) => {
  const executable = await compile(engine(), evaluation);
  const abort = new AbortController();
  const run = executable.run(inputs, { signal: abort.signal });
  abort.abort();
  await expect(run).rejects.toThrow(AbortedError);
  expect((await executable.run(inputs)).rows.output!.length).toBe(rows);
});

test.each(kinds)("on %s programs take turns and do not disturb each other", async (_, engine) => {
  const executables = [await compile(engine(), training), await compile(engine(), training)];
  await Promise.all(executables.map((executable) => executable.load(inputs)));
  const [a, b] = await Promise.all(executables.map((executable) => executable.step(stepsOf(400))));
  expect(a).toEqual(b);
  expect(a!.loss!.length).toBe(400);
});

test.each(kinds)("on %s errors say what is wrong, and the executable goes on", async (_, engine) => {
  const executable = await compile(engine(), training);
  await expect(executable.step(stepsOf(1))).rejects.toThrow(ShapeError);
  await expect(executable.setParameters({ last: new Float64Array(1) })).rejects.toThrow(
    /"last" must be 24 numbers/,
  );
  await expect(executable.run({ rows: 2, inputs: { x: new Float64Array(5) } })).rejects.toThrow(
    /"x" must be 6 numbers/,
  );
  await executable.load(inputs);
  expect((await executable.step(stepsOf(1))).loss!.length).toBe(1);
  executable.dispose();
  executable.dispose();
  await expect(executable.getParameters()).rejects.toThrow(UsageError);
});

test.each(kinds)("on %s a program that fails rejects, and others go on", async (_, engine) => {
  const module = new ModuleBuilder({ sharedMemory: engine === onThreads, maximumPages: 4 });
  module.addFunction("p0", ["i32", "i32", "i32"], [], (f) => f.op("unreachable"));
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
  const good = await compile(engine(), evaluation);
  const expected = await good.run(inputs);
  const host = engine === onThreads ? new SharedHost(program, 2) : new PrivateHost(program);
  onTestFinished(() => host.dispose());
  expect(await host.reserve(4 * 65536)).toBe(true);
  expect(await host.reserve(4 * 65536 + 1)).toBe(false);
  const job = {
    steps: 1,
    counts: 1024,
    indices: 2048,
    stepInputs: [],
    sums: [],
    applyUpdates: false,
    random: { k0: 0, k1: 0, firstStep: 0, firstRow: 0 },
  };
  for (let times = 0; times < 2; times++)
    await expect(host.run(job, { signals: [] })).rejects.toThrow(
      "A thread of the engine failed: unreachable",
    );
  expect(await good.run(inputs)).toEqual(expected);
});

test("a process that has trained ends by itself, with the same model with and without shared memory", async () => {
  // What a page that is not isolated says of itself.
  const fit = (isolated: boolean) => `
    globalThis.crossOriginIsolated = ${isolated};
    const { fit, tableFromRows } = await import("./dist/index.js");
    const values = Float64Array.from({ length: 600 }, (_, i) => Math.sin(i * i));
    const { flow } = await fit(tableFromRows(["a", "b", "c"], values), {
      ...{ flow: "realnvp", transforms: 2, hidden: [8], epochs: 3, threads: 2 },
    });
    console.log(Buffer.from(flow.toBytes()).toString("hex"));`;
  const models = [true, false].map((isolated) =>
    run(process.execPath, [...nodeFlags, "--input-type=module", "--eval", fit(isolated)], root),
  );
  expect(await models[1]).toBe(await models[0]);
});
