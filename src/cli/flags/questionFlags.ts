/**
 * Flags of questions about any columns of a flow of mixed columns.
 *
 * @module
 */

import type { DistributionOptions, ImputeOptions, MarginalOptions } from "../../entries/options.ts";
import { imputeDefaults, questionDefaults } from "../../entries/options.ts";
import { givenOrFile, givenOrNames, numberOf } from "../options.ts";
import type { OptionFlag, OptionFlags } from "./optionFlags.ts";
import { seed as anySeed, engine, wide } from "./sharedFlags.ts";

const seed: OptionFlag = { ...anySeed, help: "seed of the draws", usual: `${imputeDefaults.seed}` };
const draws: OptionFlag = {
  flag: "--draws",
  value: "n",
  help: "draws per row where the answer is not exact",
  usual: `${questionDefaults.rowDraws}, for a condition ${questionDefaults.draws}`,
};
/** Values, ranges, or a table of them. */
export const anyGiven: OptionFlag = {
  flag: "--given",
  value: "values",
  help: 'values and ranges to condition on, such as "sex=female,age=40..50", or a table with one condition per row',
  read: givenOrFile,
};

type Untold = "precision" | "threads";

/** Flags of `marginal`. */
export const marginalFlags: OptionFlags<Omit<MarginalOptions, Untold>> = {
  columns: { flag: "--columns", value: "names", help: "columns whose density is asked for, such as a,b" },
  given: {
    flag: "--given",
    value: "what",
    help: 'columns of the table that they are given, such as c,d, or values and ranges, such as "c=1,d=40..50"',
    read: givenOrNames,
  },
  draws,
  seed,
  engine,
  wide,
  signal: undefined,
};

/** Flags of `quantile`. */
export const quantileFlags: OptionFlags<Omit<DistributionOptions<number>, Untold>> = {
  column: { flag: "--column", value: "name", help: "column whose distribution is asked for" },
  at: { flag: "--at", value: "numbers", help: "probabilities, such as 0.05,0.5,0.95" },
  given: anyGiven,
  draws,
  seed,
  engine,
  wide,
  signal: undefined,
};

/** Flags of `cdf`. */
export const cdfFlags: OptionFlags<Omit<DistributionOptions<number | string>, Untold>> = {
  ...quantileFlags,
  at: {
    flag: "--at",
    value: "values",
    help: "values of the column, such as 30,40",
    read: () => (text) => text.split(",").map((value) => numberOf(value) ?? value.trim()),
  },
};

/** Flags of `impute`. */
export const imputeFlags: OptionFlags<Omit<ImputeOptions, Untold>> = {
  draws: {
    flag: "--draws",
    value: "n",
    help: "how often the table is filled in",
    usual: `${imputeDefaults.draws}`,
  },
  candidates: {
    flag: "--candidates",
    value: "n",
    help: "candidates per row where what is missing cannot be drawn exactly",
    usual: `${imputeDefaults.candidates}`,
  },
  seed,
  engine,
  wide,
  signal: undefined,
};
