/**
 * The marginal map of a column as expressions: what `marginalMap.ts` and `domainMap.ts` compute of numbers. Logarithms of sums are
 * taken by their largest term, so that the far tails keep their digits.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { asinh } from "../../graph/library/hyperbolic.ts";
import { logSumExp } from "../../graph/library/logSumExp.ts";
import * as g from "../../graph/ops.ts";
import type { DomainMap } from "../../models/columns/heads/domainMap.ts";
import { farthestZ, type MarginalMap } from "../../models/columns/heads/marginalMap.ts";

/** All values here are `[1]`. */
const scalar = (value: Expr): Expr => g.reshape(value, [1]);

/** sqrt(1 + x^2) for x up to 1e150. */
const hypotenuse = (x: Expr): Expr => g.sqrt(g.add(1, g.square(x)));

/** z within what there is to tell apart. */
export const withinReach = (z: Expr): Expr => g.clamp(z, -farthestZ, farthestZ);

/** t(x). */
export function domainToLine(map: DomainMap, x: Expr): Expr {
  switch (map.type) {
    case "identity":
      return x;
    case "asinh":
      return asinhOf(g.div(g.sub(x, map.center), map.scale));
    case "log":
      return g.log(g.sub(x, map.from));
    case "softplusInverse": {
      const u = g.div(g.sub(x, map.from), map.scale);
      return g.add(u, g.log(g.neg(g.expm1(g.neg(u)))));
    }
    case "logBelow":
      return g.neg(g.log(g.sub(map.to, x)));
    case "logit":
      return g.log(g.div(g.sub(x, map.from), g.sub(map.to, x)));
  }
}

/** The square of a number is one up to here. */
const largestSquared = 1e150;

function asinhOf(u: Expr): Expr {
  const size = g.abs(u);
  const isFar = g.less(largestSquared, size);
  const far = g.mul(g.sign(u), g.add(g.log(g.select(isFar, size, 1)), Math.LN2));
  return g.select(isFar, far, asinh(g.select(isFar, 0, u)));
}

/** log t'(x). */
export function logDomainSlope(map: DomainMap, x: Expr): Expr {
  switch (map.type) {
    case "identity":
      return g.mul(0, x);
    case "asinh": {
      const u = g.div(g.sub(x, map.center), map.scale);
      const isFar = g.less(largestSquared, g.abs(u));
      const logHypotenuse = g.select(
        isFar,
        g.log(g.select(isFar, g.abs(u), 1)),
        g.log(hypotenuse(g.select(isFar, 0, u))),
      );
      return g.sub(-Math.log(map.scale), logHypotenuse);
    }
    case "log":
      return g.neg(g.log(g.sub(x, map.from)));
    case "softplusInverse": {
      const u = g.div(g.sub(x, map.from), map.scale);
      return g.sub(-Math.log(map.scale), g.log(g.neg(g.expm1(g.neg(u)))));
    }
    case "logBelow":
      return g.neg(g.log(g.sub(map.to, x)));
    case "logit":
      return g.sub(g.sub(Math.log(map.to - map.from), g.log(g.sub(x, map.from))), g.log(g.sub(map.to, x)));
  }
}

/** t(x + width) - t(x) for a width above 0; infinite where an end of the domain is reached. */
export function domainDifference(map: DomainMap, x: Expr, width: number): Expr {
  const infinite = Number.POSITIVE_INFINITY;
  switch (map.type) {
    case "identity":
      return g.add(g.mul(0, x), width);
    case "asinh": {
      const u = g.div(g.sub(x, map.center), map.scale);
      const d = width / map.scale;
      const v = g.add(u, d);
      const crosses = g.mul(g.less(u, 0), g.less(0, v));
      const [a, b] = [g.abs(u), g.abs(v)];
      const isFar = g.less(1e100, g.min(a, b));
      const far = g.log1p(g.div(d, g.select(isFar, g.min(a, b), 1)));
      const [larger, smaller] = [g.max(a, b), g.min(a, b)].map((size) => g.select(isFar, 1, size)) as [
        Expr,
        Expr,
      ];
      const divisor = g.add(g.mul(larger, hypotenuse(smaller)), g.mul(smaller, hypotenuse(larger)));
      const oneSided = asinhOf(g.div(g.mul(d, g.add(larger, smaller)), divisor));
      const across = g.sub(asinhOf(v), asinhOf(u));
      return g.select(crosses, across, g.select(isFar, far, oneSided));
    }
    case "log": {
      const rest = g.sub(x, map.from);
      const isInside = g.less(0, rest);
      return g.select(isInside, g.log1p(g.div(width, g.select(isInside, rest, 1))), infinite);
    }
    case "softplusInverse": {
      const rest = g.div(g.sub(x, map.from), map.scale);
      const isInside = g.less(0, rest);
      const u = g.select(isInside, rest, 1);
      const d = width / map.scale;
      const near = g.neg(g.expm1(g.neg(u)));
      const difference =
        d < 1
          ? g.log1p(g.div(Math.expm1(d), near))
          : g.sub(g.add(d, g.log(g.neg(g.expm1(g.sub(-d, u))))), g.log(near));
      return g.select(isInside, difference, infinite);
    }
    case "logBelow": {
      const rest = g.sub(map.to, x);
      const isInside = g.less(g.add(x, width), map.to);
      return g.select(isInside, g.neg(g.log1p(g.div(-width, g.select(isInside, rest, 2 * width)))), infinite);
    }
    case "logit": {
      const [above, below] = [g.sub(x, map.from), g.sub(map.to, x)];
      const isInside = g.mul(g.less(0, above), g.less(g.add(x, width), map.to));
      const difference = g.sub(
        g.log1p(g.div(width, g.select(isInside, above, 1))),
        g.log1p(g.div(-width, g.select(isInside, below, 2 * width))),
      );
      return g.select(isInside, difference, infinite);
    }
  }
}

type Mixture = MarginalMap["mixture"];

const vector = (values: readonly number[]): Expr => g.constant(values);

/** (t - m) / s of each component. */
const standardized = ({ means, scales }: Mixture, t: Expr): Expr =>
  g.div(g.sub(t, vector(means)), vector(scales));

/** log F(t) and log(1 - F(t)), at most 0, as the sums of the weights may not be 1 to the last digit. */
export function mixtureLogs(
  mixture: Mixture,
  t: Expr,
): { readonly logCdf: Expr; readonly logSurvival: Expr } {
  const u = standardized(mixture, t);
  const side = (ofU: Expr): Expr =>
    g.min(0, scalar(logSumExp(g.sub(vector(mixture.logWeights), g.softplus(ofU)))));
  return { logCdf: side(g.neg(u)), logSurvival: side(u) };
}

/** Log-density at t. */
function mixtureLogDensity(mixture: Mixture, t: Expr): Expr {
  const u = standardized(mixture, t);
  const weights = vector(mixture.logWeights.map((weight, m) => weight - Math.log(mixture.scales[m]!)));
  return scalar(logSumExp(g.sub(g.sub(weights, g.softplus(u)), g.softplus(g.neg(u)))));
}

/** log(F(high) - F(low)); of an end that is infinite another number may stand there. */
export function mixtureLogMass(
  mixture: Mixture,
  low: Expr,
  high: Expr,
  {
    width,
    isLowOpen,
    isHighOpen,
  }: { readonly width: Expr; readonly isLowOpen: Expr; readonly isHighOpen: Expr },
): Expr {
  const zeros = vector(mixture.means.map(() => 0));
  const below = g.select(isLowOpen, zeros, g.softplus(standardized(mixture, low)));
  const above = g.select(isHighOpen, zeros, g.softplus(g.neg(standardized(mixture, high))));
  const isOpen = g.max(isLowOpen, isHighOpen);
  const share = g.neg(g.expm1(g.neg(g.div(width, vector(mixture.scales)))));
  const logShare = g.select(isOpen, zeros, g.log(share));
  return scalar(logSumExp(g.add(g.sub(g.sub(vector(mixture.logWeights), below), above), logShare)));
}

/** z at a value inside the domain, and log z'(x). */
export function marginalPoint(
  { domain, mixture }: MarginalMap,
  x: Expr,
): { readonly z: Expr; readonly logSlope: Expr } {
  const t = domainToLine(domain, x);
  const { logCdf, logSurvival } = mixtureLogs(mixture, t);
  const logSlope = g.add(
    g.sub(g.sub(mixtureLogDensity(mixture, t), logCdf), logSurvival),
    logDomainSlope(domain, x),
  );
  return { z: withinReach(g.sub(logCdf, logSurvival)), logSlope };
}
