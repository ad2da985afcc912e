/**
 * Sine and cosine on vectors.
 *
 * x = n pi/2 + r with |r| <= pi/4 (Cody and Waite), then sin(r) = r + r^3 s(r^2), cos(r) = 1 - r^2/2 + r^4 c(r^2), and the
 * quadrant n mod 4 says which and with what sign. In float32 the reduction is done in float64. Polynomials are
 * minimax fits by Remez exchange at 60 digits; the parts of pi/2 are those of Sun's fdlibm (e_rem_pio2.c).
 *
 * Good to the stated error for |x| up to 2^20 (about 10^6). Beyond, n has more bits than the parts of pi/2 leave room
 * for, and the absolute error grows as |x| 2^-52. Results stay in [-1, 1]; from about 2^50 on they mean nothing.
 *
 * @module
 */

import type { Bits, Precision, Vector } from "./vector.ts";
import { VectorBuilder } from "./vector.ts";

const polynomials: Readonly<Record<Precision, { sin: readonly number[]; cos: readonly number[] }>> = {
  float32: {
    sin: [-0.166666552, 0.00833218824, -0.000195180706],
    cos: [0.041666653, -0.00138876098, 2.44617495e-5],
  },
  float64: {
    sin: [
      -0.1666666666666664, 0.008333333333323575, -0.000198412698300642, 2.7557313621771576e-6,
      -2.50507296351509e-8, 1.5894416117286298e-10,
    ],
    cos: [
      0.04166666666666665, -0.0013888888888882785, 2.480158729457783e-5, -2.7557315719792157e-7,
      2.0875894650411363e-9, -1.1367797640996666e-11,
    ],
  },
};

/** pi/2 in parts: the first two have 33 bits, so that products with n < 2^20 are exact; each `rest` completes the sum. */
const part1 = 1.5707963267341256;
const rest1 = 6.077100506506192e-11;
const part2 = 6.077100506303966e-11;
const rest2 = 2.0222662487959506e-21;

/** 1.5 * 2^52: adding it leaves the nearest integer in the low bits. */
const integerShift = 1.5 * 2 ** 52;

interface Reduced {
  /** Low bits: n. */
  readonly quadrant: Bits;
  readonly remainder: Vector;
}

/** n pi/2, taken off in float64: to full precision, or to that of a float32 result. */
function reduceFloat64(v: VectorBuilder, x: Vector, full: boolean): Reduced {
  const shift = v.constant(integerShift);
  const shifted = v.fusedMultiplyAdd(x, v.constant(2 / Math.PI), shift);
  const n = v.sub(shifted, shift);
  const high = v.negatedFusedMultiplyAdd(n, v.constant(part1), x);
  if (!full)
    return { quadrant: v.bits(shifted), remainder: v.negatedFusedMultiplyAdd(n, v.constant(rest1), high) };
  // high - n part2 exactly, as a rounded difference and what it lost (Knuth's two-sum).
  const low = v.mul(n, v.constant(part2));
  const difference = v.sub(high, low);
  const subtrahend = v.sub(high, difference);
  const roundingError = v.add(v.sub(high, v.add(difference, subtrahend)), v.sub(subtrahend, low));
  const remainder = v.add(difference, v.negatedFusedMultiplyAdd(n, v.constant(rest2), roundingError));
  return { quadrant: v.bits(shifted), remainder };
}

/** The reduction of four float32 lanes, in two halves of two float64 lanes. */
function reduceFloat32(v: VectorBuilder, x: Vector): Reduced {
  const { f } = v;
  const wide = new VectorBuilder(f, { precision: "float64", relaxed: v.relaxed });
  const remainder = v.variable(x);
  const quadrant = v.variable(x);
  wide.scope(() => {
    f.get(x.local).op("f64x2.promote_low_f32x4");
    const low = reduceFloat64(wide, wide.fromStack(), false);
    f.get(x.local).get(x.local).shuffle([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
    f.op("f64x2.promote_low_f32x4");
    const high = reduceFloat64(wide, wide.fromStack(), false);
    f.get(low.remainder.local).op("f32x4.demote_f64x2_zero");
    f.get(high.remainder.local).op("f32x4.demote_f64x2_zero");
    f.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]).set(remainder.local);
    f.get(low.quadrant.local).get(high.quadrant.local);
    f.shuffle([0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]).set(quadrant.local);
    return undefined;
  });
  return { quadrant: v.bits(quadrant), remainder };
}

/** sin(x + turns pi/2). */
function sinShifted(v: VectorBuilder, x: Vector, turns: 0 | 1): Vector {
  return v.scope(() => {
    const reduced = v.precision === "float32" ? reduceFloat32(v, x) : reduceFloat64(v, x, true);
    // Holds the polynomials, and so the result, in their range for arguments that could not be reduced.
    const r = v.pseudoMax(v.pseudoMin(reduced.remainder, v.constant(0.8)), v.constant(-0.8));
    const { sin, cos } = polynomials[v.precision];
    const square = v.mul(r, r);
    const sine = v.fusedMultiplyAdd(v.mul(r, square), v.polynomial(square, sin), r);
    const quartic = v.mul(v.mul(square, square), v.polynomial(square, cos));
    const cosine = v.add(v.negatedFusedMultiplyAdd(v.constant(0.5), square, v.constant(1)), quartic);

    const one = v.bitsConstant(1);
    const quadrant = turns === 0 ? reduced.quadrant : v.bitsAdd(reduced.quadrant, one);
    const odd = v.bitsEqual(v.bitsAnd(quadrant, one), one);
    const size = v.select(odd, cosine, sine);
    // Bit 1 of the quadrant is the sign.
    const sign = v.bitsAnd(v.shiftLeft(quadrant, 8 * v.laneBytes - 2), v.bits(v.constant(-0)));
    return v.fromBits(v.bitsXor(v.bits(size), sign));
  });
}

/** Sine; NaN for infinite x. Error for |x| <= 2^20: 1.6 ULP in float32, 1.5 ULP in float64. */
export function sin(v: VectorBuilder, x: Vector): Vector {
  return sinShifted(v, x, 0);
}

/** Cosine; NaN for infinite x. Error for |x| <= 2^20: 1.6 ULP in float32, 1.5 ULP in float64. */
export function cos(v: VectorBuilder, x: Vector): Vector {
  return sinShifted(v, x, 1);
}
