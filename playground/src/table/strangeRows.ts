/**
 * The strangest rows of a table, as the page lists them.
 *
 * @module
 */

import type { Table } from "pushforward";
import type { Anomaly } from "pushforward/diagnostics";
import { pickRows } from "pushforward/tables";
import type { StrangeRow } from "./protocol.ts";
import { cellsOf } from "./tableFacts.ts";

/** Rows that are listed. */
export const mostStrange = 25;

/** Whether a row is strange for a missing cell most of all. */
export function isMissing(
  { blame: [first], place }: Anomaly & { readonly place: number },
  rows: Table,
): boolean {
  if (!first) return false;
  const column = rows.columns.indexOf(first.column);
  if (column >= 0) return Number.isNaN(rows.values[place * rows.columns.length + column]);
  const text = rows.texts?.find(({ name }) => name === first.column);
  return text !== undefined && text.levels[text.codes[place]!] === undefined;
}

/** The strangest of two lists that are in order. */
export const strangestOf = (some: readonly StrangeRow[], others: readonly StrangeRow[]): StrangeRow[] =>
  [...some, ...others].sort((a, b) => b.score - a.score || a.row - b.row).slice(0, mostStrange);

/** Rows as they are listed: their cells, who is to blame, and what is usual, with dates like those of the table. */
export function shownRows(
  strangest: readonly (Anomaly & { readonly place: number })[],
  rows: Table,
  dates: ReadonlyMap<string, (date: string) => string>,
): readonly StrangeRow[] {
  const cells = cellsOf(
    pickRows(
      rows,
      strangest.map(({ place }) => place),
    ),
  );
  return strangest.map(({ place, score, pValue, logProb, blame, expected }, i) => ({
    row: place + 1,
    score,
    pValue,
    logProb,
    blame: blame.slice(0, 3).map(({ column, share }) => {
      const usual = expected[column];
      const like = dates.get(column);
      return { column, share, expected: like && typeof usual === "string" ? like(usual) : usual };
    }),
    cells: cells[i]!,
  }));
}
