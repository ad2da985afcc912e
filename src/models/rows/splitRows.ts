/**
 * Rows as a flow takes them: the columns that it is given apart from those that have a density.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import { describeValue, refuse } from "../../options.ts";
import { checkTable, selectColumns, type Table, tableRemedy } from "../../tables/table.ts";
import type { Model } from "../model.ts";

/** Rows in two blocks of numbers, each row-major. */
export interface SplitRows {
  /** The columns that have a density. */
  readonly data: Float64Array;
  /** The given columns. */
  readonly context: Float64Array;
  /** Number of rows. */
  readonly count: number;
  /** 1 for each row whose values are all finite; in the others an infinite value stands as 0 in `data`. */
  readonly finite: Uint8Array;
}

/** Whether no value is infinite or missing. */
export function areFinite(values: Float64Array): boolean {
  // The difference is NaN for what is not finite; a loop without calls is several times as fast as `every`.
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! !== 0) return false;
  return true;
}

/**
 * Rows as a flow takes them: a table that has the columns by name; numbers, row after row; or an array of rows, each numbers in
 * the order of the columns, or an object of the columns by name, whose other columns are not looked at.
 */
export type RowsLike =
  | Table
  | Float64Array
  | Float32Array
  | readonly ArrayLike<number>[]
  | readonly Readonly<Record<string, number | string | boolean | null | undefined>>[];

/**
 * Numbers of rows, row-major, in the order of some columns: a copy, so that whoever called may change or move theirs.
 *
 * @throws {@link DataError} for a missing column, a value that is not a number, and numbers that are not whole rows; UsageError for
 *   what is not rows.
 */
export function rowValues(where: string, names: readonly string[], rows: RowsLike): Float64Array {
  const width = names.length;
  if (rows instanceof Float64Array || rows instanceof Float32Array) {
    if (rows.length % width !== 0) throw notWholeRows(where, rows.length, names);
    return Float64Array.from(rows);
  }
  if (!Array.isArray(rows)) {
    checkRows(where, rows);
    return selectColumns(rows, names).values;
  }
  const values = new Float64Array(rows.length * width);
  rows.forEach((row: unknown, at) => {
    if (typeof row !== "object" || row === null)
      refuse(
        where,
        `row ${at + 1}`,
        "an array of numbers, or an object of numbers by column",
        row,
        typeof row === "number" && rows.length === width
          ? `one row is [[${rows.map(describeValue).join(", ").slice(0, 60)}]]`
          : asRows(names),
      );
    const isList = Array.isArray(row) || ArrayBuffer.isView(row);
    const length = isList ? (row as ArrayLike<unknown>).length : width;
    if (length !== width) throw wrongLength(where, at, length, names, "number");
    names.forEach((name, i) => {
      if (!isList && !Object.hasOwn(row, name)) throw noCell(where, at, name, "value");
      const cell = isList ? (row as ArrayLike<unknown>)[i] : (row as Record<string, unknown>)[name];
      const isMissing = !isList && (cell === null || cell === undefined);
      if (!isMissing && typeof cell !== "number")
        throw new DataError(
          {
            where,
            problem: `column "${name}" (row ${at + 1}): ${describeValue(cell)} is not a number`,
            expected: "a number",
            received: describeValue(cell),
          },
          {
            column: name,
            row: at + 1,
          },
        );
      values[at * width + i] = isMissing ? Number.NaN : (cell as number);
    });
  });
  return values;
}

/** Numbers that are not as many as whole rows have. */
export function notWholeRows(where: string, count: number, names: readonly string[]): DataError {
  return new DataError({
    where,
    problem: `${count} numbers are not whole rows of the ${names.length} columns ${names.join(", ")}`,
    expected: `a multiple of ${names.length} numbers`,
    received: `${count}`,
  });
}

/** A row of another length than the others; `at` counts from 0. */
export function wrongLength(
  where: string,
  at: number,
  length: number,
  names: readonly string[],
  unit: "number" | "cell",
): DataError {
  const row = at + 1;
  return new DataError(
    {
      where,
      problem: `row ${row} has ${length} ${unit}${length === 1 ? "" : "s"}`,
      expected: `${names.length} ${unit}s`,
      received: `${length}`,
      remedy: `the ${names.length} columns are ${names.join(", ")}`,
    },
    { row },
  );
}

/** A row, counted from 0, without one of the columns. */
export function noCell(where: string, at: number, column: string, unit: "value" | "cell"): DataError {
  const row = at + 1;
  return new DataError(
    {
      where,
      problem: `row ${row} has no "${column}"`,
      expected: `a ${unit} of "${column}"`,
      received: "none",
      remedy: `write null where a ${unit} is missing`,
    },
    { column, row },
  );
}

/** Refuses what is neither numbers nor an array of rows nor a whole table. */
export function checkRows(where: string, rows: unknown): asserts rows is Table {
  const isObject = typeof rows === "object" && rows !== null;
  if (isObject && "columns" in rows && "values" in rows) {
    checkTable(where, rows);
    return;
  }
  const remedy = ArrayBuffer.isView(rows) ? "Float64Array.from(values) converts them" : tableRemedy(rows);
  refuse(where, "rows", "a table, a Float64Array or Float32Array, or an array of rows", rows, remedy);
}

const asRows = (names: readonly string[]): string =>
  `tableFromRows([${names.map((name) => JSON.stringify(name)).join(", ")}], rows) makes a table`;

/**
 * The flow's columns out of numbers that have the given columns first. The numbers may become part of the result.
 * @throws {@link DataError} for a missing value, and an infinite given value.
 */
export function splitRows(
  { columns, given }: Pick<Model, "columns" | "given">,
  values: Float64Array,
): SplitRows {
  const all = [...given, ...columns];
  const count = values.length / all.length;
  const finite = new Uint8Array(count).fill(1);
  // The usual case, and large: nothing to copy or to mark.
  if (given.length === 0 && areFinite(values))
    return { data: values, context: new Float64Array(0), count, finite };
  const data = new Float64Array(count * columns.length);
  const context = new Float64Array(count * given.length);
  for (let row = 0; row < count; row++)
    for (let i = 0; i < all.length; i++) {
      let value = values[row * all.length + i]!;
      if (Number.isNaN(value))
        throw new DataError(
          {
            where: `column "${all[i]}" (row ${row + 1})`,
            problem: "the value is missing",
            expected: "a number",
            received: "a missing value",
            remedy: 'fill it in, or give such rows an empty score (missing: "empty") or none ("drop")',
          },
          {
            column: all[i]!,
            row: row + 1,
          },
        );
      if (!Number.isFinite(value)) {
        if (i < given.length)
          throw new DataError(
            {
              where: `column "${all[i]}" (row ${row + 1})`,
              problem: `the flow is given ${value}, not a finite number`,
              expected: "a finite number",
              received: `${value}`,
            },
            {
              column: all[i]!,
              row: row + 1,
            },
          );
        finite[row] = 0;
        value = 0;
      }
      if (i < given.length) context[row * given.length + i] = value;
      else data[row * columns.length + i - given.length] = value;
    }
  return { data, context, count, finite };
}

/** Some rows, the given columns first: what {@link splitRows} takes. */
export function joinRows(
  chosen: readonly number[],
  { data, context, count }: Pick<SplitRows, "data" | "context" | "count">,
): Float64Array {
  const features = data.length / count;
  const conditions = context.length / count;
  const width = conditions + features;
  const joined = new Float64Array(chosen.length * width);
  chosen.forEach((row, i) => {
    joined.set(context.subarray(row * conditions, (row + 1) * conditions), i * width);
    joined.set(data.subarray(row * features, (row + 1) * features), i * width + conditions);
  });
  return joined;
}
