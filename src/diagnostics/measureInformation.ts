/**
 * Entropy, negentropy, total correlation and mutual information of a table's columns, from densities of Gaussianization
 * flows.
 *
 *     H(x)  = -E log p(x)                                    entropy, of a density: may be negative
 *     J(x)  = H(normal of the same covariance) - H(x)        negentropy
 *     T(x)  = sum_i H(x_i) - H(x)                            total correlation
 *     I     = sum_g H(x_g) - H(x)                            mutual information between groups of columns
 *
 * Rows are dealt into folds, and a flow is fitted to all folds but one, for each. Log-densities of rows that a flow did
 * not see are too low in the mean, by the divergence of the fitted from the true density; those of rows that it was
 * fitted to are too high. For maximum likelihood both are off by parameters / (2 rows) to first order (Akaike 1974), so
 * that the estimate is half way between them. What is left is what the flow cannot follow: H of densities with edges
 * is too large, J too small; of T and I parts of it cancel. Of independent columns T and I may come out below 0.
 *
 * The standard error is the deviation of the terms, of rows that were not seen, over the root of the rows: for J, T and
 * I that of the differences, row by row. It does not cover what is left of the bias.
 *
 * V. Laparra, J. E. Johnson, G. Camps-Valls, R. Santos-Rodriguez, J. Malo, "Information theory measures via
 * multidimensional Gaussianization", 2020, https://arxiv.org/abs/2010.03807; H. Akaike, "A new look at the statistical
 * model identification", IEEE Transactions on Automatic Control 19 (1974), https://doi.org/10.1109/TAC.1974.1100705
 *
 * @module
 */

import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { UsageError } from "../errors.ts";
import { type FitRows, fitData } from "../fitting/fitData.ts";
import { chooseLayers } from "../fitting/gaussianization/gaussianizationChoice.ts";
import { logDensities, movingRows, passLayer } from "../fitting/gaussianization/gaussianizationLayers.ts";
import { covarianceOf } from "../fitting/gaussianization/rotations.ts";
import { fitStandardization } from "../fitting/preparation/preparation.ts";
import type { StandardizedRows } from "../fitting/statisticalFit.ts";
import { logTwoPi } from "../numerics/constants.ts";
import { describeValue, refuse } from "../options.ts";
import { type RandomKey, randomKey, split } from "../random/philox.ts";
import type { Table } from "../tables/table.ts";
import { informationFolds } from "./defaults.ts";
import type { Estimate, InformationOptions, InformationResult } from "./information.ts";
import { checkDividedShares, type RowsOfColumns, rowsOfColumns } from "./informationRows.ts";

/** See `information`, which has checked the options. */
export async function measureInformation(
  table: Table,
  checked: InformationOptions,
): Promise<InformationResult> {
  const { between, onProgress, folds: wanted, ...fitOptions } = checked;
  const { seed = 0 } = checked;
  checkGroups(between, checked.columns);
  checkDividedShares(between, checked.simplex);
  const columns = checked.columns ?? between?.flat();
  const data = fitData(table, { ...fitOptions, columns, validation: 0 }, randomKey(seed));
  const { rows, weights } = data.train;
  const folds = wanted ?? informationFolds(rows);
  if (!Number.isInteger(folds) || folds < 2 || folds > rows / 4)
    refuse("information", "folds", `an integer from 2 to a quarter of the ${rows} rows`, folds);
  const all = data.tableColumns.map((_, i) => i);
  const shares = all.filter((i) => data.simplex?.shares.includes(data.tableColumns[i]!));
  // What is counted as one of several: each column, but the shares of a total, of which the others tell the last.
  const single = all.filter((i) => !shares.includes(i)).map((i) => [i]);
  const parts = shares.length > 0 ? [...single, shares] : single;
  const groups = between?.map((names) => names.map((name) => data.tableColumns.indexOf(name)));
  // Each set of columns once: a group of one column, or of all, is there already.
  const sets = new Map<string, readonly number[]>();
  for (const set of [
    all,
    ...all.map((i) => [i]),
    ...parts,
    ...(groups ?? []),
    ...(groups ? [groups.flat()] : []),
  ])
    sets.set(keyOf(set), set);
  const rowsOf = rowsOfColumns(data);
  const scores = new Map<string, Scores>();
  for (const [name, set] of sets) {
    const key = split(split(randomKey(seed), "information"), name);
    scores.set(name, await crossFitted(data.train, rowsOf(set), folds, key, checked));
    onProgress?.({ done: scores.size, of: sets.size });
  }
  const of = (set: readonly number[]): Scores => scores.get(keyOf(set))!;
  const nothing = { unseen: new Float64Array(rows), seen: new Float64Array(rows) };
  const joint = of(all);
  const gain = (whole: Scores, parts: readonly Scores[]): Estimate => estimate(whole, parts, weights);
  const whole = rowsOf(all);
  const normal = normalScores({ rows, weights, data: whole.data }, whole.columns.length);
  return {
    columns: data.tableColumns,
    rows,
    dropped: data.dropped,
    leftOut: data.leftOut,
    entropy: gain(nothing, [joint]),
    negentropy: gain(joint, [withLogAbsDet(normal, whole)]),
    totalCorrelation: parts.length === 1 ? { value: 0, standardError: 0 } : gain(joint, parts.map(of)),
    marginalEntropies: Object.fromEntries(
      data.tableColumns.map((name, i) => [name, gain(nothing, [of([i])])]),
    ),
    mutualInformation: groups && gain(of(groups.flat()), groups.map(of)),
    between,
  };
}

/** Log-densities of the columns, from those of their rows. */
const withLogAbsDet = ({ unseen, seen }: Scores, { logAbsDet }: RowsOfColumns): Scores => {
  const added = (values: Float64Array): Float64Array =>
    logAbsDet ? values.map((value, row) => value + logAbsDet[row]!) : values;
  return { unseen: added(unseen), seen: added(seen) };
};

const keyOf = (set: readonly number[]): string => set.toSorted((a, b) => a - b).join(",");

function checkGroups(
  between: readonly (readonly string[])[] | undefined,
  columns: readonly string[] | undefined,
): void {
  if (!between) return;
  if (between.length < 2 || between.some((group) => group.length === 0))
    throw new UsageError({
      where: "information",
      subject: "between",
      expected: "at least two groups of columns, none empty",
      received: describeValue(between),
      remedy: 'such as [["x"], ["y", "z"]]',
    });
  const names = between.flat();
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError({
      where: "information",
      problem: `column "${twice}" is named twice in between`,
      expected: "each column once",
      received: `"${twice}" twice`,
      remedy: "name it once",
    });
  const outside = columns && names.find((name) => !columns.includes(name));
  if (outside !== undefined)
    throw new UsageError({
      where: "information",
      problem: `column "${outside}" of between is not among the columns`,
      expected: "one of the columns",
      received: `"${outside}"`,
      remedy: "add it to columns, or leave it out of between",
    });
}

/** Log-densities of each row, in data units: by flows that did not see it, and by those that were fitted to it. */
interface Scores {
  readonly unseen: Float64Array;
  readonly seen: Float64Array;
}

/** Mean of the scores of the whole less those of the parts: half way between rows seen and not seen. */
function estimate(whole: Scores, parts: readonly Scores[], weights: Float64Array | undefined): Estimate {
  const termsOf = (kind: keyof Scores): Float64Array =>
    whole[kind].map((wholeTerm, row) =>
      parts.reduce((remainder, part) => remainder - part[kind][row]!, wholeTerm),
    );
  const unseen = meanOf(termsOf("unseen"), weights);
  const seen = meanOf(termsOf("seen"), weights);
  return { value: (unseen.value + seen.value) / 2, standardError: unseen.standardError };
}

/** Mean with its standard error. */
function meanOf(values: Float64Array, weights: Float64Array | undefined): Estimate {
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

/** Fits a flow of some columns to all folds but one, for each fold, and scores all rows with it. */
async function crossFitted(
  { rows, weights }: FitRows,
  of: RowsOfColumns,
  folds: number,
  key: RandomKey,
  { signal }: InformationOptions,
): Promise<Scores> {
  const unseen = new Float64Array(rows);
  const seen = new Float64Array(rows);
  const fits = new Float64Array(rows);
  const { columns, data } = of;
  const features = columns.length;
  for (let fold = 0; fold < folds; fold++) {
    const pick = (keep: (row: number) => boolean): { kept: number[]; picked: StandardizedRows } => {
      const kept = Array.from({ length: rows }, (_, row) => row).filter(keep);
      return {
        kept,
        picked: {
          rows: kept.length,
          data: Float64Array.from(
            kept.flatMap((row) => [...data.subarray(row * features, (row + 1) * features)]),
          ),
          weights: weights && Float64Array.from(kept, (row) => weights[row]!),
        },
      };
    };
    // Rows are in random order; every tenth of the others, another one for each fold, holds the number of layers.
    const choosing = (row: number): boolean => (Math.floor(row / folds) + fold) % 10 === 0;
    const { kept: trainPlaces, picked: train } = pick((row) => row % folds !== fold && !choosing(row));
    const { picked: validation } = pick((row) => row % folds !== fold && choosing(row));
    const { kept: others, picked: testRows } = pick((row) => row % folds === fold);
    const { values } = fitStandardization(train.data, features, train.weights);
    const { mean, scale } = values as Record<"mean" | "scale", Float64Array>;
    const standardized = (part: StandardizedRows): StandardizedRows => ({
      ...part,
      data: part.data.map((value, i) => (value - mean[i % features]!) / scale[i % features]!),
    });
    const logAbsDet = scale.reduce((sum, factor) => sum - Math.log(factor), 0);
    const { found } = await chooseLayers(
      {
        columns,
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
    const scored = (part: StandardizedRows): Float64Array => {
      const moving = movingRows(standardized(part), features);
      for (const layer of found) passLayer(moving, layer);
      return logDensities(moving);
    };
    scored(testRows).forEach((score, i) => {
      unseen[others[i]!] = score + logAbsDet;
    });
    scored(train).forEach((score, i) => {
      seen[trainPlaces[i]!]! += score + logAbsDet;
      fits[trainPlaces[i]!]!++;
    });
  }
  // With two folds a row may be among those that hold the number of layers, and no flow's own: the others speak for it.
  const gap = optimism(unseen, seen, fits);
  const seenMean = seen.map((sum, row) => (fits[row]! > 0 ? sum / fits[row]! : unseen[row]! + gap));
  return withLogAbsDet({ unseen, seen: seenMean }, of);
}

/** Mean of what rows score higher where they were fitted. */
function optimism(unseen: Float64Array, seen: Float64Array, fits: Float64Array): number {
  let sum = 0;
  let rows = 0;
  fits.forEach((count, row) => {
    if (count === 0) return;
    sum += seen[row]! / count - unseen[row]!;
    rows++;
  });
  return sum / rows;
}

/**
 * Log-densities of the normal distribution with the rows' moments, with each row and without it: of the latter, mean,
 * covariance and distance follow from those of all rows (Sherman-Morrison), with p the row's share of the weight,
 *
 *     log det S' = log det S - d log(1 - p) + log(1 - q),   D' = D / ((1 - p) (1 - q)),   q = p D / (1 - p)
 *
 * @internal
 */
export function normalScores(
  { rows, data, weights }: Pick<FitRows, "rows" | "data" | "weights">,
  width: number,
): Scores {
  const columns = Array.from({ length: width }, (_, i) =>
    Float64Array.from({ length: rows }, (_, row) => data[row * width + i]!),
  );
  const { mean, covariance } = covarianceOf({ columns, weights });
  const factor = new CholeskyDecomposition(covariance).lowerTriangularMatrix;
  let constant = -0.5 * width * logTwoPi;
  for (let i = 0; i < width; i++) constant -= Math.log(factor.get(i, i));
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? rows;
  const gap = Matrix.zeros(width, 1);
  const seen = new Float64Array(rows);
  const unseen = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = 0; i < width; i++) {
      let remainder = columns[i]![row]! - mean[i]!;
      for (let j = 0; j < i; j++) remainder -= factor.get(i, j) * gap.get(j, 0);
      gap.set(i, 0, remainder / factor.get(i, i));
      square += gap.get(i, 0) ** 2;
    }
    seen[row] = constant - 0.5 * square;
    const share = (weights ? weights[row]! : 1) / total;
    const loss = (share * square) / (1 - share);
    const volume = width * Math.log1p(-share) - Math.log1p(-loss);
    unseen[row] = constant + 0.5 * volume - (0.5 * square) / ((1 - share) * (1 - loss));
  }
  return { unseen, seen };
}
