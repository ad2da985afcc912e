/**
 * What options are where they are left out and one number or word says it for every table; what a rule says stands with the rule.
 * Code, and the help of the command line, take them from here.
 *
 * @module
 */

/** Defaults of options of `fit`. */
export const fitDefaults = {
  /** Decay of weight matrices per step, relative to the learning rate. */
  weightDecay: 1e-4,
  /** Share of rows held out for early stopping. */
  validation: 0.1,
  /** Decay of the average of the weights. */
  averaging: 0.995,
  /** Seed of all that is random. */
  seed: 0,
  /** Directions of a layer of gaussianization. */
  rotation: "ica",
  /** How gaussianization and sliced estimate marginal distributions. */
  marginal: "kernel",
  /** Knots of each spline of gaussianization and sliced. */
  knots: 24,
  /** Maps of a step of dual ascent. */
  maps: "both",
  /** How radial maps of dual ascent fall off. */
  profile: "compact",
  /** Steps of dual ascent at most. */
  steps: 2000,
} as const;

/** What options of `fit` are otherwise for the kind of mixed columns. */
export const columnsDefaults = {
  /** Networks whose distributions are averaged, at most. */
  members: 2,
  /** Sizes of the hidden layers. */
  hidden: [128, 128],
  /** Decay of weight matrices per step, relative to the learning rate, of the first network and the others in turn. */
  weightDecay: [0.25, 1.5],
  /** Decay of the average of the weights. */
  averaging: 0.99,
} as const;

/** Weight decay of flow matching. */
export const matchingWeightDecay = 2e-2;

/** Steps of a dual ascent without improvement before it stops. */
export const ascentPatience = 100;

/** Defaults of options of `approximate`. */
export const approximateDefaults = {
  /** Kind of flow. */
  flow: "nsf",
  /** Steps of training. */
  steps: 1500,
  /** Points per step. */
  draws: 256,
  /** Peak learning rate. */
  learningRate: 5e-3,
  /** Samples of the importance-weighted bound. */
  importanceSamples: 1,
  /** Share of the steps over which the density is annealed. */
  annealing: 0,
  /** Samples of the diagnosis. */
  diagnosticSamples: 10_000,
  /** Seed of all that is random. */
  seed: 0,
} as const;
