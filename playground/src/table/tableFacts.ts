/**
 * What the page shows of a table: its cells, what its columns are, and where they go from and to.
 *
 * @module
 */

import { type Table, tableToObjects } from "pushforward";
import type { ColumnNote as LibraryNote } from "pushforward/fitting";
import { RandomStream, randomKey } from "pushforward/random";
import { type ColumnSchema, pickRows } from "pushforward/tables";
import { onPage } from "../messages.ts";
import type { Cell, ColumnNote, Columns, TableFacts } from "./protocol.ts";

/** Rows that are drawn as points. */
export const mostShown = 1500;

/** Rows as they are shown: what is missing as null, and what is true or false in words, as samples have it. */
export function cellsOf(rows: Table): readonly Readonly<Record<string, Cell>>[] {
  const booleans = new Set(
    rows.records.filter(({ readAs }) => readAs === "booleans").map(({ name }) => name),
  );
  const shown = (name: string, cell: Cell): Cell => {
    if (typeof cell !== "number") return cell;
    if (Number.isNaN(cell)) return null;
    return booleans.has(name) && (cell === 0 || cell === 1) ? String(cell === 1) : cell;
  };
  return tableToObjects(rows).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, shown(name, cell)])),
  );
}

/** The cells of rows as they are shown, by column. */
export function columnsOf(rows: Table): Columns {
  const cells = cellsOf(rows);
  return Object.fromEntries(
    Object.keys(cells[0] ?? {}).map((name) => [name, cells.map((row) => row[name]!)]),
  );
}

/** As many rows as are drawn as points, at random and each once. */
export function someRows(all: Table, seed: number): Table {
  if (all.rows <= mostShown) return all;
  const stream = new RandomStream(randomKey(seed));
  const places = new Set<number>();
  while (places.size < mostShown) places.add(stream.integerBelow(all.rows));
  return pickRows(all, [...places]);
}

/** From where to where the numbers of each column go; columns without a number are not named. */
export function rangesOf({ columns, rows, values }: Table): TableFacts["ranges"] {
  return Object.fromEntries(
    columns.flatMap((name, column) => {
      let [low, high] = [Infinity, -Infinity];
      for (let row = 0; row < rows; row++) {
        const value = values[row * columns.length + column]!;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      return high >= low ? [[name, { low, high }]] : [];
    }),
  );
}

/** Columns whose numbers can be read in two ways. */
export function doubtfulOf({ records }: Table): TableFacts["doubtful"] {
  const found = records.filter(({ leftOut }) => leftOut?.kind === "ambiguous");
  return found.length > 0
    ? { columns: found.map(({ name }) => name), cell: found[0]!.leftOut!.cell ?? "" }
    : undefined;
}

/** What the library says of a column, in the words of the page. */
export const noteOnPage = ({ name, kind, use, values, remedy }: LibraryNote): ColumnNote => {
  // That a column is left out, and its kind, are said before its values.
  const facts = values
    .replace(/^left out[:,] /, "")
    .replace(/^the column is (?:constant|an identifier|free text) \((.*)\)$/, "$1");
  return { name, kind, use, values: onPage(remedy ? `${facts}; ${remedy}` : facts) };
};

/** What a model says of a column. */
export function noteOfModel({ name, kind, use, levels, step }: ColumnSchema): ColumnNote {
  const isCounted = step !== undefined && kind !== "date-time" && kind !== "integer";
  return {
    name,
    kind,
    use,
    values: levels
      ? `${levels.length} levels, by the model`
      : isCounted
        ? `steps of ${step}, by the model`
        : "by the model",
  };
}

/** What is said of rows that a flow of numbers has no use for. */
export const leftOutLine = (rows: number): string[] =>
  rows > 0 ? [`${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"} with missing cells left out`] : [];
