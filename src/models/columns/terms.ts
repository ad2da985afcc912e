/**
 * What a row's columns add to its log-density, for what the network gives: columns of one sort go through one program, side by side.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { ColumnLayout } from "./columnsDensity.ts";
import { logSumOfRows } from "./heads/logSums.ts";

/** Log-probabilities of the outcomes of columns, `[columns]`; 0 where there is one alone. */
export function outcomeTerms(encoded: Expr, numbers: Expr, columns: readonly ColumnLayout[]): Expr {
  return byGroups(
    columns,
    ({ outcomes, column }) => (outcomes > 1 ? `${outcomes} ${column.masked}` : undefined),
    (group) => {
      const { outcomes, column } = group[0]!;
      const logits = sideBySide(numbers, group, outcomes, (layout, k) => layout.outputs + k);
      const marks = sideBySide(encoded, group, outcomes, (layout, k) => layout.targets + k);
      const total = logSumOfRows(logits);
      // Of a cell that is masked no outcome is chosen.
      return g.sub(g.sum(g.mul(marks, logits), 1), column.masked ? g.mul(g.sum(marks, 1), total) : total);
    },
  );
}

/**
 * Log-densities of the values of columns, `[columns]`; 0 where there is none.
 * @param outputs - Numbers that the network gives; those that all rows share stand behind them.
 */
export function valueTerms(
  encoded: Expr,
  numbers: Expr,
  columns: readonly ColumnLayout[],
  outputs: number,
): Expr {
  const values = byGroups(
    columns,
    ({ head }) => head.group,
    (group) => {
      const { head } = group[0]!;
      const ofRow = head.parameters - head.shared;
      return head.logProb(
        sideBySide(encoded, group, head.targets, (layout, k) => layout.targets + layout.outcomes + k),
        sideBySide(numbers, group, head.parameters, (layout, k) =>
          k < ofRow
            ? layout.outputs + (layout.outcomes > 1 ? layout.outcomes : 0) + k
            : outputs + layout.shared + k - ofRow,
        ),
      );
    },
  );
  return g.mul(values, valueMarks(encoded, columns));
}

/** A number of each column, of all columns of a group at once, in the order of the columns; 0 where the group is undefined. */
function byGroups(
  columns: readonly ColumnLayout[],
  groupOf: (layout: ColumnLayout) => string | undefined,
  numbersOf: (group: readonly ColumnLayout[]) => Expr,
): Expr {
  const groups = new Map<string, ColumnLayout[]>();
  for (const layout of columns) {
    const name = groupOf(layout);
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), layout]);
  }
  const placed = [...groups.values()].flat();
  const numbers = Array.from(groups.values(), numbersOf);
  if (placed.length < columns.length) numbers.push(g.constant([0]));
  return g.gather(
    g.concatenate(numbers),
    columns.map((layout) => (placed.includes(layout) ? placed.indexOf(layout) : placed.length)),
    [columns.length],
  );
}

/** Numbers of each of some columns, `[columns, size]`. */
function sideBySide(
  source: Expr,
  columns: readonly ColumnLayout[],
  size: number,
  at: (layout: ColumnLayout, k: number) => number,
): Expr {
  const indices = columns.flatMap((layout) => Array.from({ length: size }, (_, k) => at(layout, k)));
  return g.gather(source, indices, [columns.length, size]);
}

/** By column 1 where there is a value, which the last outcome stands for. */
export function valueMarks(encoded: Expr, columns: readonly ColumnLayout[]): Expr {
  return g.gather(
    encoded,
    columns.map(({ targets, outcomes }) => targets + outcomes - 1),
    [columns.length],
  );
}
