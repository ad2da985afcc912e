/**
 * Affine map by a general matrix in LU form (Kingma & Dhariwal 2018, "Glow", section 3.2; Durkan et al. 2019).
 *
 *     forward    y = L U x + t          logAbsDet = sum(log U_ii)
 *     inverse    x = U^-1 L^-1 (y - t)  logAbsDet = -sum(log U_ii)
 *
 * L has a unit diagonal, U the diagonal e^logDiagonal > 0, so that the map is invertible whatever an optimizer does.
 * A permutation beside it reaches the matrices that need pivoting.
 *
 * @see https://arxiv.org/abs/1807.03039
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { anyNumber, checkCount, checkedOptions, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { diagonalMatrix, strictlyLowerMask } from "./triangularAffine.ts";

const luAffineOptionTable: OptionTable<{ readonly features: number }> = {
  features: required(anyNumber),
};

/**
 * LU affine bijection, the identity at the start.
 * @throws UsageError if `features` is not a positive integer.
 * @cost forward O(features^2), inverse O(features^2)
 * @example
 * const bijection = luAffine({ features: 2 });
 */
export function luAffine(options: { readonly features: number }): Bijection {
  const { features } = checkedOptions("luAffine", options, luAffineOptionTable);
  checkCount("luAffine", "features", features);
  const below = (): Expr => strictlyLowerMask(features);
  const ones = (): Expr => g.constant(new Float64Array(features).fill(1));
  const lower = (p: Bound): Expr =>
    g.add(g.mul(leafOf(p, "lower"), below()), diagonalMatrix(ones(), features));
  const upper = (p: Bound): Expr =>
    g.add(
      g.mul(leafOf(p, "upper"), g.transpose(below())),
      diagonalMatrix(g.exp(leafOf(p, "logDiagonal")), features),
    );
  return {
    type: "luAffine",
    features,
    context: 0,
    parameters: {
      shift: trained([features]),
      lower: trained([features, features]),
      upper: trained([features, features]),
      logDiagonal: trained([features]),
    },
    forward: (x, p) => ({
      value: g.linear(g.linear(x, upper(p)), lower(p), leafOf(p, "shift")),
      logAbsDet: g.sum(leafOf(p, "logDiagonal")),
    }),
    inverse: (y, p) => ({
      value: g.solveTriangular(
        upper(p),
        g.solveTriangular(lower(p), g.sub(y, leafOf(p, "shift")), { lower: true }),
        { lower: false },
      ),
      logAbsDet: g.neg(g.sum(leafOf(p, "logDiagonal"))),
    }),
    toJSON: () => ({ type: "luAffine", features }),
  };
}
