/**
 * Density estimation by dual ascent of the log-likelihood: the map to normality as a long composition of elementary
 * maps, each near the identity and each found by ascent of
 *
 *     L[phi_t] = mean_j log rho_t(x_j),   rho_t(x) = mu(phi_t(x)) |det J_phi_t(x)|,   mu = N(0, I)
 *
 * phi_0 makes the covariance the identity, so rho_0 is the Gaussian of the rows. Each step adds a radial map around a
 * centre and one-dimensional maps along orthogonal directions, both followed by what brings mean and scale back
 * (preconditioning). As t grows phi_t(x) tends to normal; dually the flow from mu back, which samples, tends to the
 * data. L of the rows that are fitted never falls; when to stop is decided by rows held out.
 *
 * E. Tabak, E. Vanden-Eijnden, "Density estimation by dual ascent of the log-likelihood", Communications in
 * Mathematical Sciences 8 (2010), https://doi.org/10.4310/CMS.2010.v8.n1.a11; E. Tabak, C. Turner, "A family of
 * nonparametric density estimation algorithms", Communications on Pure and Applied Mathematics 66 (2013),
 * https://doi.org/10.1002/cpa.21423
 *
 * @module
 */

import type { Bijection } from "../bijections/bijection.ts";
import { chain } from "../bijections/chain.ts";
import { directionalMap } from "../bijections/directionalMap.ts";
import { type RadialProfile, radialMap, radialProfiles } from "../bijections/radialMap.ts";
import { repeated } from "../bijections/repeated.ts";
import type { Table } from "../data/table.ts";
import { UsageError } from "../errors.ts";
import { split } from "../random/philox.ts";
import { type AscentPoints, ascentPoints } from "./ascentPoints.ts";
import {
  type Ascent,
  type AscentMaps,
  type AscentSettings,
  type AscentStep,
  runAscent,
} from "./dualAscent.ts";
import type { FitProgress, FitResult } from "./fitOptions.ts";
import { fitWhitening, type Preparation } from "./preparation.ts";
import {
  type StandardizedData,
  type StandardizedRows,
  type StatisticalFitOptions,
  type StatisticalModel,
  statisticalFit,
} from "./statisticalFit.ts";

/** Options of {@link fitDualAscent}. */
export interface DualAscentOptions extends StatisticalFitOptions {
  /** Radial maps, one-dimensional maps along orthogonal directions, or both in every step (default). */
  readonly maps?: AscentMaps | undefined;
  /** How radial maps fall off with the distance from their centre (default `compact`). */
  readonly profile?: RadialProfile | undefined;
  /**
   * Number of rows in the smallest balls and windows, above 0. Default: a hundredth, a twentieth or a fifth of the rows,
   * whichever does best on the held-out rows in a short trial; without held-out rows a twentieth.
   */
  readonly pointsInBall?: number | undefined;
  /** Steps at most (default 2000, fewer for large tables); without held-out rows as many are made, by default 100. */
  readonly steps?: number | undefined;
  /** Steps without a better held-out log-likelihood before the fit stops (default 100). */
  readonly patience?: number | undefined;
}

/** Shares of the rows in the smallest balls that are tried. */
const shares = [0.01, 0.05, 0.2] as const;
/** The share that is taken where nothing can be tried. */
const middleShare = 0.05;
/** A trial: so many steps, on so many rows at most. */
const trial = { steps: 150, rows: 5000 } as const;
/** Fewer points than this say nothing. */
const fewestInBall = 3;
/** Part of Newton's step that is taken. Many small steps generalize better than few large ones. */
const rate = 0.3;
/** Rows that gradients are estimated from. */
const sample = 2000;
/** Choosing among more than the rows can tell apart is overfitting. */
const rowsACandidate = 200;
const mostCandidates = 8;
/** Rows that are fitted, at most, and that are held out: more of them would only leave time for fewer steps. */
const mostRows = { train: 20_000, held: 5000 } as const;
/** What bounds the time of a fit: operations on the rows that are fitted, and on all that are scored at the end. */
const mostWork = { ascent: 5e9, scoring: 16e9 } as const;
/** Steps between two entries of the history. */
const stepsARecord = 10;

/**
 * Fits a table by dual ascent of the log-likelihood; see the file's head. The model's kind is `dual-ascent`, its
 * bijection one `repeated` layer (and, with two or more columns, a triangular map before it on the side of the data), so
 * that `flow.at(t)` gives the flow stopped after t steps. Cost O(steps * rows * columns^2); memory a few times that of
 * the table.
 * @throws {@link UsageError} for options that do not fit, DataError for data that cannot be used, AbortedError if the
 *   signal fires.
 */
export async function fitDualAscent(table: Table, options: DualAscentOptions = {}): Promise<FitResult> {
  checkOptions(options);
  return statisticalFit("dual-ascent", table, options, (data) => ascend(data, options));
}

function checkOptions({ maps, profile, pointsInBall, steps, patience }: DualAscentOptions): void {
  if (maps !== undefined && !["directional", "radial", "both"].includes(maps))
    throw new UsageError(`maps must be directional, radial or both, got ${maps}.`);
  if (profile !== undefined && !radialProfiles.includes(profile))
    throw new UsageError(`profile must be one of ${radialProfiles.join(", ")}, got ${profile}.`);
  if (pointsInBall !== undefined && !(pointsInBall > 0 && Number.isFinite(pointsInBall)))
    throw new UsageError(`pointsInBall must be a positive number, got ${pointsInBall}.`);
  for (const [name, value] of Object.entries({ steps, patience }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw new UsageError(`${name} must be a positive integer, got ${value}.`);
}

/** The first rows, at most so many; they are in random order. */
function firstRows({ data, weights, rows }: StandardizedRows, n: number, most: number): StandardizedRows {
  const count = Math.min(rows, most);
  return { rows: count, data: data.subarray(0, count * n), weights: weights?.subarray(0, count) };
}

/** Rows as points, with the whitening, if there is one, behind them. */
function pointsOf(
  { data, weights }: StandardizedRows,
  n: number,
  white: Preparation | undefined,
): AscentPoints {
  const points = ascentPoints(data, n, weights);
  if (!white) return points;
  const { shift, lower, logDiagonal } = white.values as Record<
    "shift" | "lower" | "logDiagonal",
    Float64Array
  >;
  const { rows, data: own } = points;
  for (let i = 0; i < n; i++) {
    const diagonal = Math.exp(logDiagonal[i]!);
    for (let row = 0; row < rows; row++) {
      let value = own[i * rows + row]! - shift[i]!;
      for (let j = 0; j < i; j++) value -= lower[i * n + j]! * own[j * rows + row]!;
      own[i * rows + row] = value / diagonal;
    }
    points.logAbsDet -= logDiagonal[i]!;
  }
  return points;
}

async function ascend(data: StandardizedData, options: DualAscentOptions): Promise<StatisticalModel> {
  const { features: n } = data;
  const train = firstRows(data.train, n, mostRows.train);
  const validation = data.validation && firstRows(data.validation, n, mostRows.held);
  const { maps = "both", profile = "compact", patience = 100, signal } = options;
  const white = n > 1 ? fitWhitening(data.train.data, n, data.train.weights) : undefined;
  const candidates = Math.max(1, Math.min(mostCandidates, Math.floor(train.rows / rowsACandidate)));
  const perStep = train.rows * n * (2 * n + 20) + candidates * Math.min(train.rows, sample) * n * 20;
  const scored = (data.train.rows + (data.validation?.rows ?? 0)) * n * (2 * n + 40);
  const most = Math.max(
    20,
    Math.floor(Math.min(validation ? 2000 : 100, mostWork.ascent / perStep, mostWork.scoring / scored)),
  );
  const settings = (share: number, steps: number): AscentSettings => {
    const least = Math.min(1, fewestInBall / train.rows);
    return { maps, profile, steps, patience, rate, candidates, sample, share: Math.max(least, share) };
  };
  const steps = options.steps ?? most;
  const key = split(data.key, "steps");

  let share = options.pointsInBall === undefined ? middleShare : options.pointsInBall / train.rows;
  if (options.pointsInBall === undefined && validation) {
    let best = Number.NEGATIVE_INFINITY;
    for (const own of shares) {
      const [some, held] = [train, validation].map((rows) =>
        pointsOf(firstRows(rows, n, trial.rows), n, white),
      );
      const tried = await runAscent(some!, held, settings(own, Math.min(steps, trial.steps)), key, {
        signal,
      });
      if (tried.best > best) {
        best = tried.best;
        share = own;
      }
    }
  }

  const history: FitProgress[] = [];
  const found = await runAscent(
    pointsOf(train, n, white),
    validation && pointsOf(validation, n, white),
    settings(Math.min(1, share), steps),
    key,
    {
      signal,
      onStep({ step, train: own, held, best }) {
        if (step % stepsARecord !== 0 && step !== steps) return;
        const record: FitProgress = {
          epoch: step,
          epochs: steps,
          step,
          steps,
          trainLogProb: own + data.logAbsDet,
          validationLogProb: held + data.logAbsDet,
          bestEpoch: best,
        };
        history.push(record);
        options.onProgress?.(record);
      },
    },
  );
  return { ...modelOf(found, n, profile, white), history };
}

/** The steps as one repeated layer: the first found is next to the data, so it is the last slice. */
function modelOf(
  { steps }: Ascent,
  n: number,
  profile: RadialProfile,
  white: Preparation | undefined,
): StatisticalModel {
  if (steps.length === 0) {
    // Not one step helped the held-out rows: the Gaussian stays.
    const still = white ?? fitWhitening(Float64Array.of(-1, 1), 1);
    return { bijection: still.bijection, values: still.values, steps: 0 };
  }
  const slices = steps.slice().reverse();
  const values: Record<string, Float64Array> = {};
  const parts: Bijection[] = [];
  const both = Object.keys(slices[0]!).length > 1;
  const add = (name: keyof AscentStep, bijection: Bijection): void => {
    if (!slices[0]![name]) return;
    const prefix = `${white ? "0." : ""}${both ? `${parts.length}.` : ""}`;
    parts.push(bijection);
    for (const parameter of Object.keys(bijection.parameters)) {
      const lists = slices.map((step) => (step[name] as unknown as Record<string, Float64Array>)[parameter]!);
      const stacked = new Float64Array(lists.length * lists[0]!.length);
      lists.forEach((list, i) => stacked.set(list, i * list.length));
      values[prefix + parameter] = stacked;
    }
  };
  add("directional", directionalMap({ features: n }));
  add("radial", radialMap({ features: n, profile }));
  const layers = repeated({ layer: both ? chain(parts) : parts[0]!, count: slices.length });
  if (!white) return { bijection: layers, values, steps: steps.length };
  for (const [name, list] of Object.entries(white.values)) values[`1.${name}`] = list;
  return { bijection: chain([layers, white.bijection]), values, steps: steps.length };
}
