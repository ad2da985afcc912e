/**
 * The distribution function of a law, for numbers from 0 to 1; inverted it is the quantile function.
 *
 *     normal     y = Phi(x)                                       log derivative -x^2 / 2 - log(2 pi) / 2
 *     laplace    y = e^x / 2 below 0, 1 - e^-x / 2 above          log derivative -|x| - log 2
 *     gumbel     y = e^(-e^-x)                                    log derivative -x - e^-x
 *     cauchy     y = 1 / 2 + atan(x) / pi                         log derivative -log(1 + x^2) - log(pi)
 *
 * The logistic one is `sigmoidTransformer`, that of a mixture in normal or logistic units `mixtureTransformer`. Near 1 a number has few
 * digits left of its distance to 1.
 *
 * N. L. Johnson, S. Kotz & N. Balakrishnan, "Continuous Univariate Distributions", Wiley: chapters 13 (normal) and 16 (Cauchy) of
 * volume 1, 1994; 22 (Gumbel) and 24 (Laplace) of volume 2, 1995.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { normalLogCdf } from "../../graph/library/normalLogCdf.ts";
import {
  abs,
  add,
  clamp,
  cos,
  div,
  exp,
  less,
  log,
  log1p,
  max,
  min,
  mul,
  neg,
  normalQuantile,
  select,
  sin,
  square,
  sub,
} from "../../graph/ops.ts";
import { checkedOptions, type OptionTable, oneOf } from "../../options.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";

/** Options of {@link distributionFunction}. */
export interface DistributionFunctionOptions {
  /** The law (default normal). */
  readonly law?: "normal" | "laplace" | "gumbel" | "cauchy" | undefined;
}

const distributionFunctionOptionTable: OptionTable<DistributionFunctionOptions> = {
  law: oneOf(["normal", "laplace", "gumbel", "cauchy"]),
};

interface Law {
  readonly cumulative: (x: Expr) => Expr;
  readonly quantile: (y: Expr) => Expr;
  readonly logDensity: (x: Expr) => Expr;
}

/** Ends of what is taken for a probability: their quantiles are finite in float32. */
const least = 1e-30;
const most = 1 - 2 ** -24;
/** A size beyond which no density is a number other than 0, and whose square is one. */
const farthest = 1e15;

const numerator = [
  -0.8750608600031904, -16.157537187333652, -75.00855792314705, -122.88666844901361, -64.85021904942025,
];
const denominator = [
  1, 24.858464901423062, 165.02700983169885, 432.88106049129027, 485.3903996359137, 194.5506571482614,
];

/** Coefficients from that of the highest power down. */
const polynomial = (x: Expr, [first = 0, second = 0, ...others]: readonly number[]): Expr =>
  others.reduce<Expr>((sum, coefficient) => add(mul(sum, x), coefficient), add(mul(first, x), second));

/**
 * atan x, from -pi / 2 to pi / 2, to two roundings. Brought to |x| <= tan(pi / 8) by atan x = pi / 2 - atan(1 / x) and
 * atan x = pi / 4 + atan((x - 1) / (x + 1)); there the rational approximation of Moshier's Cephes (atan.c), x + x^3 P(x^2) / Q(x^2).
 */
function arctangent(x: Expr): Expr {
  // Not the absolute value, whose derivative at 0 is 0.
  const isNegative = less(x, 0);
  const size = select(isNegative, neg(x), x);
  const isLarge = less(Math.tan((3 * Math.PI) / 8), size);
  const isMiddle = less(Math.tan(Math.PI / 8), size);
  const reduced = select(
    isLarge,
    div(-1, max(size, 1)),
    select(isMiddle, div(sub(size, 1), add(size, 1)), size),
  );
  const z = square(reduced);
  const rest = mul(mul(reduced, z), div(polynomial(z, numerator), polynomial(z, denominator)));
  const angle = add(select(isLarge, Math.PI / 2, select(isMiddle, Math.PI / 4, 0)), add(rest, reduced));
  return select(isNegative, neg(angle), angle);
}

const laws: Readonly<Record<"normal" | "laplace" | "gumbel" | "cauchy", Law>> = {
  normal: {
    cumulative: (x) => exp(normalLogCdf(clamp(x, -farthest, farthest))),
    quantile: (y) => normalQuantile(clamp(y, least, most)),
    logDensity: (x) => sub(mul(-0.5, square(clamp(x, -farthest, farthest))), 0.5 * Math.log(2 * Math.PI)),
  },
  laplace: {
    cumulative(x) {
      const isLower = less(x, 0);
      const half = mul(0.5, exp(select(isLower, x, neg(x))));
      return select(isLower, half, sub(1, half));
    },
    quantile(y) {
      const isLower = less(y, 0.5);
      const size = log(mul(2, max(select(isLower, y, sub(1, y)), least)));
      return select(isLower, size, neg(size));
    },
    logDensity: (x) => sub(select(less(x, 0), x, neg(x)), Math.LN2),
  },
  gumbel: {
    // e^80 is a number of float32, and e^-e^80 is 0.
    cumulative: (x) => exp(neg(exp(neg(max(x, -80))))),
    quantile(y) {
      const upper = min(max(sub(1, y), least), 0.5);
      const isLower = less(y, 0.5);
      return neg(log(neg(select(isLower, log(clamp(y, least, 0.5)), log1p(neg(upper))))));
    },
    logDensity: (x) => neg(add(x, exp(neg(max(x, -80))))),
  },
  cauchy: {
    // Below -1 of 1 / x, which keeps the digits of small probabilities.
    cumulative(x) {
      const isFar = less(x, -1);
      const angle = arctangent(select(isFar, div(-1, min(x, -1)), max(x, -1)));
      return add(mul(angle, 1 / Math.PI), select(isFar, 0, 0.5));
    },
    quantile(y) {
      const isLower = less(y, 0.5);
      const angle = mul(Math.PI, clamp(select(isLower, y, sub(1, y)), least, 0.5));
      const size = div(cos(angle), sin(angle));
      return select(isLower, neg(size), size);
    },
    logDensity(x) {
      const size = abs(x);
      const near = log1p(square(min(size, 1)));
      const far = add(mul(2, log(max(size, 1))), log1p(square(div(1, max(size, 1)))));
      return neg(add(Math.log(Math.PI), select(less(1, size), far, near)));
    },
  },
};

/**
 * The distribution function of a law; no parameters; y is from 0 to 1.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = distributionFunction({ law: "gumbel" });
 */
export function distributionFunction(options: DistributionFunctionOptions = {}): Transformer {
  const { law = "normal" } = checkedOptions("distributionFunction", options, distributionFunctionOptionTable);
  const { cumulative, quantile, logDensity } = laws[law];
  return fixedMap({
    type: "distributionFunction",
    codomain: [0, 1],
    options: { law },
    forward: (x) => ({ value: cumulative(x), logDerivative: logDensity(x) }),
    inverse(y) {
      const x = quantile(y);
      return { value: x, logDerivative: neg(logDensity(x)) };
    },
  });
}
