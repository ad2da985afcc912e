/** What columns can be held at, and how rows of a table are written. */

import type { ColumnSchema } from "pushforward/tables";
import { expect, test } from "vitest";
import { datesLike, delimiterOf, textAsWritten } from "../src/table/asWritten.ts";
import { about, besideTraining, toGo } from "../src/table/duration.ts";
import { heldValue, whyFar, whyNotHeld } from "../src/table/heldValue.ts";
import { listed, stemOf } from "../src/table/names.ts";

const column = (kind: ColumnSchema["kind"], more: Partial<ColumnSchema> = {}): ColumnSchema => ({
  name: "c",
  use: "fit",
  kind,
  ...more,
});

test.each([
  [column("positive", { lower: 0 }), "-5", "c cannot be -5: it has no numbers below 0."],
  [column("integer"), "2.5", "c cannot be 2.5: it has whole numbers only."],
  [column("continuous"), "abc", "c cannot be abc: it is a column of numbers."],
  [column("continuous", { upper: 9 }), "10", "c cannot be 10: it has no numbers above 9."],
  [column("categorical", { levels: ["a", "b"] }), "d", "c cannot be d: its levels are a, b."],
  [column("categorical", { levels: ["a", "b"] }), " ", "Write a value to hold c at, or hold nothing."],
])("%o cannot be held at %s", (schema, value, why) => {
  expect(whyNotHeld(schema, value)).toBe(why);
});

test.each([
  [column("positive", { lower: 0 }), "1234,5", 1234.5],
  [column("angle", { lower: 0, period: 360 }), "−10", -10],
  [column("categorical", { levels: [0, 4.9] }), "4,90", 4.9],
  [column("categorical", { levels: ["007", "8"] }), "007", "007"],
  [column("date-time"), "07.11.2025", "07.11.2025"],
])("%o can be held at %s", (schema, value, held) => {
  expect(whyNotHeld(schema, value)).toBeUndefined();
  expect(heldValue(schema, value)).toBe(held);
});

test("a value beyond those of the table is said to be a guess, and how far it is", () => {
  const range = { low: 2100, high: 13512 };
  expect(whyFar(column("integer"), "13512", range)).toBeUndefined();
  expect(whyFar(column("integer"), "15000", range)).toBe(
    "In the table c goes from 2,100 to 13,512: 15,000 is outside, and rows for it are a guess of the flow, which has seen none.",
  );
  expect(whyFar(column("continuous"), "−1e6", range)).toContain(": −1,000,000 is far outside,");
  expect(whyFar(column("angle", { period: 360 }), "20000", range)).toBeUndefined();
  expect(whyFar(column("categorical", { levels: [1, 2] }), "2", { low: 1, high: 1 })).toBeUndefined();
});

test("how long it takes is said as near as one knows it, and only of what is long", () => {
  expect([1.2, 3.2, 24, 89, 130].map(about)).toEqual([
    "1 second",
    "3 seconds",
    "20 seconds",
    "90 seconds",
    "2 minutes",
  ]);
  expect(toGo(10, 5, 20)).toBe(", about 30 seconds to go");
  expect([toGo(0.4, 1, 300), toGo(2, 1, 2), toGo(9, 0, 20), toGo(9, 20, 20)]).toEqual(["", "", "", ""]);
  expect([4, 300].map(besideTraining)).toEqual(["", "2 minutes"]);
});

test("rows are written with the delimiter, the decimal mark and the dates of the table", () => {
  const day = datesLike("day-month-year", "02.05.2025")!;
  const rows = [
    { day: "2025-11-16", town: 'a;"b"', pay: 15.29, count: 1 },
    { day: null, town: "x", pay: null, count: 2 },
  ];
  const text = textAsWritten(rows, {
    delimiter: delimiterOf("day;town;pay;count", 4),
    decimalCommas: new Set(["pay"]),
    dates: new Map([["day", day]]),
  });
  expect(text).toBe('day;town;pay;count\n16.11.2025;"a;""b""";15,29;1\n;x;;2\n');
  expect(datesLike("day-month-year", "2 May 2025")).toBeUndefined();
  const minute = "2024-05-26T17:57";
  expect(datesLike("day-month-year", "06.09.2024 08:17")?.(minute)).toBe("26.05.2024 17:57");
  expect(datesLike("month-day-year", "9/6/2024")?.(minute)).toBe("05/26/2024 17:57");
  expect(datesLike(undefined, "2024-09-06 08:17:30")?.(minute)).toBe("2024-05-26 17:57");
  expect(datesLike(undefined, "2024-09-06T08:17")).toBeUndefined();
});

test("files of drawn rows are called as the table is", () => {
  const names = ["sales.csv", "sales.2024.csv", "sales.v2.csv.gz", "sales", "people.safetensors"];
  expect(names.map(stemOf)).toEqual(["sales", "sales.2024", "sales.v2", "sales", "people"]);
});

test("of many columns the first are named", () => {
  const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
  expect(listed(names.slice(0, 9))).toBe("c0, c1, c2, c3, c4, c5, c6, c7, c8");
  expect(listed(names)).toBe("c0, c1, c2, c3, c4, c5, c6, c7 and 4 others");
});
