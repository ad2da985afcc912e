import { describe, expect, test, vi } from "vitest";
import { type Architecture, neuralSplineFlow, realNVP } from "../../src/architectures/architecture.ts";
import { pushforwardLogProb, pushforwardSample } from "../../src/distributions/density.ts";
import { compileProgram } from "../../src/engines/wasm/compileAtOnce.ts";
import { control } from "../../src/engines/wasm/control.ts";
import type { Precision } from "../../src/engines/wasm/emit/vector.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { hasRelaxedSimd } from "../../src/engines/wasm/run/capabilities.ts";
import { type JobExports, meet, runJob } from "../../src/engines/wasm/run/job.ts";
import { adamW } from "../../src/fitting/gradient/adamW.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import { type ParameterExpr, topologicalOrder } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { type Program, prepareProgram } from "../../src/graph/program.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const flows: Record<string, Architecture> = {
  "affine couplings": realNVP({ features: 5, transforms: 3, hidden: [13, 10] }),
  "autoregressive splines": neuralSplineFlow({
    features: 3,
    transforms: 2,
    hidden: [11],
    autoregressive: true,
  }),
};
const rows = 71;

/** Density, samples and one training step of a flow, with parameters away from the identity. */
function programsOf(flow: Architecture): Record<string, Partial<Program>> {
  const bound = bindTree({ base: flow.base.parameters, bijection: flow.bijection.parameters });
  const parts = bound as { base: typeof bound; bijection: typeof bound };
  const data = g.input("data", [flow.features]);
  const logProb = pushforwardLogProb(flow.base, flow.bijection, data, parts);
  const parameters = topologicalOrder([logProb]).filter(
    (node): node is ParameterExpr => node.op === "parameter",
  );
  const loss = g.sumRows(g.neg(logProb));
  const { updates } = adamW(parameters, vjp([loss], [g.constant([1], [])], parameters));
  return {
    density: { rows: { out: logProb } },
    samples: { rows: { out: pushforwardSample(flow.base, flow.bijection, data, parts) } },
    step: { sums: { loss }, updates },
  };
}

/** Runs a program with plain or wide kernels, on this thread; returns outputs, sums and parameters as bits. */
function run(flow: Architecture, program: Partial<Program>, precision: Precision, wide: boolean): string {
  const vector = { precision, relaxed: hasRelaxedSimd(), wide };
  const compiled = compileProgram(prepareProgram(program), {
    vector,
    threads: 1,
    sharedMemory: false,
    maximumPages: 1024,
    rowLength: 64,
  });
  const memory = new WebAssembly.Memory({ initial: 1024, maximum: 1024 });
  const array = (address: number, length: number): Float32Array | Float64Array =>
    precision === "float32"
      ? new Float32Array(memory.buffer, address, length)
      : new Float64Array(memory.buffer, address, length);
  const stream = new RandomStream(randomKey(3));
  const draw = (address: number, length: number, scale: number): void => {
    const target = array(address, length);
    for (let i = 0; i < length; i++) target[i] = scale * stream.normal();
  };
  const initial = initialValues(
    { base: flow.base.parameters, bijection: flow.bijection.parameters },
    randomKey(1),
  );
  for (const [name, { address, size }] of compiled.parameters) if (name in initial) draw(address, size, 0.3);
  for (const { address, size } of compiled.stepInputs.values()) array(address, size).fill(0.01);
  for (const { address, data } of compiled.constants) array(address, data.length).set(data);
  for (const { address, data } of compiled.tables)
    new Int32Array(memory.buffer, address, data.length).set(data);
  const input = Math.ceil(compiled.memoryBytes / 64) * 64;
  const output = input + 8 * rows * flow.features;
  const indices = output + 8 * rows * flow.features;
  const counts = indices + 4 * rows;
  draw(input, rows * flow.features, 1.5);
  new Int32Array(memory.buffer, indices, rows).forEach((_, i, list) => {
    list[i] = i;
  });
  new Int32Array(memory.buffer, counts, 1)[0] = rows;
  new Int32Array(memory.buffer).set([input, output], control.pointers);
  const exports = new WebAssembly.Instance(new WebAssembly.Module(compiled.bytes), { env: { memory } })
    .exports as unknown as JobExports;
  const hasSums = compiled.sums.size > 0;
  const { rowLength, shards, shardBytes, arenas, arenaBytes, levels } = compiled;
  const plan = {
    rowLength,
    shards: shards.address,
    shardBytes,
    mostShards: compiled.shards.size,
    arenas,
    arenaBytes,
    hasSums,
    levels,
  };
  const job = {
    steps: 1,
    counts,
    indices,
    stepInputs: [],
    sums: [],
    applyUpdates: hasSums,
    random: { k0: 0, k1: 0, firstStep: 0, firstRow: 0 },
  };
  Array.from(runJob(exports, memory, plan, job, { thread: 0, threads: 1 }, meet));
  const read = [
    ...[...compiled.sums.values(), ...compiled.parameters.values()],
    ...(hasSums ? [] : [{ address: output, size: rows * compiled.rows[0]!.size }]),
  ];
  return read.map(({ address, size }) => array(address, size).join()).join(";");
}

describe.each(Object.entries(flows))("%s", (_, flow) => {
  test.each(["float32", "float64"] as const)("wide kernels give the bits of plain ones, %s", (precision) => {
    for (const program of Object.values(programsOf(flow))) {
      const plain = run(flow, program, precision, false);
      expect(plain).not.toMatch(/NaN/);
      expect(run(flow, program, precision, true)).toBe(plain);
    }
  });
});

test("the engine with wide SIMD gives the same results, or says why it does without", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const flow = flows["affine couplings"]!;
  const program = programsOf(flow).density!;
  const inputs = { data: Float64Array.from({ length: rows * flow.features }, (_, i) => Math.sin(i)) };
  const values = initialValues(
    { base: flow.base.parameters, bijection: flow.bijection.parameters },
    randomKey(1),
  );
  const outputs = [];
  for (const wide of [false, true]) {
    const executable = await wasmEngine({ threads: 1, wide }).compile(program);
    await executable.setParameters(values);
    outputs.push((await executable.run({ rows, inputs })).rows.out);
    executable.dispose();
  }
  expect(outputs[1]).toEqual(outputs[0]);
  // Without relaxed SIMD there must have been a warning; with it, V8 may still have been unable.
  if (!hasRelaxedSimd()) expect(warn).toHaveBeenCalledOnce();
  for (const [message] of warn.mock.calls)
    expect(message).toMatch(/^Wide SIMD was asked for, and is not used: /);
  warn.mockRestore();
});
