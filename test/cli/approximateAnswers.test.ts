/** What `pushforward approximate` says of a density: whether to believe it, where weights are, and where a module may lie. */

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { expectFailure, runCli, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
mkdirSync(join(cwd, "far/away"), { recursive: true });
writeFiles(cwd, {
  // A parameter called weight, names that every object has, and the package by its name, far from any node_modules.
  "far/away/names.mjs": `
    import { UsageError } from "pushforward";
    import { ops } from "pushforward/graph";
    if (typeof UsageError !== "function") throw new Error("another package");
    export const parameters = { weight: "real", ["__proto__"]: "real", constructor: "real" };
    export const logDensity = (all) =>
      ops.mul(-0.5, ops.add(ops.add(ops.square(all.weight), ops.square(all["__proto__"])), ops.square(all.constructor)));`,
  "nan.mjs": `
    export const parameters = { x: "real" };
    export const logDensity = ({ x }, { neg, sqrt }) => neg(sqrt(x));`,
  "inherited.mjs": `
    export const parameters = { x: "real" };
    export const logDensity = ({ constructor: x }, { neg, square }) => neg(square(x));`,
});

test("a parameter called weight keeps its samples; a module far away imports the package", async () => {
  const run = await runCli(
    "approximate far/away/names.mjs --seed 1 --threads 1 --samples s.csv -n 5 --json".split(" "),
    {
      cwd,
    },
  );
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('the weights are in "importance_weight"');
  const [head, ...rows] = readFileSync(join(cwd, "s.csv"), "utf8").trim().split("\n");
  expect(head).toBe("weight,__proto__,constructor,importance_weight");
  const weights = rows.map((row) => Number(row.split(",")[3]));
  expect(weights.reduce((sum, own) => sum + own, 0)).toBeCloseTo(1, 9);
  expect(new Set(rows.map((row) => row.split(",")[0])).size).toBe(5);
  // A normal density: the start is exact.
  const found = JSON.parse(run.stdout);
  expect(found).toMatchObject({ reliable: true, warnings: [], steps: 0, converged: true });
  expect(found.kHat).toBeLessThan(0.7);
  expect(found.effectiveSampleSize).toBeGreaterThan(9990);
  expect(Math.abs(found.logEvidence - 1.5 * Math.log(2 * Math.PI))).toBeLessThan(1e-4);
  expect(found.logEvidenceError).toBeLessThan(1e-4);
}, 60_000);

test("a density that is not a number in places is not reported as if it were", async () => {
  const run = await runInProcess(
    "approximate nan.mjs --seed 1 --threads 1 --transforms 2 --hidden 8 --steps 50 --json".split(" "),
    {
      cwd,
    },
  );
  const found = JSON.parse(run.stdout);
  expect(found.reliable).toBe(false);
  const own = found.warnings.find(({ code }: { code: string }) => code === "not-a-number");
  expect(own.message).toMatch(/such as x -\d/);
  expect(run.stderr).toContain(own.message);
  expect(run.stderr).toContain("not reliable");
}, 60_000);

test("a name that every object has is not a parameter", async () => {
  expectFailure(
    await runInProcess(["approximate", "inherited.mjs"], { cwd }),
    2,
    /there is no parameter "constructor"/,
  );
});

test("help says that the module runs with all rights", async () => {
  const { stdout } = await runInProcess(["approximate", "--help"]);
  expect(stdout).toMatch(/all your rights/);
});
