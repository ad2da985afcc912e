/**
 * Affine map of the channels by one matrix at every position, the invertible 1 x 1 convolution (Kingma & Dhariwal 2018, "Glow", section 3.2),
 * in LU form.
 *
 *     inverse    x_p = L U (y_p - t)          logAbsDet = positions sum(log U_ii)
 *     forward    y_p = U^-1 L^-1 x_p + t      logAbsDet = -positions sum(log U_ii)
 *
 * at each position p. L has a unit diagonal, U the diagonal e^logDiagonal > 0, so that the map is invertible whatever an optimizer does. The
 * direction of trainings is a product; the other one makes the inverse matrix once for all rows.
 *
 * @see https://arxiv.org/abs/1807.03039
 * @module
 */

import { type Expr, type Shape, sizeOf } from "../../graph/expr.ts";
import { linear } from "../../graph/library/convolution.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { checkedOptions, type OptionTable, required } from "../../options.ts";
import type { Bijection } from "../bijection.ts";
import { diagonalMatrix, strictlyLowerMask } from "../linear/triangularAffine.ts";
import { aShape, positionsOf } from "../shapes.ts";

const channelAffineOptionTable: OptionTable<{ readonly features: Shape }> = { features: required(aShape) };

/**
 * LU affine bijection of the channels, the same at every position and the identity at the start. A `permutation` or a coupling of other channels
 * beside it reaches the matrices that need pivoting.
 * @param options - `features`: the shape, `[height, width, channels]` or `[positions, channels]`.
 * @throws UsageError if `features` is not a shape.
 * @cost forward O(positions channels^2), and O(channels^3) once for all rows; inverse O(positions channels^2)
 * @example
 * const bijection = channelAffine({ features: [1, 2] });
 */
export function channelAffine(options: { readonly features: Shape }): Bijection {
  const { features } = checkedOptions("channelAffine", options, channelAffineOptionTable);
  const { positions, channels } = positionsOf(features);
  const unit = (at: number): Expr =>
    g.constant(Float64Array.from({ length: channels }, (_, i) => Number(i === at)));
  const below = (): Expr => strictlyLowerMask(channels);
  const lower = (p: Bound): Expr =>
    g.add(
      g.mul(leafOf(p, "lower"), below()),
      diagonalMatrix(g.constant(new Float64Array(channels).fill(1)), channels),
    );
  const upper = (p: Bound): Expr =>
    g.add(
      g.mul(leafOf(p, "upper"), g.transpose(below())),
      diagonalMatrix(g.exp(leafOf(p, "logDiagonal")), channels),
    );
  const logAbsDet = (p: Bound): Expr => g.mul(positions, g.sum(leafOf(p, "logDiagonal")));
  const atPositions = (x: Expr): Expr => g.reshape(x, [positions, channels]);
  const flat = (x: Expr): Expr => g.reshape(x, [sizeOf(features)]);
  return {
    type: "channelAffine",
    features: sizeOf(features),
    context: 0,
    parameters: {
      shift: trained([channels]),
      lower: trained([channels, channels]),
      upper: trained([channels, channels]),
      logDiagonal: trained([channels]),
    },
    forward(x, p) {
      const [left, right] = [lower(p), upper(p)];
      const columns = Array.from({ length: channels }, (_, at) =>
        g.solveTriangular(right, g.solveTriangular(left, unit(at), { lower: true }), { lower: false }),
      );
      const inverse = g.reshape(g.concatenate(columns), [channels, channels]);
      const value = linear(atPositions(x), inverse, leafOf(p, "shift"), { transposed: true });
      return { value: flat(value), logAbsDet: g.neg(logAbsDet(p)) };
    },
    inverse(y, p) {
      const centered = g.sub(atPositions(y), leafOf(p, "shift"));
      return {
        value: flat(linear(centered, g.matrixProduct(lower(p), upper(p)))),
        logAbsDet: logAbsDet(p),
      };
    },
    toJSON: () => ({ type: "channelAffine", features }),
  };
}
