/**
 * Radial map: stretches or shrinks the neighborhood of a center, then shifts and rescales everything.
 *
 * One row z in R^n, center c, d = z - c, r = |d|, rho = r / alpha; F falls from F(0) = 1 to 0. Towards the base:
 *
 *     inverse    x = ((c + A d) - shift) / e^logScale            A = 1 + s F(rho)
 *                logAbsDet = (n - 1) log A + log B - n logScale  B = 1 + s (F + rho F')
 *     forward    rho solves rho A(rho) = |e^logScale x + shift - c| / alpha, then d = (...) / A(rho)
 *
 *     profile        F(rho)                      F + rho F'                  solved by
 *     erf            sqrt(pi)/2 erf(rho) / rho   e^(-rho^2)                  Newton's method
 *     algebraic      1 / (1 + rho)               1 / (1 + rho)^2             the quadratic rho^2 + (1 + s - P) rho = P
 *     compact        (1 - rho)^2 within rho < 1  (1 - rho)(1 - 3 rho)        Newton's method
 *
 * In the letters of the paper x + beta f(r) d, with beta f(0) = s. The map is one to one for s > -1 (and s < 3 if
 * compact). Here s lies in (-3/4, 2), of whatever number `strength` is: s = 11/4 sigmoid(strength + log(3/8)) - 3/4, 0 at
 * 0. So slopes stay in [1/4, 3], and Newton's method, which starts on the side from which it converges monotonically
 * (rho A is convex or concave there), is at float64 precision after six steps, for every s and every point.
 *
 * E. Tabak, C. Turner, "A family of nonparametric density estimation algorithms", Communications on Pure and Applied
 * Mathematics 66 (2013), https://doi.org/10.1002/cpa.21423
 *
 * @module
 */

import { unreadable } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, statistics } from "../../graph/parameters.ts";
import {
  anyNumber,
  anything,
  checkCount,
  checkedOptions,
  type OptionTable,
  refuse,
  required,
} from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { type RadialProfile, radialProfiles } from "./radialProfiles.ts";

/** Options of {@link radialMap}. */
export interface RadialMapOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** `erf` and `algebraic` reach everywhere, `compact` only to the distance alpha. */
  readonly profile: RadialProfile;
}

/** Bounds of s. */
export const weakestRadial: number = -0.75;
export const strongestRadial: number = 2;

/** The value of `strength` that stands for s, which must lie in (-3/4, 2). */
export function radialStrength(s: number): number {
  return Math.log((1 - s / weakestRadial) / (1 - s / strongestRadial));
}

/** Steps of Newton's method; six are enough. */
const newtonSteps = 7;

const halfRootPi = Math.sqrt(Math.PI) / 2;

/** F and F + rho F' of a profile. */
function profileOf(profile: RadialProfile, rho: Expr): { readonly push: Expr; readonly slope: Expr } {
  switch (profile) {
    case "erf": {
      // erf(rho) / rho loses its derivative's digits near 0; the next term of the series is below 1e-20 there.
      const away = g.max(rho, 1e-3);
      const square = g.square(g.min(rho, 1e-3));
      const series = g.add(1, g.mul(square, g.sub(g.mul(square, 0.1), 1 / 3)));
      return {
        push: g.select(g.less(rho, 1e-3), series, g.div(g.mul(halfRootPi, g.erf(away)), away)),
        // e^-900 is 0 in both precisions, and nothing overflows before.
        slope: g.exp(g.neg(g.square(g.min(rho, 30)))),
      };
    }
    case "algebraic": {
      const push = g.div(1, g.add(1, rho));
      return { push, slope: g.square(push) };
    }
    case "compact": {
      const left = g.sub(1, g.min(rho, 1));
      return { push: g.square(left), slope: g.mul(left, g.sub(g.mul(3, left), 2)) };
    }
  }
}

/** rho with rho A(rho) = p. */
function solve(profile: RadialProfile, p: Expr, s: Expr): Expr {
  if (profile === "algebraic") {
    // rho^2 + b rho = p; the root without cancellation for either sign of b, in units in which nothing overflows.
    const b = g.sub(g.add(1, s), p);
    const size = g.stopGradient(g.add(g.abs(b), g.add(1, g.sqrt(p))));
    const unit = g.div(b, size);
    const root = g.sqrt(g.add(g.square(unit), g.div(g.mul(4, g.div(p, size)), size)));
    const high = g.mul(g.mul(0.5, size), g.sub(root, g.min(unit, 0)));
    const low = g.div(g.mul(2, g.div(p, size)), g.add(g.max(unit, 0), root));
    // 2 high = size (root + |unit|) for b < 0.
    return g.select(g.less(0, b), low, high);
  }
  const steep = g.div(p, g.add(1, s));
  const grows = g.less(0, s);
  let start: Expr;
  if (profile === "erf") {
    const flat = g.sub(p, g.mul(s, halfRootPi));
    start = g.select(grows, g.max(steep, flat), g.min(steep, flat));
  } else {
    // Convex on one side of rho = 2/3 and concave on the other.
    const inner = g.less(p, g.add(2 / 3, g.mul(s, 2 / 27)));
    start = g.select(grows, g.select(inner, steep, p), g.select(inner, g.min(steep, 2 / 3), g.max(p, 2 / 3)));
    start = g.select(g.less(p, 1), start, p);
  }
  return g.fixedPoint(g.stopGradient(start), newtonSteps, (rho) => {
    const { push, slope } = profileOf(profile, rho);
    const gap = g.sub(g.mul(rho, g.add(1, g.mul(s, push))), p);
    return g.sub(rho, g.div(gap, g.add(1, g.mul(s, slope))));
  });
}

/** |d|; squares of the largest numbers would overflow. */
function length(d: Expr): Expr {
  const size = g.stopGradient(g.sum(g.abs(d)));
  // Below 1e-30 it is not told from 0. Where it is, the sum of squares is at least 1 / n.
  const squares = g.sum(g.square(g.div(d, g.max(size, 1e-30))));
  return g.mul(size, g.sqrt(g.max(squares, 0.5 / d.shape[0]!)));
}

const radialMapOptionTable: OptionTable<RadialMapOptions> = {
  features: required(anyNumber),
  profile: required(anything),
};

/**
 * Radial map, the identity at the start. All its parameters are statistics: `centre` and `shift` `[features]`,
 * `logRadius` (log alpha), `strength` and `logScale` numbers. Any values give a bijection. Both directions cost
 * O(features), forward with erf or compact profiles also seven evaluations of F.
 * @throws UsageError if `features` is not a positive integer, or the profile is not one of the three.
 * @cost inverse O(features), forward the same, with erf or compact profiles also seven evaluations of F
 * @example
 * const bijection = radialMap({ features: 2, profile: "algebraic" });
 * const values = {
 *   "bijection.strength": Float64Array.of(1.5),
 * };
 */
export function radialMap(options: RadialMapOptions): Bijection {
  const { features, profile } = checkedOptions("radialMap", options, radialMapOptionTable);
  checkCount("radialMap", "features", features);
  if (!radialProfiles.includes(profile))
    refuse("radialMap", "profile", `one of ${radialProfiles.join(", ")}`, profile);
  const terms = (p: Bound) => {
    const range = strongestRadial - weakestRadial;
    const s = g.add(
      weakestRadial,
      g.mul(range, g.sigmoid(g.add(leafOf(p, "strength"), Math.log(-weakestRadial / strongestRadial)))),
    );
    return { s, alpha: g.exp(leafOf(p, "logRadius")), scale: g.exp(leafOf(p, "logScale")) };
  };
  const logSlopes = (s: Expr, push: Expr, slope: Expr): Expr =>
    g.add(g.mul(features - 1, g.log1p(g.mul(s, push))), g.log1p(g.mul(s, slope)));
  return {
    type: "radialMap",
    features,
    context: 0,
    parameters: {
      centre: statistics([features], 0),
      logRadius: statistics([], 0),
      strength: statistics([], 0),
      shift: statistics([features], 0),
      logScale: statistics([], 0),
    },
    forward(x, p) {
      const { s, alpha, scale } = terms(p);
      const pushed = g.add(g.mul(x, scale), g.sub(leafOf(p, "shift"), leafOf(p, "centre")));
      const rho = solve(profile, g.div(length(pushed), alpha), s);
      const { push, slope } = profileOf(profile, rho);
      return {
        value: g.add(leafOf(p, "centre"), g.div(pushed, g.add(1, g.mul(s, push)))),
        logAbsDet: g.sub(g.mul(features, leafOf(p, "logScale")), logSlopes(s, push, slope)),
      };
    },
    inverse(y, p) {
      const { s, alpha, scale } = terms(p);
      const d = g.sub(y, leafOf(p, "centre"));
      const { push, slope } = profileOf(profile, g.div(length(d), alpha));
      const pushed = g.mul(d, g.add(1, g.mul(s, push)));
      return {
        value: g.div(g.sub(pushed, g.sub(leafOf(p, "shift"), leafOf(p, "centre"))), scale),
        logAbsDet: g.sub(logSlopes(s, push, slope), g.mul(features, leafOf(p, "logScale"))),
      };
    },
    toJSON: () => ({ type: "radialMap", features, profile }),
  };
}

/** Reads {@link radialMap} back. */
export function radialMapFromJson(json: { readonly [option: string]: unknown }): Bijection {
  if (!radialProfiles.includes(json.profile as RadialProfile))
    throw unreadable("The model", `holds a radial map of profile ${JSON.stringify(json.profile)}`, {
      expected: `one of ${radialProfiles.join(", ")}`,
      received: String(JSON.stringify(json.profile)),
    });
  return radialMap(json as unknown as RadialMapOptions);
}
