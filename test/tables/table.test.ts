import { describe, expect, test } from "vitest";
import { closestName } from "../../src/closestName.ts";
import { DataError, ShapeError } from "../../src/errors.ts";
import type { ColumnParse } from "../../src/tables/columnRecord.ts";
import {
  column,
  leftOutColumns,
  numericColumns,
  selectColumns,
  tableFromColumns,
  tableFromRows,
} from "../../src/tables/table.ts";
import { readCsv } from "./readers.ts";

const people = (): ReturnType<typeof readCsv> =>
  readCsv("age,height,city,score\n31,1.7,Rome,5\n32,1.8,Oslo,none\n,1.9,Lima,n.a.\n");

test("columns and rows give the same table", () => {
  const byColumns = tableFromColumns({ x: [1, 3], y: [2, Number.NaN] });
  const byRows = tableFromRows(
    ["x", "y"],
    [
      [1, 2],
      [3, Number.NaN],
    ],
  );
  expect(byColumns).toEqual(byRows);
  expect(byColumns.rows).toBe(2);
  expect([...column(byColumns, "y")]).toEqual([2, Number.NaN]);
  expect(
    tableFromColumns(
      new Map([
        ["10", [1]],
        ["2", [2]],
      ]),
    ).columns,
  ).toEqual(["10", "2"]);
});

test("a flat array becomes the table's memory", () => {
  const values = Float64Array.of(1, 2, 3, 4);
  expect(tableFromRows(["x", "y"], values).values).toBe(values);
});

test("lengths that do not fit are ShapeErrors that name the place", () => {
  expect(() => tableFromColumns({ x: [1, 2], y: [1] })).toThrow(ShapeError);
  expect(() => tableFromColumns({ x: [1, 2], y: [1] })).toThrow(/"y" has 1 rows, "x" has 2/);
  expect(() => tableFromRows(["x", "y"], [[1, 2], [3]])).toThrow(
    /row 2 must be 2 numbers, one per column, got 1/,
  );
  expect(() => tableFromRows(["x", "y"], new Float64Array(3))).toThrow(ShapeError);
});

test("empty and duplicate names are DataErrors", () => {
  expect(() => tableFromRows(["x", " "], [])).toThrow(/column 2 has no name/);
  expect(() => tableFromRows(["x", "y", "x"], [])).toThrow(/columns 1 and 3 have the same name "x"/);
  expect(() => tableFromColumns({})).toThrow(DataError);
});

describe("choosing columns", () => {
  test("keeps the order that was asked for", async () => {
    const chosen = selectColumns(await people(), ["height", "age"]);
    expect(chosen.columns).toEqual(["height", "age"]);
    expect([...chosen.values]).toEqual([1.7, 31, 1.8, 32, 1.9, Number.NaN]);
    expect(chosen.records.map(({ name }) => name)).toEqual(["height", "age"]);
  });

  test("an unknown name lists those there are and the closest", async () => {
    const table = await people();
    expect(() => selectColumns(table, ["hieght"])).toThrow(
      'there is no column "hieght" (did you mean "height"?); the columns are: age, height, city, score',
    );
    expect(() => column(table, "income")).toThrow(/^there is no column "income"; the columns are/);
  });

  test("a text column names its first cell that is no number", async () => {
    const table = await people();
    expect(() => selectColumns(table, ["score"])).toThrow(
      'column "score" (row 3): "n.a." is not a number; if it stands for a missing value, pass `missingMarks: ["n.a."]`; else mend the cell',
    );
    try {
      selectColumns(table, ["city"]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "PUSHFORWARD_DATA", column: "city", row: 1 });
    }
  });

  test("a name that is chosen twice, or none at all, is refused", async () => {
    const table = await people();
    expect(() => selectColumns(table, ["age", "age"])).toThrow(/same name "age"/);
    expect(() => selectColumns(table, [])).toThrow(DataError);
  });
});

describe("the default columns", () => {
  test("are those of numbers; a column that is all text is left out", async () => {
    const table = await readCsv("name,x\nAnn,1\nNA,2\n");
    expect(numericColumns(table)).toEqual(["x"]);
    expect(leftOutColumns(table)).toEqual([
      {
        column: "name",
        kind: "text",
        row: 1,
        cell: "Ann",
        reason: '"Ann" is not a number',
        remedy:
          'to use it, fit `flow: "columns"`, which takes levels and dates as they are, or write its values as numbers',
      },
    ]);
  });

  test("a column of both numbers and text is an error, not left out", async () => {
    const table = await people();
    expect(() => numericColumns(table)).toThrow(
      /column "score" \(row 3\): "n\.a\." is not a number; .*`missingMarks: \["n\.a\."\]`; .*`columns: \["age", "height"\]`\.$/,
    );
  });

  test("numbers that can be read in two ways are an error with both remedies, not left out", async () => {
    const thousands = await readCsv('x,y\n"1,000",1\n"2,500",1\n');
    expect(() => numericColumns(thousands)).toThrow(
      'column "x" (row 1): "1,000" is not a number without doubt: it may be 1000 or 1; ' +
        'pass `parse: { "x": "thousands" }` or `parse: { "x": "decimal-comma" }`, or leave the column out with `columns: ["y"]`',
    );
    const asked = async (kind: ColumnParse): Promise<number[]> => [
      ...column(await readCsv('x,y\n"1,000",1\n"2,500",1\n', { parse: { x: kind } }), "x"),
    ];
    expect(await asked("thousands")).toEqual([1000, 2500]);
    expect(await asked("decimal-comma")).toEqual([1, 2.5]);
  });

  test("no column of numbers is an error that shows what there is", async () => {
    const table = await readCsv("a;b\nRome;Oslo\n");
    expect(() => numericColumns(table)).toThrow('no column holds numbers; column "a" starts with "Rome"');
  });
});

test("the closest name is a likely slip, or none", () => {
  expect(closestName("Weigth", ["height", "weight"])).toBe("weight");
  expect(closestName("X", ["x", "y"])).toBe("x");
  const long = "n".repeat(201);
  expect(closestName(`${long.slice(2)}m`, [long, long.slice(1)])).toBe(long.slice(1));
  expect(closestName(`${long}m`, [long])).toBeUndefined();
  expect(closestName("tset", ["test", "seed"])).toBe("test");
  expect(closestName("transfroms", ["threads", "transforms"])).toBe("transforms");
  expect(closestName("income", ["x", "y"])).toBeUndefined();
});
