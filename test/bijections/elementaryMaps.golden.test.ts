/** Planar, radial and Sylvester maps against the papers' formulas, and against roots that scipy found. */

import { describe, expect, test } from "vitest";
import type { Bijection } from "../../src/bijections/bijection.ts";
import { planar } from "../../src/bijections/residual/planar.ts";
import { radial } from "../../src/bijections/residual/radial.ts";
import { sylvester } from "../../src/bijections/residual/sylvester.ts";
import { type EngineCase, engines } from "../engines.ts";
import { Subject } from "../laws/harness.ts";
import { golden } from "./golden.ts";

/** Rows of x, and rows of y whose preimages were sought. */
interface Case {
  readonly features: number;
  readonly x: readonly number[][];
  readonly y: readonly number[][];
  readonly logAbsDet: readonly number[];
  readonly inverseOf: readonly number[][];
  readonly inverse: readonly number[][];
  readonly inverseLogAbsDet: readonly number[];
}
interface Planar extends Case {
  readonly u: readonly number[];
  readonly w: readonly number[];
  readonly b: number;
}
interface Radial extends Case {
  readonly center: readonly number[];
  readonly alpha: number;
  readonly beta: number;
}
interface Sylvester extends Case {
  readonly units: number;
  readonly reflections: readonly number[][];
  readonly r: readonly number[][];
  readonly s: readonly number[][];
  readonly b: readonly number[];
}
const {
  planar: planars,
  radial: radials,
  sylvester: sylvesters,
} = golden<{
  planar: readonly Planar[];
  radial: readonly Radial[];
  sylvester: readonly Sylvester[];
}>("elementary_maps");

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);
/** The raw value of softplus(raw + softplusInverse(atZero)) = value, a number that is atZero where the raw one is 0. */
const softplusInverse = (value: number): number => value + Math.log(-Math.expm1(-value));
const raw = (value: number, atZero: number): number => softplusInverse(value) - softplusInverse(atZero);

/** u of which planar makes the step that is given, moved along w alone. */
function rawStep({ u, w }: Planar): Float64Array {
  const s = dot(w, u);
  const product = raw(s + 0.99, 0.99);
  return Float64Array.from(u, (value, i) => value + ((product - s) * w[i]!) / dot(w, w));
}

/** Rows of an upper triangle one after another; the diagonal is 0.9995 tanh(raw). */
const packed = (matrix: readonly number[][]): Float64Array =>
  Float64Array.from(
    matrix.flatMap((row, i) =>
      row.slice(i).map((value, j) => (j === 0 ? Math.atanh(value / 0.9995) : value)),
    ),
  );

async function check(
  bijection: Bijection,
  { engine, epsilon }: EngineCase,
  parameters: Record<string, Float64Array>,
  own: Case,
): Promise<void> {
  const subject = new Subject(bijection, engine);
  const expectRows = (
    actual: { readonly value: Float64Array; readonly logAbsDet: Float64Array },
    values: readonly number[][],
    logAbsDets: readonly number[],
    from: readonly number[][],
  ): void => {
    for (const [row, expected] of values.entries()) {
      // What rounds is as large as the point; the slopes, and their logarithms', are at most some multiples of this.
      const size = 1 + Math.max(...[...expected, ...from[row]!].map(Math.abs));
      const tolerance = 32 * epsilon * size * Math.max(1, Math.exp(Math.abs(logAbsDets[row]!)));
      for (const [i, value] of expected.entries())
        expect(Math.abs(actual.value[row * own.features + i]! - value)).toBeLessThan(tolerance);
      expect(Math.abs(actual.logAbsDet[row]! - logAbsDets[row]!)).toBeLessThan(4 * tolerance);
    }
  };
  const there = await subject.image("forward", parameters, { x: own.x.flat() });
  expectRows(there, own.y, own.logAbsDet, own.x);
  const back = await subject.image("inverse", parameters, { x: own.inverseOf.flat() });
  expectRows(back, own.inverse, own.inverseLogAbsDet, own.inverseOf);
  await subject.dispose();
}

describe.each(engines)("$name", (engine) => {
  test.each(planars)("planar, $features features", async (own) => {
    const parameters = { u: rawStep(own), w: Float64Array.from(own.w), b: Float64Array.of(own.b) };
    await check(planar({ features: own.features }), engine, parameters, own);
  });

  test.each(radials)("radial, $features features", async (own) => {
    const { features, center, alpha, beta } = own;
    const parameters = {
      center: Float64Array.from(center),
      logAlpha: Float64Array.of(raw(alpha - 1e-3, 1)),
      logBeta: Float64Array.of(raw(alpha + beta - 1e-3, 1)),
    };
    await check(radial({ features }), engine, parameters, own);
  });

  test.each(sylvesters)("sylvester, $features features, $units units", async (own) => {
    const { features, units, reflections, r, s, b } = own;
    const parameters = {
      ...(reflections.length > 0 ? { reflections: Float64Array.from(reflections.flat()) } : {}),
      r: packed(r),
      s: packed(s),
      b: Float64Array.from(b),
    };
    await check(sylvester({ features, units }), engine, parameters, own);
  });
});
