import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { fit } from "../../src/fitting/fit.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { column, tableFromRows } from "../../src/tables/table.ts";
import { writeTable } from "../../src/tables/writeTable.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();

it("scores of a table of two batches are those of the table, in every format", async () => {
  // One row more than a batch has.
  const rows = 2 ** 16 + 1;
  const values = Float64Array.from({ length: 2 * rows }, (_, i) => ((i * 7919) % 1013) / 1013);
  values[2 * rows - 1] = Number.POSITIVE_INFINITY;
  const table = tableFromRows(["x", "y"], values);
  const { flow } = await fit(tableFromRows(["x", "y"], values.slice(0, 400)), { flow: "gaussian" });
  await flow.save(join(cwd, "g.safetensors"));
  await writeTable(table, join(cwd, "t.csv"));
  const expected = await flow.logProb(table);
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runInProcess(["logprob", "g.safetensors", "t.csv", ...args], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };
  for (const out of ["s.csv", "s.npy"]) {
    expect(await run("--out", out)).toMatch(/outside support {3}1, the first is row 65537: "y" is Infinity/);
    const scores = column(await readTable(join(cwd, out)), out === "s.npy" ? "x1" : "logProb");
    expect(Buffer.compare(Buffer.from(scores.buffer), Buffer.from(expected.buffer))).toBe(0);
  }
  await run("--out", "s.tsv.gz", "--append");
  const lines = gunzipSync(readFileSync(join(cwd, "s.tsv.gz")))
    .toString()
    .split("\n");
  expect(lines[0]).toBe("x\ty\tlogProb");
  expect(lines).toHaveLength(rows + 2);
  expect(lines.filter((line) => line.startsWith("x"))).toHaveLength(1);
  expect(lines[rows]).toBe(`${values[2 * rows - 2]}\tInfinity\t-Infinity`);
});
