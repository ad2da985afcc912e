/**
 * Reads tables of NumPy's `.npy`: one array of numbers, whose columns have no names.
 *
 * @module
 */

import { DataError, unreadable } from "../../errors.ts";
import { type CheckedLimits, checkLimit, checkLimits, type ReadLimits } from "../../formats/limits.ts";
import { type NpyArray, notNumbers, readNpyArray } from "../../formats/npy.ts";
import { type ColumnRecord, numbersRecord } from "../columnRecord.ts";
import { mostExact } from "../reading/cell.ts";
import { type Table, tableFromRows } from "../table.ts";

/**
 * Reads an array of one or two axes as a table with columns x1, x2, ...; one axis is one column. Floats of 16, 32 and
 * 64 bits, integers and booleans of either byte order, in C or Fortran order. 64-bit integers above 2^53 are rounded to
 * the nearest double.
 *
 * @param name what to call the file in an error.
 * @throws FormatError if the file is not .npy, of another version, truncated, too long, of another element type
 *   (objects, strings, records, complex numbers), or over a limit.
 * @throws DataError if the array has no axis, more than two, or no columns.
 */
export function readNpy(bytes: Uint8Array, name: string = "the file", limits: ReadLimits = {}): Table {
  const array = readNpyArray(bytes, name);
  if ("reason" in array) throw notNumbers(name, array);
  const { shape } = array;
  if (shape.length < 1 || shape.length > 2) {
    throw new DataError(
      {
        problem: `${name} holds an array of shape (${shape.join(", ")})`,
        expected: "one or two axes: rows and columns",
        received: `${shape.length} axes`,
        remedy: "expected one or two axes: rows and columns",
      },
      { file: name },
    );
  }
  const width = shape[1] ?? 1;
  if (width === 0)
    throw new DataError(
      {
        problem: `${name} holds an array of shape (${shape[0]}, 0): it has no columns`,
        expected: "at least one column",
        received: "none",
      },
      { file: name },
    );
  const values = array.read();
  const checked = checkLimits(limits);
  if (shape[0] === 0) checkNoRows(name, width, checked);
  checkLimit(name, checked, "columns", width);
  checkLimit(name, checked, "cells", shape[0]! * width);
  const columns = Array.from({ length: width }, (_, place) => `x${place + 1}`);
  const records = columns.map((column, place) => arrayRecord(column, array, values, width, place));
  return { ...tableFromRows(columns, values), records };
}

/**
 * An array of no rows takes no bytes, whatever columns it claims: a larger limit would not help.
 * @throws {@link FormatError} for more columns than the limit.
 */
export function checkNoRows(name: string, width: number, limits: CheckedLimits): void {
  if (width <= limits.columns) return;
  throw unreadable(name, `claims ${width} columns and has no rows`, {
    expected: `at most ${limits.columns} columns`,
    received: String(width),
    remedy: "copy or write it again",
  });
}

/** The record of a column of an array whose numbers lie `width` apart in `values`, from `place` on. */
export function arrayRecord(
  name: string,
  { wholeAt }: NpyArray,
  values: Float64Array,
  width: number,
  place: number,
): ColumnRecord {
  for (let at = place, row = 0; wholeAt && at < values.length; at += width, row++) {
    const value = values[at]!;
    if (!(Math.abs(value) > mostExact)) continue;
    const whole = wholeAt(row, place);
    if (whole !== BigInt(value))
      return { ...numbersRecord(name), rounded: { row: row + 1, cell: String(whole), value } };
  }
  return numbersRecord(name);
}
