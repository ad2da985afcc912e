/**
 * A mixture of normal distributions of one column, by expectation-maximization on its bins; the number of components
 * is that of the smallest BIC, so that a column that is normal already gets one component and a straight map.
 *
 * @module
 */

import { logTwoPi } from "../../numerics/constants.ts";
import type { BinnedColumn } from "./binnedColumn.ts";
import { quantileOf } from "./binnedColumn.ts";

/** Components of a mixture, all of the same length. */
export interface ColumnMixture {
  readonly weight: Float64Array;
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

const most = 6;
const iterations = 60;

/** Fits a mixture; one iteration costs O(bins * components). */
export function fitColumnMixture(column: BinnedColumn): ColumnMixture {
  let best: ColumnMixture | undefined;
  let least = Number.POSITIVE_INFINITY;
  let worse = 0;
  for (let count = 1; count <= most && worse < 2; count++) {
    const { mixture, logLikelihood } = climb(column, count);
    const bic = -2 * logLikelihood * column.effective + (3 * count - 1) * Math.log(column.effective);
    if (bic < least) [best, least, worse] = [mixture, bic, 0];
    else worse++;
  }
  return best!;
}

/** The component that a value is fewest deviations away from. */
function nearestTo(x: number, mean: Float64Array, deviation: Float64Array): number {
  let nearest = 0;
  for (let k = 1; k < mean.length; k++)
    if (Math.abs((x - mean[k]!) / deviation[k]!) < Math.abs((x - mean[nearest]!) / deviation[nearest]!))
      nearest = k;
  return nearest;
}

function climb(
  column: BinnedColumn,
  count: number,
): { readonly mixture: ColumnMixture; readonly logLikelihood: number } {
  const { mass, at } = column;
  // A component narrower than the bandwidth of a kernel estimate would follow single rows.
  const floor = 0.3 * column.spread * column.effective ** -0.2;
  const weight = new Float64Array(count).fill(1 / count);
  const mean = weight.map((_, k) => (count === 1 ? column.mean : quantileOf(column, (k + 0.5) / count)));
  const deviation = weight.map(() => (count === 1 ? column.deviation : column.deviation / count ** 0.7));
  const share = new Float64Array(count);
  let logLikelihood = Number.NEGATIVE_INFINITY;
  for (let step = 0; step < iterations; step++) {
    const sums = new Float64Array(3 * count);
    const height = weight.map((value, k) => value / deviation[k]!);
    let total = 0;
    for (let bin = 0; bin < mass.length; bin++) {
      const x = at[bin]!;
      let density = 0;
      for (let k = 0; k < count; k++) {
        const z = (x - mean[k]!) / deviation[k]!;
        share[k] = height[k]! * Math.exp(-0.5 * z * z);
        density += share[k]!;
      }
      if (!(density > 1e-300)) {
        density = 1e-300;
        share.fill(0);
        share[nearestTo(x, mean, deviation)] = density;
      }
      total += mass[bin]! * Math.log(density);
      for (let k = 0; k < count; k++) {
        const r = (mass[bin]! * share[k]!) / density;
        sums[k]! += r;
        sums[count + k]! += r * x;
        sums[2 * count + k]! += r * (x - mean[k]!) ** 2;
      }
    }
    total -= 0.5 * logTwoPi;
    if (total - logLikelihood < 1e-6 && step > 3)
      return { mixture: { weight, mean, deviation }, logLikelihood: total };
    logLikelihood = total;
    if (count === 1) break;
    for (let k = 0; k < count; k++) {
      const componentMass = sums[k]!;
      weight[k] = Math.max(componentMass, 1e-12);
      if (componentMass < 1e-9) continue;
      const shift = sums[count + k]! / componentMass - mean[k]!;
      deviation[k] = Math.max(
        floor,
        Math.sqrt(Math.max(0, sums[2 * count + k]! / componentMass - shift * shift)),
      );
      mean[k]! += shift;
    }
  }
  return { mixture: { weight, mean, deviation }, logLikelihood };
}
