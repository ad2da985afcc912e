/**
 * Rules of reverse mode for nodes without a body that take more than a line; the others are in `reverse.ts`.
 *
 * @module
 */

import type { ErrorFacts } from "../../errors.ts";
import {
  type ElementwiseExpr,
  type Expr,
  type LinearExpr,
  type SolveTriangularExpr,
  type SumExpr,
  sizeOf,
} from "../expr.ts";
import { mul, neg } from "../ops/arithmetic.ts";
import { elementwise } from "../ops/elementwise.ts";
import { gather, reshape } from "../ops/movement.ts";
import { linear, ofEachRow, solveTriangular, sumOuter, triangle } from "../ops/products.ts";
import { anyLive, type Cotangent, type Reversal, restricted, scaled, settled } from "./cotangent.ts";

/** Why there is no derivative through a loop. */
export const withoutDerivative: ErrorFacts = {
  problem: "iterate has no derivative",
  expected: "operations that have one",
  received: "iterate",
  remedy: "use root, fixedPoint or solveOde, or stop the gradient at its result",
};

/** To the operands, by the partial derivatives of the table. */
export function pullBackElementwise(node: ElementwiseExpr, c: Cotangent, { active, send }: Reversal): void {
  const [a, b, third] = node.inputs as [Expr, Expr, Expr];
  if (node.name === "select") {
    if (active.has(b)) send(b, restricted(c, { on: a, when: true }));
    if (active.has(third)) send(third, restricted(c, { on: a, when: false }));
    return;
  }
  node.inputs.forEach((input, i) => {
    const partial = elementwise[node.name].partials[i];
    if (!partial || !active.has(input)) return;
    const value = partial(node, a, b, third);
    send(input, isComparison(value) ? restricted(c, { on: value, when: true }) : scaled(c, value));
  });
}

/** Whether a partial derivative is 1 in one case and 0 in the other, as those of a maximum are. */
export function isComparison(partial: Expr): boolean {
  return partial.op === "elementwise" && (partial.name === "less" || partial.name === "lessEqual");
}

/** The cotangent of a sum, repeated along the summed axis. */
export function spread(node: SumExpr, c: Expr, input: Expr): Expr {
  const { count, inner } = node;
  const indices = Int32Array.from(
    { length: sizeOf(input.shape) },
    (_, i) => Math.floor(i / (count * inner)) * inner + (i % inner),
  );
  return gather(c, indices, input.shape);
}

/** The transposed product; the weights get a sum of outer products. */
export function pullBackLinear(node: LinearExpr, cotangent: Cotangent, { active, send }: Reversal): void {
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  const c = settled(cotangent);
  const live = anyLive(cotangent);
  if (active.has(x))
    send(x, { value: linear(c, weights, undefined, { transposed: !node.transposed }), live });
  if (bias && active.has(bias)) send(bias, { value: c, live: cotangent.live });
  if (!active.has(weights)) return;
  const [row, column] = node.transposed ? [x, c] : [c, x];
  if (x.space !== "row") {
    const outer = mul(reshape(row, [sizeOf(row.shape), 1]), reshape(column, [1, sizeOf(column.shape)]));
    return send(weights, { value: outer, live });
  }
  send(weights, { value: sumOuter(ofEachRow(row), ofEachRow(column)), live }, true);
}

/** The transposed equation; the matrix gets an outer product. */
export function pullBackSolve(
  node: SolveTriangularExpr,
  mixed: (f: (c: Expr) => Expr) => Cotangent,
  { active, send }: Reversal,
): void {
  const [a, b] = node.inputs as [Expr, Expr];
  const n = sizeOf(node.shape);
  const bCotangent = mixed((c) => solveTriangular(a, c, { lower: node.lower, transposed: !node.transposed }));
  const bBar = bCotangent.value;
  if (active.has(b)) send(b, bCotangent);
  if (!active.has(a)) return;
  // A^T x = b swaps the roles of the two vectors in -bBar x^T.
  const [row, column] = node.transposed ? [node as Expr, bBar] : [bBar, node as Expr];
  const outer =
    node.space === "row"
      ? sumOuter(ofEachRow(row), ofEachRow(column))
      : mul(reshape(row, [n, 1]), reshape(column, [1, n]));
  send(a, { ...bCotangent, value: mul(triangle(n, node.lower), neg(outer)) }, node.space === "row");
}
