/**
 * Writes tables as Parquet files, at once or batch by batch. hyparquet-writer, which does it, is loaded with this file.
 *
 * @module
 */

import type { SchemaElement } from "hyparquet";
import { ByteWriter, type ColumnSource, ParquetWriter, parquetWriteBuffer } from "hyparquet-writer";
import { DataError } from "../../errors.ts";
import type { StoredType } from "../../formats/storedType.ts";
import { joinBatches } from "../batches/tableBatches.ts";
import { cellColumns, type Table } from "../table.ts";
import { type WrittenCell, type WrittenColumn, writtenColumn } from "./writtenColumn.ts";

/** How Parquet has a type. */
function elementOf(name: string, stored: StoredType): SchemaElement {
  const base = { name, repetition_type: "OPTIONAL" as const };
  const units = { s: "MILLIS", ms: "MILLIS", us: "MICROS", ns: "NANOS" } as const;
  switch (stored.type) {
    case "integer": {
      const { bits, signed } = stored;
      if (signed && bits >= 32) return { ...base, type: bits === 64 ? "INT64" : "INT32" };
      const converted = `${signed ? "" : "U"}INT_${bits}` as NonNullable<SchemaElement["converted_type"]>;
      return { ...base, type: bits === 64 ? "INT64" : "INT32", converted_type: converted };
    }
    case "float":
      return { ...base, type: stored.bits === 64 ? "DOUBLE" : "FLOAT" };
    case "boolean":
      return { ...base, type: "BOOLEAN" };
    case "date":
      return { ...base, type: "INT32", converted_type: "DATE" };
    case "timestamp":
      return {
        ...base,
        type: "INT64",
        logical_type: {
          type: "TIMESTAMP",
          isAdjustedToUTC: stored.zone !== undefined,
          unit: units[stored.unit],
        },
      };
    case "time":
      return {
        ...base,
        type: stored.unit === "s" || stored.unit === "ms" ? "INT32" : "INT64",
        logical_type: { type: "TIME", isAdjustedToUTC: false, unit: units[stored.unit] },
      };
    case "decimal":
      return {
        ...base,
        type: "INT64",
        converted_type: "DECIMAL",
        precision: Math.min(18, stored.precision),
        scale: stored.scale,
      };
    default:
      return { ...base, type: "BYTE_ARRAY", converted_type: "UTF8" };
  }
}

/** Numbers that are missing are null, as other missing cells are. */
const withNulls = (column: WrittenColumn): WrittenColumn => {
  const { cells } = column;
  if (!(cells instanceof Float64Array && cells.some(Number.isNaN))) return column;
  return { ...column, cells: Array.from(cells, (value) => (Number.isNaN(value) ? null : value)) };
};

/** The types of columns that Parquet has as they are: it has neither seconds nor levels that are numbers. */
const parquetTypes = ({ name, stored, cells }: WrittenColumn): WrittenColumn => {
  if (stored.type === "dictionary" && Array.from(cells).some((cell) => typeof cell === "number"))
    return { name, stored: { type: "float", bits: 64 }, cells };
  if ((stored.type === "timestamp" || stored.type === "time") && stored.unit === "s")
    return {
      name,
      stored: { ...stored, unit: "ms" },
      cells: Array.from(cells, (cell) => (cell === null ? null : BigInt(cell as bigint) * 1000n)),
    };
  return { name, stored, cells };
};

/** The columns of a table, each in the type that Parquet has for it. */
const columnsOf = (table: Table): readonly WrittenColumn[] =>
  cellColumns(table).map((column) => parquetTypes(withNulls(writtenColumn(table, column))));

function sourceOf({ name, stored, cells }: WrittenColumn): ColumnSource {
  const isNarrow = stored.type === "time" && (stored.unit === "s" || stored.unit === "ms");
  return {
    name,
    data: isNarrow
      ? Array.from(cells, (cell) => (cell === null ? null : Number(cell)))
      : (cells as Float64Array | unknown[]),
    // Plain, because a dictionary takes -0 for 0.
    ...(stored.type === "float" ? { encoding: "PLAIN" as const } : {}),
  } as ColumnSource;
}

const rooted = (schema: readonly SchemaElement[]): SchemaElement[] => [
  { name: "root", num_children: schema.length },
  ...schema,
];

/**
 * The table as a Parquet file, Snappy-compressed. Columns of a typed source are written as what they were stored as, where their
 * cells still are that. Other numbers are DOUBLE columns, of which every number keeps its bits; other text is strings, truth values are
 * booleans. Missing cells are null.
 */
export function writeParquet(table: Table): Uint8Array {
  const columns = columnsOf(table);
  const schema = columns.map(({ name, stored, cells }): SchemaElement => {
    const element = elementOf(name, stored);
    return cells instanceof Float64Array ? { ...element, repetition_type: "REQUIRED" } : element;
  });
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columns.map(sourceOf),
      schema: rooted(schema),
      createdBy: "pushforward",
    }),
  );
}

/** What was given to a writer of bytes since the last time; offsets go on counting. */
class TakenBytes extends ByteWriter {
  take(): Uint8Array {
    const taken = this.getBytes().slice();
    this.index = 0;
    return taken;
  }
}

/** What a column is stored as whatever later batches hold: levels and their order are those of a batch. */
const steady = ({ stored }: WrittenColumn): StoredType =>
  stored.type === "dictionary" ? { type: "text" } : stored;

/** Cells of a group of rows, so that a file has few of them. */
const groupCells = 2 ** 18;

/** Batches put together to groups of rows. */
async function* groupsOf(batches: AsyncIterable<Table>): AsyncGenerator<Table> {
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

/**
 * The bytes of a Parquet file of a table in batches, in groups of rows, as they come. The types of the columns are those of the
 * first batch.
 * @throws DataError for a later batch with other columns, or with a cell that is not of the type of the first.
 */
export async function* parquetPieces(batches: AsyncIterable<Table>): AsyncGenerator<Uint8Array> {
  const bytes = new TakenBytes();
  let writer: ParquetWriter | undefined;
  let types: readonly (readonly [name: string, stored: StoredType])[] = [];
  let rows = 0;
  for await (const batch of groupsOf(batches)) {
    const columns = columnsOf(batch);
    if (!writer) {
      types = columns.map((column) => [column.name, steady(column)] as const);
      const schema = types.map(([name, stored]) => elementOf(name, stored));
      writer = new ParquetWriter({ writer: bytes, schema: rooted(schema), createdBy: "pushforward" });
    }
    const columnData = types.map(([name, stored], place): ColumnSource => {
      const column = columns[place];
      if (column?.name !== name || columns.length !== types.length)
        throw new DataError({
          problem: `the rows from ${rows + 1} on have other columns than those before`,
          expected: `the columns ${types.map(([each]) => each).join(", ")}`,
          received: columns.map((each) => each.name).join(", "),
        });
      return sourceOf({ name, stored, cells: cellsAs(stored, column, rows) });
    });
    await writer.write({ columnData, rowGroupSize: Math.max(1, batch.rows) });
    rows += batch.rows;
    yield bytes.take();
  }
  await writer?.finish();
  yield bytes.take();
}

/** Cells of a column as a type that was decided upon before. */
function cellsAs(
  stored: StoredType,
  { name, stored: own, cells }: WrittenColumn,
  rows: number,
): WrittenColumn["cells"] {
  const isSame = JSON.stringify(own) === JSON.stringify(stored);
  if (isSame || (own.type === "dictionary" && stored.type !== "dictionary")) return cells;
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
