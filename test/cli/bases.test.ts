import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { affine, permutation, rounding } from "../../src/entries/bijections.ts";
import { manyToOne, standardNormal } from "../../src/entries/distributions.ts";
import { flowOf } from "../../src/entries/fitting.ts";
import { initialValues } from "../../src/entries/graph.ts";
import { randomKey } from "../../src/entries/random.ts";
import { runInProcess } from "./runInProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-bases-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = async (...words: readonly string[]) => await runInProcess(words, { cwd: folder });
const fit = async (...words: readonly string[]) =>
  await run(
    "fit",
    "t.csv",
    "--epochs",
    "1",
    "--out",
    "m.safetensors",
    "--transforms",
    "1",
    "--hidden",
    "4",
    ...words,
  );

/** Points of a sphere, and a fourth column. */
const rows = Array.from({ length: 60 }, (_, i) => {
  const [a, b] = [Math.sin(i * i), 3 * i];
  return [a, Math.sqrt(1 - a * a) * Math.cos(b), Math.sqrt(1 - a * a) * Math.sin(b), Math.sin(5 * i)];
});

test("a base is chosen by name, unit vectors are a flow, and inspect says what is an estimate", async () => {
  writeFileSync(join(folder, "t.csv"), `a,b,c,d\n${rows.map((row) => row.join()).join("\n")}\n`);
  for (const [base, type] of [
    ["student-t", "studentT"],
    ["mixture", "mixtureOf"],
    ["resampled", "resampled"],
  ] as const) {
    const { code, stderr } = await fit("--flow", "maf", "--base", base);
    expect(code, stderr).toBe(0);
    const { stdout } = await run("inspect", "m.safetensors", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ kind: "maf", base: { type } });
  }
  expect((await run("inspect", "m.safetensors")).stdout).toMatch(
    /normalizer +│ [\d.]+, an estimate: log-densities/,
  );
  const embedded = await fit("--flow", "maf", "--given", "c,d", "--embedding", "4,2");
  expect(embedded.code, embedded.stderr).toBe(0);
  expect((await run("inspect", "m.safetensors")).stdout).toMatch(/embedding +│ 4x2 /);
  const sphere = await fit("--flow", "sphere", "--columns", "a,b,c");
  expect(sphere.code, sphere.stderr).toBe(0);
  const { stdout } = await run("inspect", "m.safetensors", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ base: { type: "uniformSphere" } });
  for (const [words, message] of [
    [["--flow", "sphere"], "57 of 60 rows are not unit vectors"],
    [["--flow", "sphere", "--columns", "a,b,c", "--base", "laplace"], "--base is for a flow that is named"],
    [["--flow", "ncsf", "--base", "laplace"], "--base means nothing for --flow ncsf"],
    [["--flow", "maf", "--base", "cauchy"], "--base must be normal,"],
  ] as const) {
    const { code, stderr } = await fit(...words);
    expect(code, words.join(" ")).not.toBe(0);
    expect(stderr).toContain(message);
  }
  const mixed = await run("fit", "t.csv", "--out", "m.safetensors", "--flow", "columns", "--parents", "a=b");
  expect(mixed.stderr).toContain("--parents makes a flow of numbers");
});

test("a model that knows a bound alone says so wherever it is scored", async () => {
  const sizes = { base: standardNormal({ features: 1 }), bijection: affine({ features: 1 }) };
  const base = manyToOne({ ...sizes, surjection: rounding({ features: 1 }) });
  const parts = {
    kind: "own",
    features: 1,
    context: 0,
    transforms: 1,
    hidden: [],
    bijection: permutation([0]),
  };
  const flow = await flowOf({ ...parts, base }, initialValues({ base: base.parameters }, randomKey(0)), {
    columns: ["count"],
  });
  await flow.save(join(folder, "b.safetensors"));
  writeFileSync(join(folder, "counts.csv"), "count\n-1\n0\n1\n");
  const json = await run("logprob", "b.safetensors", "counts.csv", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ rows: 3, bound: true });
  const said = await run("logprob", "b.safetensors", "counts.csv", "--out", "scores.csv");
  expect(said.stdout).toMatch(/mean lower bound +-/);
  expect(readFileSync(join(folder, "scores.csv"), "utf8")).toMatch(/^logProbBound\n-/);
  expect((await run("inspect", "b.safetensors")).stdout).toMatch(/log-density +│ a lower bound, by 8 draws/);
  expect(JSON.parse((await run("inspect", "b.safetensors", "--json")).stdout)).toMatchObject({ bound: true });
});
