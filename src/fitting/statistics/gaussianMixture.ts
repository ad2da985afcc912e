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
 * (1977); G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6 (1978),
 * https://doi.org/10.1214/aos/1176344136
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { NormalComponent } from "../../numerics/normalDistributions.ts";
import {
  callback,
  checkedOptions,
  count,
  float64s,
  integer,
  notNegative,
  numbers,
  type OptionTable,
  signal,
} from "../../options.ts";
import { inPieces, type Pieces } from "../../platform/pieces.ts";
import { type RandomKey, RandomStream, randomKey, split } from "../../random/philox.ts";
import { checkTable, type Table } from "../../tables/table.ts";
import { clusters } from "./kMeans.ts";
import { GaussianMixture, measure, type Scaling, standardize, type Weights } from "./mixtureDensity.ts";
import { expectation, featureCount, type Moments, maximization } from "./mixtureSteps.ts";
import { productsFor } from "./simdProducts.ts";
import type { ProductsOf } from "./tileProducts.ts";

/** How a mixture is fitted. */
export interface GaussianMixtureOptions {
  /** Default 0. */
  readonly seed?: number | undefined;
  /** k-means++ starts of which the likeliest result is kept. Default 1. */
  readonly starts?: number | undefined;
  /** Steps of EM at most. Default 300. */
  readonly iterations?: number | undefined;
  /** EM stops when a step raises the mean log-likelihood by less than this many nats per row. Default 1e-5. */
  readonly tolerance?: number | undefined;
  /** Floor of a covariance's eigenvalues, in units of each column's variance. Default 1e-6. */
  readonly regularization?: number | undefined;
  /** What each row counts, above 0, in any unit: a row of weight 2 counts as two. Default: all the same. */
  readonly weights?: Float64Array | undefined;
  /** Stops the fit with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** How a mixture is fitted and its number of components chosen. */
export interface ChooseGaussianMixtureOptions extends GaussianMixtureOptions {
  /** Numbers of components to try. Default 1 .. 24 in steps that grow. */
  readonly components?: readonly number[] | undefined;
  /** Numbers in a row without a better BIC after which no more are tried. Default: all are tried. */
  readonly patience?: number | undefined;
  /** Called after each number of components, with the mixture of that number, and again for those gone on with. */
  readonly onProgress?: (progress: {
    readonly components: number;
    readonly bic: number;
    readonly mixture: GaussianMixture;
  }) => void;
}

const gaussianMixtureOptionTable: OptionTable<GaussianMixtureOptions> = {
  seed: integer,
  starts: count,
  iterations: count,
  tolerance: notNegative,
  regularization: notNegative,
  weights: float64s,
  signal,
};
const chooseOptionTable: OptionTable<ChooseGaussianMixtureOptions> = {
  ...gaussianMixtureOptionTable,
  components: numbers,
  patience: count,
  onProgress: callback,
};

/** Numbers of components that are tried unless others are given. */
export const defaultComponents: readonly number[] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24];

/** Standardized rows, and the products of their features. */
interface StandardRows {
  readonly rows: Float64Array;
  readonly width: number;
  readonly productsOf: ProductsOf;
}

/** Sets of clusters of which one is climbed from. */
const openings = 3;

/** EM from one start, which can be gone on with: components, and the mean log-likelihood after each step. */
class Climb {
  components: NormalComponent[] = [];
  readonly history: number[] = [];
  readonly #rows: Float64Array;
  readonly #width: number;
  readonly #settings: Settings;
  /** What the step after the last one counted makes of the components. */
  #next: Moments | undefined;

  readonly #productsOf: ProductsOf;

  constructor({ rows, width, productsOf }: StandardRows, chosen: Settings) {
    this.#rows = rows;
    this.#width = width;
    this.#productsOf = productsOf;
    this.#settings = chosen;
  }

  /** Finds where to start. */
  *begin(count: number, key: RandomKey): Pieces<void> {
    const { weights } = this.#settings;
    // k-means misses a cluster now and then: of several sets of clusters the likeliest is climbed from.
    for (let opening = 0; opening < (count === 1 ? 1 : openings); opening++) {
      const stream = new RandomStream(split(key, opening));
      const components = this.#components(yield* clusters(this.#rows, this.#width, count, stream, weights));
      const { mean, moments } = yield* this.#expectation(components);
      if (this.#next && mean <= this.height) continue;
      this.components = components;
      this.history[0] = mean;
      this.#next = moments;
    }
  }

  /** Mean log-likelihood of the rows. */
  get height(): number {
    return this.history[this.history.length - 1]!;
  }

  /** Goes on until a step gains less than `tolerance`, or the steps are used up. */
  *climb(tolerance: number): Pieces<void> {
    for (;;) {
      const gain = this.height - (this.history[this.history.length - 2] ?? Number.NEGATIVE_INFINITY);
      if (this.history.length > this.#settings.iterations || gain < tolerance) return;
      yield;
      this.components = this.#components(this.#next!);
      const { mean, moments } = yield* this.#expectation(this.components);
      this.history.push(mean);
      this.#next = moments;
    }
  }

  #expectation(components: readonly NormalComponent[]): ReturnType<typeof expectation> {
    return expectation(this.#rows, this.#width, components, this.#settings.weights, this.#productsOf);
  }

  #components(moments: Moments): NormalComponent[] {
    return maximization(moments, this.#width, this.#rows.length / this.#width, this.#settings.regularization);
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
    throw new UsageError({
      where: "fitGaussianMixture",
      subject: "weights",
      expected: `${rows} finite numbers above 0, one per row`,
      received: "others",
    });
  const total = given?.reduce((sum, weight) => sum + weight, 0) ?? rows;
  const weights = given?.map((weight) => (weight * rows) / total);
  return { seed, starts, iterations, tolerance, regularization, weights, signal };
}

/**
 * Fits a mixture with a given number of components. One component is the full-covariance Gaussian by maximum
 * likelihood. A step of EM costs O(n K d^2).
 *
 * @param table columns of finite numbers, none constant.
 * @throws UsageError if `components` is not a whole number from 1 to the number of rows.
 * @throws DataError if a column is constant or has missing or infinite values.
 * @throws AbortedError if `signal` aborts.
 * @example const { trainLogProb } = await fitGaussianMixture(table, 3, { seed: 1 });
 */
export async function fitGaussianMixture(
  table: Table,
  components: number,
  given: GaussianMixtureOptions = {},
): Promise<GaussianMixture> {
  const options = checkedOptions("fitGaussianMixture", given, gaussianMixtureOptionTable);
  checkTable("fitGaussianMixture", table);
  if (!Number.isInteger(components) || components < 1 || components > table.rows) {
    throw new UsageError({
      where: "fitGaussianMixture",
      subject: "components",
      expected: `a positive integer of at most ${table.rows}, the number of rows`,
      received: `${components}`,
    });
  }
  const search = await Search.of(table, options);
  return search.mixture(await search.likeliest(components, search.settings.tolerance));
}

/** A table in the units of its standardized columns, and climbs on it. */
class Search {
  readonly settings: Settings;
  readonly #table: Table;
  readonly #scaling: Scaling;
  readonly #rows: StandardRows;

  constructor(table: Table, chosen: Settings, scaling: Scaling, rows: StandardRows) {
    this.settings = chosen;
    this.#table = table;
    this.#scaling = scaling;
    this.#rows = rows;
  }

  static async of(table: Table, options: GaussianMixtureOptions): Promise<Search> {
    const chosen = settings(options, table.rows);
    const scaling = measure(table, chosen.weights);
    const width = table.columns.length;
    const productsOf = await productsFor(featureCount(width));
    return new Search(table, chosen, scaling, { rows: standardize(table, scaling), width, productsOf });
  }

  /** The likeliest climb of all starts. */
  async likeliest(components: number, tolerance: number): Promise<Climb> {
    const key = split(split(randomKey(this.settings.seed), "gaussian mixture"), components);
    let best: Climb | undefined;
    for (let start = 0; start < (components === 1 ? 1 : this.settings.starts); start++) {
      const climb = new Climb(this.#rows, this.settings);
      await this.work(climb.begin(components, split(key, start)));
      await this.work(climb.climb(tolerance));
      if (!best || climb.height > best.height) best = climb;
    }
    return best!;
  }

  /** Does work, which the signal ends. */
  work(pieces: Pieces<void>): Promise<void> {
    return inPieces(pieces, this.settings.signal, "The fit of a Gaussian mixture");
  }

  mixture({ components, history }: Climb): GaussianMixture {
    return new GaussianMixture(this.#table, this.#scaling, components, history);
  }
}

/** Numbers of components that are gone on with. */
export const finalists = 3;

/**
 * Gain of a step, in nats per row, below which numbers of components are compared for a first time: 0.001, or less where a
 * component more costs BIC little, as with few columns and many rows. The finalists go on to a tenth of it.
 */
function roughTolerance(width: number, rows: number): number {
  const penalty = ((1 + width + (width * (width + 1)) / 2) * Math.log(rows)) / (2 * rows);
  return Math.min(1e-3, penalty / 40);
}

/** A number of components, and how far it has come. */
interface Entry {
  readonly climb: Climb;
  readonly components: number;
  readonly mixture: GaussianMixture;
}

/**
 * Fits mixtures with several numbers of components and keeps the one of the smallest BIC. Numbers above a
 * tenth of the rows are not tried.
 *
 * All of them climb until a step gains less than a fortieth of what a component more costs BIC, and less than 0.001 nats a
 * row; the three that are best then to a tenth of that, and the best of these to `tolerance`.
 *
 * @throws as {@link fitGaussianMixture}.
 * @example const mixture = await chooseGaussianMixture(table, { seed: 1 });
 */
export async function chooseGaussianMixture(
  table: Table,
  given: ChooseGaussianMixtureOptions = {},
): Promise<GaussianMixture> {
  const options = checkedOptions("chooseGaussianMixture", given, chooseOptionTable);
  checkTable("chooseGaussianMixture", table);
  const tried = options.components ?? defaultComponents;
  const { patience = Infinity } = options;
  const search = await Search.of(table, options);
  const { tolerance } = search.settings;
  const rough = roughTolerance(table.columns.length, table.rows);
  let leading: Entry[] = [];
  let worse = 0;
  for (const components of tried) {
    if (leading.length > 0 && components > table.rows / 10) continue;
    if (worse >= patience) break;
    const climb = await search.likeliest(components, Math.max(tolerance, rough));
    const mixture = search.mixture(climb);
    options.onProgress?.({ components, bic: mixture.bic, mixture });
    const entry = { climb, components, mixture };
    leading = [...leading, entry].sort((a, b) => a.mixture.bic - b.mixture.bic).slice(0, finalists);
    worse = leading[0] === entry ? 0 : worse + 1;
  }
  let best: Entry | undefined;
  const goOn = async ({ climb, components }: Entry, to: number): Promise<Entry> => {
    await search.work(climb.climb(Math.max(tolerance, to)));
    const mixture = search.mixture(climb);
    options.onProgress?.({ components, bic: mixture.bic, mixture });
    return { climb, components, mixture };
  };
  for (const entry of leading) {
    const further = await goOn(entry, rough / 10);
    if (!best || further.mixture.bic < best.mixture.bic) best = further;
  }
  if (!best)
    throw new UsageError({
      where: "chooseGaussianMixture",
      subject: "components",
      expected: "at least one number to try",
      received: "none",
    });
  return (await goOn(best, tolerance)).mixture;
}
