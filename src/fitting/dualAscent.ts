/**
 * Dual ascent: elementary maps one after another, each of which raises the log-likelihood of the points, until held-out
 * points say that it is enough.
 *
 * @module
 */

import type { RadialProfile } from "../bijections/radialMap.ts";
import { AbortedError } from "../errors.ts";
import { type RandomKey, RandomStream } from "../random/philox.ts";
import { type AscentChoices, type AscentPoints, logLikelihood } from "./ascentPoints.ts";
import {
  ascendDirections,
  type DirectionalScratch,
  type DirectionalStep,
  directionalScratch,
  moveAlongDirections,
  randomDirections,
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

/** How an ascent goes. */
export interface AscentSettings extends AscentChoices {
  readonly maps: AscentMaps;
  readonly profile: RadialProfile;
  /** Steps at most. */
  readonly steps: number;
  /** Steps without a better held-out L before the ascent stops. */
  readonly patience: number;
}

/** What one step found; the radial map comes first, on the side of the data. */
export interface AscentStep {
  readonly radial?: RadialStep;
  readonly directional?: DirectionalStep;
}

/** L of the points and of the held-out ones after some steps. */
export interface AscentRecord {
  readonly step: number;
  readonly train: number;
  readonly held: number;
  readonly best: number;
}

/** An ascent that has ended. */
export interface Ascent {
  /** The steps up to the best held-out L, in the order in which they were found. */
  readonly steps: readonly AscentStep[];
  /** Best held-out L; that of the points where none were held out. */
  readonly best: number;
}

/** Share of the steps whose directions are the columns themselves: what is discrete or skewed is so in columns. */
const alongColumns = 0.5;
/** Numbers moved between two turns of the event loop, so that an abort is heard. */
const numbersATurn = 1e6;

/** Points with what moving them needs. */
interface Cloud {
  readonly points: AscentPoints;
  readonly directional: DirectionalScratch;
  readonly radial: RadialScratch;
}

const cloudOf = (points: AscentPoints): Cloud => ({
  points,
  directional: directionalScratch(points),
  radial: radialScratch(points.rows),
});

/** The columns as directions. */
function columnDirections(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
}

/**
 * Runs an ascent; moves both sets of points.
 * @throws {@link AbortedError} if the signal fires.
 */
export async function runAscent(
  train: AscentPoints,
  held: AscentPoints | undefined,
  settings: AscentSettings,
  key: RandomKey,
  hooks: {
    readonly signal?: AbortSignal | undefined;
    readonly onStep?: ((record: AscentRecord) => void) | undefined;
  } = {},
): Promise<Ascent> {
  const { features: n } = train;
  const { maps, profile } = settings;
  const own = cloudOf(train);
  const other = held && cloudOf(held);
  const stream = new RandomStream(key);
  const steps: AscentStep[] = [];
  let best = { at: 0, held: logLikelihood(held ?? train) };
  let moved = 0;
  for (let t = 1; t <= settings.steps; t++) {
    let step: AscentStep = {};
    if (maps !== "directional") {
      const radial = ascendRadially(train, own.radial, profile, settings, stream);
      if (other) moveRadially(other.points, other.radial, profile, radial);
      step = { radial };
    }
    if (maps !== "radial") {
      const directions = stream.uniform() < alongColumns ? columnDirections(n) : randomDirections(n, stream);
      const directional = ascendDirections(train, own.directional, directions, settings, stream);
      if (other) moveAlongDirections(other.points, other.directional, directional);
      step = { ...step, directional };
    }
    steps.push(step);
    const trainL = logLikelihood(train);
    const heldL = held ? logLikelihood(held) : trainL;
    // Without held-out points every step counts.
    if (heldL > best.held || !held) best = { at: t, held: heldL };
    hooks.onStep?.({ step: t, train: trainL, held: heldL, best: best.at });
    if (t - best.at >= settings.patience) break;
    moved += train.data.length;
    if (moved >= numbersATurn) {
      moved = 0;
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (hooks.signal?.aborted) throw new AbortedError("the fit was stopped");
  }
  return { steps: steps.slice(0, best.at), best: best.held };
}
