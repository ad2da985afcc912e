/**
 * Bernstein polynomials (Sick et al. 2020, section 3; Arpogaus et al. 2023), straight beyond a box of half-width B.
 *
 *     inverse   x = sum_i theta_i C(M, i) t^i (1 - t)^(M - i),  t = (y + B) / 2B         theta increases
 *               dx/dy = M / 2B sum_i (theta_(i+1) - theta_i) C(M - 1, i) t^i (1 - t)^(M - 1 - i)
 *     forward   by a root inside of the box, in closed form outside
 *
 * As in zuko the second derivative at the ends is 0. With `ends: "identity"` (BPF) the slope there is 1 and the box is mapped onto itself:
 * the first and the last two steps of theta are 2B / (n + 4), and a softmax of the n = degree + 1 raw parameters shares out the rest.
 * With `ends: "learned"` the first raw parameter less log(2) n / 2 is the first theta, and the steps are the softplus of the others, of
 * which the first and the last count twice.
 *
 * @see https://arxiv.org/abs/2004.00464, https://arxiv.org/abs/2204.13939
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import {
  add,
  asExpr,
  clamp,
  concatenate,
  div,
  exp,
  less,
  lessEqual,
  log,
  log1p,
  logSumExp,
  max,
  min,
  mul,
  neg,
  reshape,
  select,
  softplus,
  sub,
} from "../../graph/ops.ts";
import {
  checkedOptions,
  notNegative,
  type OptionTable,
  oneOf,
  positive,
  wholeNumber,
} from "../../options.ts";
import { solvedTransformer } from "../solvedTransformer.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";

/** Options of {@link bernstein}. */
export interface BernsteinOptions {
  /** Raw parameters less 1, from 2 to 60 (default 16). */
  readonly degree?: number | undefined;
  /** Half-width B of the box, above 0 (default 5). */
  readonly bound?: number | undefined;
  /** Slopes and places of the ends: those of the identity (default), or learned. */
  readonly ends?: "identity" | "learned" | undefined;
  /** Share of the box at each end that is part of the straight lines (default 0; zuko has 1e-6). */
  readonly margin?: number | undefined;
}

const bernsteinOptionTable: OptionTable<BernsteinOptions> = {
  degree: wholeNumber("an integer from 2 to 60", 2, 60),
  bound: positive,
  ends: oneOf(["identity", "learned"]),
  margin: notNegative,
};

/** The binomial coefficients C(n, 0) ... C(n, n). */
function binomials(n: number): readonly number[] {
  const row = [1];
  for (let k = 1; k <= n; k++) row.push((row[k - 1]! * (n - k + 1)) / k);
  return row;
}

/** The polynomial with these Bernstein coefficients at t in [0, 1]: by powers of the smaller one of t and 1 - t. */
function bernsteinSum(coefficients: readonly Expr[], t: Expr): Expr {
  const n = coefficients.length - 1;
  const isLower = less(t, 0.5);
  const small = select(isLower, t, sub(1, t));
  const ratio = div(small, sub(1, small));
  const scaled = binomials(n).map((binomial, i) =>
    mul(binomial, select(isLower, coefficients[i]!, coefficients[n - i]!)),
  );
  const sum = scaled.reduceRight((rest, value) => add(mul(rest, ratio), value));
  return mul(sum, exp(mul(n, log1p(neg(small)))));
}

/** Steps between coefficients, and the first one. */
function stepsOf(
  raw: readonly Expr[],
  bound: number,
  ends: "identity" | "learned",
): { readonly first: Expr; readonly steps: readonly Expr[] } {
  const n = raw.length;
  if (ends === "learned") {
    const steps = raw.slice(1).map((value) => softplus(value));
    return {
      first: sub(raw[0]!, (Math.LN2 * n) / 2),
      steps: [steps[0]!, ...steps, steps[steps.length - 1]!],
    };
  }
  const fixed = (2 * bound) / (n + 4);
  const normalizer = logSumExp(concatenate(raw.map((value) => reshape(value, [1]))));
  const steps = raw.map((value) => mul(2 * bound - 4 * fixed, exp(sub(value, normalizer))));
  const end = [asExpr(fixed), asExpr(fixed)];
  return { first: asExpr(-bound), steps: [...end, ...steps, ...end] };
}

/**
 * Bernstein polynomials; degree + 1 parameters per feature. `inverse` costs O(degree), `forward` some ten times as much.
 * @throws UsageError for an option out of its range.
 * @cost inverse O(degree), forward some ten times as much
 * @example
 * const transformer = bernstein();
 */
export function bernstein(options: BernsteinOptions = {}): Transformer {
  const {
    degree = 16,
    bound = 5,
    ends = "identity",
    margin = 0,
  } = checkedOptions("bernstein", options, bernsteinOptionTable);
  /** Values and slopes at the two ends of the box, in units of t. */
  const linesOf = (raw: readonly Expr[]) => {
    const { first, steps } = stepsOf(raw, bound, ends);
    const order = steps.length;
    const theta = [first];
    for (const step of steps) theta.push(add(theta[theta.length - 1]!, step));
    const slopes = steps.map((step) => mul(order, step));
    const isLearned = ends === "learned" && margin > 0;
    const at = (t: number, end: number) => ({
      value: isLearned ? bernsteinSum(theta, asExpr(t)) : theta[end]!,
      slope: isLearned ? bernsteinSum(slopes, asExpr(t)) : slopes[Math.min(end, order - 1)]!,
    });
    return { theta, slopes, low: at(margin, 0), high: at(1 - margin, order) };
  };
  const map = (y: Expr, raw: readonly Expr[]): ScalarMapped => {
    const { theta, slopes, low, high } = linesOf(raw);
    const t = mul(add(y, bound), 0.5 / bound);
    const [isBelow, isAbove] = [lessEqual(t, margin), lessEqual(1 - margin, t)];
    const inside = clamp(t, 0, 1);
    const slope = select(isBelow, low.slope, select(isAbove, high.slope, bernsteinSum(slopes, inside)));
    const value = select(
      isBelow,
      add(low.value, mul(low.slope, sub(t, margin))),
      select(isAbove, add(high.value, mul(high.slope, sub(t, 1 - margin))), bernsteinSum(theta, inside)),
    );
    return { value, logDerivative: log(mul(slope, 0.5 / bound)) };
  };
  return solvedTransformer({
    type: "bernstein",
    parameterCount: degree + 1,
    closed: "inverse",
    map,
    bracket(x, raw) {
      const { low, high } = linesOf(raw);
      const below = sub(mul(2 * bound, div(min(sub(x, low.value), 0), low.slope)), bound);
      const above = add(mul(2 * bound, div(max(sub(x, high.value), 0), high.slope)), bound);
      const wider = (end: Expr): Expr => mul(1e-3, add(1, select(less(end, 0), neg(end), end)));
      return [sub(below, wider(below)), add(above, wider(above))];
    },
    toJSON: () => ({ type: "bernstein", degree, bound, ends, margin }),
  });
}
