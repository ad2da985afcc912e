/**
 * Conformal p-values, and the choice of rows by the false discovery rate.
 *
 * @module
 */

import { countBelow } from "../../numerics/countBelow.ts";
import type { RandomStream } from "../../random/philox.ts";

/**
 * The p-value of each score against scores of calibration rows: for a row that is like them, P(p <= a) <= a + 1 / (n + 1).
 *
 *     p = (above + u (equal + 1)) / (n + 1)
 *
 * with u uniform, which makes p uniform whatever ties there are: a row that is exchangeable with the n others is at each of the n + 1
 * places equally often.
 *
 * V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", 2005, section 2.6 (smoothed conformal predictors);
 * S. Bates and others, "Testing for outliers with conformal p-values", Annals of Statistics 51 (2023), https://arxiv.org/abs/2104.08279
 * @param stream - Draws the uniforms, one a score in their order.
 */
export function splitConformal(
  scores: Float64Array,
  calibration: Float64Array,
  stream: RandomStream,
): Float64Array {
  const sorted = calibration.slice().sort();
  const { length } = sorted;
  return scores.map((score) => {
    const below = countBelow(sorted, score, false);
    const atMost = countBelow(sorted, score, true);
    return (length - atMost + stream.uniform() * (atMost - below + 1)) / (length + 1);
  });
}

/**
 * The p-value of each score among all: its place from the top, ties in an order that is drawn. Where the rows are exchangeable, and the
 * scores were made the same way whatever the order of the rows, each place is equally likely: p is uniform on 1/n .. 1, so that
 * P(p <= a) <= a.
 */
export function amongThemselves(scores: Float64Array, stream: RandomStream): Float64Array {
  const { length } = scores;
  const ties = new Float64Array(length);
  stream.fillUniform(ties);
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || ties[a]! - ties[b]!);
  const pValues = new Float64Array(length);
  order.forEach((row, place) => {
    pValues[row] = (place + 1) / length;
  });
  return pValues;
}

/** P-values that are held as they are; of more there are counts. */
const mostHeld = 2 ** 20;

/**
 * Which of some hypotheses are rejected so that at most a share of the rejected ones is expected to be true: those whose p-value is at most
 * the largest p_(k) <= rate k / n. Valid for p-values of {@link splitConformal}, which depend on each other positively (Bates 2023). They come
 * one after the other; of more than a million the counts are held of values rounded up to a multiple of 2^-20. These are p-values, too, that
 * are no smaller and in no other order, so that the rate holds.
 *
 * Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995),
 * https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
 */
export class RejectionBound {
  readonly #rows: number;
  readonly #rate: number;
  readonly #held: Float64Array | undefined;
  readonly #counts: Float64Array | undefined;
  #count = 0;

  constructor(rows: number, rate: number) {
    this.#rows = rows;
    this.#rate = rate;
    if (rows <= mostHeld) this.#held = new Float64Array(rows);
    else this.#counts = new Float64Array(mostHeld + 1);
  }

  add(pValues: Float64Array): void {
    this.#held?.set(pValues, this.#count);
    this.#count += pValues.length;
    if (this.#counts) for (const p of pValues) this.#counts[Math.ceil(p * mostHeld)]!++;
  }

  /** Those at most this are rejected; below 0 where none is. O(n log n). */
  value(): number {
    let [bound, rejected] = [-1, 0];
    const consider = (p: number, count: number): void => {
      rejected += count;
      if (count > 0 && p <= (this.#rate * rejected) / this.#rows) bound = p;
    };
    this.#counts?.forEach((count, place) => {
      consider(place / mostHeld, count);
    });
    this.#held
      ?.slice()
      .sort()
      .forEach((p) => {
        consider(p, 1);
      });
    return bound;
  }
}

/** Which of some p-values are rejected, see {@link RejectionBound}. */
export function discoveries(pValues: Float64Array, rate: number): boolean[] {
  const bound = new RejectionBound(pValues.length, rate);
  bound.add(pValues);
  const most = bound.value();
  return Array.from(pValues, (p) => p <= most);
}
