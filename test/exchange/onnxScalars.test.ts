/** Maps in onnxruntime: scalars that are computed side by side are those of the reference engine, one by one. */

import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { OnnxGraph } from "../../src/exchange/onnx/onnxGraph.ts";
import { modelBytes } from "../../src/exchange/onnx/onnxMessages.ts";
import { writeProgram } from "../../src/exchange/onnx/rowPrograms.ts";
import { type Expr, topologicalOrder } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/publicOps.ts";
import { rationalQuadraticTransformer } from "../../src/transformers/rationalQuadraticTransformer.ts";

const sum = (values: readonly Expr[]): Expr => values.reduce((total, value) => g.add(total, value));

/** The last of some values whose condition holds. */
const chosen = (conditions: readonly Expr[], values: readonly (Expr | number)[]): Expr =>
  conditions.reduce<Expr>(
    (before, condition, k) => g.select(condition, values[k + 1]!, before),
    g.add(values[0]!, 0),
  );

const features = 3;
const x = g.input("x", [features]);
const block = g.input("block", [features, 7]);
const shared = g.parameter("shared", [features, 7]);
const spline = rationalQuadraticTransformer({ bins: 2 });

/** Results of a map, each of one number a feature. */
const mapped = (of: Expr, body: (x: Expr, values: readonly Expr[]) => readonly Expr[]): readonly Expr[] =>
  g.mapFeatures([x, of], ([one], values) => body(one!, values).map((result) => [result]));

const programs: Readonly<Record<string, readonly Expr[]>> = {
  "a spline of each row": mapped(block, (at, raw) => {
    const { value, logDerivative } = spline.inverse(at, raw);
    return [value, logDerivative];
  }),
  "a spline that all rows share": mapped(shared, (at, raw) => {
    const { value, logDerivative } = spline.forward(at, raw);
    return [value, logDerivative];
  }),
  "choices by conditions that do not grow, among numbers and values": mapped(block, (at, raw) => {
    const conditions = raw.slice(0, 5).map((value) => g.less(value, at));
    const numbers = chosen(conditions, [0, 1, raw[6]!, 3, raw[6]!, g.exp(raw[5]!)]);
    const constants = chosen(conditions, [-1, 5, 4, 3, 2, 1]);
    // What is inside of a choice is needed, too.
    const inner = chosen(conditions.slice(0, 3), raw.slice(0, 4));
    return [numbers, constants, g.mul(inner, chosen(conditions.slice(3), [inner, raw[0]!, raw[1]!]))];
  }),
  "choices by shared conditions, of values of rows": mapped(shared, (at, raw) => [
    chosen(
      raw.slice(0, 4).map((value) => g.less(value, raw[6]!)),
      [at, raw[0]!, g.exp(at), raw[1]!, 2],
    ),
  ]),
  "sums that go on, of one term again and again, and of results of sums": mapped(block, (at, raw) => {
    const powers = raw.map((value) => g.exp(value));
    const first = powers.map((_, k) => sum(powers.slice(0, k + 1)));
    const again = sum(first.slice(1).map((total) => g.log(g.add(total, 1))));
    return [first[3]!, first[6]!, again, sum([at, at, at, at, at]), sum([powers[2]!, ...raw, at])];
  }),
  "numbers alone": mapped(block, () => [g.exp(g.constant(0.5)), g.constant(2)]),
};

const edges = [0, 1, -1, 4.9, -5, 5, 12, -1e20, Number.NaN, Number.POSITIVE_INFINITY];
const numbers = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => 2 * Math.sin(seed + 1.7 * i * i));

test.each(Object.entries(programs))("%s", async (_, list) => {
  const values = Object.fromEntries(list.map((value, i) => [`result${i}`, value]));
  const parameters = { shared: numbers(7 * features, 3) };
  for (const rows of [edges.length, 1, 0]) {
    const inputs = {
      x: Float64Array.from(
        { length: rows * features },
        (_, i) => edges[Math.floor(i / features)]! * (1 + (i % features) / 8),
      ),
      block: numbers(rows * 7 * features, 5),
    };
    const graph = new OnnxGraph();
    const tensors = writeProgram(
      values,
      {
        x: graph.input("x", "double", ["rows", features]),
        block: graph.input("block", "double", ["rows", 7 * features]),
      },
      { graph, type: "double", parameters },
    );
    for (const [name, tensor] of Object.entries(tensors))
      graph.output(name, tensor, "double", ["rows", features]);
    const bytes = modelBytes(graph.fields("scalars"), { description: "", metadata: {} });
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
    const results = await session.run({
      x: new Tensor("float64", inputs.x, [rows, features]),
      block: new Tensor("float64", inputs.block, [rows, 7 * features]),
    });
    if (rows === 0) {
      for (const name of Object.keys(values)) expect(results[name]!.data.length).toBe(0);
      continue;
    }
    const executable = await referenceEngine.compile({ rows: values });
    if (topologicalOrder(list).includes(shared)) await executable.setParameters(parameters);
    const expected = await executable.run({ rows, inputs });
    executable.dispose();
    for (const name of Object.keys(values))
      expected.rows[name]!.forEach((want, i) => {
        const got = results[name]!.data[i] as number;
        if (!Number.isFinite(want)) return expect(got, `${name}[${i}]`).toBe(want);
        expect(
          Math.abs(got - want) / Math.max(1, Math.abs(want)),
          `${name}[${i}]: ${got}, not ${want}`,
        ).toBeLessThan(1e-12);
      });
  }
});

test("a spline's bin is found by an index, and what is alike is computed at once", () => {
  const graph = new OnnxGraph();
  const kinds = new Map<string, number>();
  const { nodes } = graph;
  graph.nodes = (operator, ...rest) => {
    kinds.set(operator, (kinds.get(operator) ?? 0) + 1);
    return nodes.call(graph, operator, ...rest);
  };
  const inputs = {
    x: graph.input("x", "double", ["rows", 10]),
    block: graph.input("block", "double", ["rows", 250]),
  };
  const [value] = g.mapFeatures([g.input("x", [10]), g.input("block", [10, 25])], ([at], raw) => [
    [rationalQuadraticTransformer().inverse(at!, raw).value],
  ]);
  writeProgram({ value: value! }, inputs, { graph, type: "double", parameters: {} });
  expect(kinds.get("GatherElements")).toBe(6);
  // Sixteen sizes of bins at once, and the slopes at both ends of one.
  expect(kinds.get("Exp")).toBeLessThanOrEqual(3);
  expect(kinds.get("Where") ?? 0).toBeLessThan(8);
});
