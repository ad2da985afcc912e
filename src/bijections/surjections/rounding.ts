/**
 * Rounding down to a grid of one step for all features: the probability of a cell is the integral of the density over it.
 *
 *     forward   y = s floor(x / s)
 *     back      x = y + s u,  u of q(u | y) between 0 and 1          logWeight = n log s - log q(u | y)
 *
 * p(y) = E of p(x) s^n / q(u | y) over draws of q, so that E log is a lower bound. `uniform` takes q = 1 (Theis, van den Oord & Bethge 2016,
 * section 3.1); with `noise` q is learned: u = Phi(v), v of a flow from the standard normal that is conditioned on y, "variational dequantization" (Ho et
 * al. 2019, "Flow++", section 3.1; Phi in the place of their sigmoid, so that a flow that starts as the identity starts as the uniform draw).
 *
 * @see https://arxiv.org/abs/1511.01844
 * @see https://arxiv.org/abs/1902.00275
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import { normalLogCdf } from "../../graph/library/normalLogCdf.ts";
import * as g from "../../graph/ops.ts";
import { subtreeOf } from "../../graph/parameters.ts";
import { checkedOptions, count, type OptionTable, positive, required } from "../../options.ts";
import { aBijection, type Bijection } from "../bijection.ts";
import type { Surjection } from "./surjection.ts";

/** Options of {@link rounding}. */
export interface RoundingOptions {
  /** Numbers of a sample, at least 1. */
  readonly features: number;
  /** Width of a cell (default 1). */
  readonly step?: number | undefined;
  /** A map of as many features with a context of `features` numbers, y / step: where in its cell a draw is (default: anywhere alike). */
  readonly noise?: Bijection | undefined;
}

const roundingOptionTable: OptionTable<RoundingOptions> = {
  features: required(count),
  step: positive,
  noise: aBijection,
};

/**
 * Rounding down, for `manyToOne` of `pushforward/distributions` and `logProbBound` of `pushforward/fitting`. The density is a probability of the cell of
 * y, and 0 where y is not on the grid.
 * @throws UsageError for an option out of its domain, ShapeError if `noise` has not as many features, and as large a context.
 * @example const surjection = rounding({ features: 2, step: 0.5 });
 */
export function rounding(options: RoundingOptions): Surjection {
  const { features, step = 1, noise: learned } = checkedOptions("rounding", options, roundingOptionTable);
  if (learned && (learned.features !== features || learned.context !== features))
    throw new ShapeError({
      where: "rounding",
      subject: "noise",
      expected: `a map of ${features} features with a context of ${features}`,
      received: `${learned.type} of ${learned.features} with a context of ${learned.context}`,
    });
  const logCell = features * Math.log(step);
  /** What a cell counts; minus infinity of what is not on the grid, to a thousandth of a step. */
  const logCellAt = (y: Expr): Expr => {
    const place = g.mul(1 / step, y);
    const offset = g.sub(place, g.floor(g.add(place, 0.5)));
    return g.select(g.less(g.maximum(g.abs(offset)), 1e-3), logCell, Number.NEGATIVE_INFINITY);
  };
  return {
    type: "rounding",
    features,
    latent: features,
    noise: features,
    step,
    parameters: learned ? { noise: learned.parameters } : {},
    forward: (x) => g.mul(step, g.floor(g.mul(1 / step, x))),
    lifts(y, noise, p) {
      const at = (share: Expr): Expr => g.add(y, g.mul(step, g.exp(normalLogCdf(share))));
      if (!learned) return [{ value: at(noise), logWeight: logCellAt(y) }];
      const { value, logAbsDet } = learned.forward(noise, subtreeOf(p, "noise"), g.mul(1 / step, y));
      // log q(u | y) = log phi(noise) - logAbsDet - log phi(value), phi the normal density
      const logDraw = g.sub(g.mul(0.5, g.sum(g.sub(g.square(value), g.square(noise)))), logAbsDet);
      return [{ value: at(value), logWeight: g.sub(logCellAt(y), logDraw) }];
    },
    toJSON: () => ({
      type: "rounding",
      features,
      step,
      ...(learned ? { bijection: learned.toJSON() } : {}),
    }),
  };
}
