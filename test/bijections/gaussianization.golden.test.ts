/** A rotation and a layer of Gaussianizing iterative slicing against numpy: `golden/make.py`. */

import { describe, expect, test } from "vitest";
import { slicedSpline } from "../../src/bijections/autoregressive/slicedSpline.ts";
import { rotation } from "../../src/bijections/linear/rotation.ts";
import { Subject } from "../laws/harness.ts";
import { expectClose, golden } from "./golden.ts";

type Rows = readonly (readonly number[])[];

interface Golden {
  readonly rotations: readonly { readonly rotation: Rows; readonly x: Rows; readonly y: Rows }[];
  readonly slicedSplines: readonly {
    readonly features: number;
    readonly directions: Rows;
    readonly data: Rows;
    readonly base: Rows;
    readonly logSlope: Rows;
    readonly y: Rows;
    readonly x: Rows;
    readonly logAbsDet: readonly number[];
  }[];
}

const { rotations, slicedSplines } = golden<Golden>("gaussianization");
const flat = (rows: Rows): Float64Array => Float64Array.from(rows.flat());
const tolerance = 64 * 2 ** -52;

describe.each(rotations)("rotation $#", ({ rotation: matrix, x, y }) => {
  test("is y = Q x and back", async () => {
    const subject = new Subject(rotation({ features: matrix.length }));
    const there = await subject.image("forward", { rotation: flat(matrix) }, { x: flat(x) });
    expectClose(there.value, flat(y), tolerance);
    expect([...there.logAbsDet]).toEqual(x.map(() => 0));
    const back = await subject.image("inverse", { rotation: flat(matrix) }, { x: flat(y) });
    expectClose(back.value, flat(x), tolerance);
  });
});

describe.each(slicedSplines)("sliced spline $#", ({ features, directions, y, x, logAbsDet, ...spline }) => {
  test("is equation 8 towards the base, and its inverse towards the data", async () => {
    const count = spline.data.length;
    const subject = new Subject(slicedSpline({ features, directions: count, knots: spline.data[0]!.length }));
    const parameters = {
      directions: flat(directions),
      "spline.data": flat(spline.data),
      "spline.base": flat(spline.base),
      "spline.logSlope": flat(spline.logSlope),
    };
    const there = await subject.image("inverse", parameters, { x: flat(y) });
    // Slopes of e^3 multiply rounding.
    expectClose(there.value, flat(x), 100 * tolerance);
    expectClose(there.logAbsDet, logAbsDet, 1000 * tolerance);
    const back = await subject.image("forward", parameters, { x: flat(x) });
    expectClose(back.value, flat(y), 1e5 * tolerance);
    expectClose(
      back.logAbsDet,
      logAbsDet.map((own) => -own),
      1e5 * tolerance,
    );
  });
});
