import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const run = (line: string) => runInProcess(line.split(" "), { cwd });
const colors = ["red", "green", "blue"];
const lineOf = (i: number): string => {
  const color = (i + (i >> 2)) % 3;
  return `${colors[color]},${color * 4 + (i % 3)},${i % 7 === 0 ? 0 : (((i * 7919) % 997) / 10).toFixed(3)},${i % 5 === 0 ? "" : i % 2 ? "yes" : "no"}`;
};
const head = "color,size,price,member";
const lines = Array.from({ length: 240 }, (_, i) => lineOf(i));

beforeAll(async () => {
  writeFiles(cwd, {
    "train.csv": `${head}\n${lines.slice(0, 160).join("\n")}\n`,
    "test.csv": `${head}\n${lines.slice(160).join("\n")}\npink,1,2,yes\n`,
    "few.csv": `${head}\n${lines.slice(160, 165).join("\n")}\n`,
  });
  const small = "--epochs 3 --hidden 8 --members 1 --seed 1 --threads 1";
  for (const line of [
    `fit train.csv --flow columns --out m.safetensors ${small}`,
    `fit train.csv --flow columns --columns size,price --given color --out g.safetensors ${small}`,
    "fit train.csv --flow gaussian --columns size,price --out n.safetensors --seed 1",
  ])
    expect(await run(line)).toMatchObject({ code: 0 });
});

describe("pushforward evaluate", () => {
  it("says in words and in JSON what the model is worth on new rows", async () => {
    const { code, stdout, stderr } = await run(
      "evaluate m.safetensors test.csv --train train.csv --threads 1",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("very rows") });
    expect(stdout).toMatch(
      /^m\.safetensors on test\.csv\n\nheld-out rows +81\nlog-density +-\d.*without 1 row of density 0/,
    );
    expect(stdout).toMatch(/two-sample test +AUC 0\.\d{3} ± 0\.\d{3}/);
    expect(stdout).toMatch(/\n {2}member .*20 %/);
    expect(stdout).toMatch(/of the samples equal a training row; of the held-out rows \d/);
    expect(stdout).toContain("no guarantee of privacy");
    const again = await run(
      "evaluate m.safetensors test.csv --train train.csv --json --out e.json --threads 1",
    );
    const json = JSON.parse(again.stdout);
    expect(json).toMatchObject({
      flow: "columns",
      rows: 81,
      fittedToTheseRows: false,
      logProb: { rows: 80, outsideSupport: 1 },
      samples: 81,
      closest: { trainingRows: 160 },
    });
    expect(json.marginals.map((own: { column: string }) => own.column)).toEqual(head.split(","));
    expect(json.associations.pairs).toHaveLength(6);
    expect(JSON.parse(readFileSync(join(cwd, "e.json"), "utf8"))).toEqual(json);
    // Of some rows of a table it says so wherever it says how many there are.
    const some = await run("evaluate m.safetensors test.csv --rows 40 --out some.json --threads 1");
    expect(some.stdout).toMatch(/^m\.safetensors on 40 of 81 rows of test\.csv\n\nheld-out rows +40\n/);
    expect(JSON.parse(readFileSync(join(cwd, "some.json"), "utf8"))).toMatchObject({
      rows: 40,
      tableRows: 81,
    });
    expect(json).not.toHaveProperty("tableRows");
  });

  it("says where the rows are those of the fit, and where the training table is another", async () => {
    const same = await run("evaluate m.safetensors train.csv --threads 1");
    expect(same.stderr).toMatch(/^warning: the model was fitted to these very rows/);
    expect(same.stdout).toContain("nothing here is out of sample");
    expect(same.stdout).toContain("without the rows of the fit (--train)");
    // Of some rows it says so, too: they are all rows of the fit.
    const some = await run("evaluate m.safetensors train.csv --rows 40 --json --threads 1");
    expect(some.stderr).toContain("warning: the model was fitted to these very rows");
    expect(JSON.parse(some.stdout)).toMatchObject({ rows: 40, tableRows: 160, fittedToTheseRows: true });
    const other = await run("evaluate m.safetensors test.csv --train few.csv --out page.html --threads 1");
    const page = readFileSync(join(cwd, "page.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>\n.*<title>m\.safetensors on test\.csv<\/title>/);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    for (const word of [
      ...head.split(","),
      "two-sample AUC",
      "no guarantee of privacy",
      "held-out rows (81)",
    ])
      expect(page).toContain(word);
    expect(other.stderr).toContain("warning: --train is not the table that the model was fitted to");
  });

  it("takes conditional models and those of numbers", async () => {
    const given = await run("evaluate g.safetensors test.csv --json --threads 1");
    expect(given.code, given.stderr).toBe(0);
    // A row is given a level that no row of the fit had: there is no density given it.
    expect(JSON.parse(given.stdout)).toMatchObject({ given: ["color"], logProb: { rows: 80 } });
    const numbers = await run("evaluate n.safetensors test.csv --train train.csv --threads 1");
    expect(numbers.code, numbers.stderr).toBe(0);
    expect(numbers.stdout).toMatch(/two-sample test +AUC/);
  });

  it.each([
    ["evaluate m.safetensors few.csv", 1, /few\.csv: evaluate: test must be at least 10 rows.*got 5/],
    ["evaluate m.safetensors test.csv --out page.txt", 2, /--out must end in/],
    ["evaluate m.safetensors test.csv --samples 3", 2, /--samples must be a whole number from 10/],
  ])("%s", async (line, code, message) => {
    const result = await run(line);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
    expect(result.stderr).toMatch(message);
  });
});
