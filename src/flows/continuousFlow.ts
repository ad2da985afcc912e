/**
 * Continuous flows as architectures, trained by maximum likelihood.
 *
 * @module
 */

import { type Continuous, continuous, type Divergence } from "../bijections/continuous.ts";
import type { VelocityActivation } from "../bijections/velocityNetwork.ts";
import { standardNormal } from "../distributions/standardNormal.ts";
import { UsageError } from "../errors.ts";
import * as g from "../graph/ops.ts";
import { type Architecture, type ArchitectureOptions, checkArchitecture } from "./architecture.ts";

/** Options of all continuous flows. */
export interface ContinuousFlowSizes extends Omit<ArchitectureOptions, "transforms"> {
  /** Not used: a continuous flow is one transform. */
  readonly transforms?: number | undefined;
  /** Activation of the velocity (default `tanh`). */
  readonly activation?: VelocityActivation | undefined;
  /** Largest error of a step of the solver that scores and samples; see `solveOde` (default 1e-5). */
  readonly tolerance?: number | undefined;
}

/** Options of {@link continuousFlow}. */
export interface ContinuousFlowOptions extends ContinuousFlowSizes {
  /** Steps in training (default: 6 of Kutta's method of order 4), differentiated through; or adaptive ones, whose derivative is the adjoint's. */
  readonly trainingSolver?: g.OdeMethod | undefined;
  /** The divergence in training (default `exact`); the fitted flow's is always exact. */
  readonly divergence?: Divergence | undefined;
  /** Weight of the integral of |f|^2 in the loss (default 0.01). */
  readonly kinetic?: number | undefined;
  /** Weight of the integral of |J^T e|^2 in the loss (default 0). */
  readonly jacobian?: number | undefined;
}

/** Steps of a training unless others are asked for. */
export const trainingSteps: g.OdeMethod = { kind: "fixed", order: "rk4", steps: 6 };

/**
 * Continuous flow (FFJORD, Grathwohl et al. 2019, https://arxiv.org/abs/1810.01367), trained by maximum likelihood with fixed steps, and
 * scored with adaptive ones. The regularizers are those of Finlay et al. 2020 (https://arxiv.org/abs/2002.02798): they keep paths short and the
 * velocity smooth, so that few steps are enough.
 * @throws UsageError if a size is not a positive integer or a weight below 0.
 */
export function continuousFlow(options: ContinuousFlowOptions): Architecture {
  const { kinetic = 0.01, jacobian = 0, divergence = "exact", trainingSolver = trainingSteps } = options;
  for (const [name, value] of Object.entries({ kinetic, jacobian }))
    if (!(value >= 0) || !Number.isFinite(value))
      throw new UsageError(`cnf: ${name} must be a number, 0 or more, got ${value}.`);
  const { bijection, ...architecture } = continuousArchitecture("cnf", options);
  return {
    ...architecture,
    bijection,
    training: {
      isLogProb: kinetic === 0 && jacobian === 0,
      loss(y, parameters, context) {
        const solved = bijection.solve("inverse", y, parameters.bijection, context, {
          solver: trainingSolver,
          divergence,
          kinetic: kinetic > 0,
          jacobian: jacobian > 0,
        });
        const logProb = g.add(architecture.base.logProb(solved.value, parameters.base), solved.logAbsDet);
        return g.sub(g.add(g.mul(kinetic, solved.kinetic), g.mul(jacobian, solved.jacobian)), logProb);
      },
    },
  };
}

/** What the architectures of continuous flows have in common. */
export function continuousArchitecture(
  kind: "cnf" | "flow-matching",
  { features, context = 0, hidden = [64, 64], activation, tolerance = 1e-5 }: ContinuousFlowSizes,
): Omit<Architecture, "bijection"> & { readonly bijection: Continuous } {
  checkArchitecture(kind, { features, context, transforms: 1, hidden });
  if (!(tolerance > 0) || !Number.isFinite(tolerance))
    throw new UsageError(`${kind}: tolerance must be a positive number, got ${tolerance}.`);
  return {
    kind,
    features,
    context,
    transforms: 1,
    hidden,
    base: standardNormal({ features }),
    bijection: continuous({ features, context, hidden, activation, solver: { kind: "adaptive", tolerance } }),
  };
}
