/**
 * Sources of cells that can be read as often as wanted: at once to a table, or block by block.
 *
 * @module
 */

import { inPieces } from "../../platform/pieces.ts";
import type { ColumnRecord } from "../columnRecord.ts";
import type { TableBuilder } from "../reading/tableBuilder.ts";
import type { Table } from "../table.ts";

/**
 * Makes the builder of a table of these columns; where they are known from before, further ones may follow these.
 */
export type BeginTable = (names: readonly string[]) => TableBuilder;

/** What a source says of its table when all of it has been read. */
export interface FeedEnd {
  readonly remarks: readonly string[];
  /** The record of a column, by what its reader knows of it. */
  readonly record?: ((record: ColumnRecord, place: number) => ColumnRecord) | undefined;
}

/** A source of cells. */
export interface CellFeed {
  /** Calls the source by its name, in messages. */
  readonly name: string;
  /**
   * Sets all cells, in the same order whenever it is called, and pauses after each block of rows. Rows before `from` (default 0) are not wanted: where
   * the source can tell how many there are without reading them, it passes them.
   */
  readonly run: (begin: BeginTable, from?: number) => AsyncGenerator<void, FeedEnd>;
}

/** A table with what its source says in the end. */
export function endedTable<Columns extends Pick<Table, "records">>(
  table: Columns,
  { remarks, record }: FeedEnd,
): Columns {
  return {
    ...table,
    ...(record ? { records: table.records.map(record) } : {}),
    ...(remarks.length > 0 ? { remarks } : {}),
  };
}

/** Reads a source at once. */
export async function wholeTable(
  { name, run }: CellFeed,
  begin: BeginTable,
  signal?: AbortSignal,
): Promise<Table> {
  let builder: TableBuilder | undefined;
  const reading = run((names) => {
    builder = begin(names);
    return builder;
  });
  for (;;) {
    const { done, value } = await reading.next();
    if (done) return endedTable(await inPieces(builder!.building(), signal, `Reading ${name}`), value);
  }
}
