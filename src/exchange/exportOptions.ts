/**
 * What can be chosen of an export; light, as nothing of a writer is loaded with it.
 *
 * @module
 */

import { anObject, notNegative, type OptionTable, oneOf, required, signal } from "../options.ts";

/** What a model can be written as. */
export const exportTargets = ["onnx", "wasm", "json"] as const;

/** Name of what a model can be written as. */
export type ExportTarget = (typeof exportTargets)[number];

/** What an exported graph or module can compute. */
export const exportFunctions = ["logprob", "to-base", "sample"] as const;

/** Name of what an exported graph or module computes. */
export type ExportFunction = (typeof exportFunctions)[number];

/** Options of `exportModel`. */
export interface ExportOptions {
  /**
   * `onnx`: a graph of standard operators (opset 17) for any runtime of ONNX; `wasm`: a WebAssembly module that needs nothing; `json`:
   * architecture and parameters as plain JSON, for a reader of one's own.
   */
  readonly to: ExportTarget;
  /**
   * Of `onnx` and `wasm`, what is computed (default `logprob`): `to-base` of rows, or `sample` from base noise, both in data units; of `wasm`
   * also `all` that the flow has.
   */
  readonly function?: ExportFunction | "all" | undefined;
  /**
   * Of `onnx` and `wasm`, numbers of the trained part (default `float64`); of `onnx` also of inputs and outputs, which a module has in float64.
   * The data are prepared in float64 in either.
   */
  readonly precision?: "float32" | "float64" | undefined;
}

/** What options of `exportModel` may be. */
export const exportOptionTable: OptionTable<ExportOptions> = {
  to: required(oneOf(exportTargets)),
  function: oneOf([...exportFunctions, "all"]),
  precision: oneOf(["float32", "float64"]),
};

/** Options of `verifyExport`. */
export interface VerifyOptions {
  /**
   * Largest difference relative to max(1, |value|) with which an export passes (default 1e-9, and 2e-5 per column in float32).
   */
  readonly tolerance?: number | undefined;
  /** Of a module with several functions, the one that is compared (default: its first). */
  readonly function?: ExportFunction | undefined;
  /** The module of an ONNX runtime: `onnxruntime-node` (default, where it is installed), or `onnxruntime-web`. */
  readonly runtime?: object | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** What options of `verifyExport` may be. */
export const verifyOptionTable: OptionTable<VerifyOptions> = {
  tolerance: notNegative,
  function: oneOf(exportFunctions),
  runtime: anObject,
  signal,
};
