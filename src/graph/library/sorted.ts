/**
 * Sorting as an expression.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import { abs, less, lessEqual, select, sub } from "../ops/arithmetic.ts";
import { constant } from "../ops/leaves.ts";
import { reshape, slice } from "../ops/moves.ts";
import { sum } from "../ops/sums.ts";

/** The numbers of a vector of `n` in ascending order, by how many others each is above: O(n^2) comparisons. Its derivative is that of the order. */
export function sortedValues(x: Expr, n: number): Expr {
  const matrix = (entry: (i: number, j: number) => number): Expr =>
    constant(
      Float64Array.from({ length: n * n }, (_, k) => entry(Math.floor(k / n), k % n)),
      [n, n],
    );
  const [own, other] = [reshape(x, [n, 1]), reshape(x, [1, n])];
  // Equal numbers stay in their order, so that no two have one rank.
  const isBelow = select(
    matrix((i, j) => Number(j < i)),
    lessEqual(other, own),
    less(other, own),
  );
  const rank = reshape(sum(isBelow, 1), [1, n]);
  const isThere = less(
    abs(
      sub(
        rank,
        matrix((k) => k),
      ),
    ),
    0.5,
  );
  return sum(select(isThere, other, 0), 1);
}

/** 1 where the numbers of a vector of `n` ascend, equal ones too, else 0; a scalar. */
export function isAscending(y: Expr, n: number): Expr {
  if (n === 1) return constant(1);
  return less(sum(less(slice(y, 1, n), slice(y, 0, n - 1))), 0.5);
}
