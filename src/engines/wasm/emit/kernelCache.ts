/**
 * Kernels of one module, each emitted once for all calls that need the same code.
 *
 * @module
 */

import type { FunctionIndex, ModuleBuilder } from "./assembler.ts";
import type { KernelShape } from "./fusedKernel.ts";

/** Of a fused kernel, the key is its whole code. */
const longestLabel = 60;

/** The module being built, the shape of its tiles, and the kernels that it has so far. */
export class KernelCache {
  readonly module: ModuleBuilder;
  readonly shape: KernelShape;
  readonly laneBytes: number;
  readonly lanes: number;
  /** Bytes of one element of a tile. */
  readonly rowBytes: number;
  readonly #kernels = new Map<string, FunctionIndex>();

  constructor(module: ModuleBuilder, shape: KernelShape) {
    this.module = module;
    this.shape = shape;
    this.laneBytes = shape.vector.precision === "float32" ? 4 : 8;
    this.lanes = 16 / this.laneBytes;
    this.rowBytes = shape.rowLength * this.laneBytes;
  }

  /** The kernel with this key, emitted at the first request. */
  get(key: string, emit: () => FunctionIndex): FunctionIndex {
    let kernel = this.#kernels.get(key);
    if (kernel === undefined) {
      kernel = emit();
      this.module.label(kernel, key.slice(0, longestLabel));
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }
}
