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

/** The first element that a mask lets through, and one past the last. */
export type Extent = readonly [from: number, to: number];

/** Extents of the rows of a mask `[rows, columns]`, or of its columns; all of a matrix without one. One list for one mask. */
export function extentsOf(
  mask: Float64Array | undefined,
  rows: number,
  columns: number,
  axis: "rows" | "columns",
): readonly Extent[] {
  const [count, length] = axis === "rows" ? [rows, columns] : [columns, rows];
  if (!mask) return Array.from({ length: count }, () => [0, length]);
  let known = found.get(mask);
  if (!known) found.set(mask, (known = new Map()));
  const name = `${axis} ${rows} ${columns}`;
  let extents = known.get(name);
  if (!extents) known.set(name, (extents = findExtents(mask, rows, columns, axis)));
  return extents;
}

/** What {@link extentsOf} has found: layers, their gradients, and every step of an iteration ask for the same mask. */
const found = new WeakMap<Float64Array, Map<string, readonly Extent[]>>();

function findExtents(mask: Float64Array, rows: number, columns: number, axis: "rows" | "columns"): Extent[] {
  const [count, length] = axis === "rows" ? [rows, columns] : [columns, rows];
  const [stride, step] = axis === "rows" ? [columns, 1] : [1, columns];
  return Array.from({ length: count }, (_, index): Extent => {
    const start = index * stride;
    let from = 0;
    while (from < length && mask[start + from * step] === 0) from++;
    let to = from < length ? length : 0;
    while (to > from && mask[start + (to - 1) * step] === 0) to--;
    return [from, to];
  });
}
