/**
 * Maps of the sphere onto itself, by maps of its coordinates on a cylinder (Rezende et al. 2020, "Normalizing Flows on Tori and Spheres", section 2.3).
 *
 *     h_k = x_k / r_k,  r_k^2 = x_k^2 + ... + x_d^2,  k = 1 .. d - 2,        t = angle of (x_(d-1), x_d) / pi
 *     surface element = pi product of (1 - h_k^2)^((d - k - 2) / 2) dh_1 .. dh_(d-2) dt
 *
 *     forward   y = C^-1(f(C(x))),  C(x) = (h, t), f a map of [-1, 1]^(d-1)      logAbsDet by the surface: that of f and log of the two elements
 *     inverse   x = C^-1(f^-1(C(y)))
 *
 * logAbsDet is that of the Jacobian between the tangent spaces, so that densities are by the surface measure: the uniform one is 1 / area. A point counts as
 * one of the sphere if its length is within 0.001 of 1; others have a logAbsDet of minus infinity. Of maps with other `order`s one after another the poles
 * of each are elsewhere.
 *
 * @see https://arxiv.org/abs/2002.02428
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { atan2 } from "../../graph/library/atan2.ts";
import * as g from "../../graph/ops.ts";
import {
  anyNumber,
  checkedOptions,
  listOf,
  type OptionTable,
  refuse,
  required,
  wholeNumber,
} from "../../options.ts";
import { isWithin, realLine, writtenInterval } from "../../transformers/interval.ts";
import { aBijection, type Bijection, type Mapped } from "../bijection.ts";
import { checkOrder, inverseOrder } from "../linear/permutation.ts";
import { isOnSphere, unitVectors } from "./unitVectors.ts";

/** Options of {@link onSphere}. */
export interface OnSphereOptions {
  /** Numbers of a unit vector, at least 2. */
  readonly features: number;
  /** A map of [-1, 1] onto itself in each of `features - 1` coordinates, of which the last comes round: -1 and 1 are one angle. */
  readonly map: Bijection;
  /** Features in the order in which they are heights; the last two have the angle (default 0, 1, ...). */
  readonly order?: readonly number[] | undefined;
}

const where = "onSphere";
const optionTable: OptionTable<OnSphereOptions> = {
  features: required(wholeNumber("an integer of at least 2", 2)),
  map: required(aBijection),
  order: listOf(anyNumber, "an array of numbers"),
};

/** Squares below it count as it. */
const least = 1e-30;
/** 1 - h^2 at least, of which logarithms are taken: as near to a pole as numbers of float64 tell. */
const leastRest = 1e-12;

/** A map of the cylinder, bounded in every coordinate. */
const box = [-1, 1] as const;

/**
 * A map of coordinates as one of the sphere.
 * @throws UsageError for less than two features, or a map of other numbers than [-1, 1]; ShapeError for one of another size, or an order that is none.
 * @cost forward that of the map and O(features^2), inverse the same
 * @example
 * const transformer = rationalQuadraticTransformer({ bins: 4, bound: 1, tails: "circular" });
 * const bijection = onSphere({ features: 2, map: elementwise({ features: 1, transformer }) });
 * const base = uniformSphere({ features: 2 });
 */
export function onSphere(options: OnSphereOptions): Bijection {
  const checked = checkedOptions(where, options, optionTable);
  const { features, map } = checked;
  const { order = Array.from({ length: features }, (_, i) => i) } = checked;
  checkOrder(where, order);
  if (order.length !== features || map.features !== features - 1)
    throw new ShapeError({
      where,
      subject: order.length === features ? "map" : "order",
      expected: `of ${order.length === features ? features - 1 : features} features`,
      received: `${order.length === features ? map.features : order.length}`,
    });
  for (const side of ["domain", "codomain"] as const)
    for (const interval of map[side] ?? [realLine])
      if (!isWithin(interval, box) || !isWithin(box, interval))
        refuse(
          where,
          "map",
          "one of numbers from -1 to 1 onto themselves",
          `${map.type}, of ${writtenInterval(interval)}`,
        );
  const back = inverseOrder(order);
  const heights = features - 2;
  // 1 where a feature is part of the square of r_k: it and those behind it.
  const behind = g.constant(
    Float64Array.from({ length: features * features }, (_, i) =>
      Number(i % features >= Math.floor(i / features)),
    ),
    [features, features],
  );
  const exponents = Float64Array.from({ length: heights }, (_, k) => (features - k - 3) / 2);
  /** log of the surface element but for a factor, from 1 - h^2. */
  const logElement = (rest: Expr): Expr => g.sum(g.mul(g.constant(exponents), g.log(g.max(rest, leastRest))));
  const toCoordinates = (point: Expr): { readonly at: Expr; readonly logElement: Expr } => {
    const ordered = g.gather(point, order, [features]);
    const tails = g.max(g.linear(g.square(ordered), behind), least);
    const [along, up] = [heights, heights + 1].map((i) => g.slice(ordered, i, i + 1)) as [Expr, Expr];
    const turn = g.mul(1 / Math.PI, atan2(up, along));
    if (heights === 0) return { at: g.clamp(turn, ...box), logElement: g.constant(0) };
    const [own, rest] = [g.slice(tails, 0, heights), g.slice(tails, 1, heights + 1)];
    const h = g.div(g.slice(ordered, 0, heights), g.sqrt(own));
    return { at: g.clamp(g.concatenate([h, turn]), ...box), logElement: logElement(g.div(rest, own)) };
  };
  const toPoint = (at: Expr): { readonly value: Expr; readonly logElement: Expr } => {
    const inside = g.clamp(at, ...box);
    const turn = g.mul(Math.PI, g.slice(inside, heights, heights + 1));
    const parts: Expr[] = [];
    let radius: Expr = g.constant([1]);
    const h = heights > 0 ? g.slice(inside, 0, heights) : undefined;
    const rest = h && g.mul(g.sub(1, h), g.add(1, h));
    for (let k = 0; k < heights; k++) {
      parts.push(g.mul(radius, g.slice(h!, k, k + 1)));
      radius = g.mul(radius, g.sqrt(g.max(g.slice(rest!, k, k + 1), least)));
    }
    const ordered = g.concatenate([...parts, g.mul(radius, g.cos(turn)), g.mul(radius, g.sin(turn))]);
    return {
      value: g.gather(ordered, back, [features]),
      logElement: rest ? logElement(rest) : g.constant(0),
    };
  };
  const through = (point: Expr, mapped: (at: Expr) => Mapped): Mapped => {
    const from = toCoordinates(point);
    const { value: at, logAbsDet } = mapped(from.at);
    const to = toPoint(at);
    return { value: to.value, logAbsDet: g.add(logAbsDet, g.sub(to.logElement, from.logElement)) };
  };
  return {
    type: where,
    features,
    context: map.context,
    parameters: map.parameters,
    domainRegion: unitVectors,
    codomainRegion: unitVectors,
    forward: (x, p, c) => through(x, (at) => map.forward(at, p, c)),
    inverse(y, p, c) {
      const { value, logAbsDet } = through(y, (at) => map.inverse(at, p, c));
      return { value, logAbsDet: g.select(isOnSphere(y), logAbsDet, Number.NEGATIVE_INFINITY) };
    },
    toJSON: () => ({ type: where, features, order, map: map.toJSON() }),
  };
}

/** Reads {@link onSphere} back. */
export function onSphereFromJson(
  { features, order, map }: { readonly [option: string]: unknown },
  read: (json: unknown) => Bijection,
): Bijection {
  return onSphere({ features: features as number, order: order as number[], map: read(map) });
}
