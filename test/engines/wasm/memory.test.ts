/** Programs that need much memory: what they do where there is little of it, and at addresses beyond 2 GiB. */

import { expect, onTestFinished, test } from "vitest";
import { maskedAutoregressiveFlow } from "../../../src/architectures/architecture.ts";
import { pushforwardLogProb } from "../../../src/distributions/density.ts";
import type { Engine, Executable } from "../../../src/engines/engine.ts";
import { compileProgram } from "../../../src/engines/wasm/compileAtOnce.ts";
import { type MemoryLimits, wasmEngineWith } from "../../../src/engines/wasm/engine.ts";
import { UsageError } from "../../../src/errors.ts";
import { adamW } from "../../../src/fitting/gradient/adamW.ts";
import { vjp } from "../../../src/graph/derivative/derivative.ts";
import * as g from "../../../src/graph/ops.ts";
import { bindTree, trainedLeaves } from "../../../src/graph/parameters.ts";
import { type Program, prepareProgram } from "../../../src/graph/program.ts";
import { initialValues } from "../../../src/models/parameters.ts";
import { randomKey } from "../../../src/random/philox.ts";

const features = 6;
const flow = maskedAutoregressiveFlow({ features, transforms: 2, hidden: [96, 96] });
const tree = { base: flow.base.parameters, bijection: flow.bijection.parameters };
const bound = {
  base: bindTree(flow.base.parameters, "base."),
  bijection: bindTree(flow.bijection.parameters, "bijection."),
};
const logProb = pushforwardLogProb(flow.base, flow.bijection, g.input("x", [features]), bound);
const leaves = trainedLeaves(tree, bound);
const loss = g.sumRows(g.neg(logProb));
const { updates, norm } = adamW(leaves, vjp([loss], [g.constant(1)], leaves));
const training: Program = { rows: {}, sums: { loss, norm }, updates };

const dataOf = (rows: number) => ({
  rows,
  inputs: { x: Float64Array.from({ length: rows * features }, (_, i) => Math.sin(i * 1.7) + (i % 5)) },
});
const values = initialValues(tree, randomKey(1));

const engineWith = (threads: number, limits?: MemoryLimits): Engine =>
  wasmEngineWith(true, { threads }, limits);

async function compile(engine: Engine, program: Partial<Program>): Promise<Executable> {
  const executable = await engine.compile(program);
  onTestFinished(() => executable.dispose());
  const known = [...executable.parameters.keys()].filter((name) => values[name]);
  await executable.setParameters(Object.fromEntries(known.map((name) => [name, values[name]!])));
  return executable;
}

/** Losses and norms of three steps. */
async function train(engine: Engine, rows: number): Promise<Record<string, Float64Array>> {
  const executable = await compile(engine, training);
  await executable.load(dataOf(rows));
  const three = (value: number): Float64Array => new Float64Array(3).fill(value);
  return await executable.step({
    indices: Uint32Array.from({ length: 3 * rows }, (_, i) => (i * 7) % rows),
    counts: [rows, rows, rows],
    stepInputs: {
      rate: three(1e-3),
      correction1: three(1),
      correction2: three(1),
      averageShare: three(0.1),
    },
  });
}

test("a program beyond 2 GiB computes what it computes below", async () => {
  const beyond = { firstAddress: 2.5 * 2 ** 30 };
  // More than 32 tiles.
  expect(await train(engineWith(2, beyond), 2100)).toEqual(await train(engineWith(2), 2100));
  const high = await compile(engineWith(2, beyond), { rows: { logProb } });
  const low = await compile(engineWith(2), { rows: { logProb } });
  expect(await high.run(dataOf(300))).toEqual(await low.run(dataOf(300)));
});

/** Shards and rows of a tile of the training in so many pages. */
function sizesIn(maximumPages: number, threads = 1) {
  const vector = { precision: "float32", relaxed: false, wide: false } as const;
  const options = { vector, threads, sharedMemory: true, maximumPages, rowLength: 64 };
  return compileProgram(prepareProgram(training), options);
}

test("where there is little memory a batch has fewer shards, then tiles fewer rows, and all thread counts agree", async () => {
  const roomy = sizesIn(1000);
  expect([roomy.shards.size, roomy.rowLength]).toEqual([8, 64]);
  const sizes = [
    [4, 64],
    [2, 64],
    [1, 64],
    [1, 32],
    [1, 16],
  ] as const;
  const usual = await train(engineWith(2), 300);
  for (const [shards, rowLength] of sizes) {
    const saved = (8 - shards) * roomy.shardBytes + (1 - rowLength / 64) * roomy.arenaBytes;
    // A sixteenth is for rows.
    const pages = Math.ceil(((roomy.memoryBytes - saved) * 16) / 15 / 65536);
    const { threads, ...chosen } = sizesIn(pages, 8);
    expect([chosen.shards.size, chosen.rowLength, threads < 8]).toEqual([shards, rowLength, true]);
    expect(chosen.memoryBytes).toBeLessThanOrEqual(pages * 65536);
    if (shards === 2 || rowLength === 32) continue;
    const limits = { pages };
    const one = await train(engineWith(1, limits), 300);
    expect(await train(engineWith(8, limits), 300)).toEqual(one);
    for (const name of ["loss", "norm"])
      one[name]!.forEach((value, i) => {
        expect(Math.abs(value / usual[name]![i]! - 1)).toBeLessThan(2e-5);
      });
  }
});

test("a program that does not fit at all says what takes the memory", async () => {
  const wide = g.matrixProduct(g.parameter("a", [512, 512]), g.parameter("b", [512, 512]));
  const error = await engineWith(2, { pages: 32 })
    .compile({ sums: { total: g.sum(g.exp(wide)) } })
    .catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toBe(
    "wasmEngine: the program needs 5 MiB of memory (2 of parameters and what an optimizer keeps of them, 2 of values made of these); the engine can have at most 2 MiB: make the flow smaller.",
  );
});
