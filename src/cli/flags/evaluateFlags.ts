/**
 * Flags of `evaluate`.
 *
 * @module
 */

import type { EvaluateOptions } from "../../entries/diagnostics.ts";
import { mostSamples } from "../../entries/options.ts";
import type { OptionFlags } from "./optionFlags.ts";
import { engine, seed, threads, wide } from "./sharedFlags.ts";

/** Flags of `evaluate`; `--train` names a file. */
export const evaluateFlags: OptionFlags<EvaluateOptions> = {
  train: {
    flag: "--train",
    value: "table",
    help: "the rows of the fit, to look for samples that copy them",
    usual: "none",
  },
  samples: {
    flag: "--samples",
    value: "n",
    help: "number of samples",
    usual: `as many as rows, at most ${mostSamples}`,
  },
  seed,
  threads,
  wide,
  engine,
  precision: undefined,
  signal: undefined,
  onWarning: undefined,
};
