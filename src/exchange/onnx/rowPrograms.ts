/**
 * Programs of a model as parts of one ONNX graph.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { prepareProgram } from "../../graph/program.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { lower } from "./lowering.ts";
import type { Precision } from "./onnxFormulas.ts";
import type { OnnxGraph } from "./onnxGraph.ts";
import { sharedValues } from "./sharedValues.ts";

/**
 * Tensors `[rows, size]` of some values, in the order of their names.
 * @param values - Values by name; they depend on inputs and parameters, by name.
 * @param inputs - Tensors of the inputs; one at least.
 */
export function writeProgram<Name extends string>(
  values: Readonly<Record<Name, Expr>>,
  inputs: Readonly<Record<string, string>>,
  { graph, type, parameters }: { graph: OnnxGraph; type: Precision; parameters: ParameterValues },
): Record<Name, string> {
  const program = prepareProgram({ rows: values });
  const names = Object.keys(values) as Name[];
  const outputs = names.map((name) => program.rows[name]!);
  const known = new Map<Expr, Float64Array>();
  for (const parameter of program.parameters) {
    const data = parameters[parameter.name];
    if (data) known.set(parameter, data);
  }
  const ofRows = new Map(program.inputs.map((input): [Expr, string] => [input, inputs[input.name]!]));
  const like = Object.values(inputs)[0]!;
  const tensors = lower(
    outputs,
    { ofRows, shared: sharedValues(outputs, known) },
    { graph, type, rows: { like, extent: "rows" } },
  );
  return Object.fromEntries(names.map((name, i) => [name, tensors[i]!])) as Record<Name, string>;
}

/** Numbers as those of another precision. */
export function asPrecision(graph: OnnxGraph, value: string, from: Precision, to: Precision): string {
  return from === to ? value : graph.node("Cast", [value], { to: { elements: to } });
}
