/** Layers over positions in onnxruntime: what the reference engine computes, from the same graph. */

import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { OnnxGraph } from "../../src/exchange/onnx/onnxGraph.ts";
import { modelBytes } from "../../src/exchange/onnx/onnxMessages.ts";
import { writeProgram } from "../../src/exchange/onnx/rowPrograms.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr, ParameterExpr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/publicOps.ts";

const rows = 3;
const numbers = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Math.fround(Math.sin(seed + 1.7 * i)));

const x = g.input("x", [4, 5, 3]);
const weights = g.parameter("weights", [2, 3, 2, 3]);
const bias = g.parameter("bias", [2]);
const options = {
  strides: [2, 1],
  padding: [1, 1],
  mask: Float64Array.from({ length: 36 }, (_, i) => (Math.floor(i / 3) % 6 === 2 ? 0 : 1)),
} as const;
const convolved = g.convolution(x, weights, bias, options);
const positions = g.reshape(x, [20, 3]);
const matrix = g.parameter("matrix", [3, 4]);
const stack = g.parameter("stack", [2, 3, 3]);
const values: Readonly<Record<string, Expr>> = {
  convolved,
  gradient: vjp([convolved], [g.sin(convolved)], [x])[0]!,
  dense: g.linear(positions, matrix, undefined, { transposed: true }),
  scanned: g.scan(positions, 2, [stack], (state, [slice]) => g.tanh(g.linear(state, slice!))),
};

test("convolutions, their gradients, and layers of slices are the same in onnxruntime", async () => {
  const parameters = Object.fromEntries(
    [weights, bias, matrix, stack].map((parameter, seed) => [
      (parameter as ParameterExpr).name,
      numbers(
        parameter.shape.reduce((a, b) => a * b, 1),
        seed,
      ),
    ]),
  );
  const data = numbers(rows * 60, 9);
  const executable = await referenceEngine.compile({ rows: values });
  await executable.setParameters(parameters);
  const expected = await executable.run({ rows, inputs: { x: data } });
  executable.dispose();

  const graph = new OnnxGraph();
  const input = graph.input("x", "double", ["rows", 60]);
  const tensors = writeProgram(values, { x: input }, { graph, type: "double", parameters });
  for (const [name, tensor] of Object.entries(tensors))
    graph.output(name, tensor, "double", ["rows", values[name]!.shape.reduce((a, b) => a * b, 1)]);
  const bytes = modelBytes(graph.fields("layers"), { description: "", metadata: {} });
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const results = await session.run({ x: new Tensor("float64", data, [rows, 60]) });
  for (const name of Object.keys(values)) {
    const result = results[name]!.data as Float64Array;
    expect(result.length, name).toBe(expected.rows[name]!.length);
    expected.rows[name]!.forEach((value, i) => expect(result[i], `${name}[${i}]`).toBeCloseTo(value, 12));
  }
});
