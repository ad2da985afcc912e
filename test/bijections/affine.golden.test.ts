/** Affine, triangular, LU and permutation maps against zuko 1.6.0 and torch (golden/make.py). */

import { describe, expect, test } from "vitest";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import { luAffine } from "../../src/bijections/linear/luAffine.ts";
import { permutation } from "../../src/bijections/linear/permutation.ts";
import { triangularAffine } from "../../src/bijections/linear/triangularAffine.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";
import { Subject } from "../laws/harness.ts";
import { expectClose, golden } from "./golden.ts";

const double = 2 ** -52;
type MatrixRows = number[][];

describe("affine transformer", () => {
  // zuko: y = exp(s) x + shift with s = raw / (1 + |raw| / log 1000): what `inverse` does, raw values and all.
  const { shift, rawScale, logScale, x, y, ladj } =
    golden<Record<"shift" | "rawScale" | "logScale" | "x" | "y" | "ladj", number[]>>("affine");
  const n = x.length;
  const subject = new Subject(elementwise({ features: n, transformer: affineTransformer() }));
  const values = { values: Float64Array.from(shift.flatMap((t, i) => [t, rawScale[i]!])) };

  test("data to base, with raw scales of 0, 40 and -40 among them", async () => {
    expect(rawScale.slice(0, 3)).toEqual([0, 40, -40]);
    const { value, logAbsDet } = await subject.image("inverse", values, { x });
    expectClose(
      value,
      y,
      (i) => 4 * double * (Math.abs(shift[i]!) + Math.exp(logScale[i]!) * Math.abs(x[i]!) * 4),
    );
    expectClose(logAbsDet, [ladj.reduce((a, b) => a + b)], 8 * n * double);
  });

  test("base to data", async () => {
    const { value, logAbsDet } = await subject.image("forward", values, { x: y });
    expectClose(
      value,
      x,
      (i) =>
        16 * double * (Math.abs(x[i]!) + (Math.abs(y[i]!) + Math.abs(shift[i]!)) * Math.exp(-logScale[i]!)),
    );
    expectClose(logAbsDet, [-ladj.reduce((a, b) => a + b)], 8 * n * double);
  });

  test("each log scale alone", async () => {
    const one = new Subject(elementwise({ features: 1, transformer: affineTransformer() }));
    for (let i = 0; i < n; i++) {
      const own = { values: Float64Array.of(shift[i]!, rawScale[i]!) };
      const { logAbsDet } = await one.image("inverse", own, { x: [x[i]!] });
      expectClose(logAbsDet, [ladj[i]!], 2 * double * Math.max(1, Math.abs(ladj[i]!)));
    }
  });
});

interface LinearCase {
  readonly features: number;
  readonly lower: MatrixRows;
  readonly unitUpper: MatrixRows;
  readonly x: MatrixRows;
  readonly y: MatrixRows;
  readonly ladj: number[];
  readonly inverseOfX: MatrixRows;
  readonly triangular: {
    readonly matrix: MatrixRows;
    readonly shift: number[];
    readonly x: MatrixRows;
    readonly y: MatrixRows;
    readonly ladj: number[];
    readonly inverseOfX: MatrixRows;
  };
}

/** Garbage for the elements that a mask must hide. */
const unread = 1e3;

describe.each(golden<{ cases: LinearCase[] }>("linear").cases)("$features features", (own) => {
  const n = own.features;
  const size = Math.max(...own.x.flat().map(Math.abs), ...own.y.flat().map(Math.abs), 1);

  test("LU: y = L U x, its inverse and its determinant", async () => {
    // Golden L holds a diagonal d of either sign; here U holds |d|. With S = sign d: L U = L' |d| (S U S) S, so that
    // the recorded y of x is ours of S x.
    const d = own.lower.map((row, i) => row[i]!);
    const sign = d.map(Math.sign);
    const flip = (rows: MatrixRows): number[] => rows.flatMap((row) => row.map((v, i) => v * sign[i]!));
    const parameters = {
      shift: new Float64Array(n),
      lower: Float64Array.from(
        own.lower.flatMap((row, i) => row.map((v, j) => (j < i ? v / d[j]! : unread))),
      ),
      upper: Float64Array.from(
        own.unitUpper.flatMap((row, i) =>
          row.map((v, j) => (j > i ? Math.abs(d[i]!) * v * sign[i]! * sign[j]! : unread)),
        ),
      ),
      logDiagonal: Float64Array.from(d, (v) => Math.log(Math.abs(v))),
    };
    const subject = new Subject(luAffine({ features: n }));
    const forward = await subject.image("forward", parameters, { x: flip(own.x) });
    expectClose(forward.value, own.y.flat(), 64 * n * double * size);
    expectClose(forward.logAbsDet, own.ladj, 16 * n * double);
    const inverse = await subject.image("inverse", parameters, { x: own.x.flat() });
    const largest = Math.max(1, ...own.inverseOfX.flat().map(Math.abs));
    expectClose(inverse.value, flip(own.inverseOfX), 256 * n * double * size * largest);
    expectClose(
      inverse.logAbsDet,
      own.ladj.map((v) => -v),
      16 * n * double,
    );
  });

  test("triangular: y = L x + t, its inverse and its determinant", async () => {
    const { matrix, shift, x, y, ladj, inverseOfX } = own.triangular;
    // A column with a negative diagonal is turned round together with its x.
    const sign = matrix.map((row, i) => Math.sign(row[i]!));
    const flip = (rows: MatrixRows): number[] => rows.flatMap((row) => row.map((v, i) => v * sign[i]!));
    const parameters = {
      shift: Float64Array.from(shift),
      lower: Float64Array.from(
        matrix.flatMap((row, i) => row.map((v, j) => (j < i ? v * sign[j]! : unread))),
      ),
      logDiagonal: Float64Array.from(matrix, (row, i) => Math.log(Math.abs(row[i]!))),
    };
    const subject = new Subject(triangularAffine({ features: n }));
    const forward = await subject.image("forward", parameters, { x: flip(x) });
    expectClose(forward.value, y.flat(), 32 * n * double * size);
    expectClose(forward.logAbsDet, ladj, 16 * n * double);
    const inverse = await subject.image("inverse", parameters, { x: x.flat() });
    const largest = Math.max(1, ...inverseOfX.flat().map(Math.abs));
    expectClose(inverse.value, flip(inverseOfX), 256 * n * double * size * largest);
    expectClose(
      inverse.logAbsDet,
      ladj.map((v) => -v),
      16 * n * double,
    );
  });
});

interface PermutationCase {
  readonly order: number[];
  readonly x: MatrixRows;
  readonly y: MatrixRows;
  readonly inverseOfX: MatrixRows;
}

test.each(golden<{ cases: PermutationCase[] }>("permutation").cases)(
  "permutation of $order.length features: y[i] = x[order[i]], to the bit",
  async (own) => {
    const subject = new Subject(permutation(own.order));
    const forward = await subject.image("forward", {}, { x: own.x.flat() });
    const inverse = await subject.image("inverse", {}, { x: own.x.flat() });
    expect(Array.from(forward.value)).toEqual(own.y.flat());
    expect(Array.from(inverse.value)).toEqual(own.inverseOfX.flat());
    expect([...forward.logAbsDet, ...inverse.logAbsDet].every((v) => v === 0)).toBe(true);
  },
);
