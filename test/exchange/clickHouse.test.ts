/** Modules as functions of ClickHouse: the engine of chdb, which runs in Python's process. */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import { clickHouseStatements, exportModel } from "../../src/entries/exchange.ts";
import { type Flow, fit, load, tableFromObjects } from "../../src/index.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { pythonWith } from "./pythonWith.ts";

const cwd = temporaryFolder();
const python = pythonWith("chdb");
const modelOf = (name: string): Promise<Flow> =>
  load(join(import.meta.dirname, `../files/models/${name}.safetensors`));

/** Runs queries, and prints what the last ones give, a JSON list of rows each. */
const script = `
import json, sys
from chdb import session
work = json.load(sys.stdin)
database = session.Session("database?config-file=" + work["configuration"])
for statement in work["statements"]:
    database.query(statement)
print(json.dumps([json.loads(str(database.query(query, "JSONCompact")))["data"] for query in work["queries"]]))
`;

function answers(statements: readonly string[], queries: readonly string[]): unknown[][][] {
  const configuration = join(cwd, "configuration.xml");
  writeFileSync(
    configuration,
    readFileSync(join(import.meta.dirname, "clickHouse.xml"), "utf8").replace("FOLDER", cwd),
  );
  const input = JSON.stringify({ configuration, statements, queries });
  return JSON.parse(execFileSync(python!, ["-c", script], { cwd, input, encoding: "utf8" })) as unknown[][][];
}

async function exportsOf(
  bytes: Uint8Array,
): Promise<{ readonly memory: WebAssembly.Memory; readonly logprob: (...addresses: number[]) => void }> {
  return (await WebAssembly.instantiate(Uint8Array.from(bytes), {})).instance.exports as never;
}

const title = python ? "" : " (skipped: no Python with chdb; see test/exchange/pythonWith.ts)";

test.skipIf(python === undefined)(`ClickHouse calls a module by blocks${title}`, async () => {
  const flow = await modelOf("nsf-ar");
  const given = await modelOf("realnvp-given");
  const statements = [
    ...(await clickHouseStatements(await exportModel(flow, { to: "wasm", function: "all" }), "nsf")),
    ...(await clickHouseStatements(await exportModel(given, { to: "wasm", precision: "float32" }), "given")),
  ];
  const rows = 20_000;
  const [scores, single, maps, odd] = answers(
    // A second time: it is there already.
    [...statements, ...statements],
    [
      `SELECT nsf_logprob(2 * sin(number), cos(number)) FROM numbers(${rows})`,
      `SELECT given_logprob(sin(number), cos(number)) FROM numbers(300)`,
      "SELECT nsf_to_base(0.5, -1) AS base, nsf_sample(base.1, base.2)",
      "SELECT toString(nsf_logprob(inf, 1)), toString(nsf_logprob(nan, 1)), nsf_logprob(NULL, 1), nsf_logprob(1, 1)",
    ],
  );
  const points = Float64Array.from({ length: 2 * rows }, (_, i) =>
    i % 2 === 0 ? 2 * Math.sin(i / 2) : Math.cos((i - 1) / 2),
  );
  const expected = await flow.logProb(points, { precision: "float64" });
  expect(scores!.length).toBe(rows);
  scores!.forEach(([score], i) => {
    expect(Math.abs((score as number) - expected[i]!) / Math.max(1, Math.abs(expected[i]!))).toBeLessThan(
      1e-9,
    );
  });
  const conditioned = Array.from({ length: 300 }, (_, i) => [Math.sin(i), Math.cos(i)]);
  const ofGiven = await given.logProb(conditioned, { precision: "float64" });
  single!.forEach(([score], i) => {
    const tolerance = 2e-5 * given.columns.length * Math.max(1, Math.abs(ofGiven[i]!));
    expect(Math.abs((score as number) - ofGiven[i]!)).toBeLessThan(tolerance);
  });
  const [, back] = maps![0] as [object, { readonly x: number; readonly y: number }];
  expect(Math.hypot(back.x - 0.5, back.y + 1)).toBeLessThan(1e-6);
  const [one] = await flow.logProb([[1, 1]], { precision: "float64" });
  expect(odd![0]!.slice(0, 3)).toEqual(["-inf", "nan", null]);
  expect(odd![0]![3]).toBeCloseTo(one!, 9);
});

test.skipIf(python === undefined)(`ClickHouse takes cells of mixed columns as they are${title}`, async () => {
  const stream = new RandomStream(randomKey(3));
  const people = Array.from({ length: 120 }, (_, i) => ({
    color: ["red", "it's", "back\\slash"][stream.integerBelow(3)]!,
    joined: new Date(Date.UTC(2020, stream.integerBelow(36), 1 + stream.integerBelow(28)))
      .toISOString()
      .slice(0, 10),
    member: stream.uniform() < 0.5 ? "yes" : "no",
    children: stream.integerBelow(5),
    income: i % 9 === 0 ? undefined : 1000 * Math.exp(stream.normal()),
  }));
  const table = tableFromObjects(people as never);
  const options = { flow: "columns", epochs: 2, hidden: [8], members: 1, threads: 1 } as const;
  // As its file holds it, in float32.
  const flow = await load((await fit(table, options)).flow.toBytes());
  expect(flow.description.schema!.columns.map(({ kind }) => kind)).toEqual([
    ...["categorical", "date-time", "boolean", "integer", "positive"],
  ]);
  const cells = [
    ...people.slice(0, 20),
    { ...people[0]!, color: "new" },
    { ...people[1]!, joined: undefined },
    { ...people[2]!, color: undefined, member: undefined },
  ];
  const literal = (cell: string | number | undefined): string =>
    cell === undefined
      ? "NULL"
      : typeof cell === "number"
        ? String(cell)
        : `'${cell.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const rows = cells.map((row) => `(${Object.values(row).map(literal).join(", ")})`).join(", ");
  const names = Object.keys(people[0]!).join(", ");
  const types =
    "color Nullable(String), joined Nullable(String), member Nullable(String), children Int32, income Nullable(Float64)";
  const statements = await clickHouseStatements(await exportModel(flow, { to: "wasm" }), "people");
  // Of texts that are empty where a cell is missing.
  const words = ["color", "joined", "member"];
  const empty = cells.map((row) =>
    Object.entries(row).map(([name, cell]) => literal(words.includes(name) ? (cell ?? "") : cell)),
  );
  const emptyRows = empty.map((row) => `(${row.join(", ")})`).join(", ");
  const emptyTypes = types.replaceAll("Nullable(String)", "String");
  const filled = words.map((name) => `nullIf(${name}, '')`).join(", ");
  const [byText, byType, byEmpty] = answers(statements, [
    `SELECT toString(people_logprob(${names})) FROM values('${types}', ${rows})`,
    // Of a date by its type, and a truth value by its.
    `SELECT toString(people_logprob(color, toDate(joined), member = 'yes', children, income)) FROM values('${types}', ${rows})`,
    `SELECT toString(people_logprob(${filled}, children, income)) FROM values('${emptyTypes}', ${emptyRows})`,
  ]);
  const expected = await flow.logProb(tableFromObjects(cells as never), {
    precision: "float64",
    missing: "empty",
  });
  expect(expected[20]).toBe(Number.NEGATIVE_INFINITY);
  const numberOf = (text: unknown): number =>
    text === "nan" ? Number.NaN : text === "-inf" ? Number.NEGATIVE_INFINITY : Number(text);
  for (const found of [byText!, byType!, byEmpty!])
    found.forEach(([score], i) => {
      if (Number.isFinite(expected[i]!)) expect(numberOf(score)).toBeCloseTo(expected[i]!, 9);
      else expect(numberOf(score)).toBe(expected[i]);
    });
});

it("writes statements with the names of columns as they are", async () => {
  const bytes = await exportModel(await modelOf("realnvp-given"), { to: "wasm", function: "all" });
  const [insert, ...creates] = await clickHouseStatements(bytes, "model");
  expect(insert).toMatch(
    /^INSERT INTO system\.webassembly_modules \(name, code\) VALUES \('model_[0-9a-f]{12}', base64Decode\('AGFzbQ/,
  );
  expect(creates.map((statement) => statement.replace(/_[0-9a-f]{12}/, "_digest"))).toMatchInlineSnapshot(`
    [
      "CREATE OR REPLACE FUNCTION model_logprob LANGUAGE WASM FROM 'model_digest' :: 'clickhouse_logprob' ARGUMENTS (\`x\` Float64, \`y\` Float64) RETURNS Float64 ABI BUFFERED_V1 DETERMINISTIC SETTINGS serialization_format = 'RowBinary', webassembly_udf_enable_fuel = 0",
      "CREATE OR REPLACE FUNCTION model_to_base LANGUAGE WASM FROM 'model_digest' :: 'clickhouse_to_base' ARGUMENTS (\`x\` Float64, \`y\` Float64) RETURNS Tuple(\`y\` Float64) ABI BUFFERED_V1 DETERMINISTIC SETTINGS serialization_format = 'RowBinary', webassembly_udf_enable_fuel = 0",
      "CREATE OR REPLACE FUNCTION model_sample LANGUAGE WASM FROM 'model_digest' :: 'clickhouse_sample' ARGUMENTS (\`x\` Float64, \`noise1\` Float64) RETURNS Tuple(\`y\` Float64) ABI BUFFERED_V1 DETERMINISTIC SETTINGS serialization_format = 'RowBinary', webassembly_udf_enable_fuel = 0",
    ]
  `);
  // Bounds that cannot change are looked at without being read.
  const installed = Buffer.from(/base64Decode\('(.*)'\)/.exec(insert!)![1]!, "base64");
  const [{ memory, logprob }, own] = [await exportsOf(installed), await exportsOf(bytes)];
  expect(memory.buffer.byteLength).toBe(2 ** 27);
  expect(() => memory.grow(1)).toThrow(RangeError);
  expect(own.memory.buffer.byteLength).toBeLessThan(2 ** 20);
  expect(logprob.length).toBe(own.logprob.length);
  await expect(clickHouseStatements(bytes, "a b")).rejects.toThrow(/letters, digits and underscores/);
  await expect(clickHouseStatements(new Uint8Array(3), "a")).rejects.toThrow(/not one of pushforward/);
});
