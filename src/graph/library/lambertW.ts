/**
 * Lambert's W, the principal branch.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import { add, div, log, log1p, max, mul, stopGradient, sub } from "../ops/arithmetic.ts";

/** Below it W(z) is z to all digits. */
const least = 1e-30;

/**
 * The w with w e^w = z, for z at least 0: the start of Iacono & Boyd (2017, https://doi.org/10.1007/s10444-017-9530-3, eq. 30) and
 * four of their quadratic steps (eq. 19), to some roundings for any z. Its first derivative is exact, higher ones are not.
 */
export function lambertW(z: Expr): Expr {
  const size = max(z, least);
  const l = log1p(size);
  let w = mul(l, sub(1, div(log1p(l), add(2, l))));
  const logSize = log(size);
  const step = (from: Expr): Expr => mul(div(from, add(1, from)), add(1, sub(logSize, log(from))));
  for (let k = 0; k < 3; k++) w = step(w);
  // The last step alone gives the derivative of the solution.
  return step(stopGradient(w));
}
