/**
 * Flags of `approximate`.
 *
 * @module
 */

import { approximateDefaults, variationalKinds } from "../../entries/options.ts";
import type { ApproximateOptions } from "../../index.ts";
import { listOfWords } from "../options.ts";
import type { OptionFlags } from "./optionFlags.ts";
import { engine, learningRate, precision, seed, threads, wide } from "./sharedFlags.ts";

/** Flags of `approximate`; `--density` and `--parameters` stand for the two functions. */
export const approximateFlags: OptionFlags<ApproximateOptions> = {
  parameters: undefined,
  logDensity: undefined,
  derived: undefined,
  flow: {
    flag: "--flow",
    value: "kind",
    help: `kind of flow: ${listOfWords(variationalKinds)}`,
    usual: approximateDefaults.flow,
  },
  transforms: {
    flag: "--transforms",
    value: "n",
    help: "number of transforms",
    usual: "4 for nsf, else 8 or 16",
  },
  hidden: { flag: "--hidden", value: "sizes", help: "hidden layers, such as 32,32", usual: "32,32" },
  steps: {
    flag: "--steps",
    value: "n",
    help: "steps of the optimizer",
    usual: `${approximateDefaults.steps}, and 3000 more if need be`,
  },
  draws: { flag: "--draws", value: "n", help: "samples per step", usual: `${approximateDefaults.draws}` },
  learningRate: { ...learningRate, usual: `${approximateDefaults.learningRate}` },
  importanceSamples: {
    flag: "--importance-samples",
    value: "n",
    help: "samples in each importance-weighted bound",
    usual: `${approximateDefaults.importanceSamples}`,
  },
  annealing: {
    flag: "--annealing",
    value: "steps",
    help: "steps over which the density is brought in",
    usual: `${approximateDefaults.annealing}: none`,
  },
  gradient: {
    flag: "--gradient",
    value: "how",
    help: "path, along the samples, or total",
    usual: "path; total where the inverse is dear",
  },
  divergence: {
    flag: "--divergence",
    value: "which",
    help: "what is minimized: symmetric, reverse or forward",
    usual: "symmetric; reverse with the total gradient, importance samples or annealing",
  },
  alpha: {
    flag: "--alpha",
    value: "order",
    help: "order of the divergence in its place: 0 reverse, 1 forward",
    usual: "none",
  },
  diagnosticSamples: {
    flag: "--diagnostic-samples",
    value: "n",
    help: "samples that the diagnostics and the summary are computed from",
    usual: `${approximateDefaults.diagnosticSamples}`,
  },
  seed,
  threads,
  wide,
  precision: { ...precision, usual: "float64" },
  engine,
  signal: undefined,
  onProgress: undefined,
  onWarning: undefined,
};
