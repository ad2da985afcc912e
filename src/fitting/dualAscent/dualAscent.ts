/**
 * Dual ascent: elementary maps one after another, each of which raises the log-likelihood of the points, until held-out
 * points say that it is enough.
 *
 * @module
 */

import { Matrix } from "ml-matrix";
import type { RadialProfile } from "../../bijections/residual/radialProfiles.ts";
import { AbortedError } from "../../errors.ts";
import { boundedMean } from "../../numerics/boundedMean.ts";
import { type RandomKey, RandomStream } from "../../random/philox.ts";
import { randomDirections } from "../gaussianization/rotations.ts";
import { weightedMean } from "../rowWeights.ts";
import {
  type AscentChoices,
  type AscentPoints,
  logDensities,
  logLikelihood,
  type ScoredPoints,
  scoredPoints,
} from "./ascentPoints.ts";
import {
  ascendDirections,
  type DirectionalScratch,
  type DirectionalStep,
  directionalScratch,
  moveAlongDirections,
} from "./directionalAscent.ts";
import {
  ascendRadially,
  moveRadially,
  type RadialScratch,
  type RadialStep,
  radialScratch,
} from "./radialAscent.ts";

/** Which maps an ascent consists of. */
export type AscentMaps = "directional" | "radial" | "both";

/** How the steps of an ascent are made. */
export interface AscentSettings extends AscentChoices {
  readonly maps: AscentMaps;
  readonly profile: RadialProfile;
}

/** When an ascent ends. */
export interface AscentLimits {
  /** Steps at most. */
  readonly steps: number;
  /** Steps without a better held-out L before the ascent stops; undefined where all steps are made and kept. */
  readonly patience: number | undefined;
}

/** What one step found; the radial map comes first, on the side of the data. */
export interface AscentStep {
  readonly radial?: RadialStep | undefined;
  readonly directional?: DirectionalStep | undefined;
}

/** L of the points and of the held-out ones after some steps. */
export interface AscentRecord {
  readonly step: number;
  readonly train: number;
  readonly heldOut: number;
  readonly best: number;
}

/** An ascent that has ended. */
export interface Ascent {
  /** The steps that are kept, of the first run, in the order in which they were found. */
  readonly steps: readonly AscentStep[];
  /** L of the points of the first run before the first step, and after each that is kept. */
  readonly heights: readonly number[];
  /** By which the number of steps was chosen: see {@link boundedMean}. */
  readonly score: number;
}

/** Share of the steps whose directions are the columns themselves: what is discrete or skewed is so in columns. */
const alongColumns = 0.5;
/** Numbers moved between two turns of the event loop, so that an abort is heard. */
const numbersATurn = 1e6;

/** Points with what moving them needs. */
interface Cloud<Points extends AscentPoints> {
  readonly points: Points;
  readonly directional: DirectionalScratch;
  readonly radial: RadialScratch;
}

const cloudOf = <Points extends AscentPoints>(points: Points): Cloud<Points> => ({
  points,
  directional: directionalScratch(points),
  radial: radialScratch(points.rows),
});

/** The columns as directions, or random ones; row-major. */
function drawDirections(features: number, stream: RandomStream): Float64Array {
  const axes =
    stream.uniform() < alongColumns
      ? Matrix.eye(features, features)
      : randomDirections(features, features, stream);
  return Float64Array.from(axes.to1DArray());
}

/** Points that climb, and held-out ones that are taken along. The former are moved in place. */
export class AscentRun {
  readonly #own: Cloud<AscentPoints>;
  readonly #heldOut: Cloud<ScoredPoints> | undefined;
  readonly #settings: AscentSettings;
  readonly #stream: RandomStream;

  constructor(
    train: AscentPoints,
    heldOut: AscentPoints | undefined,
    settings: AscentSettings,
    key: RandomKey,
  ) {
    this.#own = cloudOf(train);
    this.#heldOut = heldOut && cloudOf(scoredPoints(heldOut));
    this.#settings = settings;
    this.#stream = new RandomStream(key);
  }

  /** L of the points that climb. */
  get train(): number {
    return logLikelihood(this.#own.points);
  }

  /** Held-out points, or where there are none those that climb. */
  get rows(): number {
    return (this.#heldOut ?? this.#own).points.rows;
  }

  /** L of the held-out points, and the mean to choose by. Where none are held out, L of those that climb. */
  get heldOut(): { readonly mean: number; readonly score: number } {
    if (!this.#heldOut) return { mean: this.train, score: this.train };
    const { weights } = this.#heldOut.points;
    const heldOutLogDensities = logDensities(this.#heldOut.points);
    return {
      mean: weightedMean(heldOutLogDensities, weights),
      score: boundedMean(heldOutLogDensities, weights),
    };
  }

  /** Numbers that a step moves. */
  get size(): number {
    return this.#own.points.data.length;
  }

  /** Makes one step. */
  step(): AscentStep {
    const settings = this.#settings;
    const { maps, profile } = settings;
    const { points, directional: along, radial: around } = this.#own;
    const other = this.#heldOut;
    let step: AscentStep = {};
    if (maps !== "directional") {
      const radial = ascendRadially(points, around, profile, settings, this.#stream);
      if (other) moveRadially(other.points, other.radial, profile, radial);
      step = { radial };
    }
    if (maps !== "radial") {
      const directions = drawDirections(points.features, this.#stream);
      const directional = ascendDirections(points, along, directions, settings, this.#stream);
      if (other) moveAlongDirections(other.points, other.directional, directional);
      step = { ...step, directional };
    }
    return step;
  }
}

/**
 * Lets runs climb side by side: one, or those of a cross-validation, whose held-out points together say which number
 * of steps is best.
 * @throws {@link AbortedError} if the signal fires.
 */
export async function climb(
  runs: readonly AscentRun[],
  { steps: most, patience }: AscentLimits,
  hooks: {
    readonly signal?: AbortSignal | undefined;
    readonly onStep?: ((record: AscentRecord) => void) | undefined;
  } = {},
): Promise<Ascent> {
  const first = runs[0]!;
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  const steps: AscentStep[] = [];
  const heights = [first.train];
  const heldNow = (): { readonly mean: number; readonly score: number } => {
    const sum = { mean: 0, score: 0 };
    for (const run of runs) {
      const { mean, score } = run.heldOut;
      sum.mean += (run.rows / rows) * mean;
      sum.score += (run.rows / rows) * score;
    }
    return sum;
  };
  let best = { at: 0, score: heldNow().score };
  let moved = 0;
  for (let t = 1; t <= most; t++) {
    steps.push(runs.map((run) => run.step())[0]!);
    heights.push(first.train);
    const { mean, score } = heldNow();
    if (score > best.score || patience === undefined) best = { at: t, score };
    hooks.onStep?.({ step: t, train: heights[t]!, heldOut: mean, best: best.at });
    if (patience !== undefined && t - best.at >= patience) break;
    moved += runs.reduce((sum, run) => sum + run.size, 0);
    if (moved >= numbersATurn) {
      moved = 0;
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (hooks.signal?.aborted) throw new AbortedError("the fit was stopped");
  }
  return { steps: steps.slice(0, best.at), heights: heights.slice(0, best.at + 1), score: best.score };
}
