/**
 * Which values are sums over rows.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";

/** Whether a node is a sum over the rows of the tile. */
export const isSumOverRows = (node: Expr): boolean => node.op === "sumRows" || node.op === "sumOuter";
