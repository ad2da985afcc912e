/**
 * The planar map of variational inference:
 *
 *     forward    y = x + û tanh(a + b)    a = w . x       logAbsDet = log(1 + s (1 - tanh²(a + b)))
 *     inverse    x = y - û tanh(a + b)    where a + s tanh(a + b) = w . y
 *
 * or with the leaky ReLU in the place of the hyperbolic tangent: then a + b has the sign of w . y + b, and both directions are in
 * closed form.
 *
 * û is u, moved along w so that s = w . û is above -1, which makes the map one to one (the paper's appendix A.1). The
 * inverse's equation is increasing in a, and its root is bracketed by w . y - |s| and w . y + |s|.
 *
 * Two differences would lose digits where the step is large. What is left of 1 - tanh² is computed without one, and where the map stretches twice or
 * more, so that x is small beside y and û, its part along w is what the equation has found, w . x = a.
 *
 * D. Rezende, S. Mohamed, "Variational Inference with Normalizing Flows", ICML 2015, equations 10 to 12,
 * https://arxiv.org/abs/1505.05770
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { root } from "../../graph/library/root.ts";
import { hyperbolicSlope } from "../../graph/ops/elementwise.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, trained, trainedUniform } from "../../graph/parameters.ts";
import { conditionedParameters } from "../../networks/conditioned.ts";
import {
  anyNumber,
  checkCount,
  checkedOptions,
  listOf,
  numberOf,
  type OptionTable,
  required,
} from "../../options.ts";
import type { Bijection, Mapped } from "../bijection.ts";

/** Options of {@link planar}. */
export interface PlanarOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** Sizes of the hidden layers of the network that maps a context to u, w and b (default none: linear). */
  readonly hidden?: readonly number[] | undefined;
  /** s stays above -1 by this much, 0 or more; the condition number of the map is about its inverse (default 0.01). */
  readonly margin?: number | undefined;
  /** The slope below 0 of the leaky ReLU, above 0 and up to 1 (default: the hyperbolic tangent bends instead). */
  readonly slope?: number | undefined;
}

const planarOptionTable: OptionTable<PlanarOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  margin: numberOf("0 or more and below 1", (value) => value >= 0 && value < 1),
  slope: numberOf("above 0 and up to 1", (value) => value > 0 && value <= 1),
};

/**
 * A planar map. It starts as the identity.
 * @throws UsageError if a size is not a positive integer.
 * @cost forward a product with a vector, inverse that and 6 to 12 evaluations of tanh
 * @example
 * const bijection = planar({ features: 2 });
 */
export function planar(options: PlanarOptions): Bijection {
  const {
    features,
    context = 0,
    hidden = [],
    margin = 0.01,
    slope,
  } = checkedOptions("planar", options, planarOptionTable);
  checkCount("planar", "features", features);
  // softplus(shift) = 1 - margin: s is 0 where w . u is.
  const shift = Math.log(Math.expm1(1 - margin));
  const conditioned = conditionedParameters(
    "planar",
    {
      u: trained([features]),
      w: trainedUniform([features], Math.sqrt(3 / features)),
      b: trainedUniform([], 1),
    },
    context,
    hidden,
  );
  /** w, b, the step û, and s = w . û, computed from it: both directions see the same s to the last digit. */
  const read = (p: Bound, c: Expr | undefined): Readonly<Record<"w" | "b" | "step" | "s", Expr>> => {
    const { u, w, b } = conditioned.read(p, c);
    const product = dot(w, u);
    const target = g.add(margin - 1, g.softplus(g.add(product, shift)));
    const step = g.add(u, along(g.sub(target, product), w));
    // The leaky ReLU is nowhere flat: rounding must not take s below its least value.
    return { w, b, step, s: slope === undefined ? dot(w, step) : target };
  };
  /** The bent number, and its derivative. */
  const bent = (at: Expr): { readonly bend: Expr; readonly derivative: Expr } => {
    if (slope === undefined) {
      const bend = g.tanh(at);
      return { bend, derivative: hyperbolicSlope(bend, at) };
    }
    const derivative = g.select(g.less(at, 0), slope, 1);
    return { bend: g.mul(at, derivative), derivative };
  };
  const logAbsDet = (s: Expr, derivative: Expr): Expr => g.log1p(g.mul(s, derivative));
  return {
    type: "planar",
    features,
    context,
    parameters: conditioned.tree,
    forward(x, p, c) {
      const { w, b, step, s } = read(p, c);
      const { bend, derivative } = bent(g.add(dot(w, x), b));
      return { value: g.add(x, g.mul(step, bend)), logAbsDet: logAbsDet(s, derivative) };
    },
    inverse(y, p, c) {
      const { w, b, step, s } = read(p, c);
      const projection = dot(w, y);
      const mapped = (value: Expr, derivative: Expr): Mapped => ({
        value,
        logAbsDet: g.neg(logAbsDet(s, derivative)),
      });
      if (slope !== undefined) {
        // a + b is of the sign of w . y + b, and so many times smaller as the map stretches there.
        const { bend, derivative } = bent(g.add(projection, b));
        const stretch = g.add(1, g.mul(s, derivative));
        return mapped(g.sub(y, g.mul(step, g.div(bend, stretch))), derivative);
      }
      const reach = g.abs(s);
      // At an end of the bracket the hyperbolic tangent may be 1, and rounding decides.
      const slack = g.mul(g.mul(16, g.roundingUnit()), g.add(g.abs(projection), reach));
      const a = root(
        g.sub(projection, reach),
        g.add(projection, reach),
        (value) => g.sub(g.add(value, g.mul(s, g.tanh(g.add(value, b)))), projection),
        { slack },
      );
      const { bend, derivative } = bent(g.add(a, b));
      const nearly = g.sub(y, g.mul(step, bend));
      const missing = g.select(g.less(1, g.mul(s, derivative)), g.sub(a, dot(w, nearly)), 0);
      return mapped(g.add(nearly, along(missing, w)), derivative);
    },
    toJSON: () => ({
      type: "planar",
      features,
      context,
      hidden,
      ...(margin === 0.01 ? {} : { margin }),
      ...(slope === undefined ? {} : { slope }),
    }),
  };
}

/** Scalar product of two vectors. */
function dot(a: Expr, b: Expr): Expr {
  return g.sum(g.mul(a, b));
}

/** The shortest vector whose product with w is a number. */
function along(product: Expr, w: Expr): Expr {
  return g.mul(w, g.div(product, g.max(dot(w, w), 1e-30)));
}
