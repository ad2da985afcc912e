/** How numbers are written on the page. */

import { expect, test } from "vitest";
import { addingUp, significant } from "../src/ui/numbers.ts";

test("what is rounded adds up, and each is less than a unit from what it was", () => {
  expect(addingUp([0.9976, 0.00251])).toEqual([0.998, 0.002]);
  for (const values of [
    [0.9984, 0.0024, 0.0001],
    [-1.8374, -0.2506, 0.3335, -0.0505],
    [-2.0004, 1e-5],
  ]) {
    const shown = addingUp(values);
    const sum = values.reduce((total, value) => total + value);
    expect(shown.reduce((total, value) => total + value)).toBeCloseTo(Math.round(sum * 1000) / 1000, 9);
    shown.forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThan(0.001);
    });
  }
  expect(addingUp([Number.NEGATIVE_INFINITY, 1])).toEqual([Number.NEGATIVE_INFINITY, 1]);
});

test("factors keep the digits that count", () => {
  expect([0.003124, 66.913, 1.5, 123456, 3e-9].map((value) => significant(value))).toEqual([
    "0.00312",
    "66.9",
    "1.50",
    "123000",
    "less than 0.000001",
  ]);
});
