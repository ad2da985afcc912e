/**
 * Rows of cells into a table: the line that names the columns, rows that are too long or too short, comments among them.
 *
 * @module
 */

import { counted } from "../../counted.ts";
import { DataError, dataErrorOf } from "../../errors.ts";
import { optionText } from "../../optionText.ts";
import type { BeginTable, FeedEnd } from "../batches/cellFeed.ts";
import type { ColumnRecord } from "../columnRecord.ts";
import { summaryWords } from "../leftOutColumn.ts";
import { quoteCell } from "./cell.ts";
import { type Dialect, isLineOfWords, judgeFirstLine } from "./dialect.ts";
import type { CellReading, TableBuilder } from "./tableBuilder.ts";

/** How the first line is to be taken; found out by default. */
interface RowReading extends CellReading {
  readonly header?: boolean | undefined;
}

/** Takes rows of cells, the header first unless there is none, and gives them to the builder of a table. */
export class RowReader {
  readonly #name: string;
  readonly #dialect: Dialect;
  readonly #reading: RowReading;
  readonly #begin: BeginTable;
  readonly #remarks: string[] = [];
  #builder: TableBuilder | undefined;
  /** Cells of a row, and of one that lacks the empty cells at its end. */
  #width = 0;
  #least = 0;
  /** Names that the header does not have, by place. */
  #nameless: ReadonlySet<number> = new Set();
  /** Blank lines of a one-column table that are missing cells if a row follows, else the file's end. */
  #blankLines = 0;
  /** Lines among the rows that start with # and are not rows. */
  #notes = 0;
  #last: readonly string[] = [];
  /** Comment lines that could be rows. */
  #rowLike = 0;
  #firstRowLike = "";

  constructor(name: string, dialect: Dialect, reading: RowReading, begin: BeginTable) {
    this.#name = name;
    this.#begin = begin;
    this.#dialect = dialect;
    this.#reading = reading;
    const { commentedNames, records } = dialect;
    if (reading.header === false) {
      const width = Math.max(0, ...records.map((cells) => cells.length));
      if (width > 0) this.#start(Array.from({ length: width }, (_, place) => `c${place + 1}`));
    } else if (commentedNames) this.#start(commentedNames);
  }

  /** The row that is read next, counted from 1, for messages; 0 is the header. */
  get #row(): number {
    return this.#builder ? this.#builder.rows + this.#blankLines + 1 : 0;
  }

  /** Where the reader stands, for messages. */
  get where(): string {
    return this.#builder ? `${this.#name} (row ${this.#row})` : `${this.#name} (header line)`;
  }

  /** Counts comment lines that have as many cells as a row: they may be rows after all. */
  lookForComments(lines: string): void {
    const { comment, delimiter } = this.#dialect;
    if (comment === undefined || this.#width < 2 || !lines.includes(comment)) return;
    for (const line of lines.split("\n")) {
      if (!line.startsWith(comment) || line.split(delimiter).length !== this.#width) continue;
      if (this.#rowLike++ === 0) this.#firstRowLike = line.trim();
    }
  }

  take(cells: readonly string[]): void {
    if (cells.length === 1 && cells[0]!.trim() === "") {
      if (this.#width === 1) this.#blankLines++;
      return;
    }
    if (!this.#builder) {
      this.#takeHeader(cells);
      return;
    }
    const builder = this.#builder;
    let { length } = cells;
    if (length > this.#width) {
      // A delimiter at the end of a line, or many of a spreadsheet's unused columns.
      while (length > this.#width && cells[length - 1]!.trim() === "") length--;
    }
    if (length !== this.#width && (length > this.#width || length < this.#least)) {
      // The end of CmdStan's output, or a note below the table.
      if (/^\s*#/.test(cells[0]!)) {
        if (this.#dialect.comment === undefined) this.#notes++;
        return;
      }
      throw this.#raggedRow(cells);
    }
    if (this.#blankLines > 0) {
      builder.endRow(this.#blankLines);
      this.#blankLines = 0;
    }
    for (let place = 0; place < length; place++) builder.setCell(place, cells[place]!);
    builder.endRow();
    this.#last = cells;
  }

  #raggedRow(cells: readonly string[]): DataError {
    const { length } = cells;
    const expected = counted(this.#width, "cell");
    const header = this.#reading.header === false ? "in the other rows" : "in the header line";
    // One cell before rows of many is a title.
    const mayBeTitle = this.#width === 1 && this.#reading.header !== false;
    const remedy = mayBeTitle
      ? "take out what stands above the names of the columns, such as a title, or mend the row"
      : "mend the row or take it out";
    const commas =
      this.#width === 1 && this.#dialect.delimiter === ","
        ? `; if its commas are decimal commas, pass ${optionText("delimiter", ";")}`
        : "";
    return new DataError(
      {
        where: this.where,
        problem: `expected ${expected} as ${header}, found ${length}`,
        expected: `${expected} as ${header}`,
        received: `${length}`,
        remedy: `${remedy}${commas}`,
      },
      { row: this.#row },
    );
  }

  #takeHeader(cells: readonly string[]): void {
    const names = cells.map((cell) => cell.trim());
    const { header } = this.#reading;
    const first = header === true ? "names" : judgeFirstLine([cells, ...this.#dialect.records.slice(1)]);
    const shown = quoteCell(names.join(", "));
    if (first === "data") {
      throw new DataError(
        {
          problem: `${this.#name} has no header line: its first line holds numbers (${shown})`,
          expected: "a first line of names",
          received: `numbers (${shown})`,
          remedy: `add a first line that names the columns, or pass ${optionText("header", false)} to call them c1, c2, ... (${optionText("header", true)} if they are names)`,
        },
        { file: this.#name },
      );
    }
    if (first === "doubtful") {
      this.#remarks.push(
        `${this.#name}: the first line (${shown}) is taken for the names of the columns; if it is data, pass ${optionText("header", false)}`,
      );
    }
    this.#start(this.#dialect.shortHeader ? ["row.names", ...names] : names);
  }

  #start(names: readonly string[]): void {
    this.#nameless = new Set(names.flatMap((name, place) => (name === "" ? [place] : [])));
    // What pandas calls them.
    const unique = names.map((name, place) => (name === "" ? `Unnamed: ${place}` : name));
    try {
      this.#builder = this.#begin(unique);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw dataErrorOf(this.#name, error);
    }
    this.#width = names.length;
    this.#least = names.findLastIndex((name) => name !== "") + 1;
  }

  /** What is known when all rows have been taken. */
  end(): FeedEnd {
    const builder = this.#builder;
    if (!builder)
      throw new DataError(
        {
          problem: `${this.#name} is empty`,
          expected: "a header line and rows",
          received: "an empty file",
          remedy: "expected a header line and rows",
        },
        { file: this.#name },
      );
    if (builder.rows === 0) {
      throw new DataError(
        {
          problem: `${this.#name} has a header line but no rows of data`,
          expected: "rows of data",
          received: "none",
          remedy: "add rows below the header",
        },
        { file: this.#name },
      );
    }
    if (this.#rowLike > 0) {
      this.#remarks.push(
        `${this.#name}: lines that start with ${this.#dialect.comment} are taken for comments; ` +
          `${this.#rowLike === 1 ? "one of them" : `${this.#rowLike} of them`} could be a row of data (${quoteCell(this.#firstRowLike)})`,
      );
    }
    if (this.#notes > 0) {
      const what = this.#notes === 1 ? "1 line that starts" : `${this.#notes} lines that start`;
      this.#remarks.push(
        `${this.#name}: ${what} with # and ${this.#notes === 1 ? "is not a row is" : "are not rows are"} taken for comments`,
      );
    }
    const summary = this.#last.find((cell) => summaryWords.test(cell.trim()));
    if (summary !== undefined)
      this.#remarks.push(
        `${this.#name} (row ${builder.rows}): ${quoteCell(summary.trim())} in the last row; if the row sums up the others, take it out`,
      );
    return {
      remarks: this.#remarks,
      record: (record, place) => this.#recordBelowNames(this.#namelessRecord(record, place)),
    };
  }

  /** The record of a column of numbers whose first row is a line of units or names. */
  #recordBelowNames(record: ColumnRecord): ColumnRecord {
    const { leftOut } = record;
    const isFirst = leftOut?.kind === "mixed" && leftOut.row === 1;
    if (!isFirst || !isLineOfWords(this.#dialect.records)) return record;
    const remedy =
      "if row 1 holds units, take it out; if it holds the names of the columns, take out what is above it";
    return { ...record, leftOut: { ...leftOut, remedy } };
  }

  /** The record of a column without a name: numbers in it may be data, and need one. */
  #namelessRecord(record: ColumnRecord, place: number): ColumnRecord {
    if (!this.#nameless.has(place)) return record;
    if (!record.leftOut)
      throw new DataError({
        where: this.#name,
        problem: `column ${place + 1} has no name`,
        expected: "a name for every column",
        received: "none",
        remedy:
          "name every column (pandas and R write row numbers as a column without a name: save with index=False or row.names=FALSE)",
      });
    if (record.leftOut.kind !== "empty") return record;
    return {
      ...record,
      leftOut: {
        ...record.leftOut,
        reason: `column ${place + 1} has neither a name nor a value, as if each line ended in a delimiter`,
        remedy: "name it in the header line to use it",
      },
    };
  }
}
