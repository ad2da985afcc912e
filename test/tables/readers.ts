import { bytesInMemory } from "../../src/platform/byteSource.ts";
import { type CellFeed, wholeTable } from "../../src/tables/batches/cellFeed.ts";
import { type ArrowOptions, arrowFeed } from "../../src/tables/binary/arrow.ts";
import { type ParquetOptions, parquetFeed } from "../../src/tables/binary/parquet.ts";
import { type CsvOptions, csvFeed } from "../../src/tables/reading/csv.ts";
import type { TextSource } from "../../src/tables/reading/decodeText.ts";
import { jsonFeed } from "../../src/tables/reading/json.ts";
import { type JsonLinesOptions, jsonLinesFeed } from "../../src/tables/reading/jsonLines.ts";
import { type CellReading, TableBuilder } from "../../src/tables/reading/tableBuilder.ts";
import type { Table } from "../../src/tables/table.ts";

type Reading = CellReading & { readonly signal?: AbortSignal | undefined };

const whole = (feed: CellFeed, options: Reading): Promise<Table> =>
  wholeTable(feed, (names) => new TableBuilder(names, options), options.signal);

/** Sources of one format as tables. */
export const readCsv = (source: TextSource, options: CsvOptions = {}): Promise<Table> =>
  whole(csvFeed(source, options), options);
export const readJsonLines = (source: TextSource, options: JsonLinesOptions = {}): Promise<Table> =>
  whole(jsonLinesFeed(source, options), options);
export const readJson = (source: TextSource, options: JsonLinesOptions = {}): Promise<Table> =>
  whole(jsonFeed(source, options), options);
export const readParquet = (
  bytes: Uint8Array,
  name = "the file",
  options: ParquetOptions = {},
): Promise<Table> => whole(parquetFeed(bytesInMemory(bytes), name, options), options);
export const readArrow = (bytes: Uint8Array, name = "the data", options: ArrowOptions = {}): Promise<Table> =>
  whole(arrowFeed(bytesInMemory(bytes), name, options), options);
