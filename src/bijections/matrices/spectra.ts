/**
 * Orthogonal maps without parameters: the discrete cosine transform (Ahmed et al. 1974) and the Haar wavelets (1910), for features that are
 * the values of one curve at even steps.
 *
 *     inverse    x = C y         logAbsDet = 0      the base is the spectrum
 *     forward    y = C^T x       logAbsDet = 0
 *
 *     cosine   C(k, i) = a(k) cos(pi (i + 1/2) k / n),  a(0) = sqrt(1/n), else sqrt(2/n)     (type II, orthonormal)
 *     Haar     [(y(0) + y(1)) / sqrt 2, (y(2) + y(3)) / sqrt 2, ..., (y(0) - y(1)) / sqrt 2, ...], and again of the sums; where their number
 *              is odd the last one is kept among the sums
 *
 * @see https://doi.org/10.1109/T-C.1974.223784
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { checkedOptions, count, type OptionTable, required, wholeNumber } from "../../options.ts";
import type { Bijection, BijectionJson } from "../bijection.ts";
import { constantMatrix } from "./reflections.ts";

/** Options of {@link haarWavelets}. */
export interface HaarWaveletsOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** How often sums and differences are taken (default: until one sum is left). */
  readonly levels?: number | undefined;
}

/** A constant orthogonal map, from data to base. */
function constantRotation(description: BijectionJson, features: number, matrix: Expr): Bijection {
  return {
    type: description.type,
    features,
    context: 0,
    parameters: {},
    forward: (x) => ({
      value: g.linear(x, matrix, undefined, { transposed: true }),
      logAbsDet: g.constant(0),
    }),
    inverse: (y) => ({ value: g.linear(y, matrix), logAbsDet: g.constant(0) }),
    toJSON: () => description,
  };
}

const discreteCosineOptionTable: OptionTable<{ readonly features: number }> = { features: required(count) };

/**
 * The orthonormal discrete cosine transform of type II, from data to base.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features^2), inverse O(features^2)
 * @example
 * const bijection = discreteCosine({ features: 2 });
 */
export function discreteCosine(options: { readonly features: number }): Bijection {
  const { features } = checkedOptions("discreteCosine", options, discreteCosineOptionTable);
  const matrix = constantMatrix(
    features,
    features,
    (k, i) => Math.sqrt((k === 0 ? 1 : 2) / features) * Math.cos((Math.PI * (i + 0.5) * k) / features),
  );
  return constantRotation({ type: "discreteCosine", features }, features, matrix);
}

const haarWaveletsOptionTable: OptionTable<HaarWaveletsOptions> = {
  features: required(count),
  levels: wholeNumber("0 or a positive integer", 0),
};

/**
 * Orthonormal Haar wavelets, from data to base: sums first, then differences from the coarsest to the finest.
 * @throws UsageError if `features` is not a positive integer, or `levels` not 0 or more.
 * @cost forward O(features^2), inverse O(features^2)
 * @example
 * const bijection = haarWavelets({ features: 2 });
 */
export function haarWavelets(options: HaarWaveletsOptions): Bijection {
  const checked = checkedOptions("haarWavelets", options, haarWaveletsOptionTable);
  const { features } = checked;
  const { levels = Math.ceil(Math.log2(features)) } = checked;
  let sums: Float64Array[] = Array.from({ length: features }, (_, i) =>
    Float64Array.from({ length: features }, (_, j) => (i === j ? 1 : 0)),
  );
  let differences: Float64Array[] = [];
  for (let level = 0; level < levels && sums.length > 1; level++) {
    const pairs = Math.floor(sums.length / 2);
    const combined = (sign: number): Float64Array[] =>
      Array.from({ length: pairs }, (_, k) =>
        sums[2 * k]!.map((value, j) => Math.SQRT1_2 * (value + sign * sums[2 * k + 1]![j]!)),
      );
    differences = [...combined(-1), ...differences];
    sums = [...combined(1), ...sums.slice(2 * pairs)];
  }
  const rows = [...sums, ...differences];
  const matrix = constantMatrix(features, features, (i, j) => rows[i]![j]!);
  return constantRotation({ type: "haarWavelets", features, levels }, features, matrix);
}
