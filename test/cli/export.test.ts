import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const models = join(import.meta.dirname, "../files/models");
copyFileSync(join(models, "gaussian.safetensors"), join(cwd, "model.safetensors"));
copyFileSync(join(models, "gaussian-spread.safetensors"), join(cwd, "other.safetensors"));
writeFileSync(join(cwd, "rows.csv"), "x,y\n0.5,1\n-2,3\n100,-7\n");

const exported = (to: string, ...flags: string[]) =>
  runInProcess(["export", "model.safetensors", "--to", to, "--out", `model.${to}`, ...flags], { cwd });

it("exports a model, and verifies what it has exported", async () => {
  expect(await exported("onnx")).toMatchObject({ code: 0, stderr: "" });
  const { stdout, code } = await exported("json", "--json");
  expect({ code, ...(JSON.parse(stdout) as object) }).toEqual({
    code: 0,
    out: "model.json",
    to: "json",
    bytes: readFileSync(join(cwd, "model.json")).length,
  });
  expect(await exported("wasm", "--function", "all")).toMatchObject({ code: 0, stderr: "" });
  for (const file of ["model.onnx", "model.json", "model.wasm"]) {
    const args = ["verify", "model.safetensors", file, "rows.csv", "--json"];
    const verified = await runInProcess(args, { cwd });
    expect(verified).toMatchObject({ code: 0, stderr: "" });
    const found = JSON.parse(verified.stdout) as Record<string, number>;
    expect(found).toMatchObject({ rows: 3, nonFiniteMismatches: 0, tolerance: 1e-9, passes: true });
    expect(found.worstRelative).toBeLessThan(1e-13);
    expect(found.rowsPerSecond).toBeGreaterThan(0);
  }
});

it("ends with 1 where the export is not the model's", async () => {
  await exported("onnx");
  const args = ["verify", "other.safetensors", "model.onnx", "rows.csv"];
  const { code, stdout, stderr } = await runInProcess(args, { cwd });
  expect(code).toBe(1);
  expect(stdout).toMatch(/rows +3\n +function +logprob\n/);
  expect(stderr).toMatch(/^"model\.onnx" differs from the model by .* relative to max\(1, \|value\|\)/);
});

it("refuses what it cannot do", async () => {
  expect(await exported("text")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--to must be onnx, wasm or json/),
  });
  const args = ["export", "model.safetensors", "--out", "model.onnx"];
  expect(await runInProcess(args, { cwd })).toMatchObject({
    code: 2,
    stderr: "--to is missing: what the model is written as, onnx, wasm or json.\n",
  });
  expect(await runInProcess([...args.slice(0, 3), "m.txt", "--to", "onnx"], { cwd })).toMatchObject({
    code: 2,
    stderr: '--out must end in .onnx (an export), got "m.txt".\n',
  });
  expect(await runInProcess(["verify", "model.safetensors", "none.onnx", "rows.csv"], { cwd })).toMatchObject(
    {
      code: 1,
      stderr: expect.stringMatching(/^"none\.onnx" cannot be read/),
    },
  );
});

it("prints what installs a module in ClickHouse", async () => {
  const { code, stdout, stderr } = await exported("wasm", "--sql");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(
    /^INSERT INTO system\.webassembly_modules .*;\nCREATE OR REPLACE FUNCTION model_logprob LANGUAGE WASM .* ARGUMENTS \(`x` Float64, `y` Float64\) .*;\n$/,
  );
  const { sql } = JSON.parse((await exported("wasm", "--sql", "--json")).stdout) as { sql: string[] };
  expect(sql.map((statement) => `${statement};\n`).join("")).toBe(stdout);
  expect(await exported("onnx", "--sql")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^--sql is about modules/),
  });
});
