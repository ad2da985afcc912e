import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { load } from "../../src/index.ts";
import { sampleBatches } from "../../src/models/batches/sampleBatches.ts";
import type { SampleOptions } from "../../src/models/flowOptions.ts";
import { joinBatches } from "../../src/tables/batches/tableBatches.ts";
import { tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import type { Table } from "../../src/tables/table.ts";

const flowOf = (kind: string) =>
  load(readFileSync(join(import.meta.dirname, `../files/models/${kind}.safetensors`)));

async function drawn(kind: string, n: number, options: SampleOptions): Promise<readonly Table[]> {
  const batches: Table[] = [];
  for await (const batch of sampleBatches(await flowOf(kind), n, options)) batches.push(batch);
  return batches;
}

it("draws in batches the rows that are drawn at once", async () => {
  const n = 2 ** 15 + 3;
  const context = Float64Array.from({ length: n }, (_, i) => i / n);
  for (const [kind, options] of [
    ["gaussian", { seed: 3 }],
    ["gaussian", { seed: 3, rowsBefore: 7 }],
    ["nsf-ar-given", { seed: 2, given: { x: context } }],
  ] as const) {
    const batches = await drawn(kind, n, options);
    expect(batches.map(({ rows }) => rows)).toEqual([2 ** 15, 3]);
    expect(joinBatches(batches).values).toEqual((await (await flowOf(kind)).sample(n, options)).values);
  }
});

it("leaves out the rows that come before, of numbers and of mixed columns", async () => {
  for (const kind of ["gaussian", "columns"]) {
    const flow = await flowOf(kind);
    const last = tableToObjects(await flow.sample(20, { seed: 1 })).slice(12);
    expect(tableToObjects(await flow.sample(8, { seed: 1, rowsBefore: 12 }))).toEqual(last);
  }
});

it("draws together what is given columns of the fit, and refuses what does not fit", async () => {
  const flow = await flowOf("columns");
  const name = flow.columns[0]!;
  const given = { [name]: { from: -1 } };
  const [batch] = await drawn("columns", 3, { given });
  expect(batch!.rows).toBe(3);
  expect(await drawn("columns", 0, {})).toHaveLength(1);
  await expect(flow.sample(3, { given, rowsBefore: 1 })).rejects.toThrow(
    /rowsBefore must be 0, as these rows are drawn together, got 1/,
  );
  expect(() => sampleBatches(flow, 3, { given: { [name]: [1, 2] } })).toThrow(
    /one value for each of the 3 rows, got 2/,
  );
});
