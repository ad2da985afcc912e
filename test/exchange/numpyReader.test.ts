import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportModel } from "../../src/entries/exchange.ts";
import { type Flow, fit, load, tableFromRows } from "../../src/index.ts";
import { normalsAt, randomKey, split } from "../../src/random/philox.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const cwd = temporaryFolder();
const reader = join(import.meta.dirname, "../../examples/numpy_reader.py");

/** A Python that has NumPy; none on many machines. */
const python = ["python3", "python"].find((name) => {
  try {
    execFileSync(name, ["-c", "import numpy; numpy.take_along_axis"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

/** What the reader prints of a table of numbers. */
async function read(flow: Flow, numbers: Float64Array, width: number, ...flags: string[]): Promise<number[]> {
  writeFileSync(join(cwd, "model.json"), await exportModel(flow, { to: "json" }));
  const lines = Array.from({ length: numbers.length / width }, (_, row) =>
    numbers.subarray(row * width, (row + 1) * width).join(","),
  );
  writeFileSync(join(cwd, "rows.csv"), `${flow.columns.join(",")}\n${lines.join("\n")}\n`);
  const text = execFileSync(python!, [reader, "model.json", ...flags, "rows.csv"], { cwd, encoding: "utf8" });
  return text.trim().split(/[,\n]/).map(Number);
}

function expectClose(values: readonly number[], expected: ArrayLike<number>): void {
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    const size = Math.max(1, Math.abs(expected[i]!));
    expect(Math.abs(value - expected[i]!) / size, `number ${i + 1}`).toBeLessThan(1e-9);
  });
}

/** Of a file, and of a fit with all that the default has. */
async function flows(): Promise<Flow[]> {
  const rows = Array.from({ length: 90 }, (_, i) => [Math.sin(i), Math.sin(i) + Math.cos(7 * i) ** 3, i % 7]);
  const options = {
    flow: "nsf-ar",
    hidden: [5, 4],
    transforms: 2,
    epochs: 1,
    seed: 1,
    precision: "float64",
  } as const;
  const whole = tableFromRows(["a", "b", "c"], rows);
  return [
    await load(join(import.meta.dirname, "../files/models/nsf-ar.safetensors")),
    (await fit(whole, options)).flow,
  ];
}

test.skipIf(python === undefined)("the reader says of other kinds that it does not know them", async () => {
  for (const kind of ["nsf", "maf", "columns", "realnvp-given"]) {
    const flow = await load(join(import.meta.dirname, `../files/models/${kind}.safetensors`));
    writeFileSync(join(cwd, "other.json"), await exportModel(flow, { to: "json" }));
    writeFileSync(
      join(cwd, "other.csv"),
      `${flow.columns.join(",")}\n${flow.columns.map(() => 0.5).join(",")}\n`,
    );
    const { status, stderr } = spawnSync(python!, [reader, "other.json", "other.csv"], {
      cwd,
      encoding: "utf8",
    });
    expect(status, kind).toBe(1);
    expect(stderr, kind).toMatch(/^this reader knows .*\n$/);
  }
});

// Where there is no Python with NumPy the reader is not run: `pip install numpy` is all that it needs.
test.skipIf(python === undefined)(
  "a reader in NumPy has the log-densities and samples of a file of JSON",
  async () => {
    for (const flow of await flows()) {
      const width = flow.columns.length;
      const noise = new Float64Array(40 * width);
      const key = split(randomKey(3), "sample");
      for (let row = 0; row < 40; row++) normalsAt(key, row, width, noise, row * width);
      const drawn = await flow.sample(40, { seed: 3, continuous: true, precision: "float64" });
      expectClose(await read(flow, noise, width, "--noise"), drawn.values);
      const rows = drawn.values.map((value, i) => (i < 3 * width ? value * 20 ** (1 + (i % 3)) : value));
      expectClose(await read(flow, rows, width), await flow.logProb(rows, { precision: "float64" }));
    }
  },
);
