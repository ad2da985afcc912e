/**
 * Rows to fit and rows to test with.
 *
 * @module
 */

import { DataError, UsageError } from "../errors.ts";
import { checkedOptions, integer, numberOf, type OptionTable, text } from "../options.ts";
import { RandomStream, randomKey, split } from "../random/philox.ts";
import { pickRows } from "./picks.ts";
import { quoteCell } from "./reading/cell.ts";
import { columnNamed } from "./schema/columnKind.ts";
import { dateReading, momentOf } from "./schema/dateTimes.ts";
import { type CellColumn, checkTable, type Table } from "./table.ts";

/** Options of {@link splitTable}. */
export interface SplitTableOptions {
  /** Share of the rows that is kept for the test, between 0 and 1 (default 0.2); one row at least is on each side. */
  readonly test?: number | undefined;
  /** Same seed, same rows (default 0). Means nothing with {@link time}. */
  readonly seed?: number | undefined;
  /**
   * A column that says which rows belong together, such as those of one person: no group is on both sides. Rows without
   * a value of it are one group. The share is met as nearly as the groups allow.
   */
  readonly by?: string | undefined;
  /**
   * A column of dates or numbers that says when a row was taken: the latest rows are the test. Rows of one moment are on one
   * side, so that the share is met as nearly as they allow.
   */
  readonly time?: string | undefined;
}

/** A table in two parts. */
export interface SplitTables {
  /** The rows to fit. */
  readonly train: Table;
  /** The rows to test with. */
  readonly test: Table;
}

const splitOptionTable: OptionTable<SplitTableOptions> = {
  test: numberOf("a share of the rows between 0 and 1", (share) => share > 0 && share < 1),
  seed: integer,
  by: text,
  time: text,
};

/**
 * Splits a table into rows to fit and rows to test with, each in the table's order: at random, by groups of rows that belong
 * together ({@link SplitTableOptions.by}), or the latest rows to test with ({@link SplitTableOptions.time}).
 * @throws UsageError for options that do not fit, or a column that there is not; {@link DataError} for a table of fewer than two
 *   rows or groups, and a time that is missing or is neither a date nor a number.
 * @example const { train, test } = splitTable(table, { test: 0.2, seed: 1 });
 * @example splitTable(visits, { by: "patient" }); // no patient is on both sides
 * @example splitTable(trips, { time: "start" }); // the latest fifth is the test
 */
export function splitTable(table: Table, options: SplitTableOptions = {}): SplitTables {
  const { test = 0.2, seed = 0, by, time } = checkedOptions("splitTable", options, splitOptionTable);
  checkTable("splitTable", table);
  if (by !== undefined && time !== undefined)
    throw new UsageError({
      where: "splitTable",
      problem: "by and time are two ways to split",
      expected: "one of them",
      received: "both",
      remedy: "leave one of them out",
    });
  if (table.rows < 2)
    throw new DataError({
      where: "splitTable",
      subject: "table",
      expected: "of at least two rows",
      received: `${table.rows}`,
    });
  if (by !== undefined) return parts(table, testGroups(table, by, test, seed));
  if (time !== undefined) return parts(table, latestRows(table, time, test));
  const count = Math.max(1, Math.min(table.rows - 1, Math.round(test * table.rows)));
  const order = new RandomStream(split(randomKey(seed), "split table")).permutation(table.rows);
  return {
    train: pickRows(table, order.slice(count).sort()),
    test: pickRows(table, order.slice(0, count).sort()),
  };
}

/** The table in two parts, by what says whether a row is to test with. */
function parts(table: Table, isTest: (row: number) => boolean): SplitTables {
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  return {
    train: pickRows(
      table,
      rows.filter((row) => !isTest(row)),
    ),
    test: pickRows(table, rows.filter(isTest)),
  };
}

/** The cells of a column: texts, numbers, and undefined where one is missing. */
function cellAt(table: Table, cells: CellColumn): (row: number) => string | number | undefined {
  if ("text" in cells) return (row) => cells.text.levels[cells.text.codes[row]!];
  return (row) => {
    const value = table.values[row * table.columns.length + cells.place]!;
    return Number.isNaN(value) ? undefined : value + 0;
  };
}

/** @throws DataError for a column that does not divide the rows. */
function checkDivides(option: string, name: string, count: number): void {
  if (count >= 2) return;
  throw new DataError(
    {
      where: "splitTable",
      problem: `column "${name}" has one value in all rows, so that ${option} leaves no row on one side`,
      expected: "a column of at least two different values",
      received: "one",
      remedy: "name another column, or split at random",
    },
    { column: name },
  );
}

/** Whether a row is of a group to test with. Groups are taken in a random order, each that brings the share nearer. */
function testGroups(table: Table, name: string, share: number, seed: number): (row: number) => boolean {
  const cell = cellAt(table, columnNamed(table, name, "splitTable: by"));
  const sizes = new Map<string | number | undefined, number>();
  for (let row = 0; row < table.rows; row++) sizes.set(cell(row), (sizes.get(cell(row)) ?? 0) + 1);
  checkDivides("by", name, sizes.size);
  const groups = [...sizes.keys()];
  const order = new RandomStream(split(randomKey(seed), "split table by group")).permutation(groups.length);
  const wanted = share * table.rows;
  const chosen = new Set<string | number | undefined>();
  let rows = 0;
  for (const place of order) {
    const size = sizes.get(groups[place]!)!;
    if (rows + size - wanted > wanted - rows) continue;
    chosen.add(groups[place]);
    rows += size;
  }
  // Every group is larger than what is wanted: the smallest comes nearest to it. Or all were taken.
  const smallest = groups.reduce((a, b) => (sizes.get(b)! < sizes.get(a)! ? b : a));
  if (chosen.size === 0) chosen.add(smallest);
  if (chosen.size === groups.length) chosen.delete(smallest);
  return (row) => chosen.has(cell(row));
}

/** Whether a row is one of the latest. */
function latestRows(table: Table, name: string, share: number): (row: number) => boolean {
  const times = timesOf(table, name);
  const sorted = times.slice().sort();
  checkDivides("time", name, new Set(sorted).size);
  const wanted = table.rows - share * table.rows;
  // The first place of the moment that lies at the cut, and of the one after it.
  const at = sorted[Math.min(table.rows - 1, Math.max(0, Math.round(wanted)))]!;
  const before = sorted.indexOf(at);
  const after = sorted.lastIndexOf(at) + 1;
  const isAfter = before === 0 || (after < table.rows && after - wanted < wanted - before);
  const first = sorted[isAfter ? after : before]!;
  return (row) => times[row]! >= first;
}

/** When the rows were taken, as numbers. */
function timesOf(table: Table, name: string): Float64Array {
  const cells = columnNamed(table, name, "splitTable: time");
  const cell = cellAt(table, cells);
  const refuse = (row: number, problem: string, remedy: string): never => {
    throw new DataError(
      {
        where: `column "${name}" (row ${row + 1})`,
        problem,
        expected: "a date or a number",
        received: problem,
        remedy,
      },
      { column: name, row: row + 1 },
    );
  };
  const levels = "text" in cells ? cells.text.levels : [];
  const used = new Set("text" in cells ? cells.text.codes : []);
  const reading = dateReading(levels.filter((_, code) => used.has(code)));
  const rowOf = (isWrong: (level: string) => boolean): number =>
    "text" in cells ? cells.text.codes.findIndex((code) => code >= 0 && isWrong(levels[code]!)) : -1;
  if ("text" in cells && reading === undefined) {
    const row = Math.max(
      0,
      rowOf((level) => dateReading([level]) === undefined),
    );
    refuse(
      row,
      `${quoteCell(String(cell(row) ?? ""))} is not a date like the others`,
      "write dates as 2024-03-01 or 2024-03-01T12:30:00Z",
    );
  }
  if (reading?.isGuess)
    refuse(
      rowOf((level) => level !== ""),
      "no cell tells whether the day or the month comes first",
      "write dates as 2024-03-01",
    );
  return Float64Array.from({ length: table.rows }, (_, row) => {
    const moment = cell(row);
    if (moment === undefined)
      refuse(row, "the time of the row is missing", "fill it in, or take the row out before the split");
    return typeof moment === "number" ? moment : momentOf(moment!, reading!.order)!;
  });
}
