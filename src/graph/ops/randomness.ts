/**
 * Random numbers inside a program: noise of a base, of an estimator, of a loss.
 *
 * A draw is a function of (key, step, row, element, stream) alone, by Philox (`random/philox.ts`), so that it is the same
 * for every engine, tile and number of threads. The key and the number of the step come with the run; the row is counted
 * within the rows of the step, so that a row of data that is twice in a batch gets different noise.
 *
 * Nothing has a derivative with respect to a draw, and inside the body of an iteration it is a value from outside: the same
 * in every round.
 *
 * @module
 */

import { checkArgument, text } from "../../options.ts";
import { checkShape, type Expr, type Node, type Shape } from "../expr.ts";
import type { GraphRules } from "../rules.ts";
import { less, normalQuantile, select } from "./arithmetic.ts";
import { leafRules } from "./leaves.ts";

/**
 * Independent uniform numbers on (0, 1), drawn anew for each row and each step; see `randomUniform`. Nodes of one stream are
 * the same numbers.
 */
export interface RandomExpr extends Node {
  readonly op: "random";
  readonly stream: string;
}

export const randomRules: GraphRules<RandomExpr> = { ...leafRules, facts: ({ stream }) => [stream] };

/**
 * Independent uniform numbers on (0, 1), one draw for each row and step: odd multiples of 2^-24, which float32 holds exactly, so
 * that all engines have the same.
 *
 * @param stream - Name of the draw: the same name in one program is the same numbers, of one shape; other names are
 *   independent. Parts that may stand in one program more than once need a name each.
 * @throws ShapeError for a shape that is none; a program with one name in two shapes is refused when it is compiled.
 */
export function randomUniform(shape: Shape, stream: string): Expr {
  checkArgument("ops.randomUniform", "stream", stream, text);
  checkShape(`random "${stream}"`, shape);
  return { op: "random", stream, shape, space: "row", inputs: [] };
}

/**
 * Independent standard normal numbers: the quantiles of {@link randomUniform}; equal on all engines within rounding. None is
 * beyond 5.3 deviations, where a true normal number is once in 8 million draws. About 6 ns each in float32, 15 in float64.
 * @param stream - As for {@link randomUniform}; the two share the numbers of a name.
 */
export function randomNormal(shape: Shape, stream: string): Expr {
  checkArgument("ops.randomNormal", "stream", stream, text);
  return normalQuantile(randomUniform(shape, stream));
}

/**
 * Independent signs, -1 or 1 with equal probability (the law of Rademacher).
 * @param stream - As for {@link randomUniform}.
 */
export function randomSign(shape: Shape, stream: string): Expr {
  checkArgument("ops.randomSign", "stream", stream, text);
  return select(less(randomUniform(shape, stream), 0.5), -1, 1);
}
