/**
 * The points that no flow is trained on, and what they score by densities that need no training.
 *
 * @module
 */

import { RandomStream, randomKey } from "pushforward/random";
import type { SetName } from "../data/sets.ts";
import type { Reference } from "./protocol.ts";

/** Points in an order of their own, and a tenth of them held out: the same for every flow with this seed. */
export function split(
  points: Float64Array,
  seed: number,
): { readonly train: Float64Array; readonly heldOut: Float64Array } {
  const stream = new RandomStream(randomKey(seed));
  const count = points.length / 2;
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.integerBelow(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const pick = (from: number, to: number): Float64Array =>
    Float64Array.from({ length: 2 * (to - from) }, (_, i) => points[2 * order[from + (i >> 1)]! + (i & 1)]!);
  const held = Math.min(count, Math.max(1, Math.round(count / 10)));
  return { train: pick(held, count), heldOut: pick(0, held) };
}

/** Mean over points, x and y in turn. */
function meanOf(points: Float64Array, value: (x: number, y: number) => number): number {
  let sum = 0;
  for (let i = 0; i + 1 < points.length; i += 2) sum += value(points[i]!, points[i + 1]!);
  return sum / (points.length / 2);
}

/** What some points score by the Gaussian that is fitted to others; undefined where these lie on a line. */
function gaussianScore(train: Float64Array, judged: Float64Array): number | undefined {
  const [mx, my] = [meanOf(train, (x) => x), meanOf(train, (_, y) => y)];
  const xx = meanOf(train, (x) => (x - mx) ** 2);
  const xy = meanOf(train, (x, y) => (x - mx) * (y - my));
  const yy = meanOf(train, (_, y) => (y - my) ** 2);
  const determinant = xx * yy - xy * xy;
  if (!(determinant > 1e-12 * xx * yy)) return undefined;
  const square = meanOf(judged, (x, y) => {
    const [u, v] = [x - mx, y - my];
    return (yy * u * u - 2 * xy * u * v + xx * v * v) / determinant;
  });
  return -square / 2 - Math.log(2 * Math.PI) - Math.log(determinant) / 2;
}

/** What points score by densities that need no training: what a flow should beat, and what it can reach. */
export async function referenceOf(
  train: Float64Array,
  judged: Float64Array,
  set: SetName | undefined,
): Promise<Reference> {
  const gaussian = gaussianScore(train, judged);
  if (set === undefined) return { gaussian, law: undefined };
  const { logDensityOf } = await import("../data/densities.ts");
  return { gaussian, law: meanOf(judged, logDensityOf(set)) };
}
