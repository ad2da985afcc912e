/**
 * The schema of a table: what was found out, and what somebody said of it.
 *
 * @module
 */

import { optionText } from "../../optionText.ts";
import { type CellColumn, cellColumns, type Table } from "../table.ts";
import { checkSchema } from "./checkSchema.ts";
import { columnNamed, columnOfKind } from "./columnKind.ts";
import type { ColumnSchema, TableSchema } from "./columnSchema.ts";
import { inferCells } from "./describe.ts";
import type { Inferred } from "./inferNumbers.ts";

/** What somebody says of columns, beside what is found out. */
export interface SchemaOptions {
  /** Whole columns, as `describe` gives them; columns that it does not name are found out. */
  readonly schema?: TableSchema | undefined;
  /** Kinds by column: `{ age: "integer", shift: "angle:24", score: "interval:0:100", joined: "date-time:day-month-year" }`. */
  readonly kinds?: Readonly<Record<string, string>> | undefined;
  /** Columns that are left out. */
  readonly exclude?: readonly string[] | undefined;
  /** Columns that are not fitted, but carried along. */
  readonly keep?: readonly string[] | undefined;
}

/** Finds out what columns of a table are, each once: it sorts their values. */
export function inferring(table: Table): (cells: CellColumn) => Inferred {
  const inferredByName = new Map<string, Inferred>();
  return (cells) => {
    const inferred = inferredByName.get(cells.name) ?? inferCells(table, cells);
    inferredByName.set(cells.name, inferred);
    return inferred;
  };
}

/**
 * The schema of all columns of a table, in its order: as somebody said, else as found out.
 * @param infer - What finds out; of who asks it further questions, the same.
 * @throws {@link UsageError} for a column that there is not, or a kind that there is not; DataError for a column that is not of it.
 */
export function schemaOf(
  where: string,
  table: Table,
  options: SchemaOptions,
  infer: (cells: CellColumn) => Inferred = inferring(table),
): TableSchema {
  const { schema, kinds = {}, exclude = [], keep = [] } = options;
  if (schema !== undefined) checkSchema(where, schema);
  for (const { name } of schema?.columns ?? []) columnNamed(table, name, optionText("schema"));
  for (const name of Object.keys(kinds)) columnNamed(table, name, optionText("kinds"));
  for (const name of exclude) columnNamed(table, name, optionText("exclude"));
  for (const name of keep) columnNamed(table, name, optionText("keep"));
  const columns = cellColumns(table).map((cells): ColumnSchema => {
    const given = schema?.columns.find(({ name }) => name === cells.name);
    const kind = kinds[cells.name];
    const columnSchema =
      kind === undefined ? (given ?? infer(cells).schema) : columnOfKind(table, cells, kind);
    if (keep.includes(cells.name)) return { ...columnSchema, use: "keep" };
    return exclude.includes(cells.name) ? { ...columnSchema, use: "exclude" } : columnSchema;
  });
  return { columns };
}
