/**
 * A power of the size, with the sign kept: tails that are longer with an exponent above 1, shorter below.
 *
 *     forward   y = sign(x) |x|^p          log derivative log p + (p - 1) log |x|
 *     inverse   x = sign(y) |y|^(1/p)
 *
 * At 0 the slope of a power is 0 or infinite: for |x| below 2^-13 it is a straight line through 0, and beyond 2^13 one with the slope
 * of there.
 *
 * Raw parameter where the exponent is learned: log p, clipped softly to +-log 4; 0 is the identity.
 *
 * Elementary, of no paper: the sign lets it take numbers of either one, and both straight pieces are our own.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { add, asExpr, clamp, div, exp, less, log, mul, neg, select, sub } from "../../graph/ops.ts";
import { anyNumber, checkedOptions, type OptionTable, refuse } from "../../options.ts";
import { softClip } from "../softClip.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";

/** Options of {@link power}. */
export interface PowerOptions {
  /** The exponent p, from 1/4 to 4 (default: learned). */
  readonly exponent?: number | undefined;
}

const powerOptionTable: OptionTable<PowerOptions> = { exponent: anyNumber };
const [near, far] = [2 ** -13, 2 ** 13];
const largestLogExponent = Math.log(4);

/** The power of a number whose size is from `low` to `high`, straight outside. */
function signedPower(x: Expr, logPower: Expr, low: Expr, high: Expr): ScalarMapped {
  const isNegative = less(x, 0);
  const size = select(isNegative, neg(x), x);
  const p = exp(logPower);
  const inside = clamp(size, low, high);
  const logSize = log(inside);
  const rest = mul(sub(p, 1), logSize);
  const image = exp(mul(p, logSize));
  const isNear = less(size, low);
  const away = straightBeyond(size, inside, { value: image, logDerivative: add(logPower, rest) });
  const value = select(isNear, mul(image, div(size, inside)), away.value);
  return {
    value: select(isNegative, neg(value), value),
    logDerivative: select(isNear, rest, away.logDerivative),
  };
}

/**
 * The signed power; one parameter per feature, or none where the exponent is given.
 * @throws UsageError if `exponent` is not from 1/4 to 4.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = power();
 */
export function power(options: PowerOptions = {}): Transformer {
  const { exponent } = checkedOptions("power", options, powerOptionTable);
  if (exponent !== undefined && !(exponent >= 0.25 && exponent <= 4))
    refuse("power", "exponent", "from 1/4 to 4", exponent);
  const logPower = ([raw]: readonly Expr[]): Expr =>
    exponent === undefined ? softClip(raw!, largestLogExponent) : asExpr(Math.log(exponent));
  return {
    type: "power",
    parameterCount: exponent === undefined ? 1 : 0,
    forward: (x, parameters) => signedPower(x, logPower(parameters), asExpr(near), asExpr(far)),
    inverse(y, parameters) {
      const log = logPower(parameters);
      const ends = [near, far].map((end) => exp(mul(exp(log), Math.log(end))));
      return signedPower(y, neg(log), ends[0]!, ends[1]!);
    },
    toJSON: () => ({ type: "power", ...(exponent === undefined ? {} : { exponent }) }),
  };
}
