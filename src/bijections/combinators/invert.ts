/**
 * The other direction: forward of `invert(b)` is inverse of b. It makes an inverse autoregressive flow of an
 * autoregressive one.
 *
 *     forward   y = b^-1(x)      inverse   x = b(y)
 *
 * Kingma et al. (2016), "Improving Variational Inference with Inverse Autoregressive Flow".
 *
 * @see https://arxiv.org/abs/1606.04934
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { subtreeOf } from "../../graph/parameters.ts";
import { checkArgument } from "../../options.ts";
import { aBijection, type Bijection, checkOneToOne, type Mapped } from "../bijection.ts";

/**
 * The inverse of a bijection; costs are those of the other direction.
 * @throws ShapeError if the map has several branches, so that no inverse function exists.
 * @cost forward that of the inverse, inverse that of the forward direction
 * @example
 * const bijection = invert(triangularAffine({ features: 2 }));
 */
export function invert(inner: Bijection): Bijection {
  checkArgument("invert", "inner", inner, aBijection);
  checkOneToOne("invert", inner);
  return {
    type: "invert",
    features: inner.features,
    context: inner.context,
    domain: inner.codomain,
    codomain: inner.domain,
    domainRegion: inner.codomainRegion,
    codomainRegion: inner.domainRegion,
    passes: inner.passes?.map((_, i) => placeOf(inner.passes!, i)),
    parameters: { inner: inner.parameters },
    forward: (x, p, c) => inner.inverse(x, subtreeOf(p, "inner"), c),
    inverse: (y, p, c) => withinDomain(inner, y, (inside) => inner.forward(inside, subtreeOf(p, "inner"), c)),
    toJSON: () => ({ type: "invert", inner: inner.toJSON() }),
  };
}

/** The feature of the image that is a feature of x. */
const placeOf = (passes: readonly (number | undefined)[], from: number): number | undefined => {
  const place = passes.indexOf(from);
  return place < 0 ? undefined : place;
};

/** The map where it takes y; elsewhere there is no density. */
function withinDomain({ domain }: Bijection, y: Expr, map: (y: Expr) => Mapped): Mapped {
  if (!domain) return map(y);
  const [low, high] = [0, 1].map((end) => g.constant(domain.map((interval) => interval[end]!)));
  const { value, logAbsDet } = map(g.clamp(y, low!, high!));
  const outside = g.sum(g.sub(1, g.mul(g.lessEqual(low!, y), g.lessEqual(y, high!))));
  return { value, logAbsDet: g.select(outside, Number.NEGATIVE_INFINITY, logAbsDet) };
}
