import { columnFromArray, float64, tableFromColumns, tableToIPC } from "@uwdata/flechette";
import { expect, it } from "vitest";
import { type ByteSource, bytesInMemory } from "../../src/platform/byteSource.ts";
import { batchesOfFeed, tableOfBatches } from "../../src/tables/batches/tableBatches.ts";
import { arrowFeed } from "../../src/tables/binary/arrow.ts";
import { writeArrow } from "../../src/tables/binary/writeArrow.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";

/** A file of one batch of 66,000 rows, which is more than a block: numbers with gaps, texts of any length, truth values. */
const objects = Array.from({ length: 66_000 }, (_, i) => ({
  x: i % 7 === 3 ? null : Math.sin(i),
  word: i % 11 === 5 ? null : `${"é".repeat(i % 5)}word ${i % 900}`,
  isOdd: i % 2 === 1,
}));
const table = tableFromObjects(objects);

it("of a file that is one large batch, a part of each column is read at a time", async () => {
  const bytes = writeArrow(table);
  const reads: number[] = [];
  const source: ByteSource = {
    size: bytes.length,
    read: async (from, to) => {
      reads.push(to - from);
      return bytes.slice(from, to);
    },
  };
  const batches = await batchesOfFeed(arrowFeed(source, "data", {}), {});
  const sizes: number[] = [];
  for await (const batch of batches) sizes.push(batch.rows);
  expect(sizes).toEqual([65_536, 464]);
  expect(tableToObjects(await tableOfBatches(batches))).toEqual(tableToObjects(table));
  expect(Math.max(...reads)).toBeLessThan(bytes.length / 2);
});

/** A stream of batches of so many rows each, of a column that numbers the rows. */
function streamOf(sizes: readonly number[]): Uint8Array {
  let from = 0;
  const parts = sizes.map((size, i) => {
    const column = columnFromArray(
      Float64Array.from({ length: size }, () => from++),
      float64(),
    );
    const stream = tableToIPC(tableFromColumns({ row: column }), { format: "stream" })!;
    // The schema stands before the first batch alone, and the end of the stream behind the last.
    const schema = 8 + new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);
    return stream.subarray(i === 0 ? 0 : schema, i === sizes.length - 1 ? undefined : -8);
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

it("rows behind those that were read before are all there, whatever the sizes of the batches", async () => {
  const batches = await batchesOfFeed(arrowFeed(bytesInMemory(streamOf([150, 50, 20])), "data", {}), {});
  expect(batches.rows).toBe(220);
  for (const [from, first] of [
    [0, 0],
    [100, 0],
    [150, 150],
    [210, 200],
  ] as const) {
    const seen: number[] = [];
    for await (const { values, rowsBefore = 0 } of batches.from!(from)) {
      expect(values[0]).toBe(rowsBefore);
      seen.push(...values);
    }
    expect(seen, `from row ${from}`).toEqual(Array.from({ length: 220 - first }, (_, i) => first + i));
  }
});
