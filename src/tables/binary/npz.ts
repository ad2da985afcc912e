/**
 * NumPy's `.npz`: a zip archive of `.npy` arrays by name, as `numpy.savez` and `savez_compressed` write it.
 *
 * Arrays of one axis are columns under their names; one of two axes is as many columns as it has, `X1`, `X2`, ... (`x1`,
 * `x2`, ... where NumPy has called it `arr_0` and it is alone). Single values, and arrays that are not numbers, are no
 * columns of numbers. Arrays that have not all the same number of rows are not one table; then some have to be chosen.
 *
 * @module
 */

import { closestName, listNames } from "../../closestName.ts";
import { DataError } from "../../errors.ts";
import { checkExpansion, checkLimit, checkLimits, type ReadLimits } from "../../formats/limits.ts";
import { type NpyArray, type NpyNotNumbers, notNumbers, readNpyArray } from "../../formats/npy.ts";
import { readZip } from "../../formats/zip.ts";
import { optionText } from "../../optionText.ts";
import type { ColumnRecord, LeftOut } from "../columnRecord.ts";
import { type Table, tableFromColumns } from "../table.ts";
import { arrayRecord, checkNoRows } from "./npy.ts";

/** How an archive of arrays is read. */
export interface NpzOptions {
  /** Names of the arrays that make up the table (default: all). */
  readonly arrays?: readonly string[] | undefined;
  /** What the file may claim at most. */
  readonly limits?: ReadLimits | undefined;
}

interface NamedArray {
  readonly name: string;
  readonly array: NpyArray | NpyNotNumbers;
}

const shapeText = (shape: readonly number[]): string =>
  `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

/**
 * Reads the arrays of an archive as one table.
 *
 * @param name what to call the file in an error.
 * @throws FormatError if it is not an archive of arrays, damaged, or over a limit.
 * @throws DataError if there is no array that is read, none of a name that is asked for, or they are not one table: their
 *   rows differ in number, or they have more than two axes.
 */
export async function readNpz(
  bytes: Uint8Array,
  name: string = "the file",
  options: NpzOptions = {},
): Promise<Table> {
  const limits = checkLimits(options.limits);
  const entries = readZip(bytes, name).filter((entry) => entry.name.endsWith(".npy"));
  const nameOf = (entry: { name: string }): string => entry.name.slice(0, -".npy".length);
  const names = entries.map(nameOf);
  if (names.length === 0)
    throw new DataError(
      {
        problem: `${name} is a zip archive without arrays (.npy)`,
        expected: "at least one array",
        received: "none",
      },
      { file: name },
    );
  checkLimit(name, limits, "columns", names.length);
  for (const arrayName of options.arrays ?? [])
    if (!names.includes(arrayName)) {
      const closest = closestName(arrayName, names);
      throw new DataError(
        {
          problem: `${name} has no array "${arrayName.slice(0, 60)}"${closest ? ` (did you mean "${closest}"?)` : ""}`,
          expected: "an array of the archive",
          received: `"${arrayName.slice(0, 60)}"`,
          remedy: `its arrays are: ${listNames(names)}`,
        },
        { file: name },
      );
    }
  const arrays: NamedArray[] = [];
  let total = 0;
  for (const entry of entries) {
    if (options.arrays && !options.arrays.includes(nameOf(entry))) continue;
    total += entry.size;
    checkExpansion(name, limits, bytes.length, total);
    arrays.push({ name: nameOf(entry), array: readNpyArray(await entry.read(), `${name}: ${entry.name}`) });
  }
  const table = arrays.filter(({ array: { shape } }) => shape.length > 0);
  checkOneTable(table, name);
  const unusedArrays = arrays.flatMap(({ name: arrayName, array }): ColumnRecord[] => {
    if (!("reason" in array) && array.shape.length > 0) return [];
    const leftOut: LeftOut =
      "reason" in array
        ? { kind: "text", reason: `the array ${array.reason}`, remedy: "to use it, save it as numbers" }
        : { kind: "text", reason: "it is a single value", remedy: "to use it, save one value per row" };
    return [{ name: arrayName, readAs: "text", parse: [], leftOut }];
  });
  const numeric = table.flatMap(({ name: arrayName, array }) =>
    "reason" in array ? [] : [{ name: arrayName, array }],
  );
  if (numeric.length === 0) {
    const first = arrays.find(({ array }) => "reason" in array);
    throw first && "reason" in first.array
      ? notNumbers(`${name}: the array "${first.name}"`, first.array)
      : new DataError(
          {
            problem: `${name} has single values, but no array of rows: ${listNames(names)}`,
            expected: "an array of rows",
            received: "single values",
          },
          { file: name },
        );
  }
  const rows = numeric[0]!.array.shape[0]!;
  const width = numeric.reduce((sum, { array }) => sum + (array.shape[1] ?? 1), 0);
  if (rows === 0) checkNoRows(name, width, limits);
  checkLimit(name, limits, "columns", width);
  checkLimit(name, limits, "cells", rows * width);
  if (width === 0)
    throw new DataError(
      {
        problem: `${name} holds an array of shape (${rows}, 0): it has no columns`,
        expected: "at least one column",
        received: "none",
      },
      { file: name },
    );
  const columns = numeric.flatMap(({ name: arrayName, array }) =>
    columnsOf(arrayName, array, numeric.length === 1),
  );
  const joinedTable = tableFromColumns(
    columns.map(({ name: columnName, values }) => [columnName, values] as const),
  );
  return { ...joinedTable, records: [...columns.map(({ record }) => record), ...unusedArrays] };
}

/** @throws DataError if the arrays do not lie side by side. */
function checkOneTable(arrays: readonly NamedArray[], name: string): void {
  const shapes = arrays.map(({ name: arrayName, array }) => `"${arrayName}" ${shapeText(array.shape)}`);
  const list = shapes.length > 8 ? `${shapes.slice(0, 8).join(", ")}, ...` : shapes.join(", ");
  const rows = new Set(arrays.map(({ array }) => array.shape[0]));
  const deep = arrays.find(({ array }) => array.shape.length > 2);
  if (!deep && rows.size <= 1) return;
  const fault = deep
    ? `the array "${deep.name}" has ${deep.array.shape.length} axes`
    : "its arrays have not all the same number of rows";
  throw new DataError({
    where: name,
    problem: `${fault} (${list})`,
    expected: "arrays that make up one table",
    received: fault,
    remedy: `choose those that make up the table with ${optionText("arrays")}`,
  });
}

interface ArrayColumn {
  readonly name: string;
  readonly values: Float64Array;
  readonly record: ColumnRecord;
}

/** The columns of an array of one or two axes. */
function columnsOf(name: string, array: NpyArray, isAlone: boolean): ArrayColumn[] {
  const values = array.read();
  const [rows, width] = array.shape as readonly [number, number | undefined];
  const recordOf = (columnName: string, place: number): ColumnRecord =>
    arrayRecord(columnName, array, values, width ?? 1, place);
  if (width === undefined) {
    const columnName = isAlone && name === "arr_0" ? "x1" : name;
    return [{ name: columnName, values, record: recordOf(columnName, 0) }];
  }
  const stem = isAlone && name === "arr_0" ? "x" : /\d$/.test(name) ? `${name}_` : name;
  return Array.from({ length: width }, (_, place) => {
    const columnName = `${stem}${place + 1}`;
    const column = Float64Array.from({ length: rows }, (_, row) => values[row * width + place]!);
    return { name: columnName, values: column, record: recordOf(columnName, place) };
  });
}
