/**
 * Options of a variational fit, and their checks.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import type { VariationalKind } from "../../architectures/kinds.ts";
import { UsageError } from "../../errors.ts";
import type { EngineOptions } from "../../models/evaluation.ts";
import { approximateDefaults } from "../defaults.ts";
import type { FlowOption } from "../flowOption.ts";
import type { ParameterDescriptions } from "./parameterSpace.ts";
import type { VariationalDivergence, VariationalGradient } from "./variationalLoss.ts";
import type { DerivedQuantities, LogDensity } from "./writtenDensity.ts";

/** Progress of {@link approximate}. */
export interface ApproximateProgress {
  /** Steps done. */
  readonly step: number;
  /** Steps at most. */
  readonly steps: number;
  /** Lower bound of the log evidence at the averaged weights, in nats, on the same draws each time. */
  readonly bound: number;
}

/** Options of {@link approximate}. */
export interface ApproximateOptions extends EngineOptions {
  /** The parameters of the density, by name. */
  readonly parameters: ParameterDescriptions;
  /** The logarithm of the density in nats, up to a constant: a scalar of each row. Data are constants in it. */
  readonly logDensity: LogDensity;
  /**
   * What approximates it: a kind by name (default `nsf`, which is splines and, behind them, affine couplings), an architecture,
   * or a function that makes one of the number of features, with a context of 0.
   */
  readonly flow?: FlowOption<VariationalKind> | undefined;
  /** Number of transforms of a kind that is given by name (default by kind: 4 of `nsf`, 8 or 16 of others). */
  readonly transforms?: number | undefined;
  /** Sizes of the hidden layers of the same (default 32, 32). */
  readonly hidden?: readonly number[] | undefined;
  /** What else the summary and the samples hold, such as the effects that a hierarchy is about. */
  readonly derived?: DerivedQuantities | undefined;
  /** Seed of every random choice (default 0). */
  readonly seed?: number | undefined;
  /**
   * Steps of the optimizer at most; it stops where samples are about as good as exact ones. Default 1500, and 3000 more where their
   * weights cannot be relied on after those.
   */
  readonly steps?: number | undefined;
  /** Samples per step (default 256). */
  readonly draws?: number | undefined;
  /** Peak learning rate (default 0.005). */
  readonly learningRate?: number | undefined;
  /** Samples in each importance-weighted bound (default 1: the plain bound). */
  readonly importanceSamples?: number | undefined;
  /** Gradient along the path of the samples (default), or the total one; flows whose inverse is dear default to the latter. */
  readonly gradient?: VariationalGradient | undefined;
  /**
   * What is minimized: `symmetric` (default) is the mean of KL(q||p) and KL(p||q) once half of the samples are effective, and leaves
   * lighter tails to the weights; `reverse` is KL(q||p) alone, as in the literature, and the default with the total gradient, several
   * importance samples, or annealing; `forward` is KL(p||q) by importance sampling, which covers the density where a flow cannot be it.
   */
  readonly divergence?: VariationalDivergence | undefined;
  /**
   * Order of a divergence between them, in the place of `divergence`: 0 is the reverse one, 1 the forward one, from 0 to 2 (Minka 2005;
   * there is no default). Orders other than 0 begin once a twentieth of the samples is effective.
   */
  readonly alpha?: number | undefined;
  /** Steps over which the density's logarithm is brought in, from a hundredth of it (default 0: none). */
  readonly annealing?: number | undefined;
  /** Samples that the diagnostics and the summary are computed from (default 10000). */
  readonly diagnosticSamples?: number | undefined;
  /** Stops it with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each validation. */
  readonly onProgress?: ((progress: ApproximateProgress) => void) | undefined;
  /** Called with one line for what does not stop the fit but should be known: the messages of `warnings`. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Samples of the diagnostics, unless they are given. */
export const diagnosticDraws: number = approximateDefaults.diagnosticSamples;

/**
 * What is minimized: the symmetric divergence, or the one of an order.
 * @throws UsageError if it is asked for where it cannot be.
 */
export function orderOf(options: ApproximateOptions, gradient: VariationalGradient): "symmetric" | number {
  const { divergence, alpha, importanceSamples = 1, annealing = 0 } = options;
  const canBe = gradient === "path" && importanceSamples === 1 && annealing === 0;
  if (divergence !== undefined && alpha !== undefined)
    throw new UsageError({
      where: "approximate",
      problem: "alpha is a divergence of its own",
      expected: "divergence or alpha",
      received: "both",
      remedy: "leave divergence out",
    });
  const order = alpha ?? { symmetric: undefined, reverse: 0, forward: 1 }[divergence ?? "symmetric"];
  const isAsked = divergence !== undefined || alpha !== undefined;
  if (isAsked && order !== 0 && !canBe)
    throw new UsageError({
      where: "approximate",
      problem: `${alpha === undefined ? `the ${divergence} divergence` : `alpha ${alpha}`} takes the gradient along the path, one importance sample and no annealing`,
      expected: 'gradient "path", importanceSamples 1 and no annealing',
      received: "others",
      remedy: "leave gradient, importanceSamples and annealing out",
    });
  return canBe ? (order ?? "symmetric") : 0;
}

/** Whether the way from data to base costs about one pass of the networks. */
export function isInverseCheap({ kind }: Architecture): boolean {
  return kind === "realnvp" || kind === "nsf" || kind === "coupling";
}

/**
 * Sizes, with their defaults.
 * @throws UsageError for what does not fit.
 */
export function checked(
  architecture: Architecture,
  features: number,
  { steps = approximateDefaults.steps, draws = approximateDefaults.draws }: ApproximateOptions,
): { readonly steps: number; readonly draws: number; readonly samples: number } {
  if (architecture.features !== features)
    throw new UsageError({
      where: "approximate",
      problem: `the architecture has ${architecture.features} features; the parameters are ${features} numbers`,
      expected: `${features} features`,
      received: `${architecture.features}`,
      remedy: "flow: (sizes) => neuralSplineFlow(sizes) makes one that fits",
    });
  if (architecture.context > 0)
    throw new UsageError({
      where: "approximate",
      subject: "flow",
      expected: "an architecture without a context",
      received: `a context of ${architecture.context}`,
    });
  return { steps, draws, samples: steps * draws };
}
