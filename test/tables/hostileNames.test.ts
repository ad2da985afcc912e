/** Names of columns that break what takes an object for a dictionary, a cell for a word, or a message for short. */

import { describe, expect, test } from "vitest";
import { fit } from "../../src/fitting/fit.ts";

import { load } from "../../src/models/flow.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromColumns } from "../../src/tables/table.ts";
import { tableToBytes } from "../../src/tables/writeTable.ts";

const names = [
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "two words",
  'a "quoted" name',
  "comma, and = sign",
  "line\nbreak",
  "weight",
  "naïve ∑",
  "n".repeat(10_000),
];
const x = (seed: number): Float64Array =>
  Float64Array.from({ length: 40 }, (_, i) => Math.sin(seed + 1.7 * i * i));
const table = tableFromColumns(names.map((name, i) => [name, x(i)] as const));

describe("hostile names survive", () => {
  test.each(["csv", "tsv", "jsonl", "parquet"] as const)("%s", async (format) => {
    const back = await readTable(await tableToBytes(table, format), { format });
    expect(back.columns).toEqual(names);
    expect(back.values).toEqual(table.values);
  });

  test("a fit, a saved model, samples and given values", async () => {
    for (const given of names.slice(0, 4)) {
      const columns = names.filter((name) => name !== given).slice(0, 3);
      const options = { flow: "maf", given: [given], columns, hidden: [4], epochs: 1, threads: 1 } as const;
      const flow = await load((await fit(table, options)).flow.toBytes());
      const sample = await flow.sample(5, { given: Object.fromEntries([[given, 0.25]]), threads: 1 });
      expect(sample.columns).toEqual([given, ...columns]);
      const csv = await readTable(await tableToBytes(sample, "csv"));
      expect(await flow.logProb(csv, { threads: 1 })).toEqual(await flow.logProb(sample, { threads: 1 }));
      // What an object inherits is no value.
      await expect(flow.sample(5, { given: {}, threads: 1 })).rejects.toThrow(/name a value for/);
    }
  });

  test("a gaussian of all of them, by name", async () => {
    const flow = await load((await fit(table, { flow: "gaussian", threads: 1 })).flow.toBytes());
    expect(flow.columns).toEqual(names);
    expect((await flow.logProb(table, { threads: 1 })).every(Number.isFinite)).toBe(true);
  });
});

test("a name that begins with a byte order mark is refused; at the start of a file it is no part of a name", async () => {
  expect(() => tableFromColumns({ "\ufeffmark": [1, 2] })).toThrow(
    /column 1, "mark", begins with a byte order mark/,
  );
  const text = new TextEncoder().encode("\ufeffmark,b\n1,2\n3,4\n");
  expect((await readTable(text)).columns).toEqual(["mark", "b"]);
});

test("messages about a name of 10 kB are short", async () => {
  const long = "n".repeat(10_000);
  const text = `${long},b\n1,2\n,3\n${"4,5\n5,7\n".repeat(10)}`;
  const failures: (() => Promise<unknown>)[] = [
    async () => await fit(await readTable(new TextEncoder().encode(text)), { flow: "gaussian", threads: 1 }),
    async () => await fit(table, { flow: "gaussian", columns: [`${long}m`], threads: 1 }),
    async () => await readTable(new TextEncoder().encode(`${long},${long}\n1,2\n`)),
  ];
  for (const failure of failures) {
    const error = await failure().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message.length).toBeLessThan(1000);
  }
});
