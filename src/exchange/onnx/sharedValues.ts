/**
 * Values that are the same in all rows: computed once, in float64, when a model is exported.
 *
 * @module
 */

import { interpretation } from "../../engines/reference/interpreter.ts";
import { type Expr, topologicalOrder } from "../../graph/expr.ts";

/** Values of shared nodes. */
export type SharedValues = ReadonlyMap<Expr, Float64Array>;

/** Some nodes. */
type Nodes = Pick<ReadonlySet<Expr>, "has">;

/** Shared nodes that values of rows read, or that are asked for. */
function readByRows(outputs: readonly Expr[], known: Nodes): Expr[] {
  const shared = new Set<Expr>();
  for (const output of outputs) if (output.space !== "row") shared.add(output);
  for (const node of topologicalOrder(outputs, known))
    if (node.space === "row") for (const input of node.inputs) if (input.space !== "row") shared.add(input);
  return [...shared].filter((node) => !known.has(node));
}

/**
 * The values of what the rows of a program read, from those of its parameters.
 * @param others - Shared nodes that are known otherwise, and not entered.
 */
export function sharedValues(
  outputs: readonly Expr[],
  parameters: SharedValues,
  others: Nodes = new Set<Expr>(),
): Map<Expr, Float64Array> {
  const nodes = readByRows(outputs, { has: (node) => parameters.has(node) || others.has(node) });
  const values = interpretation(nodes, [...parameters.keys()])([...parameters.values()], 1);
  const all = new Map(parameters);
  nodes.forEach((node, i) => {
    all.set(node, values[i]!.slice());
  });
  return all;
}

/**
 * The same for a body with slices of stacked values: those that depend on the slices, computed for each step, and the values of all others.
 * @param slices - What is sliced, with the stacked values.
 */
export function valuesByStep(
  result: Expr,
  known: SharedValues,
  slices: ReadonlyMap<Expr, Float64Array>,
  steps: number,
): { readonly fixed: Map<Expr, Float64Array>; readonly byStep: Map<Expr, Float64Array> } {
  const leaves = [...known.keys(), ...slices.keys()];
  const isLeaf = new Set(leaves);
  const dependent = new Set<Expr>(slices.keys());
  for (const node of topologicalOrder([result], isLeaf))
    if (node.space !== "row" && node.inputs.some((input) => dependent.has(input))) dependent.add(node);
  const read = [...readByRows([result], known), ...[...slices.keys()].filter((slice) => !known.has(slice))];
  const nodes = [...new Set(read)];
  const evaluate = interpretation(nodes, leaves);
  const fixed = new Map(known);
  const byStep = new Map<Expr, Float64Array>();
  for (let step = 0; step < steps; step++) {
    const sliceValues = Array.from(slices.values(), (stacked) => {
      const size = stacked.length / steps;
      return stacked.subarray(step * size, (step + 1) * size);
    });
    const values = evaluate([...known.values(), ...sliceValues], 1);
    nodes.forEach((node, i) => {
      const value = values[i]!;
      if (!dependent.has(node)) {
        if (step === 0) fixed.set(node, value.slice());
        return;
      }
      const all = byStep.get(node) ?? new Float64Array(steps * value.length);
      byStep.set(node, all);
      all.set(value, step * value.length);
    });
  }
  return { fixed, byStep };
}

/** Inverse of a triangular matrix `[n, n]`, by substitution, column by column. */
export function inverseOfTriangle(matrix: Float64Array, n: number, isLower: boolean): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++)
    for (let step = 0; step < n; step++) {
      const i = isLower ? step : n - 1 - step;
      let total = i === column ? 1 : 0;
      for (let before = 0; before < step; before++) {
        const j = isLower ? before : n - 1 - before;
        total -= matrix[i * n + j]! * inverse[j * n + column]!;
      }
      inverse[i * n + column] = total / matrix[i * n + i]!;
    }
  return inverse;
}
