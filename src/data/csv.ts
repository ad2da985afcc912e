/**
 * Comma-, semicolon- or tab-separated text with a header line. Read as a stream: the file's text is never in
 * one string, and cells go straight into typed arrays.
 *
 * @module
 */

import Papa from "papaparse";
import { DataError, FormatError } from "../errors.ts";
import { parseCell, quoteCell } from "./cell.ts";
import { decodeText, type TextSource } from "./decodeText.ts";
import type { Table } from "./table.ts";
import { type CellReading, TableBuilder } from "./tableBuilder.ts";

/** How to read delimited text. */
export interface CsvOptions extends CellReading {
  /** One character; guessed from the first lines among `,` tab `|` `;` where it is not given. */
  readonly delimiter?: string;
  /** What to call the source in an error. */
  readonly name?: string;
}

/** A row of more characters than this means a quotation mark that is never closed. */
const LONGEST_ROW = 2 ** 24;
/** Papa Parse guesses the delimiter from ten rows; more text than this only costs time. */
const GUESS_LENGTH = 2 ** 16;

interface Dialect {
  readonly delimiter: string;
  readonly newline: "\r" | "\n" | "\r\n";
}

function guessDialect(text: string, delimiter: string | undefined): Dialect {
  let head = text.slice(0, GUESS_LENGTH);
  // A row cut in two would have too few cells and mislead the guess.
  const end = Math.max(head.lastIndexOf("\n"), head.lastIndexOf("\r"));
  if (text.length > GUESS_LENGTH && end > 0) head = head.slice(0, end + 1);
  const { meta } = Papa.parse<string[]>(head, {
    preview: 10,
    skipEmptyLines: true,
    ...(delimiter === undefined ? {} : { delimiter }),
  });
  return { delimiter: meta.delimiter, newline: meta.linebreak as Dialect["newline"] };
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Takes rows of cells, the header first, and builds the table. */
class RowReader {
  readonly #name: string;
  readonly #reading: CellReading;
  #builder: TableBuilder | undefined;
  #width = 0;
  /** Blank lines of a one-column table that are missing cells if a row follows, else the file's end. */
  #blankLines = 0;

  constructor(name: string, reading: CellReading) {
    this.#name = name;
    this.#reading = reading;
  }

  /** The row that is read next, counted from 1, for messages; 0 is the header. */
  get #row(): number {
    return this.#builder ? this.#builder.rows + this.#blankLines + 1 : 0;
  }

  /** Where the reader stands, for messages. */
  get where(): string {
    return this.#builder ? `${this.#name} (row ${this.#row})` : `${this.#name} (header line)`;
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
    if (cells.length !== this.#width) {
      throw new DataError(
        `${this.where}: expected ${plural(this.#width, "cell")} as in the header line, ` +
          `found ${cells.length}; mend the row`,
        { row: this.#row },
      );
    }
    if (this.#blankLines > 0) {
      this.#builder.endRow(this.#blankLines);
      this.#blankLines = 0;
    }
    for (let place = 0; place < cells.length; place++) this.#builder.setCell(place, cells[place]!);
    this.#builder.endRow();
  }

  #takeHeader(cells: readonly string[]): void {
    const names = cells.map((cell) => cell.trim());
    const numbers = names.filter((name) => !Number.isNaN(parseCell(name) ?? Number.NaN));
    // Names 0, 1, 2, ... are what tables without names get from other tools; any other numbers are a row of data.
    const isCount = names.every((name, place) => name === String(place));
    if (numbers.length === names.length && !isCount) {
      throw new DataError(
        `${this.#name} has no header line: its first line is numbers (${quoteCell(names.join(", "))}); ` +
          "add a first line that names the columns",
      );
    }
    this.#builder = new TableBuilder(names, this.#reading);
    this.#width = names.length;
  }

  finish(): Table {
    if (!this.#builder) throw new DataError(`${this.#name} is empty; expected a header line and rows`);
    if (this.#builder.rows === 0) {
      throw new DataError(`${this.#name} has a header line but no rows of data`);
    }
    return this.#builder.build();
  }
}

/**
 * Reads delimited text. The first line that is not blank names the columns. Blank lines are skipped, except
 * that in a table of one column a blank line before another row is a missing cell. See `parseCell` for what
 * counts as a number. Whole numbers above 2^53 are rounded to the nearest double.
 *
 * @param source text, or bytes of it (UTF-8, or UTF-16 with a byte order mark).
 * @throws FormatError if the bytes are not text or a quoted cell is malformed or never closed.
 * @throws DataError for an empty file, a missing header line, a header alone, empty or duplicate column
 *   names, or a row whose number of cells differs from the header's.
 * @example await readCsv("height,weight\n1.7,70\n1.8,81\n")
 */
export async function readCsv(source: TextSource, options: CsvOptions = {}): Promise<Table> {
  const name = options.name ?? "the CSV text";
  const reader = new RowReader(name, options);
  let parser: { parse(input: string, baseIndex: number, ignoreLastRow: boolean): unknown } | undefined;
  let rest = "";

  const parse = (text: string, last: boolean): void => {
    if (!parser) {
      if (text.trim() === "") return;
      parser = new Papa.Parser(guessDialect(text, options.delimiter));
    }
    const { data, errors, meta } = parser.parse(text, 0, !last) as Papa.ParseResult<string[]>;
    // Faults in a last row that is still incomplete may be the cut's; it is parsed again with the next piece.
    const error = errors.find(({ row }) => last || (row ?? 0) < data.length);
    // Rows before the fault are read first, so that the message can count them.
    const sound = error ? data.slice(0, error.row ?? 0) : data;
    for (const cells of sound) reader.take(cells);
    if (error) {
      const fault = error.code === "MissingQuotes" ? "is never closed" : "goes on after its closing one";
      throw new FormatError(`${reader.where}: a cell in quotation marks ${fault}; mend the row`);
    }
    rest = last ? "" : text.slice(meta.cursor);
    if (rest.length > LONGEST_ROW) {
      throw new FormatError(
        `${reader.where}: a row of more than 16 million characters; ` +
          "is a quotation mark never closed, or is this another kind of file?",
      );
    }
  };

  // One piece is held back, so that the last one is known when it is parsed.
  let held: string | undefined;
  for await (const piece of decodeText(source, name)) {
    if (held !== undefined) parse(rest + held, false);
    held = piece;
  }
  parse(rest + (held ?? ""), true);
  return reader.finish();
}

/** A cell of a header, quoted where it has to be. */
function headerCell(name: string, delimiter: string): string {
  const plain = !/["\r\n]/.test(name) && !name.includes(delimiter) && name.trim() === name;
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The shortest decimal that reads back to the same double; -0 keeps its sign. */
function numberCell(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Rows that are turned into one string at a time. */
const ROWS_A_BLOCK = 4096;

/**
 * The table as delimited text, in pieces: the header line, then blocks of rows, each line ended by `\n`.
 * A missing value is an empty cell (`NaN` where the table has one column, whose blank lines would be lost).
 */
export function* csvPieces(table: Table, delimiter: string = ","): Generator<string> {
  const width = table.columns.length;
  const missing = width === 1 ? "NaN" : "";
  yield `${table.columns.map((name) => headerCell(name, delimiter)).join(delimiter)}\n`;
  for (let start = 0; start < table.rows; start += ROWS_A_BLOCK) {
    let text = "";
    for (let row = start; row < Math.min(table.rows, start + ROWS_A_BLOCK); row++) {
      for (let place = 0; place < width; place++) {
        const value = table.values[row * width + place]!;
        text += (place > 0 ? delimiter : "") + (Number.isNaN(value) ? missing : numberCell(value));
      }
      text += "\n";
    }
    yield text;
  }
}

/**
 * The table as CSV text. Numbers read back to the same doubles; infinities are `Infinity` and `-Infinity`,
 * missing values empty cells (`NaN` in a table of one column).
 */
export function tableToCsv(table: Table): string {
  return [...csvPieces(table)].join("");
}
