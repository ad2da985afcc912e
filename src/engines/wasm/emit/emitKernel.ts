/**
 * From the descriptor of a kernel to its function.
 *
 * @module
 */

import { type Kernel, kernelName } from "../../../plan/kernels.ts";
import type { addConnected } from "../connectedKernel.ts";
import { control } from "../control.ts";
import type { FunctionIndex, ModuleBuilder } from "./assembler.ts";
import { addProduct, addRowSum, addTranspose, type ProductShape } from "./dense.ts";
import { addSharedKernel, addSharedMapKernel, addTileKernel, type KernelShape } from "./fusedKernel.ts";
import type { addRandomRows } from "./randomKernel.ts";
import * as shared from "./sharedKernels.ts";
import * as tile from "./tileKernels.ts";

/** What kernels are made with beside their descriptors. */
export interface KernelContext {
  /** Bytes from one shard to the next. */
  readonly shardBytes: number;
  /** Adds the kernel of random draws; undefined of programs that draw nothing, which need not load it. */
  readonly addRandomRows?: typeof addRandomRows | undefined;
  /** Adds the kernels of layers between positions; undefined of programs that have none. */
  readonly addConnected?: typeof addConnected | undefined;
}

/** Adds the function of a kernel, and its name for profilers. */
export function emitKernel(
  module: ModuleBuilder,
  kernel: Kernel,
  shape: KernelShape,
  context: KernelContext,
): FunctionIndex {
  const index = addKernel(module, kernel, shape, context);
  module.label(index, kernelName(kernel));
  return index;
}

function addKernel(
  module: ModuleBuilder,
  kernel: Kernel,
  shape: KernelShape,
  { shardBytes, addRandomRows, addConnected }: KernelContext,
): FunctionIndex {
  const { rowLength, vector, lanes } = shape;
  const product = (
    { rows }: { readonly rows: number },
    columns: ProductShape["columns"],
    aRowStride: number,
    aColumnStride: number,
    pitch: number,
    rest: Pick<ProductShape, "start" | "finish" | "computedColumns">,
  ): FunctionIndex => {
    const strides = { aRowStride, aColumnStride, bRowStride: pitch, cRowStride: pitch };
    return addProduct(module, null, { rows, columns, ...strides, ...rest }, vector);
  };
  switch (kernel.kind) {
    case "load":
      return tile.addLoadRows(module, kernel.size, shape);
    case "store":
      return tile.addStoreRows(module, kernel.size, shape);
    case "random":
      return addRandomRows!(module, kernel.size, control, shape);
    case "mark":
      return tile.addMarkRows(module, shape);
    case "allLanes":
      return tile.addAllLanes(module, shape);
    case "copyLines":
      return tile.addCopyRows(module, kernel.lines, shape);
    case "spread":
      return tile.addFillRows(module, kernel.lines, shape);
    case "copyNumbers":
      return shared.addCopy(module, vector);
    case "gather":
      return kernel.space === "row" ? tile.addGatherRows(module, shape) : shared.addGather(module, vector);
    case "scatter":
      return kernel.space === "row" ? tile.addScatterRows(module, shape) : shared.addScatter(module, vector);
    case "sum":
      return kernel.space === "row"
        ? tile.addSumRowsOverAxis(module, kernel, shape)
        : shared.addSum(module, kernel, vector);
    case "solve":
      return kernel.space === "row"
        ? tile.addSolveRows(module, kernel, shape)
        : shared.addSharedSolve(module, kernel, vector);
    case "fused": {
      const { space, features, code } = kernel;
      if (space === "row") return addTileKernel(module, features, code, shape);
      if (space === "range") return addSharedKernel(module, code, vector);
      return addSharedMapKernel(module, features, code, vector);
    }
    case "layer":
      return product(kernel, rowLength, kernel.rowStride, kernel.columnStride, rowLength, {
        start: kernel.hasBias ? "bias" : "zero",
        finish: kernel.finish,
        computedColumns: lanes,
      });
    case "connected":
    case "sumConnected":
      return addConnected!(module, kernel, shape);
    case "sumRows":
      return addRowSum(
        module,
        null,
        { rows: kernel.rows, columns: rowLength, sourceStride: rowLength, doubleSums: true },
        vector,
      );
    case "transpose":
      return addTranspose(
        module,
        null,
        {
          elements: kernel.elements,
          columns: rowLength,
          sourceStride: rowLength,
          paddedElements: kernel.pitch,
        },
        vector,
      );
    case "sumOuter":
      return product(kernel, "argument", rowLength, 1, kernel.pitch, { start: "accumulate" });
    case "sharedProduct":
      return shared.addSharedProduct(
        module,
        kernel,
        { row: kernel.rowStride, column: kernel.columnStride },
        kernel.hasBias,
        vector,
      );
    case "matrixProduct":
      return product(kernel, kernel.columns, kernel.inner, 1, kernel.pitch, { start: "zero" });
    case "addShards":
      return kernel.isDouble
        ? shared.addShardSumOfDoubles(module, shardBytes)
        : shared.addShardSum(module, { width: kernel.width, pitch: kernel.pitch, shardBytes }, vector);
  }
}
