/**
 * When a variational fit may stop: where weighted samples are about as good as exact ones.
 *
 * The share of the samples that is lost to weighing is 1 - 1 / (n sum w^2), of normalized weights w; the shape k of their
 * tail is that of Pareto smoothing (Vehtari et al. 2024, https://arxiv.org/abs/1507.02646).
 *
 * @module
 */

import type { ParameterValues } from "../../models/parameters.ts";
import { paretoSmoothed } from "../../numerics/paretoSmoothing.ts";
import { unknownEvidence } from "./variationalLoss.ts";

/** Log-weights of so many samples at some values of the parameters; another name, other samples. */
export type DrawLogWeights = (
  values: ParameterValues,
  samples: number,
  name: string,
) => Promise<Float64Array>;

/** What weights are worth. */
interface Worth {
  /** Share of the samples that the weighted ones are worth. */
  readonly effective: number;
  /** Shape of the tail. */
  readonly k: number;
  /** Logarithm of the mean weight. */
  readonly logMean: number;
}

/** Samples of a look, and of the second one that a stop asks for: the shape of a tail takes more, and others. */
const samplesOfLook = 2048;
const samplesToStop = 20_000;
/** Stop below this k-hat: 0.7 less the spread of k-hat between sets of samples. */
const enoughShape = 0.4;
/** Of weights of which hardly any is lost, the largest that is reliable will do: few samples feel the tail. */
const exactShape = 0.7;
/** Shares lost: below the first, samples are as good as exact ones and further steps would gain nothing. */
const exact = 0.001;
/** Below this, too, once as many looks as `mostIdle` have not lessened it by a fifth. */
const almostExact = 0.01;
const mostIdle = 4;

/** Looks at a fit from time to time. */
export class StoppingRule {
  readonly #draw: DrawLogWeights;
  readonly #leastEffective: number;
  #logEvidence = unknownEvidence;
  #effective = Number.NaN;
  #least = 1;
  #idle = 0;

  /** @param leastEffective - Training goes by weights only once this share of the samples is effective; until then weights are 0. */
  constructor(draw: DrawLogWeights, leastEffective: number) {
    this.#draw = draw;
    this.#leastEffective = leastEffective;
  }

  /** Logarithm of the mean weight at the last look, in nats; so large that weights are 0 while they are not good enough. */
  get logEvidence(): number {
    return this.#logEvidence;
  }

  /** Share of the samples that was effective at the last look, where that was too little to go by weights; else undefined. */
  get tooFewEffective(): number | undefined {
    return this.#effective > this.#leastEffective ? undefined : this.#effective;
  }

  /** Looks at the parameters, and says whether they are good enough to stop. */
  async isMet(values: ParameterValues): Promise<boolean> {
    const now = worthOf(await this.#draw(values, samplesOfLook, "enough"));
    this.#effective = now.effective;
    this.#logEvidence = now.effective > this.#leastEffective ? now.logMean : unknownEvidence;
    const lost = 1 - now.effective;
    this.#idle = lost < 0.8 * this.#least ? 0 : this.#idle + 1;
    this.#least = Math.min(this.#least, lost);
    if (!(lost < exact || (lost < almostExact && this.#idle >= mostIdle))) return false;
    const { effective, k } = worthOf(await this.#draw(values, samplesToStop, "enough, surely"));
    if (1 - effective < exact) return k < exactShape;
    return 1 - effective < almostExact && k < enoughShape;
  }
}

function worthOf(logWeights: Float64Array): Worth {
  const { k, logWeights: smoothed } = paretoSmoothed(logWeights);
  const squares = smoothed.reduce((sum, logWeight) => sum + Math.exp(2 * logWeight), 0);
  const top = logWeights.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const sum = logWeights.reduce((total, weight) => total + Math.exp(weight - top), 0);
  return { effective: 1 / squares / logWeights.length, k, logMean: top + Math.log(sum / logWeights.length) };
}
