/**
 * Shares that sum to a total, of which a model holds all but the last: the last one, as a graph.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import type { Model } from "../models/model.ts";

/** Rows with the last of their shares, which is what the others leave of the total. */
export function withLastShare(
  rows: Expr,
  names: readonly string[],
  { shares, total, columns }: NonNullable<Model["simplex"]>,
): Expr {
  const cell = (name: string): Expr => g.slice(rows, names.indexOf(name), names.indexOf(name) + 1);
  const last = shares.at(-1)!;
  const rest = shares.slice(0, -1).reduce<Expr>((left, name) => g.sub(left, cell(name)), g.constant([total]));
  return g.concatenate(columns.map((name) => (name === last ? rest : cell(name))));
}
