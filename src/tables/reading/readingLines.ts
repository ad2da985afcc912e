/**
 * What is said of a table before it is used: how it was read, and what is left out.
 *
 * @module
 */

import { listNames } from "../../closestName.ts";
import { checkArgument, names } from "../../options.ts";
import { checkBatches } from "../batches/checkBatches.ts";
import type { TableBatches } from "../batches/tableBatches.ts";
import { type ColumnWarning, repeatedRemedy } from "../checks.ts";
import {
  inferredLines,
  type LeftOutColumn,
  leftOutLines,
  overflowLines,
  roundedLines,
} from "../columnRecord.ts";
import { checkTable, type Table } from "../table.ts";

/**
 * What should be known of how a table was read, one line each: remarks on the whole, and columns in use whose numbers were found in
 * another dress, or are not quite those of the source.
 *
 * @param used - Names of the columns in use; default: all that have numbers.
 * @throws UsageError for what is not a table, at once or in batches, or not names.
 */
export function readingRemarks(table: Table | TableBatches, used?: readonly string[]): string[] {
  if (Symbol.asyncIterator in Object(table)) checkBatches("readingRemarks", table);
  else checkTable("readingRemarks", table);
  const usedColumns = used ?? table.columns;
  checkArgument("readingRemarks", "used", usedColumns, names);
  const records = table.records.filter(({ name }) => usedColumns.includes(name));
  return [...readingLines(table, [], usedColumns), ...overflowLines(records)];
}

/**
 * One line each: remarks on the table, columns that are left out, and columns in use whose numbers were found in another
 * dress, or are not quite those of the source.
 *
 * @param used names of the columns in use.
 */
export function readingLines(
  table: Pick<Table, "records" | "remarks">,
  leftOut: readonly LeftOutColumn[],
  used: readonly string[],
): string[] {
  const records = table.records.filter(({ name }) => used.includes(name));
  return [
    ...(table.remarks ?? []),
    ...leftOutLines(leftOut),
    ...inferredLines(records),
    ...roundedLines(records),
  ];
}

/** More warnings of one kind than this become one line. */
const mostLines = 4;

/** What each kind of warning says of many columns. */
const ofMany: Readonly<Record<ColumnWarning["kind"], string>> = {
  integers: "hold whole numbers",
  repeated: "repeat their values",
  spike: "hold one value in many rows",
};

/** The messages of warnings; where many are of one kind, one line that names the columns. */
export function warningLines(warnings: readonly ColumnWarning[]): string[] {
  const kinds = [...new Set(warnings.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const sameKind = warnings.filter((warning) => warning.kind === kind);
    if (sameKind.length <= mostLines) return sameKind.map(({ message }) => message);
    const names = listNames(sameKind.map(({ column }) => JSON.stringify(column)));
    return [
      `${sameKind.length} columns ${ofMany[kind] ?? `are ${kind}`} (${names}): a density can grow without bound on them; ${repeatedRemedy}`,
    ];
  });
}
