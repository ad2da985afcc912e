/**
 * Flow matching: a continuous flow trained without solving its equation (Lipman et al. 2023; Liu et al. 2023; Albergo & Vanden-Eijnden 2023).
 *
 * A path from noise x_0 to a row x_1 has a velocity that is known; the velocity of the flow is its mean at a point and a time,
 * which least squares find: E |f(t, x_t) - dx_t/dt|^2 over t, x_0, x_1, and for some interpolants z.
 *
 *     linear          x_t = (1 - (1 - s) t) x_0 + t x_1                          dx_t/dt = x_1 - (1 - s) x_0
 *     trigonometric   x_t = cos(pi t / 2) x_0 + sin(pi t / 2) x_1                dx_t/dt = pi/2 (cos x_1 - sin x_0)
 *     stochastic      linear + g sqrt(2 t (1 - t)) z, z normal                   + g (1 - 2 t) / sqrt(2 t (1 - t)) z
 *
 * with s the deviation of the noise that is left at t = 1.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import type { Architecture } from "./architecture.ts";
import { type ContinuousFlowSizes, continuousArchitecture } from "./continuousFlow.ts";

export interface FlowMatchingOptions extends ContinuousFlowSizes {
  readonly sigma?: number | undefined;
  readonly power?: number | undefined;
}

export function flowMatching(options: FlowMatchingOptions): Architecture {
  const { sigma = 0, power = 1 } = options;
  const { bijection, ...architecture } = continuousArchitecture("flow-matching", options);
  const { features } = architecture;
  return {
    ...architecture,
    bijection,
    training: {
      isLogProb: false,
      loss(y, parameters, context) {
        const u = g.randomUniform([], "time");
        const t = power === 1 ? u : g.sub(1, g.exp(g.mul(power, g.log(u))));
        const noise = g.randomNormal([features], "noise");
        const keep = g.sub(1, g.mul(1 - sigma, t));
        const x: Expr = g.add(g.mul(keep, noise), g.mul(t, y));
        const wanted = g.sub(y, g.mul(1 - sigma, noise));
        const f = bijection.velocity(t, x, parameters.bijection, context).value;
        return g.sum(g.square(g.sub(f, wanted)));
      },
    },
  };
}
