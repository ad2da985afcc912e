/**
 * Kernels of layers between positions: products whose operands a table says. Loaded with the first program that has such a layer.
 *
 * @module
 */

import type { ConnectedKernel, SumConnectedKernel } from "../../plan/kernels.ts";
import { type FunctionIndex, type ModuleBuilder, parametersOf } from "./emit/assembler.ts";
import { addProduct, type ProductShape } from "./emit/dense.ts";
import type { KernelShape } from "./emit/fusedKernel.ts";

/** Adds the function of a kernel, which goes through the runs of its table. */
export function addConnected(
  module: ModuleBuilder,
  kernel: ConnectedKernel | SumConnectedKernel,
  { rowLength, vector, lanes }: KernelShape,
): FunctionIndex {
  const numberBytes = vector.precision === "float32" ? 4 : 8;
  const lineBytes = rowLength * numberBytes;
  const isSum = kernel.kind === "sumConnected";
  const product = (start: ProductShape["start"]): FunctionIndex => {
    const { rows } = kernel;
    const shape: ProductShape = isSum
      ? {
          rows,
          columns: kernel.columns,
          aRowStride: rowLength,
          aColumnStride: 1,
          bRowStride: kernel.sourcePitch,
          cRowStride: kernel.pitch,
          start,
        }
      : {
          rows,
          columns: rowLength,
          aRowStride: kernel.rowStride,
          aColumnStride: kernel.columnStride,
          bRowStride: rowLength,
          cRowStride: rowLength,
          start,
          computedColumns: lanes,
        };
    return addProduct(module, null, shape, vector);
  };
  const added = product("accumulate");
  const first = isSum ? added : product(kernel.hasBias ? "bias" : "zero");
  /** Bytes of what the table counts, of each operand. */
  const units = isSum ? [lineBytes, numberBytes, numberBytes] : [numberBytes, lineBytes, lineBytes];
  return module.addFunction(null, ["i32", "i32", "i32", "i32", "i32", "i32"], [], (f) => {
    const parameters = parametersOf(f, 6);
    const [, , , last, table, runs] = parameters;
    const [run, to, before] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const push = (operand: 0 | 1 | 2): void => {
      f.get(parameters[operand]).load("i32.load", table, 4 * operand);
      f.i32(units[operand]!).op("i32.mul").op("i32.add");
    };
    const call = (function_: FunctionIndex): void => {
      push(0);
      push(1);
      f.get(to);
      if (isSum) f.i32(0).get(last);
      else f.get(last).load("i32.load", table, 12);
      f.call(function_);
    };
    f.forRange(run, 0, runs, 1, () => {
      push(2);
      f.set(to);
      // What a position is given first is not added to what memory held.
      if (isSum) call(added);
      else
        f.get(to)
          .get(before)
          .op("i32.eq")
          .ifElse(
            () => call(added),
            () => call(first),
          );
      f.get(to).set(before).increment(table, 16);
    });
  });
}
