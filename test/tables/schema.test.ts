import { describe, expect, it } from "vitest";
import { DataError, UsageError } from "../../src/errors.ts";
import { tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { cellsOf, tableOfCells, unknownLevel, writtenCells } from "../../src/tables/schema/cells.ts";
import { checkSchema } from "../../src/tables/schema/checkSchema.ts";
import type { ColumnSchema, TableSchema } from "../../src/tables/schema/columnSchema.ts";
import { inferSchema } from "../../src/tables/schema/describe.ts";
import { schemaOf } from "../../src/tables/schema/tableSchema.ts";
import type { Table } from "../../src/tables/table.ts";
import { readCsv } from "./readers.ts";

const text = [
  "sex,size,age,member,joined,at,flag,color,code",
  "f,S,31,TRUE,31/01/2020,08:30,0,red,2",
  "m,M,,FALSE,01/02/2020,23:00,1,,1",
  "f,L,44,TRUE,,00:15,1,blue,2",
  ",S,19,TRUE,15/06/2019,12:00,0,red,2",
].join("\n");
const table = await readCsv(text);
const schema = inferSchema(table);
const one = (name: string, own: TableSchema = schema): ColumnSchema =>
  own.columns.find((column) => column.name === name)!;
const withKind = (name: string, kind: string, from: Table = table): ColumnSchema =>
  one(name, schemaOf("fit", from, { kinds: { [name]: kind } }));

describe("cells", () => {
  it("are numbers by what the columns are", () => {
    const { cells, unknown } = cellsOf(table, schema.columns);
    const columns = Object.fromEntries(schema.columns.map(({ name }, i) => [name, Array.from(cells[i]!)]));
    expect(columns).toEqual({
      sex: [0, 1, 0, Number.NaN],
      size: [0, 1, 2, 0],
      age: [31, Number.NaN, 44, 19],
      member: [1, 0, 1, 1],
      joined: [Date.UTC(2020, 0, 31), Date.UTC(2020, 1, 1), Number.NaN, Date.UTC(2019, 5, 15)],
      at: [30_600, 82_800, 900, 43_200],
      flag: [0, 1, 1, 0],
      color: [1, Number.NaN, 0, 1],
      code: [1, 0, 1, 1],
    });
    expect(unknown).toEqual([]);
  });

  it("come back as they were, in the table's types", () => {
    const back = tableOfCells(schema.columns, cellsOf(table, schema.columns).cells);
    const expected = tableToObjects(table).map((row) => ({
      ...row,
      member: row.member === 1 ? "true" : "false",
      joined: row.joined === null ? null : String(row.joined).split("/").reverse().join("-"),
    }));
    expect(tableToObjects(back)).toEqual(expected);
    const again = cellsOf(back, schema.columns);
    expect(again.cells).toEqual(cellsOf(table, schema.columns).cells);
    expect(again.unknown).toEqual([]);
  });

  it("are written with the decimals of their column, and stay within its bounds", async () => {
    const prices = Array.from({ length: 40 }, (_, i) => `${(3 + i * i * 1.37).toFixed(2)},${Math.sin(i)}`);
    const { columns } = inferSchema(await readCsv(`price,wave\n${prices.join("\n")}\n`));
    expect(columns.map(({ kind, decimals }) => [kind, decimals])).toEqual([
      ["positive", 2],
      ["continuous", undefined],
    ]);
    const drawn = [
      [12.3456, 1e22, 0.001, Number.NaN],
      [0.123456, 1, 2, 3],
    ].map((own) => Float64Array.from(own));
    expect(writtenCells(columns, drawn).map((own) => Array.from(own))).toEqual([
      [12.35, 1e22, 0.01, Number.NaN],
      [0.123456, 1, 2, 3],
    ]);
    const capped = { ...columns[0]!, upper: 20, atoms: [0] };
    expect(Array.from(writtenCells([capped], [Float64Array.of(0.001, 19.999)])[0]!)).toEqual([0, 19.99]);
  });

  it("tell a level that the column does not have", async () => {
    const other = await readCsv("sex,size\nf,S\nx,M\ny,M\n");
    const { cells, unknown } = cellsOf(other, [one("sex")]);
    expect(Array.from(cells[0]!)).toEqual([0, unknownLevel, unknownLevel]);
    expect(unknown).toEqual([{ column: "sex", level: "x", row: 2 }]);
  });

  it("are levels whether a table has them as text or as numbers", async () => {
    const levels: ColumnSchema = { name: "code", kind: "categorical", use: "fit", levels: ["1", "2", "x"] };
    const { cells } = cellsOf(await readCsv("code,y\n2,1\n1,1\n"), [levels]);
    expect(Array.from(cells[0]!)).toEqual([1, 0]);
  });

  it("refuse a column that is not there, and text that is no date", async () => {
    expect(() => cellsOf(table, [{ ...one("sex"), name: "sexx" }])).toThrow(
      /no column "sexx" \(did you mean "sex"\?\)/,
    );
    const wrong = await readCsv("joined,y\n31/01/2020,1\nsoon,2\n");
    expect(() => cellsOf(wrong, [one("joined")])).toThrow(
      /^column "joined" \(row 2\): "soon" is not a date, as the column's kind, date-time, says; mend the cell, or give the column another kind\.$/,
    );
  });
});

describe("kinds that somebody names", () => {
  it.each([
    ["age", "continuous", { kind: "continuous", use: "fit", missing: true }],
    ["age", "integer", { kind: "integer", use: "fit", missing: true, step: 1, from: 19 }],
    ["age", "positive", { kind: "positive", use: "fit", missing: true, lower: 0 }],
    [
      "age",
      "interval:19:120",
      { kind: "interval", use: "fit", missing: true, lower: 19, upper: 120, atoms: [19] },
    ],
    ["age", "angle:50", { kind: "angle", use: "fit", missing: true, period: 50 }],
    ["code", "categorical", { kind: "categorical", use: "fit", levels: [1, 2] }],
    ["size", "categorical", { kind: "categorical", use: "fit", levels: ["L", "M", "S"] }],
    ["sex", "boolean", { kind: "boolean", use: "fit", missing: true, levels: ["f", "m"] }],
    ["at", "categorical", { kind: "categorical", use: "fit", levels: ["00:15", "08:30", "12:00", "23:00"] }],
    ["color", "text", { kind: "text", use: "exclude", missing: true }],
    [
      "joined",
      "date-time:day-month-year",
      {
        kind: "date-time",
        use: "fit",
        missing: true,
        written: "day-month-year",
        step: 86_400_000,
        from: Date.UTC(2019, 5, 15),
      },
    ],
  ])("%s as %s", (name, kind, own) => {
    expect(withKind(name, kind)).toEqual({ name, ...own });
  });

  it.each([
    ["age", "integers", UsageError, /there is no kind "integers" \(did you mean "integer"\?\)/],
    ["age", "interval:0", UsageError, /"interval" needs two bounds, such as interval:0:100/],
    ["age", "interval:50:20", UsageError, /the lower bound, 50, must be below the upper one, 20/],
    [
      "age",
      "interval:20:50",
      DataError,
      /column "age" \(row 4\): 19 lies outside of the interval from 20 to 50/,
    ],
    ["age", "angle:-1", UsageError, /the period must be above 0/],
    ["age", "integer:3", UsageError, /says more than integer takes/],
    ["sex", "integer", DataError, /column "sex" \(row 1\): "f" is not a number/],
    ["size", "boolean", DataError, /has 3 different values, and a boolean column has two/],
    [
      "joined",
      "date-time:month-day-year",
      DataError,
      /"31\/01\/2020" is not a date of the order month-day-year/,
    ],
    ["joined", "date-time:dmy", UsageError, /dates are written year-month-day/],
    ["agee", "integer", UsageError, /no column "agee" \(did you mean "age"\?\)/],
  ])("%s is not %s", (name, kind, error, message) => {
    expect(() => withKind(name, kind)).toThrow(error);
    expect(() => withKind(name, kind)).toThrow(message);
  });
});

describe("a schema", () => {
  it("survives JSON, and what it says counts", () => {
    const changed: TableSchema = {
      columns: [{ ...one("code"), kind: "categorical", levels: [1, 2, 3] }],
    };
    const own = schemaOf("fit", table, { schema: JSON.parse(JSON.stringify(changed)), exclude: ["sex"] });
    expect(one("code", own).levels).toEqual([1, 2, 3]);
    expect(one("sex", own).use).toBe("exclude");
    expect(one("age", own)).toEqual(one("age"));
    expect(schemaOf("fit", table, { schema: JSON.parse(JSON.stringify(schema)) })).toEqual(schema);
  });

  it.each([
    [null, /schema must be an object with an array of columns/],
    [{ columns: [{ kind: "integer" }] }, /column 1 of schema must be an object with a name/],
    [
      { columns: [{ name: "age", kind: "int", use: "fit" }] },
      /kind of column "age" of schema must be one of continuous/,
    ],
    [
      { columns: [{ name: "age", kind: "integer", use: "yes" }] },
      /use of column "age" of schema must be "fit", "exclude" or "keep"/,
    ],
    [{ columns: [{ name: "age", kind: "integer", use: "fit", max: 3 }] }, /has "max", which means nothing/],
    [
      { columns: [{ name: "age", kind: "integer", use: "fit", step: 0 }] },
      /step of column "age" of schema must be a number above 0/,
    ],
    [
      { columns: [{ name: "sex", kind: "categorical", use: "fit" }] },
      /levels of column "sex" of schema must be a list/,
    ],
    [{ columns: [{ name: "a", kind: "text", use: "fit" }] }, /is of kind text, which has no density/],
    [{ columns: [one("age"), one("age")] }, /column "age" of schema is there twice/],
  ])("that is wrong is refused: %j", (value, message) => {
    expect(() => checkSchema("fit", value)).toThrow(UsageError);
    expect(() => checkSchema("fit", value)).toThrow(message);
  });
});
