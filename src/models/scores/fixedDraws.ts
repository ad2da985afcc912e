/**
 * Draws of a program that scores rows, replaced by points that the row determines: one row has one score, wherever it stands in a table.
 *
 * @module
 */

import { type Expr, type RandomExpr, sizeOf, topologicalOrder } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { substitute } from "../../graph/rebuild.ts";

/** Steps of a lattice in so many dimensions: powers of the root above 1 of x^(n + 1) = x + 1 (Roberts 2018), 0.618 in one. */
function latticeSteps(dimensions: number): number[] {
  let root = 2;
  for (let i = 0; i < 64; i++) root = (1 + root) ** (1 / (dimensions + 1));
  return Array.from({ length: dimensions }, (_, j) => root ** -(j + 1));
}

/** How far from 0 and 1 a point is at least, as draws are. */
const margin = 2 ** -24;

/**
 * Expressions with points of a lattice in place of each stream of draws, the k-th for the k-th stream: moved by what y gives, and taken modulo 1.
 * Multipliers of y are irrational, and of many digits, so that rows next to each other have draws of their own.
 * @param outputs - Of one program.
 * @param y - The row, a vector.
 */
export function withFixedDraws(outputs: Readonly<Record<string, Expr>>, y: Expr): Record<string, Expr> {
  const all = Object.values(outputs);
  const draws = topologicalOrder(all).filter((node): node is RandomExpr => node.op === "random");
  const streams = [...new Set(draws.map(({ stream }) => stream))].sort();
  const features = sizeOf(y.shape);
  const replacements = new Map<Expr, Expr>();
  for (const draw of draws) {
    const size = sizeOf(draw.shape);
    const k = streams.indexOf(draw.stream);
    const start = g.constant(latticeSteps(size).map((step) => (0.5 + (k + 1) * step) % 1));
    const ofRow = g.constant(
      Float64Array.from({ length: size * features }, (_, i) => 0.37 + (((i + 1) * Math.SQRT2) % 1)),
      [size, features],
    );
    const place = g.add(start, g.linear(y, ofRow));
    const share = g.clamp(g.sub(place, g.floor(place)), margin, 1 - margin);
    replacements.set(draw, g.reshape(share, draw.shape));
  }
  const replaced = substitute(all, replacements);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, replaced[i]!]));
}
