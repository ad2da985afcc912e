/** Where cells lie on the axes of a pair plot. */

import { expect, test } from "vitest";
import { axisOf, isWorthSeeing } from "../src/table/axis.ts";

test.each([
  ["31.12.2024", "01.01.2024", "2024-12-31"],
  ["12/31/2024", "01/01/2024", "2024-12-31"],
  ["31/12/2024", "13/01/2024", "2024-12-31"],
  ["2024-12-31 10:30", "2024-01-01 00:00", "2024-12-31T10:30"],
])("%s lies where the flow's own way to write it does", (last, first, written) => {
  const axis = axisOf([first, last, null]);
  expect(axis.high).toBe("2024-12-31");
  expect(axis.place(written, 0)).toBe(axis.place(last, 0));
  expect(axis.place(last, 0)).toBeGreaterThan(axis.place(first, 0));
  expect(axis.place(null, 0)).toBeNaN();
});

test("whole numbers have a bin each, and columns of names come last", () => {
  const axis = axisOf([1, 2, 3, 4, null]);
  expect(axis.bins).toBe(4);
  expect([1, 2, 3, 4].map((cell) => Math.floor(axis.place(cell, 0) * axis.bins))).toEqual([0, 1, 2, 3]);
  const names = Array.from({ length: 100 }, (_, i) => `B${i}`);
  expect([names, ["a", "b"], ["a", "a"], [1.5, null, 2]].map(isWorthSeeing)).toEqual([
    false,
    true,
    false,
    true,
  ]);
});
