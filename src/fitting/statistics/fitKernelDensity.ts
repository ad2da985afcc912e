/**
 * Kernel density estimation: the rows themselves, each blurred by one Gaussian.
 *
 * The kernel is either the same in all standardized columns, or has the shape of the covariance of the rows: the better
 * of the two, with the bandwidth that is best for it. Both are judged by the mean log-density of rows under the points,
 * a row's own point left out (likelihood cross-validation, Habbema et al. 1974, Duin 1976).
 *
 * The bandwidth is a multiple of Scott's and Silverman's rule, h_0 = (4 / ((d + 2) n))^(1 / (d + 4)), which is the best
 * for a Gaussian and too wide for anything that has structure.
 *
 * @module
 */

import { permutation } from "../../bijections/linear/permutation.ts";
import { kernelDensity } from "../../distributions/kernelDensity.ts";
import { AbortedError } from "../../errors.ts";
import { logTwoPi } from "../../numerics/constants.ts";
import { split } from "../../random/philox.ts";
import type { Table } from "../../tables/table.ts";
import type { FinishedFit } from "../finishFit.ts";
import type { FitOptions } from "../fitOptions.ts";
import { fitWhitening, type Preparation, throughWhitening } from "../preparation/preparation.ts";
import { drawnRows, type StandardizedRows, statisticalFit } from "../statisticalFit.ts";

/** Rows that are points at most: a density costs as many distances. */
export const mostPoints = 4096;

/** Rows that judge a bandwidth at most. */
const mostJudges = 1000;

/** Bandwidths that are tried, in units of the rule: from 1/64 to 2 in steps of sqrt(2), then between the best. */
const grid: readonly number[] = Array.from({ length: 15 }, (_, i) => 2 ** (1 - i / 2));

/** Steps of the golden section between the neighbors of the best of the grid. */
const refinements = 8;

/**
 * Fits a kernel density. Points are the training rows; of more than 4096, as many are drawn without
 * replacement. A density costs O(points features), about a microsecond for each thousand points and thread.
 * @throws DataError for data that cannot be used, AbortedError if the signal fires.
 */
export function fitKernelDensity(table: Table, options: FitOptions): Promise<FinishedFit> {
  return statisticalFit("kde", table, options, async ({ columns, train, validation, key }) => {
    const features = columns.length;
    const points = drawnRows(train, mostPoints, features, split(key, "points"));
    const identity: Preparation = { bijection: permutation(columns.map((_, i) => i)), values: {} };
    const shapes =
      features === 1 ? [identity] : [identity, fitWhitening(train.data, features, train.weights)];
    let best: (Choice & { readonly shape: Preparation; readonly point: Float64Array }) | undefined;
    for (const shape of shapes) {
      const point = through(shape, points.data, features);
      const judges = new Judges(
        { ...points, data: point },
        validation && { ...validation, data: through(shape, validation.data, features) },
        features,
      );
      const volume = (shape.values.logDiagonal ?? new Float64Array(0)).reduce(
        (sum, logScale) => sum + logScale,
        0,
      );
      const choice =
        options.bandwidth === undefined
          ? await chooseBandwidth(judges, volume, options.signal)
          : { bandwidth: options.bandwidth, score: judges.score(options.bandwidth) - volume };
      if (!best || choice.score > best.score) best = { ...choice, shape, point };
    }
    const { shape, point, bandwidth } = best!;
    return {
      bijection: shape.bijection,
      values: shape.values,
      base: {
        distribution: kernelDensity({ features, points: points.rows }),
        values: {
          point,
          logWeight: points.weights?.map(Math.log) ?? new Float64Array(points.rows),
          logBandwidth: Float64Array.of(Math.log(bandwidth)),
        },
      },
      steps: 1,
    };
  });
}

/** Rows through the inverse of a shape: unchanged, or whitened. */
function through(shape: Preparation, rows: Float64Array, width: number): Float64Array {
  return shape.values.lower ? throughWhitening(rows, width, shape) : rows;
}

/** Rows that judge bandwidths: the squared distances of each from all points. */
class Judges {
  readonly points: number;
  readonly features: number;
  /** Squared distances less the least of the row, row by row; infinite for a row's own point. */
  readonly #squares: Float64Array[] = [];
  readonly #nearest: number[] = [];
  readonly #weights: number[] = [];
  /** Logarithm of the weight of all points but the row's own. */
  readonly #logTotals: number[] = [];
  readonly #pointWeights: Float64Array;

  constructor(points: StandardizedRows, heldOut: StandardizedRows | undefined, features: number) {
    this.points = points.rows;
    this.features = features;
    this.#pointWeights = points.weights ?? new Float64Array(points.rows).fill(1);
    const total = this.#pointWeights.reduce((sum, weight) => sum + weight, 0);
    const heldCount = Math.min(mostJudges, heldOut?.rows ?? 0);
    for (let row = 0; row < heldCount; row++)
      this.#add(points.data, heldOut!.data, row, heldOut!.weights?.[row] ?? 1, -1, total);
    const pointJudges = Math.min(points.rows, mostJudges - heldCount);
    for (let i = 0; i < pointJudges; i++) {
      const row = Math.floor((i * points.rows) / pointJudges);
      this.#add(points.data, points.data, row, this.#pointWeights[row]!, row, total);
    }
  }

  #add(
    points: Float64Array,
    rows: Float64Array,
    row: number,
    weight: number,
    self: number,
    total: number,
  ): void {
    const { features } = this;
    const start = row * features;
    const squares = new Float64Array(this.points);
    let nearest = Infinity;
    for (let k = 0, at = 0; k < squares.length; k++) {
      let square = 0;
      for (let j = 0; j < features; j++, at++) square += (rows[start + j]! - points[at]!) ** 2;
      squares[k] = k === self ? Infinity : square;
      if (squares[k]! < nearest) nearest = squares[k]!;
    }
    this.#squares.push(squares.map((square) => square - nearest));
    this.#nearest.push(nearest);
    this.#weights.push(weight);
    this.#logTotals.push(Math.log(self < 0 ? total : total - this.#pointWeights[self]!));
  }

  /** Mean log-density of the judges under the points with a bandwidth. */
  score(bandwidth: number): number {
    const half = -0.5 / bandwidth ** 2;
    let sum = 0;
    let total = 0;
    this.#squares.forEach((squares, row) => {
      let density = 0;
      for (let k = 0; k < squares.length; k++) {
        const exponent = half * squares[k]!;
        // What adds nothing costs nothing.
        if (exponent > -40) density += this.#pointWeights[k]! * Math.exp(exponent);
      }
      const weight = this.#weights[row]!;
      sum += weight * (Math.log(density) + half * this.#nearest[row]! - this.#logTotals[row]!);
      total += weight;
    });
    return sum / total - this.features * (Math.log(bandwidth) + 0.5 * logTwoPi);
  }
}

interface Choice {
  readonly bandwidth: number;
  /** Mean log-density of the judges, in nats and units of the standardized columns. */
  readonly score: number;
}

/** The bandwidth of the best score: the best of a grid, then a golden section between its neighbors. */
async function chooseBandwidth(
  judges: Judges,
  logVolume: number,
  signal: AbortSignal | undefined,
): Promise<Choice> {
  const { features, points } = judges;
  const rule = (4 / ((features + 2) * points)) ** (1 / (features + 4));
  let best: Choice = { bandwidth: rule, score: Number.NEGATIVE_INFINITY };
  const at = async (bandwidth: number): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve));
    if (signal?.aborted) throw new AbortedError("the fit of a kernel density was stopped");
    const score = judges.score(bandwidth) - logVolume;
    if (score > best.score) best = { bandwidth, score };
    return score;
  };
  for (const factor of grid) await at(factor * rule);
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(best.bandwidth) - Math.LN2 / 2, Math.log(best.bandwidth) + Math.LN2 / 2];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [scoreA, scoreB] = [await at(Math.exp(a)), await at(Math.exp(b))];
  for (let step = 2; step < refinements; step++) {
    if (scoreA > scoreB) {
      [high, b, scoreB] = [b, a, scoreA];
      a = high - ratio * (high - low);
      scoreA = await at(Math.exp(a));
    } else {
      [low, a, scoreA] = [a, b, scoreB];
      b = low + ratio * (high - low);
      scoreB = await at(Math.exp(b));
    }
  }
  return best;
}
