/**
 * Monotone rational-quadratic spline (Gregory & Delbourgo 1982; Durkan et al. 2019, section 3.1), with tails that grow
 * like a square root, or straight ones: of learned slopes, or the paper's, which are the identity.
 *
 * K bins map [-B, B] onto itself, y the data and x the base side. In a bin of width w and height h, with
 * s = h / w, knot slopes d0 and d1, and position z in [0, 1]:
 *
 *     x = x0 + h (s z^2 + d0 z(1-z)) / (s + (d0 + d1 - 2s) z(1-z))                                     (eq. 4)
 *     dx/dy = s^2 (d1 z^2 + 2s z(1-z) + d0 (1-z)^2) / (s + (d0 + d1 - 2s) z(1-z))^2                    (eq. 5)
 *     z = 2c / (-b - sqrt(b^2 - 4ac)) for the other direction                                          (eq. 6-8, 29)
 *
 * Outside the box the map goes on with the slope d of its last knot, so that it is once differentiable everywhere and
 * any real number has an image. At a distance e from the box, on the data side,
 *
 *     root tails       x = B + sqrt(1 + 2 d e) - 1       dx/dy = d / sqrt(1 + 2 d e)
 *     straight tails   x = B + d e                       dx/dy = d, learned, or 1 with identity tails
 *
 * A root goes on straight where its slope has fallen to d / 10.
 *
 * Why a root: with straight tails the log-density of a row far out falls with the square of its distance times the slopes
 * of all transforms in a chain, which few rows have taught. One row at 60 deviations then costs more than thousands of
 * others earn, and among the held-out rows it ends a training at once. With root tails it costs about its distance d e, from
 * 50 on a hundredth of the square, and less with every further transform; all moments exist.
 *
 * Raw parameters: K widths and K heights (softmax of a softly clipped value, so that bins differ by at most 1000),
 * then K + 1 log slopes, softly clipped to +-log 1000, those at the ends of a box with root tails to +-log 10; K - 1 with
 * identity tails. All zero is the identity, with root tails inside the box.
 *
 * Why nothing fails: the argument is clamped to the box before the bin is searched and the position to [0, 1] after,
 * so that the branch that is not taken stays finite, in value and gradient; the discriminant, which is a square
 * times a positive number, is kept positive against rounding; and the root is taken in the form that does not
 * cancel: 2sv / (b + r) for b >= 0, (r - b) / 2a for b < 0, where a > s > 0.
 *
 * @see https://arxiv.org/abs/1906.04032
 * @module
 */

import { ShapeError } from "../errors.ts";
import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { anyNumber, anything, checkedOptions, type OptionTable } from "../options.ts";
import { binForward, binInverse, intoBin } from "./rationalQuadraticBin.ts";
import { softClip } from "./softClip.ts";
import type { ScalarMapped, Transformer } from "./transformer.ts";

const largestLogSlope = Math.log(1000);

/** A root tail is straight from where its slope has fallen by this factor, so that no number overflows on the way back. */
const flattening = 10;

/** Options of {@link rationalQuadraticTransformer}. */
export interface RationalQuadraticOptions {
  /** Bins K, at least 2 (default 8). */
  readonly bins?: number;
  /** Half-width B of the box, in the units of its input (default 5: standard deviations, after standardization). */
  readonly bound?: number;
  /**
   * Beyond the box: `root` (default), a square root that begins with the slope of the last knot; `learned`, a straight
   * line of that slope; `identity`, as in the paper and in other libraries.
   */
  readonly tails?: Tails;
  /**
   * Factor of all raw parameters, above 0 (default 1). AdamW takes steps of one size whatever the gradient: beside an affine
   * map, a spline of a small factor keeps its shape unless many rows say otherwise, also where rows are few.
   */
  readonly sensitivity?: number;
}

/** What a spline does beyond its box; see {@link RationalQuadraticOptions.tails}. */
export type Tails = "root" | "learned" | "identity";

/** The bin that a point falls into, in units in which the box has the length `total`. */
interface Bin {
  /** Lower corner and extent along the side that was searched, and along the other one. */
  readonly start: Expr;
  readonly extent: Expr;
  readonly otherStart: Expr;
  readonly otherExtent: Expr;
  /** Slopes dx/dy at the two ends. */
  readonly d0: Expr;
  readonly d1: Expr;
}

const rationalQuadraticTransformerOptionTable: OptionTable<RationalQuadraticOptions> = {
  bins: anyNumber,
  bound: anyNumber,
  tails: anything,
  sensitivity: anyNumber,
};

/**
 * The rational-quadratic spline; 3 bins + 1 parameters a feature, 3 bins - 1 with identity tails; both directions
 * cost O(bins).
 * @throws {@link ShapeError} if `bins` is below 2, `bound` or `sensitivity` not positive, or `tails` unknown.
 */
export function rationalQuadraticTransformer(options: RationalQuadraticOptions = {}): Transformer {
  const {
    bins = 8,
    bound = 5,
    tails = "root",
    sensitivity = 1,
  } = checkedOptions("rationalQuadraticTransformer", options, rationalQuadraticTransformerOptionTable);
  if (!Number.isSafeInteger(bins) || bins < 2 || bins > 256)
    throw new ShapeError(`rationalQuadraticTransformer: bins must be an integer from 2 to 256, got ${bins}.`);
  if (!(bound > 0 && Number.isFinite(bound)))
    throw new ShapeError(`rationalQuadraticTransformer: bound must be a positive number, got ${bound}.`);
  if (tails !== "root" && tails !== "learned" && tails !== "identity")
    throw new ShapeError(
      `rationalQuadraticTransformer: tails must be "root", "learned" or "identity", got ${JSON.stringify(tails)}.`,
    );
  if (!(sensitivity > 0 && Number.isFinite(sensitivity)))
    throw new ShapeError(
      `rationalQuadraticTransformer: sensitivity must be a positive number, got ${sensitivity}.`,
    );
  const spline = { bins, bound, tails };
  const scaled = (raw: readonly Expr[]): readonly Expr[] =>
    sensitivity === 1 ? raw : raw.map((value) => g.mul(value, sensitivity));
  return {
    type: "rationalQuadratic",
    parameterCount: 3 * bins + (tails === "identity" ? -1 : 1),
    normalize: (y, parameters) => normalize(y, scaled(parameters), spline),
    generate: (x, parameters) => generate(x, scaled(parameters), spline),
    toJSON: () => ({
      type: "rationalQuadratic",
      bins,
      bound,
      ...(tails === "learned" ? {} : { tails }),
      ...(sensitivity === 1 ? {} : { sensitivity }),
    }),
  };
}

type Spline = Required<Omit<RationalQuadraticOptions, "sensitivity">>;

/**
 * Reads {@link rationalQuadraticTransformer} back. A description that names no tails is one of the time when they were
 * straight.
 */
export function rationalQuadraticFromJson(json: { readonly [option: string]: unknown }): Transformer {
  return rationalQuadraticTransformer({ tails: "learned", ...json } as RationalQuadraticOptions);
}

/** Raw log slopes of all knots; those at the ends of a box with identity tails are none of the parameters. */
function knotSlopes(parameters: readonly Expr[], { bins, tails }: Spline): readonly Expr[] {
  const own = parameters.slice(2 * bins);
  if (tails === "identity") return [g.constant(0), ...own, g.constant(0)];
  if (tails === "learned") return own;
  // Both soft clips, this one and that of all slopes, are together one to a third of log 1000.
  return own.map((raw, k) => (k === 0 || k === bins ? softClip(raw, largestLogSlope / 2) : raw));
}

/** Unnormalized extents of the bins along one side, and their sum. */
function extents(raw: readonly Expr[]): { readonly each: readonly Expr[]; readonly total: Expr } {
  // exp of at most half of log 1000 either way: no maximum has to be subtracted.
  const each = raw.map((value) => g.exp(softClip(value, largestLogSlope / 2)));
  return { each, total: each.reduce((sum, value) => g.add(sum, value)) };
}

/** Finds the bin of `at` along `side`, carrying what belongs to the bin along by selection: no gather is needed. */
function findBin(at: Expr, side: readonly Expr[], other: readonly Expr[], logSlopes: readonly Expr[]): Bin {
  let start: Expr = g.constant(0);
  let otherStart: Expr = g.constant(0);
  let extent = side[0]!;
  let otherExtent = other[0]!;
  let low = logSlopes[0]!;
  let high = logSlopes[1]!;
  let knot = side[0]!;
  let otherKnot = other[0]!;
  for (let k = 1; k < side.length; k++) {
    const beyond = g.lessEqual(knot, at);
    start = g.select(beyond, knot, start);
    otherStart = g.select(beyond, otherKnot, otherStart);
    extent = g.select(beyond, side[k]!, extent);
    otherExtent = g.select(beyond, other[k]!, otherExtent);
    low = g.select(beyond, logSlopes[k]!, low);
    high = g.select(beyond, logSlopes[k + 1]!, high);
    knot = g.add(knot, side[k]!);
    otherKnot = g.add(otherKnot, other[k]!);
  }
  const slope = (raw: Expr): Expr => g.exp(softClip(raw, largestLogSlope));
  return { start, extent, otherStart, otherExtent, d0: slope(low), d1: slope(high) };
}

/** The inner value inside the box, and what goes on with the slope of the last knot outside. */
function withTails(
  at: Expr,
  inside: ScalarMapped,
  logSlopes: readonly Expr[],
  { bound, tails }: Spline,
  direction: 1 | -1,
): ScalarMapped {
  const isInside = g.lessEqual(g.abs(at), bound);
  if (tails === "identity")
    return {
      value: g.select(isInside, inside.value, at),
      logDerivative: g.select(isInside, inside.logDerivative, 0),
    };
  const beyond = g.less(0, at);
  const raw = g.select(beyond, logSlopes[logSlopes.length - 1]!, logSlopes[0]!);
  const logSlope = g.mul(direction, softClip(raw, largestLogSlope));
  // The excess over the box is 0 inside, so that the tail is finite wherever it is not taken.
  const excess = g.sub(at, g.clamp(at, -bound, bound));
  const edge = g.select(beyond, bound, -bound);
  const slope = g.exp(logSlope);
  const tail =
    tails === "learned"
      ? { value: g.mul(excess, slope), logDerivative: logSlope }
      : direction === 1
        ? rootTail(excess, slope, logSlope)
        : inverseRootTail(excess, slope, logSlope);
  return {
    value: g.select(isInside, inside.value, g.add(edge, tail.value)),
    logDerivative: g.select(isInside, inside.logDerivative, tail.logDerivative),
  };
}

/** sqrt(1 + 2 d e) - 1, in the form that does not cancel, and from where it is flattest on a straight line. */
function rootTail(e: Expr, d: Expr, logSlope: Expr): ScalarMapped {
  const line = g.mul(d, e);
  const most = 0.5 * (flattening ** 2 - 1);
  const bent = g.clamp(line, -most, most);
  const root = g.sqrt(g.add(1, g.mul(2, g.abs(bent))));
  return {
    value: g.add(g.div(g.mul(2, bent), g.add(1, root)), g.div(g.sub(line, bent), root)),
    logDerivative: g.sub(logSlope, g.log(root)),
  };
}

/** The inverse of {@link rootTail}, h + h^2 / 2 times the slope 1 / d, and the straight line. */
function inverseRootTail(h: Expr, slope: Expr, logSlope: Expr): ScalarMapped {
  const bent = g.clamp(h, 1 - flattening, flattening - 1);
  const size = g.abs(bent);
  const root = g.add(1, size);
  const line = g.add(g.mul(bent, g.add(1, g.mul(0.5, size))), g.mul(g.sub(h, bent), root));
  return { value: g.mul(line, slope), logDerivative: g.add(logSlope, g.log(root)) };
}

function normalize(y: Expr, parameters: readonly Expr[], spline: Spline): ScalarMapped {
  const { bins, bound } = spline;
  const widths = extents(parameters.slice(0, bins));
  const heights = extents(parameters.slice(bins, 2 * bins));
  const logSlopes = knotSlopes(parameters, spline);
  const at = g.mul(g.add(g.mul(g.clamp(y, -bound, bound), 0.5 / bound), 0.5), widths.total);
  const { start, extent, otherStart, otherExtent, d0, d1 } = findBin(
    at,
    widths.each,
    heights.each,
    logSlopes,
  );
  const z = intoBin(g.div(g.sub(at, start), extent));
  const s = g.mul(g.div(otherExtent, extent), g.div(widths.total, heights.total));
  const bin = binForward(z, s, d0, d1);
  const x = g.add(otherStart, g.mul(otherExtent, bin.share));
  const value = g.sub(g.mul(g.div(x, heights.total), 2 * bound), bound);
  return withTails(y, { value, logDerivative: bin.logSlope }, logSlopes, spline, 1);
}

function generate(x: Expr, parameters: readonly Expr[], spline: Spline): ScalarMapped {
  const { bins, bound } = spline;
  const widths = extents(parameters.slice(0, bins));
  const heights = extents(parameters.slice(bins, 2 * bins));
  const logSlopes = knotSlopes(parameters, spline);
  const at = g.mul(g.add(g.mul(g.clamp(x, -bound, bound), 0.5 / bound), 0.5), heights.total);
  const { start, extent, otherStart, otherExtent, d0, d1 } = findBin(
    at,
    heights.each,
    widths.each,
    logSlopes,
  );
  const v = intoBin(g.div(g.sub(at, start), extent));
  const s = g.mul(g.div(extent, otherExtent), g.div(widths.total, heights.total));
  const bin = binInverse(v, s, d0, d1);
  const y = g.add(otherStart, g.mul(otherExtent, bin.position));
  const value = g.sub(g.mul(g.div(y, widths.total), 2 * bound), bound);
  // What goes on outside has the slope of the inverse: withTails flips the sign of the log slope.
  return withTails(x, { value, logDerivative: g.neg(bin.logSlope) }, logSlopes, spline, -1);
}
