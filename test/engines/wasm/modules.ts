/** Modules of a few functions, for the tests of what writes them. */

import {
  type FunctionBuilder,
  ModuleBuilder,
  type ValueType,
} from "../../../src/engines/wasm/emit/assembler.ts";

type Exports = Record<string, (...values: number[]) => number>;

export const maximumPages: number = 4;

/** The functions of a module, on this memory or on a fresh one. */
export function instantiate(builder: ModuleBuilder, memory?: WebAssembly.Memory): Exports {
  memory ??= new WebAssembly.Memory({ initial: 1, maximum: maximumPages });
  const module = new WebAssembly.Module(builder.finish());
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
}

/** A function of one exported body on a fresh memory. */
export function compile(
  parameters: ValueType[],
  results: ValueType[],
  emit: (f: FunctionBuilder) => void,
  memory?: WebAssembly.Memory,
): (...values: number[]) => number {
  const builder = new ModuleBuilder({ sharedMemory: false, maximumPages });
  builder.addFunction("run", parameters, results, emit);
  return instantiate(builder, memory).run!;
}

export function memoryOf(...values: number[]): {
  memory: WebAssembly.Memory;
  floats: Float32Array;
  doubles: Float64Array;
} {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages });
  const floats = new Float32Array(memory.buffer);
  floats.set(values);
  return { memory, floats, doubles: new Float64Array(memory.buffer) };
}
