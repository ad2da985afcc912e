/**
 * Writes tables as Parquet files, at once or batch by batch. hyparquet-writer, which does it, is loaded with this file.
 *
 * @module
 */

import type { SchemaElement } from "hyparquet";
import { ByteWriter, type ColumnSource, ParquetWriter, parquetWriteBuffer } from "hyparquet-writer";
import type { StoredType } from "../../formats/storedType.ts";
import { cellColumns, type Table } from "../table.ts";
import { groupsOf, SteadyColumns } from "./steadyColumns.ts";
import { type WrittenColumn, writtenColumn } from "./writtenColumn.ts";

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

/**
 * The bytes of a Parquet file of a table in batches, in groups of rows, as they come. The types of the columns are those of the
 * first batch.
 * @throws DataError for a later batch with other columns, or with a cell that is not of the type of the first.
 */
export async function* parquetPieces(batches: AsyncIterable<Table>): AsyncGenerator<Uint8Array> {
  const bytes = new TakenBytes();
  let writer: ParquetWriter | undefined;
  let steady: SteadyColumns | undefined;
  for await (const batch of groupsOf(batches)) {
    const columns = columnsOf(batch);
    if (!steady || !writer) {
      steady = new SteadyColumns(columns, batch);
      const schema = steady.types.map(([name, stored]) => elementOf(name, stored));
      writer = new ParquetWriter({ writer: bytes, schema: rooted(schema), createdBy: "pushforward" });
    }
    const columnData = steady.of(columns, batch.rows).map(sourceOf);
    await writer.write({ columnData, rowGroupSize: Math.max(1, batch.rows) });
    yield bytes.take();
  }
  await writer?.finish();
  yield bytes.take();
}
