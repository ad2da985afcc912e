import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { load, readTable } from "../../src/index.ts";
import { checkForFitting } from "../../src/tables/checks.ts";
import { leftOutLines } from "../../src/tables/columnRecord.ts";
import { leftOutColumns, numericColumns, selectColumns } from "../../src/tables/table.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { type Run, runCli, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const reports = fileURLToPath(new URL("../files/reports/", import.meta.url));
const run = (line: string): Promise<Run> => runInProcess(line.split(" "), { cwd });
const fit = (table: string, options = ""): Promise<Run> =>
  run(`fit ${table} --flow gaussian --out m.safetensors --threads 1${options === "" ? "" : ` ${options}`}`);

beforeAll(() => {
  for (const name of ["left-out-percent", "logprob-missing-row", "missing-question-mark", "pandas-unnamed0"])
    copyFileSync(join(reports, `${name}.csv`), join(cwd, `${name}.csv`));
  const text = readFileSync(join(reports, "left-out-percent.csv"), "utf8").trimEnd().split("\n");
  const shades = text.map((line, row) => `${line},${row === 0 ? "shade" : "dark red"}`);
  writeFiles(cwd, { "shades.csv": `${shades.join("\n")}\n` });
});

test("a score of a number that no double holds is told with the cell's text", async () => {
  expect((await fit("logprob-missing-row.csv", "--missing drop")).code).toBe(0);
  const { columns } = await load(join(cwd, "m.safetensors"));
  const cells = ["1e400", "9007199254740993"].map((cell) => columns.map((_, i) => (i === 0 ? cell : "1")));
  writeFiles(cwd, { "beyond.csv": `${[columns, ...cells].map((row) => row.join()).join("\n")}\n` });
  const { code, stderr } = await run("logprob m.safetensors beyond.csv");
  expect(code).toBe(0);
  expect(stderr).toMatch(/\(row 1\): "1e400" is beyond the largest number .* read as an infinity\n/);
  expect(stderr).toMatch(/\(row 2\): "9007199254740993" is read as 9007199254740992, /);
});

describe("columns that are left out or read from another dress", () => {
  test("are told by fit, compare and information, and in JSON", async () => {
    const line =
      'column "shade" (row 1) is left out: "dark red" is not a number; to use it, fit --flow columns, which takes levels and dates as they are, or write its values as numbers';
    const dress = 'column "x" (row 1): "11.0368%" is read as 11.0368 (percent, 5 % is 5)';
    for (const command of [
      "fit shades.csv --flow gaussian --out m.safetensors --json",
      "compare shades.csv --flows gaussian --json",
      "information shades.csv --folds 2 --json",
    ]) {
      const { code, stdout, stderr } = await run(command);
      expect([command, code]).toEqual([command, 0]);
      expect(stderr).toContain(`warning: ${line}\n`);
      expect(stderr).toContain(`warning: ${dress}`);
      expect(JSON.parse(stdout)).toMatchObject({
        leftOut: [
          {
            column: "shade",
            row: 1,
            cell: "dark red",
            reason: expect.any(String),
            remedy: expect.any(String),
          },
        ],
        parsed: [
          { column: "x", parse: ["percent"], row: 1, cell: "11.0368%", value: 11.0368, inferred: true },
        ],
      });
    }
  });

  test("row numbers are left out, and used where they are named", async () => {
    const table = await readTable(join(cwd, "pandas-unnamed0.csv"));
    expect(numericColumns(table)).toEqual(["x", "y"]);
    expect(leftOutLines(leftOutColumns(table))).toEqual([
      expect.stringMatching(/^column "Unnamed: 0" \(row 1\) is left out: .*`columns`/),
    ]);
    expect(selectColumns(table, ["Unnamed: 0", "x"]).columns).toEqual(["Unnamed: 0", "x"]);
  });
});

describe("missing values", () => {
  test("have marks that an error offers, and the remedies that follow work", async () => {
    const path = join(cwd, "missing-question-mark.csv");
    const plain = await readTable(path);
    expect(() => numericColumns(plain)).toThrow(/"\?" is not a number; .*pass `missingMarks: \["\?"\]`/);
    const marked = await readTable(path, { missingMarks: ["?"] });
    expect(() => checkForFitting(marked)).toThrow(/\(row 21\): the value is missing .*`missing: "drop"`\.$/);
    const fitted = await fit("missing-question-mark.csv", "--na ?,-999 --missing drop");
    expect(fitted.stdout).toMatch(/fitted 59 rows/);
  });

  test("give a row an empty score, and are counted; or are dropped, or refused", async () => {
    expect((await fit("logprob-missing-row.csv", "--missing drop")).code).toBe(0);
    const scored = await run("logprob m.safetensors logprob-missing-row.csv --out scores.csv --json");
    expect(JSON.parse(scored.stdout)).toMatchObject({ rows: 60, missing: 1, outsideSupport: 0 });
    const scores = readFileSync(join(cwd, "scores.csv"), "utf8").trimEnd().split("\n");
    expect([scores.length, scores.indexOf('""')]).toEqual([61, 4]);
    const flow = await load(join(cwd, "m.safetensors"));
    const table = await readTable(join(cwd, "logprob-missing-row.csv"));
    expect(await flow.logProb(table, { missing: "drop" })).toHaveLength(59);
    await expect(flow.logProb(table, { missing: "error" })).rejects.toThrow(
      /column "." \(row 4\): the value is missing/,
    );
    expect((await run("plot m.safetensors logprob-missing-row.csv --out p.svg")).stderr).toMatch(
      /^logprob-missing-row\.csv: 1 row misses a value .*--missing drop/,
    );
    expect((await run("plot m.safetensors logprob-missing-row.csv --out p.svg --missing drop")).code).toBe(0);
  });

  test("are told with the name of the file", async () => {
    for (const command of [
      "fit logprob-missing-row.csv --flow gaussian --out n.safetensors",
      "compare logprob-missing-row.csv --flows gaussian",
      "information logprob-missing-row.csv",
    ])
      expect(await run(command)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /^logprob-missing-row\.csv: column "." \(row 4\): the value is missing/,
        ),
      });
    const text = readFileSync(join(cwd, "logprob-missing-row.csv"), "utf8");
    const piped = await runCli(["information", "-"], { cwd, input: text });
    expect(piped.stderr).toMatch(/^standard input: column "." \(row 4\)/);
  });

  test("options that cannot be are refused before the table is read", async () => {
    expect(await fit("absent.csv", "--parse x=money")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/parse of column "x"/),
    });
    expect(await fit("absent.csv", "--na ,")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--na must be/),
    });
  });
});
