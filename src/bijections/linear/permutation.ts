/**
 * Permutation of the features.
 *
 *     forward   y_i = x_order[i]      logAbsDet = 0
 *     inverse   x_order[i] = y_i      logAbsDet = 0
 *
 * The order is part of the description, so that a saved model keeps it.
 *
 * Kingma & Dhariwal (2018), "Glow", section 3.2, generalize it to the matrices of `luAffine`.
 *
 * @see https://arxiv.org/abs/1807.03039
 * @module
 */

import { ShapeError } from "../../errors.ts";
import * as g from "../../graph/ops.ts";
import { checkArgument, numbers } from "../../options.ts";
import type { Bijection } from "../bijection.ts";

/** The inverse of a permutation of 0..n-1. */
export function inverseOrder(order: readonly number[]): number[] {
  const inverse = new Array<number>(order.length).fill(-1);
  order.forEach((from, to) => {
    inverse[from] = to;
  });
  return inverse;
}

/**
 * Refuses a list that is not a permutation of 0..n-1.
 * @throws {@link ShapeError}
 */
export function checkOrder(where: string, order: readonly number[]): void {
  const sorted = order.slice().sort((a, b) => a - b);
  if (order.length === 0 || sorted.some((value, i) => value !== i))
    throw new ShapeError({
      where,
      subject: "order",
      expected: "a permutation of 0 to n - 1",
      received: `[${order.join(", ")}]`,
    });
}

/**
 * Permutation of features; both directions cost O(features).
 * @param order - `order[i]` is the base feature that data feature i shows.
 * @throws ShapeError if `order` is not a permutation.
 * @cost forward O(features), inverse O(features)
 * @example
 * const bijection = permutation([1, 0]);
 */
export function permutation(order: readonly number[]): Bijection {
  checkArgument("permutation", "order", order, numbers);
  checkOrder("permutation", order);
  const inverse = inverseOrder(order);
  const features = order.length;
  return {
    type: "permutation",
    features,
    context: 0,
    parameters: {},
    passes: order,
    forward: (x) => ({ value: g.gather(x, order, [features]), logAbsDet: g.constant(0) }),
    inverse: (y) => ({ value: g.gather(y, inverse, [features]), logAbsDet: g.constant(0) }),
    toJSON: () => ({ type: "permutation", order }),
  };
}
