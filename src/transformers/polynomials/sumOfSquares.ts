/**
 * Sum-of-squares polynomials (Jaini, Selby, Yu 2019, eq. 7): the integral of a sum of K squared polynomials of degree L.
 *
 *     inverse   x = c + integral from 0 to y of g(u) du       log derivative log g(y)
 *               g(u) = (1/K) sum_k (1 + sum_j a_kj (u / scale)^j)^2 + slope
 *     forward   by a root
 *
 * The integral is a polynomial, and exact. The 1 and the slope are those of zuko: no point is flat. To a_k1 is added what differs from one
 * polynomial to the next, as equal ones would be trained alike, and stay one: all parameters zero is near the identity. From |y| = 10 scales on it goes on straight, with the slope of there.
 *
 * Raw parameters: a, polynomial after polynomial, each from degree 0 on, and then c.
 *
 * @see https://arxiv.org/abs/1905.02325
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { add, asExpr, clamp, div, log, mul, total } from "../../graph/ops.ts";
import {
  checkedOptions,
  count,
  notNegative,
  type OptionTable,
  positive,
  wholeNumber,
} from "../../options.ts";
import { bracketOfSlope, solvedTransformer } from "../solvedTransformer.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { Transformer } from "../transformer.ts";

/** Options of {@link sumOfSquares}. */
export interface SumOfSquaresOptions {
  /** Polynomials K, at least 1 (default 3). */
  readonly polynomials?: number | undefined;
  /** Degree L of each, from 1 to 12 (default 4). */
  readonly degree?: number | undefined;
  /** Least slope, above 0 (default 1e-3). */
  readonly slope?: number | undefined;
  /** What y is divided by before powers are taken, above 0 (default 10). */
  readonly scale?: number | undefined;
  /** Half-width of the interval in which `forward` looks for y, giving an end where there is none (default: everywhere). */
  readonly bound?: number | undefined;
  /**
   * What is added to the coefficient of degree 1 from one polynomial to the next, with a mean of 0, at least 0 (default 1). With 0 all are equal
   * where their parameters are, and a training keeps them so unless their first parameters differ.
   */
  readonly spread?: number | undefined;
}

const sumOfSquaresOptionTable: OptionTable<SumOfSquaresOptions> = {
  polynomials: count,
  degree: wholeNumber("an integer from 1 to 12", 1, 12),
  slope: positive,
  scale: positive,
  bound: positive,
  spread: notNegative,
};

/** Scales from which on the map is straight. */
const reach = 10;

/** The polynomial with these coefficients, from degree 0 on (Horner). */
function polynomial(coefficients: readonly Expr[], x: Expr): Expr {
  return coefficients.reduceRight((sum, coefficient) => add(mul(sum, x), coefficient));
}

/** Coefficients of the square of a polynomial. */
function squared(coefficients: readonly Expr[]): readonly Expr[] {
  const n = coefficients.length;
  return Array.from({ length: 2 * n - 1 }, (_, power) => {
    const from = Math.max(0, power - n + 1);
    const terms = Array.from({ length: Math.min(power, n - 1) - from + 1 }, (_, i) =>
      mul(coefficients[from + i]!, coefficients[power - from - i]!),
    );
    return total(terms[0]!, ...terms.slice(1));
  });
}

/**
 * Sum-of-squares polynomials; K (L + 1) + 1 parameters per feature. `inverse` costs O(K L^2), `forward` some ten times as much.
 * @throws UsageError for an option out of its range.
 * @cost inverse O(K L^2), forward some ten times as much
 * @example
 * const transformer = sumOfSquares();
 */
export function sumOfSquares(options: SumOfSquaresOptions = {}): Transformer {
  const {
    polynomials = 3,
    degree = 4,
    slope = 1e-3,
    scale = 10,
    bound,
    spread = 1,
  } = checkedOptions("sumOfSquares", options, sumOfSquaresOptionTable);
  const parameterCount = polynomials * (degree + 1) + 1;
  return solvedTransformer({
    type: "sumOfSquares",
    parameterCount,
    closed: "inverse",
    ...(bound === undefined ? {} : { codomain: [-bound, bound] as const, endsCount: true }),
    map(y, parameters) {
      const inside = clamp(y, -reach * scale, reach * scale);
      const u = mul(inside, 1 / scale);
      const squares = Array.from({ length: polynomials }, (_, k) => {
        const [first, second, ...rest] = parameters.slice(k * (degree + 1), (k + 1) * (degree + 1));
        return [add(1, first!), add(spread * (k - (polynomials - 1) / 2), second!), ...rest];
      });
      const sums = squares
        .map(squared)
        .reduce((sum, square) => sum.map((value, i) => add(value, square[i]!)));
      const integral = mul(
        u,
        polynomial(
          sums.map((value, i) => div(value, i + 1)),
          u,
        ),
      );
      // The sum of squares itself, which rounding cannot make negative.
      const values = squares.map((coefficients) => {
        const value = polynomial(coefficients, u);
        return mul(value, value);
      });
      const mean = mul(1 / polynomials, total(values[0]!, ...values.slice(1)));
      const value = total(
        mul(scale / polynomials, integral),
        mul(slope, inside),
        parameters[parameterCount - 1]!,
      );
      return straightBeyond(y, inside, { value, logDerivative: log(add(mean, slope)) });
    },
    bracket: (x, parameters) =>
      bound === undefined
        ? bracketOfSlope(x, asExpr(parameters[parameterCount - 1]!), slope)
        : [asExpr(-bound), asExpr(bound)],
    toJSON: () => ({
      type: "sumOfSquares",
      polynomials,
      degree,
      slope,
      scale,
      ...(bound === undefined ? {} : { bound }),
      ...(spread === 0 ? {} : { spread }),
    }),
  });
}
