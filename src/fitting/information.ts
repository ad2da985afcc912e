/**
 * Entropy, negentropy, total correlation and mutual information of a table's columns, from densities of Gaussianization
 * flows.
 *
 *     H(x)  = -E log p(x)                                    entropy, of a density: may be negative
 *     J(x)  = H(normal of the same covariance) - H(x)        negentropy
 *     T(x)  = sum_i H(x_i) - H(x)                            total correlation
 *     I     = sum_g H(x_g) - H(x)                            mutual information between groups of columns
 *
 * Each expectation is a mean over rows of log-densities that never saw the row: rows are dealt into folds, and a flow
 * fitted to the other folds scores each. So the mean is that of independent terms given the flow, its standard error
 * is the deviation of the terms over the root of the rows (paired: that of the differences, for J, T and I), and the
 * bias has a known sign: H is too large by the divergence of the fitted from the true density, which falls as rows
 * grow. J is too small by as much; T and I by the divergence of the joint density less those of the parts, so that
 * they tend to be too small, and of independent columns may come out below 0. The standard error does not cover it.
 *
 * V. Laparra, J. E. Johnson, G. Camps-Valls, R. Santos-Rodriguez, J. Malo, "Information theory measures via
 * multidimensional Gaussianization", 2020, https://arxiv.org/abs/2010.03807
 *
 * @module
 */

import { CholeskyDecomposition, Matrix } from "ml-matrix";
import type { Table } from "../data/table.ts";
import { UsageError } from "../errors.ts";
import { type RandomKey, randomKey, split } from "../random/philox.ts";
import { type FitRows, fitData } from "./fitData.ts";
import { checkFitOptions } from "./fitOptions.ts";
import { chooseLayers } from "./gaussianizationChoice.ts";
import { logDensities, movingRows, passLayer } from "./gaussianizationLayers.ts";
import { fitStandardization } from "./preparation.ts";
import { covarianceOf } from "./rotations.ts";
import type { StandardizedRows, StatisticalFitOptions } from "./statisticalFit.ts";

/** Options of {@link information}. */
export interface InformationOptions
  extends Pick<
    StatisticalFitOptions,
    "columns" | "weights" | "missing" | "dequantize" | "seed" | "signal" | "onWarning"
  > {
  /**
   * Groups of columns whose mutual information is wanted, disjoint, at least two; without `columns` they are all that
   * is looked at.
   */
  readonly between?: readonly (readonly string[])[] | undefined;
  /** Parts that the rows are dealt into, from 2 (default 5, from 20,000 rows on 2). Time grows with it. */
  readonly folds?: number | undefined;
  /** Called after each flow. */
  readonly onProgress?: ((progress: { readonly done: number; readonly of: number }) => void) | undefined;
}

/** A number in nats, and the standard error of the mean that it is; the bias is not part of it. */
export interface Estimate {
  /** Mean over the rows. */
  readonly value: number;
  /** Standard error of that mean. */
  readonly standardError: number;
}

/** What {@link information} gives, in nats. */
export interface InformationResult {
  /** Columns looked at, in order. */
  readonly columns: readonly string[];
  /** Rows used. */
  readonly rows: number;
  /** Rows left out for missing values. */
  readonly dropped: number;
  /** Of all columns together, in the data's units. */
  readonly entropy: Estimate;
  /** Against a normal distribution of the same covariance; does not depend on units. */
  readonly negentropy: Estimate;
  /** Of all columns; 0 exactly for one. */
  readonly totalCorrelation: Estimate;
  /** Entropy of each column alone, in its own units. */
  readonly marginalEntropies: Readonly<Record<string, Estimate>>;
  /** Between the groups that were named. */
  readonly mutualInformation: Estimate | undefined;
  /** Those groups. */
  readonly between: readonly (readonly string[])[] | undefined;
}

/**
 * Estimates the information that a table's columns hold, alone and of each other. One flow a fold for all columns, one
 * a column, one a group: some seconds for 10,000 rows of 5 columns.
 *
 * @throws {@link UsageError} for groups that overlap or name no column, DataError for data that cannot be used,
 *   AbortedError if the signal fires.
 * @example const { mutualInformation } = await information(table, { between: [["age"], ["income", "rent"]] });
 */
export async function information(
  table: Table,
  options: InformationOptions = {},
): Promise<InformationResult> {
  const { between, onProgress, ...fitOptions } = options;
  const { seed = 0 } = options;
  checkFitOptions(fitOptions);
  checkGroups(between, options.columns);
  const columns = options.columns ?? between?.flat();
  const data = fitData(table, { ...fitOptions, columns, validation: 0 }, randomKey(seed));
  const { rows, weights } = data.train;
  const folds = options.folds ?? (rows < 20_000 ? 5 : 2);
  if (!Number.isInteger(folds) || folds < 2 || folds > rows / 4)
    throw new UsageError(`folds must be an integer from 2 to a quarter of the ${rows} rows, got ${folds}.`);
  const all = data.columns.map((_, i) => i);
  const groups = between?.map((names) => names.map((name) => data.columns.indexOf(name)));
  // Each set of columns once: a group of one column, or of all, is there already.
  const sets = new Map<string, readonly number[]>();
  for (const set of [all, ...all.map((i) => [i]), ...(groups ?? []), ...(groups ? [groups.flat()] : [])])
    sets.set(keyOf(set), set);
  const densities = new Map<string, Float64Array>();
  for (const [name, set] of sets) {
    const key = split(split(randomKey(seed), "information"), name);
    densities.set(name, await heldOutLogDensities(data.train, data.columns, set, folds, key, options));
    onProgress?.({ done: densities.size, of: sets.size });
  }
  const of = (set: readonly number[]): Float64Array => densities.get(keyOf(set))!;
  const joint = of(all);
  const gain = (whole: Float64Array, parts: readonly Float64Array[]): Estimate =>
    estimate(
      whole.map((own, row) => parts.reduce((rest, part) => rest - part[row]!, own)),
      weights,
    );
  return {
    columns: data.columns,
    rows,
    dropped: data.dropped,
    entropy: gain(new Float64Array(rows), [joint]),
    negentropy: gain(joint, [normalLogDensities(data.train, data.columns.length)]),
    totalCorrelation:
      all.length === 1
        ? { value: 0, standardError: 0 }
        : gain(
            joint,
            all.map((i) => of([i])),
          ),
    marginalEntropies: Object.fromEntries(
      data.columns.map((name, i) => [name, gain(new Float64Array(rows), [of([i])])]),
    ),
    mutualInformation: groups && gain(of(groups.flat()), groups.map(of)),
    between,
  };
}

const keyOf = (set: readonly number[]): string => set.toSorted((a, b) => a - b).join(",");

function checkGroups(
  between: readonly (readonly string[])[] | undefined,
  columns: readonly string[] | undefined,
): void {
  if (!between) return;
  if (between.length < 2 || between.some((group) => group.length === 0))
    throw new UsageError("between must be at least two groups of columns, none empty.");
  const names = between.flat();
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`Column "${twice}" is named twice in between.`);
  const outside = columns && names.find((name) => !columns.includes(name));
  if (outside !== undefined) throw new UsageError(`Column "${outside}" of between is not among the columns.`);
}

/** Mean with its standard error. */
function estimate(values: Float64Array, weights: Float64Array | undefined): Estimate {
  let total = 0;
  let sum = 0;
  for (let row = 0; row < values.length; row++) {
    const weight = weights ? weights[row]! : 1;
    total += weight;
    sum += weight * values[row]!;
  }
  const value = sum / total;
  let square = 0;
  for (let row = 0; row < values.length; row++)
    square += ((weights ? weights[row]! : 1) * (values[row]! - value)) ** 2;
  return { value, standardError: Math.sqrt(square) / total };
}

/** Log-densities of each row by flows that did not see it, in data units. */
async function heldOutLogDensities(
  { rows, data, weights }: FitRows,
  columns: readonly string[],
  set: readonly number[],
  folds: number,
  key: RandomKey,
  { signal }: InformationOptions,
): Promise<Float64Array> {
  const out = new Float64Array(rows);
  const width = columns.length;
  const features = set.length;
  for (let fold = 0; fold < folds; fold++) {
    const pick = (keep: (row: number) => boolean): { kept: number[]; picked: StandardizedRows } => {
      const kept = Array.from({ length: rows }, (_, row) => row).filter(keep);
      return {
        kept,
        picked: {
          rows: kept.length,
          data: Float64Array.from(kept.flatMap((row) => set.map((i) => data[row * width + i]!))),
          weights: weights && Float64Array.from(kept, (row) => weights[row]!),
        },
      };
    };
    // Rows are in random order; every tenth of the others holds the number of layers.
    const place = (row: number): number => Math.floor(row / folds) % 10;
    const { picked: train } = pick((row) => row % folds !== fold && place(row) !== 0);
    const { picked: validation } = pick((row) => row % folds !== fold && place(row) === 0);
    const { kept, picked: held } = pick((row) => row % folds === fold);
    const { values } = fitStandardization(train.data, features, train.weights);
    const { mean, scale } = values as Record<"mean" | "scale", Float64Array>;
    const standardized = (own: StandardizedRows): StandardizedRows => ({
      ...own,
      data: own.data.map((value, i) => (value - mean[i % features]!) / scale[i % features]!),
    });
    const logAbsDet = scale.reduce((sum, own) => sum - Math.log(own), 0);
    const { found } = await chooseLayers(
      {
        columns: set.map((i) => columns[i]!),
        features,
        train: standardized(train),
        validation: standardized(validation),
        key: split(key, fold),
        logAbsDet,
      },
      {
        rotation: "sliced",
        directions: Math.min(features, 8),
        marginal: "kernel",
        knots: 32,
        step: undefined,
        enoughHeld: 100,
      },
      60,
      { signal },
    );
    const moving = movingRows(standardized(held), features);
    for (const layer of found) passLayer(moving, layer);
    const scores = logDensities(moving);
    kept.forEach((row, i) => {
      out[row] = scores[i]! + logAbsDet;
    });
  }
  return out;
}

/** Log-densities of the normal distribution with the rows' own moments: minus their mean is its entropy exactly. */
function normalLogDensities({ rows, data, weights }: FitRows, width: number): Float64Array {
  const columns = Array.from({ length: width }, (_, i) =>
    Float64Array.from({ length: rows }, (_, row) => data[row * width + i]!),
  );
  const { mean, covariance } = covarianceOf({ columns, weights });
  const factor = new CholeskyDecomposition(covariance).lowerTriangularMatrix;
  let constant = -0.5 * width * Math.log(2 * Math.PI);
  for (let i = 0; i < width; i++) constant -= Math.log(factor.get(i, i));
  const gap = Matrix.zeros(width, 1);
  return Float64Array.from({ length: rows }, (_, row) => {
    let square = 0;
    for (let i = 0; i < width; i++) {
      let rest = columns[i]![row]! - mean[i]!;
      for (let j = 0; j < i; j++) rest -= factor.get(i, j) * gap.get(j, 0);
      gap.set(i, 0, rest / factor.get(i, i));
      square += gap.get(i, 0) ** 2;
    }
    return constant - 0.5 * square;
  });
}
