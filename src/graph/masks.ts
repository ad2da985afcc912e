/**
 * Masked weights: a matrix that is multiplied by a constant with zeros. Nobody writes down what they let through; it is read off the graph.
 *
 * @module
 */

import type { Expr } from "./expr.ts";

/** The constant factor of a matrix, if it has one with zeros. */
export function maskOf(matrix: Expr): Float64Array | undefined {
  if (matrix.op !== "elementwise" || matrix.name !== "mul") return undefined;
  for (const factor of matrix.inputs)
    if (factor.op === "constant" && factor.shape.length === 2 && factor.data.includes(0)) return factor.data;
  return undefined;
}

/** Extents of the rows of a mask `[rows, columns]`, or of its columns. */
export function extentOf(
  mask: Float64Array | undefined,
  rows: number,
  columns: number,
  axis: "rows" | "columns",
): (index: number) => readonly [number, number] {
  const length = axis === "rows" ? columns : rows;
  if (!mask) return () => [0, length];
  return (index) => {
    let from = length;
    let to = 0;
    for (let k = 0; k < length; k++)
      if (mask[axis === "rows" ? index * columns + k : k * columns + index] !== 0) {
        from = Math.min(from, k);
        to = k + 1;
      }
    return [from, to];
  };
}
