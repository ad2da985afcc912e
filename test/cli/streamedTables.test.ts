import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { writeTable } from "../../src/tables/writeTable.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const [partRows, width] = [1500, 3];
const rows = 2 * partRows;
const parts = "parts/part-*.parquet";
/** More cells than are held in memory. */
const all = ["--rows", "all", "--cells", "3000"];

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runInProcess([...args, "--json"], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/cannot|must/) });
  return JSON.parse(stdout) as Record<string, unknown>;
}

it("goes through a table of parts that is not held in memory, from the fit to the comparison", async () => {
  mkdirSync(join(cwd, "parts"));
  const names = ["x", "y", "other"];
  const stream = new RandomStream(randomKey(3));
  for (const part of [0, 1]) {
    const values = Float64Array.from({ length: partRows * width }, () => stream.uniform());
    for (let at = 0; at < values.length; at += width) {
      // In order of x: the parts are not alike.
      const x = (at / width / partRows + part) / 2;
      values.set([x, x * x + 0.1 * stream.normal(), at], at);
    }
    await writeTable(tableFromRows(names, values), join(cwd, `parts/part-${part}.parquet`));
  }
  const sizes = ["--flow", "maf", "--transforms", "1", "--hidden", "8", "--epochs", "1", "--columns", "x,y"];
  const fitted = await json("fit", parts, ...all, ...sizes, "--out", "m.safetensors");
  // A tenth of the sample is held out.
  expect(fitted.streamed).toEqual({ rows: rows - 25, of: rows - 25, sample: 250 });
  const { rows: described, columns } = await json("describe", parts);
  expect(described).toBe(rows);
  expect(columns).toHaveLength(width);
  const scored = await json("logprob", "m.safetensors", parts, "--out", "scores/");
  expect(scored.rows).toBe(rows);
  expect(readdirSync(join(cwd, "scores"))).toContain("_SUCCESS");
  expect((await readTable(join(cwd, "scores"))).rows).toBe(rows);
  const evaluated = await json("evaluate", "m.safetensors", parts, ...all);
  expect(evaluated).toMatchObject({ rows, sampledRows: 1000, logProb: { rows } });
  expect((evaluated.logProb as { mean: number }).mean).toBeCloseTo(scored.meanLogProb as number, 9);
  const flows = ["--flows", "gaussian", "--columns", "x,y"];
  const compared = await json("compare", parts, ...all, ...flows);
  expect(compared).toMatchObject({ rows, heldOut: 600, best: "gaussian", columns: ["x", "y"] });
  expect((compared.flows as { fittedRows: number }[])[0]!.fittedRows).toBe(250);
});
