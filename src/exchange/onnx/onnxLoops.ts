/**
 * Iterations of a graph as loops of ONNX, whose bodies see the values outside.
 *
 * @module
 */

import {
  type Expr,
  type FixedPointExpr,
  type IterateExpr,
  type ScanExpr,
  type SolveTriangularExpr,
  sizeOf,
  topologicalOrder,
} from "../../graph/expr.ts";
import type { Leaves, Lowering } from "./lowering.ts";
import type { OnnxGraph } from "./onnxGraph.ts";
import { inverseOfTriangle, sharedValues, valuesByStep } from "./sharedValues.ts";

/** The tensor of an iteration's last state. */
export function loopOf(node: FixedPointExpr | ScanExpr | IterateExpr, outside: Lowering): string {
  const { graph, formulas } = outside;
  const rounds = node.op === "scan" ? node.steps : node.iterations;
  const first = outside.ofEachRow(node.inputs[0]!);
  const body = graph.body();
  const size = sizeOf(node.shape);
  const step = body.input(body.name(), "int64", []);
  const goesOn = body.input(body.name(), "bool", []);
  const state = body.input(body.name(), formulas.type, ["rows", size]);
  const fromOutside = valuesInside(node, outside, body, step);
  const inside = outside.inside(
    body,
    {
      ofRows: new Map([
        ...node.inputs
          .filter((input) => input.space === "row")
          .map((input) => [input, outside.tensor(input)] as const),
        [node.slot, state],
      ]),
      ...fromOutside,
    },
    { like: state, extent: outside.rows.extent },
  );
  inside.values([node.result]);
  const next = inside.ofEachRow(node.result);
  const isUnfinished = node.op === "iterate" ? unfinished(body, inside, next) : goesOn;
  body.output(body.name(), isUnfinished, "bool", []);
  body.output(body.name(), next, formulas.type, ["rows", size]);
  const [last] = graph.nodes(
    "Loop",
    [graph.constant("int64", [rounds], []), graph.constant("bool", [1], []), first],
    1,
    { body: { graph: body.fields(graph.name()) } },
    body.reads,
  );
  return graph.shaped(last!, formulas.type, [outside.rows.extent, size]);
}

/** Whether a row's first number is 0 still. */
function unfinished(body: OnnxGraph, { formulas }: Lowering, state: string): string {
  const marks = body.node("Slice", [state, body.integers(0), body.integers(1), body.integers(1)]);
  const zeros = formulas.asNumber(body.node("Equal", [marks, formulas.number(0)]));
  // Without rows there is no largest one, but a sum.
  const count = body.node("ReduceSum", [zeros], { keepdims: 0 });
  return formulas.less(body.constant(formulas.type, [0], []), count);
}

/** What a body reads of shared values: constants, and what a scan has of each step. */
function valuesInside(
  node: FixedPointExpr | ScanExpr | IterateExpr,
  outside: Lowering,
  body: OnnxGraph,
  step: string,
): Omit<Leaves, "ofRows"> {
  const { shared: known, byStep: outer = new Map(), inverses = new Map() } = outside.leaves;
  if (node.op !== "scan")
    return { shared: sharedValues([node.result], known, outer), byStep: outer, inverses };
  const slices = new Map<Expr, Float64Array>(
    node.slices.map((slice, i) => [slice, outside.sharedData(node.inputs[1 + i]!)]),
  );
  const { fixed, byStep } = valuesByStep(node.result, known, slices, node.steps);
  const { type } = outside.formulas;
  const at = node.reversed ? body.node("Sub", [body.constant("int64", [node.steps - 1], []), step]) : step;
  const ofStep = (stacked: Float64Array, ...extents: readonly number[]): string => {
    const all = body.constant(type, stacked, [node.steps, ...extents]);
    return body.node("Gather", [all, at], { axis: 0 });
  };
  const tensors = Array.from(byStep, ([value, stacked]): [Expr, string] => [
    value,
    ofStep(stacked, 1, sizeOf(value.shape)),
  ]);
  const inverseTensors = topologicalOrder([node.result], fixed).flatMap((solution): [Expr, string][] => {
    if (solution.op !== "solveTriangular") return [];
    const stacked = byStep.get(solution.inputs[0]!);
    return stacked
      ? [[solution, ofStep(inversesByStep(stacked, solution), ...solution.inputs[0]!.shape)]]
      : [];
  });
  return {
    shared: fixed,
    byStep: new Map([...outer, ...tensors]),
    inverses: new Map([...inverses, ...inverseTensors]),
  };
}

/** Inverses of triangular matrices, one after another. */
function inversesByStep(matrices: Float64Array, { shape, lower }: SolveTriangularExpr): Float64Array {
  const size = sizeOf(shape);
  const inverses = new Float64Array(matrices.length);
  for (let at = 0; at < matrices.length; at += size * size)
    inverses.set(inverseOfTriangle(matrices.subarray(at, at + size * size), size, lower), at);
  return inverses;
}
