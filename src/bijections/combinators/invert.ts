/**
 * The other direction: forward of `invert(b)` is inverse of b. It makes an inverse autoregressive flow of an
 * autoregressive one.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { subtreeOf } from "../../graph/parameters.ts";
import { checkArgument } from "../../options.ts";
import { aBijection, type Bijection } from "../bijection.ts";

/**
 * The inverse of a bijection; costs are those of the other direction.
 * @throws ShapeError if the map has several branches, so that no inverse function exists.
 */
export function invert(inner: Bijection): Bijection {
  checkArgument("invert", "inner", inner, aBijection);
  if (inner.branches)
    throw new ShapeError({
      where: "invert",
      subject: `${inner.type}`,
      expected: "one to one",
      received: "a map of several branches, which has no inverse function",
    });
  return {
    type: "invert",
    features: inner.features,
    context: inner.context,
    parameters: { inner: inner.parameters },
    forward: (x, p, c) => inner.inverse(x, subtreeOf(p, "inner"), c),
    inverse: (y, p, c) => inner.forward(y, subtreeOf(p, "inner"), c),
    toJSON: () => ({ type: "invert", inner: inner.toJSON() }),
  };
}
