/**
 * Columns of a table that is written batch by batch to a typed file: their types are those of the first batch.
 *
 * @module
 */

import { DataError } from "../../errors.ts";
import type { StoredType } from "../../formats/storedType.ts";
import { joinBatches } from "../batches/tableBatches.ts";
import { cellColumns, type Table } from "../table.ts";
import type { WrittenCell, WrittenColumn } from "./writtenColumn.ts";

/** Cells of a group of rows, so that a file has few of them. */
const groupCells = 2 ** 18;

/** Batches put together to groups of rows. */
export async function* groupsOf(batches: AsyncIterable<Table>): AsyncGenerator<Table> {
  let group: Table[] = [];
  let cells = 0;
  for await (const batch of batches) {
    group.push(batch);
    cells += batch.rows * (batch.columns.length + (batch.texts?.length ?? 0));
    if (cells < groupCells) continue;
    yield joinBatches(group);
    group = [];
    cells = 0;
  }
  if (group.length > 0) yield joinBatches(group);
}

/** What a column is stored as whatever later batches hold: levels and their order are those of a batch, which may miss all cells. */
function steady({ name, stored }: WrittenColumn, { columns }: Table): StoredType {
  if (stored.type !== "dictionary") return stored;
  return columns.includes(name) ? { type: "float", bits: 64 } : { type: "text" };
}

/** See the head of this file. */
export class SteadyColumns {
  readonly #types: readonly (readonly [name: string, stored: StoredType])[];
  #rows = 0;

  /**
   * @param columns - Those of the first batch.
   * @param batch - That batch, which says which of them are numbers.
   */
  constructor(columns: readonly WrittenColumn[], batch: Table) {
    this.#types = columns.map((column) => [column.name, steady(column, batch)] as const);
  }

  /** Names and types. */
  get types(): readonly (readonly [name: string, stored: StoredType])[] {
    return this.#types;
  }

  /**
   * The columns of the next batch, the first one among them, as those types.
   * @throws DataError for a batch with other columns, or with a cell that is not of the type of the first.
   */
  of(columns: readonly WrittenColumn[], rows: number): readonly WrittenColumn[] {
    const before = this.#rows;
    this.#rows += rows;
    return this.#types.map(([name, stored], place) => {
      const column = columns[place];
      if (column?.name !== name || columns.length !== this.#types.length)
        throw otherColumns(
          before,
          this.#types.map(([each]) => each),
          columns.map((each) => each.name),
        );
      return { name, stored, cells: cellsAs(stored, column, before) };
    });
  }
}

/** The error of a batch, behind so many rows, whose columns are not those of the first. */
const otherColumns = (before: number, expected: readonly string[], received: readonly string[]): DataError =>
  new DataError({
    problem: `the rows from ${before + 1} on have other columns than those before`,
    expected: `the columns ${expected.join(", ")}`,
    received: received.join(", "),
  });

/**
 * Batches as they come, for files that have no types.
 * @throws DataError for a batch with other columns than the first, of numbers or of text, or in another order.
 */
export async function* withSameColumns(batches: AsyncIterable<Table>): AsyncGenerator<Table> {
  let columns: readonly string[] | undefined;
  let rows = 0;
  for await (const batch of batches) {
    const own = cellColumns(batch).map(({ name }) => name);
    columns ??= own;
    if (own.length !== columns.length || own.some((name, place) => name !== columns![place]))
      throw otherColumns(rows, columns, own);
    rows += batch.rows;
    yield batch;
  }
}

/** Cells of a column as a type that was decided upon before. */
function cellsAs(
  stored: StoredType,
  { name, stored: own, cells }: WrittenColumn,
  rows: number,
): WrittenColumn["cells"] {
  if (JSON.stringify(own) === JSON.stringify(stored)) return cells;
  const kindOfLevels = stored.type === "text" ? "string" : "number";
  const areLevels = (cell: WrittenCell): boolean => cell === null || typeof cell === kindOfLevels;
  if (own.type === "dictionary" && Array.from(cells).every(areLevels)) return cells;
  // A batch without a cell is of any type.
  if (Array.from(cells).every((cell: WrittenCell) => cell === null || Number.isNaN(cell)))
    return Array.from(cells, () => null);
  throw new DataError(
    {
      problem: `column "${name}" has from row ${rows + 1} on cells that are not what the rows before were stored as (${stored.type})`,
      expected: stored.type,
      received: own.type,
      remedy: "write .csv, which has no types",
    },
    { column: name },
  );
}
