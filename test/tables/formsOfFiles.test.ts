import { describe, expect, test } from "vitest";
import { tableToCsv } from "../../src/tables/reading/csv.ts";
import { readingLines } from "../../src/tables/reading/readingLines.ts";
import { type ReadTableOptions, readTable } from "../../src/tables/reading/readTable.ts";
import { column, numericColumns, type Table, tableFromColumns } from "../../src/tables/table.ts";

const read = (text: string, options: ReadTableOptions = {}): Promise<Table> =>
  readTable(new TextEncoder().encode(text), { name: "f.csv", ...options });
const failure = async (text: string, options?: ReadTableOptions): Promise<string> => {
  try {
    numericColumns(await read(text, options));
  } catch (error) {
    return (error as Error).message;
  }
  return expect.unreachable("it was read");
};

describe("numbers as people write them", () => {
  test.each([
    ["a dash for no cents", "CHF 1'250.50\nCHF 12'500.-\n3.50", [1250.5, 12500, 3.5], "currency"],
    ["two dashes for no cents", '"€ 5,--"\n"€ 7,50"\n"€ 1,-"', [5, 7.5, 1], undefined],
    ["Fortran's exponents", "1.5D+03\n-2.5d-2\n.5D0\n1e1", [1500, -0.025, 0.5, 10], undefined],
    ["codes with zeros before", "90210\n02134\n501", [90210, 2134, 501], undefined],
  ])("%s", async (_, cells, values, kind) => {
    const table = await read(`x\n${cells}\n`, kind ? { parse: { x: kind as "currency" } } : {});
    expect([...column(table, "x")]).toEqual(values);
  });

  test("digits with a D and no point are codes", async () => {
    expect((await read("y,x\n1,12D45\n2,3D10\n")).records[1]?.readAs).toBe("text");
  });

  test("zeros that a number does not need are said, unless `parse` names them", async () => {
    const text = "y,zip\n1,90210\n2,02134\n";
    expect(readingLines(await read(text), [], ["zip"])).toEqual([
      'column "zip" (row 2): "02134" is read as 2134 (leading-zeros); if it is not a number, pass `parse: { "zip": "text" }`',
    ]);
    expect(readingLines(await read(text, { parse: { zip: "leading-zeros" } }), [], ["zip"])).toEqual([]);
    expect(readingLines(await read("x\n0\n0.5\n-0\n"), [], ["x"])).toEqual([]);
  });
});

describe("lines that are no rows", () => {
  test.each([
    ["a title and a blank line", "Sales 2024\n\na,b\n1,2\n", /row 2.*take out what stands above the names/],
    ["two lines of title", "Report\nMay\na,b\n1,2\n", /row 2.*take out what stands above the names/],
    ["a title that a spreadsheet padded", "Sales,\na,b\n1,2\n3,4\n", /if it holds the names of the columns/],
    ["units", "t,v\ns,m/s\n1,2\n3,4\n", /"s" is not a number; if row 1 holds units, take it out/],
    ["units in brackets", "t,n\n[s],\n1,2\n3,4\n", /"\[s\]" is not a number; if row 1 holds units/],
    ["the header once more", "x,y\n1,2\n3,4\nx,y\n5,6\n", /row 3.*the column's name.*repeats the header/],
    ["a sum", "v,w\n1,2\n3,4\nTotal,6\n", /row 3.*"Total" is not a number; take out the row, if it sums up/],
    ["a source", "v,w\n1,2\n3,4\nSource: me\n", /row 3.*mend the row or take it out/],
  ])("%s", async (_, text, message) => {
    expect(await failure(text)).toMatch(message);
  });

  test("one word may stand for a missing value", async () => {
    expect(await failure("id,v\nA,n.d.\nB,5\nC,6\n")).toMatch(/pass `missingMarks: \["n\.d\."\]`/);
    expect(await failure("id,v\nA,#DIV/0!\nB,5\nC,6\n")).toMatch(/pass `missingMarks: \["#DIV\/0!"\]`/);
  });

  test("a sum beside text is said", async () => {
    expect((await read("name,v\na,1\nb,2\nTotal,3\n")).remarks).toEqual([
      'f.csv (row 3): "Total" in the last row; if the row sums up the others, take it out',
    ]);
  });
});

test.each([
  ["<!DOCTYPE html>\n<html></html>\n", "a web page (HTML)"],
  ['<?xml version="1.0"?>\n<a/>\n', "XML"],
  ['[{"a": 1}, {"a": 2}]\n', "JSON"],
  ['{"a": 1}\n{"a": 2}\n', "JSON"],
  ["[[1, 2], [3, 4]]\n", "JSON"],
])("%j is no table", async (text, what) => {
  expect(await failure(text)).toContain(`f.csv is ${what}, not a table of text; `);
});

test.each([
  ["504b030414000600", "a zip archive or an Excel workbook"],
  ["d0cf11e0a1b11ae1", "an old Excel workbook"],
  ["504152311504", "a Parquet file"],
  ["255044462d312e34", "a PDF document"],
])("bytes %s are no text", async (hexadecimal, what) => {
  const bytes = Uint8Array.from(hexadecimal.match(/../g)!, (byte) => Number.parseInt(byte, 16));
  await expect(readTable(bytes, { name: "f.csv" })).rejects.toThrow(
    `f.csv is ${what}, not a table of text; `,
  );
});

test("a table of another delimiter under .tsv is read by it; a column of decimal commas stays one", async () => {
  const tsv = { name: "f.tsv" };
  expect((await read("a,b\n1,2\n3,4\n", tsv)).columns).toEqual(["a", "b"]);
  expect([...(await read("x\n1,5\n2,5\n", tsv)).values]).toEqual([1.5, 2.5]);
  expect((await read("a,b\tc\n1,5\t2\n2,5\t3\n", tsv)).columns).toEqual(["a,b", "c"]);
});

test("a first column may be called #", async () => {
  const table = await read("#,name,x\n1,fern,60\n2,moss,80.5\n");
  expect([table.columns, [...table.values]]).toEqual([
    ["#", "x"],
    [1, 60, 2, 80.5],
  ]);
  expect((await read("#\tx\ty\n1\t2\n3\t4\n")).columns).toEqual(["x", "y"]);
});

test("a column without a name is taken for row numbers where an index stands, nowhere else", async () => {
  expect(await failure("a,,b\n1,2,3\n4,9,6\n")).toMatch(/column 2 has no name/);
  expect(numericColumns(await read(",a\n3,1\n7,2\n"))).toEqual(["a"]);
});

describe("missing values of a table of one column", () => {
  test("are empty cells in quotation marks, and read back", async () => {
    const table = tableFromColumns({ x: Float64Array.of(1, Number.NaN, 2, Number.NaN) });
    expect(tableToCsv(table)).toBe('x\n1\n""\n2\n""\n');
    for (const text of [tableToCsv(table), tableToCsv(table).replaceAll("\n", "\r\n")])
      expect([...(await read(text)).values]).toEqual([...table.values]);
  });

  test("are no rows of a wider table", async () => {
    expect((await read('a,b\n1,2\n""\n3,4\n')).rows).toBe(2);
  });
});
