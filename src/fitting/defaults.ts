/**
 * What options are where they are left out and one number or word says it for every table; what a rule says stands with the rule.
 * Code, and the help of the command line, take them from here.
 *
 * @module
 */

/** Defaults of options of `fit`. */
export const fitDefaults = {
  weightDecay: 1e-4,
  validation: 0.1,
  averaging: 0.995,
  seed: 0,
  rotation: "ica",
  marginal: "kernel",
  knots: 24,
  maps: "both",
  profile: "compact",
  steps: 2000,
} as const;

/** Weight decay of flow matching. */
export const matchingWeightDecay = 2e-2;

/** Steps of a dual ascent without improvement before it stops. */
export const ascentPatience = 100;

/** Defaults of options of `approximate`. */
export const approximateDefaults = {
  flow: "nsf",
  steps: 1500,
  draws: 256,
  learningRate: 5e-3,
  importanceSamples: 1,
  annealing: 0,
  diagnosticSamples: 10_000,
  seed: 0,
} as const;
