/** `pushforward approximate`: a module with derived quantities, its samples and model, and modules that cannot be. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { expectFailure, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
writeFiles(cwd, {
  "model.mjs": `
    export const parameters = { mean: "real", gap: "positive" };
    export const logDensity = ({ mean, gap }, { sub, square }) => sub(sub(0, square(mean)), gap);
    export const derived = ({ mean, gap }, { add }) => ({ upper: add(mean, gap) });`,
  "number.mjs": `
    export const parameters = { mean: "real" };
    export const logDensity = ({ mean }) => -mean * mean;`,
  "name.mjs": `
    export const parameters = { mean: "real" };
    export const logDensity = ({ mu }, { square, neg }) => neg(square(mu));`,
  "derived.mjs": `
    export const parameters = { mean: "real" };
    export const logDensity = ({ mean }, { square, neg }) => neg(square(mean));
    export const derived = { twice: 2 };`,
  "nothing.mjs": "const parameters = {};",
  "broken.mjs": "export const parameters = {;",
});

test("a density: a table on standard output, samples with weights, a model", async () => {
  const { code, stdout } = await runInProcess(
    "approximate model.mjs --steps 50 --transforms 2 --hidden 8 --threads 1 --seed 1 --samples s.csv -n 20 --out m.safetensors".split(
      " ",
    ),
    { cwd },
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/k-hat +-?\d/);
  expect(stdout).toMatch(/^ *upper +1\.\d/m);
  const [head, ...rows] = readFileSync(join(cwd, "s.csv"), "utf8").trim().split("\n");
  expect(head).toBe("mean,gap,upper,weight");
  expect(rows.length).toBe(20);
  let total = 0;
  for (const row of rows) {
    const [mean, gap, upper, weight] = row.split(",").map(Number);
    expect(upper).toBeCloseTo(mean! + gap!, 10);
    total += weight!;
  }
  expect(total).toBeCloseTo(1, 6);
  const inspected = await runInProcess(["inspect", "m.safetensors", "--json"], { cwd });
  expect(JSON.parse(inspected.stdout).columns).toEqual(["mean", "gap"]);
}, 20_000);

it.each([
  ["number.mjs", 1, /^approximate: what the log-density returns must be an expression, got NaN/],
  ["name.mjs", 2, /^the log-density: there is no parameter "mu"; the parameters are mean\./],
  ["derived.mjs", 2, /^derived\.mjs exports derived, which is not a function/],
  ["nothing.mjs", 2, /^nothing\.mjs exports no function logDensity/],
  ["broken.mjs", 2, /^broken\.mjs cannot be run as a module/],
  ["absent.mjs", 2, /^absent\.mjs: there is no such file/],
])("%s is refused in one line", async (file, code, message) => {
  expectFailure(await runInProcess(["approximate", file], { cwd }), code, message);
});
