/**
 * What all splines of a box need: sizes of bins, the search for a bin, and what becomes of numbers outside of the box.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { numberOf, type OptionKind, refuse, wholeNumber } from "../../options.ts";
import { intoBin } from "../rationalQuadraticBin.ts";
import { isBoxed, type Tails, withTails } from "../splineTails.ts";
import type { ScalarMapped } from "../transformer.ts";

/** A number of bins. */
export const aBinCount: OptionKind = wholeNumber("an integer from 2 to 256", 2, 256);
/** Least size of a bin, as a share of the box. */
export const aLeastShare: OptionKind = numberOf("0 or more and below 1", (x) => x >= 0 && x < 1);

/** Refuses a least size that as many bins do not leave room for. */
export function checkLeastShare(where: string, name: string, least: number, bins: number): void {
  if (!(least * bins < 1)) refuse(where, name, `below 1 / ${bins}, as there are ${bins} bins`, least);
}

/** Below it a slope counts as it: the logarithm and the reciprocal are finite in float32. */
const leastOfAll = 1e-30;

/** Logarithm of a slope, which may be 0 where no least one is asked for. */
export function logSlopeOf(slope: Expr): Expr {
  return g.log(g.max(slope, leastOfAll));
}

/** Sum of a list. */
export function sumOf(values: readonly Expr[]): Expr {
  return values.reduce((sum, value) => g.add(sum, value));
}

/** Sizes of the bins as shares of the box: a softmax, each with a least size. */
export function shares(raw: readonly Expr[], least: number): readonly Expr[] {
  const highest = raw.reduce((most, value) => g.max(most, value));
  const weights = raw.map((value) => g.exp(g.sub(value, highest)));
  const total = sumOf(weights);
  const free = 1 - raw.length * least;
  return weights.map((weight) => g.add(g.mul(g.div(weight, total), free), least));
}

/** Logarithms of a softmax. */
export function logShares(raw: readonly Expr[]): readonly Expr[] {
  const highest = raw.reduce((most, value) => g.max(most, value));
  const rest = raw.map((value) => g.sub(value, highest));
  const logTotal = g.log(sumOf(rest.map((value) => g.exp(value))));
  return rest.map((value) => g.sub(value, logTotal));
}

/** Where each bin begins: 0, and the sums of the sizes before it. */
export function startsOf(sizes: readonly Expr[]): readonly Expr[] {
  const starts: Expr[] = [g.constant(0)];
  for (const size of sizes.slice(0, -1)) starts.push(g.add(starts[starts.length - 1]!, size));
  return starts;
}

/**
 * Finds the bin of `at`, a number between 0 and 1, among bins that begin at `starts`.
 * @param lists - One number per bin each; those of the bin come back in this order.
 */
export function inBin(
  at: Expr,
  starts: readonly Expr[],
  ...lists: readonly (readonly Expr[])[]
): readonly Expr[] {
  const isBeyond = starts.map((start) => g.lessEqual(start, at));
  return lists.map((list) =>
    list.slice(1).reduce((chosen, value, k) => g.select(isBeyond[k + 1]!, value, chosen), list[0]!),
  );
}

/** Consecutive pairs of a list: the first members, and the second. */
export function ends(knots: readonly Expr[]): readonly [left: readonly Expr[], right: readonly Expr[]] {
  return [knots.slice(0, -1), knots.slice(1)];
}

/** A number inside of the box of half-width `bound`, brought to [0, 1]. */
export function intoUnit(from: Expr, bound: number): Expr {
  return g.add(g.mul(g.clamp(from, -bound, bound), 0.5 / bound), 0.5);
}

/**
 * A map of the box: what a spline gives in [0, 1], brought back, and its tails.
 * @param logEnds - Logarithms of dx/dy at the two ends of the box.
 */
export function outOfUnit(
  direction: "forward" | "inverse",
  from: Expr,
  { value, logDerivative }: ScalarMapped,
  logEnds: readonly [Expr, Expr],
  { bound, tails }: { readonly bound: number; readonly tails: Tails },
): ScalarMapped {
  // Rounding may put the end of the last bin beyond 1, where the next map of the box has no density.
  const inside = { value: g.sub(g.mul(intoBin(value), 2 * bound), bound), logDerivative };
  // The slopes are bounded by what the spline is made of: an infinite bound of the clip leaves them as they are.
  return withTails(direction, from, inside, logEnds, { bound, tails, logSlope: Number.POSITIVE_INFINITY });
}

/** Domain and codomain of a spline of a box: the box, or all numbers where it has tails. */
export function declaredBox(
  bound: number,
  tails: Tails,
): { readonly domain?: readonly [number, number]; readonly codomain?: readonly [number, number] } {
  return isBoxed(tails) ? { domain: [-bound, bound], codomain: [-bound, bound] } : {};
}
