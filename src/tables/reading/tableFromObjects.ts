/**
 * Tables from objects, one per row, and back.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import { anObject, checkArgument, listOf } from "../../options.ts";
import { inOnePiece } from "../../platform/pieces.ts";
import { checkColumnNames } from "../columnNames.ts";
import { cellColumns, checkTable, type Table } from "../table.ts";
import { textAt } from "../textColumn.ts";
import { TableBuilder } from "./tableBuilder.ts";

/** Puts the values of an object into a row, as JSON has them. */
export class ObjectRows {
  readonly #builder: TableBuilder;
  readonly #places: Map<string, number> = new Map();

  constructor(builder: TableBuilder) {
    this.#builder = builder;
    for (const [place, name] of builder.names.entries()) this.#places.set(name, place);
  }

  /** Names of the columns, in order of appearance. */
  get columns(): readonly string[] {
    return [...this.#places.keys()];
  }

  /** Adds a row; where there is a text of a number, the number is read from that. */
  add(object: Readonly<Record<string, unknown>>, texts: Readonly<Record<string, unknown>> = {}): void {
    for (const [key, value] of Object.entries(object)) {
      const text = typeof value === "number" && Object.hasOwn(texts, key) ? texts[key] : undefined;
      this.#set(this.#place(key), text ?? value);
    }
    this.#builder.endRow();
  }

  #place(key: string): number {
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#builder.addColumn(key);
      this.#places.set(key, place);
    }
    return place;
  }

  #set(place: number, value: unknown): void {
    if (typeof value === "number") this.#builder.setNumber(place, value);
    else if (typeof value === "boolean") this.#builder.setBoolean(place, value);
    else if (typeof value === "string") this.#builder.setCell(place, value);
    else if (typeof value === "bigint") this.#builder.setCell(place, String(value));
    else if (value === null || value === undefined) this.#builder.setNumber(place, Number.NaN);
    else this.#builder.setText(place, Array.isArray(value) ? "an array" : "an object");
  }
}

/**
 * A table from objects, one per row, read as JSON lines are: the columns are all keys, in order of appearance; a key that an object
 * lacks, null and undefined are missing values; true and false are 1 and 0; a string is read as a cell of CSV. A column of text is one of
 * `texts`.
 *
 * @throws UsageError for what is not an array of objects, {@link DataError} for no rows, no keys, or a key without a name.
 * @example tableFromObjects([{ x: 1, y: 2 }, { x: 3, y: null }])
 */
export function tableFromObjects(objects: readonly Readonly<Record<string, unknown>>[]): Table {
  checkArgument("tableFromObjects", "objects", objects, listOf(anObject, "an array of objects, one per row"));
  if (objects.length === 0)
    throw new DataError({
      where: "tableFromObjects",
      problem: "there are no rows",
      expected: "at least one object",
      received: "none",
    });
  const builder = new TableBuilder([]);
  const rows = new ObjectRows(builder);
  for (const object of objects) rows.add(object);
  if (rows.columns.length === 0)
    throw new DataError({
      where: "tableFromObjects",
      problem: "the objects are empty; there are no columns",
      expected: "objects with a key per column",
      received: "empty objects",
    });
  checkColumnNames(rows.columns);
  return inOnePiece(builder.building());
}

/** The rows of a table as objects: numbers, NaN where one is missing; texts, null where one is missing. */
export function tableToObjects(table: Table): Record<string, number | string | null>[] {
  checkTable("tableToObjects", table);
  const { columns, values } = table;
  const cells = cellColumns(table).map((column): ((row: number) => number | string | null) => {
    if ("text" in column) return (row) => textAt(column.text, row) ?? null;
    return (row) => values[row * columns.length + column.place]!;
  });
  const names = cellColumns(table).map(({ name }) => name);
  return Array.from({ length: table.rows }, (_, row) =>
    Object.fromEntries(names.map((name, i) => [name, cells[i]!(row)])),
  );
}
