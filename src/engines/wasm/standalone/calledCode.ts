/**
 * Code that a module has once: what kernels would write out many times they call.
 *
 * @module
 */

import { type FunctionIndex, type ModuleBuilder, parametersOf } from "../emit/assembler.ts";
import { emitBlock, type ProductOptions } from "../emit/dense.ts";
import { asVector } from "../emit/scalarOperations.ts";
import { VectorBuilder } from "../emit/vector.ts";

/** Operations of some ten instructions and more. */
const longOperations: ReadonlySet<string> = new Set([
  "exp",
  "fastExp",
  "log",
  "log1p",
  "expm1",
  "tanh",
  "sigmoid",
  "softplus",
  "sin",
  "cos",
  "erf",
  "normalExcess",
  "normalQuantile",
]);

/**
 * Options with which the kernels of a module call functions for the long element-wise operations and for the register blocks of
 * products. What is computed is the same to the last bit.
 */
export function withCalls(module: ModuleBuilder, options: ProductOptions): ProductOptions {
  const functions = new Map<string, FunctionIndex>();
  const once = (key: string, add: () => FunctionIndex): FunctionIndex => {
    const index = functions.get(key) ?? add();
    functions.set(key, index);
    return index;
  };
  return {
    ...options,
    calls: (v, name, operand, emit) => {
      if (!longOperations.has(name)) return undefined;
      const index = once(name, () =>
        module.addFunction(null, ["v128"], ["v128"], (f) => {
          const inner = new VectorBuilder(f, options);
          f.get(asVector(inner, emit(inner, [{ kind: "vector", local: f.parameter(0) }], [])).local);
        }),
      );
      v.f.get(operand.local).call(index);
      return v.fromStack();
    },
    writeBlock: (f, _, shape, rows, width, { a, b, end }, c, bias) => {
      const { aRowStride, aColumnStride, bRowStride, cRowStride, start, finish } = shape;
      const key = [rows, width, aRowStride, aColumnStride, bRowStride, cRowStride, start, finish].join();
      const index = once(key, () =>
        module.addFunction(null, ["i32", "i32", "i32", "i32", "i32"], [], (inner) => {
          const [a, b, end, c, bias] = parametersOf(inner, 5);
          emitBlock(inner, { ...options, unroll: 1 }, shape, rows, width, { a, b, end }, c, bias);
        }),
      );
      f.get(a).get(b).get(end).get(c).get(bias).call(index);
    },
  };
}
