/**
 * The reference engine: programs interpreted in float64. It decides what is right; use it to check, not to wait.
 *
 * It runs the graph as it was written, so that a fault of the simplification is not on both sides of a comparison. What a
 * program asks for (inputs, step inputs, a key) is what it asks of all engines: what the simplified graph reads.
 *
 * @module
 */

import { type Expr, type ParameterExpr, sizeOf } from "../../graph/expr.ts";
import { type PreparedProgram, preparation } from "../../graph/program.ts";
import { inPieces } from "../../platform/pieces.ts";
import { programUniforms } from "../../random/programUniforms.ts";
import type { Engine } from "../engine.ts";
import {
  type Given,
  type Interpreted,
  InterpretedExecutable,
  type InterpretedPort,
  type Part,
  stepInputOrZeros,
} from "../interpretedExecutable.ts";
import { type Interpretation, interpretation } from "./interpreter.ts";

/** The float64 oracle. */
export const referenceEngine: Engine = {
  name: "reference",
  compile: async (given, { signal } = {}) => {
    const program = typeof given === "function" ? await given() : given;
    const written = await inPieces(preparation(program, { simplified: false }), signal);
    return new InterpretedExecutable(interpreted(written, await inPieces(preparation(program), signal)));
  },
};

/** What an executable asks for, by name. */
function portsOf(leaves: readonly Extract<Expr, { name: string }>[]): InterpretedPort[] {
  return leaves.map(({ name, shape }) => ({ name, size: sizeOf(shape) }));
}

/** Parameters that others are parts of. */
function wholesOf(parameters: readonly ParameterExpr[]): ParameterExpr[] {
  return [...new Set(parameters.flatMap(({ part }) => (part ? [part.of] : [])))];
}

/** A program as it was written; what it asks for is what is left when it is simplified. */
function interpreted(program: PreparedProgram, simplified: PreparedProgram): Interpreted {
  const { rows, sums, updates } = program;
  /** In the order in which an interpretation is given their values. */
  const parameters = [...program.parameters, ...wholesOf(program.parameters)];
  const leaves = [...program.inputs, ...parameters, ...program.randoms, ...program.stepInputs];
  const outputsOf = (part: Part): Expr[] => {
    if (part === "rows") return Object.values(rows);
    if (part === "sums and rows") return [...Object.values(sums), ...Object.values(rows)];
    return [...Object.values(sums), ...(part === "sums" ? [] : updates.map(({ value }) => value))];
  };
  /** The graph behind a part of the program is read once. */
  const interpretations = new Map<Part, Interpretation>();
  const interpretationOf = (part: Part): Interpretation => {
    let evaluate = interpretations.get(part);
    if (!evaluate) interpretations.set(part, (evaluate = interpretation(outputsOf(part), leaves)));
    return evaluate;
  };
  const valuesOfLeaves = ({
    rows: count,
    inputs,
    stepInputs,
    parameters: values,
    draws,
  }: Given): Float64Array[] => [
    // Zeros for what no output depends on once the graph is simplified.
    ...program.inputs.map(({ name, shape }) => inputs[name] ?? new Float64Array(count * sizeOf(shape))),
    ...parameters.map(({ name }) => values.get(name)!),
    ...program.randoms.map(({ stream, shape }) => programUniforms(draws, stream, count, sizeOf(shape))),
    ...portsOf(program.stepInputs).map((port) => stepInputOrZeros(stepInputs, port)),
  ];
  return {
    inputs: portsOf(simplified.inputs),
    stepInputs: portsOf(simplified.stepInputs),
    parameters: parameters.map(({ name, shape, part }) => ({
      name,
      size: sizeOf(shape),
      part: part && { of: part.of.name, start: part.start },
    })),
    rows: Object.entries(rows).map(([name, { shape, space }]) => ({
      name,
      size: sizeOf(shape),
      isShared: space !== "row",
    })),
    sums: Object.keys(sums),
    updated: updates.map(({ parameter }) => parameter.name),
    hasRandoms: simplified.randoms.length > 0,
    evaluate: (given, part) => interpretationOf(part)(valuesOfLeaves(given), given.rows),
  };
}
