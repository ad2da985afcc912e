/**
 * Preparation: the part of a model that statistics of the data determine before anything is trained. Standardization,
 * then where they help a monotone spline that makes each column nearly normal, and a triangular map that removes
 * correlations.
 *
 * Whether they help depends on the table: one of 140 rows cannot afford a spline per column, a skewed one cannot do
 * without; see `choosePreparation`.
 *
 * @module
 */

import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { marginalSpline } from "../../bijections/autoregressive/marginalSpline.ts";
import type { Bijection } from "../../bijections/bijection.ts";
import { chain } from "../../bijections/combinators/chain.ts";
import { standardization } from "../../bijections/linear/standardization.ts";
import { triangularAffine } from "../../bijections/linear/triangularAffine.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { moments } from "../../numerics/moments.ts";
import { normalCdf, normalQuantile } from "../../numerics/special.ts";
import { each, inOnePiece, type Pieces } from "../../platform/pieces.ts";

/** A preparation with the values of its statistics. */
export interface Preparation {
  readonly bijection: Bijection;
  readonly values: ParameterValues;
}

/** Standardization with the moments of rows. */
export function fitStandardization(rows: Float64Array, width: number, weights?: Float64Array): Preparation {
  return { bijection: standardization({ features: width }), values: { ...moments(rows, width, weights) } };
}

/** Data-side knots, normal scores and log slopes of one column; see {@link fitMarginalSpline}. */
interface Knots {
  readonly data: Float64Array;
  readonly base: Float64Array;
  readonly logSlope: Float64Array;
}

/**
 * Knots evenly spaced in normal scores, from the first to the last order statistic, at local averages of the order
 * statistics, so that single rows do not show, over half of the way to the next knots and a rank at least; and one more on
 * either side.
 */
function knotsOf(sorted: Float64Array, deviation: number, knots: number, leastGap: number): Knots {
  const n = sorted.length;
  const top = -normalQuantile(1 / n);
  const base = Float64Array.from({ length: knots }, (_, k) => -top + (2 * top * k) / (knots - 1));
  const sums = new Float64Array(n + 1);
  sorted.forEach((value, i) => {
    sums[i + 1] = sums[i]! + value;
  });
  /** The sum of the first order statistics, of the last one a part. */
  const sumBelow = (count: number): number => {
    const whole = Math.min(n - 1, Math.floor(count));
    return sums[whole]! + (count - whole) * sorted[whole]!;
  };
  const data = base.map((score, k) => {
    const center = normalCdf(score) * n;
    if (k === 0 || k === knots - 1) {
      const place = Math.min(n - 1, Math.max(0, center - 0.5));
      const below = Math.floor(place);
      return sorted[below]! + (place - below) * (sorted[Math.min(n - 1, below + 1)]! - sorted[below]!);
    }
    const apart = 0.5 * n * (normalCdf(base[k + 1]!) - normalCdf(base[k - 1]!));
    const smooth = Math.max(1, 0.25 * Math.min(center, n - center) ** 0.8);
    const reach = Math.min(smooth, Math.max(1, 0.5 * apart), center, n - center);
    return (sumBelow(center + reach) - sumBelow(center - reach)) / (2 * reach);
  });
  // Ties and near ties: a smallest gap keeps the slopes of the spline bounded.
  const least = leastGap * deviation * (base[1]! - base[0]!);
  for (let k = 1; k < knots; k++) data[k] = Math.max(data[k]!, data[k - 1]! + least);
  const secant = Float64Array.from({ length: knots - 1 }, (_, k) =>
    Math.log((base[k + 1]! - base[k]!) / (data[k + 1]! - data[k]!)),
  );
  const logSlope = base.map((_, k) =>
    k === 0 ? secant[0]! : k === knots - 1 ? secant[knots - 2]! : 0.5 * (secant[k - 1]! + secant[k]!),
  );
  return withGentleEnds({ data, base, logSlope }, -Math.log(deviation));
}

/** Normal scores beyond the rows within which a spline bends to its gentle end. */
const bend = 0.5;

/**
 * One more knot on either side, from which on the slope is no larger than that of standardization. Where a column ends at
 * a wall the spline is steep, and a row a little beyond the wall would else be far out for every flow.
 * @param mostLog - Logarithm of the largest slope.
 */
function withGentleEnds({ data, base, logSlope }: Knots, mostLog: number): Knots {
  const beyond = (k: number, side: number): { data: number; base: number; logSlope: number } => {
    const end = Math.min(logSlope[k]!, mostLog);
    // With the geometric mean between them, slopes fall evenly from the one to the other.
    const mean = Math.exp(0.5 * (logSlope[k]! + end));
    return { data: data[k]! + (side * bend) / mean, base: base[k]! + side * bend, logSlope: end };
  };
  const [first, last] = [beyond(0, -1), beyond(data.length - 1, 1)];
  return {
    data: Float64Array.of(first.data, ...data, last.data),
    base: Float64Array.of(first.base, ...base, last.base),
    logSlope: Float64Array.of(first.logSlope, ...logSlope, last.logSlope),
  };
}

/** As many values as there are, in order, each as often as its share of the weights says. */
function weightedOrder(values: Float64Array, weights: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let place = 0;
  let below = weights[order[0]!]!;
  return values.map((_, i) => {
    const level = ((i + 0.5) * total) / values.length;
    while (below < level && place < order.length - 1) below += weights[order[++place]!]!;
    return values[order[place]!]!;
  });
}

/** Smallest gap of two knots, in deviations a normal score: what is fitted must not have slopes far above a thousand. */
const fittedGap = 1e-3;
/** No density is taken of what is given: only float64 limits how close its knots may be. */
const givenGap = 1e-12;

/** A spline for each column of row-major rows, through normal scores. */
export function fitMarginalSpline(
  rows: Float64Array,
  width: number,
  knots: number,
  weights?: Float64Array,
  leastGap: number = fittedGap,
): Preparation {
  return inOnePiece(fittingSpline(rows, width, knots, weights, leastGap));
}

/** {@link fitMarginalSpline}, a column at a time. */
function* fittingSpline(
  rows: Float64Array,
  width: number,
  knots: number,
  weights: Float64Array | undefined,
  leastGap: number,
): Pieces<Preparation> {
  const count = rows.length / width;
  const { scale } = moments(rows, width, weights);
  const columns: Knots[] = [];
  for (const [i, deviation] of scale.entries()) {
    yield;
    const single = Float64Array.from({ length: count }, (_, row) => rows[row * width + i]!);
    const sorted = weights ? weightedOrder(single, weights) : single.sort();
    columns.push(knotsOf(sorted, deviation, knots, leastGap));
  }
  const all = (part: keyof Knots): Float64Array =>
    Float64Array.from(columns.flatMap((column) => [...column[part]]));
  return {
    bijection: marginalSpline({ features: width, knots: columns[0]!.data.length }),
    values: { data: all("data"), base: all("base"), logSlope: all("logSlope") },
  };
}

/** The triangular map whose inverse gives rows the identity as covariance. */
export function fitWhitening(rows: Float64Array, width: number, weights?: Float64Array): Preparation {
  return inOnePiece(fittingWhitening(rows, width, weights));
}

/** {@link fitWhitening}, a row at a time. */
function* fittingWhitening(
  rows: Float64Array,
  width: number,
  weights: Float64Array | undefined,
): Pieces<Preparation> {
  const count = rows.length / width;
  const { mean } = moments(rows, width, weights);
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? count;
  const covariance = Matrix.zeros(width, width);
  for (let row = 0; row < count; row++) {
    yield;
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++)
        covariance.set(
          i,
          j,
          covariance.get(i, j) +
            (weights?.[row] ?? 1) * (rows[row * width + i]! - mean[i]!) * (rows[row * width + j]! - mean[j]!),
        );
  }
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++) {
      const value = covariance.get(i, j) / total + (i === j ? 1e-9 : 0);
      covariance.set(i, j, value);
      covariance.set(j, i, value);
    }
  const decomposition = new CholeskyDecomposition(covariance);
  const factor = decomposition.lowerTriangularMatrix;
  const lower = new Float64Array(width * width);
  const logDiagonal = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    logDiagonal[i] = Math.log(factor.get(i, i));
    for (let j = 0; j < i; j++) lower[i * width + j] = factor.get(i, j);
  }
  return {
    bijection: triangularAffine({ features: width, fitted: true }),
    values: { shift: mean, lower, logDiagonal },
  };
}

/** Row-major rows through the inverse of {@link fitWhitening}: mean 0, and the identity as covariance. O(rows width^2). */
export function throughWhitening(rows: Float64Array, width: number, { values }: Preparation): Float64Array {
  const { shift, lower, logDiagonal } = values as Record<"shift" | "lower" | "logDiagonal", Float64Array>;
  const diagonal = logDiagonal.map(Math.exp);
  const out = new Float64Array(rows.length);
  for (let start = 0; start < rows.length; start += width)
    for (let i = 0; i < width; i++) {
      let value = rows[start + i]! - shift[i]!;
      for (let j = 0; j < i; j++) value -= lower[i * width + j]! * out[start + j]!;
      out[start + i] = value / diagonal[i]!;
    }
  return out;
}

/** What a preparation consists of, besides standardization. */
export interface PreparationChoice {
  /** Knots of a marginal spline for each column; 0 for none. */
  readonly knots: number;
  /** Whether a triangular map removes the correlations. */
  readonly whiten: boolean;
}

/** The same for what is fitted and for what is given. */
export interface PreparationChoices extends PreparationChoice {
  /** Of the given columns (default: standardization alone). */
  readonly given?: PreparationChoice | undefined;
}

/** Fits the chosen preparation to row-major rows. */
export function fitPreparation(
  rows: Float64Array,
  width: number,
  choice: PreparationChoice,
  weights?: Float64Array,
): Preparation {
  return inOnePiece(fittingPreparation(rows, width, choice, weights));
}

/** {@link fitPreparation}, in pieces. */
export function* fittingPreparation(
  rows: Float64Array,
  width: number,
  { knots, whiten }: PreparationChoice,
  weights?: Float64Array,
  leastGap: number = fittedGap,
): Pieces<Preparation> {
  const standard = fitStandardization(rows, width, weights);
  const { mean, scale } = standard.values as { mean: Float64Array; scale: Float64Array };
  // Parts are listed base side first; each is fitted to what those on its data side make of the rows.
  const parts = [standard];
  yield;
  let values: Float64Array = rows.map((value, i) => (value - mean[i % width]!) / scale[i % width]!);
  if (knots > 0) {
    const spline = yield* fittingSpline(values, width, knots, weights, leastGap);
    parts.unshift(spline);
    values = yield* throughKnots(values, width, spline.values);
  }
  if (whiten && width > 1) parts.unshift(yield* fittingWhitening(values, width, weights));
  return chainPreparations(parts);
}

/** Fits the chosen preparation to row-major rows of given columns, in pieces. */
export function* fittingGivenPreparation(
  rows: Float64Array,
  width: number,
  choice: PreparationChoice = { knots: 0, whiten: false },
  weights?: Float64Array,
): Pieces<Preparation> {
  const isPlain = choice.knots === 0 && !choice.whiten;
  return isPlain
    ? fitStandardization(rows, width, weights)
    : yield* fittingPreparation(rows, width, choice, weights, givenGap);
}

/** Rows through a marginal spline, for statistics of what follows it: piecewise linear between the knots is enough. */
function* throughKnots(rows: Float64Array, width: number, spline: ParameterValues): Pieces<Float64Array> {
  const { data, base } = spline as { data: Float64Array; base: Float64Array };
  const knots = data.length / width;
  const out = new Float64Array(rows.length);
  yield* each(rows.length, (i) => {
    const value = rows[i]!;
    const start = (i % width) * knots;
    let k = 0;
    while (k < knots - 2 && value >= data[start + k + 1]!) k++;
    const [from, to] = [data[start + k]!, data[start + k + 1]!];
    const [low, high] = [base[start + k]!, base[start + k + 1]!];
    out[i] = low + ((value - from) / (to - from)) * (high - low);
  });
  return out;
}

/** Preparations one after another, the one next to the data last. */
export function chainPreparations(parts: readonly Preparation[]): Preparation {
  const values: ParameterValues = {};
  parts.forEach((part, i) => {
    for (const [name, data] of Object.entries(part.values)) values[`${i}.${name}`] = data;
  });
  return { bijection: chain(parts.map(({ bijection }) => bijection)), values };
}
