/**
 * Which preparation a table gets: the one with which a short training does best on rows that it has not seen.
 *
 * @module
 */

import { FEWEST_ROWS } from "../../data/checks.ts";
import type { FitData, FitRows } from "../fitData.ts";
import type { PreparationChoice } from "./preparation.ts";

/** The choices that are tried unless others are given, the simplest first. */
export const preparationChoices: readonly PreparationChoice[] = [
  { knots: 0, whiten: false },
  { knots: 0, whiten: true },
  { knots: 17, whiten: false },
  { knots: 17, whiten: true },
];

/** Rows that a trial holds out: a share of the training rows, but no more than this. */
const heldShare = 0.3;
const mostHeld = 2000;

/**
 * Nats a row by which a choice must beat the simpler ones before it. Short trainings favour whitening, which starts
 * nearer to the end; what it gains by less than this, the others make up for.
 */
const leastGain = 0.03;

/** A choice of more knots than these needs rows and values that bear them: see {@link bearsKnots}. */
const fewKnots = 17;
const rowsAKnot = 50;
const valuesAKnot = 2;

/** Training rows of a trial, and rows to judge it by. */
export interface Trial {
  readonly train: FitRows;
  readonly held: FitRows;
}

/**
 * Tries each choice.
 * @param score - Mean log-density of the held-out rows after a short training, in nats and data units.
 */
export async function choosePreparation(
  { train, columns, given }: FitData,
  score: (choice: PreparationChoice, trial: Trial) => Promise<number>,
  choices: readonly PreparationChoice[] = preparationChoices,
): Promise<PreparationChoice> {
  // What standardizes is all that a handful of rows can tell.
  if (train.rows < FEWEST_ROWS) return preparationChoices[0]!;
  const held = Math.min(mostHeld, Math.floor(heldShare * train.rows));
  const trial = {
    held: slice(train, 0, held, columns.length, given.length),
    train: slice(train, held, train.rows, columns.length, given.length),
  };
  let best = choices[0]!;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const choice of choices) {
    // With one column there is nothing to whiten.
    if (choice.whiten && columns.length === 1) continue;
    if (choice.knots > fewKnots && !bearsKnots(train, columns.length, choice.knots)) continue;
    const own = await score(choice, trial);
    if (own > bestScore + leastGain) {
      best = choice;
      bestScore = own;
    }
  }
  return best;
}

/**
 * Whether each knot has rows enough not to follow them, and each column values enough for every knot to have its own: of a
 * rounded column, knots finer than its rounding would make a row of spikes.
 */
function bearsKnots({ rows, data }: FitRows, width: number, knots: number): boolean {
  if (rows < rowsAKnot * knots) return false;
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
  };
}
