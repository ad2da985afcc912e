/**
 * The Sylvester map, a planar map with M hidden units:
 *
 *     forward    y = x + Q R tanh(S Qᵀ x + b)      logAbsDet = sum_i log(1 + r_ii s_ii (1 - tanh²(...)_i))
 *     inverse    t = Qᵀ x from t + R tanh(S t + b) = Qᵀ y, the last element first: each is the root of an increasing
 *                function of one number, within |r_ii| of what is left; then x = y - Q R tanh(S t + b)
 *
 * Q `[n, M]` has orthonormal columns: a product of Householder reflections, of which M columns are taken. R and S `[M, M]`
 * are upper triangular, with diagonals in (-1, 1), so that r_ii s_ii > -1, which makes the map one to one.
 *
 * R. van den Berg, L. Hasenclever, J. Tomczak, M. Welling, "Sylvester Normalizing Flows for Variational Inference", UAI
 * 2018, equations 10 to 17, https://arxiv.org/abs/1803.05649
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { root } from "../../graph/library/root.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained, trainedUniform } from "../../graph/parameters.ts";
import { conditionedParameters } from "../../networks/conditioned.ts";
import {
  anyNumber,
  checkArgument,
  checkCount,
  checkedOptions,
  listOf,
  type OptionTable,
  required,
  wholeNumber,
} from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { diagonalMatrix } from "../linear/triangularAffine.ts";
import { reflectedColumns } from "../matrices/reflections.ts";

/** Options of {@link sylvester}. */
export interface SylvesterOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Hidden units M, at most `features` (default: the smaller of `features` and 8). */
  readonly units?: number | undefined;
  /** Size of what it is conditioned on (default 0: nothing). R, S and b depend on it; Q does not. */
  readonly context?: number | undefined;
  /** Sizes of the hidden layers of the network that maps a context to the parameters (default none: linear). */
  readonly hidden?: readonly number[] | undefined;
}

/** Largest diagonal element, so that the condition number stays below a thousand. */
const largest = 0.9995;

const sylvesterOptionTable: OptionTable<SylvesterOptions> = {
  features: required(anyNumber),
  units: anyNumber,
  context: anyNumber,
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
};

/**
 * A Sylvester map. It starts as the identity.
 * @throws UsageError if a size is not a positive integer, or `units` is more than `features`.
 * @cost forward two products with `[n, M]` and two with `[M, M]`, inverse M roots one after another more
 * @example
 * const bijection = sylvester({ features: 2 });
 */
export function sylvester(options: SylvesterOptions): Bijection {
  const {
    features,
    units = Math.min(features, 8),
    context = 0,
    hidden = [],
  } = checkedOptions("sylvester", options, sylvesterOptionTable);
  checkCount("sylvester", "features", features);
  checkCount("sylvester", "units", units);
  checkArgument(
    "sylvester",
    "units",
    units,
    wholeNumber(`at most the number of features, ${features}`, 1, features),
  );
  // Rows of the upper triangles, one after another.
  const entries = (units * (units + 1)) / 2;
  const placeOf = (row: number, column: number): number => row * units - (row * (row - 1)) / 2 + column - row;
  const conditioned = conditionedParameters(
    "sylvester",
    {
      r: trained([entries]),
      s: trainedUniform([entries], 0.5),
      b: trainedUniform([units], 1),
    },
    context,
    hidden,
  );
  const reflections = Math.min(units, features - 1);
  const parameters = {
    ...conditioned.tree,
    ...(reflections > 0 ? { reflections: trainedUniform([reflections, features], 1) } : {}),
  };
  const read = (p: Bound, c: Expr | undefined) => {
    const { r, s, b } = conditioned.read(p, c);
    const diagonalOf = (packed: Expr): Expr =>
      g.mul(
        largest,
        g.tanh(
          g.gather(
            packed,
            Int32Array.from({ length: units }, (_, i) => placeOf(i, i)),
            [units],
          ),
        ),
      );
    const [rDiagonal, sDiagonal] = [diagonalOf(r), diagonalOf(s)];
    const triangle = (packed: Expr, diagonal: Expr): Expr => {
      const above = Int32Array.from({ length: units * units }, (_, i) => {
        const [row, column] = [Math.floor(i / units), i % units];
        return column > row ? placeOf(row, column) : -1;
      });
      return g.add(g.gather(packed, above, [units, units]), diagonalMatrix(diagonal, units));
    };
    return {
      basis: reflectedColumns(reflections > 0 ? leafOf(p, "reflections") : undefined, features, units),
      r: triangle(r, rDiagonal),
      s: triangle(s, sDiagonal),
      rDiagonal,
      sDiagonal,
      b,
    };
  };
  const logAbsDet = (rDiagonal: Expr, sDiagonal: Expr, bend: Expr): Expr =>
    g.sum(g.log1p(g.mul(g.mul(rDiagonal, sDiagonal), g.sub(1, g.square(bend)))));
  return {
    type: "sylvester",
    features,
    context,
    parameters,
    forward(x, p, c) {
      const { basis, r, s, rDiagonal, sDiagonal, b } = read(p, c);
      const t = g.linear(x, basis, undefined, { transposed: true });
      const bend = g.tanh(g.add(product(s, t), b));
      return {
        value: g.add(x, g.linear(product(r, bend), basis)),
        logAbsDet: logAbsDet(rDiagonal, sDiagonal, bend),
      };
    },
    inverse(y, p, c) {
      const { basis, r, s, rDiagonal, sDiagonal, b } = read(p, c);
      const target = g.linear(y, basis, undefined, { transposed: true });
      const element = (vector: Expr, i: number): Expr => g.reshape(g.slice(vector, i, i + 1), []);
      const entry = (matrix: Expr, i: number, j: number): Expr =>
        g.reshape(g.gather(matrix, [i * units + j], [1]), []);
      const t: Expr[] = [];
      const bends: Expr[] = [];
      for (let i = units - 1; i >= 0; i--) {
        let left = element(target, i);
        let argument = element(b, i);
        for (let j = i + 1; j < units; j++) {
          left = g.sub(left, g.mul(entry(r, i, j), bends[j]!));
          argument = g.add(argument, g.mul(entry(s, i, j), t[j]!));
        }
        const [ri, si] = [element(rDiagonal, i), element(sDiagonal, i)];
        const reach = g.abs(ri);
        // At an end of the bracket the hyperbolic tangent may be 1, and rounding decides.
        const slack = g.mul(g.mul(16, g.roundingUnit()), g.add(g.abs(left), reach));
        t[i] = root(
          g.sub(left, reach),
          g.add(left, reach),
          (value) => g.sub(g.add(value, g.mul(ri, g.tanh(g.add(g.mul(si, value), argument)))), left),
          { slack },
        );
        bends[i] = g.tanh(g.add(g.mul(si, t[i]!), argument));
      }
      const bend = g.concatenate(bends.map((value) => g.reshape(value, [1])));
      return {
        value: g.sub(y, g.linear(product(r, bend), basis)),
        logAbsDet: g.neg(logAbsDet(rDiagonal, sDiagonal, bend)),
      };
    },
    toJSON: () => ({ type: "sylvester", features, units, context, hidden }),
  };
}

/** A matrix, shared or of each row, times a vector. */
function product(matrix: Expr, vector: Expr): Expr {
  if (matrix.space !== "row") return g.linear(vector, matrix);
  return g.sum(g.mul(matrix, g.reshape(vector, [1, vector.shape[0]!])), 1);
}
