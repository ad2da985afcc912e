/**
 * Flags of `evaluate`.
 *
 * @module
 */

import type { EvaluateOptions } from "../../entries/diagnostics.ts";
import { mostSamples } from "../../entries/options.ts";
import type { OptionFlags } from "./optionFlags.ts";
import { seed } from "./sharedFlags.ts";

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
  threads: {
    flag: "--threads",
    value: "n",
    help: "threads to use",
    usual: "those of the machine, at most 8",
  },
  wide: {
    flag: "--wide-simd",
    help: "twice as wide registers, experimental in V8 (Node 22 or newer)",
  },
  engine: {
    flag: "--engine",
    value: "name",
    help: "wasm, or reference: float64 in plain TypeScript, slow",
    usual: "wasm",
  },
  precision: undefined,
  signal: undefined,
  onWarning: undefined,
};
