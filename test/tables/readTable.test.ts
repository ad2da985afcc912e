import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FormatError, UsageError } from "../../src/errors.ts";
import { gzip } from "../../src/platform/packedBytes.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { tableToBytes, writeTable } from "../../src/tables/writeTable.ts";

const table = tableFromRows(
  ["x1", "x2"],
  [
    [0.1 + 0.2, -0],
    [Number.NEGATIVE_INFINITY, Number.NaN],
    [1e300, -5e-324],
  ],
);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pushforward-tables-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const extensions = [
  ".csv",
  ".tsv",
  ".txt",
  ".json",
  ".jsonl",
  ".ndjson",
  ".npy",
  ".parquet",
  ".arrow",
  ".feather",
  ".CSV",
];

describe("a table that is written is read back with the same bits", () => {
  test.each(extensions.flatMap((extension) => [extension, `${extension}.gz`]))("%s", async (extension) => {
    const path = join(folder, `table${extension}`);
    await writeTable(table, path);
    const back = await readTable(path);
    expect(back.columns).toEqual(table.columns);
    expect(new BigUint64Array(back.values.buffer)).toEqual(new BigUint64Array(table.values.buffer));
  });
});

describe("sources without a path", () => {
  test("bytes are known by their start, or by a name, or by the format that is given", async () => {
    for (const format of ["csv", "npy", "parquet", "arrow"] as const) {
      const bytes = await tableToBytes(table, format);
      expect(await readTable(bytes)).toEqual(table);
      // A Node Buffer is part of a pool and its `slice` shares memory.
      expect(await readTable(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3))).toEqual(table);
      expect(await readTable(await gzip(bytes))).toEqual(table);
      expect(await readTable(new Blob([bytes as Uint8Array<ArrayBuffer>]))).toEqual(table);
    }
    const lines = await tableToBytes(table, "jsonl");
    expect(await readTable(lines, { format: "jsonl" })).toEqual(table);
    expect(await readTable(lines, { name: "a.ndjson" })).toEqual(table);
    expect(await readTable(new File([lines as Uint8Array<ArrayBuffer>], "a.jsonl"))).toEqual(table);
    expect(await readTable(new File([(await gzip(lines)) as Uint8Array<ArrayBuffer>], "a.jsonl.gz"))).toEqual(
      table,
    );
  });
});

describe("errors", () => {
  test.each(["table.xlsx", "table", "archive.gz", "a.b/table"])(
    "%s has an unknown extension: the known ones are listed",
    async (name) => {
      await expect(readTable(name)).rejects.toThrow(UsageError);
      await expect(readTable(name)).rejects.toThrow(
        /known are \.csv, \.tsv, \.txt, \.json, \.jsonl, \.ndjson, \.npy, \.npz, \.parquet, \.arrow, \.arrows, \.feather, each also with \.gz/,
      );
      await expect(writeTable(table, join(folder, name))).rejects.toThrow(UsageError);
    },
  );

  test("an absent file, a folder, and a .gz that is none are FormatErrors that name the path", async () => {
    const absent = join(folder, "absent.csv");
    await expect(readTable(absent)).rejects.toThrow(FormatError);
    await expect(readTable(absent)).rejects.toThrow(/absent\.csv": there is no such file/);
    await expect(writeTable(table, join(folder, "no", "t.csv"))).rejects.toThrow(/no folder/);
    const plain = join(folder, "plain.csv.gz");
    await writeFile(plain, "a,b\n1,2\n");
    await expect(readTable(plain)).rejects.toThrow(/not a gzip file/);
  });

  test("content that is not of the format that the name claims is a FormatError", async () => {
    for (const extension of [".npy", ".parquet"]) {
      const path = join(folder, `fake${extension}`);
      await writeFile(path, "a,b\n1,2\n");
      await expect(readTable(path)).rejects.toThrow(FormatError);
    }
  });
});

test("writing leaves no temporary files", async () => {
  expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
