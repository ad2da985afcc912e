import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type ReadTableOptions, readTable } from "../../src/tables/reading/readTable.ts";
import { column, leftOutColumns, numericColumns, type Table } from "../../src/tables/table.ts";

const path = (name: string): string => fileURLToPath(new URL(`../files/reports/${name}`, import.meta.url));
const read = (name: string, options: ReadTableOptions = {}): Promise<Table> => readTable(path(name), options);
/** Columns that are used, number of rows, first row of them. */
const summary = (table: Table): readonly [string, number, ...number[]] => {
  const names = numericColumns(table);
  return [names.join(), table.rows, ...names.map((name) => column(table, name)[0]!)];
};

describe("tables that people reported, as they are meant", () => {
  test.each([
    ["boolean-csv.csv", "x,ok", 60, 11.0368, 1],
    ["comments-top.csv", "x,y", 60, 11.0368, 5.5725],
    ["eol-crlf-header-lf-rows.csv", "x,y", 60, 11.0368, 5.5725],
    ["eol-concatenated.csv", "x,y", 40, 0.346, 0.822],
    ["excel-sep-line.csv", "x,y", 60, 11.0368, 5.5725],
    ["left-out-currency.csv", "x,y", 60, 11036.8, 5.5725],
    ["left-out-parentheses.csv", "x,y", 40, 0.346, -0.822],
    ["left-out-percent.csv", "x,y", 60, 11.0368, 5.5725],
    ["left-out-thousands-space.csv", "x,y", 40, 0.346, 1822],
    ["left-out-units.csv", "x,y", 60, 11.0368, 5.5725],
    ["r-write-table.txt", "x,y", 60, 11.0368, 5.5725],
    ["savetxt-header.txt", "x,y", 60, 11.0368, 5.5725],
    ["space-before-quote.csv", "x,y", 60, 11.0368, 5.5725],
    ["trailing-comma.csv", "x,y", 60, 11.0368, 5.5725],
    ["pandas-unnamed0.csv", "x,y", 60, 11.0368, 5.5725],
    ["all-missing-column.csv", "x,y", 60, 11.0368, 5.5725],
  ] as const)("%s", async (name, ...expected) => {
    expect(summary(await read(name))).toEqual(expected);
  });

  test("CmdStan's output has comments before, among and after the rows", async () => {
    const table = await read("comments-cmdstan.csv");
    expect([table.columns.join(), table.rows]).toEqual(["lp__,accept_stat__,mu,tau", 60]);
    expect(table.remarks).toBeUndefined();
  });

  test("the last line of a file of mixed line ends is read", async () => {
    const last = readFileSync(path("eol-crlf-header-lf-rows.csv"), "utf8").trimEnd().split("\n").pop()!;
    const table = await read("eol-crlf-header-lf-rows.csv");
    expect(column(table, "y")[59]).toBe(Number(last.split(",")[1]));
  });

  test("missing values under other marks are missing", async () => {
    const missing = async (name: string, options?: ReadTableOptions): Promise<number[]> =>
      [...column(await read(name, options), "x")].flatMap((value, row) =>
        Number.isNaN(value) ? [row + 1] : [],
      );
    expect(await missing("missing-minus-nan.csv")).toEqual([21]);
    expect(await missing("missing-question-mark.csv", { missingMarks: ["?"] })).toEqual([21]);
    const table = await read("missing-question-mark.csv");
    expect(() => numericColumns(table)).toThrow(
      /column "x" \(row 21\): "\?" is not a number; .*`missingMarks: \["\?"\]`/,
    );
  });

  test("what is left out has a record with its reason", async () => {
    const kinds = async (name: string): Promise<unknown[]> =>
      leftOutColumns(await read(name)).map((each) => [each.column, each.kind]);
    expect(await kinds("pandas-unnamed0.csv")).toEqual([["Unnamed: 0", "row-numbers"]]);
    expect(await kinds("r-write-table.txt")).toEqual([["row.names", "row-numbers"]]);
    expect(await kinds("all-missing-column.csv")).toEqual([["empty", "empty"]]);
    expect(await kinds("trailing-comma.csv")).toEqual([["Unnamed: 2", "empty"]]);
    expect(await kinds("left-out-percent.csv")).toEqual([]);
  });

  test("records survive JSON", async () => {
    const { records } = await read("left-out-currency.csv");
    expect(JSON.parse(JSON.stringify(records))).toEqual(records);
    expect(records[0]).toMatchObject({
      name: "x",
      parse: ["currency", "thousands"],
      example: { row: 1, cell: "$11,036.80", value: 11036.8 },
      inferred: true,
    });
  });
});
