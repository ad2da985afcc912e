/**
 * Random numbers inside a program: noise of a base, of an estimator, of a loss.
 *
 * A draw is a function of (key, step, row, element, stream) alone, by Philox (`random/philox.ts`), so that it is the same
 * for every engine, tile and number of threads. The key and the number of the step come with the run; the row is counted
 * within the rows of the step.
 *
 * @module
 */

import { less, normalQuantile, select } from "./arithmetic.ts";
import { checkShape, type Expr, type Shape } from "./expr.ts";

/**
 * Independent uniform numbers on (0, 1), one draw for each row and step: odd multiples of 2^-24, which float32 holds exactly, so
 * that all engines have the same.
 *
 * @param stream - Name of the draw: the same name in one program is the same numbers, of one shape; other names are
 *   independent.
 */
export function randomUniform(shape: Shape, stream: string): Expr {
  checkShape(`random "${stream}"`, shape);
  return { op: "random", stream, shape, batched: true, inputs: [] };
}

/** Independent standard normal numbers: the quantiles of {@link randomUniform}; none is beyond 5.42 deviations. */
export function randomNormal(shape: Shape, stream: string): Expr {
  return normalQuantile(randomUniform(shape, stream));
}

/** Independent signs, -1 or 1 with equal probability (the law of Rademacher). */
export function randomSign(shape: Shape, stream: string): Expr {
  return select(less(randomUniform(shape, stream), 0.5), -1, 1);
}
