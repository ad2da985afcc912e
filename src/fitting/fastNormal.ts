/**
 * The normal distribution function for sums of thousands of terms: cubic interpolation in a table.
 *
 * @module
 */

import { normalCdf } from "../graph/special.ts";

const reach = 9;
const perUnit = 64;
let table: Float64Array | undefined;

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** Distribution function of the standard normal; absolute error below 1e-10, made 0 or 1 beyond 9 deviations. */
export function fastNormalCdf(x: number): number {
  if (x <= -reach) return 0;
  if (x >= reach) return 1;
  table ??= Float64Array.from({ length: 4 * reach * perUnit + 4 }, (_, i) => {
    const at = Math.floor(i / 2) / perUnit - reach;
    // Value and slope by turns.
    return i % 2 === 0 ? normalCdf(at) : normalDensity(at) / perUnit;
  });
  const place = (x + reach) * perUnit;
  const k = Math.floor(place);
  const z = place - k;
  const [v0, s0, v1, s1] = [table[2 * k]!, table[2 * k + 1]!, table[2 * k + 2]!, table[2 * k + 3]!];
  const rise = v1 - v0;
  return v0 + z * (s0 + z * (3 * rise - 2 * s0 - s1 + z * (s0 + s1 - 2 * rise)));
}
