import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { OnnxFormulas } from "../../src/exchange/onnx/onnxFormulas.ts";
import { OnnxGraph } from "../../src/exchange/onnx/onnxGraph.ts";
import { modelBytes } from "../../src/exchange/onnx/onnxMessages.ts";
import { type ElementwiseName, elementwise } from "../../src/graph/ops/elementwise.ts";

/** What onnxruntime makes of an operation of one number. */
async function computed(name: ElementwiseName, values: readonly number[]): Promise<Float64Array> {
  const graph = new OnnxGraph();
  const x = graph.input("x", "double", ["rows", 1]);
  graph.output("y", new OnnxFormulas(graph, "double").elementwise(name, [x]), "double", ["rows", 1]);
  const bytes = modelBytes(graph.fields("operation"), { description: "", metadata: {} });
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const inputs = { x: new Tensor("float64", Float64Array.from(values), [values.length, 1]) };
  return (await session.run(inputs)).y!.data as Float64Array;
}

const sizes = [
  1e-300, 1e-20, 1e-9, 1e-4, 0.03, 0.2, 0.49, 0.51, 0.9, 1, 1.1, 2.4, 5.9, 6.1, 20, 300, 800, 1e300,
];
const both = [0, ...sizes, ...sizes.map((x) => -x), Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const above = (least: number): number[] => both.filter((x) => x >= least);
const shares = [0, 1e-300, 1e-30, 1e-8, 0.001, 0.02, 0.024, 0.3, 0.5, 0.7, 0.999, 1 - 1e-9, 1, 2, -1];

test.each([
  ["log1p", above(-1)],
  ["expm1", both],
  ["sigmoid", both],
  ["softplus", both],
  ["erf", both],
  ["tanh", both],
  ["normalExcess", above(-1)],
  ["normalQuantile", shares],
] as const)("%s keeps its digits in onnxruntime", async (name, values) => {
  const results = await computed(name, values);
  values.forEach((x, i) => {
    const expected = elementwise[name].value(x, 0, 0);
    if (!Number.isFinite(expected) || expected === 0) expect(results[i], `at ${x}`).toBe(expected);
    else
      expect(Math.abs(results[i]! / expected - 1), `at ${x}: ${results[i]}, not ${expected}`).toBeLessThan(
        1e-13,
      );
  });
});
