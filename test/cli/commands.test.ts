import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { column } from "../../src/tables/table.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { cliPath, expectFailure, quickFlags, runCli, sampleCsv, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

async function succeed(args: readonly string[], input?: string) {
  const run = await (input === undefined ? runInProcess(args, { cwd }) : runCli(args, { cwd, input }));
  expect(run.stderr).not.toMatch(/error/);
  expect(run.code).toBe(0);
  return run;
}

beforeAll(async () => {
  writeFiles(cwd, { "data.csv": sampleCsv(300) });
  await succeed(["fit", "data.csv", "--columns", "x,y", "--out", "plain.safetensors", ...quickFlags]);
  await succeed("fit data.csv --columns x,y --given c --out given.safetensors".split(" ").concat(quickFlags));
});

describe("pushforward fit", () => {
  it("sums up what it did on standard output, with progress on standard error", async () => {
    const run = await succeed(["fit", "data.csv", "--out", "summary.safetensors", ...quickFlags]);
    expect(run.stdout).toMatch(/^fitted 300 rows of data\.csv\n {2}columns +x, y, c\n/);
    expect(run.stdout).toMatch(/architecture +neural spline flow, \d+ transforms?, hidden 8/);
    expect(run.stdout).toMatch(/validation +-?\d+\.\d{4} nats per row\n/);
    expect(run.stdout).toMatch(/model +summary\.safetensors\n$/);
    expect(run.stderr).toMatch(/^epoch \d+\/3: train \S+, validation \S+ nats\n/m);
    // No terminal: no bar, no control characters.
    expect(run.stdout + run.stderr).not.toContain("\x1b");
  });

  it.each([
    ["planar", "planar flow, 2 transforms"],
    ["residual", "residual flow, 2 transforms, hidden 8, Lipschitz constant 0.97"],
  ])("says what it has fitted: %s", async (kind, words) => {
    const args = [
      "fit",
      "data.csv",
      "--out",
      `${kind}.safetensors`,
      ...quickFlags,
      "--flow",
      kind,
      "--transforms",
      "2",
    ];
    expect((await succeed(args)).stdout).toContain(words);
  });

  it("prints one JSON document with --json, and reads standard input", async () => {
    const args = ["fit", "-", "--out", "piped.safetensors", "--json", ...quickFlags];
    const document: unknown = JSON.parse((await succeed(args, sampleCsv(200))).stdout);
    expect(document).toEqual({
      leftOut: [],
      parsed: [],
      trainLogProb: expect.any(Number),
      validationLogProb: expect.any(Number),
      epochs: expect.any(Number),
      stillImproving: false,
      seconds: expect.any(Number),
      parameters: expect.any(Number),
      interrupted: false,
      out: "piped.safetensors",
    });
    expect(existsSync(at("piped.safetensors"))).toBe(true);
  });

  it("stops at Ctrl-C, the old model kept", async () => {
    writeFiles(cwd, { "kept.safetensors": "old", "long.csv": sampleCsv(3000) });
    const args =
      "fit long.csv --out kept.safetensors --epochs 600 --patience 600 --flow nsf --transforms 1 --hidden 8 --threads 1".split(
        " ",
      );
    const run = await runCli(args, { cwd, interruptAt: "epoch" });
    expect(run.code).toBe(130);
    expect(run.stderr).toMatch(/no output file was changed\n$/);
    expect(readFileSync(at("kept.safetensors"), "utf8")).toBe("old");
  });
});

describe("pushforward logprob", () => {
  it("sums up on standard output", async () => {
    const run = await succeed("logprob plain.safetensors data.csv".split(" "));
    expect(run.stdout).toMatch(/rows +300\n.*mean log-density +-?\d+\.\d{4} nats\n/);
    expect(run.stdout).toMatch(/standard error +\d+\.\d{4}\n.*minimum +-\d+\.\d{4}\n.*outside support +0\n/);
  });

  it("says how the equation of a continuous flow was solved", async () => {
    const fit = "fit data.csv --columns x,y --given c --flow cnf --out solved.safetensors".split(" ");
    await succeed(fit.concat(quickFlags.slice(2)));
    const lines = readFileSync(at("data.csv"), "utf8").trim().split("\n");
    writeFiles(cwd, { "some.csv": `${[...lines.slice(0, 30), "1e400,0,0"].join("\n")}\n` });
    const said = (await succeed("logprob solved.safetensors some.csv".split(" "))).stdout;
    expect(said).toMatch(
      /solver +tolerance 0.00001, \d+ evaluations per row, at most \d+, round trip to \d.\de-\d+\n/,
    );
    const { solver } = JSON.parse(
      (await succeed("logprob solved.safetensors some.csv --json".split(" "))).stdout,
    );
    expect(solver).toEqual({
      tolerance: 1e-5,
      rows: 29,
      meanEvaluations: expect.any(Number),
      mostEvaluations: expect.any(Number),
      roundTrip: expect.any(Number),
    });
    expect(solver.mostEvaluations).toBeGreaterThanOrEqual(solver.meanEvaluations);
    expect(solver.meanEvaluations).toBeGreaterThanOrEqual(7);
  });

  it("writes one log-density a row, and the same numbers as JSON", async () => {
    const run = await succeed("logprob plain.safetensors data.csv --out scores.csv --json".split(" "));
    const summary = JSON.parse(run.stdout);
    const table = await readTable(at("scores.csv"));
    expect(table.columns).toEqual(["logProb"]);
    const scores = column(table, "logProb");
    const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
    expect(Object.keys(summary)).toEqual([
      "rows",
      "missing",
      "meanLogProb",
      "standardError",
      "minimum",
      "outsideSupport",
      "possible",
      "fittedToTheseRows",
    ]);
    // These very rows were fitted.
    expect(summary.fittedToTheseRows).toBe(true);
    expect(run.stderr).toMatch(/^warning: the model was fitted to these very rows: .*crossFit/);
    expect(summary.rows).toBe(300);
    expect(summary.meanLogProb).toBeCloseTo(mean, 8);
    expect(summary.minimum).toBe(Math.min(...scores));
    const variance = scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (scores.length - 1);
    expect(summary.standardError).toBeCloseTo(Math.sqrt(variance / scores.length), 8);
  });

  it("counts rows without density, and writes minus infinity as null", async () => {
    const args = "logprob plain.safetensors - --json --out infinite.csv".split(" ");
    const run = await succeed(args, "x,y\n0.1,0.2\ninf,0.3\n0.5,-0.1\n");
    expect(JSON.parse(run.stdout)).toEqual({
      rows: 3,
      missing: 0,
      meanLogProb: null,
      standardError: null,
      minimum: null,
      outsideSupport: 1,
      fittedToTheseRows: false,
      // Of the other rows, and why the first is impossible.
      possible: { meanLogProb: expect.any(Number), standardError: expect.any(Number) },
      firstImpossible: { row: 2, column: "x", cell: "Infinity", reason: '"x" is Infinity' },
    });
    expect(readFileSync(at("infinite.csv"), "utf8")).toMatch(/^logProb\n-\d\S*\n-Infinity\n-\d\S*\n$/);
  });

  it("agrees with the reference engine", async () => {
    const fast = JSON.parse((await succeed("logprob plain.safetensors data.csv --json".split(" "))).stdout);
    const args = "logprob plain.safetensors data.csv --json --engine reference".split(" ");
    const slow = JSON.parse((await succeed(args)).stdout);
    expect(Math.abs(fast.meanLogProb - slow.meanLogProb)).toBeLessThan(2e-4);
  });

  it("matches columns by name, ignores others, and writes CSV to standard output for -", async () => {
    const lines = sampleCsv(20).trimEnd().split("\n");
    const turned = lines.map(
      (line, row) => `${line.split(",").reverse().join(",")},${row === 0 ? "name" : "text"}`,
    );
    const straight = await succeed("logprob plain.safetensors - --out -".split(" "), `${lines.join("\n")}\n`);
    const other = await succeed("logprob plain.safetensors - --out -".split(" "), `${turned.join("\n")}\n`);
    expect(straight.stdout).toMatch(/^logProb\n(-?\d[\d.e-]*\n){20}$/);
    expect(other.stdout).toBe(straight.stdout);
  });
});

describe("pushforward sample", () => {
  it("writes CSV to standard output, the same for the same seed", async () => {
    const first = await succeed("sample plain.safetensors -n 50 --seed 3".split(" "));
    expect(first.stdout).toMatch(/^x,y\n(-?\d[\d.e-]*,-?\d[\d.e-]*\n){50}$/);
    expect((await succeed("sample plain.safetensors -n 50 --seed 3".split(" "))).stdout).toBe(first.stdout);
    expect((await succeed("sample plain.safetensors -n 50 --seed 4".split(" "))).stdout).not.toBe(
      first.stdout,
    );
  });

  it.each(["csv", "tsv", "jsonl", "npy", "parquet", "csv.gz"])("writes samples.%s", async (extension) => {
    const out = `samples.${extension}`;
    await succeed(["sample", "plain.safetensors", "-n", "40", "--out", out]);
    const table = await readTable(at(out));
    expect({ rows: table.rows, columns: table.columns.length }).toEqual({ rows: 40, columns: 2 });
  });

  it("contains the columns that are given", async () => {
    await succeed([
      "sample",
      "given.safetensors",
      "-n",
      "30",
      "--given",
      "c=-1.5",
      "--out",
      "conditional.csv",
    ]);
    const table = await readTable(at("conditional.csv"));
    expect([...table.columns].sort()).toEqual(["c", "x", "y"]);
    expect(new Set(column(table, "c"))).toEqual(new Set([-1.5]));
  });

  it("says what must be given", async () => {
    const none = await runInProcess("sample given.safetensors -n 30".split(" "), { cwd });
    expectFailure(none, 2, /^the model needs a value of c; pass --given "c=1\.5"/);
    const wrong = await runInProcess("sample given.safetensors -n 30 --given d=1".split(" "), { cwd });
    expectFailure(wrong, 2, /^--given: the model's condition has no column "d"/);
  });

  it("ends quietly when the reader has seen enough", async () => {
    const line = `"${process.execPath}" "${cliPath}" sample plain.safetensors -n 200000 | head -n 2; exit \${PIPESTATUS[0]}`;
    const child = spawn("bash", ["-c", line], { cwd });
    let stderr = "";
    child.stderr.on("data", (text) => (stderr += text));
    const code = await new Promise((done) => child.on("close", done));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("pushforward inspect", () => {
  it("describes a model", async () => {
    const run = await succeed("inspect given.safetensors".split(" "));
    expect(run.stdout).toMatch(/architecture +│ neural spline flow, \d+ transforms?, hidden 8/);
    expect(run.stdout).toMatch(/columns +│ x, y/);
    expect(run.stdout).toMatch(/given +│ c/);
    expect(run.stdout).not.toContain("\x1b");
  });

  it("prints one JSON document", async () => {
    const document = JSON.parse((await succeed("inspect given.safetensors --json".split(" "))).stdout);
    expect(document).toMatchObject({ columns: ["x", "y"], given: ["c"], kind: "nsf" });
    expect(document.parameters).toBeGreaterThan(0);
  });
});

describe("pushforward plot", () => {
  it("writes SVG and PNG", async () => {
    await succeed("plot plain.safetensors data.csv --out figure.svg".split(" "));
    expect(readFileSync(at("figure.svg"), "utf8")).toMatch(/^<svg [\s\S]*data \(300 rows\)[\s\S]*<\/svg>\n$/);
    await succeed("plot plain.safetensors --out figure.png".split(" "));
    expect([...readFileSync(at("figure.png")).subarray(1, 4)]).toEqual(
      [..."PNG"].map((c) => c.charCodeAt(0)),
    );
  });

  it("draws a conditional model at the data's own conditions, or at given ones", async () => {
    await succeed("plot given.safetensors data.csv --out conditional.svg".split(" "));
    await succeed("plot given.safetensors --given c=1 --out at1.svg".split(" "));
    expect(readFileSync(at("at1.svg"), "utf8")).toContain("given c = 1");
    const run = await runInProcess("plot given.safetensors --out none.svg".split(" "), { cwd });
    expectFailure(run, 2, /^the model needs a value of c/);
  });
});
