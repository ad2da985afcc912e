/**
 * A marginal spline on a column of numbers, as the engine evaluates it: while a flow is fitted, what the layers so far
 * make of the rows is what the next layer is fitted to.
 *
 * @module
 */

import type { MarginalKnots } from "./marginalMap.ts";

/**
 * Maps values from data to base in place and adds the log slopes to `logAbsDet`. O(rows * log knots). The formulas are
 * those of `splineThroughKnots`.
 */
export function applyKnots(
  values: Float64Array,
  logAbsDet: Float64Array,
  { data, base, logSlope }: MarginalKnots,
): void {
  const last = data.length - 1;
  const slope = logSlope.map(Math.exp);
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x <= data[0]! || x >= data[last]!) {
      const end = x <= data[0]! ? 0 : last;
      values[i] = base[end]! + (x - data[end]!) * slope[end]!;
      logAbsDet[i]! += logSlope[end]!;
      continue;
    }
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (x >= data[middle]!) low = middle;
      else high = middle;
    }
    const width = data[high]! - data[low]!;
    const height = base[high]! - base[low]!;
    const s = height / width;
    const [d0, d1] = [slope[low]!, slope[high]!];
    const z = (x - data[low]!) / width;
    const zz = z * (1 - z);
    const denominator = s + (d0 + d1 - 2 * s) * zz;
    values[i] = base[low]! + (height * z * (s * z + d0 * (1 - z))) / denominator;
    const ratio = s / denominator;
    logAbsDet[i]! += Math.log(ratio * ratio * (d1 * z * z + 2 * s * zz + d0 * (1 - z) * (1 - z)));
  }
}
