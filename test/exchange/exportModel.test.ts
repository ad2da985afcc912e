/** Models as files for other software: run by onnxruntime, and read back. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import { type ExportFunction, exportModel, verifyExport } from "../../src/entries/exchange.ts";
import { notesOf } from "../../src/exchange/onnx/onnxNotes.ts";
import { type Flow, load } from "../../src/index.ts";
import { rowsAround } from "./rowsAround.ts";

const folder = join(import.meta.dirname, "../files/models");
const modelOf = (name: string): Promise<Flow> => load(join(folder, `${name}.safetensors`));

async function check(name: string, what: ExportFunction, precision: "float32" | "float64"): Promise<void> {
  const flow = await modelOf(name);
  const bytes = await exportModel(flow, { to: "onnx", function: what, precision });
  const found = await verifyExport(flow, bytes, await rowsAround(flow));
  expect(found, name).toMatchObject({ rows: 60, function: what, passes: true, nonFiniteMismatches: 0 });
  expect(found.tolerance).toBe(precision === "float64" ? 1e-9 : 2e-5 * flow.columns.length);
}

/** Those that must work everywhere. */
const usual = ["nsf-ar", "nsf", "maf", "realnvp", "mixture", "gaussian", "sliced", "columns"];

test.each(usual)("onnxruntime gives the log-densities of %s in float64 and in float32", async (name) => {
  await check(name, "logprob", "float64");
  await check(name, "logprob", "float32");
});

const others = [
  "planar-given",
  "radial",
  "sylvester",
  "residual",
  "cnf",
  "kde",
  "dual-ascent",
  "gaussianization",
  "nsf-ar-given",
];

test.each(others)("onnxruntime gives the log-densities of %s", async (name) => {
  await check(name, "logprob", "float64");
});

test.each(["nsf-ar-spread", "realnvp-given", "sylvester", "mixture", "kde", "sliced"])(
  "onnxruntime maps rows to the base of %s and samples it",
  async (name) => {
    await check(name, "to-base", "float64");
    await check(name, "sample", "float64");
  },
);

it("says in its metadata what it computes and what its columns are", async () => {
  const flow = await modelOf("realnvp-given");
  const bytes = await exportModel(flow, { to: "onnx", function: "sample", precision: "float32" });
  expect(notesOf(bytes)).toMatchObject({
    formatVersion: 1,
    function: "sample",
    precision: "float32",
    inputType: "float32",
    kind: "realnvp",
    columns: flow.columns.map((name) => ({ name, enters: "the number itself" })),
    given: flow.given.map((name) => ({ name })),
    noise: flow.base.noise,
  });
  expect(await exportModel(flow, { to: "onnx", function: "sample", precision: "float32" })).toEqual(bytes);
});

it("finds an export that differs", async () => {
  const flow = await modelOf("gaussian");
  const bytes = await exportModel(flow, { to: "onnx" });
  const found = await verifyExport(flow, bytes, await rowsAround(flow), { tolerance: 0 });
  expect(found.worstRelative).toBeLessThan(1e-12);
  const other = await exportModel(flow.at === undefined ? flow : await modelOf("gaussian-spread"), {
    to: "onnx",
  });
  const differing = await verifyExport(flow, other, await rowsAround(flow));
  expect(differing).toMatchObject({ passes: false });
  expect(differing.worstRelative).toBeGreaterThan(1e-3);
});

test.each(["nsf-ar", "columns", "sliced"])("%s as JSON reads back as it was", async (name) => {
  const flow = await modelOf(name);
  const bytes = await exportModel(flow, { to: "json" });
  const json = JSON.parse(new TextDecoder().decode(bytes)) as {
    parameters: Record<string, { shape: number[] }>;
  };
  expect(Object.keys(json.parameters).length).toBeGreaterThan(3);
  const rows = await flow.sample(20, { seed: 1 });
  expect(await verifyExport(flow, bytes, rows)).toMatchObject({ worst: 0, passes: true });
});

it("refuses what is no export, and one of another model", async () => {
  const flow = await modelOf("gaussian");
  const rows = [[0, 0]];
  await expect(verifyExport(flow, readFileSync(join(folder, "maf.safetensors")), rows)).rejects.toThrow(
    /neither JSON nor an ONNX file or WebAssembly module of pushforward/,
  );
  await expect(verifyExport(flow, new Uint8Array([8, 8, 58, 255, 255]), rows)).rejects.toThrow(/ONNX/);
  await expect(verifyExport(flow, new TextEncoder().encode("{}"), rows)).rejects.toThrow(/not a model/);
  const given = await exportModel(await modelOf("realnvp-given"), { to: "onnx" });
  await expect(verifyExport(flow, given, rows)).rejects.toThrow(/the export is not of this model/);
  await expect(exportModel(flow, { to: "json", precision: "float32" })).rejects.toThrow(
    /precision is of onnx and wasm/,
  );
  await expect(
    verifyExport(flow, await exportModel(flow, { to: "onnx" }), rows, { runtime: {} }),
  ).rejects.toThrow(/npm install onnxruntime-node gets it/);
});
