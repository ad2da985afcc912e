/**
 * Continuous flows as architectures, trained by maximum likelihood.
 *
 * @module
 */

import { type Continuous, continuous, type Divergence } from "../bijections/continuous/continuous.ts";
import type { Distribution } from "../distributions/distribution.ts";
import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import type { VelocityActivation, VelocityStart } from "../networks/velocityNetwork.ts";
import { anObject, anyNumber, anything, type OptionTable, refuse } from "../options.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  sized,
  type Unsized,
} from "./architecture.ts";
import { baseOf, checkArchitecture } from "./checkedParts.ts";
import { madeAs } from "./kindOf.ts";
import type { ArchitectureParameters, PreparationTrials, Training } from "./training.ts";

/** Options of all continuous flows. `transforms` is not used: a continuous flow is one. */
export interface ContinuousFlowSizes extends ArchitectureOptions {
  /** Activation of the velocity (default `silu`). */
  readonly activation?: VelocityActivation | undefined;
  /** Units of the first hidden layer that are sines (default 0, of flow matching half of them). */
  readonly waves?: number | undefined;
  /** Frequencies in which the velocity sees the time (default 1, of flow matching 3). */
  readonly frequencies?: number | undefined;
  /** Largest error of a step of the solver that scores and samples; see `solveOde` (default 1e-5). */
  readonly tolerance?: number | undefined;
}

/** Options of {@link continuousFlow}. */
export interface ContinuousFlowOptions extends ContinuousFlowSizes {
  /**
   * Steps in training: by default 4 of Kutta's method of order 4, differentiated through; or adaptive ones, with the
   * derivative of the adjoint equation.
   */
  readonly trainingSolver?: g.OdeMethod | undefined;
  /** The divergence in training (default `exact`); that of the fitted flow is always exact. */
  readonly divergence?: Divergence | undefined;
  /** Weight, in the loss, of the integral of |f|^2 along a row's path (default 0.01). */
  readonly kinetic?: number | undefined;
  /** Weight, in the loss, of the integral of |J^T e|^2, e random signs (default 0.05). */
  readonly jacobian?: number | undefined;
}

type LossOptions = Pick<ContinuousFlowOptions, "kinetic" | "jacobian" | "divergence" | "trainingSolver">;

/** Steps of a training unless others are asked for. */
const trainingSteps: g.OdeMethod = { kind: "fixed", order: "rk4", steps: 4 };

/** Steps of a trial of a preparation. */
const trialSteps = 100;

/** What each option of the sizes may be. */
export const continuousSizesTable: OptionTable<ContinuousFlowSizes> = {
  ...architectureOptionTable,
  activation: anything,
  waves: anyNumber,
  frequencies: anyNumber,
  tolerance: anyNumber,
};
const continuousOptionTable: OptionTable<ContinuousFlowOptions> = {
  ...continuousSizesTable,
  trainingSolver: anObject,
  divergence: anything,
  kinetic: anyNumber,
  jacobian: anyNumber,
};

/**
 * Continuous flow (Grathwohl et al. 2019, https://arxiv.org/abs/1810.01367), trained by maximum likelihood with a few fixed
 * steps, validated, scored and sampled with adaptive ones. The regularizers are those of Finlay et al. 2020
 * (https://arxiv.org/abs/2002.02798, eq. 7 and 11): they keep paths short and the velocity smooth, so that few steps are
 * enough; without the second one, long fits learn velocities that fixed steps misjudge. Default hidden sizes 64, 64; with two hidden layers the exact divergence costs one dense layer.
 * @throws UsageError if a size is not a positive integer, or a weight is below 0.
 */
export function continuousFlow(options: ContinuousFlowOptions): Architecture;
export function continuousFlow(options?: Unsized<ContinuousFlowOptions>): ArchitectureMaker;
export function continuousFlow(
  options?: ContinuousFlowOptions | Unsized<ContinuousFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("continuousFlow", options, continuousOptionTable, build);
}

function build(options: ContinuousFlowOptions): Architecture {
  const { kinetic = 0.01, jacobian = 0.05, divergence = "exact", trainingSolver = trainingSteps } = options;
  for (const [name, value] of Object.entries({ kinetic, jacobian }))
    if (!(value >= 0) || !Number.isFinite(value)) refuse("cnf", name, "a number, 0 or more", value);
  const architecture = continuousArchitecture("cnf", { ...options, hidden: options.hidden ?? [64, 64] });
  return {
    ...architecture,
    training: {
      loss: likelihoodLoss(architecture, { kinetic, jacobian, divergence, trainingSolver }),
      // A few fixed steps are an approximation; what they give is not a log-density.
      isLogProb: kinetic === 0 && jacobian === 0 && trainingSolver.kind === "adaptive",
      settings: { kinetic, jacobian, divergence, trainingSolver },
      logProb: architecture.looseLogProb,
      preparation: continuousPreparation(architecture.features),
    },
  };
}

/** Minus the log-density by the steps of a training, and the regularizers. */
export function likelihoodLoss(
  { base, bijection }: { readonly base: Distribution; readonly bijection: Continuous },
  { kinetic = 0.01, jacobian = 0, divergence = "exact", trainingSolver = trainingSteps }: LossOptions = {},
): Training["loss"] {
  return (y, parameters, context) => {
    const solution = bijection.solve("inverse", y, parameters.bijection, context, {
      solver: trainingSolver,
      divergence,
      kinetic: kinetic > 0,
      jacobian: jacobian > 0,
    });
    const logProb = g.add(base.logProb(solution.value, parameters.base, context), solution.logAbsDet);
    return g.sub(g.add(g.mul(kinetic, solution.kinetic), g.mul(jacobian, solution.jacobian)), logProb);
  };
}

/** Preparations that continuous flows try: the last for tables of many rows. */
export function continuousPreparation(features: number, loss?: PreparationTrials["loss"]): PreparationTrials {
  return {
    choices: [0, 17, 97].map((knots) => ({ knots, whiten: features > 1 })),
    steps: trialSteps,
    ...(loss ? { loss } : {}),
  };
}

/** Tolerance of validations: their mean is exact to a few thousandths of a nat, at half the cost. */
const looseTolerance = 1e-3;

/** What the architectures of continuous flows have in common. */
export function continuousArchitecture(
  kind: "cnf" | "flow-matching",
  options: ContinuousFlowSizes & { readonly start?: VelocityStart },
): Architecture & {
  readonly bijection: Continuous;
  /** The log-density with a loose tolerance. */
  looseLogProb(y: Expr, parameters: ArchitectureParameters, context?: Expr): Expr;
} {
  const {
    features,
    context = 0,
    hidden = [],
    activation,
    waves,
    frequencies,
    start,
    tolerance = 1e-5,
  } = options;
  checkArchitecture(kind, { features, context, transforms: 1, hidden });
  if (!(tolerance > 0) || !Number.isFinite(tolerance))
    refuse(kind === "cnf" ? "continuousFlow" : "flowMatching", "tolerance", "a positive number", tolerance);
  const base = baseOf(kind, options);
  const bijection = continuous({
    features,
    context,
    hidden,
    activation,
    waves,
    frequencies,
    start,
    solver: { kind: "adaptive", tolerance },
  });
  return madeAs({
    kind,
    features,
    context,
    transforms: 1,
    hidden,
    base,
    bijection,
    looseLogProb(y: Expr, parameters: ArchitectureParameters, c?: Expr): Expr {
      const solver: g.OdeMethod = { kind: "adaptive", tolerance: Math.max(tolerance, looseTolerance) };
      const { value, logAbsDet } = bijection.solve("inverse", y, parameters.bijection, c, { solver });
      return g.add(base.logProb(value, parameters.base, c), logAbsDet);
    },
  });
}
