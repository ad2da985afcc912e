/**
 * The hyperbolic tangent inside of |x| = c, and a logarithm beyond, so that it takes and gives any number; the LogTanh of nflows.
 *
 *     forward   y = tanh x                          for |x| <= c,    log derivative  log(1 - tanh^2 x)
 *               y = tanh c + a log(x / c)           for x > c, and so on the other side;    log(a / |x|)
 *     inverse   x = atanh y                         for |y| <= tanh c
 *               x = c e^((y - tanh c) / a)          for y > tanh c
 *
 * With a = c (1 - tanh^2 c) the slope is continuous. Beyond |x| = c e^30 it goes on straight, with the slope that it has there.
 *
 * @see https://github.com/bayesiains/nflows/blob/master/nflows/transforms/nonlinearities.py
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { add, exp, less, log, max, min, mul, neg, select, sub, tanh } from "../../graph/ops.ts";
import { checkedOptions, numberOf, type OptionTable, positive } from "../../options.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { Transformer } from "../transformer.ts";
import { fixedMap } from "./fixedMap.ts";
import { atanh, tanhLogSlope } from "./tanhTransformer.ts";

/** Options of {@link logTanh}. */
export interface LogTanhOptions {
  /** Where the logarithm begins, c, above 0 and up to 8 (default 1). */
  readonly from?: number | undefined;
  /**
   * What y grows by where x grows by a factor e, a, above 0 (default c (1 - tanh^2 c), which goes on with the slope of c; nflows has
   * (1 - tanh(tanh c)) / c).
   */
  readonly growth?: number | undefined;
}

const logTanhOptionTable: OptionTable<LogTanhOptions> = {
  from: numberOf("above 0 and up to 8", (x) => x > 0 && x <= 8),
  growth: positive,
};

/** Logarithm of the size from which on it is straight, in units of c. */
const reach = 30;

/** The size of a number, which unlike the absolute value has a slope at 0, and whether it is negative. */
function split(value: Expr): { readonly isNegative: Expr; readonly size: Expr } {
  const isNegative = less(value, 0);
  return { isNegative, size: select(isNegative, neg(value), value) };
}

/**
 * The hyperbolic tangent with logarithmic tails; no parameters.
 * @throws UsageError for an option out of its domain.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = logTanh();
 */
export function logTanh(options: LogTanhOptions = {}): Transformer {
  const { from = 1, growth } = checkedOptions("logTanh", options, logTanhOptionTable);
  const a = growth ?? from * (1 - Math.tanh(from) ** 2);
  const [edge, end] = [from * Math.exp(reach), Math.tanh(from) + a * reach];
  const [logFrom, image] = [Math.log(from), Math.tanh(from)];
  return fixedMap({
    type: "logTanh",
    options: { from, ...(growth === undefined ? {} : { growth }) },
    forward(x) {
      const { isNegative, size: whole } = split(x);
      const size = min(whole, edge);
      const isFar = less(from, size);
      const far = log(max(size, from));
      const near = min(size, from);
      const mapped = straightBeyond(whole, size, {
        value: select(isFar, add(image, mul(a, sub(far, logFrom))), tanh(near)),
        logDerivative: select(isFar, sub(Math.log(a), far), tanhLogSlope(near)),
      });
      return { ...mapped, value: select(isNegative, neg(mapped.value), mapped.value) };
    },
    inverse(y) {
      const { isNegative, size: whole } = split(y);
      const size = min(whole, end);
      const isFar = less(image, size);
      const far = add(logFrom, mul(1 / a, max(sub(size, image), 0)));
      const near = atanh(min(size, image));
      const mapped = straightBeyond(whole, size, {
        value: select(isFar, exp(far), near),
        logDerivative: select(isFar, sub(far, Math.log(a)), neg(tanhLogSlope(near))),
      });
      return { ...mapped, value: select(isNegative, neg(mapped.value), mapped.value) };
    },
  });
}
