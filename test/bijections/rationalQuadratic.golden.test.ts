/**
 * The rational-quadratic spline against zuko 1.6.0 and the formulas of Durkan et al. 2019 (golden/make.py).
 *
 * zuko maps x to y with its widths along x: that is `inverse`, data to base. Both libraries clip raw parameters in
 * the same way (widths and heights to +-log(1000)/2, log slopes to +-log 1000), so raw ones are compared; zuko's end
 * slopes are 1, which is a raw 0 here. The second table, with other end slopes, records slopes, which are unclipped.
 */

import { describe, expect, test } from "vitest";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import { splineThroughKnots } from "../../src/bijections/autoregressive/splineThroughKnots.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import * as g from "../../src/graph/ops.ts";
import { rationalQuadraticTransformer } from "../../src/transformers/rationalQuadraticTransformer.ts";
import { engines } from "../engines.ts";
import { Subject } from "../laws/harness.ts";
import { expectClose, golden, unclip } from "./golden.ts";

interface Knots {
  readonly horizontal: number[];
  readonly vertical: number[];
  readonly derivatives: number[];
  readonly x: number[];
  readonly y: number[];
  readonly ladj: number[];
}
interface ZukoCase extends Knots {
  readonly bins: number;
  readonly bound: number;
  readonly rawWidths: number[];
  readonly rawHeights: number[];
  readonly rawDerivatives: number[];
  readonly inverseOf: number[];
  readonly inverse: number[];
  readonly inverseLadj: number[];
}
const { cases, linearTails } = golden<{ cases: ZukoCase[]; linearTails: Knots[] }>(
  "rational_quadratic_spline",
);

const limit = Math.log(1000);
const double = 2 ** -52;

/** The steepest change of slope in units of the box: how much a rounding of a position moves the log slope. */
function steepness({ horizontal, vertical, derivatives }: Knots): number {
  let steepest = 1;
  for (let k = 0; k + 1 < horizontal.length; k++) {
    const slope = (vertical[k + 1]! - vertical[k]!) / (horizontal[k + 1]! - horizontal[k]!);
    const all = [slope, derivatives[k]!, derivatives[k + 1]!];
    const width = horizontal[k + 1]! - horizontal[k]!;
    const height = vertical[k + 1]! - vertical[k]!;
    steepest = Math.max(steepest, (4 * Math.max(...all)) / Math.min(...all) / Math.min(width, height));
  }
  return steepest;
}

/** Runs a one-feature spline with these raw parameters on some numbers, in one direction. */
async function run(
  own: ZukoCase,
  raw: number[],
  direction: "forward" | "inverse",
  x: number[],
  engine = referenceEngine,
  tails: "learned" | "identity" = "learned",
) {
  const transformer = rationalQuadraticTransformer({ bins: own.bins, bound: own.bound, tails });
  const subject = new Subject(elementwise({ features: 1, transformer }), engine);
  const image = await subject.image(direction, { values: Float64Array.from(raw) }, { x });
  await subject.dispose();
  return image;
}

describe.each(cases.map((own, i) => [i, own, linearTails[i]!] as const))("spline %i", (_, own, tails) => {
  const raw = [...own.rawWidths, ...own.rawHeights, 0, ...own.rawDerivatives, 0];
  const at = (x: number): number => double * (own.bound + Math.abs(x));

  test("the numbers are the recorded ones: knots inside, on the edge, and outside", () => {
    for (const knot of own.horizontal) expect(own.x).toContain(knot);
    expect(Math.max(...own.x)).toBeGreaterThan(own.bound);
    expect(own.derivatives[0]).toBe(1);
  });

  test("data to base: values and log slopes, inside, on knots and outside", async () => {
    const { value, logAbsDet } = await run(own, raw, "inverse", own.x);
    // A rounding of x moves y by the slope there, and log slope by its steepness.
    expectClose(value, own.y, (i) => 16 * at(own.x[i]!) * (1 + Math.exp(own.ladj[i]!)));
    expectClose(logAbsDet, own.ladj, (i) => 16 * at(own.x[i]!) * steepness(own));
  });

  test("with identity tails the recorded parameters are all there are, and the map is the same", async () => {
    const parameters = [...own.rawWidths, ...own.rawHeights, ...own.rawDerivatives];
    for (const [direction, x] of [
      ["inverse", own.x],
      ["forward", own.inverseOf],
    ] as const) {
      const identity = await run(own, parameters, direction, x, referenceEngine, "identity");
      const learned = await run(own, raw, direction, x);
      expectClose(identity.value, [...learned.value], (i) => 16 * at(x[i]!));
      expectClose(identity.logAbsDet, [...learned.logAbsDet], () => 1e-12);
    }
  });

  test("base to data: the recorded inverse, and the images lead back to the knots", async () => {
    const { value, logAbsDet } = await run(own, raw, "forward", own.inverseOf);
    expectClose(
      value,
      own.inverse,
      (i) =>
        64 * at(own.inverseOf[i]!) * (1 + Math.exp(-own.inverseLadj[i]!) + Math.exp(own.inverseLadj[i]!)),
    );
    expectClose(logAbsDet, own.inverseLadj, (i) => 64 * at(own.inverseOf[i]!) * steepness(own));
    const back = await run(own, raw, "forward", own.y);
    expectClose(back.value, own.x, (i) => 64 * at(own.y[i]!) * (1 + Math.exp(-own.ladj[i]!)));
    expectClose(
      back.logAbsDet,
      own.ladj.map((v) => -v),
      (i) => 64 * at(own.y[i]!) * steepness(own),
    );
  });

  test("other end slopes go on as straight lines, both ways", async () => {
    const slopes = tails.derivatives.map((d) => unclip(Math.log(d), limit));
    const withTails = [...own.rawWidths, ...own.rawHeights, ...slopes];
    const there = await run(own, withTails, "inverse", tails.x);
    expectClose(there.value, tails.y, (i) => 32 * at(tails.x[i]!) * (1 + Math.exp(tails.ladj[i]!)));
    expectClose(there.logAbsDet, tails.ladj, (i) => 32 * at(tails.x[i]!) * steepness(tails));
    const back = await run(own, withTails, "forward", tails.y);
    expectClose(back.value, tails.x, (i) => 64 * at(tails.y[i]!) * (1 + Math.exp(-tails.ladj[i]!)));
    expectClose(
      back.logAbsDet,
      tails.ladj.map((v) => -v),
      (i) => 64 * at(tails.y[i]!) * steepness(tails),
    );
  });

  test("the spline through given knots is the same spline, both ways", async () => {
    for (const knots of [own, tails]) {
      const [data, base] = [knots.horizontal, knots.vertical].map((side) => side.map((v) => g.constant(v)));
      const logSlope = knots.derivatives.map((d) => g.constant(Math.log(d)));
      const x = g.input("x", []);
      for (const direction of ["inverse", "forward"] as const) {
        const { value, logDerivative } = splineThroughKnots(x, data!, base!, logSlope, direction);
        const compiled = await referenceEngine.compile({ rows: { value, logDerivative } });
        const toBase = direction === "inverse";
        const [from, to] = toBase ? [knots.x, knots.y] : [knots.y, knots.x];
        const sign = toBase ? 1 : -1;
        const { rows } = await compiled.run({ rows: from.length, inputs: { x: Float64Array.from(from) } });
        const log = knots.ladj.map((v) => sign * v);
        expectClose(rows.value!, to, (i) => 64 * at(from[i]!) * (1 + Math.exp(log[i]!)));
        expectClose(rows.logDerivative!, log, (i) => 64 * at(from[i]!) * steepness(knots));
      }
    }
  });

  test.each(engines)("$name gives the golden values too", async ({ engine, epsilon }) => {
    const { value, logAbsDet } = await run(own, raw, "inverse", own.x, engine);
    const rounded = (x: number): number => 64 * epsilon * (own.bound + Math.abs(x));
    expectClose(value, own.y, (i) => rounded(own.x[i]!) * (1 + Math.exp(own.ladj[i]!)));
    expectClose(logAbsDet, own.ladj, (i) => rounded(own.x[i]!) * steepness(own));
  });
});
