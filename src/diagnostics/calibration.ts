/**
 * Simulation-based calibration: whether a conditional flow is the posterior that it was trained to be.
 *
 * For (theta*, x) drawn from the joint law, and theta_1, ..., theta_L from the posterior given x, all L + 1 thetas are
 * exchangeable: the rank of theta*, the number of theta_l below it, is uniform on 0, ..., L, for every coordinate and for
 * every other scalar of (theta, x). Ranks heaped at both ends mean a posterior that is too narrow, in the middle one
 * that is too wide, at one end a bias.
 *
 * S. Talts, M. Betancourt, D. Simpson, A. Vehtari, A. Gelman, "Validating Bayesian Inference Algorithms with Simulation-Based
 * Calibration" (2018), theorem 1 and algorithm 1, https://arxiv.org/abs/1804.06788. That the log-density should be among the
 * ranked scalars: M. Modrák and others, "Simulation-Based Calibration Checking for Bayesian Computation" (2023),
 * https://arxiv.org/abs/2211.02383
 *
 * @module
 */

import { DataError, UsageError } from "../errors.ts";
import type { EvaluationOptions, SampleOptions } from "../models/flowOptions.ts";
import {
  anObject,
  anyNumber,
  callback,
  checkArgument,
  checkCount,
  checkedOptions,
  engineOptions,
  flag,
  integer,
  names as namesOfColumns,
  type OptionTable,
  signal,
} from "../options.ts";
import { RandomStream, randomKey, split } from "../random/philox.ts";
import { checkTable, column, selectColumns, type Table } from "../tables/table.ts";
import { bandTest, type ChiSquareTest, chiSquareTest } from "./uniformity.ts";

/** What draws rows given others: a `Flow`, or a sampler of your own. */
export interface ConditionalSampler {
  /** Columns that are drawn, in order. */
  readonly columns: readonly string[];
  /** Columns that they depend on. */
  readonly given: readonly string[];
  /** Draws n rows that have these columns by name; `options.given` holds n values of each given column. */
  sample(n: number, options: SampleOptions): Promise<Table>;
  /** Log-density of each row of a table, up to a term that depends on the given columns alone. */
  logProb?(rows: Table, options: EvaluationOptions): Promise<Float64Array>;
}

/** Options of {@link calibrationRanks}. */
export interface CalibrationOptions extends EvaluationOptions {
  /** Draws for each row (default 199: ranks have 200 values, which 20 bins and 95 % divide). */
  readonly draws?: number | undefined;
  /** Seed of the draws (default 0). */
  readonly seed?: number | undefined;
  /** Whether to rank log-densities too (default: if the sampler has them). */
  readonly density?: boolean | undefined;
}

const calibrationOptionTable: OptionTable<CalibrationOptions> = {
  ...engineOptions,
  signal,
  draws: anyNumber,
  seed: integer,
  density: flag,
};

/** How often regions that should hold a known share of the probability hold the true value. */
export interface Coverage {
  /** Probability of the regions. */
  readonly level: number;
  /** Share of the rows whose true value is inside. */
  readonly share: number;
  /** Standard error of the share if it is as it should be: sqrt(level (1 - level) / rows). */
  readonly standardError: number;
}

/** Ranks of one scalar. */
export interface RankedQuantity {
  /** Name of the column, or `density`: the log-density of the row. */
  readonly name: string;
  /** For each row the number of its draws below the true value; equal ones are broken at random. */
  readonly ranks: Uint32Array;
  /** Chi-square test that the ranks are uniform. */
  readonly chiSquare: ChiSquareTest;
  /** P-value of the test by the band of the distribution function; see {@link bandTest}. */
  readonly bandPValue: number;
  /** For columns that of central intervals; for `density` that of the regions of highest density, of all columns jointly. */
  readonly coverage: readonly Coverage[];
}

/** What {@link calibrationRanks} found. */
export interface Calibration {
  /** Draws for each row; ranks are in 0, ..., draws. */
  readonly draws: number;
  /** Rows ranked. */
  readonly rows: number;
  /** One for each column, in order; then `density`, if it was ranked. */
  readonly quantities: readonly RankedQuantity[];
}

const levels = [0.5, 0.8, 0.9, 0.95];
/** Numbers that are drawn at a time. */
const mostDrawn = 2 ** 22;
const densityName = "density";

/**
 * Ranks true values among draws given the same row's other columns (simulation-based calibration; see the file's head).
 *
 * The rows are new simulations: parameters from the prior, data from the simulator; or held-out rows of any table, for
 * any conditional flow. They must be others than those that it was fitted to. Cost: `draws` samples per row, all in few
 * calls of the engine, and with `density` as many scores.
 *
 * @param sampler - A flow, or anything that draws its columns given others.
 * @param table - Has all columns of the sampler, by name; at least 10 rows. Each row is ranked.
 * @throws UsageError if `draws` is not a positive integer or rows are too few, DataError for a missing column or value,
 *   AbortedError if the signal fires.
 * @example
 * const { flow } = await fit(simulations, { columns: ["rate"], given: ["count"] });
 * const { quantities } = await calibrationRanks(flow, newSimulations);
 * quantities[0].chiSquare.pValue; // small if the posterior is wrong
 */
export async function calibrationRanks(
  sampler: ConditionalSampler,
  table: Table,
  options: CalibrationOptions = {},
): Promise<Calibration> {
  checkArgument("calibrationRanks", "sampler", sampler, anObject, "a flow is one");
  checkArgument("calibrationRanks", "the sampler's sample", sampler.sample, callback);
  for (const name of ["columns", "given"] as const)
    checkArgument("calibrationRanks", `the sampler's ${name}`, sampler[name], namesOfColumns);
  checkTable("calibrationRanks", table);
  checkedOptions("calibrationRanks", options, calibrationOptionTable);
  const { draws = 199, seed = 0, density = sampler.logProb !== undefined } = options;
  checkCount("calibrationRanks", "draws", draws);
  if (table.rows < 10)
    throw new UsageError({
      where: "calibrationRanks",
      subject: "table",
      expected: "of at least 10 rows",
      received: `${table.rows}`,
    });
  if (density && !sampler.logProb)
    throw new UsageError({
      where: "calibrationRanks",
      problem: "the sampler has no log-density to rank by",
      expected: "a sampler with logProb",
      received: "one without",
      remedy: 'leave "logProb" out of the quantities',
    });
  const { columns, given } = sampler;
  const evaluation: EvaluationOptions = {
    engine: options.engine,
    precision: options.precision,
    threads: options.threads,
    wide: options.wide,
    signal: options.signal,
  };
  const all = selectColumns(table, [...given, ...columns]);
  const names = density ? [...columns, densityName] : [...columns];
  const ranks = names.map(() => new Uint32Array(table.rows));
  const ties = new RandomStream(split(randomKey(seed), "ties"));
  const width = given.length + columns.length;
  const rowsAtOnce = Math.max(1, Math.floor(mostDrawn / (draws * width)));
  const truths = await quantitiesOf(sampler, all, density, evaluation);
  for (let start = 0; start < table.rows; start += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, table.rows - start);
    const conditions = given.map((name) => {
      const values = column(all, name);
      return [
        name,
        Float64Array.from({ length: rows * draws }, (_, i) => values[start + Math.floor(i / draws)]!),
      ];
    });
    const drawn = await sampler.sample(rows * draws, {
      ...evaluation,
      // Blocks have draws of their own.
      seed: seed + start,
      given: Object.fromEntries(conditions),
    });
    const quantities = await quantitiesOf(sampler, drawn, density, evaluation);
    quantities.forEach((values, q) => {
      for (let row = 0; row < rows; row++) {
        const among = values.subarray(row * draws, (row + 1) * draws);
        ranks[q]![start + row] = rankAmong(truths[q]![start + row]!, among, ties);
      }
    });
  }
  return {
    draws,
    rows: table.rows,
    quantities: names.map((name, q) => {
      const quantityRanks = ranks[q]!;
      return {
        name,
        ranks: quantityRanks,
        chiSquare: chiSquareTest(quantityRanks, draws),
        bandPValue: bandTest(quantityRanks, draws),
        coverage: levels.map((level) => coverageOf(quantityRanks, draws, level, q < columns.length)),
      };
    }),
  };
}

/** The scalars that are ranked, a column each. */
async function quantitiesOf(
  sampler: ConditionalSampler,
  table: Table,
  density: boolean,
  options: EvaluationOptions,
): Promise<Float64Array[]> {
  const columnValues = sampler.columns.map((name) => {
    const values = column(table, name);
    const row = values.findIndex(Number.isNaN);
    if (row >= 0)
      throw new DataError(
        {
          where: `column "${name}" (row ${row + 1})`,
          problem: "a missing value has no rank",
          expected: "a number",
          received: "a missing value",
          remedy: "leave the row out",
        },
        {
          column: name,
          row: row + 1,
        },
      );
    return values;
  });
  if (density) columnValues.push(await sampler.logProb!(table, options));
  return columnValues;
}

/** The number of values below the true one, of which equal ones count by chance. */
function rankAmong(truth: number, values: Float64Array, ties: RandomStream): number {
  let below = 0;
  let equal = 0;
  for (const value of values) {
    if (value < truth) below++;
    else if (value === truth) equal++;
  }
  return equal > 0 ? below + ties.integerBelow(equal + 1) : below;
}

/**
 * How often a region of probability `level` holds the true value: the middle ranks for a column; the upper ones for the
 * density, whose regions leave out the lowest. A rank that only part of the region's probability falls on counts by that part.
 */
function coverageOf(ranks: Uint32Array, draws: number, level: number, isCentral: boolean): Coverage {
  const out = (1 - level) * (draws + 1);
  const [from, to] = isCentral ? [out / 2, draws + 1 - out / 2] : [out, draws + 1];
  let inside = 0;
  for (const rank of ranks) inside += Math.max(0, Math.min(rank + 1, to) - Math.max(rank, from));
  return {
    level,
    share: inside / ranks.length,
    standardError: Math.sqrt((level * (1 - level)) / ranks.length),
  };
}
