/**
 * Parquet files: columns and pages. The metadata is read by hyparquet, which is loaded when it is first needed; pages are
 * decoded here, where every claim of theirs is checked before it is followed.
 *
 * @module
 */

import type { ColumnChunk, FileMetaData, SchemaTree } from "hyparquet";
import { FormatError } from "../../errors.ts";
import type { ByteSource } from "../../platform/byteSource.ts";
import { eventLoopTurn } from "../eventLoopTurn.ts";
import { pandasIndex } from "../pandasIndex.ts";
import { checkMetadata } from "./checkMetadata.ts";
import { ChunkBytes } from "./chunkBytes.ts";
import { pageCodec, pageCodecs, type RunPieces } from "./pageCodecs.ts";
import { type CellReader, type Cells, cellReader } from "./parquetCells.ts";
import { ByteReader } from "./parquetEncodings.ts";
import {
  type PageContext,
  type PageRooms,
  type PageValues,
  readPages,
  skipStructure,
} from "./parquetPage.ts";

/** A column at the top of the file. */
export interface FileColumn {
  readonly name: string;
  readonly tree: SchemaTree;
  /** Why it has no cells of its own; undefined for a column of single values. */
  readonly nested: string | undefined;
}

/** Names for what is not a single value. */
function nestedKind({ element, children }: SchemaTree): string | undefined {
  if (element.repetition_type === "REPEATED") return "a list";
  if (children.length === 0) return undefined;
  if (element.converted_type === "LIST" || element.logical_type?.type === "LIST") return "a list";
  if (element.converted_type === "MAP" || element.logical_type?.type === "MAP") return "a map";
  return "a structure";
}

/** The columns that pandas wrote its index into, and what pandas calls them. */
export function indexColumns(metadata: FileMetaData): ReadonlySet<string> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "pandas")?.value;
  return pandasIndex(
    text,
    metadata.schema.map(({ name }) => name),
  );
}

/** The metadata of the file. Its structure is walked through first: a list in it may claim more than there is. */
export async function readMetadata(file: ByteSource): Promise<FileMetaData> {
  const { parquetMetadata } = await import("hyparquet");
  const end = file.size - 8;
  const tail = await file.read(end, file.size);
  const length = new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getUint32(0, true);
  if (length > end - 4) throw new Error("its footer is longer than the file");
  const footerAndTail = await file.read(end - length, file.size);
  const footer = footerAndTail.subarray(0, length);
  skipStructure(new ByteReader(footer));
  const { deserializeTCompactProtocol: thrift } = await import("hyparquet/src/thrift.js");
  checkMetadata(
    thrift({ view: new DataView(footer.buffer, footer.byteOffset, footer.byteLength), offset: 0 }),
  );
  return parquetMetadata(footerAndTail, { geoparquet: false });
}

/** What a page holds: its rows, and the cells that they choose from. */
export interface PageOfCells {
  readonly page: PageValues;
  readonly cells: Cells;
  readonly reader: CellReader;
}

/** How a column is read. */
export interface ColumnReading {
  /** Bytes of it that are read at a time, where a page has no more. */
  readonly windowSize: number;
  /** Told how many bytes a page will have before they are there. */
  check(length: number): void;
  readonly run: RunPieces;
  readonly rooms: PageRooms;
}

/**
 * Reads one column of one group of rows, page by page; in between, and within a page by `run`, the event loop goes on. A window of its bytes is
 * in memory, and the page at hand, until the next one is asked for.
 */
export async function* readColumn(
  file: ByteSource,
  { meta_data: column }: ColumnChunk,
  { tree, name }: FileColumn,
  rows: number,
  { windowSize, check, run, rooms }: ColumnReading,
): AsyncGenerator<PageOfCells> {
  if (!column) throw new Error(`column "${name}" has no metadata`);
  const [{ deserializeTCompactProtocol: thrift }, { Encodings, PageTypes }] = await Promise.all([
    import("hyparquet/src/thrift.js"),
    import("hyparquet/src/constants.js"),
  ]);
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const length = Number(column.total_compressed_size);
  if (!(start >= 4 && length >= 0 && length <= file.size - start))
    throw new Error(`column "${name}" does not lie within the file`);
  const context: PageContext = {
    element: tree.element,
    column,
    codec: await pageCodec(column.codec),
    thrift: thrift as unknown as PageContext["thrift"],
    names: { encodings: Encodings, pages: PageTypes },
    check,
    run,
    rooms,
  };
  const reader = cellReader(tree.element);
  let before: PageValues["values"] | undefined;
  let cells: Cells = [];
  for await (const page of readPages(
    new ChunkBytes(file, start, length, windowSize, rooms.window),
    rows,
    context,
  )) {
    // Pages share a dictionary, whose cells are read once.
    if (page.values !== before) cells = await run(reader.read(page.values));
    before = page.values;
    yield { page, cells, reader };
    await eventLoopTurn();
  }
}

/** The columns of the file, checked as far as they can be before a page is read. */
export function fileColumns(tree: SchemaTree, metadata: FileMetaData, name: string): FileColumn[] {
  const columns = tree.children.map(
    (child): FileColumn => ({ name: child.element.name, tree: child, nested: nestedKind(child) }),
  );
  for (const group of metadata.row_groups)
    for (const { name: column, nested } of columns) {
      const codec = nested ?? chunkOf(group.columns, column)?.meta_data?.codec;
      if (nested === undefined && codec !== undefined && !pageCodecs.includes(codec))
        throw new FormatError({
          where: name,
          problem: `column "${column}" is compressed with ${codec}`,
          expected: `one of ${pageCodecs.join(", ")}`,
          received: codec,
          remedy: 'write the file again with snappy, gzip or zstd (pandas: compression="snappy")',
        });
    }
  return columns;
}

/** The chunk of a column that is at the top of the file. */
export function chunkOf(chunks: readonly ColumnChunk[], column: string): ColumnChunk | undefined {
  return chunks.find(
    ({ meta_data: metadata }) =>
      metadata?.path_in_schema.length === 1 && metadata.path_in_schema[0] === column,
  );
}
