/** Linear maps against mpmath, from the formulas of their papers (golden/matrices.py). */

import { expect, test } from "vitest";
import { type BijectionJson, bijectionFromJson } from "../../src/entries/bijections.ts";
import { Subject } from "../laws/harness.ts";
import { expectClose, golden } from "./golden.ts";

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly bijection: BijectionJson;
    readonly values: Readonly<Record<string, readonly number[]>>;
    readonly x: readonly number[];
    readonly y: readonly number[];
    /** Of the forward direction. */
    readonly logAbsDet: number;
  }[];
}

/** Of products of four matrices of four rows each, with a condition below 100. */
const rounding = 4096 * 2 ** -52;

test.each(golden<Golden>("matrices").cases)("$name: both directions and their determinants", async (row) => {
  const subject = new Subject(bijectionFromJson(row.bijection));
  const values = Object.fromEntries(
    Object.entries(row.values).map(([name, data]) => [name, Float64Array.from(data)]),
  );
  const size = Math.max(...row.y.map(Math.abs), ...row.x.map(Math.abs));
  const forward = await subject.image("forward", values, { x: row.x });
  const inverse = await subject.image("inverse", values, { x: row.y });
  expectClose(forward.value, row.y, () => rounding * size);
  expectClose(inverse.value, row.x, () => rounding * size);
  expect(Math.abs(forward.logAbsDet[0]! - row.logAbsDet)).toBeLessThan(rounding);
  expect(Math.abs(inverse.logAbsDet[0]! + row.logAbsDet)).toBeLessThan(rounding);
});
