/**
 * A flow that approximates a density known up to a constant, with what tells how well: weighted samples, the bound, the shape of
 * the weights.
 *
 * @module
 */

import type { Flow } from "../../models/flow.ts";
import { meanAndError } from "../../numerics/meanAndError.ts";
import { paretoSmoothed } from "../../numerics/paretoSmoothing.ts";
import { column } from "../../tables/table.ts";
import type { EpochRecord } from "../gradient/minimize.ts";
import type { Evidence } from "./judgement/evidence.ts";
import type { ApproximationWarning } from "./judgement/warnings.ts";
import type { DrawOptions, WeightedSamples } from "./judgement/weighing.ts";

/** How good an approximation is; all from one set of samples of the flow, the evidence from some of a wider one, too. */
export interface Diagnostics {
  /** Number of samples. */
  readonly samples: number;
  /** Mean of log p - log q: a lower bound of the log evidence, in nats. */
  readonly bound: number;
  /** Standard error of {@link bound}. */
  readonly boundError: number;
  /** The log evidence: logarithm of the integral of the density, in nats. */
  readonly logEvidence: number;
  /** Standard error of {@link logEvidence}. */
  readonly logEvidenceError: number;
  /** Effective number of samples, 1 / sum of squared weights. */
  readonly effectiveSamples: number;
  /** Shape of the tail of the weights: below 0.7 weighted estimates are reliable; 0 at most where all are within 5 %. */
  readonly k: number;
}

/** Moments and quantiles of one parameter, or derived quantity, weighted; those of the flow alone beside them. */
export interface ParameterSummary {
  /** Name of the column; of a vector, with the number of its element. */
  readonly name: string;
  /** Weighted mean. */
  readonly mean: number;
  /** Weighted standard deviation. */
  readonly sd: number;
  /** Weighted quantile at 5 percent. */
  readonly q5: number;
  /** Weighted median. */
  readonly median: number;
  /** Weighted quantile at 95 percent. */
  readonly q95: number;
  /** Monte Carlo standard error of the mean. */
  readonly meanError: number;
  /** Mean of the flow, without weights. */
  readonly flowMean: number;
  /** Standard deviation of the flow, without weights. */
  readonly flowSd: number;
}

/** What an approximation reports beside the flow: plain data. */
export interface ApproximationReport {
  /** How good it is. */
  readonly diagnostics: Diagnostics;
  /** The log evidence in nats, as in `diagnostics`. */
  readonly logEvidence: number;
  /** Standard error of {@link logEvidence}, in nats. */
  readonly logEvidenceError: number;
  /** Shape of the tail of the weights, `diagnostics.k`. */
  readonly kHat: number;
  /** How many independent samples those of `diagnostics` are worth. */
  readonly effectiveSampleSize: number;
  /** Whether the numbers can be believed; where not, `warnings` say why. */
  readonly reliable: boolean;
  /** What should be known. */
  readonly warnings: readonly ApproximationWarning[];
  /** Steps of the optimizer that were taken. */
  readonly steps: number;
  /** Whether it ended because samples were about as good as exact ones, and not at the last step. */
  readonly isConverged: boolean;
  /** Number of trained parameters of the flow. */
  readonly parameters: number;
  /** One entry per column: the parameters, and then what is derived of them. */
  readonly summary: readonly ParameterSummary[];
  /** Bounds along the training: minus the losses of its validations. */
  readonly history: readonly EpochRecord[];
}

/** What an approximation gives: as a fit, and samples with weights. */
export interface Approximation {
  /** The flow: it samples, has log-densities, is saved and loaded. */
  readonly flow: Flow;
  /** How good it is, and what it says of the parameters. */
  readonly report: ApproximationReport;
  /**
   * Draws samples with importance weights; expectations under the density are weighted means.
   * @param n - Number of samples, at least 1.
   */
  sample(n: number, options?: DrawOptions): Promise<WeightedSamples>;
}

/** Log-densities of weighted samples of the flow, and the evidence that is known of more than those. */
export function diagnosticsOf(
  { logProb, logDensity }: Pick<WeightedSamples, "logProb" | "logDensity">,
  evidence: Pick<Evidence, "logEvidence" | "error">,
): Diagnostics {
  const ratios = logDensity.map((logDensityOfRow, i) => logDensityOfRow - logProb[i]!);
  const { mean: bound, standardError: boundError } = meanAndError(ratios);
  const { logWeights, k } = paretoSmoothed(ratios);
  return {
    samples: logProb.length,
    bound,
    boundError,
    logEvidence: evidence.logEvidence,
    logEvidenceError: evidence.error,
    effectiveSamples: 1 / logWeights.reduce((sum, weight) => sum + Math.exp(2 * weight), 0),
    // Equal weights have no tail; JSON knows no infinity.
    k: k === Number.NEGATIVE_INFINITY ? 0 : k,
  };
}

/** Moments and quantiles of every column. */
export function summaryOf({ table, logWeights }: WeightedSamples): ParameterSummary[] {
  const weights = logWeights.map(Math.exp);
  return table.columns.map((name) => {
    const values = Float64Array.from(column(table, name));
    const n = values.length;
    const moments = (weightOf: (i: number) => number): { mean: number; sd: number; error: number } => {
      let mean = 0;
      for (let i = 0; i < n; i++) mean += weightOf(i) * values[i]!;
      let square = 0;
      let error = 0;
      for (let i = 0; i < n; i++) {
        square += weightOf(i) * (values[i]! - mean) ** 2;
        error += (weightOf(i) * (values[i]! - mean)) ** 2;
      }
      return { mean, sd: Math.sqrt(square), error: Math.sqrt(error) };
    };
    const { mean, sd, error } = moments((i) => weights[i]!);
    const plain = moments(() => 1 / n);
    const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
    const quantile = (level: number): number => {
      let total = 0;
      for (const i of order) {
        total += weights[i]!;
        if (total >= level) return values[i]!;
      }
      return values[order[n - 1]!]!;
    };
    return {
      name,
      mean,
      sd,
      q5: quantile(0.05),
      median: quantile(0.5),
      q95: quantile(0.95),
      meanError: error,
      flowMean: plain.mean,
      flowSd: plain.sd,
    };
  });
}
