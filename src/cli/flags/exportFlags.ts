/**
 * Flags of `export` and `verify`.
 *
 * @module
 */

import type { ExportOptions, VerifyOptions } from "../../entries/exchange.ts";
import { exportFunctions, exportTargets } from "../../entries/options.ts";
import { listOfWords } from "../options.ts";
import type { OptionFlags } from "./optionFlags.ts";

/** The flags of `export`. */
export const exportFlags: OptionFlags<ExportOptions> = {
  to: {
    flag: "--to",
    value: "format",
    help: `what the model is written as: ${listOfWords(exportTargets)}`,
  },
  function: {
    flag: "--function",
    value: "name",
    help: `of onnx, what the graph computes: ${listOfWords(exportFunctions)}`,
    usual: "logprob",
  },
  precision: {
    flag: "--precision",
    value: "name",
    help: "of onnx, numbers of inputs, outputs and the trained part: float32 or float64",
    usual: "float64",
  },
};

/** The flags of `verify`. */
export const verifyFlags: OptionFlags<VerifyOptions> = {
  tolerance: {
    flag: "--tolerance",
    value: "x",
    help: "largest difference relative to max(1, |value|) that passes",
    usual: "1e-9, or 2e-5 per column for a float32 export",
  },
  // A module, and a signal: text holds neither.
  runtime: undefined,
  signal: undefined,
};
