import { inspect } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import {
  DataError,
  type Flow,
  fit,
  splitTable,
  tableFromObjects,
  tableFromRows,
  tableToObjects,
  UsageError,
} from "../../src/index.ts";

const numbers = Float64Array.from({ length: 90 }, (_, i) => Math.sin(7 * i) + i / 50);
const table = tableFromRows(["a", "b", "c"], numbers);
let joint: Flow;
let conditional: Flow;
beforeAll(async () => {
  joint = (await fit(table, { flow: "gaussian", columns: ["a", "b"], threads: 1 })).flow;
  conditional = (
    await fit(table, {
      flow: "realnvp",
      transforms: 1,
      hidden: [4],
      epochs: 3,
      validation: 0,
      columns: ["a", "b"],
      given: ["c"],
      threads: 1,
    })
  ).flow;
});

const columnsOf = (names: readonly string[]): number[][] =>
  tableToObjects(table).map((row) => names.map((name) => row[name] as number));

describe("rows", () => {
  it("are a table, arrays, objects or numbers, with the same scores", async () => {
    const expected = await joint.logProb(table);
    const lists = columnsOf(["a", "b"]);
    expect(await joint.logProb(lists)).toEqual(expected);
    expect(await joint.logProb(tableToObjects(table))).toEqual(expected);
    expect(await joint.logProb(Float64Array.from(lists.flat()))).toEqual(expected);
    const rounded = Float32Array.from(lists.flat());
    expect(await joint.logProb(rounded)).toEqual(await joint.logProb(Float64Array.from(rounded)));
    expect(await joint.toBase(lists)).toEqual(await joint.toBase(table));
    expect(await joint.logProb([])).toEqual(new Float64Array(0));
  });

  it("have their conditions beside them, one for all rows or one for each", async () => {
    const expected = await conditional.logProb(table);
    const given = { c: columnsOf(["c"]).flat() };
    expect(await conditional.logProb(columnsOf(["a", "b"]), { given })).toEqual(expected);
    expect(await conditional.logProb(table, { given })).toEqual(expected);
    const same = await conditional.logProb(table, { given: { c: 0.5 } });
    expect(same).toEqual(await conditional.logProb(columnsOf(["a", "b"]).map(([a, b]) => [0.5, a!, b!])));
    expect(same).not.toEqual(expected);
    await expect(conditional.logProb(table, { given: {} })).rejects.toThrow(UsageError);
    await expect(conditional.logProb(table, { given: { c: [1, 2] } })).rejects.toThrow(/30 rows, got 2/);
    await expect(joint.logProb(table, { given: { c: 1 } })).rejects.toThrow(UsageError);
  });

  it("that are not rows of the flow are named", async () => {
    await expect(joint.logProb([[1, 2], [3]])).rejects.toThrow(/row 2 has 1 number; the 2 columns are a, b/);
    await expect(joint.logProb([{ a: 1, b: 2 }, { a: 1 }])).rejects.toThrow(/row 2 has no "b"/);
    await expect(joint.logProb([{ a: 1, b: "2" } as never])).rejects.toThrow(/"b" \(row 1\): "2" is not/);
    await expect(joint.logProb([{ a: 1, b: null }])).rejects.toThrow(/"b" \(row 1\): the value is missing/);
    expect(await joint.logProb([{ a: 1, b: null }], { missing: "empty" })).toEqual(
      Float64Array.of(Number.NaN),
    );
    await expect(joint.logProb(new Float32Array(3))).rejects.toThrow(DataError);
  });

  it("go to the base and back", async () => {
    for (const [flow, given] of [
      [joint, undefined],
      [conditional, { c: columnsOf(["c"]).flat() }],
    ] as const) {
      const rows = columnsOf(["a", "b"]);
      const back = await flow.toData(await flow.toBase(rows, { given }), { given });
      back.forEach((value, i) => {
        expect(Math.abs(value - rows.flat()[i]!)).toBeLessThan(1e-4);
      });
    }
    await expect(joint.toData(new Float64Array(3))).rejects.toThrow(DataError);
    await expect(conditional.toData(new Float64Array(2))).rejects.toThrow(UsageError);
  });
});

it("a score is the mean log-density with its standard error", async () => {
  const scores = await joint.logProb(table);
  const { mean, standardError, rows } = await joint.score(table);
  const average = scores.reduce((a, b) => a + b) / 30;
  expect([rows, mean]).toEqual([30, average]);
  const variance = scores.reduce((sum, value) => sum + (value - average) ** 2, 0) / 29;
  expect(standardError).toBeCloseTo(Math.sqrt(variance / 30), 12);
  expect((await joint.score([[0, 1]])).standardError).toBe(Number.POSITIVE_INFINITY);
  expect(
    await joint.score(
      [
        { a: 0, b: null },
        { a: 0, b: 1 },
      ],
      { missing: "drop" },
    ),
  ).toMatchObject({ rows: 1 });
  await expect(joint.score([])).rejects.toThrow(DataError);
});

it("a flow says what it is, in one line and in full", () => {
  expect(`${conditional}`).toBe(
    `Flow of a, b given c: RealNVP, 1 transform, hidden 4, ${conditional.parameterCount} parameters`,
  );
  expect(inspect(joint)).toBe("Flow of a, b: Gaussian, full covariance, 5 parameters");
  expect(joint.describe()).toMatch(/^architecture +Gaussian, full covariance\nparameters +5\n/);
  expect(joint.facts.columns).toBe("a, b");
});

describe("tables", () => {
  it("are split at random, each row on one side, by the seed", () => {
    const { train, test } = splitTable(table, { test: 0.2, seed: 3 });
    expect([train.rows, test.rows]).toEqual([24, 6]);
    const key = (own: { a?: number }): number => own.a!;
    const all = [...tableToObjects(train), ...tableToObjects(test)].map(key).sort();
    expect(all).toEqual(tableToObjects(table).map(key).sort());
    expect(splitTable(table, { test: 0.2, seed: 3 }).test.values).toEqual(test.values);
    expect(splitTable(table, { test: 0.2, seed: 4 }).test.values).not.toEqual(test.values);
    expect(() => splitTable(table, { test: 1 })).toThrow(UsageError);
    expect(() => splitTable(tableFromRows(["a"], [[1]]))).toThrow(DataError);
  });

  it("are made of objects as of JSON lines, and objects of them", () => {
    const rows = [
      { x: 1, name: "a", yes: true },
      { x: null, y: 2, name: "b", yes: false },
    ];
    const made = tableFromObjects(rows);
    expect(made.columns).toEqual(["x", "yes", "y"]);
    expect(made.values).toEqual(Float64Array.of(1, 1, Number.NaN, Number.NaN, 0, 2));
    expect(made.records.map(({ name }) => name)).toEqual(["x", "name", "yes", "y"]);
    expect(tableToObjects(tableFromObjects([{ x: 1, y: 2 }]))).toEqual([{ x: 1, y: 2 }]);
    expect(() => tableFromObjects([])).toThrow(DataError);
    expect(() => tableFromObjects([{}])).toThrow(DataError);
    expect(() => tableFromObjects([1] as never)).toThrow(UsageError);
  });
});
