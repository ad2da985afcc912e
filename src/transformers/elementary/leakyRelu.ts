/**
 * The leaky rectifier: slope 1 above 0 and slope a below, fixed or learned (PReLU).
 *
 *     forward   y = x where x >= 0, else a x      log derivative  0, else  log a
 *     inverse   x = y where y >= 0, else y / a    log derivative  0, else -log a
 *
 * Raw parameter where it is learned: log a, clipped softly to +-log 1000; 0 is the identity.
 *
 * He et al. (2015), "Delving deep into rectifiers", eq. 1.
 *
 * @see https://arxiv.org/abs/1502.01852
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { asExpr, exp, less, mul, neg, select } from "../../graph/ops.ts";
import { anyNumber, checkedOptions, type OptionTable, refuse } from "../../options.ts";
import { softClip } from "../softClip.ts";
import type { ScalarMapped, Transformer } from "../transformer.ts";

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** Slope below 0, above 0 (default: learned). Other libraries have 0.01. */
  readonly slope?: number | undefined;
}

const leakyReluOptionTable: OptionTable<LeakyReluOptions> = { slope: anyNumber };
const largestLogSlope = Math.log(1000);

/**
 * The leaky rectifier; one parameter per feature, or none where the slope is given.
 * @throws UsageError if `slope` is not a positive number.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = leakyRelu();
 */
export function leakyRelu(options: LeakyReluOptions = {}): Transformer {
  const { slope } = checkedOptions("leakyRelu", options, leakyReluOptionTable);
  if (slope !== undefined && !(slope > 0 && Number.isFinite(slope)))
    refuse("leakyRelu", "slope", "a positive number", slope);
  const logSlope = ([raw]: readonly Expr[]): Expr =>
    slope === undefined ? softClip(raw!, largestLogSlope) : asExpr(Math.log(slope));
  const scaled = (at: Expr, log: Expr): ScalarMapped => {
    const isBelow = less(at, 0);
    return { value: select(isBelow, mul(at, exp(log)), at), logDerivative: select(isBelow, log, 0) };
  };
  return {
    type: "leakyRelu",
    parameterCount: slope === undefined ? 1 : 0,
    forward: (x, parameters) => scaled(x, logSlope(parameters)),
    inverse: (y, parameters) => scaled(y, neg(logSlope(parameters))),
    toJSON: () => ({ type: "leakyRelu", ...(slope === undefined ? {} : { slope }) }),
  };
}
