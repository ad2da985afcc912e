import { describe, expect, test } from "vitest";
import { dressOf } from "../../src/tables/reading/numberDress.ts";
import { readingLines } from "../../src/tables/reading/readingLines.ts";
import { type ReadTableOptions, readTable } from "../../src/tables/reading/readTable.ts";
import { column, leftOutColumns, numericColumns, type Table } from "../../src/tables/table.ts";

const read = (text: string | Uint8Array, options: ReadTableOptions = {}): Promise<Table> =>
  readTable(typeof text === "string" ? new TextEncoder().encode(text) : text, { name: "d.csv", ...options });
const numbers = async (text: string, options?: ReadTableOptions): Promise<[string, ...number[]]> => {
  const table = await read(text, options);
  const names = numericColumns(table);
  return [names.join(), ...names.flatMap((name) => [...column(table, name)])];
};
const failure = async (text: string | Uint8Array, options?: ReadTableOptions): Promise<string> => {
  try {
    numericColumns(await read(text, options));
  } catch (error) {
    return (error as Error).message;
  }
  return expect.unreachable("it was read");
};
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe("dialects", () => {
  test.each([
    ["a title of R's row names", '"mpg" "cyl"\n"Mazda RX4" 21 6\n"Wag" 21.5 6\n', "mpg,cyl", 21, 21.5, 6, 6],
    ["R with commas", '"x","y"\n"1",5,6\n"2",7,8\n', "x,y", 5, 7, 6, 8],
    ["aligned columns", "   x      y\n  1.0   2.5\n 10.0   3.5\n", "x,y", 1, 10, 2.5, 3.5],
    ["commas in a commented header", "# x, y\n1.0 2.0\n3.0 4.0\n", "x,y", 1, 3, 2, 4],
    ["a tab after sep=", "sep=\t\nx\ty\n1\t2\n", "x,y", 1, 2],
    ["three kinds of line ends", "x,y\r1,2\r\n3,4\n5,6", "x,y", 1, 3, 5, 2, 4, 6],
    ["blanks before quotes", '"x", "y"\n"1", "2"\n3,  "4"\n', "x,y", 1, 3, 2, 4],
    ["rows that end in a comma", "x,y\n1,2,\n3,4,\n", "x,y", 1, 3, 2, 4],
    ["a header that does", "x,y,\n1,2\n3,4\n", "x,y", 1, 3, 2, 4],
    ["decimal commas between semicolons", "x;y\n1,5;2,5\n3,5;4,25\n", "x,y", 1.5, 3.5, 2.5, 4.25],
    ["decimal commas between blanks", "x y\n1,5 2,5\n3,5 4,25\n", "x,y", 1.5, 3.5, 2.5, 4.25],
    ["a filtered index without a name", ",x\n3,1\n7,2\n", "x", 1, 2],
    ["years as names", "unit,1990,1991\nA,5,6\nB,7,8\n", "1990,1991", 5, 7, 6, 8],
  ])("%s", async (_, text, ...expected) => {
    expect(await numbers(text)).toEqual(expected);
  });

  test("a first line of data is refused, or read as such, or said", async () => {
    for (const text of ["5.1,3.5,rose\n4.9,3,rose\n", "?,5.1\n3,4\n", "M,22\nF,38\nM,20\n"])
      expect(await failure(text)).toMatch(/^d\.csv has no header line: .*`header: false`/);
    expect(await numbers("5.1,3.5,rose\n4.9,3,rose\n", { header: false })).toEqual([
      "c1,c2",
      5.1,
      4.9,
      3.5,
      3,
    ]);
    expect(await numbers("5.1,3.5\n4.9,3\n", { header: true })).toEqual(["5.1,3.5", 4.9, 3]);
    expect((await read("0,1\n5.5,6\n")).remarks).toEqual([
      'd.csv: the first line ("0, 1") is taken for the names of the columns; if it is data, pass `header: false`',
    ]);
  });

  test("comments that may be rows are said", async () => {
    expect((await read("# c\nx,y\n1,2\n# 3,4\n5,6\n")).remarks?.[0]).toMatch(
      /could be a row of data \("# 3,4"\)/,
    );
    expect((await read("x,y\n1,2\n# total 2\n")).remarks?.[0]).toMatch(/1 line that starts with #/);
    expect(await numbers("colour,x\n#ff0000,1\n#00ff00,2\n")).toEqual(["x", 1, 2]);
  });

  test.each([
    ["windows-1252", bytes("gr\xf6\xdfe,x\n1,2\n"), "gr\u00f6\u00dfe"],
    ["windows-1251", bytes("\xc8\xec\xff,x\n1,2\n"), "\u0418\u043c\u044f"],
    ["shift_jis", bytes("\x93\xfa\x96\x7b,x\n1,2\n"), "\u65e5\u672c"],
    ["utf-16le", bytes([..."x,y\n1,2\n"].map((letter) => `${letter}\0`).join("")), "x"],
  ])("%s is named, and read where it is asked for", async (encoding, content, name) => {
    expect(await failure(content)).toBe(
      `d.csv is not UTF-8 text; it seems to be ${encoding}: pass \`encoding: "${encoding}"\`, or save it in UTF-8.`,
    );
    expect((await read(content, { encoding })).columns[0]).toBe(name);
    await expect(read(content, { encoding: "klingon" })).rejects.toThrow(/encoding must be a label/);
  });
});

describe("numbers in another dress", () => {
  test.each([
    ["12.5%", 12.5, "percent"],
    ["-$1,234.50", -1234.5, "currency:$"],
    ["$ (1,234.50)", -1234.5, "currency:$"],
    ["5.5 km/h", 5.5, "unit:km/h"],
    ["1 822", 1822, ""],
    ["1\u202f234\u202f567.5", 1234567.5, ""],
    ["1'234.5", 1234.5, ""],
    ["12,34,567", 1234567, ""],
    ["(1.3)", -1.3, ""],
    ["3.5-", -3.5, ""],
    ["'1.2", 1.2, ""],
    ['="1.2"', 1.2, ""],
    ["\u22123", -3, ""],
    ["\uff11\uff12.\uff15", 12.5, ""],
  ])("%s", (cell, value, measure) => {
    expect(dressOf(cell)).toMatchObject({ point: value, measure });
  });

  test.each([
    "5-10",
    "10:30",
    "1e",
    "0x10",
    "1 2",
    "5\u00b11",
    "2. Married",
    "1,23,4",
    "2024-01-05",
    "12-5-3",
    "a1",
  ])("%s is none", (cell) => expect(dressOf(cell)).toBeUndefined());

  test("a column that does not say what it means is refused, with remedies that work", async () => {
    const cases: [string, ReadTableOptions["parse"], number[]][] = [
      ["1,234\n2,500", { x: "thousands" }, [1234, 2500]],
      ["1,234\n2,500", { x: "decimal-comma" }, [1.234, 2.5]],
      ["1.234 \u20ac\n2.500 \u20ac", { x: "decimal-comma" }, [1234, 2500]],
      ["1.234 \u20ac\n2.500 \u20ac", { x: "decimal-point" }, [1.234, 2.5]],
      ["5%\n6", { x: "percent" }, [5, 6]],
      ["5 m\n6", { x: "unit:m" }, [5, 6]],
    ];
    for (const [cells, parse, values] of cases) {
      const [option] = Object.values(parse!) as string[];
      expect(await failure(`x;y\n${cells.replace("\n", ";1\n")};2\n`)).toContain(
        `parse: { "x": "${option}" }`,
      );
      expect(await numbers(`x;y\n${cells.replace("\n", ";1\n")};2\n`, { parse })).toEqual([
        "x,y",
        ...values,
        1,
        2,
      ]);
    }
    expect(await failure("x,y\n5 m,1\n6 m,1\n7 km,2\n")).toMatch(
      /"7 km" is a number in km, "5 m" \(row 1\) in m/,
    );
    expect(await failure("x;y\n1.234;1,5\n2.345;2,5\n")).toMatch(
      /1\.234 may be 1234 or 1\.234, since column "y"/,
    );
    expect(await numbers("x,y\nyes,1\nno,2\n", { parse: { x: "boolean" } })).toEqual(["x,y", 1, 0, 1, 2]);
    await expect(read("x\n1\n", { parse: { z: "percent" } })).rejects.toThrow(
      /parse: there is no column "z"/,
    );
    await expect(read("x\n1\n", { parse: { x: "money" as "currency" } })).rejects.toThrow(
      /parse of column "x"/,
    );
  });

  test("addresses and lists are text; a hundred columns of it are one line", async () => {
    const address = await read("a,x\n12 Main Street,1\n14 Oak Avenue,2\n16 Elm Road,3\n");
    expect(leftOutColumns(address)).toMatchObject([{ column: "a", kind: "text" }]);
    const names = Array.from({ length: 100 }, (_, i) => `t${i}`);
    const wide = await read(`x,${names.join()}\n1,${names.map((name) => `${name} word`).join()}\n`);
    const lines = readingLines(wide, leftOutColumns(wide), ["x"]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^100 columns are left out, .*"t0" \("t0 word"\)/);
  });

  test("true and false are the same in JSON lines and CSV; beside other numbers they are refused", async () => {
    const lines = await read('{"b": true, "x": 1}\n{"b": "FALSE", "x": 2}\n', { format: "jsonl" });
    const csv = await read("b,x\nTrue,1\nfalse,2\n");
    expect(lines).toEqual(csv);
    expect(csv.records[0]!.readAs).toBe("booleans");
    expect(await failure("b,x\ntrue,1\n5,2\n")).toMatch(/"true" is not a number, and row 2/);
  });
});
