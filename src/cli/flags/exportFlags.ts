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
    help: `of onnx and wasm, what is computed: ${listOfWords(exportFunctions)}, of wasm also all that the flow has`,
    usual: "logprob",
  },
  precision: {
    flag: "--precision",
    value: "name",
    help: "of onnx and wasm, numbers of the trained part, of onnx also of inputs and outputs: float32 or float64",
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
  function: {
    flag: "--function",
    value: "name",
    help: `of a module with several, the function that is compared: ${listOfWords(exportFunctions)}`,
    usual: "its first",
  },
  // A module, and a signal: text holds neither.
  runtime: undefined,
  signal: undefined,
};
