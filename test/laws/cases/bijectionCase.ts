/**
 * What a row of the table of bijections says, and what several rows need.
 *
 * @module
 */

import type { Bijection } from "../../../src/bijections/bijection.ts";
import type { Values } from "../parameters.ts";

/** One row: a bijection, and what its laws must know of it. */
export interface BijectionCase {
  readonly bijection: Bijection;
  /** Whether the map with its starting values is the identity, or how far it is, in each feature. */
  readonly startsAsIdentity: boolean | number;
  /**
   * The law "no NaN" draws parameters up to this (default 1000). A log scale that is not clipped overflows the
   * largest double from 709 (the largest float32 from 88), and 0 times that is NaN.
   */
  readonly largestParameter?: number;
  /** Most points that a law draws (default 60), fewer where a map takes the reference engine long. */
  readonly draws?: number;
  /** Points that are evaluated at once, of each draw of parameters (default: a twentieth of the draws). */
  readonly together?: number;
  /** Points where formulas change: knots, edges of the box, ties. */
  readonly edges?: readonly number[];
  /** Moves a drawn point to where the direction is defined, and its digits are enough. */
  readonly within?: (direction: "forward" | "inverse", point: number[]) => number[];
  /** Where the image of a map with branches begins, in each feature. */
  readonly foldsAt?: (parameters: Values) => ArrayLike<number>;
  /** Whether the map goes farther than numbers of float32 do: then the laws hold of the engines of float64 alone. */
  readonly needsFloat64?: boolean;
  /** Elements of trained parameters that no output may depend on: what masks and triangles hide. */
  readonly hides?: (name: string, index: number) => boolean;
}

/** Rows by what is special about them. */
export type BijectionCases = Readonly<Record<string, BijectionCase>>;

/** The rows of a table of tables, under the name of the export and their own: `affine: diagonal`. */
export function flatCases<Row>(
  cases: Readonly<Record<string, Readonly<Record<string, Row>>>>,
): Readonly<Record<string, Row>> {
  return Object.fromEntries(
    Object.entries(cases).flatMap(([type, rows]) =>
      Object.entries(rows).map(([name, row]): [string, Row] => [`${type}: ${name}`, row]),
    ),
  );
}

/** A log scale that is not clipped may be so large: e^300 times the largest input of the law "no NaN" is still a double. */
export const unclippedLogScale = 300;

/** A number between -reach and reach. */
export function clamped(x: number, reach: number): number {
  return Math.max(-reach, Math.min(reach, x));
}

/** Above the diagonal, and on it, of a square matrix. */
const onOrAbove = (n: number, index: number): boolean => index % n >= Math.floor(index / n);
/** What triangles hide of the parameters "lower" and "upper", square matrices. */
export const hidesTriangles =
  (n: number) =>
  (name: string, index: number): boolean =>
    (name.endsWith("lower") && onOrAbove(n, index)) ||
    (name.endsWith("upper") && onOrAbove(n, (index % n) * n + Math.floor(index / n)));

/**
 * What MADE's rule hides (Germain et al. 2015): output i must not see input j unless j comes before i. Weights of one
 * layer are checked against the degrees that the header of `autoregressiveMasks` documents, written anew.
 */
export function hidesMasked(features: number, context: number, hidden: readonly number[], outputs: number) {
  const lowest = context > 0 || features === 1 ? 0 : 1;
  const degreeOf = (layer: number, unit: number): number => {
    if (layer === 0) return unit < context ? 0 : unit - context + 1;
    if (layer === hidden.length + 1) return Math.floor(unit / outputs);
    const share = unit / hidden[layer - 1]!;
    return Math.min(features - 1, lowest + Math.floor(share * (features - lowest) + 1e-9));
  };
  const widths = [features + context, ...hidden];
  return (name: string, index: number): boolean => {
    const layer = Number(/weight(\d+)$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(layer)) return false;
    const from = degreeOf(layer, index % widths[layer]!);
    return from > degreeOf(layer + 1, Math.floor(index / widths[layer]!));
  };
}
