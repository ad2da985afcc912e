/**
 * What is said of each row, and the order of rows.
 *
 * @module
 */

import { badCell } from "../../errors.ts";
import { tableOfCells } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { cellColumns, column, type Table } from "../../tables/table.ts";
import { textAt } from "../../tables/textColumn.ts";
import type { Anomaly, Blame } from "./anomalies.ts";
import { mostExpected, type RowStrangeness } from "./neighbours.ts";

/** Columns of which it is said what to expect make up this share of the blame, or are as many as it is known of. */
const blamedShare = 0.9;

/** @throws {@link DataError} for an infinite cell. */
export function checkFinite(schema: readonly ColumnSchema[], cells: readonly Float64Array[]): void {
  schema.forEach(({ name }, j) => {
    const row = cells[j]!.findIndex((cell) => Math.abs(cell) === Number.POSITIVE_INFINITY);
    if (row >= 0)
      throw badCell(name, row + 1, {
        problem: `${cells[j]![row]} has no distance from other values`,
        expected: "a finite number",
        received: `${cells[j]![row]}`,
        remedy: "mend the cell, or leave the column out",
      });
  });
}

/** Orders rows, the strangest first. */
const strangestFirst = (a: Anomaly, b: Anomaly): number =>
  b.score - a.score || a.pValue - b.pValue || a.row - b.row;

/** Places of the rows, the strangest first. */
export const rankingOf = (rows: readonly Anomaly[]): number[] =>
  Array.from(rows.keys()).sort((a, b) => strangestFirst(rows[a]!, rows[b]!));

/** The strangest of rows that come in batches, so many of which are in memory. */
export class StrangestRows {
  readonly #count: number;
  #held: Anomaly[] = [];

  /** @param count - How many. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Looks at further rows. */
  add(rows: readonly Anomaly[]): void {
    const last = this.#held.length < this.#count ? undefined : this.#held[this.#count - 1]!;
    const stranger = last ? rows.filter((row) => strangestFirst(row, last) < 0) : rows;
    if (stranger.length > 0)
      this.#held = [...this.#held, ...stranger].sort(strangestFirst).slice(0, this.#count);
  }

  /** The strangest so far, the first of them first. */
  get rows(): readonly Anomaly[] {
    return this.#held;
  }
}

/** What is said of each row. */
export function anomalyRows(
  schema: readonly ColumnSchema[],
  found: readonly RowStrangeness[],
  scores: Float64Array,
  pValues: Float64Array,
  logProb: Float64Array | undefined,
): Anomaly[] {
  const expected = readers(
    tableOfCells(
      schema,
      schema.map((_, j) => Float64Array.from(found, (own) => own.expected[j]!)),
    ),
    schema,
  );
  return found.map(({ byColumn }, row) => {
    const total = byColumn.reduce((sum, part) => sum + part, 0);
    const order = Array.from(byColumn.keys()).sort((a, b) => byColumn[b]! - byColumn[a]! || a - b);
    const blame: Blame[] = [];
    const values: Record<string, string | number | null> = {};
    let named = 0;
    for (const j of order) {
      if (!(byColumn[j]! > 0)) break;
      const share = byColumn[j]! / total;
      if (named < blamedShare && blame.length < mostExpected) values[schema[j]!.name] = expected[j]!(row);
      named += share;
      blame.push({ column: schema[j]!.name, share });
    }
    const density = logProb?.[row];
    return {
      row: row + 1,
      score: scores[row]!,
      pValue: pValues[row]!,
      logProb: density === undefined || Number.isNaN(density) ? undefined : density,
      blame,
      expected: values,
    };
  });
}

/** Reads the cells of each column of a table in its own type. */
function readers(
  table: Table,
  schema: readonly ColumnSchema[],
): readonly ((row: number) => string | number | null)[] {
  const columns = cellColumns(table);
  return schema.map(({ name }) => {
    const own = columns.find((each) => each.name === name)!;
    if ("text" in own) return (row) => textAt(own.text, row) ?? null;
    const values = column({ ...table, records: [] }, name);
    return (row) => (Number.isNaN(values[row]!) ? null : values[row]!);
  });
}
