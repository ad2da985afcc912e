import { mkdirSync, readdirSync, readFileSync, symlinkSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it, vi } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { readContent } from "../../src/formats/arrow/arrowFile.ts";
import { bytesInMemory } from "../../src/platform/byteSource.ts";
import { readBatches } from "../../src/tables/batches/readBatches.ts";
import { batchesOf, tableOfBatches } from "../../src/tables/batches/tableBatches.ts";
import { writeBatches } from "../../src/tables/batches/writeBatches.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { writeTable } from "../../src/tables/writeTable.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder();
const part = (from: number): Table =>
  tableFromObjects(
    Array.from({ length: 5 }, (_, i) => ({
      n: from + i,
      when: `2024-01-0${(from + i) % 9 || 9}`,
      kind: i % 2 ? "odd" : null,
    })),
  );
const whole = tableFromObjects([part(1), part(6), part(11)].flatMap((table) => rowsOf(table)));

function rowsOf({ columns, rows, values, texts = [] }: Table): Record<string, number | string | null>[] {
  return Array.from({ length: rows }, (_, row) => ({
    ...Object.fromEntries(columns.map((name, i) => [name, values[row * columns.length + i]!])),
    ...Object.fromEntries(texts.map(({ name, levels, codes }) => [name, levels[codes[row]!] ?? null])),
  }));
}

it.each(["csv", "jsonl", "parquet", "arrow"])("reads a folder of .%s files as one table", async (format) => {
  const path = join(folder, `${format}.parts`);
  mkdirSync(path);
  for (const from of [11, 1, 6]) await writeTable(part(from), join(path, `part-${10 + from}.${format}`));
  writeFileSync(join(path, "_SUCCESS"), "");
  for (const name of [path, join(path, "part-*")]) {
    const batches = await readBatches(name);
    expect([batches.rows, batches.columns]).toEqual([15, whole.columns]);
    expect(rowsOf(await tableOfBatches(batches))).toEqual(rowsOf(whole));
    expect(rowsOf(await readTable(name))).toEqual(rowsOf(whole));
  }
  let before = 0;
  for await (const batch of await readBatches(path)) {
    expect(batch.rowsBefore ?? 0).toBe(before);
    before += batch.rows;
  }
});

it("decides what a column is by the rows of all files, packed ones among them", async () => {
  const path = join(folder, "late");
  mkdirSync(path);
  writeFileSync(join(path, "a.csv"), "x,y\n1,2\n");
  writeFileSync(join(path, "b.csv.gz"), gzipSync("x,y\n3,north\n"));
  const batches = await readBatches(path);
  expect(batches.columns).toEqual(["x"]);
  expect(rowsOf(await tableOfBatches(batches))).toEqual([
    { x: 1, y: "2" },
    { x: 3, y: "north" },
  ]);
});

it("reads numbers of Parquet once: what a column is follows from the first of them and the types of the files", async () => {
  const path = join(folder, "once");
  mkdirSync(path);
  for (const name of ["a", "b"])
    await writeTable(
      tableFromRows(
        ["x", "y"],
        [
          [0.5, 2],
          [Number.NaN, 3],
        ],
      ),
      join(path, `${name}.parquet`),
    );
  const late = [
    { x: "one", y: 4 },
    { x: "north", y: 5 },
  ];
  await writeTable(tableFromObjects(late), join(path, "c.parquet"));
  const batches = await readBatches(path);
  expect(batches.columns).toEqual(["y"]);
  const halves = [2, 3].map((y, i) => ({ x: i === 0 ? "0.5" : null, y }));
  expect(rowsOf(await tableOfBatches(batches))).toEqual([...halves, ...halves, ...late]);

  // Damage in pages that only the rows need comes to light with the rows.
  const bytes = readFileSync(join(path, "b.parquet"));
  writeFileSync(join(path, "b.parquet"), bytes.fill(255, 4, 12));
  await expect(tableOfBatches(await readBatches(path))).rejects.toThrow(/b\.parquet.*corrupt/);
});

it("says how far the pass is that finds out what the columns are, and nothing of later ones", async () => {
  const source = join(folder, "counted");
  mkdirSync(source);
  const text = "x,y\n1,2\n";
  writeFileSync(join(source, "a.csv"), text);
  writeFileSync(join(source, "b.csv.gz"), gzipSync(text));
  writeFileSync(join(source, "c.csv"), text);
  const total = 2 * text.length + gzipSync(text).length;
  const seen: number[] = [];
  const batches = await readBatches(source, {
    onFirstPass({ bytes, totalBytes }) {
      expect(totalBytes).toBe(total);
      seen.push(bytes);
    },
  });
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(total);
  const { length } = seen;
  expect(length).toBeGreaterThan(2);
  for await (const _ of batches);
  expect(seen).toHaveLength(length);
});

it("says which file does not fit", async () => {
  const path = join(folder, "unlike");
  mkdirSync(path);
  writeFileSync(join(path, "a.csv"), "x,y\n1,2\n");
  writeFileSync(join(path, "b.csv"), "y,x\n1,2\n");
  await expect(readBatches(path)).rejects.toThrow(
    /b\.csv has the columns "y", "x", and .*a\.csv has "x", "y"/,
  );
  await expect(readBatches(join(path, "none-*.csv"))).rejects.toThrow(/fits no file/);
  mkdirSync(join(path, "inner"));
  await expect(readBatches(path)).rejects.toThrow(
    /holds a folder, "inner", and a table is made of files; name the files, as in/,
  );
  mkdirSync(join(folder, "empty"));
  await expect(readTable(join(folder, "empty"))).rejects.toThrow(/is a folder without files/);
});

it.each(["parquet", "arrow"])("writes .%s batch by batch, which reads back as it was", async (format) => {
  const path = join(folder, `written.${format}`);
  const source = join(folder, "parquet.parts");
  await writeBatches(await readBatches(source), path);
  const read = await readTable(path);
  expect(rowsOf(read)).toEqual(rowsOf(whole));
  expect(read.records.map(({ stored }) => stored)).toEqual(
    (await readTable(source)).records.map(({ stored }) => stored),
  );
  // Many groups of rows, the first of which misses no cell.
  const rows = 300_000;
  const values = Float64Array.from({ length: rows }, (_, i) =>
    i === rows - 1 ? Number.NaN : i % 5 ? Math.sin(i) : -0,
  );
  await writeBatches(batchesOf(tableFromRows(["x"], values)), path);
  expect((await readTable(path)).values).toEqual(values);
  if (format === "arrow")
    expect((await readContent(bytesInMemory(readFileSync(path)))).parts.map(({ rows }) => rows)).toEqual([
      2 ** 18,
      rows - 2 ** 18,
    ]);
});

it.each(["parquet", "arrow"])(
  "writes .%s of levels that are numbers, all missing at first",
  async (format) => {
    const path = join(folder, `levels.${format}`);
    const record = { name: "x", readAs: "numbers", parse: [], stored: { type: "dictionary" } } as const;
    const batchOf = (values: Float64Array): Table => ({
      columns: ["x"],
      records: [record],
      rows: values.length,
      values,
    });
    const levels = Float64Array.of(3, 0, Number.NaN, 3);
    const batches = async function* () {
      yield batchOf(new Float64Array(2 ** 18).fill(Number.NaN));
      yield batchOf(levels);
    };
    await writeBatches(batches(), path);
    const read = await readTable(path);
    expect(read.columns).toEqual(["x"]);
    expect(read.values.subarray(2 ** 18)).toEqual(levels);
  },
);

it.each(["npy", "npy.gz", "json", "json.gz"])(
  "writes .%s in pieces, with batches without rows among them",
  async (format) => {
    const batchOf = (values: readonly number[]): Table =>
      tableFromRows(["x1", "x2"], Float64Array.from(values));
    const batches = async function* () {
      yield batchOf([]);
      yield batchOf([1, -0.5, 3, Number.NaN]);
      yield batchOf([]);
      yield batchOf([5, 6]);
    };
    await writeBatches(batches(), join(folder, `pieces.${format}`));
    await writeTable(batchOf([1, -0.5, 3, Number.NaN, 5, 6]), join(folder, `whole.${format}`));
    const [pieces, whole] = await Promise.all(
      ["pieces", "whole"].map((name) => readTable(join(folder, `${name}.${format}`))),
    );
    expect({ ...pieces, source: undefined }).toEqual({ ...whole, source: undefined });
    if (!format.endsWith(".gz"))
      expect(readFileSync(join(folder, `pieces.${format}`))).toEqual(
        readFileSync(join(folder, `whole.${format}`)),
      );
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  },
);

it.each(["parquet", "npy", "csv", "tsv", "json", "jsonl", "csv.gz"])(
  "refuses batches for .%s that do not fit the ones before, and leaves no file",
  async (format) => {
    const path = join(folder, `refused.${format}`);
    const batches = async function* () {
      yield tableFromRows(["x"], new Float64Array(2 ** 18));
      yield tableFromRows(["y"], new Float64Array(1));
    };
    await expect(writeBatches(batches(), path)).rejects.toThrow(/rows from 262145 on have other columns/);
    await expect(readTable(path)).rejects.toThrow(/no such file|there is no/);
  },
);

it("what a .npy file has before its end is beside it, not beside a link to it", async () => {
  const [real, links] = ["real", "links"].map((name) => join(folder, name)) as [string, string];
  for (const each of [real, links]) mkdirSync(each);
  symlinkSync(join(real, "x.npy"), join(links, "x.npy"));
  const seen: string[] = [];
  const watchers = [real, links].map((each) => watch(each, (_, name) => void seen.push(join(each, name!))));
  const batches = async function* () {
    for (let i = 0; i < 3; i++) yield tableFromRows(["x"], new Float64Array(1000));
  };
  await writeBatches(batches(), join(links, "x.npy"));
  await vi.waitFor(() => expect(seen).toContain(join(real, "x.npy")));
  for (const watcher of watchers) watcher.close();
  expect(seen.some((path) => path.includes(".rows."))).toBe(true);
  expect(seen.filter((path) => path.startsWith(links))).toEqual([]);
});

it("a path that takes no file is one line, in pieces too", async () => {
  const batches = async function* () {
    yield tableFromRows(["x"], [[1]]);
    yield tableFromRows(["x"], [[2]]);
  };
  const path = join(folder, `${"z".repeat(300)}.npy`);
  await expect(writeBatches(batches(), path)).rejects.toThrow(FormatError);
});
