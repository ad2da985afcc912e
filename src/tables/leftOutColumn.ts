/**
 * Columns that hold no numbers to use: text, dates, numbers of rows.
 *
 * @module
 */

import { optionText } from "../optionText.ts";
import { type ColumnParse, type ColumnRecord, numbersRecord } from "./columnRecord.ts";
import { quoteCell } from "./reading/cell.ts";

/** What takes such a column for what it is. */
const mixedFit = `fit ${optionText("flow", "columns")}, which takes levels and dates as they are`;

/** What a column of text looked like. */
export interface TextFound {
  /** Its first cell that is not a number, and its row. */
  readonly row: number;
  readonly cell: string;
  readonly textCells: number;
  readonly numericCells: number;
  /** The first few different texts. */
  readonly texts: ReadonlySet<string>;
  readonly asked: readonly ColumnParse[];
}

const datePattern = /^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*)?$|^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?: .*)?$/;
const timePattern = /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]\.?m\.?)?$/i;
/** What is written beside sums over the rows above. */
export const summaryWords: RegExp = /^(?:(?:grand|sub)?[ -]?totals?|sum|mean|average|summe|gesamt):?$/i;
const yesOrNo = /^(?:yes|no|on|off|[ynt]|f)$/i;

/** The record of a column with cells that are not numbers. */
export function textRecord(name: string, textFound: TextFound): ColumnRecord {
  const { row, cell, textCells, numericCells, texts, asked } = textFound;
  const text = (kind: "text" | "mixed", remedy: string, why = "is not a number"): ColumnRecord => ({
    name,
    readAs: "text",
    parse: asked[0] === "text" ? ["text"] : [],
    leftOut: { kind, row, cell, reason: `${quoteCell(cell)} ${why}`, remedy },
  });
  if (asked[0] === "text")
    return text("text", `take ${optionText("parse", { [name]: "text" })} away to use it`, "is text");
  // What stands for missing has a mark or two, and no digits but in #DIV/0!; a comma in one would end it.
  const marks = [...texts].filter((each) => !/[,\d]/.test(each) || each === "#DIV/0!");
  const mark =
    marks.length === 0
      ? ""
      : `if it stands for a missing value, pass ${optionText("missingMarks", marks)}; else `;
  if (numericCells > 0 && [...texts].every((each) => summaryWords.test(each)))
    return text("mixed", "take out the row, if it sums up the others");
  if (numericCells > 0 && texts.size === 1 && texts.has(name))
    return text(
      "mixed",
      "take out the row, if it repeats the header line",
      "is the column's name, not a number",
    );
  if (numericCells > 0 && numericCells >= textCells) return text("mixed", `${mark}mend the cell`);
  if (datePattern.test(cell))
    return text("text", `to use it, ${mixedFit}, or write its dates as numbers, such as days`, "is a date");
  if (timePattern.test(cell))
    return text(
      "text",
      `to use it, ${mixedFit}, or write its times as numbers, such as minutes`,
      "is a time of day",
    );
  const isWord = texts.size <= 2 && [...texts].every((each) => yesOrNo.test(each));
  if (isWord)
    return text(
      "text",
      `to use it, ${mixedFit}; to read it as 1 and 0, pass ${optionText("parse", { [name]: "boolean" })}`,
    );
  return text("text", `to use it, ${mixedFit}, or write its values as numbers`);
}

/** The record of a column of strings that are digits, some of them behind zeros. */
export function codeRecord(
  name: string,
  { row, cell }: { readonly row: number; readonly cell: string },
): ColumnRecord {
  return {
    name,
    readAs: "text",
    parse: [],
    leftOut: {
      kind: "text",
      row,
      cell,
      reason: `${quoteCell(cell)} is a text that begins with 0, as codes do`,
      remedy: `if it is a number, pass ${optionText("parse", { [name]: "leading-zeros" })}`,
    },
  };
}

/** The record of a column without a value. */
export function emptyRecord(name: string): ColumnRecord {
  return {
    name,
    readAs: "nothing",
    parse: [],
    leftOut: {
      kind: "empty",
      reason: "no row has a value of it",
      remedy: "fill in its cells to use it",
    },
  };
}

/**
 * The record of a column of truth values, of which the first is given, and numbers.
 * @param otherRow - A row, from 1, whose number is neither 0 nor 1.
 */
export function truthsRecord(
  name: string,
  asked: readonly ColumnParse[],
  { row, cell }: { readonly row: number; readonly cell: string },
  otherRow: number | undefined,
): ColumnRecord {
  const parse: ColumnParse[] = asked.includes("boolean") ? ["boolean"] : [];
  if (otherRow === undefined) return { name, readAs: "booleans", parse };
  return {
    name,
    readAs: "text",
    parse,
    leftOut: {
      kind: "unlike",
      row,
      cell,
      reason: `"${cell}" is not a number, and row ${otherRow} has one that is neither 0 nor 1`,
      remedy: "mend the cells so that all are numbers, or all true or false",
    },
  };
}

/** Names that pandas, R and readr give to the numbers or names of the rows. */
const rowNames = /^(?:unnamed: \d+|__index_level_\d+__|index|row\.?names?|row_names?|\.\.\.1)$/i;
/** Of these, names that nobody chose, of columns that hold an index; Unnamed: 3 may hold anything. */
const givenNames = /^(?:Unnamed: 0|__index_level_\d+__|row\.names|\.\.\.1)$/;

/** Whether a column under a name of row numbers counts the rows from 0 or 1; under a name that nobody chose, any different whole numbers do. */
export class RowNumbers {
  readonly #name: string;
  readonly #firstValues: number[] = [];
  #rows = 0;
  #isCounting: boolean;
  #isConsecutive = true;
  /** The numbers so far, where they are not consecutive. */
  #different = new Set<number>();

  private constructor(name: string, isMissing: boolean) {
    this.#name = name;
    this.#isCounting = !isMissing;
  }

  /** Undefined for a name that no row numbers have. `isMissing` says that cells were missing before. */
  static of(name: string, isMissing: boolean): RowNumbers | undefined {
    return rowNames.test(name) ? new RowNumbers(name, isMissing) : undefined;
  }

  /** Takes the number of the next row; NaN for missing ones. */
  push(value: number): void {
    if (!this.#isCounting) return;
    if (this.#firstValues.length < 3) this.#firstValues.push(value);
    const start = this.#firstValues[0]!;
    const isNext = (start === 0 || start === 1) && value === start + this.#rows;
    if (this.#isConsecutive && !isNext) {
      this.#isConsecutive = false;
      for (let row = 0; row < this.#rows; row++) this.#different.add(start + row);
    }
    this.#isCounting =
      Number.isSafeInteger(value) &&
      (this.#isConsecutive || (givenNames.test(this.#name) && !this.#different.has(value)));
    if (!this.#isConsecutive) this.#different.add(value);
    if (!this.#isCounting) this.#different.clear();
    this.#rows++;
  }

  /** The record of the column, if its numbers are those of the rows. */
  get record(): ColumnRecord | undefined {
    if (!this.#isCounting || this.#rows < 2) return undefined;
    const shown = this.#firstValues;
    return {
      ...numbersRecord(this.#name),
      leftOut: {
        kind: "row-numbers",
        row: 1,
        cell: String(shown[0]),
        reason: `it holds the numbers of the rows (${shown.join(", ")}, ...)`,
        remedy: `name it in ${optionText("columns")} to use it`,
      },
    };
  }
}
