/**
 * The engines that the laws run on, the oracle first.
 *
 * @module
 */

import type { Engine } from "../src/engines/engine.ts";
import { referenceEngine } from "../src/engines/reference/engine.ts";
import { wasmEngine } from "../src/engines/wasm/engine.ts";

/** An engine and what is asked of it. */
export interface EngineCase {
  readonly name: string;
  readonly engine: Engine;
  /** Difference between 1 and the next number. */
  readonly epsilon: number;
}

/** Reference first; one thread each, since the number of threads changes no bit (`engines/agreement.test.ts`). */
export const engines: readonly EngineCase[] = [
  { name: "reference", engine: referenceEngine, epsilon: 2 ** -52 },
  {
    name: "wasm, float64",
    engine: wasmEngine({ precision: "float64", threads: 1 }),
    epsilon: 2 ** -52,
  },
  {
    name: "wasm, float32",
    engine: wasmEngine({ precision: "float32", threads: 1 }),
    epsilon: 2 ** -23,
  },
];
