/**
 * One JSON document as a table: an array of objects, one per row; or an object of columns, as pandas writes it.
 *
 * @module
 */

import { listNames } from "../../closestName.ts";
import { counted } from "../../counted.ts";
import { DataError, unreadable } from "../../errors.ts";
import { endOfString } from "../../formats/duplicateKey.ts";
import { eventLoopTurn } from "../../formats/eventLoopTurn.ts";
import { numbersAsText } from "../../formats/jsonNumbers.ts";
import { checkLimits } from "../../formats/limits.ts";
import { optionText } from "../../optionText.ts";
import { checkSignal } from "../../platform/pieces.ts";
import type { BeginTable, CellFeed, FeedEnd } from "../batches/cellFeed.ts";
import type { Table } from "../table.ts";
import { decodeText, type TextSource } from "./decodeText.ts";
import {
  type JsonLinesOptions,
  jsonLinesFeed,
  jsonLinesPieces,
  parseJson,
  RecordReader,
  refuseDuplicateKey,
} from "./jsonLines.ts";

/** Elements that are read between two turns of the event loop. */
const elementsPerTurn = 1000;

/**
 * The texts between the commas of an array.
 *
 * @param json - Starts with the bracket that opens the array.
 * @throws FormatError if the array does not end, or more follows.
 */
function* elementsOf(json: string, name: string): Generator<string> {
  const mark = /["[\]{},]/g;
  let depth = 0;
  let start = 1;
  for (let match = mark.exec(json); match; match = mark.exec(json)) {
    const [sign] = match;
    if (sign === '"') mark.lastIndex = endOfString(json, match.index);
    else if (sign === "{" || sign === "[") depth++;
    else {
      if (sign !== ",") depth--;
      const isEnd = depth === 0;
      if (!isEnd && (depth > 1 || sign !== ",")) continue;
      const element = json.slice(start, match.index);
      const isEmptyArray = isEnd && start === 1 && element.trim() === "";
      if (!isEmptyArray) yield element;
      start = match.index + 1;
      if (!isEnd) continue;
      const rest = json.slice(start).trim();
      if (rest === "") return;
      throw unreadable(name, "has more after the array of its rows", {
        expected: "one array",
        received: rest.slice(0, 40),
        remedy: "write one array, or one object per line with the extension .jsonl",
      });
    }
  }
  throw unreadable(name, "ends in the middle of the array of its rows", {
    expected: "a bracket ] at the end",
    received: "none",
    remedy: "is the file complete?",
  });
}

type Columns = Readonly<Record<string, readonly unknown[]>>;

/** The columns of an object: arrays, or objects with the same keys, which are the labels of the rows; undefined for others. */
function columnsOf(value: Readonly<Record<string, unknown>>): Columns | undefined {
  const entries = Object.entries(value);
  if (entries.every(([, column]) => Array.isArray(column))) return value as Columns;
  const isObject = (column: unknown): column is Readonly<Record<string, unknown>> =>
    typeof column === "object" && column !== null && !Array.isArray(column);
  const [labels] = entries.map(([, column]) => (isObject(column) ? Object.keys(column) : []));
  const hasLabels = entries.every(
    ([, column]) => isObject(column) && Object.keys(column).join("\n") === labels!.join("\n"),
  );
  if (!hasLabels) return undefined;
  return Object.fromEntries(entries.map(([key, column]) => [key, Object.values(column as object)]));
}

function notColumns(name: string, object: Readonly<Record<string, unknown>>): DataError {
  const rows = Object.keys(object).find((key) => Array.isArray(object[key]));
  return new DataError({
    where: name,
    problem: `an object with ${listNames(Object.keys(object).map((key) => JSON.stringify(key)))} is not a table`,
    expected: "an array of objects, one per row, or an object with an array per column",
    received: "an object of other things",
    remedy: `write an array of objects, one per row${rows === undefined ? "" : `; is it "${rows}"?`}`,
  });
}

/** Reads an object: of columns, or as the first of JSON lines. */
async function* objectRows(
  json: string,
  name: string,
  options: JsonLinesOptions,
  begin: BeginTable,
): AsyncGenerator<void, FeedEnd> {
  // A number of many digits, or far from 1, may be none that a double is.
  const mayLoseDigits = /\d{16}|[eE][+-]?\d{3}/.test(json);
  const value = parseJson(json) as Readonly<Record<string, unknown>> | undefined;
  const isNested = Object.values(value ?? {}).some((part) => typeof part === "object" && part !== null);
  // One row, or more objects than one.
  if (value === undefined || !isNested) return yield* jsonLinesFeed(json, { ...options, name }).run(begin);
  refuseDuplicateKey(json, name);
  const columns = columnsOf(value);
  if (!columns) throw notColumns(name, value);
  const texts = mayLoseDigits ? columnsOf(parseJson(numbersAsText(json)) as Columns)! : columns;
  const lengths = Object.entries(texts).map(([key, column]) => [key, column.length] as const);
  const [[firstKey, rows]] = lengths as [readonly [string, number]];
  const other = lengths.find(([, length]) => length !== rows);
  if (other)
    throw new DataError(
      {
        where: name,
        problem: `"${firstKey}" has ${counted(rows, "value")}, and "${other[0]}" has ${other[1]}`,
        expected: "an array per column, all of one length",
        received: `${rows} and ${other[1]} values`,
        remedy: "an object is read as columns: give all of them a value per row",
      },
      { column: other[0] },
    );
  const reader = new RecordReader(name, begin([]));
  for (let row = 0; row < rows; row++) {
    reader.add(Object.fromEntries(Object.entries(texts).map(([key, column]) => [key, column[row]])));
    if ((row + 1) % elementsPerTurn > 0) continue;
    yield;
    await eventLoopTurn();
    checkSignal(options.signal, `Reading ${name}`);
  }
  return reader.end();
}

/**
 * A JSON document as a source of cells: an array of objects, each of which is a row and read as one of {@link jsonLinesFeed}; or an object of columns, which
 * are arrays or objects by label of the row (pandas' default), all of one length. All of its text is in memory. JSON lines under the name of JSON are read, too.
 *
 * @throws FormatError for what is not JSON, or bytes that are not text.
 * @throws DataError for elements that are not objects, columns of different lengths, and what {@link jsonLinesFeed} refuses.
 */
export function jsonFeed(source: TextSource, options: JsonLinesOptions): CellFeed {
  const name = options.name ?? "the JSON";
  return { name, run: (begin) => documentRows(source, name, options, begin) };
}

async function* documentRows(
  source: TextSource,
  name: string,
  options: JsonLinesOptions,
  begin: BeginTable,
): AsyncGenerator<void, FeedEnd> {
  const { lineLength } = checkLimits(options.limits);
  const pieces: string[] = [];
  for await (const piece of decodeText(source, name, options.encoding)) {
    pieces.push(piece);
    await eventLoopTurn();
    checkSignal(options.signal, `Reading ${name}`);
  }
  const json = pieces.join("").trim();
  if (!json.startsWith("[")) return yield* objectRows(json, name, options, begin);
  const reader = new RecordReader(name, begin([]));
  let elements = 0;
  for (const element of elementsOf(json, name)) {
    if (element.length > lineLength)
      throw unreadable(name, `has a row of more than ${lineLength} characters`, {
        expected: `at most ${lineLength} characters per row`,
        received: `${element.length}`,
        remedy: `raise the limit with ${optionText("limits", { lineLength: 10 * lineLength })}`,
      });
    if (element.trim() === "")
      throw unreadable(name, "has a comma with nothing before or after it", {
        expected: "an object between two commas",
        received: "none",
        remedy: "write one object per row",
      });
    reader.take(element);
    if (++elements % elementsPerTurn > 0) continue;
    yield;
    await eventLoopTurn();
    checkSignal(options.signal, `Reading ${name}`);
  }
  return reader.end();
}

/** The table as one array of objects, in pieces of many lines; values are written as {@link jsonLinesPieces} writes them. */
export function* jsonPieces(table: Table): Generator<string> {
  yield* elementPieces(table, false);
  yield jsonEnd(table.rows > 0);
}

/** A table in batches as one array of objects, in pieces. */
export async function* jsonBatchPieces(batches: AsyncIterable<Table>): AsyncGenerator<string> {
  let hasRows = false;
  for await (const batch of batches) {
    yield* elementPieces(batch, hasRows);
    hasRows ||= batch.rows > 0;
  }
  yield jsonEnd(hasRows);
}

function* elementPieces(table: Table, isFurther: boolean): Generator<string> {
  let before = isFurther ? ",\n" : "[\n";
  for (const lines of jsonLinesPieces(table)) {
    yield before + lines.slice(0, -1).replaceAll("\n", ",\n");
    before = ",\n";
  }
}

const jsonEnd = (hasRows: boolean): string => (hasRows ? "\n]\n" : "[]\n");
