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
  const groups = new Map<string, number[]>();
  columns.forEach(({ outcomes, column }, i) => {
    if (outcomes === 1) return;
    const name = `${outcomes} ${column.masked}`;
    groups.set(name, [...(groups.get(name) ?? []), i]);
  });
  const places: number[] = [];
  const terms = Array.from(groups.values(), (members) => {
    const { outcomes, column } = columns[members[0]!]!;
    const logits = sideBySide(numbers, outcomes, members, (i) => columns[i]!.outputs);
    const marks = sideBySide(encoded, outcomes, members, (i) => columns[i]!.targets);
    const total = logSumOfRows(logits);
    places.push(...members);
    // Of a cell that is masked no outcome is chosen.
    return g.sub(g.sum(g.mul(marks, logits), 1), column.masked ? g.mul(g.sum(marks, 1), total) : total);
  });
  return g.gather(
    g.concatenate([...terms, g.constant([0])]),
    columns.map((_, i) => (places.includes(i) ? places.indexOf(i) : places.length)),
    [columns.length],
  );
}

/** `size` adjacent numbers of each of some columns, `[columns, size]`. */
function sideBySide(
  source: Expr,
  size: number,
  columns: readonly number[],
  first: (column: number) => number,
): Expr {
  const indices = columns.flatMap((i) => Array.from({ length: size }, (_, k) => first(i) + k));
  return g.gather(source, indices, [columns.length, size]);
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
  const groups = new Map<string, number[]>();
  columns.forEach(({ head }, i) => {
    groups.set(head.group, [...(groups.get(head.group) ?? []), i]);
  });
  const places: number[] = [];
  const terms = Array.from(groups.values(), (members) => {
    const { head } = columns[members[0]!]!;
    const ofRow = head.parameters - head.shared;
    /** Numbers of the members side by side, those of one adjacent. */
    const gathered = (source: Expr, size: number, at: (layout: ColumnLayout, k: number) => number): Expr =>
      g.gather(
        source,
        members.flatMap((i) => Array.from({ length: size }, (_, k) => at(columns[i]!, k))),
        [members.length, size],
      );
    places.push(...members);
    return head.logProb(
      gathered(encoded, head.targets, (layout, k) => layout.targets + layout.outcomes + k),
      gathered(numbers, head.parameters, (layout, k) =>
        k < ofRow
          ? layout.outputs + (layout.outcomes > 1 ? layout.outcomes : 0) + k
          : outputs + layout.shared + k - ofRow,
      ),
    );
  });
  const inOrder = g.gather(
    g.concatenate(terms),
    columns.map((_, i) => places.indexOf(i)),
    [columns.length],
  );
  return g.mul(inOrder, valueMarks(encoded, columns));
}

/** By column 1 where there is a value, which the last outcome stands for. */
export function valueMarks(encoded: Expr, columns: readonly ColumnLayout[]): Expr {
  return g.gather(
    encoded,
    columns.map(({ targets, outcomes }) => targets + outcomes - 1),
    [columns.length],
  );
}
