/**
 * The mass of the standard normal that a bijection of one or two features pushes forward, by the trapezoidal rule over its data. The nodes
 * are images of an even grid of base points, so that they are where the density is; the areas between them come from their
 * coordinates alone and know no Jacobian.
 *
 * @module
 */

import type { ParameterValues } from "../../models/parameters.ts";
import type { LawSubject } from "./lawSubject.ts";

/** Base points go this far; the normal mass outside is 1e-15. */
const reach = 8;

/** Nodes of a side. */
const sides = { 1: 4001, 2: 401 } as const;

/** @param context - One row of it. */
export async function pushedMass(
  subject: LawSubject,
  values: ParameterValues,
  context: Float64Array,
): Promise<number> {
  const features = subject.bijection.features as 1 | 2;
  const side = sides[features];
  const count = side ** features;
  const at = (i: number): number => (2 * reach * i) / (side - 1) - reach;
  const base = Float64Array.from({ length: count * features }, (_, k) => {
    const node = Math.floor(k / features);
    return at(features === 2 && k % 2 === 0 ? Math.floor(node / side) : node % side);
  });
  const given = Float64Array.from({ length: count * context.length }, (_, i) => context[i % context.length]!);
  const { value } = await subject.image("forward", values, { x: base, context: given });
  const y = subject.bijection.branches ? box(value!, features, side) : value!;
  const density = (await subject.logDensity(values, { x: y, context: given })).map(Math.exp);
  return trapezoidalMass(y, density, side);
}

/** Nodes that fill the box of some images evenly: those of a map with branches cover one place several times. */
function box(images: Float64Array, features: 1 | 2, side: number): Float64Array {
  const ends = Array.from({ length: features }, (_, k) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = k; i < images.length; i += features) {
      low = Math.min(low, images[i]!);
      high = Math.max(high, images[i]!);
    }
    return [low, high] as const;
  });
  return Float64Array.from({ length: side ** features * features }, (_, i) => {
    const node = Math.floor(i / features);
    const [low, high] = ends[i % features]!;
    const at = features === 2 && i % 2 === 0 ? Math.floor(node / side) : node % side;
    return low + ((high - low) * at) / (side - 1);
  });
}

/**
 * The integral of a density by the trapezoidal rule.
 *
 * @param y - Nodes, row-major `[side, features]` or `[side, side, features]`.
 * @param density - Of each node.
 */
export function trapezoidalMass(y: Float64Array, density: Float64Array, side: number): number {
  let total = 0;
  if (y.length === side) {
    for (let i = 0; i + 1 < side; i++) total += 0.5 * (density[i]! + density[i + 1]!) * (y[i + 1]! - y[i]!);
    return Math.abs(total);
  }
  for (let i = 0; i + 1 < side; i++)
    for (let j = 0; j + 1 < side; j++) {
      const [a, b] = [i * side + j, i * side + j + 1];
      const [c, d] = [b + side, a + side];
      // Area of the quadrilateral: half the cross product of its diagonals.
      const area =
        0.5 *
        Math.abs(
          (y[2 * c]! - y[2 * a]!) * (y[2 * d + 1]! - y[2 * b + 1]!) -
            (y[2 * c + 1]! - y[2 * a + 1]!) * (y[2 * d]! - y[2 * b]!),
        );
      total += 0.25 * area * (density[a]! + density[b]! + density[c]! + density[d]!);
    }
  return total;
}
