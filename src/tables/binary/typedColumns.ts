/**
 * How typed files become tables: what they claim is checked, and their columns begun, before a cell is read.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import { type CheckedLimits, checkExpansion, checkLimit } from "../../formats/limits.ts";
import { optionText } from "../../optionText.ts";
import type { BeginTable } from "../batches/cellFeed.ts";
import type { LeftOut } from "../columnRecord.ts";
import type { TableBuilder } from "../reading/tableBuilder.ts";

/** A column of a typed file. */
export interface TypedColumn {
  readonly name: string;
  /** What a column without single values holds. */
  readonly nested: string | undefined;
}

/** Cells of a block of rows, at most, unless that is few rows: a part of a file may have any number of them. */
const blockCells = 2 ** 21;
const [fewestBlockRows, mostBlockRows] = [2 ** 10, 2 ** 16];

/** Rows that are read at a time of a file of so many columns; a multiple of 8. */
export function blockRowsOf(columns: number): number {
  const rows = Math.floor(blockCells / columns / 8) * 8;
  return Math.max(fewestBlockRows, Math.min(mostBlockRows, rows));
}

/** Why a column that pandas wrote its index into is left out. */
const indexLeftOut: LeftOut = {
  kind: "row-numbers",
  reason: "pandas says that it is the index of the rows",
  remedy: `name it in ${optionText("columns")} to use it`,
};

/**
 * A builder of the table that a typed file claims to hold. Columns without single values are texts that say what they hold, and those of
 * the index of a pandas frame are left out.
 * @param name - What messages call the file.
 * @param bytes - Its size.
 * @param groups - Rows of each of its parts.
 * @param mostRows - Rows that are in memory at a time, at most, where they are not all to be.
 * @param index - Names of the columns that pandas wrote its index into.
 * @throws DataError for a file without rows; FormatError for one over a limit.
 */
export function typedBuilder(
  { name, bytes, limits }: { readonly name: string; readonly bytes: number; readonly limits: CheckedLimits },
  columns: readonly TypedColumn[],
  groups: readonly number[],
  mostRows: number,
  index: ReadonlySet<string>,
  begin: BeginTable,
): TableBuilder {
  const rows = groups.reduce((sum, count) => sum + count, 0);
  const largest = groups.reduce((most, count) => Math.max(most, Math.min(count, mostRows)), 0);
  checkLimit(name, limits, "columns", columns.length);
  if (columns.length === 0 || rows === 0)
    throw new DataError(
      {
        problem: `${name} has no rows of data`,
        expected: "rows of data",
        received: "none",
      },
      { file: name },
    );
  // Run-length encoding packs any number of rows into a few bytes: the file's size bounds nothing of itself.
  const check = (count: number): void => {
    checkLimit(name, limits, "cells", count * columns.length);
    checkExpansion(name, limits, bytes, 8 * count * columns.length);
  };
  const builder = begin(columns.map((column) => column.name));
  check(builder.isWhole ? rows : largest);
  columns.forEach(({ name: column, nested }, place) => {
    if (nested !== undefined) builder.setText(place, nested);
    else if (index.has(column)) builder.leaveOut(place, indexLeftOut);
  });
  return builder;
}

/** What is wrong with a file, from what went wrong while it was read: bytes that lead beyond their end are told in words of the inside. */
export function damageOf(error: unknown): string {
  const isInner = !(error instanceof Error) || error instanceof TypeError || error instanceof RangeError;
  return isInner ? "its metadata are damaged" : error.message.split("\n")[0]!.replace(/\.$/, "");
}
