/**
 * Which elements of which values a call touches: lines of a value of rows, numbers of a shared one, numbers of a sum.
 *
 * @module
 */

import type { FusedKernel } from "../kernels.ts";
import type { Argument, Call, Plan } from "../plan.ts";
import { type Operand, operandsOf } from "./operands.ts";

/** Elements `from` to `to`. */
export type Range = readonly [from: number, to: number];

/** What a call does with one of its arguments; those that are plain numbers are left out. */
export interface Touch extends Operand {
  readonly argument: Extract<Argument, { kind: "value" | "sum" }>;
  readonly ranges: readonly Range[];
}

/** The values and sums that a call touches, in the order of its arguments. */
export function touchesOf(plan: Plan, call: Call): Touch[] {
  const extents = extentsOf(plan, call);
  return operandsOf(plan.kernels[call.kernel]!).flatMap((operand, i) => {
    const argument = call.arguments[i];
    if (operand.layout === "number" || (argument?.kind !== "value" && argument?.kind !== "sum")) return [];
    const { start } = argument;
    const ranges = (extents[i] ?? []).map(([from, to]): Range => [start + from, start + to]);
    return [{ ...operand, argument, ranges }];
  });
}

/** A call's arguments that are numbers; a tile's count of rows is not among them. */
function numberAt(call: Call, place: number): number {
  const argument = call.arguments[place]!;
  return argument.kind === "number" ? argument.value : 0;
}

/** How many features a fused kernel is called for; where threads share them, as many as a result has. */
export function featuresOf(plan: Plan, kernel: FusedKernel, call: Call): number {
  if (kernel.space !== "range") return kernel.features;
  const result = call.arguments[kernel.code.sources.length]!;
  return result.kind === "value" ? plan.values[result.value]!.size : 0;
}

/** Some rows of so many numbers, `pitch` from one to the next. */
const block = (rows: number, width: number, pitch: number): Range[] =>
  Array.from({ length: rows }, (_, row) => [row * pitch, row * pitch + width]);

/** Elements from the start of each argument. */
function extentsOf(plan: Plan, call: Call): readonly (readonly Range[] | undefined)[] {
  const kernel = plan.kernels[call.kernel]!;
  const first = (count: number): Range[] => (count > 0 ? [[0, count]] : []);
  switch (kernel.kind) {
    case "load":
      return [undefined, undefined, undefined, first(kernel.size)];
    case "store":
    case "random":
      return [first(kernel.size)];
    case "mark":
    case "allLanes":
      return [first(1)];
    case "copyLines":
    case "spread":
      return [first(kernel.lines), first(kernel.lines)];
    case "copyNumbers":
      return [first(numberAt(call, 2)), first(numberAt(call, 2))];
    case "gather":
    case "scatter": {
      const table = call.arguments[2]!;
      const indices = table.kind === "table" ? [...plan.tables[table.table]!.data] : [];
      const named = indices.filter((i) => i >= 0).map((i): Range => [i, i + 1]);
      const all = first(numberAt(call, 3));
      return kernel.kind === "gather" ? [named, all] : [all, named];
    }
    case "sum": {
      const { outer, count, inner } = kernel;
      return [first(outer * count * inner), first(outer * inner)];
    }
    case "solve":
      return [first(kernel.size ** 2), first(kernel.size), first(kernel.size)];
    case "fused": {
      const features = featuresOf(plan, kernel, call);
      const { sources, results } = kernel.code;
      return [
        ...sources.map(({ kind, width }) =>
          first(kind === "rows" || kind === "shared" ? features * width : width),
        ),
        ...results.map(({ isSum, registers }) => first(isSum ? 1 : features * registers.length)),
      ];
    }
    case "layer": {
      const { rows, rowStride, columnStride } = kernel;
      const count = numberAt(call, 4);
      const weights = count === 0 ? 0 : (rows - 1) * rowStride + (count - 1) * columnStride + 1;
      return [first(weights), first(count), first(rows), first(rows)];
    }
    case "sumRows":
      return [first(kernel.rows), first(kernel.rows)];
    case "transpose":
      return [first(kernel.elements), first(kernel.pitch)];
    case "sumOuter": {
      const { rows, columns, pitch } = kernel;
      return [first(rows), first(columns), block(rows, columns, pitch)];
    }
    case "sharedProduct": {
      const { rows, inner, columns, pitch, rowStride, columnStride } = kernel;
      return [
        first((rows - 1) * rowStride + (inner - 1) * columnStride + 1),
        block(inner, columns, pitch),
        first(rows),
        block(rows, columns, pitch),
      ];
    }
    case "matrixProduct": {
      const { rows, inner, columns, pitch } = kernel;
      return [first(rows * inner), block(inner, columns, pitch), block(rows, columns, pitch)];
    }
    case "addShards": {
      const [sum, result] = call.arguments;
      if (sum?.kind !== "sum" || result?.kind !== "value") return [];
      const { rows, pitch } = plan.sums[sum.sum]!;
      return [first(rows * pitch), first(plan.values[result.value]!.size)];
    }
  }
}
