/**
 * Monotone rational-quadratic spline (Gregory & Delbourgo 1982; Durkan et al. 2019, section 3.1), with tails that grow
 * like a square root, or straight ones: of learned slopes, or the paper's, which are the identity.
 *
 * K bins map [-B, B] onto itself. In the letters of the paper, whose g goes from x to y, here from data to base: the knots are
 * (x(k), y(k)), their derivatives delta(k), and in a bin of the slope s = (y(k+1) - y(k)) / (x(k+1) - x(k)), at the position
 * xi = (x - x(k)) / (x(k+1) - x(k)),
 *
 *     y = y(k) + (y(k+1) - y(k)) [s xi^2 + delta(k) xi(1 - xi)] / [s + (delta(k+1) + delta(k) - 2s) xi(1 - xi)]     (eq. 4)
 *     dy/dx = s^2 [delta(k+1) xi^2 + 2s xi(1 - xi) + delta(k) (1 - xi)^2] / [s + (...) xi(1 - xi)]^2                (eq. 5)
 *     xi = 2c / (-b - sqrt(b^2 - 4ac)) for the other direction                                                 (eq. 6-8, 29)
 *
 * `rationalQuadraticBin` has these formulas, `splineTails` what comes outside of the box.
 *
 * Raw parameters: K widths and K heights (softmax of a softly clipped value, so that bins differ by at most 1000),
 * then K + 1 log slopes, softly clipped to +-log 1000, those at the ends of a box with root tails to +-log 10; K - 1 with
 * identity tails. All zero is the identity, with root tails inside the box.
 *
 * Why nothing fails: the argument is clamped to the box before the bin is searched and the position to [0, 1] after,
 * so that the branch that is not taken stays finite, in value and gradient; the discriminant, which is a square
 * times a positive number, is kept positive against rounding; and the root is taken in the form that does not cancel.
 *
 * @see https://arxiv.org/abs/1906.04032
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { anyNumber, anything, checkedOptions, type Filled, type OptionTable, refuse } from "../options.ts";
import { aLeastSlope } from "./affineTransformer.ts";
import { binForward, binInverse, intoBin } from "./rationalQuadraticBin.ts";
import { softClip } from "./softClip.ts";
import { isBoxed, type Tails, withTails } from "./splineTails.ts";
import type { ScalarMapped, Transformer } from "./transformer.ts";

/** Options of {@link rationalQuadraticTransformer}. */
export interface RationalQuadraticOptions {
  /** Bins K, at least 2 (default 8). */
  readonly bins?: number | undefined;
  /** Half-width B of the box, in the units of its input (default 5: standard deviations, after standardization). */
  readonly bound?: number | undefined;
  /**
   * Beyond the box: `root` (default), a square root that begins with the slope of the last knot; `learned`, a straight
   * line of that slope; `identity`, as in the paper and in other libraries. Or nothing beyond, for a map of the box onto itself: `none`
   * with learned slopes at the ends, `circular` with equal ones (Rezende et al. 2020), `unit` with slopes of 1.
   */
  readonly tails?: Tails | undefined;
  /**
   * Factor of all raw parameters, above 0 (default 1). AdamW takes steps of one size whatever the gradient: beside an affine
   * map, a spline of a small factor keeps its shape unless many rows say otherwise, also where rows are few.
   */
  readonly sensitivity?: number | undefined;
  /** Slopes at the knots, and ratios of the sizes of bins, are above this number and below its inverse (default 0.001). */
  readonly leastSlope?: number | undefined;
}

/** The bin that a point falls into, in units in which the box has the length `total`. */
export interface Bin {
  /** Lower corner and extent along the side that was searched, and along the other one. */
  readonly start: Expr;
  readonly extent: Expr;
  readonly otherStart: Expr;
  readonly otherExtent: Expr;
  /** Derivatives delta(k), delta(k+1) at the two ends. */
  readonly d0: Expr;
  readonly d1: Expr;
}

const rationalQuadraticTransformerOptionTable: OptionTable<RationalQuadraticOptions> = {
  bins: anyNumber,
  bound: anyNumber,
  tails: anything,
  sensitivity: anyNumber,
  leastSlope: aLeastSlope,
};

/**
 * The rational-quadratic spline; 3 bins + 1 parameters per feature, 3 bins - 1 with identity tails or unit ends, 3 bins on a circle.
 * @throws UsageError if `bins` is below 2, `bound` or `sensitivity` not positive, or `tails` unknown.
 * @cost forward O(bins), inverse O(bins)
 * @example
 * const transformer = rationalQuadraticTransformer({ bins: 5 });
 */
export function rationalQuadraticTransformer(options: RationalQuadraticOptions = {}): Transformer {
  const {
    bins = 8,
    bound = 5,
    tails = "root",
    sensitivity = 1,
    leastSlope = 1e-3,
  } = checkedOptions("rationalQuadraticTransformer", options, rationalQuadraticTransformerOptionTable);
  if (!Number.isSafeInteger(bins) || bins < 2 || bins > 256)
    refuse("rationalQuadraticTransformer", "bins", "an integer from 2 to 256", bins);
  if (!(bound > 0 && Number.isFinite(bound)))
    refuse("rationalQuadraticTransformer", "bound", "a positive number", bound);
  if (!allTails.includes(tails))
    refuse("rationalQuadraticTransformer", "tails", `one of ${allTails.join(", ")}`, tails);
  if (!(sensitivity > 0 && Number.isFinite(sensitivity)))
    refuse("rationalQuadraticTransformer", "sensitivity", "a positive number", sensitivity);
  const spline = {
    bins,
    bound,
    tails,
    logSlope: -Math.log(leastSlope),
  };
  const scaled = (raw: readonly Expr[]): readonly Expr[] =>
    sensitivity === 1 ? raw : raw.map((value) => g.mul(value, sensitivity));
  return {
    type: "rationalQuadratic",
    parameterCount: 3 * bins + (hasUnitEnds(tails) ? -1 : tails === "circular" ? 0 : 1),
    ...(isBoxed(tails) ? { domain: [-bound, bound], codomain: [-bound, bound] } : {}),
    forward: (base, parameters) => through("forward", base, scaled(parameters), spline),
    inverse: (data, parameters) => through("inverse", data, scaled(parameters), spline),
    toJSON: () => ({
      type: "rationalQuadratic",
      bins,
      bound,
      ...(tails === "learned" ? {} : { tails }),
      ...(sensitivity === 1 ? {} : { sensitivity }),
      ...(leastSlope === 1e-3 ? {} : { leastSlope }),
    }),
  };
}

const allTails: readonly Tails[] = ["root", "learned", "identity", "none", "circular", "unit"];

/** Whether the slopes at the ends of the box are 1, and not parameters. */
function hasUnitEnds(tails: Tails): boolean {
  return tails === "identity" || tails === "unit";
}

interface Spline extends Filled<Pick<RationalQuadraticOptions, "bins" | "bound" | "tails">> {
  /** Logarithm of the largest slope, and minus that of the least. */
  readonly logSlope: number;
}

/**
 * Reads {@link rationalQuadraticTransformer} back. A description that names no tails is one of the time when they were
 * straight.
 */
export function rationalQuadraticFromJson(json: { readonly [option: string]: unknown }): Transformer {
  return rationalQuadraticTransformer({ tails: "learned", ...json } as RationalQuadraticOptions);
}

/** Raw log slopes of all knots; those at the ends of a box with identity tails are none of the parameters. */
function knotSlopes(parameters: readonly Expr[], { bins, tails, logSlope }: Spline): readonly Expr[] {
  const logSlopes = parameters.slice(2 * bins);
  if (hasUnitEnds(tails)) return [g.constant(0), ...logSlopes, g.constant(0)];
  if (tails === "circular") return [...logSlopes, logSlopes[0]!];
  if (tails !== "root") return logSlopes;
  // Both soft clips, this one and that of all slopes, are together one to a third of log 1000.
  return logSlopes.map((raw, k) => (k === 0 || k === bins ? softClip(raw, logSlope / 2) : raw));
}

/** Unnormalized extents of the bins along one side, and their sum. */
function extents(
  raw: readonly Expr[],
  logSlope: number,
): { readonly each: readonly Expr[]; readonly total: Expr } {
  // exp of at most half of log 1000 either way: no maximum has to be subtracted.
  const each = raw.map((value) => g.exp(softClip(value, logSlope / 2)));
  return { each, total: each.reduce((sum, value) => g.add(sum, value)) };
}

/** Finds the bin of `at` along `side`, of raw slopes at the knots, carrying what belongs to the bin along by selection: no gather is needed. */
export function findBin(
  at: Expr,
  side: readonly Expr[],
  other: readonly Expr[],
  slopes: readonly Expr[],
  slopeOf: (raw: Expr) => Expr,
): Bin {
  let start: Expr = g.constant(0);
  let otherStart: Expr = g.constant(0);
  let extent = side[0]!;
  let otherExtent = other[0]!;
  let low = slopes[0]!;
  let high = slopes[1]!;
  let knot = side[0]!;
  let otherKnot = other[0]!;
  for (let k = 1; k < side.length; k++) {
    const isBeyond = g.lessEqual(knot, at);
    start = g.select(isBeyond, knot, start);
    otherStart = g.select(isBeyond, otherKnot, otherStart);
    extent = g.select(isBeyond, side[k]!, extent);
    otherExtent = g.select(isBeyond, other[k]!, otherExtent);
    low = g.select(isBeyond, slopes[k]!, low);
    high = g.select(isBeyond, slopes[k + 1]!, high);
    knot = g.add(knot, side[k]!);
    otherKnot = g.add(otherKnot, other[k]!);
  }
  return { start, extent, otherStart, otherExtent, d0: slopeOf(low), d1: slopeOf(high) };
}

/** One direction: from base to data, or from data to base, which is the paper's g. */
function through(
  direction: "forward" | "inverse",
  from: Expr,
  parameters: readonly Expr[],
  spline: Spline,
): ScalarMapped {
  const { bins, bound, logSlope } = spline;
  const isInverse = direction === "inverse";
  const widths = extents(parameters.slice(0, bins), logSlope);
  const heights = extents(parameters.slice(bins, 2 * bins), logSlope);
  const logSlopes = knotSlopes(parameters, spline);
  const [side, other] = isInverse ? [widths, heights] : [heights, widths];
  const at = g.mul(g.add(g.mul(g.clamp(from, -bound, bound), 0.5 / bound), 0.5), side.total);
  const bin = findBin(at, side.each, other.each, logSlopes, (raw) => g.exp(softClip(raw, logSlope)));
  const { start, extent, otherStart, otherExtent, d0, d1 } = bin;
  const position = intoBin(g.div(g.sub(at, start), extent));
  const [width, height] = isInverse ? [extent, otherExtent] : [otherExtent, extent];
  const s = g.mul(g.div(height, width), g.div(widths.total, heights.total));
  const throughBin = isInverse ? binInverse : binForward;
  const { value: share, logDerivative } = throughBin(position, s, d0, d1);
  const to = g.add(otherStart, g.mul(otherExtent, share));
  const value = g.sub(g.mul(g.div(to, other.total), 2 * bound), bound);
  return withTails(direction, from, { value, logDerivative }, logSlopes, spline);
}
