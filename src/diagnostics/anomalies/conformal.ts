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

/**
 * Which hypotheses are rejected so that at most a share of the rejected ones is expected to be true: the largest k of the smallest
 * p-values with p_(k) <= rate k / n. Valid for p-values of {@link splitConformal}, which depend on each other positively (Bates 2023).
 *
 * Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995),
 * https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
 */
export function discoveries(pValues: Float64Array, rate: number): boolean[] {
  const sorted = pValues.slice().sort();
  let threshold = -1;
  sorted.forEach((p, i) => {
    if (p <= (rate * (i + 1)) / sorted.length) threshold = p;
  });
  return Array.from(pValues, (p) => p <= threshold);
}
