import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { expectFailure, runCli, sampleCsv, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

async function succeed(args: string) {
  const run = await runInProcess(args.split(" "), { cwd });
  expect(run.stderr).not.toMatch(/error/);
  expect(run.code).toBe(0);
  return run;
}

beforeAll(() => writeFiles(cwd, { "data.csv": sampleCsv(300) }));

describe.each([
  ["gaussian", "Gaussian, full covariance"],
  ["mixture", "mixture of Gaussians, \\d component"],
  ["kde", "kernel density, 270 points"],
])("--flow %s", (kind, words) => {
  it("is fitted, inspected, scored, sampled and plotted as any flow", async () => {
    const model = `${kind}.safetensors`;
    const fit = await succeed(`fit data.csv --flow ${kind} --columns x,y --seed 1 --out ${model}`);
    expect(fit.stdout).toMatch(new RegExp(`architecture +${words}`));
    expect(fit.stdout).not.toMatch(/epoch/);
    expect(fit.stderr).not.toMatch(/epoch/);
    const inspect = await succeed(`inspect ${model}`);
    expect(inspect.stdout).toMatch(new RegExp(words));
    expect(inspect.stdout).toMatch(/precision +│ float64/);
    expect(inspect.stdout).toMatch(/fit: steps/);
    const scores = JSON.parse((await succeed(`logprob ${model} data.csv --json`)).stdout);
    const fitted = JSON.parse((await succeed(`inspect ${model} --json`)).stdout).fitted;
    const mean = 0.9 * fitted.trainLogProb + 0.1 * fitted.validationLogProb;
    expect(scores.meanLogProb).toBeCloseTo(mean, 9);
    await succeed(`sample ${model} -n 40 --seed 2 --out ${kind}.csv`);
    expect(await readTable(at(`${kind}.csv`))).toMatchObject({ rows: 40, columns: ["x", "y"] });
    await succeed(`plot ${model} data.csv --out ${kind}.svg`);
    expect(readFileSync(at(`${kind}.svg`), "utf8")).toMatch(/^<svg/);
  });
});

describe("pushforward compare", () => {
  const common = "compare data.csv --columns x,y --flows gaussian,kde,mixture --seed 1 --threads 1";

  it("prints one table, the best kind first, and what follows from it", async () => {
    const { stdout, stderr } = await succeed(common);
    expect(stderr).toBe("fitting gaussian\nfitting kde\nfitting mixture\n");
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toBe("300 rows of data.csv: 240 to fit, 60 held out; 2 columns");
    expect(lines[1]).toMatch(/^ {2}flow +nats per row +less the best +time +parameters$/);
    const rows = lines.slice(2, 5).map((line) => line.trim().split(/ {2,}/));
    expect(rows.map(([kind]) => kind).sort()).toEqual(["gaussian", "kde", "mixture"]);
    const scores = rows.map(([, score]) => Number.parseFloat(score!));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(rows[1]![2]).toMatch(/^-\d\.\d{4} ± \d\.\d{4}$/);
    expect(lines[5]).toMatch(/^(\w+ wins\.|\w+ is first, but .* within one standard error of it)/);
    expect(lines).toHaveLength(6);
  });

  it("gives plain data with --json, and cross-validates with --folds", async () => {
    const result = JSON.parse((await succeed(`${common} --folds 3 --json`)).stdout);
    expect(result).toMatchObject({ rows: 300, heldOut: 300, folds: 3, dropped: 0, columns: ["x", "y"] });
    expect(result.best).toBe(result.flows[0].flow);
    expect(Array.isArray(result.tied)).toBe(true);
    for (const flow of result.flows) {
      expect(Object.keys(flow)).toEqual([
        "flow",
        "logProb",
        "standardError",
        "difference",
        "differenceError",
        "seconds",
        "parameters",
        "fittedRows",
        "error",
      ]);
      expect(flow.error).toBeNull();
      expect(flow.seconds).toBeGreaterThan(0);
    }
  });

  it("ends with code 1, and says why, where every kind fails", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${Math.sin(i)},${i === 3 ? 1 : 0}`);
    writeFiles(cwd, { "constant.csv": `x,y\n${rows.join("\n")}\n` });
    const run = await runInProcess("compare constant.csv --flows gaussian,kde --folds 4".split(" "), { cwd });
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/gaussian failed: column "y".*constant.*\nkde failed: column "y"/);
    expect(run.stderr).not.toMatch(/unexpected/);
  });

  it("stops at Ctrl-C", async () => {
    const run = await runCli("compare data.csv --flows nsf-ar --seed 1 --threads 1".split(" "), {
      cwd,
      interruptAt: "fitting nsf-ar",
    });
    expect(run.code).toBe(130);
    expect(run.stdout).toBe("");
  });

  it("refuses data that no kind could use with one line", async () => {
    writeFiles(cwd, { "few.csv": "x,y\n1,2\n3,4\n" });
    expectFailure(await runInProcess("compare few.csv".split(" "), { cwd }), 1, /fitting needs at least 10/);
  });
});

describe("pushforward information", () => {
  const rho = 0.6;
  beforeAll(() => {
    const stream = new RandomStream(randomKey(5));
    const rows = Array.from({ length: 240 }, () => {
      const a = stream.normal();
      return [a, rho * a + 0.8 * stream.normal(), 3 * stream.normal(), 1];
    });
    const lines = rows.map((row, i) => (i === 7 ? `${row[0]},,${row[2]},1` : row.join(",")));
    const csv = (some: readonly string[]): string => `a,b,c,w\n${some.join("\n")}\n`;
    writeFiles(cwd, { "pairs.csv": csv(lines), "some.csv": csv(lines.slice(0, 60)) });
  });
  const common = "--columns a,b,c --between a,c:b --missing drop --folds 2 --seed 1";

  it("prints entropies and what columns share, in nats, each with its standard error", async () => {
    const { stdout } = await succeed(`information pairs.csv ${common}`);
    const names = [
      "rows",
      "dropped",
      "entropy",
      "negentropy",
      "total correlation",
      "entropy of a",
      "entropy of b",
      "entropy of c",
      "between a,c : b",
    ];
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(names.length);
    const values = lines.map((line, i) => {
      expect(line).toContain(names[i]);
      return line
        .replace(/[│|]/, "")
        .slice(line.indexOf(names[i]!) + names[i]!.length)
        .trim();
    });
    expect(values.slice(0, 2)).toEqual(["239", "1"]);
    for (const value of values.slice(2)) expect(value).toMatch(/^-?\d\.\d{4} \+- 0\.\d{4} nats$/);
    // Of 0.2231 nats that a and b share; standard error about 0.04.
    const shared = Number.parseFloat(values.at(-1)!);
    expect(Math.abs(shared + 0.5 * Math.log(1 - rho * rho))).toBeLessThan(0.2);
  });

  it("gives the same as plain data with --json, and takes weights", async () => {
    const result = JSON.parse((await succeed(`information some.csv ${common} --weights w --json`)).stdout);
    expect(result).toMatchObject({ rows: 59, dropped: 1, columns: ["a", "b", "c"] });
    expect(result.between).toEqual([["a", "c"], ["b"]]);
    for (const estimate of [
      result.entropy,
      result.negentropy,
      result.totalCorrelation,
      result.mutualInformation,
      ...Object.values(result.marginalEntropies as object),
    ])
      expect(Object.keys(estimate)).toEqual(["value", "standardError"]);
  });

  it("refuses groups and columns that do not fit", async () => {
    const refused = async (options: string, code: number, message: RegExp): Promise<void> =>
      expectFailure(
        await runInProcess(`information pairs.csv ${options}`.split(" "), { cwd }),
        code,
        message,
      );
    await refused("--between a,b", 2, /--between must be groups of columns such as a,b:c/);
    await refused("--between a:a,b --missing drop", 2, /"a" is named twice/);
    await refused("--columns a,b --between a:c --missing drop", 2, /"c" of between is not among the columns/);
    await refused("--columns a,q --missing drop", 1, /q/);
  });
});
