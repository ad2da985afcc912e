/**
 * Text tables: cells with commas, semicolons, tabs, bars or blanks between them, and a header line. Read as a stream:
 * the file's text is never in one string, and cells go straight into typed arrays.
 *
 * @module
 */

import Papa from "papaparse";
import { FormatError } from "../../errors.ts";
import { eventLoopTurn } from "../../formats/eventLoopTurn.ts";
import { type CheckedLimits, checkLimits } from "../../formats/limits.ts";
import { refuse } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { checkSignal } from "../../platform/pieces.ts";
import type { BeginTable, CellFeed, FeedEnd } from "../batches/cellFeed.ts";
import { cellColumns, checkTable, type Table } from "../table.ts";
import { decodeText, type TextSource } from "./decodeText.ts";
import {
  type Dialect,
  dialectOf,
  withLineFeeds,
  withoutBlanksBeforeQuotes,
  withSingleBlanks,
} from "./dialect.ts";
import { refuseOtherText } from "./otherText.ts";
import { RowReader } from "./rowReader.ts";
import type { CellReading } from "./tableBuilder.ts";

/** How to read delimited text. */
export interface CsvOptions extends CellReading {
  /**
   * One character, or `"blank"` for blanks and tabs of any number, or `"tab"`; found from the first lines where it is not
   * given.
   */
  readonly delimiter?: string | undefined;
  /** The delimiter that the file's name speaks for; another is found where the text has none of it. */
  readonly likelyDelimiter?: string | undefined;
  /** Whether the first line names the columns (then it does, whatever it holds), or is data; found out by default. */
  readonly header?: boolean | undefined;
  /** Encoding of bytes, by its WHATWG label such as `latin1`; UTF-8, or what a byte order mark says, by default. */
  readonly encoding?: string | undefined;
  /** What to call the source in an error. */
  readonly name?: string | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** The first characters, from which the dialect is found. */
const headSize = 2 ** 16;

/** The text in pieces that end where a line does, in the form that the parser reads. */
class LineCutter {
  readonly #dialect: Dialect;
  #rest = "";
  #isFirst = true;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Whole lines, with what was left of the piece before; at the end, all of it. */
  cut(piece: string, last: boolean): string {
    const text = this.#rest + piece;
    // A carriage return at the very end may be half of a line's end.
    const end = last
      ? text.length
      : Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r", text.length - 2)) + 1;
    this.#rest = text.slice(end);
    let lines = withLineFeeds(text.slice(0, end));
    if (this.#isFirst && (lines !== "" || last)) {
      lines = lines.slice(this.#dialect.start);
      this.#isFirst = false;
    }
    const { delimiter, records } = this.#dialect;
    // An empty cell in quotation marks is a row, which a blank line may not be: a delimiter after it tells them apart.
    if (records[0]?.length === 1 && lines.includes('""'))
      lines = lines.replace(/^""(?=\n|$)/gm, `""${delimiter}`);
    return delimiter === " " ? withSingleBlanks(lines) : withoutBlanksBeforeQuotes(lines, delimiter);
  }

  /** Characters that wait for the end of their line. */
  get waiting(): number {
    return this.#rest.length;
  }
}

/** Rows out of text, which come piece by piece. */
class RowParser {
  readonly #reader: RowReader;
  readonly #limits: CheckedLimits;
  readonly #cutter: LineCutter;
  readonly #parser: { parse(input: string, baseIndex: number, ignoreLastRow: boolean): unknown };
  #rest = "";

  constructor(reader: RowReader, dialect: Dialect, limits: CheckedLimits) {
    this.#limits = limits;
    this.#reader = reader;
    this.#cutter = new LineCutter(dialect);
    const { delimiter, comment } = dialect;
    this.#parser = new Papa.Parser({
      delimiter,
      newline: "\n",
      ...(comment === undefined ? {} : { comments: comment }),
    });
  }

  parse(piece: string, last: boolean): void {
    const lines = this.#cutter.cut(piece, last);
    const text = this.#rest + lines;
    if (text === "") return;
    const { data, errors, meta } = this.#parser.parse(text, 0, !last) as Papa.ParseResult<string[]>;
    // Faults in a last row that is still incomplete may be the cut's; it is parsed again with the next piece.
    const error = errors.find(({ row }) => last || (row ?? 0) < data.length);
    // Rows before the fault are read first, so that the message can count them.
    const soundRows = error ? data.slice(0, error.row ?? 0) : data;
    for (const cells of soundRows) this.#reader.take(cells);
    this.#reader.lookForComments(lines);
    if (error) {
      const fault = error.code === "MissingQuotes" ? "is never closed" : "goes on after its closing one";
      throw new FormatError({
        where: this.#reader.where,
        problem: `a cell in quotation marks ${fault}`,
        expected: "a quotation mark at each end of such a cell",
        received: `one that ${fault}`,
        remedy: "mend the row",
      });
    }
    this.#rest = last ? "" : text.slice(meta.cursor);
    if (Math.max(this.#rest.length, this.#cutter.waiting) > this.#limits.lineLength) {
      const { lineLength } = this.#limits;
      throw new FormatError({
        where: this.#reader.where,
        problem: `a row of more than ${lineLength} characters`,
        expected: `at most ${lineLength} characters per row`,
        received: "more",
        remedy:
          "is a quotation mark never closed, or is this another kind of file? " +
          `If not, raise the limit with ${optionText("limits", { lineLength: 10 * lineLength })}`,
      });
    }
  }
}

function delimiterOf({ delimiter }: CsvOptions): string | undefined {
  const known = new Map([
    ["tab", "\t"],
    ["blank", " "],
    ["\\t", "\t"],
  ]);
  const letter = delimiter === undefined ? undefined : (known.get(delimiter) ?? delimiter);
  if (letter !== undefined && (letter.length !== 1 || /["\r\n\ufeff]/.test(letter)))
    refuse("readTable", "delimiter", 'one character, "tab" or "blank"', delimiter);
  return letter;
}

/** The whole lines at the start of a text. */
function headOf(text: string): string {
  if (text.length <= headSize) return text;
  const head = text.slice(0, headSize);
  // A row cut in two would have too few cells and mislead the guess.
  const end = Math.max(head.lastIndexOf("\n"), head.lastIndexOf("\r"));
  return end > 0 ? head.slice(0, end + 1) : head;
}

/**
 * Delimited text as a source of cells. What stands between cells, comment lines, and the line that names the columns are found from the
 * first lines (see `docs/tables.md`). Lines may end in line feed, carriage return, or both, mixed. Blank lines are
 * skipped, except that in a table of one column a blank line before another row is a missing cell, as `""` is. See `parseCell` and
 * `dressOf` for what counts as a number. Whole numbers above 2^53 are rounded to the nearest double.
 *
 * @param source text, or bytes of it; a stream can be read but once. Passes over it throw
 *   FormatError if the bytes are not text of the encoding, or a quoted cell is malformed or never closed.
 * @throws DataError for an empty file, a missing header line, a header alone, empty or duplicate column
 *   names, or a row whose number of cells differs from the header's.
 * @throws UsageError for options that cannot be.
 * @throws AbortedError soon after the signal fires.
 */
export function csvFeed(source: TextSource, options: CsvOptions): CellFeed {
  const name = options.name ?? "the CSV text";
  return { name, run: (begin) => rowsOf(source, name, options, begin) };
}

async function* rowsOf(
  source: TextSource,
  name: string,
  options: CsvOptions,
  begin: BeginTable,
): AsyncGenerator<void, FeedEnd> {
  const delimiter = delimiterOf(options);
  const limits = checkLimits(options.limits);
  let reader: RowReader | undefined;
  let parser: RowParser | undefined;
  let start = "";
  const startReading = (): void => {
    refuseOtherText(name, start);
    const head = headOf(start);
    const { likelyDelimiter: likely } = options;
    const fileDialect = dialectOf(
      head,
      delimiter ?? (likely !== undefined && head.includes(likely) ? likely : undefined),
    );
    // Cells with commas may be numbers of the one column.
    const isOneColumn =
      likely !== undefined && delimiter === undefined && fileDialect.records[0]?.length === 1;
    const dialect = isOneColumn ? dialectOf(head, likely) : fileDialect;
    reader = new RowReader(name, dialect, options, begin);
    parser = new RowParser(reader, dialect, limits);
  };
  // One piece is held back, so that the last one is known when it is parsed.
  let pending: string | undefined;
  for await (const piece of decodeText(source, name, options.encoding)) {
    if (!parser) {
      start += piece;
      if (start.length < headSize || start.trim() === "") continue;
      startReading();
      pending = start;
      continue;
    }
    parser.parse(pending!, false);
    pending = piece;
    yield;
    await eventLoopTurn();
    checkSignal(options.signal, `Reading ${name}`);
  }
  if (!parser) {
    startReading();
    pending = start;
  }
  parser!.parse(pending!, true);
  return reader!.end();
}

/** A name or a text as a cell, quoted where it has to be. */
function textCell(text: string, delimiter: string): string {
  const plain = !/["\r\n]|^[#%/]/.test(text) && !text.includes(delimiter) && text.trim() === text;
  return plain ? text : `"${text.replaceAll('"', '""')}"`;
}

/** The shortest decimal that reads back to the same double; -0 keeps its sign. */
function numberCell(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Rows that are turned into one string at a time. */
const rowsABlock = 4096;

/**
 * The table as delimited text, in pieces: the header line, then blocks of rows, each line ended by `\n`. Columns of text
 * stand in their place among the others. A missing value is an empty cell; `""` where the table has one column, since readers
 * skip blank lines.
 */
export function* csvPieces(table: Table, delimiter: string = ","): Generator<string> {
  checkTable("csvPieces", table);
  const width = table.columns.length;
  const columns = cellColumns(table);
  const missing = columns.length === 1 ? '""' : "";
  const cells = columns.map((column): ((row: number) => string) => {
    if ("text" in column) {
      const levels = column.text.levels.map((level) => textCell(level, delimiter));
      return (row) => levels[column.text.codes[row]!] ?? missing;
    }
    return (row) => {
      const value = table.values[row * width + column.place]!;
      return Number.isNaN(value) ? missing : numberCell(value);
    };
  });
  yield `${columns.map(({ name }) => textCell(name, delimiter)).join(delimiter)}\n`;
  for (let start = 0; start < table.rows; start += rowsABlock) {
    let text = "";
    for (let row = start; row < Math.min(table.rows, start + rowsABlock); row++) {
      for (let place = 0; place < cells.length; place++)
        text += (place > 0 ? delimiter : "") + cells[place]!(row);
      text += "\n";
    }
    yield text;
  }
}

/**
 * The table as CSV text. Numbers read back to the same doubles; infinities are `Infinity` and `-Infinity`,
 * missing values empty cells (`""` in a table of one column).
 */
export function tableToCsv(table: Table): string {
  return [...csvPieces(table)].join("");
}
