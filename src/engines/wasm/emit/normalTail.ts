/**
 * The mean excess of a standard normal number over x: its density over its upper tail, less x.
 *
 * With w = 1 / (x + 4), m(x) = w p(u), u = 1 - 8 w from -1 at 0 to 1 at infinity. p is the Chebyshev series of m(x) (x + 4) in u, from 41 nodes
 * with mpmath 1.3.0 at 50 digits, in powers of u; what is left out is 1e-17 of it, in float32 6e-8.
 *
 * @module
 */

import type { Precision, Vector, VectorBuilder } from "./vector.ts";

/** The 4 of w above. */
export const excessPlace = 4;

/** p above. */
export const excessTerms: Readonly<Record<Precision, readonly number[]>> = {
  float32: [
    1.80485715, -1.18220547, 0.401957626, 0.0675456708, -0.138239915, 0.0334741655, 0.0317549787,
    -0.0199727925, -0.00479732044, 0.00646083059, 0.000154244555, -0.00107159237, 8.23684851e-5,
  ],
  float64: [
    1.8048571559157687, -1.1822045015192792, 0.40195670380623527, 0.06751792792276659, -0.13822449147915367,
    0.03370366765351547, 0.031656527489777486, -0.02080045431159896, -0.004488589890605869,
    0.007961411150203152, -0.00037358596952200143, -0.00248579224219354, 0.0005948559918031812,
    0.0006654957847153117, -0.0002892918027857523, -0.00015033129050805692, 0.00010488754870985675,
    2.5598410718239395e-5, -3.170859414881326e-5, -1.4565187827615585e-6, 8.114172816411628e-6,
    -1.1267471643798478e-6, -1.6905634592427578e-6, 5.605918542801535e-7, 2.5569143808187903e-7,
    -1.3529413081994808e-7, -2.071114283078507e-8, 1.4804154022563546e-8,
  ],
};

/** Mean excess for x of 0 or more; 0 at infinity, NaN below. Error: 4 ULP in float32, 5 ULP in float64. */
export function normalExcess(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => {
    const w = v.div(v.constant(1), v.add(x, v.constant(excessPlace)));
    const u = v.negatedFusedMultiplyAdd(w, v.constant(2 * excessPlace), v.constant(1));
    const value = v.mul(w, v.polynomial(u, excessTerms[v.precision]));
    // All ones, which is not a number, where it is below.
    const isBelow = v.less(x, v.constant(0));
    return v.fromBits(v.bitsOr(v.bits(value), { kind: "bits", local: isBelow.local }));
  });
}
