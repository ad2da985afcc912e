/**
 * The error function and the quantile of the standard normal distribution, on vectors.
 *
 * erf(x) = x + x e(x^2) for |x| < 1; beyond, erf(t) = 1 - exp(-t^2) w(u), where w is the scaled complement erfcx as a polynomial
 * in u = (t - 5/2) / (t + 5/2), fitted with the weight exp(-t^2). Minimax fits by Remez exchange at 60 digits.
 *
 * The quantile is algorithm AS 241 (Wichura, Applied Statistics 37, 1988, 477-484): PPND16 in float64, PPND7 in float32.
 *
 * @module
 */

import { fastExp, log, withSign } from "./exponential.ts";
import type { Mask, Precision, Vector, VectorBuilder } from "./vector.ts";

interface ErrorFunction {
  /** e above. */
  readonly near: readonly number[];
  /** w above. */
  readonly far: readonly number[];
  /** From here on erf is 1 when rounded. */
  readonly one: number;
}

const errorFunction: Readonly<Record<Precision, ErrorFunction>> = {
  float32: {
    near: [
      0.128379166, -0.37612626, 0.112835787, -0.0268533472, 0.0051871622, -0.000799785252, 7.80689879e-5,
    ],
    far: [0.210806355, -0.37173754, 0.251698792, -0.125144109, 0.0394750088, -0.0049995603, -0.00391570199],
    one: 4,
  },
  float64: {
    near: [
      0.1283791670955126, -0.3761263890318375, 0.11283791670954858, -0.02686617064507296, 0.00522397762478137,
      -0.0008548326978765149, 0.00012055331037551108, -1.4925593518728226e-5, 1.6460972954153765e-6,
      -1.635002619207727e-7, 1.4657883530919653e-8, -1.136567067182716e-9, 5.945255584223488e-11,
    ],
    far: [
      0.2108063640611436, -0.3717367339489732, 0.2517131932174486, -0.1250330523788664, 0.039922539075707614,
      -0.0039937011625819085, -0.0026423659704999107, 0.000875915315254701, 0.00022838046382042681,
      -0.00012887428823666976, -3.4180971088992836e-5, 1.8583421175732963e-5, 7.512591223307396e-6,
      -2.1605866802092676e-6, -1.5246251692317746e-6,
    ],
    one: 6,
  },
};

/** Error function. Error: 2 ULP in float32, 2 ULP in float64. */
export function erf(v: VectorBuilder, x: Vector): Vector {
  return v.scope(() => {
    const { near, far, one } = errorFunction[v.precision];
    const square = v.mul(x, x);
    const inner = v.fusedMultiplyAdd(x, v.polynomial(square, near), x);
    const size = v.abs(x);
    const t = v.pseudoMin(size, v.constant(one));
    const pole = v.constant(2.5);
    const u = v.div(v.sub(t, pole), v.add(t, pole));
    const complement = v.mul(fastExp(v, v.neg(v.mul(t, t))), v.polynomial(u, far));
    const outer = withSign(v, v.sub(v.constant(1), complement), x);
    return v.select(v.less(size, v.constant(1)), inner, outer);
  });
}

/** Coefficients of a quotient of polynomials, constant terms first. */
interface Quotient {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

interface QuantileTable {
  /** In 0.425^2 - q^2, times q = p - 1/2, for |q| <= 0.425. */
  readonly center: Quotient;
  /** In r - 1.6, r = sqrt(-log(min(p, 1 - p))), for r <= 5. */
  readonly side: Quotient;
  /** In r - 5, beyond. */
  readonly tail: Quotient;
}

const quantileTables: Readonly<Record<Precision, QuantileTable>> = {
  float32: {
    center: {
      above: [3.3871327179, 50.434271938, 159.29113202, 59.10937472],
      below: [1, 17.895169469, 78.757757664, 67.1875636],
    },
    side: {
      above: [1.4234372777, 2.75681539, 1.3067284816, 0.17023821103],
      below: [1, 0.7370016425, 0.12021132975],
    },
    tail: {
      above: [6.657905115, 3.081226386, 0.42868294337, 0.017337203997],
      below: [1, 0.24197894225, 0.012258202635],
    },
  },
  float64: {
    center: {
      above: [
        3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
        45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
      ],
      below: [
        1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
        39307.89580009271061, 28729.085735721942674, 5226.495278852854561,
      ],
    },
    side: {
      above: [
        1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
        1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
      ],
      below: [
        1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
        0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
      ],
    },
    tail: {
      above: [
        6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
        0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5,
        2.01033439929228813265e-7,
      ],
      below: [
        1, 0.59983220655588793769, 0.1369298809227358053, 0.0148753612908506148525, 7.868691311456132591e-4,
        1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
      ],
    },
  },
};

/**
 * Standard normal quantile of a probability in (0, 1): -Infinity at 0, Infinity at 1, NaN outside. Near 1 the argument
 * itself has few digits of 1 - p. Error: 4 ULP in float32, 8 ULP in float64.
 */
export function normalQuantile(v: VectorBuilder, p: Vector): Vector {
  return v.scope(() => {
    const { center, side, tail } = quantileTables[v.precision];
    const q = v.sub(p, v.constant(0.5));
    const size = v.abs(q);
    const bound = v.constant(0.425);
    const centerArgument = v.negatedFusedMultiplyAdd(q, q, v.constant(0.180625));

    const smaller = v.pseudoMin(p, v.sub(v.constant(1), p));
    const r = v.sqrt(v.neg(log(v, smaller)));
    const isTail = v.greater(r, v.constant(5));
    const sideArgument = v.sub(r, v.constant(1.6));
    const tailArgument = v.sub(r, v.constant(5));
    const isCenter = v.lessEqual(size, bound);

    // One division for the three quotients.
    const choose = (part: keyof Quotient, inCenter: (polynomial: Vector) => Vector): Vector => {
      const outside = selectPolynomial(v, isTail, tailArgument, tail[part], sideArgument, side[part]);
      return v.select(isCenter, inCenter(v.polynomial(centerArgument, center[part])), outside);
    };
    const above = choose("above", (polynomial) => v.mul(size, polynomial));
    const below = choose("below", (polynomial) => polynomial);
    const quantile = v.select(v.equal(smaller, v.constant(0)), v.constant(Infinity), v.div(above, below));
    return withSign(v, quantile, q);
  });
}

function selectPolynomial(
  v: VectorBuilder,
  mask: Mask,
  x: Vector,
  ofX: readonly number[],
  y: Vector,
  ofY: readonly number[],
): Vector {
  return v.select(mask, v.polynomial(x, ofX), v.polynomial(y, ofY));
}
