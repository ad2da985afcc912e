import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FormatError, PushforwardError } from "../../src/errors.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableToCsv } from "../../src/tables/reading/csv.ts";
import { column, leftOutColumns, numericColumns, tableFromRows } from "../../src/tables/table.ts";
import { readCsv } from "./readers.ts";

const cells = async (...texts: string[]): Promise<number[]> => {
  const table = await readCsv(`x,y\n${texts.map((text) => `${text},1\n`).join("")}`);
  return [...column(table, "x")];
};
const failure = async (source: Parameters<typeof readCsv>[0]): Promise<Error> => {
  const error = await readCsv(source, { name: "data.csv" }).then(
    () => expect.unreachable("it was read"),
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(PushforwardError);
  expect((error as Error).message).not.toMatch(/\n/);
  return error as Error;
};
const bits = (values: Float64Array): bigint[] => [...new BigUint64Array(values.slice().buffer)];

describe("cells", () => {
  test("numbers are read as decimals", async () => {
    expect(await cells("1e-3", "+1", ".5", "5.", "-2.5E+3", " 7 ", "0012")).toEqual([
      0.001, 1, 0.5, 5, -2500, 7, 12,
    ]);
  });

  test("infinities are kept", async () => {
    const { POSITIVE_INFINITY: up, NEGATIVE_INFINITY: down } = Number;
    expect(await cells("inf", "-Infinity", "+INF", "-inf")).toEqual([up, down, up, down]);
  });

  test("missing values are NaN, in whatever capitals", async () => {
    const missing = ["", "NA", "n/a", "N/A", "null", "None", "nan", "NaN", "  "];
    expect(await cells(...missing)).toEqual(missing.map(() => Number.NaN));
  });

  test.each(["12abc", "0x10", "1e", "e5", ".", "+", "--1", "1 2", "truth", "0b1", "\u0661"])(
    "%s among numbers is refused",
    async (text) => {
      const table = await readCsv(`x,y\n1,1\n${text},1\n`);
      expect(leftOutColumns(table)).toMatchObject([{ column: "x", row: 2, cell: text }]);
      expect(() => numericColumns(table)).toThrow(/column "x" \(row 2\)/);
      expect(() => column(table, "x")).toThrow(/column "x" \(row 2\)/);
    },
  );
});

describe("the file's form", () => {
  test.each([
    ["commas", "a,b\n1,2\n3,4\n"],
    ["semicolons", "a;b\n1;2\n3;4\n"],
    ["tabs", "a\tb\n1\t2\n3\t4\n"],
    ["no line feed at the end", "a,b\n1,2\n3,4"],
    ["carriage returns and line feeds", "a,b\r\n1,2\r\n3,4\r\n"],
    ["old Macintosh line ends", "a,b\r1,2\r3,4\r"],
    ["a byte order mark", "\ufeffa,b\n1,2\n3,4\n"],
    ["quotes", '"a","b"\n"1","2"\n3,"4"\n'],
    ["blanks", " a , b\n 1, 2\n3 ,4\n"],
    ["blank lines", "\n\na,b\n\n1,2\n\n3,4\n\n\n"],
  ])("%s", async (_, text) => {
    const expected = tableFromRows(
      ["a", "b"],
      [
        [1, 2],
        [3, 4],
      ],
    );
    expect(await readCsv(text)).toEqual(expected);
    expect(await readCsv(new TextEncoder().encode(text))).toEqual(expected);
    expect(await readCsv(new Blob([text]))).toEqual(expected);
  });

  test("UTF-16 with a byte order mark, as Excel saves Unicode text", async () => {
    const text = "\ufeffa\tb\n1\t2\n";
    const bytes = new Uint8Array(new Uint16Array([...text].map((letter) => letter.charCodeAt(0))).buffer);
    expect((await readCsv(bytes)).columns).toEqual(["a", "b"]);
  });

  test("names with a delimiter, a quote, a line feed, or those of an object's own parts", async () => {
    const table = await readCsv('"a,b","say ""x""","two\nlines",__proto__\n1,2,3,4\n');
    expect(table.columns).toEqual(["a,b", 'say "x"', "two\nlines", "__proto__"]);
    expect([...column(table, "__proto__")]).toEqual([4]);
  });

  test("a blank line between rows of one column is a missing cell", async () => {
    const table = await readCsv("x\n1\n\n3\n\n\n");
    expect([...table.values]).toEqual([1, Number.NaN, 3]);
  });

  test("bytes that arrive one at a time give the same table", async () => {
    const text = 'a,\u00e9\r\n"1", 2\r\n"3" ,"4"\r\n';
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of new TextEncoder().encode(text)) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect(await readCsv(stream)).toEqual(
      tableFromRows(
        ["a", "\u00e9"],
        [
          [1, 2],
          [3, 4],
        ],
      ),
    );
  });

  test("a table larger than one piece of the stream is read whole", async () => {
    const rows = 500_000;
    const lines = Array.from({ length: rows }, (_, row) =>
      row % 1000 === 7 ? `"${row}",${-row}` : `${row},${-row}`,
    );
    const table = await readCsv(new TextEncoder().encode(`a,b\n${lines.join("\n")}\n`));
    expect(table.rows).toBe(rows);
    expect(column(table, "a").every((value, row) => value === row)).toBe(true);
    expect(column(table, "b").every((value, row) => value === -row || row === 0)).toBe(true);
  });
});

describe("errors", () => {
  test("a ragged row is named with both counts", async () => {
    const error = await failure("a,b\n1,2\n\n3\n");
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(
      "data.csv (row 2): expected 2 cells as in the header line, found 1; mend the row or take it out.",
    );
    expect(error).toMatchObject({ row: 2 });
    expect((await failure("a,b\n1,2,3\n")).message).toMatch(/\(row 1\): expected 2 cells .* found 3/);
  });

  test("a header of numbers alone asks for a header line", async () => {
    expect((await failure("1,2.5\n3,4\n")).message).toMatch(/data\.csv has no header line/);
    expect((await readCsv("1,b\n3,4\n")).columns).toEqual(["1", "b"]);
  });

  test.each([
    ["", /data\.csv is empty/],
    ["\ufeff", /is empty/],
    [" \n\n", /is empty/],
    ["a,b", /header line but no rows/],
    ["a,b\n\n", /header line but no rows/],
    ["x\n\n\n", /header line but no rows/],
  ])("%j is a DataError", async (text, message) => {
    const error = await failure(text);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
  });

  test("empty and duplicate column names are DataErrors", async () => {
    expect((await failure(",x\n0,1\n")).message).toMatch(/column 1 has no name.*index=False/);
    expect((await failure("x,y,x\n0,1,2\n")).message).toMatch(/columns 1 and 3 have the same name "x"/);
  });

  test("a quotation mark that is never closed is a FormatError at its row", async () => {
    const error = await failure('a,b\n1,2\n"3,4\n5,6\n');
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/data\.csv \(row 2\): a cell in quotation marks is never closed/);
    expect((await failure('a,b\n1,2\n"3"x,4\n5,6\n')).message).toMatch(/\(row 2\)/);
  });

  test("text in another encoding and binary files are FormatErrors", async () => {
    expect((await failure(Uint8Array.of(0x61, 0xe9, 0x0a, 0x31, 0x0a))).message).toMatch(/not UTF-8 text/);
    expect((await failure(Uint8Array.of(0x61, 0x00, 0x0a, 0x31, 0x0a))).message).toMatch(/binary file/);
  });

  test("random bytes are read or refused in one line, never a stack or a hang", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const error = await readCsv(bytes).catch((caught: unknown) => caught);
        if (error instanceof Error) expect(error).toBeInstanceOf(PushforwardError);
      }),
      { numRuns: 500 },
    );
    const many = new Uint8Array(2_000_000);
    const stream = new RandomStream(randomKey(1));
    for (let i = 0; i < many.length; i++) many[i] = stream.nextUint32() & 0xff;
    expect(await failure(many)).toBeInstanceOf(FormatError);
  });

  test("random text of delimiters and quotes is read or refused in one line", async () => {
    const letter = fc.constantFrom('"', ",", ";", "\n", "\r", "1", "a", " ", "\t");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: letter, maxLength: 60 }), async (text) => {
        const error = await readCsv(text).catch((caught: unknown) => caught);
        if (error instanceof Error) expect(error).toBeInstanceOf(PushforwardError);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("writing", () => {
  test("numbers print so that they read back", () => {
    const table = tableFromRows(
      ["a", "b,c"],
      [
        [0.1 + 0.2, Number.NEGATIVE_INFINITY],
        [-0, Number.NaN],
        [1e21, 5e-324],
      ],
    );
    expect(tableToCsv(table)).toBe('a,"b,c"\n0.30000000000000004,-Infinity\n-0,\n1e+21,5e-324\n');
  });

  test("what is written is read back with the same bits", async () => {
    const name = fc.string({ minLength: 1, maxLength: 8 }).map((text) => `c${text}c`);
    const tables = fc.uniqueArray(name, { minLength: 1, maxLength: 4 }).chain((names) =>
      fc.array(fc.double(), { minLength: names.length, maxLength: 12 * names.length }).map((values) => {
        const rows = Math.floor(values.length / names.length);
        return tableFromRows(names, Float64Array.from(values.slice(0, rows * names.length)));
      }),
    );
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        const back = await readCsv(tableToCsv(table));
        expect(back.columns).toEqual(table.columns);
        expect(leftOutColumns(back).filter(({ kind }) => kind !== "empty")).toEqual([]);
        // fast-check's NaN has one bit pattern, as the reader's has.
        expect(bits(back.values)).toEqual(bits(table.values));
      }),
    );
  });
});
