/**
 * How each kernel uses its operands.
 *
 * @module
 */

import type { Kernel } from "../kernels.ts";

/** What a kernel expects of an operand, and does with it. */
export interface Operand {
  /** `update`: what is there is added to. */
  readonly access: "read" | "write" | "update";
  /**
   * `lines`: a value of rows, line by line; `rows`: one that is kept row by row; `numbers`: a shared value or a slice; `sum`: a sum over
   * rows; the rest is no value.
   */
  readonly layout: "lines" | "rows" | "numbers" | "sum" | "table" | "array" | "number";
}

const read = (layout: Operand["layout"]): Operand => ({ access: "read", layout });
const write = (layout: Operand["layout"]): Operand => ({ access: "write", layout });
const update = (layout: Operand["layout"]): Operand => ({ access: "update", layout });
const [lines, numbers, number] = [read("lines"), read("numbers"), read("number")];

/** The operands of a kernel, in the order of its arguments. */
export function operandsOf(kernel: Kernel): readonly Operand[] {
  switch (kernel.kind) {
    case "load":
      return [read("array"), number, number, write("lines")];
    case "store":
      return [lines, write("array"), number, number];
    case "random":
      return [write("lines"), number, number, number];
    case "mark":
      return [write("lines"), number];
    case "allLanes":
      return [lines];
    case "copyLines":
      return [lines, write("lines")];
    case "spread":
      return [numbers, write("lines")];
    case "copyNumbers":
      return [numbers, write("numbers"), number];
    case "gather": {
      const layout = kernel.space === "row" ? "lines" : "numbers";
      return [read(layout), write(layout), read("table"), number];
    }
    case "scatter": {
      const layout = kernel.space === "row" ? "lines" : "numbers";
      return [read(layout), update(layout), read("table"), number];
    }
    case "sum":
      return kernel.space === "row" ? [lines, write("lines")] : [numbers, write("numbers")];
    case "solve":
      return kernel.space === "row" ? [numbers, lines, write("lines")] : [numbers, numbers, write("numbers")];
    case "fused": {
      const isRow = kernel.space === "row";
      return [
        ...kernel.code.sources.map(({ kind }) =>
          isRow && (kind === "rows" || kind === "repeated") ? lines : numbers,
        ),
        ...kernel.code.results.map(() => write(isRow ? "lines" : "numbers")),
      ];
    }
    case "layer": {
      const last = kernel.finish === "gated" ? lines : kernel.hasBias ? numbers : number;
      return [numbers, lines, write("lines"), last, number];
    }
    case "connected":
      return [numbers, lines, write("lines"), kernel.hasBias ? numbers : number, read("table"), number];
    case "sumRows":
      return [lines, update("sum")];
    case "transpose":
      return [lines, write("rows")];
    case "sumOuter":
      return [lines, read("rows"), update("sum"), number, number];
    case "sumConnected":
      return [lines, read("rows"), update("sum"), number, read("table"), number];
    case "sharedProduct":
      return [numbers, numbers, kernel.hasBias ? numbers : number, write("numbers")];
    case "matrixProduct":
      return [numbers, numbers, write("numbers"), number, number];
    case "addShards":
      return [read("sum"), write("numbers")];
  }
}
