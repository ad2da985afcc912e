/**
 * What fitting asks of a table before it trains, and what it warns of.
 *
 * @module
 */

import { listNames } from "../closestName.ts";
import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { optionText } from "../optionText.ts";
import { inOnePiece, type Pieces } from "../platform/pieces.ts";
import { overflowText } from "./columnRecord.ts";
import { pickRows } from "./picks.ts";
import { measureResolution, type Resolution } from "./recording/resolution.ts";
import { column, type Table } from "./table.ts";

/** What to do with rows that have a missing value. */
export type MissingPolicy = "error" | "drop";

/** How a table is checked. */
export interface CheckOptions {
  /** `"error"` (the default: rows are not left out silently) or `"drop"`, which leaves such rows out. */
  readonly missing?: MissingPolicy | undefined;
}

/** A table that can be fitted. */
export interface CheckedTable {
  /** Finite values only, no constant column, at least {@link fewestRows} rows. */
  readonly table: Table;
  /** Rows left out for missing values. */
  readonly dropped: number;
}

/** Fewer rows than this are not a sample of anything that a flow could learn. */
export const fewestRows = 10;

/** Which rows of a table miss a value. */
export interface Completeness {
  /** 1 for each row that misses none, 0 for others. */
  readonly complete: Uint8Array;
  /** Rows that miss one. */
  readonly incomplete: number;
  /** Place in the values of the first that is missing; -1 where none is. */
  readonly first: number;
}

/**
 * Which rows miss a value.
 * @throws {@link DataError} for the first infinite value.
 */
export function completenessOf(table: Table): Completeness {
  const width = table.columns.length;
  const complete = new Uint8Array(table.rows).fill(1);
  let incomplete = 0;
  let first = -1;
  for (let at = 0; at < table.values.length; at++) {
    const value = table.values[at]!;
    if (Number.isFinite(value)) continue;
    const row = Math.floor(at / width);
    if (!Number.isNaN(value)) {
      const name = table.columns[at % width]!;
      const overflow = table.records.find((record) => record.name === name)?.overflow;
      const isTooLarge = overflow?.row === row + 1;
      throw new DataError(
        {
          where: `column "${name}" (row ${row + 1})`,
          problem: isTooLarge ? overflowText(overflow.cell) : `${value} is not finite`,
          expected: "a finite number",
          received: isTooLarge ? overflow.cell : `${value}`,
          remedy: `${isTooLarge ? "write its logarithm, " : ""}mend the cell or take out the row`,
        },
        { column: name, row: row + 1 },
      );
    }
    if (first < 0) first = at;
    incomplete += complete[row]!;
    complete[row] = 0;
  }
  return { complete, incomplete, first };
}

/** The columns without which enough rows are complete, the emptiest first, and what to do about them; empty where all are. */
function emptiestRemedy(table: Table): string {
  const width = table.columns.length;
  const counts = new Uint32Array(width);
  const missing = new Uint32Array(table.rows);
  table.values.forEach((value, at) => {
    if (!Number.isNaN(value)) return;
    counts[at % width]!++;
    missing[Math.floor(at / width)]!++;
  });
  const order = table.columns.map((_, place) => place).sort((a, b) => counts[b]! - counts[a]!);
  let complete = missing.reduce((count, missingCells) => count + Number(missingCells === 0), 0);
  const names: string[] = [];
  for (const place of order) {
    if (complete >= fewestRows) break;
    names.push(`"${table.columns[place]}" in ${counts[place]} of ${table.rows} rows`);
    for (let row = 0; row < table.rows; row++)
      if (Number.isNaN(table.values[row * width + place]!) && --missing[row]! === 0) complete++;
  }
  if (names.length === 0 || names.length === width) return "";
  return `values are missing in ${listNames(names)}: name the other columns in ${optionText("columns")}`;
}

function checkNotConstant(table: Table, dropped: number): void {
  const width = table.columns.length;
  table.columns.forEach((name, place) => {
    const first = table.values[place]!;
    for (let at = place; at < table.values.length; at += width) if (table.values[at] !== first) return;
    throw new DataError(
      {
        problem: `column "${name}" is constant (${first} in every row${dropped > 0 ? ` that is left, ${dropped} with missing values being dropped` : ""}) and has no density`,
        expected: "a column of several values",
        received: `${first} in every row`,
        remedy: `leave it out with ${optionText("columns")}`,
      },
      { column: name },
    );
  });
}

/**
 * The error for a missing value.
 * @param row - Its row, from 1.
 * @param incomplete - Rows that miss one, where they were counted.
 * @param remedy - What to do (default: what is always right).
 */
export function missingValue(
  column: string,
  row: number,
  incomplete?: number,
  remedy: string = "",
): DataError {
  const rows =
    incomplete === undefined
      ? ""
      : ` (${incomplete === 1 ? "1 row misses a value" : `${incomplete} rows miss values`} in all)`;
  return new DataError(
    {
      where: `column "${column}" (row ${row})`,
      problem: `the value is missing${rows}`,
      expected: "a number",
      received: "a missing value",
      remedy: remedy || `fill the cell, or leave such rows out with ${optionText("missing", "drop")}`,
    },
    { column, row },
  );
}

/**
 * Checks that a table can be fitted, and leaves out rows with missing values where that is asked for. Text
 * columns are not looked at: choose the columns first (`numericColumns`, `selectColumns`).
 *
 * @throws DataError for an infinite value; a missing one unless `missing` is `"drop"`; fewer than
 *   {@link fewestRows} usable rows; a constant column. The message names the column and the row.
 */
export function checkForFitting(table: Table, options: CheckOptions = {}): CheckedTable {
  const { complete, incomplete, first } = completenessOf(table);
  if (incomplete > 0 && options.missing !== "drop") {
    const name = table.columns[first % table.columns.length]!;
    const row = Math.floor(first / table.columns.length) + 1;
    const fewest = table.rows - incomplete < fewestRows && table.rows >= fewestRows;
    throw missingValue(name, row, incomplete, fewest ? emptiestRemedy(table) : "");
  }
  const completeRows = table.rows - incomplete;
  if (completeRows < fewestRows) {
    const why = incomplete > 0 ? ` (${incomplete} left out for missing values)` : "";
    const remedy = table.rows >= fewestRows ? emptiestRemedy(table) : "";
    const received = `${counted(completeRows, "usable row")}${why}`;
    throw new DataError({
      problem: received,
      expected: `at least ${fewestRows} rows`,
      received,
      remedy: `fitting needs at least ${fewestRows}${remedy === "" ? "" : `: ${remedy}`}`,
    });
  }
  const checked =
    incomplete > 0
      ? pickRows(
          table,
          Uint32Array.from(complete.keys()).filter((row) => complete[row] === 1),
        )
      : table;
  checkNotConstant(checked, incomplete);
  return { table: checked, dropped: incomplete };
}

/** A column whose repeated values a density would chase. */
export interface ColumnWarning {
  readonly column: string;
  /**
   * `integers`: whole numbers only. `repeated`: few distinct values. `spike`: one value holds many of the rows
   * of a column that is otherwise continuous.
   */
  readonly kind: "integers" | "repeated" | "spike";
  /** The step between recorded values, in the column's units. */
  readonly resolution: number;
  /** One line that says what was found and what to do. */
  readonly message: string;
}

/**
 * Whole numbers that span more steps than this (time stamps, populations) are as good as continuous: the step
 * is below what a flow resolves on standardized data. Should they repeat all the same, the other rules see it.
 */
const mostIntegerSteps = 1e4;
/** With fewer values, a few ties make a large share and mean little. */
const fewestForRepeated = 20;
/**
 * Fewer distinct values than this share of the rows is a grid, not a few ties: each value stands there three
 * times on average. A measurement to three digits or more passes at the usual few hundred rows.
 */
const distinctShare = 1 / 3;
/** One value in this share of the rows, and at least five of them, is an atom of the distribution ... */
const spikeShare = 0.005;
const spikeRows = 5;
/** ... where its neighbors hold fewer by so many standard deviations of a count: a rounded column has ties everywhere. */
const spikeDeviations = 5;
/** One value in this share of the rows is an atom whatever its neighbors hold. */
const largeSpikeShare = 0.05;

function isSpike({ count, mostFrequent, neighbors }: Resolution): boolean {
  if (mostFrequent.count < Math.max(spikeRows, spikeShare * count)) return false;
  // In a continuum without ties, five rows that agree are not chance.
  return (
    mostFrequent.count >= largeSpikeShare * count ||
    neighbors === 1 ||
    mostFrequent.count > neighbors + spikeDeviations * Math.sqrt(neighbors)
  );
}

function kindOf(resolution: Resolution): ColumnWarning["kind"] | undefined {
  const { count, distinct, range, integers, step } = resolution;
  if (step === undefined) return undefined;
  if (integers && range / step <= mostIntegerSteps) return "integers";
  if (count > fewestForRepeated && distinct < distinctShare * count) return "repeated";
  if (isSpike(resolution)) return "spike";
  return undefined;
}

const unbounded = "a density can grow without bound on them";
/** What to do where values repeat. */
export const repeatedRemedy: string = `fit ${optionText("flow", "columns")}, which gives such values a probability`;

function describe(name: string, kind: ColumnWarning["kind"], resolution: Resolution): string {
  const { count, distinct, mostFrequent, step } = resolution;
  switch (kind) {
    case "integers":
      return `column "${name}" holds whole numbers (${distinct} different in ${count} rows, ${step} apart): ${unbounded}; ${repeatedRemedy}`;
    case "repeated":
      return `column "${name}" repeats its values (${distinct} different in ${count} rows, ${step} apart): ${unbounded}; ${repeatedRemedy}`;
    case "spike":
      return (
        `column "${name}" is ${mostFrequent.value} in ${mostFrequent.count} of ${count} rows: a density can ` +
        "grow without bound there, so that these rows get high scores whatever else they are, scores of fits say how " +
        `far each went, and comparisons of kinds are decided by it; leave those rows out (or model them apart), or ${repeatedRemedy}`
      );
  }
}

/**
 * Columns on which a density is not well defined, because the data are recorded in steps: a flow can raise its
 * likelihood without limit by peaks on repeated values. A continuous column with a few ties is not one.
 * Missing and infinite values are passed over.
 *
 * @returns a warning per column, in the table's order.
 */
export function diagnoseColumns(table: Table): ColumnWarning[] {
  return inOnePiece(diagnosis(table));
}

/** {@link diagnoseColumns}, in pieces of a column. */
export function* diagnosis(table: Table): Pieces<ColumnWarning[]> {
  const warnings: ColumnWarning[] = [];
  for (const name of table.columns) {
    yield;
    const resolution = measureResolution(column(table, name));
    const kind = kindOf(resolution);
    if (kind !== undefined)
      warnings.push({
        column: name,
        kind,
        resolution: resolution.step!,
        message: describe(name, kind, resolution),
      });
  }
  return warnings;
}
