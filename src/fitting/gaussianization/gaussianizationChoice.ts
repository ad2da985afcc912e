/**
 * How many layers, and which: by the log-likelihood of rows that the layers were not fitted to.
 *
 * Where held-out rows are few (under `enoughHeld`) they alone would choose by chance, so that the training rows take part: they
 * are cross-validated, and plans and numbers of layers are compared by the mean over all rows, each scored by layers
 * that did not see it. Without held-out rows a large table stops where the log-likelihood of its own rows no longer
 * gains more than the degrees of freedom of the layers would give it anyway.
 *
 * @module
 */

import { AbortedError } from "../../errors.ts";
import { boundedMean } from "../../numerics/boundedMean.ts";
import type { RandomKey } from "../../random/philox.ts";
import type { FitOptions, FitProgress } from "../fitOptions.ts";
import { firstRows, foldsOf, type RowSplit } from "../rowFolds.ts";
import { weightedMean } from "../rowWeights.ts";
import type { StandardizedData } from "../statisticalFit.ts";
import {
  type Layer,
  type LayerPlan,
  logDensities,
  type Moving,
  movingRows,
  nextLayer,
  passLayer,
} from "./gaussianizationLayers.ts";
import type { MarginalKind } from "./marginalMap.ts";
import type { RotationKind } from "./rotations.ts";
import { densitiesUnder, halfRow, tailShares } from "./tailShare.ts";

/** What the options say of a plan. */
export interface PlanOptions {
  readonly rotation: RotationKind;
  readonly directions: number;
  readonly marginal: MarginalKind;
  readonly knots: number;
  readonly step: number | undefined;
  /** Held-out rows that choose without cross-validation. */
  readonly enoughHeld: number;
}

/** What was chosen. */
export interface ChosenLayers {
  readonly plan: LayerPlan;
  /** In the order in which they were found, from the data to the base. */
  readonly found: readonly Layer[];
  readonly history: readonly FitProgress[];
  /** Share of wide components in the base; see `tailedNormal`. */
  readonly share: number;
  /**
   * Mean log-density of the standardized training rows before the first layer and after each that is kept; the
   * former under a standard normal base, the others under that with the share.
   */
  readonly heights: readonly number[];
}

/** Layers without a better score before the search stops. */
const patience = 8;
/** Steps times layers of a trial of a plan. */
const trialDistance = 6;
const foldsBy = (rows: number): number => (rows < 1000 ? 5 : 3);
/** Rows that plans are compared on. */
const mostTried = 5000;

/** Chooses a plan and fits its layers. */
export async function chooseLayers(
  data: StandardizedData,
  options: PlanOptions,
  layers: number,
  { signal, onProgress }: FitOptions,
): Promise<ChosenLayers> {
  const { features, train, validation, key } = data;
  const pause = async (): Promise<void> => {
    await new Promise((done) => setTimeout(done));
    if (signal?.aborted) throw new AbortedError("The fit was aborted.");
  };
  const plans = plansOf(options, train.rows);
  const isSmall = (validation?.rows ?? train.rows) < options.enoughHeld;
  const splits = isSmall
    ? foldsOf(train, features, foldsBy(train.rows))
    : [{ rest: firstRows(train, features, mostTried), heldOut: validation ?? train }];
  if (isSmall && validation) splits.push({ rest: train, heldOut: validation });
  const trialOf = (plan: LayerPlan): Trial => new Trial(plan, splits, features, key, pause);
  let plan = plans[0]!;
  let trial: Trial | undefined;
  if (plans.length > 1) {
    let least = Number.NEGATIVE_INFINITY;
    for (const each of plans) {
      const newTrial = trialOf(each);
      // Smaller steps get more layers.
      const { score } = await newTrial.go(Math.min(layers, Math.ceil(trialDistance / each.marginal.step)));
      if (score > least) [least, plan, trial] = [score, each, newTrial];
    }
  }
  const chosen = isSmall ? await (trial ?? trialOf(plan)).go(layers) : undefined;
  return fitPlan(data, plan, layers, chosen, pause, onProgress);
}

/** Plans to compare. */
function plansOf({ rotation, directions, marginal, knots, step }: PlanOptions, rows: number): LayerPlan[] {
  const steps = step !== undefined ? [step] : rows < 500 ? [0.5, 0.25] : [0.5];
  const bandwidth = rows < 5000 ? 1 : 0.6;
  return (["marginal", "white"] as const).flatMap((start) =>
    steps.map((step) => ({
      rotation,
      directions,
      start,
      marginal: { kind: marginal, knots, step: step, bandwidth },
    })),
  );
}

interface Best {
  /** Best mean held-out log-density of standardized rows; see {@link boundedMean}. */
  readonly score: number;
  /** Number of layers that had it. */
  readonly layers: number;
  /** Share of wide components in the base by all held-out rows, after these layers. */
  readonly share: number;
}

/** Held-out scores of a plan by number of layers, over all splits at once. */
class Trial {
  readonly #plan: LayerPlan;
  readonly #key: RandomKey;
  readonly #pause: () => Promise<void>;
  readonly #runs: readonly { readonly fit: Moving; readonly heldOut: Moving }[];
  #best: Best = { score: Number.NEGATIVE_INFINITY, layers: 1, share: tailShares.at(-1)! };
  #layers = 0;

  constructor(
    plan: LayerPlan,
    splits: readonly RowSplit[],
    features: number,
    key: RandomKey,
    pause: () => Promise<void>,
  ) {
    this.#plan = plan;
    this.#key = key;
    this.#pause = pause;
    this.#runs = splits.map(({ rest, heldOut }) => ({
      fit: movingRows(rest, features),
      heldOut: movingRows(heldOut, features),
    }));
  }

  /** Goes on to so many layers, or until more of them no longer help; the best of all so far. */
  async go(layers: number): Promise<Best> {
    while (this.#layers < layers && this.#layers < this.#best.layers + patience) {
      await this.#pause();
      for (const { fit, heldOut } of this.#runs) {
        const layer = nextLayer(this.#layers, fit, this.#plan, this.#key);
        passLayer(fit, layer);
        passLayer(heldOut, layer);
      }
      this.#layers++;
      const scores = this.#runs.map(({ heldOut }) => ({ heldOut, under: densitiesUnder(heldOut) }));
      const rows = scores.reduce((sum, { heldOut }) => sum + heldOut.logAbsDet.length, 0);
      for (const share of tailShares) {
        const mean = scores.reduce(
          (sum, { heldOut, under }) =>
            sum + (heldOut.logAbsDet.length / rows) * boundedMean(under(share), heldOut.weights),
          0,
        );
        const score = mean + halfRow(share, rows);
        if (score > this.#best.score) this.#best = { score, layers: this.#layers, share };
      }
    }
    return this.#best;
  }
}

/** Mean log-densities of standardized rows by share of wide components. */
interface ShareMeans {
  readonly train: ReadonlyMap<number, number>;
  readonly heldOut: ReadonlyMap<number, number> | undefined;
}

/** Fits the layers of a plan: as many as were chosen before, or as the held-out rows say. */
async function fitPlan(
  { features, train, validation, key, logAbsDet }: StandardizedData,
  plan: LayerPlan,
  layers: number,
  chosen: Best | undefined,
  pause: () => Promise<void>,
  onProgress: FitOptions["onProgress"],
): Promise<ChosenLayers> {
  const fit = movingRows(train, features);
  const heldOut = validation && movingRows(validation, features);
  const found: Layer[] = [];
  const shares = chosen ? [chosen.share] : tailShares;
  const freedom = (plan.directions * Math.log(train.rows)) / (2 * train.rows);
  let best = 1;
  let bestScore = Number.NEGATIVE_INFINITY;
  let bestShare = shares[0]!;
  const most = chosen?.layers ?? layers;
  const entry = (index: number, share: number, means: ShareMeans): FitProgress => ({
    epoch: index + 1,
    epochs: most,
    step: index + 1,
    steps: most,
    trainLogProb: means.train.get(share)! + logAbsDet,
    validationLogProb: (means.heldOut ?? means.train).get(share)! + logAbsDet,
    bestEpoch: best,
  });
  const meansOf = ({ weights }: Moving, under: (share: number) => Float64Array): Map<number, number> =>
    new Map(shares.map((share) => [share, weightedMean(under(share), weights)]));
  const before = weightedMean(logDensities(fit), fit.weights);
  const means: ShareMeans[] = [];
  const bests: number[] = [];
  for (let index = 0; index < most && (chosen || index < best + patience); index++) {
    await pause();
    const layer = nextLayer(index, fit, plan, key);
    passLayer(fit, layer);
    if (heldOut) passLayer(heldOut, layer);
    found.push(layer);
    const under = heldOut && densitiesUnder(heldOut);
    const own: ShareMeans = {
      train: meansOf(fit, densitiesUnder(fit)),
      heldOut: under && meansOf(heldOut, under),
    };
    means.push(own);
    const scoreUnder = (share: number): number =>
      under
        ? boundedMean(under(share), heldOut.weights) + halfRow(share, heldOut.logAbsDet.length)
        : own.train.get(share)! - 2 * freedom * index + halfRow(share, train.rows);
    for (const share of shares) {
      const score = scoreUnder(share);
      if (score > bestScore || chosen) [best, bestScore, bestShare] = [index + 1, score, share];
    }
    bests.push(best);
    onProgress?.(entry(index, bestShare, own));
  }
  // One base for the history too: that of the model, which can be stopped after each layer.
  const history = means.map((mean, index) => ({
    ...entry(index, bestShare, mean),
    bestEpoch: bests[index]!,
  }));
  const heights = [before, ...means.map(({ train }) => train.get(bestShare)!)];
  return {
    plan,
    found: found.slice(0, best),
    history,
    share: bestShare,
    heights: heights.slice(0, best + 1),
  };
}
