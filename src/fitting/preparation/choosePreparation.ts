/**
 * Which preparation a table gets: the one with which a short training does best on rows that it has not seen.
 *
 * @module
 */

import { moments } from "../../numerics/moments.ts";
import { fewestRows } from "../../tables/checks.ts";
import type { FitData, FitRows } from "../fitData.ts";
import type { PreparationChoice, PreparationChoices } from "./preparation.ts";

/** The choices that are tried unless others are given, the simplest first. */
export const preparationChoices: readonly PreparationChoice[] = [
  { knots: 0, whiten: false },
  { knots: 0, whiten: true },
  { knots: 17, whiten: false },
  { knots: 17, whiten: true },
];

/**
 * What is tried for given columns, beside standardization. They bear more knots than fitted ones: what they are mapped to
 * is not a density.
 */
const givenChoices: readonly PreparationChoice[] = [
  { knots: 33, whiten: false },
  { knots: 0, whiten: true },
  { knots: 33, whiten: true },
];

/** Correlation of two given columns from which on it is worth a trial to remove it. */
const worthWhitening = 0.5;

/** Rows that a trial holds out: a share of the training rows, but no more than this. */
const heldShare = 0.3;
const mostHeld = 2000;

/**
 * Nats per row by which a choice must beat the simpler ones before it. Short trainings favor whitening, which starts
 * nearer to the end; what it gains by less than this, the others make up for.
 */
const leastGain = 0.03;

/**
 * Of the choices that a first look leaves behind by less than this, in nats per row, no more than so many are looked at more
 * closely. A training twice as long moves choices against each other by up to 0.7 nats on real tables, and by more where they are
 * farther apart anyway.
 */
const worthSecondLook = 0.75;
const mostSecondLooks = 3;

/** A choice of more knots than these needs rows and values that bear them: see {@link bearsKnots}. */
const fewKnots = 17;
const rowsAKnot = 50;
const valuesAKnot = 2;

/** Training rows of a trial, and rows to judge it by. */
export interface Trial {
  readonly train: FitRows;
  readonly heldOut: FitRows;
}

/** How a choice is made. */
export interface PreparationSearch {
  /** Mean log-density of the held-out rows after a short training, in nats and data units. */
  readonly score: (choice: PreparationChoices, trial: Trial) => Promise<number>;
  /** What is tried for the fitted columns, the simplest first (default {@link preparationChoices}). */
  readonly choices?: readonly PreparationChoice[] | undefined;
  /**
   * A cheaper score, the first look at each choice: then only the best ones get the other score, and none if there is but one
   * (default: all get the other score).
   */
  readonly firstLook?: ((choice: PreparationChoices, trial: Trial) => Promise<number>) | undefined;
  /** Rows that a trial is trained on at most (default: all that it does not hold out). */
  readonly mostRows?: number | undefined;
  /** Told before each choice is tried, and after the last one, how many were, and how many there are. */
  readonly onTrial?: ((done: number, total: number) => void) | undefined;
}

/**
 * Tries each choice: first those of the given columns, with the simplest one of the fitted columns.
 */
export async function choosePreparation(
  { train, columns, given }: FitData,
  {
    score,
    choices = preparationChoices,
    firstLook,
    mostRows = Number.POSITIVE_INFINITY,
    onTrial,
  }: PreparationSearch,
): Promise<PreparationChoices> {
  // What standardizes is all that a handful of rows can tell.
  if (train.rows < fewestRows) return preparationChoices[0]!;
  const heldOutRows = Math.min(mostHeld, Math.floor(heldShare * train.rows));
  const trial = {
    heldOut: slice(train, 0, heldOutRows, columns.length, given.length),
    train: slice(
      train,
      heldOutRows,
      Math.min(train.rows, heldOutRows + mostRows),
      columns.length,
      given.length,
    ),
  };
  const columnChoices = choices.filter(
    ({ knots, whiten }, i) =>
      // With one column there is nothing to whiten.
      !(whiten && columns.length === 1) &&
      (i === 0 || knots <= fewKnots || bearsKnots(train.data, columns.length, knots)),
  );
  const simplest = columnChoices[0] ?? choices[0]!;
  const ofGiven = givenChoices
    .filter((choice) => given.length > 0 && suitsGiven(train, given.length, choice))
    .map((choice): PreparationChoices => ({ ...simplest, given: choice }));
  const total = columnChoices.length + ofGiven.length;
  // Where there is one way alone, nothing is tried.
  if (total <= 1 && ofGiven.length === 0) return simplest;
  let done = 0;
  const lookAt = async (choice: PreparationChoices): Promise<Looked> => {
    onTrial?.(done++, total);
    return { choice, score: await (firstLook ?? score)(choice, trial) };
  };
  const bestOf = async (looked: readonly Looked[]): Promise<Looked> => {
    if (!firstLook) return simplestGood(looked);
    const closest = closestOf(looked);
    if (closest.length === 1) return closest[0]!;
    const scored: Looked[] = [];
    for (const { choice } of closest) scored.push({ choice, score: await score(choice, trial) });
    return simplestGood(scored);
  };
  let start: Looked = { choice: simplest, score: Number.NEGATIVE_INFINITY };
  if (columnChoices.length > 0) start = await lookAt(simplest);
  if (ofGiven.length > 0) {
    const looked = [start];
    for (const choice of ofGiven) looked.push(await lookAt(choice));
    const { choice } = await bestOf(looked);
    start = looked.find((own) => own.choice === choice)!;
  }
  const looked = [start];
  const { given: chosen } = start.choice;
  for (const choice of columnChoices.slice(1))
    looked.push(await lookAt(chosen ? { ...choice, given: chosen } : choice));
  const { choice: best } = await bestOf(looked);
  if (total > 0) onTrial?.(done, total);
  return best;
}

/** A choice with its score, in nats per row. */
interface Looked {
  readonly choice: PreparationChoices;
  readonly score: number;
}

/** The best of some choices, of which the simpler ones come first. A score that is not a number is none. */
function simplestGood(looked: readonly Looked[]): Looked {
  return looked
    .slice(1)
    .reduce(
      (best, own) => (own.score > best.score + leastGain || Number.isNaN(best.score) ? own : best),
      looked[0]!,
    );
}

/** Those that a closer look may find to be the best, in their order. */
function closestOf(looked: readonly Looked[]): readonly Looked[] {
  const scores = looked.map(({ score }) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score));
  const falling = scores.slice().sort((a, b) => b - a);
  const least = Math.max(
    falling[0]! - worthSecondLook,
    falling[mostSecondLooks - 1] ?? Number.NEGATIVE_INFINITY,
  );
  return looked.filter((_, i) => scores[i]! >= least);
}

/** Whether a choice can help given columns: knots where each has values for them, whitening where some are correlated. */
function suitsGiven(rows: FitRows, width: number, { knots, whiten }: PreparationChoice): boolean {
  if (knots > 0 && !hasValuesFor(rows.context, width, knots)) return false;
  return !whiten || (width > 1 && largestCorrelation(rows.context, width) > worthWhitening);
}

/** Of any two columns, without its sign. */
function largestCorrelation(rows: Float64Array, width: number): number {
  const count = rows.length / width;
  const { mean, scale } = moments(rows, width);
  let largest = 0;
  for (let i = 0; i < width; i++)
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let at = 0; at < rows.length; at += width)
        sum += ((rows[at + i]! - mean[i]!) / scale[i]!) * ((rows[at + j]! - mean[j]!) / scale[j]!);
      largest = Math.max(largest, Math.abs(sum / count));
    }
  return largest;
}

/**
 * Whether each knot has rows enough not to follow them, and each column values enough for every knot to have its own: of a
 * rounded column, knots finer than its rounding would make a row of spikes.
 */
function bearsKnots(data: Float64Array, width: number, knots: number): boolean {
  return data.length >= rowsAKnot * knots * width && hasValuesFor(data, width, knots);
}

function hasValuesFor(data: Float64Array, width: number, knots: number): boolean {
  return Array.from({ length: width }, (_, column) => {
    const values = new Set<number>();
    for (let i = column; i < data.length && values.size < valuesAKnot * knots; i += width)
      values.add(data[i]!);
    return values.size;
  }).every((size) => size >= valuesAKnot * knots);
}

function slice(rows: FitRows, from: number, to: number, width: number, contextWidth: number): FitRows {
  return {
    rows: to - from,
    data: rows.data.subarray(from * width, to * width),
    context: rows.context.subarray(from * contextWidth, to * contextWidth),
    weights: rows.weights?.subarray(from, to),
    logAbsDet: rows.logAbsDet,
  };
}
