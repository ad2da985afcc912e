/**
 * One-dimensional maps along orthogonal directions, each a line with one bend: what moves marginals towards normality.
 *
 * One row z in R^n, the columns of U its directions, u = U' z. For each coordinate, towards the base:
 *
 *     inverse    w = a u + shift + gamma sqrt(eps^2 + t^2),  t = a u - x0;  x = U w
 *                logAbsDet = sum log a (1 + gamma t / q),    q = sqrt(eps^2 + t^2)
 *     forward    (1 - gamma^2) t^2 - 2 k t + k^2 - gamma^2 eps^2 = 0,  k = w - shift - x0;  u = (t + x0) / a
 *                of its roots the one that gives k - t the sign of gamma: t = (k - gamma D) / (1 - gamma^2)
 *                with D = sqrt(k^2 + (1 - gamma^2) eps^2), or (k^2 - gamma^2 eps^2) / (k + gamma D) where k gamma > 0
 *
 * This is the map of the paper with a = 1 - sigma = e^logSlope, gamma = tanh(bend), eps = e^logWidth, x0 = `centre`: any
 * values give a bijection, since a > 0 and |gamma| < 1. A shift and a scale of w are again such a map, so
 * preconditioning after it needs no parameters of its own. U must be orthogonal; x = U w turns back, so that the map is
 * near the identity wherever the one-dimensional ones are.
 *
 * E. Tabak, E. Vanden-Eijnden, "Density estimation by dual ascent of the log-likelihood", Communications in
 * Mathematical Sciences 8 (2010), https://doi.org/10.4310/CMS.2010.v8.n1.a11
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, statistics } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

/** Options of {@link directionalMap}. */
export interface DirectionalMapOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
}

/** sqrt(a^2 + b^2), a >= 0 and b > 0, without overflow. */
function hypotenuse(a: Expr, b: Expr): Expr {
  const size = g.stopGradient(g.max(a, b));
  return g.mul(size, g.sqrt(g.add(g.square(g.div(a, size)), g.square(g.div(b, size)))));
}

/** The numbers of the maps. */
interface Numbers {
  readonly a: Expr;
  readonly gamma: Expr;
  /** 1 - abs(gamma). */
  readonly left: Expr;
  /** 1 - gamma^2. */
  readonly rest: Expr;
  readonly eps: Expr;
}

function numbersOf(p: Bound): Numbers {
  const bend = leafOf(p, "bend");
  // What tanh leaves of 1, without cancellation.
  const decay = g.exp(g.mul(-2, g.abs(bend)));
  return {
    a: g.exp(leafOf(p, "logSlope")),
    gamma: g.tanh(bend),
    left: g.div(g.mul(2, decay), g.add(1, decay)),
    rest: g.div(g.mul(4, decay), g.square(g.add(1, decay))),
    eps: g.exp(leafOf(p, "logWidth")),
  };
}

/** t + gamma q, without cancellation where gamma t < 0. */
function bent(t: Expr, { gamma, left, eps }: Numbers): Expr {
  const size = g.abs(t);
  const q = hypotenuse(size, eps);
  const falling = g.add(g.mul(left, t), g.mul(g.mul(gamma, eps), g.div(eps, g.add(q, size))));
  const isFalling = g.less(g.mul(g.sign(gamma), g.sign(t)), 0);
  return g.select(isFalling, falling, g.add(t, g.mul(gamma, q)));
}

/** log(1 + gamma t / q), without cancellation where gamma t < 0. */
function logBend(t: Expr, { gamma, rest, eps }: Numbers): Expr {
  const q = hypotenuse(g.abs(t), eps);
  const [sine, cosine] = [g.div(t, q), g.div(eps, q)];
  const gammaSine = g.mul(gamma, sine);
  // (1 + gamma sine)(1 - gamma sine) = cosine^2 + (1 - gamma^2) sine^2
  const product = g.add(g.square(cosine), g.mul(rest, g.square(sine)));
  return g.select(
    g.less(gammaSine, -0.5),
    g.sub(g.log(product), g.log1p(g.abs(gammaSine))),
    g.log1p(g.max(gammaSine, -0.5)),
  );
}

const directionalMapOptionTable: OptionTable<DirectionalMapOptions> = {
  features: required(anyNumber),
};

/**
 * One-dimensional maps along orthogonal directions. All parameters are statistics: `directions` `[features, features]`,
 * whose columns are orthonormal, and for each direction `logSlope`, `bend`, `shift`, `centre` and `logWidth`,
 * `[features]`. The map is the identity where the last five are 0, whatever the directions; before it is fitted these
 * are all zeros, which is not a map. Both directions cost O(features^2), in closed form.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features^2), inverse O(features^2)
 * @example
 * const bijection = directionalMap({ features: 2 });
 * const values = {
 *   "bijection.directions": Float64Array.of(0.8, -0.6, 0.6, 0.8),
 *   "bijection.logSlope": Float64Array.of(0.3, -0.2),
 *   "bijection.bend": Float64Array.of(0.8, 0.5),
 * };
 */
export function directionalMap(options: DirectionalMapOptions): Bijection {
  const { features } = checkedOptions("directionalMap", options, directionalMapOptionTable);
  checkCount("directionalMap", "features", features);
  return {
    type: "directionalMap",
    features,
    context: 0,
    parameters: {
      directions: { ...statistics([features, features], 0), used: (features * (features - 1)) / 2 },
      logSlope: statistics([features], 0),
      bend: statistics([features], 0),
      shift: statistics([features], 0),
      centre: statistics([features], 0),
      logWidth: statistics([features], 0),
    },
    forward(x, p) {
      const numbers = numbersOf(p);
      const { a, gamma, rest, eps } = numbers;
      const w = g.linear(x, leafOf(p, "directions"), undefined, { transposed: true });
      const k = g.sub(w, g.add(leafOf(p, "shift"), leafOf(p, "centre")));
      const d = hypotenuse(g.abs(k), g.mul(eps, g.sqrt(rest)));
      const across = g.mul(gamma, d);
      const [depth, width] = [g.mul(g.abs(gamma), eps), g.abs(k)];
      // Above 0 where k gamma > 0; elsewhere this branch is not taken, but must be finite.
      const sum = g.add(width, g.abs(across));
      const divisor = g.select(g.less(0, sum), sum, 1);
      const same = g.mul(g.mul(g.sign(k), g.sub(width, depth)), g.div(g.add(width, depth), divisor));
      const other = g.div(g.sub(k, across), rest);
      const isSame = g.less(0, g.mul(g.sign(k), g.sign(gamma)));
      const t = g.select(isSame, same, other);
      return {
        value: g.linear(g.div(g.add(t, leafOf(p, "centre")), a), leafOf(p, "directions")),
        logAbsDet: g.neg(g.sum(g.add(leafOf(p, "logSlope"), logBend(t, numbers)))),
      };
    },
    inverse(y, p) {
      const numbers = numbersOf(p);
      const u = g.linear(y, leafOf(p, "directions"), undefined, { transposed: true });
      const t = g.sub(g.mul(numbers.a, u), leafOf(p, "centre"));
      const w = g.add(bent(t, numbers), g.add(leafOf(p, "centre"), leafOf(p, "shift")));
      return {
        value: g.linear(w, leafOf(p, "directions")),
        logAbsDet: g.sum(g.add(leafOf(p, "logSlope"), logBend(t, numbers))),
      };
    },
    toJSON: () => ({ type: "directionalMap", features }),
  };
}
