/**
 * Independent angles of von Mises, the normal law of the circle.
 *
 *     log p(x) = sum of k (cos(x - m) - 1) - log(2 pi e^-k I_0(k)) where all |x| <= pi, else minus infinity
 *     e^-k I_0(k) = (1 / pi) integral from 0 to pi of e^(-2 k sin^2(t / 2)) dt
 *
 * The integral is taken by 48 Gauss-Legendre nodes up to 13.3 / sqrt(k), or pi if that is less: what is left out is below e^-36 of it, and
 * neither overflows at any concentration. With another end it is the distribution function, which a sample inverts.
 *
 * K. V. Mardia & P. E. Jupp, "Directional Statistics", Wiley 2000, section 3.5.4.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { root } from "../../graph/library/root.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, trained } from "../../graph/parameters.ts";
import { gaussLegendre } from "../../numerics/gaussLegendre.ts";
import { checkedOptions, count, type OptionTable, required } from "../../options.ts";
import { softClip } from "../../transformers/softClip.ts";
import type { Distribution } from "../distribution.ts";

const vonMisesOptionTable: OptionTable<{ readonly features: number }> = { features: required(count) };

/** The concentration is between a millionth and a million. */
const limit = 6 * Math.LN10;
/** Beyond so many deviations nothing is left. */
const reach = 13.3;
const { nodes, weights } = /* @__PURE__ */ gaussLegendre(48);

/**
 * Independent angles between -pi and pi with trained means and log concentrations, 0 and 1 at the start. A mean is an angle, of which whole
 * turns more are the same. Other numbers have the log-density minus infinity. A density costs O(features), and a sample, which is
 * solved for, some 500 times as much.
 * @throws UsageError if `features` is not a positive integer.
 * @cost density O(features), sample O(features), of some 500 exponentials
 * @example
 * const base = vonMises({ features: 2 });
 */
export function vonMises(options: { readonly features: number }): Distribution {
  const { features } = checkedOptions("vonMises", options, vonMisesOptionTable);
  const parts = (p: Bound) => {
    const concentration = g.exp(softClip(leafOf(p, "logConcentration"), limit));
    const column = g.reshape(g.mul(-2, concentration), [features, 1]);
    /** Integral of e^(-2 k sin^2(t / 2)) from 0 to the ends. */
    const integral = (ends: Expr): Expr => {
      const halves = g.mul(
        g.reshape(ends, [features, 1]),
        g.constant(
          nodes.map((node) => node / 2),
          [1, 48],
        ),
      );
      const values = g.exp(g.mul(column, g.square(g.sin(halves))));
      return g.mul(ends, g.sum(g.mul(values, g.constant(weights, [1, 48])), 1));
    };
    const end = g.min(Math.PI, g.stopGradient(g.div(reach, g.sqrt(concentration))));
    return { concentration, integral, end, total: integral(end) };
  };
  return {
    type: "vonMises",
    features,
    noise: features,
    parameters: { mean: trained([features]), logConcentration: trained([features]) },
    support: [-Math.PI, Math.PI],
    logProb(x, p) {
      const { concentration, total } = parts(p);
      const inside = g.clamp(x, -Math.PI, Math.PI);
      const bend = g.square(g.sin(g.mul(0.5, g.sub(inside, leafOf(p, "mean")))));
      const each = g.add(g.mul(g.mul(2, concentration), bend), g.log(g.mul(2, total)));
      return g.select(g.sum(g.less(Math.PI, g.abs(x))), Number.NEGATIVE_INFINITY, g.neg(g.sum(each)));
    },
    sample(noise, p) {
      const { integral, end, total } = parts(p);
      const isBelow = g.less(noise, 0);
      const share = g.erf(g.mul(Math.SQRT1_2, g.select(isBelow, g.neg(noise), noise)));
      const size = root(
        g.mul(0, share),
        g.add(g.mul(0, share), end),
        (at) => g.sub(g.div(integral(at), total), share),
        { slack: g.mul(64, g.roundingUnit()) },
      );
      const angle = g.add(leafOf(p, "mean"), g.select(isBelow, g.neg(size), size));
      const turns = g.floor(g.mul(1 / (2 * Math.PI), g.add(angle, Math.PI)));
      return g.clamp(g.sub(angle, g.mul(2 * Math.PI, turns)), -Math.PI, Math.PI);
    },
    toJSON: () => ({ type: "vonMises", features }),
  };
}
