/**
 * Local maxima of a density, from many points at once: a mode that is much narrower than the others is hardly ever
 * where one of a few starts is.
 *
 * Each point goes up by the signs of its gradient alone, with steps of its own along each axis that grow while the sign stays and
 * shrink where it turns (Rprop: M. Riedmiller, H. Braun, "A direct adaptive method for faster backpropagation learning", ICNN 1993,
 * doi:10.1109/ICNN.1993.298623), so that scales do not matter and all points are computed in one batch.
 *
 * @module
 */

import { type RandomKey, RandomStream } from "../../random/philox.ts";
import type { EvaluateSlopes, Gaussian } from "./gaussianApproximation.ts";

const points = 256;
const rounds = 50;
/** Standard deviations of the given Gaussian, along each of its axes, within which the points start. */
const farthest = 100;
const firstStep = 0.05;
const [growth, shrinking] = [1.2, 0.5];
/** Rounds before the last, and nats that a point may have risen in them if it is at a maximum: slopes without end go on. */
const settling = 10;
const settled = 0.1;

/** Where points have settled, the highest first; several of them may be at the same maximum. */
export async function settledAscents(
  evaluate: EvaluateSlopes,
  { mean, factor }: Gaussian,
  key: RandomKey,
): Promise<Float64Array[]> {
  const n = mean.length;
  const places = scattered(n, new RandomStream(key));
  const steps = new Float64Array(points * n).fill(firstStep);
  const signs = new Float64Array(points * n);
  const heights: ArrayLike<number>[] = [];
  let rows = placed(places, mean, factor);
  for (let round = 0; round <= rounds; round++) {
    const { values, gradients } = await evaluate(rows);
    heights.push(Float64Array.from(values));
    if (round === rounds) break;
    for (let row = 0; row < points; row++)
      for (let j = 0; j < n; j++) {
        // Along an axis of the Gaussian.
        let slope = 0;
        for (let i = j; i < n; i++) slope += factor[i * n + j]! * gradients[row * n + i]!;
        const at = row * n + j;
        const sign = Number.isNaN(slope) ? 0 : Math.sign(slope);
        const turn = sign * signs[at]!;
        steps[at]! *= turn > 0 ? growth : turn < 0 ? shrinking : 1;
        places[at]! += sign * steps[at]!;
        signs[at] = sign;
      }
    rows = placed(places, mean, factor);
  }
  const last = heights[rounds]!;
  const before = heights[rounds - settling]!;
  return Array.from({ length: points }, (_, row) => row)
    .filter((row) => Number.isFinite(last[row]!) && Math.abs(last[row]! - before[row]!) < settled)
    .sort((a, b) => last[b]! - last[a]!)
    .map((row) => rows.slice(row * n, (row + 1) * n));
}

/** Points in steps of the axes, evenly by the logarithm of the distance far out; along each axis one in each of as many strata. */
function scattered(n: number, stream: RandomStream): Float64Array {
  const places = new Float64Array(points * n);
  for (let j = 0; j < n; j++) {
    const order = Array.from({ length: points }, (_, i) => ({ i, by: stream.uniform() }))
      .sort((a, b) => a.by - b.by)
      .map(({ i }) => i);
    order.forEach((stratum, row) => {
      const share = (stratum + stream.uniform()) / points;
      places[row * n + j] = Math.sinh(Math.asinh(farthest) * (2 * share - 1));
    });
  }
  return places;
}

function placed(places: Float64Array, mean: Float64Array, factor: Float64Array): Float64Array {
  const n = mean.length;
  const rows = new Float64Array(places.length);
  for (let row = 0; row < points; row++)
    for (let i = 0; i < n; i++) {
      let sum = mean[i]!;
      for (let j = 0; j <= i; j++) sum += factor[i * n + j]! * places[row * n + j]!;
      rows[row * n + i] = sum;
    }
  return rows;
}
