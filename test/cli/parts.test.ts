import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, it } from "vitest";
import { batchesAfter } from "../../src/cli/scores/partFolder.ts";
import { RowsProgress } from "../../src/cli/scores/rowsProgress.ts";
import { load } from "../../src/index.ts";
import { readBatches } from "../../src/tables/batches/readBatches.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { column, tableFromRows } from "../../src/tables/table.ts";
import { writeTable } from "../../src/tables/writeTable.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const models = join(import.meta.dirname, "../files/models");
copyFileSync(join(models, "gaussian.safetensors"), join(cwd, "g.safetensors"));
const logprob = (...args: string[]) => runInProcess(["logprob", "g.safetensors", ...args], { cwd });
const namesIn = (folder: string): readonly string[] => readdirSync(join(cwd, folder)).sort();

/** Writes the rows to a Parquet file whose groups are of these sizes. */
function writeGroups(path: string, values: Float64Array, sizes: readonly number[]): void {
  const columnData = ["x", "y"].map((name, j) => ({
    name,
    data: values.filter((_, i) => i % 2 === j),
    type: "DOUBLE" as const,
  }));
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: [...sizes] })));
}

const engines = [[], ["--engine", "wasm"]];

it.each(engines)(
  "writes scores in parts, and goes on behind the last one that is there %s %s",
  async (...engine) => {
    rmSync(join(cwd, "scores"), { recursive: true, force: true });
    const sizes = [100_000, 7, 50_000, 112_137, 1];
    const rows = 2 ** 18 + 1000;
    const values = Float64Array.from({ length: 2 * rows }, (_, i) => ((i * 7919) % 1013) / 1013);
    values[0] = Number.NaN;
    const table = tableFromRows(["x", "y"], values);
    writeGroups(join(cwd, "t.parquet"), values, [...sizes, rows]);
    const run = async (): Promise<Record<string, unknown>> => {
      const { code, stdout, stderr } = await logprob(
        "t.parquet",
        "--out",
        "scores/",
        "--append",
        "--json",
        ...engine,
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const first = await run();
    const names = ["rows-000000000001-000000262144.parquet", "rows-000000262145-000000263144.parquet"];
    const all = ["_SUCCESS", "_pushforward.json", ...names];
    expect(namesIn("scores")).toEqual(all);
    const flow = await load(readFileSync(join(cwd, "g.safetensors")));
    const read = await readTable(join(cwd, "scores"));
    expect(read.columns).toEqual(["x", "y", "logProb"]);
    expect(column(read, "logProb")).toEqual(await flow.logProb(table, { missing: "empty" }));
    const last = readFileSync(join(cwd, "scores", names[1]!));
    // As a process leaves it that is killed before its last part.
    for (const name of ["_SUCCESS", names[1]!]) rmSync(join(cwd, "scores", name));
    writeFileSync(join(cwd, "scores", `.${names[1]}.tmp`), "half of it");
    const { standardError, ...second } = await run();
    expect(second).toEqual({
      ...first,
      standardError: undefined,
      meanLogProb: expect.closeTo(first.meanLogProb as number, 12),
      possible: expect.anything(),
      scoredBefore: 2 ** 18,
    });
    expect(standardError).toBeCloseTo(first.standardError as number, 12);
    expect(namesIn("scores").filter((name) => !name.startsWith("."))).toEqual(all);
    expect(Buffer.compare(last, readFileSync(join(cwd, "scores", names[1]!)))).toBe(0);
  },
);

it("goes on behind any row of a file, whatever the sizes of its groups", async () => {
  const sizes = [150, 7, 900, 1, 300];
  const rows = 2000;
  writeGroups(
    join(cwd, "groups.parquet"),
    Float64Array.from({ length: 2 * rows }, (_, i) => i),
    [...sizes, rows],
  );
  const batches = await readBatches(join(cwd, "groups.parquet"));
  expect(batches.rows).toBe(rows);
  for (const first of [0, 1, 149, 150, 151, 156, 157, 158, 1000, 1057, 1058, 1059, 1357, 1358, 1359, 1999]) {
    const rest = batchesAfter(batches, first);
    expect(rest.rows).toBe(rows - first);
    const seen: number[] = [];
    for await (const { values, rowsBefore = 0 } of rest) {
      expect(values[0]).toBe(2 * rowsBefore);
      seen.push(...values);
    }
    expect(seen, `behind row ${first}`).toEqual(
      Array.from({ length: 2 * (rows - first) }, (_, i) => 2 * first + i),
    );
  }
});

it("does not go on with what is something else", async () => {
  writeFileSync(join(cwd, "a.csv"), "x,y\n1,2\n");
  const failing = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await logprob(...args);
    return `${code} ${stderr}`;
  };
  expect(await logprob("a.csv", "--out", "few/")).toMatchObject({ code: 0 });
  expect(await failing("a.csv", "--out", "few", "--unseen", "other")).toMatch(
    /^2 --out "few" holds scores of another table/,
  );
  writeFileSync(join(cwd, "a.csv"), "x,y\n1,3\n1,2\n");
  expect(await failing("a.csv", "--out", "few/")).toMatch(/^2 --out "few\/" holds scores of another table/);
  writeFileSync(join(cwd, "few", "notes.txt"), "");
  expect(await failing("a.csv", "--out", "few/")).toMatch(
    /holds "notes.txt", which is not a part of scores; name another/,
  );
  expect(await failing("-", "--out", "few/")).toMatch(
    /^2 --out is a folder of parts, and standard input can be read but once/,
  );
  expect(await failing("a.csv", "--out", "few/", "--missing", "drop")).toMatch(/^2 .*rows that are dropped/);
});

it("begins anew where a run has ended before its first part, and takes no parts for its own of which nothing says what they are", async () => {
  writeFileSync(join(cwd, "b.csv"), "x,z\n1,2\n");
  expect(await logprob("b.csv", "--out", "begun/")).toMatchObject({ code: 1 });
  expect(namesIn("begun")).toEqual(["_pushforward.json"]);
  writeFileSync(join(cwd, "b.csv"), "x,y\n1,2\n1,3\n");
  expect(await logprob("b.csv", "--out", "begun/")).toMatchObject({ code: 0 });
  const part = "rows-000000000001-000000000002.parquet";
  expect(namesIn("begun")).toEqual(["_SUCCESS", "_pushforward.json", part]);
  rmSync(join(cwd, "begun", "_pushforward.json"));
  const { code, stderr } = await logprob("a.csv", "--out", "begun/");
  expect(`${code} ${stderr}`).toMatch(/^2 --out "begun\/" holds scores of another table/);
});

it("counts rows, and says when the others will be done", async () => {
  const lines: string[] = [];
  const now = performance.now;
  let seconds = 0;
  performance.now = () => 1000 * seconds;
  try {
    const progress = new RowsProgress(1000, (text) => void lines.push(text), false);
    for (; seconds < 60; seconds++) progress.add(10);
    progress.end();
  } finally {
    performance.now = now;
  }
  expect(lines).toEqual([
    "60 of 1,000 rows (6 %), 1 min 34 s left\n",
    "360 of 1,000 rows (36 %), 1 min 04 s left\n",
  ]);
});

it("counts the bytes of the pass that finds out what the columns of text are", async () => {
  mkdirSync(join(cwd, "texts"));
  for (const name of ["a.csv", "b.csv", "c.csv"])
    writeFileSync(join(cwd, "texts", name), `x,y\n${"1.5,2.25\n0.5,1\n".repeat(7000)}`);
  const now = performance.now;
  let seconds = 0;
  performance.now = () => 1000 * (seconds += 6);
  try {
    const { code, stderr } = await runInProcess(["describe", "texts"], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^reading what the columns are: 0\.2 of 0\.3 MB \(66 %\), .* left$/m);
  } finally {
    performance.now = now;
  }
});

it("counts the rows of every pass over a table, whatever the command", async () => {
  const values = Float64Array.from({ length: 6 * 2 ** 16 }, (_, i) => ((i * 7919) % 1013) / 1013);
  await writeTable(tableFromRows(["x", "y"], values), join(cwd, "passes.parquet"));
  const now = performance.now;
  let seconds = 0;
  performance.now = () => 1000 * (seconds += 6);
  const table = "passes.parquet";
  try {
    for (const line of [
      ["describe", table],
      ["divergence", "g.safetensors", "g.safetensors", table],
    ]) {
      const { code, stderr } = await runInProcess(line, { cwd });
      const counted = stderr.match(/^131,072 of 196,608 rows \(66 %\), .* left$/gm);
      expect({ line, code, lines: counted?.length }).toEqual({ line, code: 0, lines: 1 });
    }
  } finally {
    performance.now = now;
  }
});
