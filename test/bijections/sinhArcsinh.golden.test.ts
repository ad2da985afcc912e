/** The sinh-arcsinh transformer against mpmath, from the formulas of Jones & Pewsey (golden/sinh_arcsinh.py). */

import { describe, expect, test } from "vitest";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import { sinhArcsinh } from "../../src/transformers/tails/sinhArcsinh.ts";
import { Subject } from "../laws/harness.ts";
import { golden, unclip } from "./golden.ts";

interface Golden {
  readonly cases: readonly {
    readonly epsilon: number;
    readonly delta: number;
    /** Data, their images Z, and log-densities of the data. */
    readonly x: readonly number[];
    readonly z: readonly number[];
    readonly logDensity: readonly number[];
  }[];
}

const subject = new Subject(elementwise({ features: 1, transformer: sinhArcsinh() }));
const double = 2 ** -52;

describe.each(golden<Golden>("sinh_arcsinh").cases)("epsilon $epsilon, delta $delta", (own) => {
  const { epsilon, delta, x: data, z, logDensity } = own;
  const values = Float64Array.of(unclip(epsilon, 3), unclip(Math.log(delta), Math.log(4)));
  // An error of u is one of cosh(u) = sqrt(1 + z^2) in z; u is a sum of terms of at most delta asinh(10) + 3.
  const bounds = z.map((image) => 16 * double * (delta * 3 + Math.abs(epsilon) + 1) * Math.hypot(1, image));

  test("inverse takes the data to the base", async () => {
    const { value } = await subject.image("inverse", { values }, { x: data });
    z.forEach((image, i) => {
      expect(Math.abs(value[i]! - image)).toBeLessThan(bounds[i]!);
    });
  });

  test("forward takes the base to the data", async () => {
    const { value } = await subject.image("forward", { values }, { x: z });
    data.forEach((x, i) => {
      // The slope of forward is sqrt(1 + x^2) / (delta sqrt(1 + z^2)).
      const slope = Math.hypot(1, x) / (delta * Math.hypot(1, z[i]!));
      expect(Math.abs(value[i]! - x)).toBeLessThan(bounds[i]! * slope + 4 * double * Math.abs(x));
    });
  });

  test("the density is that of the paper", async () => {
    const found = await subject.logDensity({ values }, { x: data });
    logDensity.forEach((expected, i) => {
      expect(Math.abs(found[i]! - expected)).toBeLessThan(
        bounds[i]! * (1 + Math.abs(z[i]!)) + 16 * double * (1 + Math.abs(expected)),
      );
    });
  });

  test("near 0 no digit is lost where the map has no skewness", async () => {
    const { value } = await subject.image(
      "inverse",
      { values: Float64Array.of(0, values[1]!) },
      { x: [1e-9] },
    );
    expect(Math.abs(value[0]! / (delta * 1e-9) - 1)).toBeLessThan(8 * double);
  });
});
