import { describe, expect, it } from "vitest";
import { GrowingColumn } from "../../src/tables/reading/growingColumn.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { splitTable } from "../../src/tables/splitTable.ts";
import type { Table } from "../../src/tables/table.ts";
import { type TextColumn, textAt } from "../../src/tables/textColumn.ts";
import { tableToBytes } from "../../src/tables/writeTable.ts";
import { readCsv } from "./readers.ts";

/** The cells of a column of text. */
const cells = (table: Table, name: string): (string | undefined)[] => {
  const column = table.texts!.find((text) => text.name === name)!;
  return Array.from({ length: table.rows }, (_, row) => textAt(column, row));
};

const people = [
  "name,age,city,member",
  '"Doe, Jane",31,Oslo,yes',
  'Ann "Q" Lee,,NA,no',
  "Bo,44,Rome,",
  "#1,7,Oslo,yes",
].join("\n");

describe("columns of text", () => {
  it("keep their cells, and which are missing", async () => {
    const table = await readCsv(people);
    expect(table.columns).toEqual(["age"]);
    expect(cells(table, "name")).toEqual(["Doe, Jane", 'Ann "Q" Lee', "Bo", "#1"]);
    expect(cells(table, "city")).toEqual(["Oslo", undefined, "Rome", "Oslo"]);
    expect(table.texts![1]!.levels).toEqual(["Oslo", "Rome"]);
    expect(cells(table, "member")).toEqual(["yes", "no", undefined, "yes"]);
  });

  it("keep cells as they are written, whatever those before looked like", async () => {
    const column = async (lines: readonly string[], parse?: "text"): Promise<(string | undefined)[]> =>
      cells(
        await readCsv(
          `x,y\n${lines.map((line) => `"${line}",1`).join("\n")}`,
          parse ? { parse: { x: parse } } : {},
        ),
        "x",
      );
    for (const lines of [
      ["1", "2.5", "-0", "abc"],
      ["12 Main Street", "7 Side Road", "9 Main Street"],
      ["TRUE", "FALSE", "unknown"],
      ["5 %", "5", "five"],
      ["007", "B12"],
      ["TRUE", "2", "3"],
      // Numbers that no double is.
      ["1", "9007199254740993", "12345678901234567891", "A7"],
      ["9007199254740993.0", "1e400", "1e-400", "none of these"],
    ])
      expect(await column(lines)).toEqual(lines);
    expect(await column(["1.50", "007"], "text")).toEqual(["1.50", "007"]);
  });

  it("say so where there were too many long numbers to keep the digits of all", () => {
    const column = new GrowingColumn("id");
    const first = "9007199254740993";
    column.read(first);
    for (let i = 0; i < 2 ** 18; i++) column.read(String(i));
    column.read("A7");
    const plan = column.plan();
    const { text } = column.take(plan) as { readonly text: TextColumn };
    expect(plan.record).toMatchObject({ readAs: "text", rounded: { row: 1, cell: first, value: 2 ** 53 } });
    expect([text.levels[0], text.levels.at(-1)]).toEqual(["9007199254740992", "A7"]);
  });

  it("are written and read back in their places", async () => {
    const table = await readCsv(people);
    for (const format of ["csv", "tsv", "jsonl", "parquet", "arrow"] as const) {
      const again = await readTable(await tableToBytes(table, format), { format });
      expect({ format, ...again }).toEqual({ format, ...table });
    }
    await expect(tableToBytes(table, "npy")).rejects.toThrow(/column "name" holds text/);
  });

  it("go with their rows", async () => {
    const table = await readCsv(
      `id,letter\n${Array.from({ length: 20 }, (_, i) => `${i},${String.fromCharCode(97 + i)}`).join("\n")}`,
    );
    const { train, test } = splitTable(table, { test: 0.3, seed: 2 });
    for (const part of [train, test])
      expect(cells(part, "letter")).toEqual(Array.from(part.values, (i) => String.fromCharCode(97 + i)));
    expect(train.rows + test.rows).toBe(20);
  });

  it("are texts of objects, null where one is missing", () => {
    const rows = [
      { x: 1, word: "a" },
      { x: 2, word: null },
    ];
    expect(tableToObjects(tableFromObjects(rows))).toEqual(rows);
  });
});
