import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const run = (line: string) => runInProcess(line.split(" "), { cwd });
/** Temperature follows load; the color is red where load is high. */
const lineOf = (i: number): string => {
  const load = ((i * 7919) % 997) / 997;
  return `${load > 0.5 ? "red" : "blue"},${load.toFixed(4)},${(2 * load + ((i * 31) % 17) / 100).toFixed(4)}`;
};
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => lineOf(from + i)).join("\n");
const head = "color,load,temperature";

beforeAll(async () => {
  writeFiles(cwd, {
    "t.csv": `${head}\n${lines(0, 149)}\nblue,0.1,9\n`,
    "n.csv": `${head}\n${lines(200, 400)}\n`,
    "c.csv": `${head}\n${lines(400, 500)}\n`,
  });
  const line = "fit n.csv --flow mixture --columns load,temperature --components 3 --out m.safetensors";
  expect(await run(line)).toMatchObject({ code: 0 });
});

describe("pushforward anomalies", () => {
  it("prints the strangest rows and writes all of them", async () => {
    const { code, stdout, stderr } = await run("anomalies t.csv --top 3 --folds 2 --out a.csv --seed 1");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^150 rows of t\.csv, 3 columns; the strangest first\n +row +score +p +log p +to blame, and what to expect\n +150 +\d+\.\d\d +0\.0067 +-\d+\.\d\d +temperature \d\d % \(0\.\d+\), /,
    );
    expect(stdout).toContain(
      "log p: log-density in nats, by fits to ordinary rows that have not seen the row, with respect to counting (color) x Lebesgue and atoms (load, temperature)\n",
    );
    expect(stdout.split("\n")).toHaveLength(9);
    const [header, first, ...rest] = readFileSync(join(cwd, "a.csv"), "utf8").trim().split("\n");
    expect(header).toBe("row,score,pValue,logProb,blame,expected");
    expect(first).toMatch(/^1,\d\.\d+,0\.\d+,-?\d+\.\d+,(?:[a-z]+: 0\.\d\d(?:; )?)+,[a-z]+: /);
    expect(rest).toHaveLength(149);
    for (const line of rest) {
      const shares = line.split(",")[4]!.split("; ");
      expect(shares.reduce((sum, each) => sum + Number(each.split(": ")[1]), 0)).toBeCloseTo(1, 9);
    }
    const fast = await run("anomalies t.csv --no-logprob --top 1");
    expect(fast.stdout).toMatch(/\n +150 +\d+\.\d\d +0\.0067 +- +temperature/);
    expect(fast.stdout).not.toContain("log p:");
  });

  it("scores new rows by a model, in JSON", async () => {
    const line = "anomalies m.safetensors t.csv --calibration c.csv --fdr 0.1 --top 2 --json";
    const { code, stdout, stderr } = await run(line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ all: 150, against: "calibration", calibrationRows: 100 });
    expect(found.rows).toHaveLength(2);
    expect(found.rows[0]).toMatchObject({
      row: 150,
      isDiscovery: expect.any(Boolean),
      logProb: expect.any(Number),
      blame: [
        { column: "temperature" },
        ...new Array(found.rows[0].blame.length - 1).fill(expect.anything()),
      ],
    });
    expect((await run("anomalies m.safetensors t.csv --top 1")).stdout).toMatch(/drawn from the model/);
  });

  it.each([
    ["anomalies m.safetensors", /"m\.safetensors" is a model; name the table after it/],
    ["anomalies t.csv --fdr 0.1", /^anomalies: p-values of a table's rows among themselves are their places/],
    ["anomalies t.csv --fdr 2", /--fdr must be a rate between 0 and 1/],
    ["anomalies t.csv --top 0", /--top must be/],
    ["anomalies m.safetensors t.csv --folds 3", /folds means nothing beside a flow/],
    ["anomalies t.csv --out t.csv", /is an input, which would be lost/],
    ["anomalies t.csv --json --out -", /both want standard output/],
  ])("refuses %s", async (line, message) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
  });
});
