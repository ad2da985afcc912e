/**
 * Features that have a shape: `[height, width, channels]`, as images have it, or `[positions, channels]`. A sample is a row of numbers all
 * the same, the flattened values with those of one position adjacent; a shape tells a map which of them lie beside each other. Maps of
 * single values need none: they take the number of values.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, sizeOf } from "../graph/expr.ts";
import { count, type OptionKind, oneOf, refuse } from "../options.ts";

/** What a shape of features is, for checks of arguments. */
export const aShape: OptionKind = {
  expected: "a shape such as [8, 8, 3] or [10, 3]",
  accepts: (value) =>
    Array.isArray(value) && (value.length === 2 || value.length === 3) && value.every(count.accepts),
};

/** Positions and channels of a shape. */
export function positionsOf(shape: Shape): { readonly positions: number; readonly channels: number } {
  const channels = shape.at(-1)!;
  return { positions: sizeOf(shape) / channels, channels };
}

/** Which values of a shape {@link placesIn} lists. */
export type Places = "even" | "odd" | "firstChannels" | "lastChannels";

/**
 * Places of half of the values of a shape, for the option `transformed` of a coupling: the values at positions whose indices add up to an
 * `even` or an `odd` number, as the fields of a chessboard (Dinh et al. 2017, section 3.4), or those of the first or the last half of the
 * channels, the middle one among the last.
 * @param shape - `[height, width, channels]` or `[positions, channels]`.
 * @returns Numbers of values from 0, in ascending order.
 * @throws UsageError for what is not a shape or such a word, ShapeError where the half is empty: one position, or one channel.
 * @cost O(values)
 * @example
 * const transformed = placesIn([2, 2, 1], "even"); // [0, 3]
 */
export function placesIn(shape: Shape, which: Places): number[] {
  if (!aShape.accepts(shape)) refuse("placesIn", "shape", aShape.expected, shape);
  const words = oneOf(["even", "odd", "firstChannels", "lastChannels"]);
  if (!words.accepts(which)) refuse("placesIn", "which", words.expected, which);
  const { channels } = positionsOf(shape);
  const width = shape.length === 3 ? shape[1]! : 1;
  const isThere = (place: number): boolean => {
    const position = Math.floor(place / channels);
    const parity = (Math.floor(position / width) + (position % width)) % 2;
    if (which === "even" || which === "odd") return parity === Number(which === "odd");
    return place % channels < Math.floor(channels / 2) === (which === "firstChannels");
  };
  const places = Array.from({ length: sizeOf(shape) }, (_, place) => place).filter(isThere);
  if (places.length === 0 || places.length === sizeOf(shape))
    throw new ShapeError({
      where: "placesIn",
      subject: "the shape",
      expected: which.endsWith("Channels") ? "of two channels or more" : "of two positions or more",
      received: formatShape(shape),
    });
  return places;
}

/**
 * The order that makes blocks of `factor x factor` positions the channels of one (Dinh et al. 2017, section 3.6), for `permutation`: where data
 * have the shape `[height, width, channels]`, the base has `[height / factor, width / factor, factor^2 channels]`.
 * @param shape - `[height, width, channels]`, that of the data; `factor` divides height and width.
 * @param factor - Rows and columns of a block (default 2).
 * @returns `order[i]` is the base feature that data feature i shows.
 * @throws UsageError for what is not such a shape, ShapeError where `factor` does not divide it.
 * @cost O(values)
 * @example
 * const squeeze = permutation(squeezeOrder([8, 8, 1])); // the base has the shape [4, 4, 4]
 */
export function squeezeOrder(shape: Shape, factor: number = 2): number[] {
  if (!aShape.accepts(shape) || shape.length !== 3)
    refuse("squeezeOrder", "shape", "[height, width, channels], positive integers", shape);
  if (!count.accepts(factor)) refuse("squeezeOrder", "factor", count.expected, factor);
  const [height, width, channels] = shape as [number, number, number];
  if (height % factor !== 0 || width % factor !== 0)
    throw new ShapeError({
      where: "squeezeOrder",
      subject: "the shape",
      expected: `of a height and a width that ${factor} divides`,
      received: formatShape(shape),
    });
  return Array.from({ length: height * width * channels }, (_, place) => {
    const channel = place % channels;
    const column = Math.floor(place / channels) % width;
    const row = Math.floor(place / (channels * width));
    const block = Math.floor(row / factor) * (width / factor) + Math.floor(column / factor);
    const within = (row % factor) * factor + (column % factor);
    return (block * factor ** 2 + within) * channels + channel;
  });
}
