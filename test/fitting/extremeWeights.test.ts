import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { information } from "../../src/diagnostics/information.ts";
import { DataError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";

import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromColumns } from "../../src/tables/table.ts";

const faults = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../files/faults/${name}`, import.meta.url)));

describe("weights that are no weights are a DataError", () => {
  test.each([
    [
      "weights-huge.csv",
      /sum of the weights, which go up to 1e\+308, is beyond the range of numbers; divide/,
    ],
    [
      "weights-mixed.csv",
      /\(row \d+\): the weight 1e-300 is nothing beside the largest, 1e\+300; set it to 0/,
    ],
  ])("%s", async (name, message) => {
    const table = await readTable(faults(name), { name });
    for (const run of [
      () => fit(table, { flow: "gaussian", weights: "w", threads: 1 }),
      () => fit(table, { flow: "maf", weights: "w", threads: 1, epochs: 1 }),
      () => information(table, { weights: "w" }),
    ]) {
      const error = await run().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(DataError);
      expect((error as Error).message).toMatch(message);
    }
  });
});

test("tiny and large weights of one scale are weights as any", async () => {
  const x = Array.from({ length: 40 }, (_, i) => Math.sin(i));
  const means: number[] = [];
  for (const scale of [1, 1e-200, 1e200]) {
    const table = tableFromColumns({ x, w: x.map((_, i) => scale * (1 + (i % 3))) });
    const { flow } = await fit(table, { flow: "gaussian", columns: ["x"], weights: "w", threads: 1 });
    means.push((await flow.logProb(Float64Array.of(0.2), { threads: 1 }))[0]!);
  }
  for (const mean of means) expect(mean).toBeCloseTo(means[0]!, 10);
});
