/**
 * Flow matching: a continuous flow trained without solving its equation (Lipman et al. 2023, Liu et al. 2023, Albergo &
 * Vanden-Eijnden 2023).
 *
 * A path x_t from noise x_0 to a row x_1 has a velocity that is known. The velocity of the flow that carries the law of x_0
 * to that of x_1 through those of x_t is its mean at a point and a time, which least squares find: the loss is
 * |f(t, x_t) - dx_t/dt|^2 at a random t.
 *
 *     linear          x_t = (1 - (1 - s) t) x_0 + t x_1               dx_t/dt = x_1 - (1 - s) x_0
 *     trigonometric   x_t = cos(pi t/2) x_0 + sin(pi t/2) x_1         dx_t/dt = pi/2 (cos(pi t/2) x_1 - sin(pi t/2) x_0)
 *
 * s is the deviation of the noise that is left at t = 1: the flow is that of the rows with such noise. A stochastic
 * interpolant adds w sin^2(pi t) e, with a normal vector e, to x_t, and its derivative w pi sin(2 pi t) e: the law of x_t
 * becomes smoother in between, those of both ends stay.
 *
 * t is drawn nearer to the data than uniformly, with density (1 - t)^(-1/2) / 2. Velocity and gradient of log p_t both follow
 * from the mean of x_1 at a point, so that an error e of the one is an error t e / (1 - t) of the other: what is off near the
 * data costs most likelihood.
 *
 * x_0 is independent of x_1, or, with the coupling by optimal transport, near to it: noise is assigned to rows within groups
 * so that the sum of squared distances is least (Tong et al. 2024; Pooladian et al. 2023). Paths then cross less.
 *
 * The loss is not a log-density and never reported as one. Epochs are compared by the flow's log-density, by the equation.
 *
 * Y. Lipman, R. Chen, H. Ben-Hamu, M. Nickel, M. Le, "Flow matching for generative modeling", eq. 22 and 23,
 * https://arxiv.org/abs/2210.02747; M. Albergo, N. Boffi, E. Vanden-Eijnden, "Stochastic interpolants", 2023,
 * https://arxiv.org/abs/2303.08797; A. Tong et al., "Improving and generalizing flow-based generative models with minibatch
 * optimal transport", https://arxiv.org/abs/2302.00482; A. Pooladian et al., "Multisample flow matching",
 * https://arxiv.org/abs/2304.14772
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { anyNumber, anything, checkCount, type Filled, type OptionTable, refuse } from "../options.ts";
import { type Architecture, type ArchitectureMaker, sized, type Unsized } from "./architecture.ts";
import {
  type ContinuousFlowSizes,
  continuousArchitecture,
  continuousPreparation,
  continuousSizesTable,
  likelihoodLoss,
} from "./continuousFlow.ts";
import { coupledNoise } from "./coupledNoise.ts";

/** Paths from noise to data. */
export type Interpolant = "linear" | "trigonometric";

/** How noise and rows are paired. */
export type Coupling = "independent" | "optimal-transport";

/** Options of {@link flowMatching}. Its paths start from normal noise, which is its base. */
export interface FlowMatchingOptions extends Omit<ContinuousFlowSizes, "base"> {
  /** Paths from noise to data (default `linear`). */
  readonly interpolant?: Interpolant | undefined;
  /** s: deviation, in prepared units, of the noise left at the end of linear paths (default 0). */
  readonly sigma?: number | undefined;
  /** w: size of the noise that a stochastic interpolant adds on the way (default 0). */
  readonly wander?: number | undefined;
  /** How noise and rows are paired (default `independent`). */
  readonly coupling?: Coupling | undefined;
  /** Rows of a group of the coupling by optimal transport (default 128). */
  readonly group?: number | undefined;
}

/** Sets of noise that optimal transport prepares: epochs take them in turn. */
const couplingSets = 8;

/** Validations of a training: one costs as much as several epochs. */
const validations = 20;

const { base: _, ...sizesTable } = continuousSizesTable;
const flowMatchingOptionTable: OptionTable<FlowMatchingOptions> = {
  ...sizesTable,
  interpolant: anything,
  sigma: anyNumber,
  wander: anyNumber,
  coupling: anything,
  group: anyNumber,
};

/**
 * Continuous flow trained by flow matching: a step costs no more than its dense layers. Default hidden sizes 128, 128.
 * @throws UsageError for a size that is not a positive integer, other options outside their domain, or optimal transport with a context:
 *   rows of one context would not meet all of the noise, and the flow would be biased.
 */
export function flowMatching(options: FlowMatchingOptions): Architecture;
export function flowMatching(options?: Unsized<FlowMatchingOptions>): ArchitectureMaker;
export function flowMatching(
  options?: FlowMatchingOptions | Unsized<FlowMatchingOptions>,
): Architecture | ArchitectureMaker {
  return sized("flowMatching", options, flowMatchingOptionTable, build);
}

function build(options: FlowMatchingOptions): Architecture {
  const { interpolant = "linear", sigma = 0, wander = 0, coupling = "independent", group = 128 } = options;
  checkOptions(options, { interpolant, sigma, wander, coupling, group });
  const hidden = options.hidden ?? [128, 128];
  const architecture = continuousArchitecture("flow-matching", {
    ...options,
    hidden,
    waves: options.waves ?? Math.floor((hidden[0] ?? 0) / 2),
    frequencies: options.frequencies ?? 3,
    start: "interpolation",
  });
  const { features, bijection } = architecture;
  const isCoupled = coupling === "optimal-transport";
  return {
    ...architecture,
    training: {
      loss(y, parameters, context) {
        // Of density (1 - t)^(-1/2) / 2: see above.
        const time = g.sub(1, g.square(g.randomUniform([], "time")));
        const noise = isCoupled ? g.input("noise", [features]) : g.randomNormal([features], "noise");
        const path = pathOf(interpolant, sigma, time, noise, y);
        if (wander > 0) {
          const wanderNoise = g.randomNormal([features], "wander");
          const angle = g.mul(Math.PI, time);
          const sine = g.sin(angle);
          path.at = g.add(path.at, g.mul(g.mul(wander, g.square(sine)), wanderNoise));
          path.rate = g.add(
            path.rate,
            g.mul(g.mul(2 * Math.PI * wander, g.mul(sine, g.cos(angle))), wanderNoise),
          );
        }
        const velocity = bijection.velocity(time, path.at, parameters.bijection, context).value;
        return g.sum(g.square(g.sub(velocity, path.rate)));
      },
      isLogProb: false,
      settings: { interpolant, sigma, wander, coupling, group },
      logProb: architecture.looseLogProb,
      validations,
      // A short training by maximum likelihood tells preparations apart; one by flow matching does not.
      preparation: continuousPreparation(features, likelihoodLoss(architecture)),
      ...(isCoupled
        ? {
            companionSets: couplingSets,
            companions: ({ data, isWeighted }, stream) => {
              if (isWeighted)
                throw new UsageError({
                  where: "flowMatching",
                  problem:
                    "the coupling by optimal transport knows no row weights: rows of large weight would not meet all of the noise",
                  expected: "rows without weights",
                  received: "weights",
                  remedy: "use the independent coupling",
                });
              return { noise: coupledNoise(data, features, group, stream) };
            },
          }
        : {}),
    },
  };
}

function checkOptions(
  { context = 0 }: FlowMatchingOptions,
  {
    interpolant,
    sigma,
    wander,
    coupling,
    group,
  }: Filled<Pick<FlowMatchingOptions, "interpolant" | "sigma" | "wander" | "coupling" | "group">>,
): void {
  const fail = (name: string, expected: string, value: unknown): never => {
    refuse("flow-matching", name, expected, value);
  };
  if (interpolant !== "linear" && interpolant !== "trigonometric")
    fail("interpolant", "linear or trigonometric", interpolant);
  if (coupling !== "independent" && coupling !== "optimal-transport")
    fail("coupling", "independent or optimal-transport", coupling);
  if (!(sigma! >= 0) || !(sigma! < 1)) fail("sigma", "at least 0 and below 1", sigma);
  if (sigma! > 0 && interpolant !== "linear") fail("sigma", "0 unless paths are linear", sigma);
  if (!(wander! >= 0) || !Number.isFinite(wander)) fail("wander", "a number, 0 or more", wander);
  checkCount("flow-matching", "group", group!);
  if (coupling === "optimal-transport" && context > 0)
    throw new UsageError({
      where: "flowMatching",
      problem: "the coupling by optimal transport would bias a conditional flow",
      expected: "a flow without a context",
      received: "a conditional flow",
      remedy: "use the independent coupling",
    });
}

/** A point of a path and its velocity. */
function pathOf(
  interpolant: Interpolant,
  sigma: number,
  time: Expr,
  noise: Expr,
  y: Expr,
): { at: Expr; rate: Expr } {
  if (interpolant === "linear") {
    const decay = 1 - sigma;
    return {
      at: g.add(g.mul(g.sub(1, g.mul(decay, time)), noise), g.mul(time, y)),
      rate: g.sub(y, g.mul(decay, noise)),
    };
  }
  const angle = g.mul(Math.PI / 2, time);
  const [cosine, sine] = [g.cos(angle), g.sin(angle)];
  return {
    at: g.add(g.mul(cosine, noise), g.mul(sine, y)),
    rate: g.mul(Math.PI / 2, g.sub(g.mul(cosine, y), g.mul(sine, noise))),
  };
}
