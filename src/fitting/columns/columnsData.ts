/**
 * From a table to the rows of a fit of mixed columns: columns chosen by their schema, cells checked, split.
 *
 * @module
 */

import { counted } from "../../counted.ts";
import { badCell, DataError, UsageError } from "../../errors.ts";
import { optionText } from "../../optionText.ts";
import type { Pieces } from "../../platform/pieces.ts";
import { type RandomKey, RandomStream, split } from "../../random/philox.ts";
import { fewestRows } from "../../tables/checks.ts";
import type { LeftOutColumn } from "../../tables/columnRecord.ts";
import { dependenceLine, dependences } from "../../tables/dependence.ts";
import { readingLines } from "../../tables/reading/readingLines.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { column, type Table, tableFromColumns } from "../../tables/table.ts";
import { usualValidation } from "../fitData.ts";
import type { FitOptions } from "../fitOptions.ts";
import { scaledWeights } from "../rowWeights.ts";
import { columnNotes, columnsSchema } from "./columnsSchema.ts";
import type { CellRows } from "./fitColumns.ts";

/** What a fit of mixed columns works on. */
export interface ColumnsData {
  readonly columns: readonly ColumnSchema[];
  readonly given: readonly ColumnSchema[];
  readonly train: CellRows;
  readonly validation: CellRows | undefined;
  readonly rows: number;
  readonly dropped: number;
  readonly leftOut: readonly LeftOutColumn[];
  /** Columns that are carried along. */
  readonly keep: readonly string[];
  /** Cells of all rows that are used, the given columns first. */
  readonly cells: readonly Float64Array[];
}

/** @throws {@link DataError} for an infinite cell. */
function checkFinite(columns: readonly ColumnSchema[], cells: readonly Float64Array[]): void {
  columns.forEach(({ name }, i) => {
    const row = cells[i]!.findIndex(
      (cell) => cell === Number.POSITIVE_INFINITY || cell === Number.NEGATIVE_INFINITY,
    );
    if (row >= 0)
      throw new DataError(
        {
          where: `column "${name}" (row ${row + 1})`,
          subject: "a cell",
          expected: "a finite number",
          received: `${cells[i]![row]}`,
          remedy: "mend the cell or take out the row",
        },
        { column: name, row: row + 1 },
      );
  });
}

/** Continuous columns that follow from others: rows lie on a plane there, where the density has no bound. */
function* dependenceLines(
  columns: readonly ColumnSchema[],
  cells: readonly Float64Array[],
): Pieces<string[]> {
  const isContinuous = ({ kind, step, missing }: ColumnSchema): boolean =>
    ["continuous", "positive", "interval"].includes(kind) && step === undefined && !missing;
  const numbers = columns.flatMap((own, i) => (isContinuous(own) ? [[own.name, cells[i]!] as const] : []));
  return numbers.length < 2 ? [] : (yield* dependences(tableFromColumns(numbers))).map(dependenceLine);
}

/** The rows without a missing cell in any column. */
function completeRows(
  columns: readonly ColumnSchema[],
  cells: readonly Float64Array[],
  policy: FitOptions["missing"],
): Uint32Array {
  const rows = Array.from(cells[0]!.keys());
  if (policy !== "error" && policy !== "drop") return Uint32Array.from(rows);
  const complete = rows.filter((row) => cells.every((own) => !Number.isNaN(own[row]!)));
  if (policy === "error" && complete.length < rows.length) {
    const incomplete = rows.length - complete.length;
    const row = rows.find((each) => cells.some((own) => Number.isNaN(own[each]!)))!;
    const { name } = columns[cells.findIndex((own) => Number.isNaN(own[row]!))]!;
    throw badCell(name, row + 1, {
      problem: `the value is missing (${incomplete === 1 ? "1 row misses a value" : `${incomplete} rows miss values`})`,
      expected: "a value",
      received: "a missing cell",
      remedy: `without ${optionText("missing")} a missing cell is an outcome like others`,
    });
  }
  return Uint32Array.from(complete);
}

/**
 * Prepares a table for a fit of mixed columns.
 * @throws {@link DataError} for columns or rows that cannot be used, {@link UsageError} for options that contradict.
 */
export function* columnsData(table: Table, options: FitOptions, key: RandomKey): Pieces<ColumnsData> {
  const chosen = columnsSchema(table, options);
  const { columns, given, leftOut } = chosen;
  const names = [...given, ...columns].map(({ name }) => name);
  const all = [...given, ...columns];
  yield;
  const { cells, unknown } = cellsOf(table, all);
  const [strange] = unknown;
  if (strange)
    throw badCell(strange.column, strange.row, {
      problem: `${JSON.stringify(strange.level)} is none of the levels of its schema`,
      expected: "a level of its schema",
      received: JSON.stringify(strange.level),
      remedy: "add it there, or mend the cell",
    });
  yield;
  checkFinite(all, cells);
  options.onColumns?.(columnNotes(table, options, chosen, cells));
  for (const line of readingLines(table, leftOut, names)) options.onWarning?.(line);
  for (const { warning } of chosen.doubts.values()) options.onWarning?.(warning);
  yield;
  let rows = completeRows(all, cells, options.missing);
  const dropped = table.rows - rows.length;
  let weights: Float64Array | undefined;
  if (options.weights !== undefined) {
    const own = column(table, options.weights);
    weights = scaledWeights(
      options.weights,
      Float64Array.from(rows, (row) => own[row]!),
      rows,
    );
    const counted = rows.filter((row) => own[row]! > 0);
    rows = counted;
  }
  if (rows.length < fewestRows)
    throw new DataError({
      problem: `${counted(rows.length, "usable row")}${dropped > 0 ? ` (${dropped} left out for missing values)` : ""}`,
      expected: `at least ${fewestRows} rows`,
      received: `${rows.length}`,
      remedy: `fitting needs at least ${fewestRows}`,
    });
  const used = cells.map((own) => Float64Array.from(rows, (row) => own[row]!));
  const present = (own: ColumnSchema, i: number): ColumnSchema => {
    const { missing: _, ...rest } = own;
    const missing = options.missing === "marginal" ? ("marginal" as const) : true;
    return used[i]!.some(Number.isNaN) ? { ...rest, missing } : rest;
  };
  const schema = all.map(present);
  const order = new RandomStream(split(key, "split")).permutation(rows.length);
  const share = options.validation ?? usualValidation;
  const heldOut = share === 0 ? 0 : Math.max(1, Math.min(rows.length - 1, Math.round(share * rows.length)));
  const pick = (places: Uint32Array): CellRows => ({
    rows: places.length,
    cells: used.map((own) => Float64Array.from(places, (place) => own[place]!)),
    weights: weights && Float64Array.from(places, (place) => weights[place]!),
  });
  yield;
  for (const line of yield* dependenceLines(schema, used)) options.onWarning?.(line);
  return {
    given: schema.slice(0, given.length),
    columns: schema.slice(given.length),
    train: pick(order.subarray(heldOut)),
    validation: heldOut > 0 ? pick(order.subarray(0, heldOut)) : undefined,
    rows: rows.length,
    dropped,
    leftOut,
    keep: chosen.keep,
    cells: used,
  };
}
