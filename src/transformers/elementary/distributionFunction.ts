/**
 * The distribution function of a law, for numbers from 0 to 1; inverted it is the quantile function.
 *
 *     normal     y = Phi(x)                                       log derivative -x^2 / 2 - log(2 pi) / 2
 *     laplace    y = e^x / 2 below 0, 1 - e^-x / 2 above          log derivative -|x| - log 2
 *     gumbel     y = e^(-e^-x)                                    log derivative -x - e^-x
 *
 * The logistic one is `sigmoidTransformer`, that of a mixture in normal or logistic units `mixtureTransformer`. Near 1 a number has few
 * digits left of its distance to 1.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { normalLogCdf } from "../../graph/library/normalLogCdf.ts";
import {
  add,
  clamp,
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
  square,
  sub,
} from "../../graph/ops.ts";
import { checkedOptions, type OptionTable, oneOf } from "../../options.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";

/** Options of {@link distributionFunction}. */
export interface DistributionFunctionOptions {
  /** The law (default normal). */
  readonly law?: "normal" | "laplace" | "gumbel" | undefined;
}

const distributionFunctionOptionTable: OptionTable<DistributionFunctionOptions> = {
  law: oneOf(["normal", "laplace", "gumbel"]),
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

const laws: Readonly<Record<"normal" | "laplace" | "gumbel", Law>> = {
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
