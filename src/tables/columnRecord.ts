/**
 * What became of each column of a source: how it was read, and why it is left out where no columns are chosen.
 *
 * @module
 */

import { listNames } from "../closestName.ts";
import { UsageError } from "../errors.ts";
import type { StoredType } from "../formats/storedType.ts";
import { checkArgument, listOf, refuse, text } from "../options.ts";
import { optionText } from "../optionText.ts";
import { quoteCell } from "./reading/cell.ts";

/**
 * What the cells of a column carry beside digits, and what that means. `currency` and `percent`: such a sign, or none;
 * 5 % is 5. `unit:kg` (or `unit`, any): that unit, or none. `thousands` and `decimal-point`: decimals follow a point,
 * a comma stands between thousands. `decimal-comma`: the other way round. `parentheses`: (1.3) is -1.3. `trailing-minus`:
 * 1.3- is -1.3. `text-number`: '1.2 and ="1.2" are 1.2. `leading-zeros`: 007 is 7. `boolean`: true, yes, on, t, y are 1, their opposites 0.
 * `text`: no numbers at all, so that the column is left out.
 */
export type ColumnParse =
  | "currency"
  | "percent"
  | "unit"
  | `unit:${string}`
  | "thousands"
  | "decimal-point"
  | "decimal-comma"
  | "parentheses"
  | "trailing-minus"
  | "text-number"
  | "leading-zeros"
  | "boolean"
  | "text";

/** The kinds of {@link ColumnParse}, for a message. */
const parseKinds: readonly string[] = [
  "currency",
  "percent",
  "unit:m",
  "thousands",
  "decimal-point",
  "decimal-comma",
  "parentheses",
  "trailing-minus",
  "text-number",
  "leading-zeros",
  "boolean",
  "text",
];

/** @throws UsageError for a kind that there is not, or two that exclude each other. */
export function checkColumnParse(name: string, kinds: readonly string[]): readonly ColumnParse[] {
  checkArgument("checkColumnParse", "name", name, text);
  checkArgument("checkColumnParse", "kinds", kinds, listOf(text, 'an array of kinds, such as ["percent"]'));
  for (const kind of kinds)
    if (kind !== "unit" && !/^unit:./.test(kind) && (kind === "unit:m" || !parseKinds.includes(kind)))
      refuse("readTable", `parse of column "${name}"`, `one or more of ${parseKinds.join(", ")}`, kind);
  const has = (kind: string): boolean => kinds.includes(kind);
  if (has("decimal-comma") && (has("thousands") || has("decimal-point")))
    throw new UsageError({
      where: "readTable",
      problem: `parse of column "${name}": decimals follow a comma or a point, not both`,
      expected: "one decimal mark",
      received: kinds.join(", "),
      remedy: "leave one of them out",
    });
  if (has("text") && kinds.length > 1)
    throw new UsageError({
      where: "readTable",
      problem: `parse of column "${name}": what is text is nothing else`,
      expected: "text alone",
      received: kinds.join(", "),
      remedy: "leave the others out",
    });
  return kinds as readonly ColumnParse[];
}

/** Why a column is not among those that are used where none are chosen. */
export interface LeftOut {
  /**
   * `text`: no numbers, or few among text. `empty`: no value in any row. `row-numbers`: names of rows, not data. The
   * others are refused where no columns are chosen, because leaving them out would hide a slip. `mixed`: numbers, and
   * cells that are none. `unlike`: numbers that do not all mean the same, such as 5 and 5 %. `ambiguous`: numbers that
   * can be read in two ways, such as 1,234.
   */
  readonly kind:
    | "text"
    | "empty"
    | "row-numbers"
    | "mixed"
    | "unlike"
    | "ambiguous"
    | "constant"
    | "identifier";
  /** Row of the cell that shows it, from 1; undefined where there is none. */
  readonly row?: number | undefined;
  /** That cell, as it stands in the source. */
  readonly cell?: string | undefined;
  /** What is the matter, in half a sentence. */
  readonly reason: string;
  /** What to do to have the column used. */
  readonly remedy: string;
}

/** One column of a source. Plain data: it survives JSON. */
export interface ColumnRecord {
  /** Name of the column. */
  readonly name: string;
  /** `booleans` are 1 and 0; `text` has no values; `nothing` has no value in any row. */
  readonly readAs: "numbers" | "booleans" | "text" | "nothing";
  /** What its cells carried beside digits, as the option `parse` takes it; empty for plain numbers. */
  readonly parse: readonly ColumnParse[];
  /** The first cell that was not a plain number, and the number that it was taken for. */
  readonly example?:
    | {
        /** Its row, from 1. */
        readonly row: number;
        /** As it stands in the file. */
        readonly cell: string;
        /** What it was read as. */
        readonly value: number;
      }
    | undefined;
  /**
   * The first cell whose number is not quite that of its text: a whole number beyond 2^53 that no double is, or one so
   * small that it became 0.
   */
  readonly rounded?:
    | {
        /** Its row, from 1. */
        readonly row: number;
        /** As it stands in the file. */
        readonly cell: string;
        /** What it was read as. */
        readonly value: number;
      }
    | undefined;
  /** The first cell that is beyond the largest double, 1.8e308: it is an infinity in the table. */
  readonly overflow?:
    | {
        /** The row, from 1. */
        readonly row: number;
        /** The text of the cell. */
        readonly cell: string;
      }
    | undefined;
  /** What a typed source, such as a Parquet or an Arrow file, stores it as: it is written back to one as that. */
  readonly stored?: StoredType | undefined;
  /** Whether {@link parse} was found out, not asked for: then it is said. */
  readonly inferred?: boolean | undefined;
  /** Why the column is not used where none are chosen. */
  readonly leftOut?: LeftOut | undefined;
}

/** A column that is left out, for people and for JSON. */
export interface LeftOutColumn extends LeftOut {
  /** Name of the column. */
  readonly column: string;
}

/** The record of a column of plain numbers. */
export function numbersRecord(name: string): ColumnRecord {
  return { name, readAs: "numbers", parse: [] };
}

/** `column "x" (row 3)`. */
export function placeOf(column: string, row: number | undefined): string {
  return `column "${column}"${row === undefined ? "" : ` (row ${row})`}`;
}

/** Columns left out for one reason are told in one line each up to this many, else together in one. */
const mostLines = 8;

/** One line for each column that is left out, with its first cell and the remedy; one for many of a kind. */
export function leftOutLines(columns: readonly LeftOutColumn[]): string[] {
  const kinds = [...new Set(columns.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const sameKind = columns.filter((column) => column.kind === kind);
    if (sameKind.length <= mostLines)
      return sameKind.map(
        ({ column, row, reason, remedy }) => `${placeOf(column, row)} is left out: ${reason}; ${remedy}`,
      );
    const names = sameKind.map(
      ({ column, cell }) => `"${column}"${cell === undefined ? "" : ` (${quoteCell(cell)})`}`,
    );
    const { reason } = sameKind[0]!;
    const remedy = sameKind.every((column) => column.remedy === sameKind[0]!.remedy)
      ? sameKind[0]!.remedy
      : "leftOut of the report says what to do about each";
    return [
      `${sameKind.length} columns are left out, the first because ${reason}, the others likewise (first cells in parentheses): ` +
        `${listNames(names)}; ${remedy}`,
    ];
  });
}

/** What the measure of an inferred column says: `percent` needs a word on its scale. */
function describeParse(parse: readonly ColumnParse[]): string {
  return parse.map((kind) => (kind === "percent" ? "percent, 5 % is 5" : kind)).join(", ");
}

/** One line for each column whose cells were read as numbers by inference; one for many. */
export function inferredLines(records: readonly ColumnRecord[]): string[] {
  const inferredRecords = records.filter(({ inferred, example }) => inferred && example);
  const lines = inferredRecords.map(
    ({ name, parse, example }) =>
      `${placeOf(name, example!.row)}: ${quoteCell(example!.cell)} is read as ${example!.value} ` +
      `(${describeParse(parse)}); if it is not a number, pass ${optionText("parse", { [name]: "text" })}`,
  );
  if (inferredRecords.length <= mostLines) return lines;
  const names = inferredRecords.map(
    ({ name, example }) => `"${name}" (${quoteCell(example!.cell)} is ${example!.value})`,
  );
  return [
    `${inferredRecords.length} columns hold numbers in another dress, read as such: ${listNames(names)}`,
  ];
}

/** One line for each column with numbers that are not quite those of the source; one for many. */
export function roundedLines(records: readonly ColumnRecord[]): string[] {
  const roundedRecords = records.filter(({ rounded }) => rounded);
  const lines = roundedRecords.map(({ name, rounded }) => {
    const { row, cell, value } = rounded!;
    const why =
      value === 0
        ? "the nearest number; write its logarithm to the file instead"
        : "the nearest number, and others like it may become the same; if the column is a label, leave it out with " +
          `${optionText("columns")}; if not, subtract one number from all of its cells first`;
    return `${placeOf(name, row)}: ${quoteCell(cell)} is read as ${value}, ${why}`;
  });
  if (roundedRecords.length <= mostLines) return lines;
  const names = roundedRecords.map(
    ({ name, rounded }) => `"${name}" (${quoteCell(rounded!.cell)} is ${rounded!.value})`,
  );
  return [
    `${roundedRecords.length} columns hold numbers that are read as the nearest that there is: ${listNames(names)}; ` +
      `if they are labels, leave them out with ${optionText("columns")}`,
  ];
}

/** One line for each column with a cell that is beyond the largest double. */
export function overflowLines(records: readonly ColumnRecord[]): string[] {
  return records.flatMap(({ name, overflow }) =>
    overflow
      ? [`${placeOf(name, overflow.row)}: ${overflowText(overflow.cell)}; it is read as an infinity`]
      : [],
  );
}

/** `"1e400" is beyond the largest number that there is (1.8e308)`. */
export function overflowText(cell: string): string {
  return `${quoteCell(cell)} is beyond the largest number that there is (1.8e308)`;
}
