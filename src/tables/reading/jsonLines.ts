/**
 * JSON lines: one object a line, its keys the columns.
 *
 * @module
 */

import { DataError, FormatError, unreadable } from "../../errors.ts";
import { duplicateKey } from "../../formats/duplicateKey.ts";
import { eventLoopTurn } from "../../formats/eventLoopTurn.ts";
import { numbersAsText } from "../../formats/jsonNumbers.ts";
import { checkLimits } from "../../formats/limits.ts";
import { optionText } from "../../optionText.ts";
import { checkSignal } from "../../platform/pieces.ts";
import type { BeginTable, CellFeed, FeedEnd } from "../batches/cellFeed.ts";
import { checkColumnNames } from "../columnNames.ts";
import { cellColumns, type Table } from "../table.ts";
import { mostExact, quoteCell } from "./cell.ts";
import { decodeText, type TextSource } from "./decodeText.ts";
import type { CellReading, TableBuilder } from "./tableBuilder.ts";
import { ObjectRows } from "./tableFromObjects.ts";

/** How to read JSON lines. */
export interface JsonLinesOptions extends CellReading {
  /** Encoding of bytes, by its WHATWG label such as `latin1`; UTF-8 by default. */
  readonly encoding?: string | undefined;
  /** What to call the source in an error. */
  readonly name?: string | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Python's json writes NaN and infinities bare, which JSON does not allow: quotes them, outside strings. The
 * first alternative swallows strings whole.
 */
const bareNumbers = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/g;

/** The value of a JSON text; undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(bareNumbers, (match) => (match[0] === '"' ? match : `"${match}"`)));
    } catch {
      return undefined;
    }
  }
}

function parseLine(line: string, where: string): Record<string, unknown> {
  const value = parseJson(line);
  if (value === undefined)
    throw new FormatError({
      where,
      problem: `${quoteCell(line)} is not JSON`,
      expected: "one object per row",
      received: quoteCell(line),
      remedy: "expected one object per row",
    });
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DataError({
      where,
      problem: `expected an object such as {"x": 1}, found ${quoteCell(line)}`,
      expected: 'an object such as {"x": 1}',
      received: quoteCell(line),
      remedy: "each object is one row",
    });
  }
  return value as Record<string, unknown>;
}

/** Whether a number of the line may be another than its text says: too long, too large or too small for a double. */
function mayLoseDigits(object: Readonly<Record<string, unknown>>, line: string): boolean {
  const isTiny = /[eE]-\d{3}/.test(line);
  return Object.values(object).some(
    (value) => typeof value === "number" && (Math.abs(value) > mostExact || (isTiny && value === 0)),
  );
}

/** Refuses JSON with a key that an object holds twice, of which `JSON.parse` would take the last. */
export function refuseDuplicateKey(json: string, where: string, row?: number): void {
  const duplicate = duplicateKey(json);
  if (duplicate === undefined) return;
  throw new DataError(
    {
      where,
      problem: `the key "${duplicate}" stands there twice`,
      expected: "each key once",
      received: `"${duplicate}" twice`,
      remedy: "rename one of them",
    },
    { column: duplicate, ...(row === undefined ? {} : { row }) },
  );
}

/** Makes a table of the texts of objects, one per row. */
export class RecordReader {
  readonly #name: string;
  readonly #builder: TableBuilder;
  readonly #rows: ObjectRows;

  /** @param name - What to call the source in an error. */
  constructor(name: string, builder: TableBuilder) {
    this.#name = name;
    this.#builder = builder;
    this.#rows = new ObjectRows(builder);
  }

  /** Takes the text of an object as a row; nothing of a blank one. */
  take(line: string): void {
    if (line.trim() === "") return;
    const where = `${this.#name} (row ${this.#builder.rows + 1})`;
    const object = parseLine(line, where);
    refuseDuplicateKey(line, where, this.#builder.rows + 1);
    this.#rows.add(object, mayLoseDigits(object, line) ? parseLine(numbersAsText(line), where) : {});
  }

  /** Takes an object as a row. */
  add(object: Readonly<Record<string, unknown>>): void {
    this.#rows.add(object);
  }

  /** What is known when all rows have been taken. */
  end(): FeedEnd {
    if (this.#builder.rows === 0) {
      throw new DataError(
        {
          problem: `${this.#name} is empty`,
          expected: "one JSON object per row",
          received: "no objects",
          remedy: "expected one JSON object per row",
        },
        { file: this.#name },
      );
    }
    if (this.#rows.columns.length === 0)
      throw new DataError(
        {
          problem: `${this.#name} has no columns`,
          expected: "objects with a key per column",
          received: "empty objects",
          remedy: "its objects are empty",
        },
        { file: this.#name },
      );
    checkColumnNames(this.#rows.columns);
    return { remarks: [] };
  }
}

/**
 * JSON lines as a source of cells. The columns are the keys of all lines together, in order of appearance; a key that a
 * line lacks, and null, are missing values. `true` and `false` are 1 and 0. A string is read as a CSV cell is
 * (`"12"` is a number, `"inf"` an infinity); bare `NaN` and `Infinity`, as Python writes them, are accepted.
 * An array or object as a value makes the column a text column. Blank lines are skipped.
 *
 * @throws FormatError for a line that is not JSON, or bytes that are not text.
 * @throws DataError for a line that is not an object, a key that stands in one line twice or is empty, and a
 *   source without rows.
 */
export function jsonLinesFeed(source: TextSource, options: JsonLinesOptions): CellFeed {
  const name = options.name ?? "the JSON lines";
  return { name, run: (begin) => linesOf(source, name, options, begin) };
}

async function* linesOf(
  source: TextSource,
  name: string,
  options: JsonLinesOptions,
  begin: BeginTable,
): AsyncGenerator<void, FeedEnd> {
  const reader = new RecordReader(name, begin([]));
  const limits = checkLimits(options.limits);
  let rest = "";
  for await (const piece of decodeText(source, name, options.encoding)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    if (rest.length > limits.lineLength) {
      const { lineLength } = limits;
      throw unreadable(name, `has a line of more than ${lineLength} characters`, {
        expected: `at most ${lineLength} characters per line`,
        received: "more",
        remedy: `is it JSON lines? If so, raise the limit with ${optionText("limits", { lineLength: 10 * lineLength })}`,
      });
    }
    for (const line of lines) reader.take(line);
    yield;
    await eventLoopTurn();
    checkSignal(options.signal, `Reading ${name}`);
  }
  reader.take(rest);
  return reader.end();
}

const jsonNumber = (value: number): string => {
  if (Number.isNaN(value)) return "null";
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
};

/** Rows that are turned into one string at a time. */
const rowsABlock = 4096;

/**
 * The table as JSON lines, in pieces of many lines. A missing value is null, an infinity the string
 * `"Infinity"` or `"-Infinity"` (JSON has no such numbers), which is read back.
 */
export function* jsonLinesPieces(table: Table): Generator<string> {
  const width = table.columns.length;
  const cells = cellColumns(table).map((column): ((row: number) => string) => {
    const key = JSON.stringify(column.name);
    if ("text" in column) {
      const levels = column.text.levels.map((level) => `${key}:${JSON.stringify(level)}`);
      return (row) => levels[column.text.codes[row]!] ?? `${key}:null`;
    }
    return (row) => `${key}:${jsonNumber(table.values[row * width + column.place]!)}`;
  });
  for (let start = 0; start < table.rows; start += rowsABlock) {
    let text = "";
    for (let row = start; row < Math.min(table.rows, start + rowsABlock); row++) {
      text += `{${cells.map((cell) => cell(row)).join(",")}}\n`;
    }
    yield text;
  }
}
