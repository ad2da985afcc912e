/**
 * A choice of one of several items with given weights, as an expression: what samples of a mixture begin with.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { normalShare } from "./normalShare.ts";

/** A constant matrix of ones and zeros. */
function indicator(rows: number, columns: number, isOne: (row: number, column: number) => boolean): Expr {
  return g.constant(
    Float64Array.from({ length: rows * columns }, (_, i) =>
      isOne(Math.floor(i / columns), i % columns) ? 1 : 0,
    ),
    [rows, columns],
  );
}

/** Running sums of a shared vector of n numbers: of lines of about sqrt(n), then of the lines; O(n^1.5), once. */
export function runningSums(values: Expr): Expr {
  const count = values.shape[0]!;
  const width = Math.ceil(Math.sqrt(count));
  const lines = Math.ceil(count / width);
  const padded = g.gather(
    values,
    Int32Array.from({ length: lines * width }, (_, i) => (i < count ? i : -1)),
    [lines, width],
  );
  const within = g.matrixProduct(
    padded,
    indicator(width, width, (row, column) => row <= column),
  );
  const totals = g.sum(padded, 1);
  const lineOffsets = g.matrixProduct(
    indicator(lines, lines, (row, column) => column < row),
    g.reshape(totals, [lines, 1]),
  );
  return g.slice(g.reshape(g.add(within, lineOffsets), [lines * width]), 0, count);
}

/**
 * 1 in the place of the item that a standard normal number picks, 0 elsewhere; shape `[n]`. Item k is picked where the
 * normal distribution function of the number lies between the running sums of the weights before and after k.
 *
 * @param logWeights - Shared, `[n]`; their exponentials add up to 1.
 */
export function chosenItem(noise: Expr, logWeights: Expr): Expr {
  const count = logWeights.shape[0]!;
  if (count === 1) return g.constant([1]);
  const level = normalShare(noise);
  // The last bound is not compared with: what rounding leaves above it falls to the last item.
  const below = g.less(level, g.slice(runningSums(g.exp(logWeights)), 0, count - 1));
  return g.sub(g.concatenate([below, 1]), g.concatenate([0, below]));
}
