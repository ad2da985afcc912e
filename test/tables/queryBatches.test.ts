import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { queryBatches } from "../../src/tables/batches/queryBatches.ts";
import { tableOfBatches } from "../../src/tables/batches/tableBatches.ts";
import { tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { runInProcess } from "../cli/runInProcess.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const cwd = temporaryFolder();
writeFileSync(join(cwd, "a.csv"), "id,x\n1,0.5\n2,1.5\n3,2.5\n");
writeFileSync(join(cwd, "b.csv"), "id,group\n1,north\n2,south\n3,north\n");

it("gives the answer of a query as a table", async () => {
  const sql = `select x, "group", x > 1 as large, date '2024-01-05' as day, 1.25::decimal(5,2) as price, nullif(id, 2) as id,
    timestamp '2024-01-05 12:00:01.5' as "when", [1, 2] as list from '${join(cwd, "a.csv")}' join '${join(cwd, "b.csv")}' using (id) order by x;`;
  const table = await tableOfBatches(await queryBatches(sql));
  const day = "2024-01-05";
  const same = { day, price: 1.25, when: `${day}T12:00:01.5`, list: "an array" };
  expect(tableToObjects(table)).toEqual([
    { x: 0.5, group: "north", large: 0, id: 1, ...same },
    { x: 1.5, group: "south", large: 1, id: Number.NaN, ...same },
    { x: 2.5, group: "north", large: 1, id: 3, ...same },
  ]);
});

it("reads an answer of many blocks as often as it is asked to", async () => {
  const batches = await queryBatches("select range as n, random() as r from range(40000)");
  const [first, second] = [await tableOfBatches(batches), await tableOfBatches(batches)];
  expect(first.rows).toBe(40_000);
  expect(first.values).toEqual(second.values);
});

it("adds one listener to the process, however many queries there are", async () => {
  await queryBatches("select 1 as x");
  const before = process.listenerCount("exit");
  for (let i = 0; i < 3; i++) await queryBatches(`select ${i} as x`);
  expect(process.listenerCount("exit")).toBe(before);
});

it("says in one line what is wrong with a query", async () => {
  await expect(queryBatches("selec 1")).rejects.toThrow(
    /^query: Parser Error: syntax error at or near "selec"; it is one select/,
  );
  await expect(queryBatches("select 1 as x; create table other as select 2 as y")).rejects.toThrow(
    /^query: it has 2 statements; it is one select/,
  );
  await expect(queryBatches("select 1 as x where false")).rejects.toThrow(
    /^query: its answer has no rows|no rows/,
  );
});

it("stands for the table of a command", async () => {
  const run = (...args: string[]) => runInProcess(args, { cwd });
  const { code, stdout } = await run("describe", "--query", "select x from 'a.csv'");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^the query: 3 rows, 1 column/)]);
  expect(await run("describe", "a.csv", "--query", "select 1")).toMatchObject({
    code: 2,
    stderr: '--query gives the table, and "a.csv" is one, too; leave one of them out.\n',
  });
  expect(await run("describe")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^the argument "data" is missing; see/),
  });
});

it("says how to get DuckDB where it is not installed", async () => {
  vi.doMock("@duckdb/node-api", () => {
    throw new Error("not here");
  });
  vi.resetModules();
  const fresh = await import("../../src/tables/batches/queryBatches.ts");
  await expect(fresh.queryBatches("select 1 as x")).rejects.toThrow(
    /a query is answered by the optional package @duckdb\/node-api, which is not installed or does not run here; npm install @duckdb\/node-api gets it/,
  );
  vi.doUnmock("@duckdb/node-api");
});
