/**
 * The exponential function, the logarithm, and what is made of them, on vectors.
 *
 * exp: x = n ln 2 + r with |r| <= ln 2 / 2, exp(x) = 2^n (1 + r + r^2 q(r)); n is rounded by adding 1.5 * 2^m (m the bits
 * of the significand), which also leaves it, as an integer, in the low bits. log: x = 2^e (1 + f) with
 * 1 + f in [sqrt(1/2), sqrt(2)), s = f / (2 + f), log(1 + f) = f - (f^2/2 - s (f^2/2 + z p(z))), z = s^2 (the form of Sun's
 * fdlibm, https://www.netlib.org/fdlibm/e_log.c). Polynomials are minimax fits by Remez exchange at 60 digits.
 *
 * All give NaN for NaN. Nothing depends on whether a relaxed multiply-add is fused, beyond the last bits: where a
 * product must be exact, it has few enough bits. Errors in ULP (units in the last place) are the largest seen
 * against mpmath at 60 digits; the tests hold them, with what the reference of a test adds.
 *
 * @module
 */

import type { Bits, Precision, Vector, VectorBuilder } from "./vector.ts";

interface Format {
  /** Bits of the significand, without the hidden one. */
  readonly fractionBits: number;
  readonly exponentBias: number;
  /** Bits of 1 and of the double nearest to sqrt(1/2). */
  readonly oneBits: bigint;
  readonly rootHalfBits: bigint;
  readonly smallestNormal: number;
  /** The arguments of exp whose results are finite and not subnormal. */
  readonly smallestExponent: number;
  readonly largestExponent: number;
  /** Below this, exp(x) - 1 is -1. */
  readonly expm1Floor: number;
  /** From this on, tanh(x) is 1. */
  readonly tanhOne: number;
  /** ln 2 in two parts; the first has few enough bits that its product with an exponent is exact. */
  readonly ln2High: number;
  readonly ln2Low: number;
  /** q above. */
  readonly exp: readonly number[];
  /** p above. */
  readonly log: readonly number[];
  /** tanh(x) = x + x^3 t(x^2) for |x| <= 0.5625. */
  readonly tanh: readonly number[];
}

const formats: Readonly<Record<Precision, Format>> = {
  float32: {
    fractionBits: 23,
    exponentBias: 127,
    oneBits: 0x3f800000n,
    rootHalfBits: 0x3f3504f3n,
    smallestNormal: 2 ** -126,
    smallestExponent: -87.33654022216797,
    largestExponent: 88.72283172607422,
    expm1Floor: -18,
    tanhOne: 10,
    ln2High: 0.693359375,
    ln2Low: -2.1219444005469057e-4,
    exp: [0.49999994, 0.166665226, 0.0416682288, 0.00836852938, 0.00138234766],
    log: [0.666666687, 0.399996638, 0.285779119, 0.228532165],
    tanh: [-0.333333164, 0.133325145, -0.0538425297, 0.0210246723, -0.00620037457],
  },
  float64: {
    fractionBits: 52,
    exponentBias: 1023,
    oneBits: 0x3ff0000000000000n,
    rootHalfBits: 0x3fe6a09e667f3bcdn,
    smallestNormal: 2 ** -1022,
    smallestExponent: -708.3964185322641,
    largestExponent: 709.782712893384,
    expm1Floor: -40,
    tanhOne: 20,
    ln2High: 0.6931471803691238,
    ln2Low: 1.9082149292705877e-10,
    exp: [
      0.500000000000001, 0.16666666666666674, 0.04166666666652095, 0.008333333333322127,
      0.0013888888948140007, 0.00019841269886836392, 2.4801486965350888e-5, 2.7557242059340425e-6,
      2.7632791582662336e-7, 2.5110154340462048e-8,
    ],
    log: [
      0.666666666666671, 0.3999999999951718, 0.28571428730011333, 0.22222199005393076, 0.1818357643089106,
      0.15313030178560308, 0.14811936241135093,
    ],
    tanh: [
      -0.3333333333333333, 0.13333333333333078, -0.05396825396802122, 0.021869488526262824,
      -0.00886323529284482, 0.003592124500463473, -0.0014557996665372406, 0.0005897962122988753,
      -0.00023807331662560756, 9.363280619185604e-5, -3.2516411274536235e-5, 7.187469357937025e-6,
    ],
  },
};

/** x = n ln 2 + r. */
interface Reduced {
  /** x - n (high part of ln 2), exact. */
  readonly high: Vector;
  /** n (low part of ln 2), so that r = high - low. */
  readonly low: Vector;
  /** n shifted into the exponent, to be added to the bits of a number. */
  readonly exponent: Bits;
}

function reduce(v: VectorBuilder, x: Vector): Reduced {
  const format = formats[v.precision];
  const shift = v.constant(1.5 * 2 ** format.fractionBits);
  const shifted = v.fusedMultiplyAdd(x, v.constant(Math.LOG2E), shift);
  const n = v.sub(shifted, shift);
  return {
    high: v.negatedFusedMultiplyAdd(n, v.constant(format.ln2High), x),
    low: v.mul(n, v.constant(format.ln2Low)),
    exponent: v.shiftLeft(v.bits(shifted), format.fractionBits),
  };
}

/** exp(r) for |r| <= ln 2 / 2. */
function expOfRemainder(v: VectorBuilder, { high, low }: Reduced): Vector {
  const r = v.sub(high, low);
  const q = v.polynomial(r, formats[v.precision].exp);
  return v.add(v.fusedMultiplyAdd(q, v.mul(r, r), r), v.constant(1));
}

/**
 * e^x. Infinity above the range; results below the smallest normal number (2^-126, 2^-1022) are flushed to 0.
 * Error: 1 ULP in float32, 1.2 ULP in float64.
 */
export function exp(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => {
    const format = formats[v.precision];
    const reduced = reduce(v, x);
    const finiteValue = v.fromBits(v.bitsAdd(v.bits(expOfRemainder(v, reduced)), reduced.exponent));
    // Otherwise it is too large, or NaN, which the sum keeps.
    const above = v.add(x, v.constant(Infinity));
    const value = v.select(v.lessEqual(x, v.constant(format.largestExponent)), finiteValue, above);
    return v.clear(v.less(x, v.constant(format.smallestExponent)), value);
  });
}

/** The magnitude up to which {@link fastExp} may be used. */
export const fastExpRange: Readonly<Record<Precision, number>> = { float32: 87, float64: 708 };

/** e^x for |x| <= 87 (float32) or 708 (float64); without meaning outside. NaN gives NaN. Error as {@link exp}. */
export function fastExp(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => {
    const reduced = reduce(v, x);
    // A product and not a sum of bits, so that NaN stays NaN.
    const power = v.bitsAdd(reduced.exponent, v.bitsConstant(formats[v.precision].oneBits));
    return v.mul(expOfRemainder(v, reduced), v.fromBits(power));
  });
}

/** e^x - 1, precise near 0. Infinity above the range. Error: 1.4 ULP in float32, 1.3 ULP in float64. */
export function expm1(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => {
    const format = formats[v.precision];
    const half = v.constant(0.5);
    const reduced = reduce(v, v.pseudoMax(x, v.constant(format.expm1Floor)));
    const r = v.sub(reduced.high, reduced.low);
    // What r has lost by rounding matters where 2^n - 1 and 2^n r nearly cancel.
    const roundingError = v.sub(v.sub(reduced.high, r), reduced.low);
    const tail = v.fusedMultiplyAdd(v.mul(r, r), v.polynomial(r, format.exp), roundingError);
    // Half the result, since 2^n itself may overflow: 2^(n-1) - 1/2 + 2^(n-1) (r + tail).
    const power = v.fromBits(v.bitsAdd(reduced.exponent, v.bits(half)));
    const halfValue = v.fusedMultiplyAdd(power, tail, v.fusedMultiplyAdd(power, r, v.sub(power, half)));
    const above = v.add(x, v.constant(Infinity));
    return v.select(v.lessEqual(x, v.constant(format.largestExponent)), v.add(halfValue, halfValue), above);
  });
}

/**
 * log(u) + correction for a positive, finite, normal u.
 * @param exponent added to the exponent of u, so that the logarithm is that of u 2^exponent.
 */
function logOfNormal(v: VectorBuilder, u: Vector, correction?: Vector, exponent?: Vector): Vector {
  const format = formats[v.precision];
  const { fractionBits, exponentBias, oneBits, rootHalfBits } = format;
  // Exponent field e + bias, fraction field that of 1 + f less that of sqrt(1/2).
  const shifted = v.bitsSub(v.bits(u), v.bitsConstant(rootHalfBits - oneBits));
  const fraction = v.bitsAnd(shifted, v.bitsConstant((1n << BigInt(fractionBits)) - 1n));
  const f = v.sub(v.fromBits(v.bitsAdd(fraction, v.bitsConstant(rootHalfBits))), v.constant(1));
  // An integer below 2^m, put into the low bits of 2^m, becomes a number.
  const integer = v.fromBits(
    v.bitsOr(v.shiftRight(shifted, fractionBits), v.bits(v.constant(2 ** fractionBits))),
  );
  let e = v.sub(integer, v.constant(2 ** fractionBits + exponentBias));
  if (exponent !== undefined) e = v.add(e, exponent);

  const s = v.div(f, v.add(f, v.constant(2)));
  const z = v.mul(s, s);
  const halfSquare = v.mul(v.constant(0.5), v.mul(f, f));
  const sum = v.fusedMultiplyAdd(z, v.polynomial(z, format.log), halfSquare);
  const low =
    correction === undefined
      ? v.mul(e, v.constant(format.ln2Low))
      : v.fusedMultiplyAdd(e, v.constant(format.ln2Low), correction);
  const inner = v.fusedMultiplyAdd(s, sum, low);
  return v.fusedMultiplyAdd(e, v.constant(format.ln2High), v.sub(f, v.sub(halfSquare, inner)));
}

/** `inside`, but x itself for x of Infinity and NaN, -Infinity for x = pole, NaN below. */
function withPole(v: VectorBuilder, x: Vector, pole: number, inside: Vector): Vector {
  const edge = v.constant(pole);
  const finite = v.select(v.less(x, v.constant(Infinity)), inside, x);
  const negativeInfinity = v.bits(v.constant(-Infinity));
  const outside = v.fromBits(v.bitsOr(negativeInfinity, { kind: "bits", local: v.less(x, edge).local }));
  return v.select(v.lessEqual(x, edge), outside, finite);
}

/**
 * Natural logarithm, of subnormal numbers too. -Infinity at 0, NaN below. Error: 0.9 ULP in both precisions.
 */
export function log(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => {
    const format = formats[v.precision];
    const lift = format.fractionBits + 1;
    const subnormal = v.less(x, v.constant(format.smallestNormal));
    const u = v.select(subnormal, v.mul(x, v.constant(2 ** lift)), x);
    return withPole(v, x, 0, logOfNormal(v, u, undefined, v.keep(subnormal, v.constant(-lift))));
  });
}

/** log(1 + x) for finite x > -1. */
function log1pInside(v: VectorBuilder, x: Vector): Vector {
  const one = v.constant(1);
  // 1 + x = u + rest exactly (Knuth's two-sum), log(1 + x) = log(u) + rest / u.
  const u = v.add(one, x);
  const part = v.sub(u, one);
  const rest = v.add(v.sub(one, v.sub(u, part)), v.sub(x, part));
  return logOfNormal(v, u, v.div(rest, u));
}

/** log(1 + x), precise near 0. -Infinity at -1, NaN below. Error: 0.9 ULP in both precisions. */
export function log1p(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => withPole(v, x, -1, log1pInside(v, x)));
}

/** log(1 + e^-|x|): at most ln 2; 0 for infinite x. */
function softplusOfMinusAbsolute(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => log1pInside(v, exp(v, v.neg(v.abs(x)))));
}

/** log(1 + e^x), for every x without overflow. Error: 1.7 ULP in float32, 1.5 ULP in float64. */
export function softplus(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => v.add(v.pseudoMax(x, v.constant(0)), softplusOfMinusAbsolute(v, x)));
}

/** log(1 / (1 + e^-x)) = -softplus(-x). Error as {@link softplus}. */
export function logSigmoid(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => v.sub(v.pseudoMin(x, v.constant(0)), softplusOfMinusAbsolute(v, x)));
}

/**
 * 1 / (1 + e^-x). 0 where e^-x overflows (x < -88.7 or -709.8). Error: 2.5 ULP in float32, 2 ULP in float64.
 */
export function sigmoid(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => v.div(v.constant(1), v.add(v.constant(1), exp(v, v.neg(x)))));
}

/** Hyperbolic tangent; ±1 from |x| = 9.1 or 19.1 on. Error: 1.5 ULP in float32, 1.4 ULP in float64. */
export function tanh(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => {
    const format = formats[v.precision];
    const size = v.abs(x);
    const square = v.mul(x, x);
    const series = v.fusedMultiplyAdd(v.mul(x, square), v.polynomial(square, format.tanh), x);
    // 1 - 2 / (e^2|x| + 1): from tanh(x) > 1/2 on the difference cancels nothing.
    const bounded = v.pseudoMin(size, v.constant(format.tanhOne));
    const power = fastExp(v, v.add(bounded, bounded));
    const quotient = v.sub(v.constant(1), v.div(v.constant(2), v.add(power, v.constant(1))));
    return v.select(v.less(size, v.constant(0.5625)), series, withSign(v, quotient, x));
  });
}

/** A number that is not negative, with the sign of another. */
export function withSign(v: VectorBuilder, size: Vector, sign: Vector): Vector {
  const signBit = v.bits(v.constant(-0));
  return v.fromBits(v.bitsOr(v.bits(size), v.bitsAnd(v.bits(sign), signBit)));
}
