/**
 * Tables that come in batches of rows, so that they need not be in memory at once.
 *
 * @module
 */

import { anObject, checkArgument, listOf, refuse } from "../../options.ts";
import type { ColumnRecord } from "../columnRecord.ts";
import { type CellReading, TableBuilder } from "../reading/tableBuilder.ts";
import { checkTable, type Table } from "../table.ts";
import { GrowingText, type TextColumn, textAt } from "../textColumn.ts";
import { type CellFeed, endedTable, type FeedEnd } from "./cellFeed.ts";
import { checkBatches } from "./checkBatches.ts";

/**
 * A table in batches: `for await (const batch of batches)` gives them in the order of the rows, as often as it is asked to. Each batch is
 * a table of the same columns, read as the whole table is: what a cell is does not depend on where the table is cut. Texts are those of
 * the batch ({@link TextColumn.levels}), and {@link Table.rowsBefore} says where it is.
 */
export interface TableBatches extends AsyncIterable<Table> {
  /** Names of the columns of numbers, as each batch has them. */
  readonly columns: readonly string[];
  /** Rows of all batches together. */
  readonly rows: number;
  /** What became of each column of the source, by all rows. */
  readonly records: readonly ColumnRecord[];
  /** What a reader of the table should know of how it was read. */
  readonly remarks?: readonly string[] | undefined;
  /**
   * The batches from that on which has a row, from 0. Those before are not read where the source can tell their rows: of Parquet groups, and of many
   * files those before it. Absent where nothing is gained.
   */
  readonly from?: ((row: number) => AsyncIterable<Table>) | undefined;
}

/** Cells of a table, of all columns, that are held in memory unless others are asked for. */
export const mostCells: number = 2 ** 23;

/** Rows of a batch, at most. */
const batchRows = 2 ** 16;

/**
 * A table in batches, whether it is in memory or comes in some.
 * @throws UsageError for what is neither.
 */
export function asBatches(where: string, value: unknown): TableBatches {
  if (Symbol.asyncIterator in Object(value)) {
    checkBatches(where, value);
    return value;
  }
  checkTable(where, value);
  return batchesOf(value);
}

/**
 * A table that is in memory, in batches of some thousand rows, which are views of it.
 * @throws UsageError for what is not a table.
 */
export function batchesOf(table: Table): TableBatches {
  checkTable("batchesOf", table);
  const { columns, rows, values, texts, records, remarks } = table;
  return {
    columns,
    rows,
    records,
    ...(remarks ? { remarks } : {}),
    async *[Symbol.asyncIterator]() {
      for (let from = 0; from < rows; from += batchRows) {
        const to = Math.min(rows, from + batchRows);
        yield {
          columns,
          rows: to - from,
          values: values.subarray(from * columns.length, to * columns.length),
          records,
          ...(texts
            ? { texts: texts.map((text) => ({ ...text, codes: text.codes.subarray(from, to) })) }
            : {}),
          ...(from > 0 ? { rowsBefore: from } : {}),
        };
      }
    },
  };
}

/**
 * A source of cells in batches: what its columns are is found out in one pass over all of it, and each pass over the batches is one more.
 */
export async function batchesOfFeed(feed: CellFeed, reading: CellReading): Promise<TableBatches> {
  let builder: TableBuilder | undefined;
  const pass = feed.run((names) => {
    builder = new TableBuilder(names, reading, { isWhole: false });
    return builder;
  });
  let end: FeedEnd | undefined;
  while (end === undefined) {
    const step = await pass.next();
    if (step.done) end = step.value;
    builder?.forget();
  }
  const plans = builder!.plans();
  const { rows } = builder!;
  const { records, remarks } = endedTable({ records: plans.map(({ record }) => record) }, end) as Pick<
    Table,
    "records" | "remarks"
  >;
  async function* batchesFrom(row: number): AsyncGenerator<Table> {
    let again: TableBuilder | undefined;
    const blocks = feed.run((names) => {
      again = new TableBuilder(names, reading, { plans });
      return again;
    }, row);
    try {
      for (;;) {
        const { done } = await blocks.next();
        let rowsBefore = again?.rowsBefore ?? 0;
        for (const batch of again?.take(batchRows) ?? []) {
          if (rowsBefore + batch.rows > row)
            yield { ...batch, records, ...(rowsBefore > 0 ? { rowsBefore } : {}) };
          rowsBefore += batch.rows;
        }
        if (done) return;
      }
    } finally {
      // Reached early where whoever asked has seen enough: files are closed.
      await blocks.return({ remarks: [] });
    }
  }
  return {
    columns: plans.flatMap(({ record, reading }) => (reading === "none" ? [] : [record.name])),
    rows,
    records,
    ...(remarks ? { remarks } : {}),
    [Symbol.asyncIterator]: () => batchesFrom(0),
    from: batchesFrom,
  };
}

/**
 * The table of all batches: what reading it at once gives.
 * @throws UsageError for what is not a table in batches.
 */
export async function tableOfBatches(batches: TableBatches): Promise<Table> {
  checkBatches("tableOfBatches", batches);
  const { remarks, rows } = batches;
  const joined = new JoinedTable(rows);
  for await (const batch of batches) joined.add(batch);
  return { ...joined.table, ...(remarks ? { remarks } : {}) };
}

/**
 * Batches of one table, one at least, as one table.
 * @throws UsageError for what is not a list of tables.
 */
export function joinBatches(batches: readonly Table[]): Table {
  checkArgument("joinBatches", "batches", batches, listOf(anObject, "an array of tables"));
  if (batches.length === 0) refuse("joinBatches", "batches", "one table at least", "none");
  for (const batch of batches) checkTable("joinBatches", batch);
  const joined = new JoinedTable(batches.reduce((sum, { rows }) => sum + rows, 0));
  for (const batch of batches) joined.add(batch);
  return joined.table;
}

/** A table that is put together of batches. */
export class JoinedTable {
  /** Rows that there is room for. */
  #room: number;
  #columns: Pick<Table, "columns" | "records"> = { columns: [], records: [] };
  #values = new Float64Array(0);
  readonly #texts = new Map<string, GrowingText>();
  #isBegun = false;
  #row = 0;

  /** @param rows - How many there will be; more take their numbers to new memory. */
  constructor(rows: number) {
    this.#room = rows;
  }

  add({ columns, records, rows, values, texts = [] }: Table): void {
    if (!this.#isBegun) {
      this.#isBegun = true;
      this.#columns = { columns, records };
      this.#values = new Float64Array(this.#room * columns.length);
    }
    if (this.#row + rows > this.#room) {
      this.#room = Math.max(this.#row + rows, Math.ceil(1.125 * this.#room));
      const grown = new Float64Array(this.#room * columns.length);
      grown.set(this.#values.subarray(0, this.#row * columns.length));
      this.#values = grown;
    }
    this.#values.set(values, this.#row * columns.length);
    this.#row += rows;
    for (const text of texts) {
      const joined = this.#texts.get(text.name) ?? new GrowingText(this.#room);
      this.#texts.set(text.name, joined);
      for (let row = 0; row < rows; row++) joined.push(textAt(text, row));
    }
  }

  get table(): Table {
    const rows = this.#row;
    const texts = Array.from(this.#texts, ([name, text]): TextColumn => text.finish(name));
    return {
      ...this.#columns,
      rows,
      values:
        rows === this.#room ? this.#values : this.#values.subarray(0, rows * this.#columns.columns.length),
      ...(texts.length > 0 ? { texts } : {}),
    };
  }
}
