/**
 * Engines, which compile programs of expressions and run them.
 *
 * @module pushforward/engines
 */

export type {
  Arrays,
  Engine,
  Executable,
  RunInputs,
  RunOptions,
  RunOutputs,
  Steps,
} from "../engines/engine.ts";
export { referenceEngine } from "../engines/reference/engine.ts";
export { type WasmEngineOptions, wasmEngine } from "../engines/wasm/engine.ts";
export { enableWideSimd, trustWideSimd } from "../engines/wasm/run/wide.ts";
export type { EngineOptions } from "../models/evaluation.ts";
export { type ExplainOptions, explain } from "../plan/explain.ts";
