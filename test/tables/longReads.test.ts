/** Reading lets the event loop have its turn, however large a page of the file is, and ends at an abort. */

import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { AbortedError } from "../../src/errors.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { column } from "../../src/tables/table.ts";

const rows = 300_000;
const numbers = Float64Array.from({ length: rows }, (_, i) => ((i * 7919) % 1009) / 8);

type Options = Omit<Parameters<typeof parquetWriteBuffer>[0], "columnData">;
type Column = Parameters<typeof parquetWriteBuffer>[0]["columnData"][number];

/** One page. */
const page = (data: Partial<Column>, options: Options): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "x", nullable: false, data: numbers, ...data }],
      rowGroupSize: rows,
      pageSize: 2 ** 30,
      ...options,
    }),
  );
const text = new TextEncoder();
const plain = { type: "DOUBLE", encoding: "PLAIN" } as const;
/** The numbers many times over, where they are copied as they are: so few would be there in one turn. */
const many = Float64Array.from({ length: 8 * rows }, (_, i) => numbers[i % rows]!);
const cells = Array.from(numbers, String);

const files: Readonly<Record<string, () => [Uint8Array, "parquet" | "csv" | "jsonl"]>> = {
  "Parquet, plain": () => [page({ ...plain, data: many }, { codec: "UNCOMPRESSED" }), "parquet"],
  "Parquet, Snappy": () => [page({ ...plain, data: many }, { codec: "SNAPPY" }), "parquet"],
  "Parquet, gzip": () => [
    page(plain, { codec: "GZIP", compressors: { GZIP: (input) => gzipSync(input, { level: 1 }) } }),
    "parquet",
  ],
  "Parquet, split bytes": () => [
    page({ type: "DOUBLE", encoding: "BYTE_STREAM_SPLIT" }, { codec: "UNCOMPRESSED" }),
    "parquet",
  ],
  "Parquet, dictionary": () => [
    page({ type: "DOUBLE", encoding: "RLE_DICTIONARY", data: many }, { codec: "UNCOMPRESSED" }),
    "parquet",
  ],
  "Parquet, differences": () => [
    page(
      {
        type: "INT64",
        encoding: "DELTA_BINARY_PACKED",
        data: BigInt64Array.from(numbers, (x) => BigInt(8 * x)),
      },
      { codec: "UNCOMPRESSED" },
    ),
    "parquet",
  ],
  "Parquet, strings": () => [
    page({ type: "BYTE_ARRAY", encoding: "PLAIN", data: cells }, { codec: "UNCOMPRESSED" }),
    "parquet",
  ],
  CSV: () => [text.encode(`x\n${cells.join("\n")}\n`), "csv"],
  "JSON lines": () => [text.encode(cells.map((cell) => `{"x":${cell}}`).join("\n")), "jsonl"],
};

test.each(Object.entries(files))("%s", async (name, write) => {
  const [bytes, format] = write();
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const table = await readTable(bytes, { format });
  isOver = true;
  const scale = name === "Parquet, differences" ? 8 : 1;
  expect(column(table, "x").every((value, row) => value === scale * numbers[row % rows]!)).toBe(true);
  expect(turns).toBeGreaterThan(1);
  const abort = new AbortController();
  // In the first turn that the read leaves to others: a timer may come when all is read.
  setImmediate(() => abort.abort());
  await expect(readTable(bytes, { format, name: "a", signal: abort.signal })).rejects.toThrow(AbortedError);
});
