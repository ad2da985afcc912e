/**
 * The error function and the quantile of the standard normal distribution, on vectors.
 *
 * erf(x) = x + x e(x^2) for |x| < 1; beyond, erf(t) = 1 - exp(-t^2) w(u), where w is the scaled complement erfcx as a polynomial
 * in u = (t - 5/2) / (t + 5/2), fitted with the weight exp(-t^2). Minimax fits by Remez exchange at 60 digits.
 *
 * The quantile x of p splits as algorithm AS 241 does (Wichura, Applied Statistics 37, 1988, 477-484): by q = p - 1/2 near the
 * center, by r = sqrt(-log(min(p, 1 - p))) beyond. The quotients are our own: Loeb's iteration with Lawson's weights at
 * 60 digits, for p down to the smallest normal number.
 *
 * @module
 */

import { fastExp, log, withSign } from "./exponential.ts";
import type { Precision, Vector, VectorBuilder } from "./vector.ts";

interface ErrorFunction {
  /** e above. */
  readonly innerTerms: readonly number[];
  /** w above. */
  readonly outerTerms: readonly number[];
  /** From here on erf is 1 when rounded. */
  readonly oneFrom: number;
}

const errorFunction: Readonly<Record<Precision, ErrorFunction>> = {
  float32: {
    innerTerms: [
      0.128379166, -0.37612626, 0.112835787, -0.0268533472, 0.0051871622, -0.000799785252, 7.80689879e-5,
    ],
    outerTerms: [
      0.210806355, -0.37173754, 0.251698792, -0.125144109, 0.0394750088, -0.0049995603, -0.00391570199,
    ],
    oneFrom: 4,
  },
  float64: {
    innerTerms: [
      0.1283791670955126, -0.3761263890318375, 0.11283791670954858, -0.02686617064507296, 0.00522397762478137,
      -0.0008548326978765149, 0.00012055331037551108, -1.4925593518728226e-5, 1.6460972954153765e-6,
      -1.635002619207727e-7, 1.4657883530919653e-8, -1.136567067182716e-9, 5.945255584223488e-11,
    ],
    outerTerms: [
      0.2108063640611436, -0.3717367339489732, 0.2517131932174486, -0.1250330523788664, 0.039922539075707614,
      -0.0039937011625819085, -0.0026423659704999107, 0.000875915315254701, 0.00022838046382042681,
      -0.00012887428823666976, -3.4180971088992836e-5, 1.8583421175732963e-5, 7.512591223307396e-6,
      -2.1605866802092676e-6, -1.5246251692317746e-6,
    ],
    oneFrom: 6,
  },
};

/** Error function. Error: 1.2 ULP in float32, 1 ULP in float64. */
export function erf(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => {
    const { innerTerms, outerTerms, oneFrom } = errorFunction[v.precision];
    const square = v.mul(x, x);
    const inner = v.fusedMultiplyAdd(x, v.polynomial(square, innerTerms), x);
    const size = v.abs(x);
    const t = v.pseudoMin(size, v.constant(oneFrom));
    const pole = v.constant(2.5);
    const u = v.div(v.sub(t, pole), v.add(t, pole));
    const complement = v.mul(fastExp(v, v.neg(v.mul(t, t))), v.polynomial(u, outerTerms));
    const outer = withSign(v, v.sub(v.constant(1), complement), x);
    return v.select(v.less(size, v.constant(1)), inner, outer);
  });
}

/** Coefficients of a quotient of polynomials, constant terms first. */
interface Quotient {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

/** x = start + correction: the start carries most of the value, so that rounding in the correction weighs little. */
interface QuantileTable {
  /** x / q at |q| = 0.425. */
  readonly slope: number;
  /** x / q - slope, in 0.425^2 - q^2, for |q| <= 0.425. */
  readonly center: Quotient;
  /** x - r, in r - 1.6, for r <= 5. */
  readonly side: Quotient;
  /** x - r, in r - 5, beyond. */
  readonly tail: Quotient;
}

const quantileTables: Readonly<Record<Precision, QuantileTable>> = {
  float32: {
    slope: 3.387132883,
    center: {
      above: [-1.64972917e-7, -10.1790457, -107.473236, -168.465179],
      below: [1, 17.8953075, 78.7587891, 67.1877975],
    },
    side: {
      above: [-0.176562861, 0.565185487, 0.421766251, 0.0631980971, -2.90045009e-5],
      below: [1, 0.807427406, 0.150869727],
    },
    tail: {
      above: [1.65790462, 0.905746639, 0.140424892, 0.00639707223],
      below: [1, 0.262733757, 0.0154327657],
    },
  },
  float64: {
    slope: 3.387132872796367,
    center: {
      above: [
        -3.695021213716363e-16, -10.179205485111881, -356.090367701639, -4541.633195113702,
        -25955.418754584967, -65963.21511151713, -63996.23219866947, -15230.473247442533,
      ],
      below: [
        1, 42.32193797192649, 687.4926671056365, 5398.144946853306, 21236.56181713379, 39365.857493432726,
        28784.753829772704, 5239.334821026113,
      ],
    },
    side: {
      above: [
        -0.17656288925031643, 0.345310373383671, 1.0339197017536872, 0.8673999097361508, 0.343436180646863,
        0.06928235517372466, 0.006640933378250813, 0.00022670375492781324,
      ],
      below: [
        1, 2.05274345857778, 1.6755521207592947, 0.6892103341500934, 0.14794318106765583, 0.01518008092160933,
        0.0005469966598278946, 3.5867717738306575e-9,
      ],
    },
    tail: {
      above: [
        1.6579046435011038, 1.4642774301993602, 0.5000628236789525, 0.0851679649007198, 0.0077100060836265165,
        0.00036257995658818976, 7.912426439891711e-6, 5.8563781229940455e-8,
      ],
      below: [
        1, 0.5996232390578649, 0.13681898367569223, 0.014853890947803636, 0.0007850307730966223,
        1.8396546742007264e-5, 1.4138232617261452e-7, 6.8720596214449865e-15,
      ],
    },
  },
};

/**
 * Standard normal quantile of a probability in (0, 1): -Infinity at 0, Infinity at 1, NaN outside. Near 1 the argument
 * itself has few digits of 1 - p. Error: 3.7 ULP in float32, 3.5 ULP in float64.
 */
export function normalQuantile(v: VectorBuilder, p: Vector): Vector {
  return v.scope(() => {
    const { slope, center, side, tail } = quantileTables[v.precision];
    const q = v.sub(p, v.constant(0.5));
    const size = v.abs(q);
    const centerArgument = v.negatedFusedMultiplyAdd(q, q, v.constant(0.180625));

    const smaller = v.pseudoMin(p, v.sub(v.constant(1), p));
    const r = v.sqrt(v.neg(log(v, smaller)));
    const sideArgument = v.sub(r, v.constant(1.6));
    const tailArgument = v.sub(r, v.constant(5));

    const isCenter = v.lessEqual(size, v.constant(0.425));
    const isTail = v.greater(r, v.constant(5));
    const choose = (inCenter: Vector, inSide: Vector, inTail: Vector): Vector =>
      v.select(isCenter, inCenter, v.select(isTail, inTail, inSide));

    // One division for the three quotients.
    const above = choose(
      v.mul(size, v.polynomial(centerArgument, center.above)),
      v.polynomial(sideArgument, side.above),
      v.polynomial(tailArgument, tail.above),
    );
    const below = choose(
      v.polynomial(centerArgument, center.below),
      v.polynomial(sideArgument, side.below),
      v.polynomial(tailArgument, tail.below),
    );
    const start = v.select(isCenter, v.mul(size, v.constant(slope)), r);
    const finite = v.add(start, v.div(above, below));
    return withSign(v, v.select(v.equal(smaller, v.constant(0)), v.constant(Infinity), finite), q);
  });
}
