import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dressOf } from "../../src/tables/reading/numberDress.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";

// The same kind of table, written by Python in each encoding.
const bytes = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../files/encodings/${name}.csv`, import.meta.url)));

test.each<[file: string, encoding: string, first: [string, string | number][]]>([
  [
    "shift_jis",
    "shift_jis",
    [
      ["名前", "田中太郎"],
      ["年齢", 20],
      ["都市", "東京"],
    ],
  ],
  [
    "shift_jis-kana",
    "shift_jis",
    [
      ["name", "リンゴ"],
      ["x", 0],
    ],
  ],
  [
    "euc_jp",
    "euc-jp",
    [
      ["名前", "田中太郎"],
      ["年齢", 20],
      ["都市", "東京"],
    ],
  ],
  [
    "gbk",
    "gb18030",
    [
      ["姓名", "王伟"],
      ["年龄", 20],
      ["城市", "北京"],
    ],
  ],
  [
    "big5",
    "big5",
    [
      ["姓名", "王偉"],
      ["年齡", 20],
      ["城市", "臺北"],
    ],
  ],
  [
    "euc_kr",
    "euc-kr",
    [
      ["이름", "김철수"],
      ["나이", 20],
      ["도시", "서울"],
    ],
  ],
])("%s is called %s, and read by that name", async (file, encoding, first) => {
  await expect(readTable(bytes(file), { name: "a.csv" })).rejects.toThrow(`it seems to be ${encoding}: pass`);
  const table = await readTable(bytes(file), { name: "a.csv", encoding });
  expect(tableToObjects(table)[0]).toEqual(Object.fromEntries(first));
});

test("letters of a currency stand before a number and behind it, with a blank or without", () => {
  for (const cell of ["USD10.09", "USD 10.09", "10.09 USD", "10.09USD", "EUR10.09", "EUR 10.09"])
    expect(dressOf(cell), cell).toMatchObject({
      point: 10.09,
      measure: `currency:${cell.replace(/[^A-Z]/g, "")}`,
    });
  // These are codes.
  for (const cell of ["US5", "CA90210", "USDX5", "AU12"]) expect(dressOf(cell), cell).toBeUndefined();
});
