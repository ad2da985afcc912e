/**
 * The flags of each command: one row for each option of the library's function behind it, undefined for what a shell cannot
 * type. An option without a row does not compile.
 *
 * @module
 */

import {
  ascentPatience,
  baseNames,
  columnsDefaults,
  compareDefaults,
  fitDefaults,
  matchingWeightDecay,
  modelKinds,
} from "../../entries/options.ts";
import type {
  CompareOptions,
  FitOptions,
  InformationOptions,
  LogProbOptions,
  SampleOptions,
} from "../../index.ts";
import { duration, groupList, listOfWords, wordList } from "../options.ts";
import { anomaliesFlags } from "./anomaliesFlags.ts";
import { approximateFlags } from "./approximateFlags.ts";
import { evaluateFlags } from "./evaluateFlags.ts";
import type { OptionFlag, OptionFlags } from "./optionFlags.ts";
import { anyGiven, imputeFlags, marginalFlags, quantileFlags } from "./questionFlags.ts";
import { readFlags } from "./readFlags.ts";
import { exclude, kinds, parents, schema } from "./schemaFlags.ts";
import {
  columns,
  engine,
  given,
  learningRate,
  missing,
  precision,
  seed,
  simplex,
  threads,
  weights,
  wide,
} from "./sharedFlags.ts";

/** Flags of `fit`. */
export const fitFlags: OptionFlags<FitOptions> = {
  flow: {
    flag: "--flow",
    value: "kind",
    help: `kind of flow: ${listOfWords([...modelKinds, "sphere"])}, the last of columns that are unit vectors`,
    usual: "nsf-ar, or columns where not all columns are real numbers",
  },
  from: {
    flag: "--from",
    value: "model",
    help: "model that training starts at, imported or fitted by gradient: its structure and columns are kept",
    usual: "none, a new flow",
  },
  columns: { ...columns, usual: "all that can be fitted" },
  given: { flag: "--given", value: "names", help: "columns to condition on, such as c,d" },
  weights,
  transforms: { flag: "--transforms", value: "n", help: "number of transforms", usual: "by kind and table" },
  hidden: {
    flag: "--hidden",
    value: "sizes",
    help: "hidden layers, such as 128,128",
    usual: `32,32 below 500 rows, else 64,64; for columns ${columnsDefaults.hidden}; for residual and continuous flows by table`,
  },
  embedding: {
    flag: "--embedding",
    value: "sizes",
    help: "layers of a network that given columns go through once, for all transforms, such as 64,16",
    usual: "none: each transform is given the columns",
  },
  recompute: {
    flag: "--recompute",
    help: "compute transforms once more for their gradients: memory that hardly grows with them, a quarter to a third more time",
  },
  epochs: { flag: "--epochs", value: "n", help: "passes over the data at most", usual: "by table" },
  budget: {
    flag: "--budget",
    value: "time",
    help: "time to train at most, on two cores: 90s, 2m",
    usual: "2m; for columns the recipe, once",
    read: duration,
  },
  batch: { flag: "--batch", value: "rows", help: "rows per step", usual: "128 below 1,000 rows, else 256" },
  learningRate: { ...learningRate, usual: "by table and kind, 0.003 to 0.05; with --from 0.002" },
  weightDecay: {
    flag: "--weight-decay",
    value: "rate",
    help: "decay of weight matrices per step, relative to the learning rate",
    usual: `${fitDefaults.weightDecay}, for flow-matching ${matchingWeightDecay}, for columns ${columnsDefaults.weightDecay}, one network after another`,
  },
  validation: {
    flag: "--validation",
    value: "share",
    help: "share of rows held out for early stopping",
    usual: `${fitDefaults.validation}, for cnf and flow-matching 0.05 from 5,000 rows on`,
  },
  patience: {
    flag: "--patience",
    value: "n",
    help: "epochs, or steps of dual-ascent, without improvement before stopping",
    usual: `half of the epochs, at least 20; a fifth, at least 10, for nsf-ar, nsf, maf and realnvp from 1,000 rows on; for columns a fifth, for dual-ascent ${ascentPatience} steps`,
  },
  averaging: {
    flag: "--ema",
    value: "decay",
    help: "decay of the average of the weights",
    usual: `${fitDefaults.averaging}, for columns ${columnsDefaults.averaging}`,
  },
  schema,
  kinds,
  anyOrder: {
    flag: "--any-order",
    help: "train for all sets of known columns: marginal, quantile, cdf, impute and sample --given answer by one pass",
  },
  members: {
    flag: "--members",
    value: "n",
    help: "networks whose distributions are averaged, each with a training of its own",
    usual: `${columnsDefaults.members}, with --any-order 1`,
  },
  parents,
  base: {
    flag: "--base",
    value: "name",
    help: `what the flow pushes forward, trained with it: ${listOfWords(baseNames)}`,
    usual: "normal",
  },
  exclude,
  simplex,
  keep: {
    flag: "--keep",
    value: "names",
    valueIsOptional: true,
    help: "columns that are not fitted, but carried along to what has a row for each row; without names it is --keep-on-abort",
    usual: "none",
  },
  missing: {
    flag: "--missing",
    value: "policy",
    help: "missing cells: outcome, marginal, error, or drop their rows",
    usual: "outcome for columns, else error",
  },
  checkpoint: { flag: "--checkpoint", value: "file", help: "file to save the state of the fit to" },
  resume: { flag: "--resume", help: "go on from the checkpoint" },
  keepOnAbort: {
    flag: "--keep-on-abort",
    help: "on Ctrl-C write the best model so far, and end with exit code 0",
  },
  components: {
    flag: "--components",
    value: "n",
    help: "number of Gaussians, exactly",
    usual: "1 to 24, by the smallest BIC",
  },
  bandwidth: {
    flag: "--bandwidth",
    value: "width",
    help: "standard deviation of the kernel, in standard deviations of the columns",
    usual: "by likelihood cross-validation",
  },
  rotation: {
    flag: "--rotation",
    value: "how",
    help: "directions of a layer: pca, ica or random",
    usual: fitDefaults.rotation,
  },
  marginal: {
    flag: "--marginal",
    value: "how",
    help: "how marginal distributions are estimated: kernel, mixture, histogram or spline",
    usual: fitDefaults.marginal,
  },
  layers: {
    flag: "--layers",
    value: "n",
    help: "layers at most",
    usual: "by the number of rows, at most 100, for sliced 300",
  },
  knots: {
    flag: "--knots",
    value: "n",
    help: "knots of each spline, 8 to 256",
    usual: `${fitDefaults.knots}`,
  },
  step: {
    flag: "--step",
    value: "share",
    help: "share of the way to normal that a layer goes, at most 0.95",
    usual: "0.5; below 500 rows 0.25 or 0.5 by trial",
  },
  maps: {
    flag: "--maps",
    value: "which",
    help: "maps of a step: directional, radial or both",
    usual: fitDefaults.maps,
  },
  profile: {
    flag: "--profile",
    value: "name",
    help: "how radial maps fall off: algebraic, erf or compact",
    usual: fitDefaults.profile,
  },
  pointsInBall: {
    flag: "--points-in-ball",
    value: "rows",
    help: "rows in the smallest balls and windows",
    usual: "a hundredth, a twentieth or a fifth of the rows by trial",
  },
  steps: {
    flag: "--steps",
    value: "n",
    help: "steps at most",
    usual: `${fitDefaults.steps}, fewer for large tables`,
  },
  seed,
  threads,
  wide,
  precision: { ...precision, usual: "float32; statistics float64" },
  engine,
  signal: undefined,
  onProgress: undefined,
  onPhase: undefined,
  onColumns: undefined,
  onWarning: undefined,
};

/** Flags of `compare`. */
export const compareFlags: OptionFlags<CompareOptions> = {
  flows: {
    flag: "--flows",
    value: "kinds",
    help: "kinds to compare, such as gaussian,nsf-ar",
    usual: "the statistics and nsf-ar",
    read: (flag) => wordList(flag, modelKinds),
  },
  columns,
  weights: { ...weights, help: "column of row weights, of fits and scores" },
  simplex,
  test: { flag: "--test", value: "share", help: "share of rows held out", usual: `${compareDefaults.test}` },
  folds: { flag: "--folds", value: "n", help: "cross-validation with n folds instead" },
  missing,
  seed: { ...seed, help: "seed of the split and every fit" },
  threads,
  wide,
  signal: undefined,
  onProgress: undefined,
  onWarning: undefined,
};

/** Flags of `information`. */
export const informationFlags: OptionFlags<InformationOptions> = {
  columns: { ...columns, help: "columns to look at" },
  between: {
    flag: "--between",
    value: "groups",
    help: "groups of columns, such as a,b:c",
    read: groupList,
  },
  weights,
  simplex,
  missing,
  folds: {
    flag: "--folds",
    value: "n",
    help: "parts that the rows are dealt into",
    usual: "5, from 20,000 rows on 2",
  },
  seed,
  signal: undefined,
  onProgress: undefined,
  onWarning: undefined,
};

/** Flags of `logprob`. */
export const logProbFlags: OptionFlags<Omit<LogProbOptions, "precision" | "threads">> = {
  given,
  unseen: {
    flag: "--unseen",
    value: "what",
    help: "levels that no row of the fit had: impossible, or other, one more level with the probability of new ones",
    usual: "impossible",
  },
  missing: {
    flag: "--missing",
    value: "policy",
    help: "rows with missing values: empty score, drop, error, or marginal: the density of the other cells",
    usual: "empty; for mixed columns marginal",
  },
  engine,
  wide,
  signal: undefined,
  onWarning: undefined,
};

/** Flags of `sample`, but for the number of rows. */
export const sampleFlags: OptionFlags<Omit<SampleOptions, "precision" | "threads" | "engine">> = {
  seed: { ...seed, help: "seed of the draws" },
  given: anyGiven,
  continuous: {
    flag: "--continuous",
    help: "columns that an earlier version dequantized as they are drawn, not rounded to their steps",
  },
  rowsBefore: {
    flag: "--rows-before",
    value: "n",
    help: "rows of the same seed that come before these, and are not drawn",
    usual: "0",
  },
  complete: { flag: "--complete", help: "rows without a missing cell: given that all their cells are there" },
  wide,
  signal: undefined,
  onGiven: undefined,
};

/** Flags of `plot`, which takes from several functions. */
export const plotFlags: Readonly<Record<"columns" | "given" | "missing" | "seed", OptionFlag>> = {
  columns: { ...columns, help: "columns to draw", usual: "the first six" },
  given,
  missing,
  seed: { ...seed, help: "seed of the samples" },
};

/** All tables, that of `fit` first. */
export const flagTables: readonly Readonly<Record<string, OptionFlag | undefined>>[] = [
  fitFlags,
  compareFlags,
  informationFlags,
  approximateFlags,
  readFlags,
  evaluateFlags,
  anomaliesFlags,
  logProbFlags,
  marginalFlags,
  imputeFlags,
  quantileFlags,
];
