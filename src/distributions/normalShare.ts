/**
 * The normal distribution function, as an expression: what makes uniform noise of normal noise.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";

/** The normal distribution function. */
export const normalShare = (noise: Expr): Expr => g.mul(0.5, g.add(1, g.erf(g.mul(noise, Math.SQRT1_2))));
