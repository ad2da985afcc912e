/** Files as NumPy, safetensors and Arrow write them: a reader and a writer of one hand can share a mistake. */
import { expect, test } from "vitest";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { readNpy } from "../../src/tables/binary/npy.ts";
import { leftOutColumns, selectColumns, tableFromRows } from "../../src/tables/table.ts";
import { readParquet } from "../tables/readers.ts";
import files from "./otherWriters.json" with { type: "json" };

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const { NaN: missing, POSITIVE_INFINITY: infinity } = Number;

test("NumPy's arrays: Fortran order and big-endian float32, booleans, int64", () => {
  const values = [
    [Math.fround(0.1), -0, 3],
    [4, infinity, missing],
  ];
  expect(readNpy(bytes(files.npy_fortran_big_endian))).toEqual(tableFromRows(["x1", "x2", "x3"], values));
  expect([...readNpy(bytes(files.npy_bool)).values]).toEqual([1, 0]);
  expect([...readNpy(bytes(files.npy_int64)).values]).toEqual([1, -2]);
});

test("safetensors' own file", () => {
  const { tensors, metadata } = readSafetensors(bytes(files.safetensors));
  expect(metadata).toEqual({ k: "v" });
  expect(Object.fromEntries(tensors)).toEqual({
    w: { dtype: "F32", shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) },
    b: { dtype: "F64", shape: [1], data: Float64Array.of(0.5) },
    n: { dtype: "I64", shape: [], data: BigInt64Array.of(-7n) },
    u: { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) },
  });
});

test.each(["parquet_snappy", "parquet_gzip", "parquet_zstd"] as const)("Arrow's %s", async (file) => {
  const table = await readParquet(bytes(files[file]));
  const numbers = [
    [1.5, 1, 1],
    [missing, 2, 0],
    [-3, 3, 1],
  ];
  expect(selectColumns(table, table.columns)).toMatchObject({
    ...tableFromRows(["x", "i", "f"], numbers),
    records: [{}, {}, {}],
  });
  expect(leftOutColumns(table)).toMatchObject([{ column: "s", row: 1, cell: "a", kind: "text" }]);
});
