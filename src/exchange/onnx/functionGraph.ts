/**
 * The functions of a flow as ONNX graphs, from raw cells on: the three steps of a function one after another. What prepares the cells is in
 * the graph, in float64 whatever the precision, so that a column of time stamps keeps its digits.
 *
 * @module
 */

import { hasMixedColumns } from "../../architectures/kinds.ts";
import { sizeOf } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { Flow } from "../../models/flow.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import type { ExportFunction } from "../exportOptions.ts";
import { asInputs, type RowSteps, stepsOf, type Values } from "../rowSteps.ts";
import type { Precision } from "./onnxFormulas.ts";
import type { OnnxGraph } from "./onnxGraph.ts";
import { PlaceSearches } from "./placeSearch.ts";
import { asPrecision, writeProgram } from "./rowPrograms.ts";

/** Numbers that graphs of a flow take. */
export function inputTypeOf(flow: Flow, type: Precision): Precision {
  return hasMixedColumns(flow.description.kind) ? "double" : type;
}

/** Writes a function of a flow: its inputs, nodes and output. */
export async function writeFunction(
  graph: OnnxGraph,
  flow: Flow,
  what: ExportFunction,
  type: Precision,
): Promise<void> {
  const searches = new PlaceSearches();
  const { steps, parameters } = await functionOf(flow, what, searches);
  const { width, prepare, compute, finish } = steps;
  const inputType = inputTypeOf(flow, type);
  const given = flow.given.length;
  const input = graph.input(what === "sample" ? "noise" : "rows", inputType, ["rows", width - given]);
  const conditions = given > 0 ? [graph.input("given", inputType, ["rows", given])] : [];
  const parts = [...conditions, input].map((part) => asPrecision(graph, part, inputType, "double"));
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
  const found = searches.write(
    graph,
    (place, others) => write({ place }, { rows, ...others }, "double").place!,
  );
  const preparedTensors = write(prepared, { rows, ...found }, "double");
  const ready = asInputs(prepared);
  const computed = compute(ready);
  const computedTensors = write(computed, cast(preparedTensors, "double", type), type);
  const finished = finish({ ...ready, ...asInputs(computed) });
  const { result } = write(
    { ...finished },
    { ...preparedTensors, ...cast(computedTensors, type, "double") },
    "double",
  );
  const value = asPrecision(graph, result!, "double", type);
  if (what === "logprob")
    graph.output("logProb", graph.node("Reshape", [value, graph.integers(-1)]), type, ["rows"]);
  else
    graph.output(what === "to-base" ? "base" : "rows", value, type, ["rows", sizeOf(finished.result.shape)]);
}

async function functionOf(
  flow: Flow,
  what: ExportFunction,
  searches: PlaceSearches,
): Promise<{ readonly steps: RowSteps; readonly parameters: ParameterValues }> {
  if (hasMixedColumns(flow.description.kind)) {
    const { columnsSteps } = await import("../columns/columnsSteps.ts");
    return columnsSteps(flow, searches.sums);
  }
  const { model } = flow;
  return { steps: stepsOf(model, what), parameters: model.values };
}
