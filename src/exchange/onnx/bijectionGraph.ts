/**
 * The functions of a flow of a base and a bijection as ONNX graphs, in data units: the steps of `rowSteps.ts` one after another. What prepares
 * the data is in the graph, in float64 whatever the precision, so that a column of time stamps keeps its digits.
 *
 * @module
 */

import * as g from "../../graph/ops.ts";
import type { Model } from "../../models/model.ts";
import type { ExportFunction } from "../exportOptions.ts";
import { asInputs, stepsOf, type Values } from "../rowSteps.ts";
import type { Precision } from "./onnxFormulas.ts";
import type { OnnxGraph } from "./onnxGraph.ts";
import { asPrecision, writeProgram } from "./rowPrograms.ts";

/** Writes a function of a model: its inputs, nodes and output. */
export function writeBijection(graph: OnnxGraph, model: Model, what: ExportFunction, type: Precision): void {
  const { given, base, simplex, columns, values: parameters } = model;
  const { width, prepare, compute, finish } = stepsOf(model, what);
  const name = what === "sample" ? "noise" : "rows";
  const size = what === "sample" ? base.noise : (simplex?.columns ?? columns).length;
  const input = graph.input(name, type, ["rows", size]);
  const conditions = given.length > 0 ? [graph.input("given", type, ["rows", given.length])] : [];
  const parts = [...conditions, input].map((part) => asPrecision(graph, part, type, "double"));
  const rows = parts.length > 1 ? graph.node("Concat", parts, { axis: 1 }) : parts[0]!;
  const write = (
    values: Values,
    inputs: Readonly<Record<string, string>>,
    precision: Precision,
  ): Record<string, string> => writeProgram(values, inputs, { graph, type: precision, parameters });
  const cast = (tensors: Record<string, string>, from: Precision, to: Precision): Record<string, string> =>
    Object.fromEntries(
      Object.entries(tensors).map(([key, tensor]) => [key, asPrecision(graph, tensor, from, to)]),
    );
  const prepared = prepare(g.input("rows", [width]));
  const preparedTensors = write(prepared, { rows }, "double");
  const ready = asInputs(prepared);
  const computed = compute(ready);
  const computedTensors = write(computed, cast(preparedTensors, "double", type), type);
  const { result } = write(
    { ...finish({ ...ready, ...asInputs(computed) }) },
    { ...preparedTensors, ...cast(computedTensors, type, "double") },
    "double",
  );
  const value = asPrecision(graph, result!, "double", type);
  if (what === "logprob")
    graph.output("logProb", graph.node("Reshape", [value, graph.integers(-1)]), type, ["rows"]);
  else if (what === "to-base") graph.output("base", value, type, ["rows", columns.length]);
  else graph.output("rows", value, type, ["rows", (simplex?.columns ?? columns).length]);
}
