/**
 * The float64 functions of `graph/special.ts` and of the element-wise table against mpmath at 60 digits
 * (golden/make.py): these are what every engine's kernels are measured with.
 */

import { describe, expect, test } from "vitest";
import { type ElementwiseName, elementwise } from "../../src/graph/ops/elementwise.ts";
import {
  erf,
  normalCdf,
  normalQuantile,
  roughNormalCdf,
  roughNormalQuantile,
  sigmoid,
  softplus,
} from "../../src/numerics/special.ts";
import { expectClose, golden } from "./golden.ts";

const { functions } = golden<{ functions: Record<string, { x: number[]; y: number[] }> }>("elementary");
const double = 2 ** -52;

/** Tolerance relative to each value; the smallest normal number below that. */
function relative(y: readonly number[], bound: number): (i: number) => number {
  return (i) => bound * Math.abs(y[i]!) + 2 ** -1074;
}

describe("exp, log and their kin are those of the runtime, within an ulp or two", () => {
  test.each(["exp", "log", "log1p", "expm1", "tanh"] as ElementwiseName[])("%s", (name) => {
    const { x, y } = functions[name]!;
    expectClose(
      x.map((v) => elementwise[name].value(v, 0, 0)),
      y,
      relative(y, 2 * double),
    );
  });
});

test("sigmoid: relative error below 4 epsilon, down to e^-700", () => {
  const { x, y } = functions.sigmoid!;
  expectClose(x.map(sigmoid), y, relative(y, 4 * double));
});

test("softplus: relative error below 4 epsilon, down to e^-700", () => {
  const { x, y } = functions.softplus!;
  expectClose(x.map(softplus), y, relative(y, 4 * double));
});

test("erf: its documentation claims an absolute error below 4e-16", () => {
  const { x, y } = functions.erf!;
  expectClose(x.map(erf), y, 4e-16);
});

test("erf: relative error below 4 epsilon, so that small arguments keep their digits", () => {
  const { x, y } = functions.erf!;
  expectClose(x.map(erf), y, relative(y, 4 * double));
});

test("erf is odd, reaches 1, and keeps NaN", () => {
  for (const x of [1e-300, 0.3, 0.9999, 1, 1.0001, 5.99, 6.01, 1e300]) expect(erf(-x)).toBe(-erf(x));
  expect(erf(Number.POSITIVE_INFINITY)).toBe(1);
  expect(erf(0)).toBe(0);
  expect(erf(Number.NaN)).toBeNaN();
});

test("normalCdf(-sqrt(2) x) is erfc(x) / 2, with its digits in the lower tail", () => {
  const { x, y } = functions.erfc!;
  // The argument is rounded, which the tail multiplies by x^2; see Abramowitz & Stegun 7.1.23.
  expectClose(
    x.map((v) => 2 * normalCdf(-Math.SQRT2 * v)),
    y,
    (i) => double * y[i]! * (8 + 2 * Math.max(0, x[i]!) ** 2) + 2 ** -1074,
  );
});

test("normalQuantile: relative error below 16 epsilon from 1e-300 to 1 - 1e-15", () => {
  const { x, y } = functions.normalQuantile!;
  // Near p = 1/2 the quantile is 0, where the error of p itself is what remains.
  expectClose(x.map(normalQuantile), y, (i) => double * (16 * Math.abs(y[i]!) + 4));
});

test("normalQuantile at the ends and outside", () => {
  expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
  expect(normalQuantile(0.5)).toBeCloseTo(0, 15);
  expect(normalQuantile(5e-324)).toBeGreaterThan(-39);
  for (const p of [-0.1, 1.1, Number.NaN]) expect(normalQuantile(p)).toBeNaN();
});

test("the rough functions are as near as they say", () => {
  const { x: p, y } = functions.normalQuantile!;
  // Where p rounds near 1, its quantile is that of the rounded complement.
  const inner = p.map((own, i) => ({ own, y: y[i]! })).filter(({ own }) => own < 1 - 1e-6);
  expect(inner.length).toBeGreaterThan(20);
  for (const { own, y } of inner)
    expect(Math.abs(roughNormalQuantile(own) - y)).toBeLessThan(1.2e-9 * Math.abs(y) + 1e-15);
  // Off the knots of the table, whose spacing is 1/64.
  for (let x = -9.5; x < 9.5; x += 0.00731)
    expect(Math.abs(roughNormalCdf(x) - normalCdf(x))).toBeLessThan(1e-10);
  expect([roughNormalCdf(-9), roughNormalCdf(9)]).toEqual([0, 1]);
});
