/** The ONNX file on Spark and Ray: the example scores, draws and ranks as the flow does. */

import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { exportModel } from "../../src/entries/exchange.ts";
import { readBatches } from "../../src/entries/tables.ts";
import { type Flow, fit, load, readTable, tableFromObjects, writeTable } from "../../src/index.ts";
import { column, type Table } from "../../src/tables/table.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { pythonWith } from "./pythonWith.ts";

const cwd = temporaryFolder();
const example = join(import.meta.dirname, "../../examples/spark");
const [base, ...engines] = [
  pythonWith("onnxruntime", "pandas", "pyarrow"),
  pythonWith("onnxruntime", "pandas", "pyarrow", "pyspark"),
  pythonWith("onnxruntime", "pandas", "pyarrow", "ray"),
];
const lacking = (packages: string): string =>
  ` (skipped: no Python with ${packages}; see test/exchange/pythonWith.ts)`;
let flow: Flow;

async function python(name: string, code: string): Promise<string> {
  const env = { ...process.env, PYTHONPATH: example, PYTHONWARNINGS: "ignore" };
  const run = promisify(execFile)(name, ["-c", code], { cwd, env, maxBuffer: 2 ** 26 });
  return (await run).stdout;
}

beforeAll(async () => {
  flow = await load(join(import.meta.dirname, "../files/models/nsf-ar.safetensors"));
  writeFileSync(join(cwd, "model.onnx"), await exportModel(flow, { to: "onnx" }));
  writeFileSync(join(cwd, "draws.onnx"), await exportModel(flow, { to: "onnx", function: "sample" }));
  mkdirSync(join(cwd, "rows"));
  for (const [name, n] of [
    ["a", 300],
    ["b", 200],
  ] as const)
    await writeTable(await flow.sample(n, { seed: n }), join(cwd, "rows", `${name}.parquet`));
});

/** The rows of a folder of parts in an order of their own, with their scores. */
async function scoredRows(folder: string): Promise<readonly string[]> {
  const batches = await readBatches(join(cwd, folder, "*.parquet"));
  const lines: string[] = [];
  for await (const batch of batches) {
    const scores = column(batch, "logProb");
    const expected = await flow.logProb(batch, { precision: "float64" });
    scores.forEach((score, row) => {
      expect(score).toBeCloseTo(expected[row]!, 9);
      lines.push(`${column(batch, "x")[row]} ${column(batch, "y")[row]}`);
    });
  }
  return lines.sort();
}

/** The three verbs in one session. */
const program = (engine: string): string => `
import flow_rows as f
engine = ${engine}
for line in ["score model.onnx rows ENGINE-scores", "anomalies model.onnx rows ENGINE-strange --top 3 --draws draws.onnx", "sample draws.onnx ENGINE-draws --rows 1000 --seed 5"]:
    f.answer(engine, f.parsed(line.replace("ENGINE", type(engine).__name__).split()))
engine.close()`;

for (const [i, [name, engine, packages]] of (
  [
    ["Spark", 'f.Spark("local-cluster[2,1,1024]")', "pyspark, onnxruntime, pandas and pyarrow"],
    ["Ray", "f.Ray(None)", "ray, onnxruntime, pandas and pyarrow"],
  ] as const
).entries())
  test.skipIf(engines[i] === undefined)(
    `${name} scores, ranks and draws the rows of a folder${engines[i] ? "" : lacking(packages)}`,
    { timeout: 300_000 },
    async () => {
      await python(engines[i]!, program(engine));
      const { columns, values } = await readTable(join(cwd, "rows"));
      const rows = Array.from(
        { length: 500 },
        (_, row) => `${values[2 * row + columns.indexOf("x")]} ${values[2 * row + columns.indexOf("y")]}`,
      );
      expect(await scoredRows(`${name}-scores`)).toEqual(rows.sort());
      const scores = await flow.logProb(await readTable(join(cwd, "rows")), { precision: "float64" });
      const strange: Table = await readTable(join(cwd, `${name}-strange`));
      const lowest = Array.from(scores.sort().subarray(0, 3));
      column(strange, "logProb").forEach((score, place) => {
        expect(score).toBeCloseTo(lowest[place]!, 9);
        expect(column(strange, "pValue")[place]).toBeGreaterThan(0);
        expect(column(strange, "pValue")[place]).toBeLessThan(0.03);
      });
      const drawn = await readTable(join(cwd, `${name}-draws`));
      expect(drawn.rows).toBe(1000);
      // Drawn rows have the density of the flow's own: the mean log-density is minus the entropy.
      const ownScores = await flow.logProb(await flow.sample(20_000, { seed: 1 }));
      const mean = (of: Float64Array): number => of.reduce((sum, value) => sum + value, 0) / of.length;
      expect(Math.abs(mean(await flow.logProb(drawn)) - mean(ownScores))).toBeLessThan(0.2);
      expect(readdirSync(cwd).filter((file) => file.includes("unfinished"))).toEqual([]);
    },
  );

test.skipIf(base === undefined)(
  `cells of every kind enter as the flow reads them${base ? "" : lacking("onnxruntime, pandas and pyarrow")}`,
  { timeout: 60_000 },
  async () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({
      size: ["S", "M", "L"][(i * 7) % 3]!,
      old: i % 4 === 0,
      grade: (i * 5) % 4,
      when: new Date(Date.UTC(2024, 0, 1 + (i % 300))).toISOString().slice(0, 10),
      at: `${String((i * 5) % 24).padStart(2, "0")}:${String((i * 7) % 60).padStart(2, "0")}`,
      share: Math.fround(((i * 37) % 100) / 100 + 0.01),
      value: i % 9 === 0 ? null : Math.sin(i) + (i % 3),
    }));
    const table = tableFromObjects(rows);
    const kinds = { grade: "categorical" };
    const { flow: mixed } = await fit(table, { flow: "columns", kinds, epochs: 1, seed: 1 });
    writeFileSync(join(cwd, "mixed.onnx"), await exportModel(mixed, { to: "onnx" }));
    writeFileSync(join(cwd, "mixed.json"), JSON.stringify(rows));
    const printed = await python(
      base!,
      `
import json, flow_model as f, pandas as pd
frame = pd.DataFrame(json.load(open("mixed.json")))
frame.loc[0, "size"] = "XXL"
print(json.dumps([None if v != v else str(v) for v in f.model_of("mixed.onnx").log_prob(frame)]))`,
    );
    const scores = (JSON.parse(printed) as (string | null)[]).map((text) =>
      Number((text ?? "NaN").replace("inf", "Infinity")),
    );
    // As the file has it: its parameters are of single precision.
    const expected = await (await load(mixed.toBytes())).logProb(
      tableFromObjects(rows.map((row, i) => (i === 0 ? { ...row, size: "XXL" } : row))),
      { precision: "float64", unseen: "impossible" },
    );
    expect(scores[0]).toBe(Number.NEGATIVE_INFINITY);
    scores.forEach((score, row) => {
      if (!Number.isFinite(expected[row])) return expect(score).toBe(expected[row]);
      expect(Math.abs(score - expected[row]!)).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected[row]!)));
    });
  },
);
