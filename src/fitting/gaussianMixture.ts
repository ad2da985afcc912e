/**
 * A mixture of Gaussians with full covariances, by expectation-maximization in float64: the yardstick that a
 * flow has to beat. One component is the single full-covariance Gaussian.
 *
 *     p(x) = sum_k w_k N(x; m_k, S_k)
 *     E:  r_ik = w_k N(x_i; m_k, S_k) / p(x_i)
 *     M:  N_k = sum_i r_ik,   w_k = N_k / n,   m_k = sum_i r_ik x_i / N_k,
 *         S_k = clip(sum_i r_ik (x_i - m_k)(x_i - m_k)' / N_k)
 *
 * `clip` raises eigenvalues below a floor to the floor. That is the maximum-likelihood covariance among those
 * whose eigenvalues are at least the floor (the optimum shares the eigenvectors of the sample covariance), so
 * a step cannot lower the likelihood, which adding a multiple of the identity can.
 *
 * The number of components is that of the smallest BIC = -2 log L + parameters * log n.
 *
 * A. Dempster, N. Laird, D. Rubin, "Maximum likelihood from incomplete data via the EM algorithm", JRSS B 39
 * (1977); D. Arthur, S. Vassilvitskii, "k-means++", SODA 2007; G. Schwarz, "Estimating the dimension of a
 * model", Annals of Statistics 6 (1978), https://doi.org/10.1214/aos/1176344136
 *
 * @module
 */

import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import { selectColumns, type Table } from "../data/table.ts";
import { AbortedError, DataError, UsageError } from "../errors.ts";
import { type RandomKey, RandomStream, randomKey, split } from "../random/philox.ts";

/** How a mixture is fitted. */
export interface GaussianMixtureOptions {
  /** Default 0. */
  readonly seed?: number;
  /** k-means++ starts of which the likeliest result is kept. Default 1. */
  readonly starts?: number;
  /** Steps of EM at most. Default 300. */
  readonly iterations?: number;
  /** EM stops when a step raises the mean log-likelihood by less than this many nats a row. Default 1e-5. */
  readonly tolerance?: number;
  /** Floor of a covariance's eigenvalues, in units of each column's variance. Default 1e-6. */
  readonly regularization?: number;
  /** What each row counts, above 0, in any unit: a row of weight 2 counts as two. Default: all the same. */
  readonly weights?: Float64Array | undefined;
  /** Stops the fit with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** How a mixture is fitted and its number of components chosen. */
export interface ChooseGaussianMixtureOptions extends GaussianMixtureOptions {
  /** Numbers of components to try. Default 1 .. 24 in steps that grow. */
  readonly components?: readonly number[];
  /** Numbers in a row without a better BIC after which no more are tried. Default: all are tried. */
  readonly patience?: number;
  /** Called after each number of components, with the mixture of that number. */
  readonly onProgress?: (progress: {
    readonly components: number;
    readonly bic: number;
    readonly mixture: GaussianMixture;
  }) => void;
}

/** One component, in units of the standardized columns. */
interface Component {
  readonly weight: number;
  readonly mean: Float64Array;
  /** Inverse of the Cholesky factor of the covariance: lower triangular, row-major, `d * d`. */
  readonly whiten: Float64Array;
  /** log w - log sqrt(det(2 pi S)). */
  readonly offset: number;
}

/** Numbers of components that are tried unless others are given. */
export const DEFAULT_COMPONENTS: readonly number[] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24];

const LOG_2_PI: number = Math.log(2 * Math.PI);

/** A fitted mixture of Gaussians. */
export class GaussianMixture {
  /** Columns that the density is of, in order. */
  readonly columns: readonly string[];
  /** Weights of the components; they add up to 1. */
  readonly weights: readonly number[];
  /** Means of the components, in the data's units. */
  readonly means: readonly (readonly number[])[];
  /** Mean log-likelihood of the rows that it was fitted to, in nats a row, after each step of EM. */
  readonly history: readonly number[];
  /** Mean log-likelihood of the rows that it was fitted to, in nats a row. */
  readonly trainLogProb: number;
  /** Free parameters: weights, means and covariances. */
  readonly parameterCount: number;
  /** -2 log L + parameters * log n; smaller is better. */
  readonly bic: number;
  readonly #scaling: Scaling;
  readonly #components: readonly Component[];

  /** @internal Use {@link fitGaussianMixture}. */
  constructor(table: Table, scaling: Scaling, components: readonly Component[], history: readonly number[]) {
    const width = table.columns.length;
    this.columns = table.columns;
    this.#scaling = scaling;
    this.#components = components;
    this.weights = components.map((component) => component.weight);
    this.means = components.map(({ mean }) =>
      Array.from(mean, (value, place) => scaling.center[place]! + scaling.scale[place]! * value),
    );
    this.history = history.map((value) => value - scaling.logAbsDet);
    this.trainLogProb = this.history[this.history.length - 1]!;
    this.parameterCount = components.length * (1 + width + (width * (width + 1)) / 2) - 1;
    this.bic = -2 * this.trainLogProb * table.rows + this.parameterCount * Math.log(table.rows);
  }

  /** Cholesky factors of the covariances in the data's units: lower triangular, row-major, `d * d` each. */
  get factors(): readonly Float64Array[] {
    const width = this.columns.length;
    return this.#components.map(({ whiten }) => {
      // The inverse of a lower triangular matrix, column by column.
      const factor = new Float64Array(width * width);
      for (let j = 0; j < width; j++)
        for (let i = j; i < width; i++) {
          let value = i === j ? 1 : 0;
          for (let k = j; k < i; k++) value -= whiten[i * width + k]! * factor[k * width + j]!;
          factor[i * width + j] = value / whiten[i * width + i]!;
        }
      return factor.map((value, at) => value * this.#scaling.scale[Math.floor(at / width)]!);
    });
  }

  /** Number of components. */
  get components(): number {
    return this.#components.length;
  }

  /**
   * The log-density of each row, in nats, in the data's units. Columns are matched by name. NaN where a value
   * is missing.
   *
   * @throws DataError if a column is not there.
   */
  logProb(table: Table): Float64Array {
    const rows = standardize(selectColumns(table, this.columns), this.#scaling);
    const terms = new Float64Array(this.#components.length);
    const white = new Float64Array(this.columns.length);
    const result = new Float64Array(table.rows);
    for (let row = 0; row < table.rows; row++) {
      result[row] = logDensity(rows, row, this.#components, terms, white) - this.#scaling.logAbsDet;
    }
    return result;
  }

  /** Covariances of the components, in the data's units, `columns` squared numbers each. */
  get covariances(): readonly (readonly number[])[] {
    const { scale } = this.#scaling;
    const width = this.columns.length;
    return this.#components.map(({ whiten }) => {
      // The inverse of the inverse Cholesky factor, column by column.
      const lower = new Float64Array(width * width);
      for (let j = 0; j < width; j++)
        for (let i = j; i < width; i++) {
          let value = i === j ? 1 : 0;
          for (let k = j; k < i; k++) value -= whiten[i * width + k]! * lower[k * width + j]!;
          lower[i * width + j] = value / whiten[i * width + i]!;
        }
      return Array.from({ length: width * width }, (_, at) => {
        const i = Math.floor(at / width);
        const j = at % width;
        let sum = 0;
        for (let k = 0; k <= Math.min(i, j); k++) sum += lower[i * width + k]! * lower[j * width + k]!;
        return scale[i]! * scale[j]! * sum;
      });
    });
  }

  /** Draws rows, row-major in the order of `columns`, in the data's units. */
  sample(rows: number, stream: RandomStream): Float64Array {
    const width = this.columns.length;
    const out = new Float64Array(rows * width);
    const draw = new Float64Array(width);
    for (let row = 0; row < rows; row++) {
      let left = stream.uniform();
      const component =
        this.#components.find(({ weight }) => (left -= weight) < 0) ??
        this.#components[this.#components.length - 1]!;
      const { mean, whiten } = component;
      for (let i = 0; i < width; i++) {
        // The inverse Cholesky factor maps the deviation to the noise: solved from the top.
        let value = stream.normal();
        for (let j = 0; j < i; j++) value -= whiten[i * width + j]! * draw[j]!;
        draw[i] = value / whiten[i * width + i]!;
        out[row * width + i] = this.#scaling.center[i]! + this.#scaling.scale[i]! * (mean[i]! + draw[i]!);
      }
    }
    return out;
  }
}

/** One weight a row, of mean 1; undefined where all rows count the same. */
type Weights = Float64Array | undefined;

/** Means and standard deviations of the columns, and the log-determinant of the scaling. */
interface Scaling {
  readonly center: Float64Array;
  readonly scale: Float64Array;
  readonly logAbsDet: number;
}

function measure(table: Table, weights: Weights): Scaling {
  const width = table.columns.length;
  const center = new Float64Array(width);
  const scale = new Float64Array(width);
  let logAbsDet = 0;
  for (let place = 0; place < width; place++) {
    let mean = 0;
    for (let row = 0; row < table.rows; row++)
      mean += ((weights?.[row] ?? 1) * table.values[row * width + place]!) / table.rows;
    let variance = 0;
    for (let row = 0; row < table.rows; row++) {
      variance += ((weights?.[row] ?? 1) * (table.values[row * width + place]! - mean) ** 2) / table.rows;
    }
    if (!Number.isFinite(variance) || variance === 0) {
      const name = table.columns[place]!;
      const what = variance === 0 ? "is constant" : "has missing or infinite values";
      throw new DataError(`column "${name}" ${what}; a Gaussian mixture cannot be fitted to it`, {
        column: name,
      });
    }
    center[place] = mean;
    scale[place] = Math.sqrt(variance);
    logAbsDet += Math.log(scale[place]!);
  }
  return { center, scale, logAbsDet };
}

function standardize(table: Table, { center, scale }: Scaling): Float64Array {
  const width = table.columns.length;
  return table.values.map((value, at) => (value - center[at % width]!) / scale[at % width]!);
}

/** log p of one row; leaves log(w_k N_k) of each component in `terms`. O(K d^2). */
function logDensity(
  rows: Float64Array,
  row: number,
  components: readonly Component[],
  terms: Float64Array,
  deviation: Float64Array,
): number {
  const width = deviation.length;
  const start = row * width;
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < components.length; k++) {
    const { mean, whiten, offset } = components[k]!;
    for (let i = 0; i < width; i++) deviation[i] = rows[start + i]! - mean[i]!;
    let squares = 0;
    for (let i = 0, line = 0; i < width; i++, line += width) {
      let white = 0;
      for (let j = 0; j <= i; j++) white += whiten[line + j]! * deviation[j]!;
      squares += white * white;
    }
    const term = offset - 0.5 * squares;
    terms[k] = term;
    if (term > largest) largest = term;
  }
  // All terms minus infinity: so far out that even the logarithm overflows.
  if (largest === Number.NEGATIVE_INFINITY) return terms.some(Number.isNaN) ? Number.NaN : largest;
  let sum = 0;
  for (let k = 0; k < components.length; k++) sum += Math.exp(terms[k]! - largest);
  return largest + Math.log(sum);
}

/** Sums over rows of responsibilities times 1, deviations from `about`, and products of deviations. */
class Moments {
  readonly about: Float64Array;
  mass = 0;
  readonly #first: Float64Array;
  readonly #second: Float64Array;

  constructor(about: Float64Array) {
    this.about = about;
    this.#first = new Float64Array(about.length);
    this.#second = new Float64Array(about.length ** 2);
  }

  add(rows: Float64Array, start: number, share: number): void {
    const width = this.about.length;
    this.mass += share;
    for (let i = 0; i < width; i++) {
      const weighted = share * (rows[start + i]! - this.about[i]!);
      this.#first[i]! += weighted;
      for (let j = 0; j <= i; j++) {
        this.#second[i * width + j]! += weighted * (rows[start + j]! - this.about[j]!);
      }
    }
  }

  /** The component of these moments; undefined if it has no mass left. */
  component(rows: number, floor: number): Component | undefined {
    // Less than a thousandth of a row: nothing determines its covariance.
    if (!(this.mass > 1e-3)) return undefined;
    const width = this.about.length;
    const shift = this.#first.map((value) => value / this.mass);
    const covariance = new Matrix(width, width);
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) {
        const value = this.#second[i * width + j]! / this.mass - shift[i]! * shift[j]!;
        covariance.set(i, j, value);
        covariance.set(j, i, value);
      }
    }
    const { whiten, logDeterminant } = whitening(clip(covariance, floor));
    const weight = this.mass / rows;
    return {
      weight,
      mean: shift.map((value, i) => value + this.about[i]!),
      whiten,
      offset: Math.log(weight) - 0.5 * (width * LOG_2_PI + logDeterminant),
    };
  }
}

/** The symmetric matrix with eigenvalues below `floor` raised to it. */
function clip(covariance: Matrix, floor: number): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  if (realEigenvalues.every((value) => value >= floor)) return covariance;
  const raised = Matrix.diag(realEigenvalues.map((value) => Math.max(value, floor)));
  const clipped = eigenvectorMatrix.mmul(raised).mmul(eigenvectorMatrix.transpose());
  // The products round differently above and below the diagonal.
  return clipped.add(clipped.transpose()).mul(0.5);
}

/** The inverse of the Cholesky factor L of a positive definite matrix, and log det. */
function whitening(covariance: Matrix): { whiten: Float64Array; logDeterminant: number } {
  const lower = new CholeskyDecomposition(covariance).lowerTriangularMatrix;
  const width = lower.rows;
  const whiten = new Float64Array(width * width);
  let logDeterminant = 0;
  for (let i = 0; i < width; i++) {
    const pivot = lower.get(i, i);
    logDeterminant += 2 * Math.log(pivot);
    for (let j = 0; j <= i; j++) {
      let value = i === j ? 1 : 0;
      for (let k = j; k < i; k++) value -= lower.get(i, k) * whiten[k * width + j]!;
      whiten[i * width + j] = value / pivot;
    }
  }
  return { whiten, logDeterminant };
}

function squaredDistance(rows: Float64Array, row: number, center: Float64Array): number {
  let sum = 0;
  for (let i = 0, at = row * center.length; i < center.length; i++, at++)
    sum += (rows[at]! - center[i]!) ** 2;
  return sum;
}

/**
 * Centres by k-means++: each next one is a row drawn in proportion to its weight times its squared distance to those
 * before.
 */
function spreadCenters(
  rows: Float64Array,
  width: number,
  count: number,
  stream: RandomStream,
  weights: Weights,
) {
  const total = rows.length / width;
  const rowAt = (row: number): Float64Array => rows.slice(row * width, (row + 1) * width);
  const centers = [rowAt(weights ? drawnRow(weights, total, stream) : stream.integerBelow(total))];
  const nearest = new Float64Array(total).fill(Number.POSITIVE_INFINITY);
  while (centers.length < count) {
    const last = centers[centers.length - 1]!;
    let sum = 0;
    for (let row = 0; row < total; row++) {
      nearest[row] = Math.min(nearest[row]!, (weights?.[row] ?? 1) * squaredDistance(rows, row, last));
      sum += nearest[row]!;
    }
    centers.push(rowAt(drawnRow(nearest, sum, stream)));
  }
  return centers;
}

/** A row drawn in proportion to its share of a sum. */
function drawnRow(shares: Float64Array, sum: number, stream: RandomStream): number {
  let left = stream.uniform() * sum;
  let chosen = 0;
  while (chosen < shares.length - 1 && (left -= shares[chosen]!) > 0) chosen++;
  return chosen;
}

/** Steps of Lloyd's algorithm before EM; EM does the rest. */
const LLOYD_STEPS = 10;

/** Moments of the clusters that k-means finds. */
function clusters(
  rows: Float64Array,
  width: number,
  count: number,
  stream: RandomStream,
  weights: Weights,
): Moments[] {
  const total = rows.length / width;
  let centers = spreadCenters(rows, width, count, stream, weights);
  for (let step = 0; ; step++) {
    const moments = centers.map((center) => new Moments(center));
    const sums = centers.map(() => new Float64Array(width));
    const last = step === LLOYD_STEPS;
    for (let row = 0; row < total; row++) {
      let best = 0;
      let bestDistance = Number.POSITIVE_INFINITY;
      for (let k = 0; k < centers.length; k++) {
        const distance = squaredDistance(rows, row, centers[k]!);
        if (distance < bestDistance) {
          best = k;
          bestDistance = distance;
        }
      }
      const weight = weights?.[row] ?? 1;
      if (last) moments[best]!.add(rows, row * width, weight);
      else {
        moments[best]!.mass += weight;
        for (let i = 0; i < width; i++) sums[best]![i]! += weight * rows[row * width + i]!;
      }
    }
    if (last) return moments;
    centers = sums.map((sum, k) =>
      moments[k]!.mass > 0 ? sum.map((value) => value / moments[k]!.mass) : centers[k]!,
    );
  }
}

/** A responsibility below this adds nothing that float64 sums would keep. */
const NEGLIGIBLE = 1e-14;

/** Steps of EM between two turns of the event loop, so that an abort is heard. */
const STEPS_A_TURN = 8;

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  if (signal?.aborted) throw new AbortedError("the fit of a Gaussian mixture was stopped");
}

function collect(moments: readonly Moments[], rows: number, floor: number): Component[] {
  const found = moments.map((each) => each.component(rows, floor)).filter((each) => each !== undefined);
  // A component that died leaves its weight to the others.
  const sum = found.reduce((total, { weight }) => total + weight, 0);
  if (Math.abs(sum - 1) < 1e-12) return found;
  return found.map((each) => ({ ...each, weight: each.weight / sum, offset: each.offset - Math.log(sum) }));
}

/** EM from one start: the components of the last step and the mean log-likelihood after each. */
async function climb(rows: Float64Array, width: number, count: number, key: RandomKey, o: Settings) {
  const total = rows.length / width;
  const { weights } = o;
  const start = clusters(rows, width, count, new RandomStream(key), weights);
  let components = collect(start, total, o.regularization);
  const history: number[] = [];
  const deviation = new Float64Array(width);
  for (let step = 0; ; step++) {
    if (step % STEPS_A_TURN === 0) await turn(o.signal);
    const terms = new Float64Array(components.length);
    const moments = components.map((component) => new Moments(component.mean));
    let sum = 0;
    for (let row = 0; row < total; row++) {
      const logProb = logDensity(rows, row, components, terms, deviation);
      const weight = weights?.[row] ?? 1;
      sum += weight * logProb;
      for (let k = 0; k < components.length; k++) {
        const share = Math.exp(terms[k]! - logProb);
        if (share > NEGLIGIBLE) moments[k]!.add(rows, row * width, weight * share);
      }
    }
    const mean = sum / total;
    const gain = mean - (history[history.length - 1] ?? Number.NEGATIVE_INFINITY);
    history.push(mean);
    if (step >= o.iterations || gain < o.tolerance) return { components, history };
    components = collect(moments, total, o.regularization);
  }
}

/** The options with their defaults. */
interface Settings {
  readonly seed: number;
  readonly starts: number;
  readonly iterations: number;
  readonly tolerance: number;
  readonly regularization: number;
  readonly weights: Weights;
  readonly signal: AbortSignal | undefined;
}

function settings(options: GaussianMixtureOptions, rows: number): Settings {
  const { seed = 0, starts = 1, iterations = 300, tolerance = 1e-5, regularization = 1e-6, signal } = options;
  const given = options.weights;
  if (given && (given.length !== rows || !given.every((weight) => weight > 0 && weight < Infinity)))
    throw new UsageError(`weights must be ${rows} finite numbers above 0, one a row.`);
  const total = given?.reduce((sum, weight) => sum + weight, 0) ?? rows;
  const weights = given?.map((weight) => (weight * rows) / total);
  return { seed, starts, iterations, tolerance, regularization, weights, signal };
}

/**
 * Fits a mixture with a given number of components. One component is the full-covariance Gaussian by maximum
 * likelihood. A step of EM costs O(n K d^2).
 *
 * @param table columns of finite numbers, none constant.
 * @throws UsageError if `components` is no whole number from 1 to the number of rows.
 * @throws DataError if a column is constant or has missing or infinite values.
 * @throws AbortedError if `signal` aborts.
 * @example const { trainLogProb } = await fitGaussianMixture(table, 3, { seed: 1 });
 */
export async function fitGaussianMixture(
  table: Table,
  components: number,
  options: GaussianMixtureOptions = {},
): Promise<GaussianMixture> {
  if (!Number.isInteger(components) || components < 1 || components > table.rows) {
    throw new UsageError(
      `components must be a whole number from 1 to the number of rows (${table.rows}), got ${components}`,
    );
  }
  const chosen = settings(options, table.rows);
  const scaling = measure(table, chosen.weights);
  const rows = standardize(table, scaling);
  const key = split(randomKey(chosen.seed), "gaussian mixture");
  let best: GaussianMixture | undefined;
  for (let start = 0; start < (components === 1 ? 1 : chosen.starts); start++) {
    const found = await climb(
      rows,
      table.columns.length,
      components,
      split(split(key, components), start),
      chosen,
    );
    const mixture = new GaussianMixture(table, scaling, found.components, found.history);
    if (!best || mixture.trainLogProb > best.trainLogProb) best = mixture;
  }
  return best!;
}

/**
 * Fits mixtures with several numbers of components and keeps the one of the smallest BIC. Numbers above a
 * tenth of the rows are not tried.
 *
 * @throws as {@link fitGaussianMixture}.
 * @example const mixture = await chooseGaussianMixture(table, { seed: 1 });
 */
export async function chooseGaussianMixture(
  table: Table,
  options: ChooseGaussianMixtureOptions = {},
): Promise<GaussianMixture> {
  const tried = options.components ?? DEFAULT_COMPONENTS;
  const { patience = Infinity } = options;
  let best: GaussianMixture | undefined;
  let worse = 0;
  for (const components of tried) {
    if (best && components > table.rows / 10) continue;
    if (worse >= patience) break;
    const mixture = await fitGaussianMixture(table, components, options);
    options.onProgress?.({ components, bic: mixture.bic, mixture });
    if (!best || mixture.bic < best.bic) {
      best = mixture;
      worse = 0;
    } else worse++;
  }
  if (!best) throw new UsageError("components must name at least one number to try, got none");
  return best;
}
