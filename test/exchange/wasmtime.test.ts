/** Modules in wasmtime, called from Python. */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportModel } from "../../src/entries/exchange.ts";
import { load } from "../../src/index.ts";
import { normalsAt, randomKey, split } from "../../src/random/philox.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { pythonWith } from "./pythonWith.ts";
import { rowsAround } from "./rowsAround.ts";

const cwd = temporaryFolder();
const reader = join(import.meta.dirname, "../../examples/wasm_reader.py");
const python = pythonWith("wasmtime", "numpy");

/** What the reader prints of a table of numbers. */
function read(numbers: ArrayLike<number>, width: number, name: string): number[] {
  const lines = Array.from({ length: numbers.length / width }, (_, row) =>
    Array.from({ length: width }, (_, i) => numbers[row * width + i]).join(","),
  );
  writeFileSync(join(cwd, "rows.csv"), `header\n${lines.join("\n").replaceAll("Infinity", "inf")}\n`);
  const text = execFileSync(python!, [reader, "model.wasm", "rows.csv", name], { cwd, encoding: "utf8" });
  return text
    .trim()
    .split(/[,\n]/)
    .map((number) => Number(number.replace("inf", "Infinity")));
}

function expectClose(values: readonly number[], expected: ArrayLike<number>, tolerance: number): void {
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    if (!Number.isFinite(expected[i])) return expect(value, `number ${i + 1}`).toBe(expected[i]);
    const size = Math.max(1, Math.abs(expected[i]!));
    expect(Math.abs(value - expected[i]!) / size, `number ${i + 1}`).toBeLessThan(tolerance);
  });
}

const title = python ? "" : " (skipped: no Python with wasmtime and NumPy; see test/exchange/pythonWith.ts)";

test.skipIf(python === undefined)(
  `wasmtime has the log-densities and samples of a module${title}`,
  async () => {
    for (const [name, precision] of [
      ["nsf-ar", "float64"],
      ["realnvp-given", "float64"],
      ["nsf-ar", "float32"],
    ] as const) {
      const flow = await load(join(import.meta.dirname, `../files/models/${name}.safetensors`));
      writeFileSync(
        join(cwd, "model.wasm"),
        await exportModel(flow, { to: "wasm", function: "all", precision }),
      );
      const width = flow.given.length + flow.columns.length;
      const { values } = await rowsAround(flow);
      const tolerance = precision === "float64" ? 1e-9 : 2e-5 * flow.columns.length;
      expectClose(
        read(values, width, "logprob"),
        await flow.logProb(values, { precision: "float64" }),
        tolerance,
      );
      if (flow.given.length > 0 || precision === "float32") continue;
      const noise = new Float64Array(10 * width);
      const key = split(randomKey(3), "sample");
      for (let row = 0; row < 10; row++) normalsAt(key, row, width, noise, row * width);
      const drawn = await flow.sample(10, { seed: 3, continuous: true, precision: "float64" });
      expectClose(read(noise, width, "sample"), drawn.values, tolerance);
    }
    // Text must not pass for a missing cell, which columns of levels have scores of.
    writeFileSync(join(cwd, "text.csv"), "header\nred,1\n");
    const scoring = (): unknown =>
      execFileSync(python!, [reader, "model.wasm", "text.csv"], { cwd, stdio: "pipe" });
    expect(scoring).toThrow(/could not convert string 'red'/);
  },
);
