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

/** What each call of a plan touches. */
export type Touches = (call: Call) => readonly Touch[];

/** The values and sums that a call touches, in the order of its arguments; found once a call, as every pass asks. */
export function touchesIn(plan: Plan): Touches {
  const found = new Map<Call, readonly Touch[]>();
  const operands = plan.kernels.map(operandsOf);
  const runs = new Map<number, readonly Range[]>();
  const runsOf = (table: number): readonly Range[] => {
    let ranges = runs.get(table);
    if (!ranges) runs.set(table, (ranges = runsOfIndices(plan.tables[table]!.data)));
    return ranges;
  };
  return (call) => {
    let touches = found.get(call);
    if (!touches) found.set(call, (touches = touchesOf(plan, call, operands[call.kernel]!, runsOf)));
    return touches;
  };
}

/** The numbers that a table names, -1 left out, as ranges: those that follow each other in the table are one. */
function runsOfIndices(indices: Int32Array): Range[] {
  const ranges: Range[] = [];
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]!;
    if (from < 0) continue;
    const first = i;
    while (indices[i + 1] === indices[i]! + 1) i++;
    ranges.push([from, from + i - first + 1]);
  }
  return ranges;
}

function touchesOf(
  plan: Plan,
  call: Call,
  operands: readonly Operand[],
  runsOf: (table: number) => readonly Range[],
): Touch[] {
  const extents = extentsOf(plan, call, runsOf);
  const touches: Touch[] = [];
  // A plain loop: there are thousands of calls, and every plan of the tests is checked.
  for (let i = 0; i < operands.length; i++) {
    const { access, layout } = operands[i]!;
    const argument = call.arguments[i];
    if (layout === "number" || (argument?.kind !== "value" && argument?.kind !== "sum")) continue;
    const { start } = argument;
    let ranges: readonly Range[] = extents[i] ?? [];
    if (start > 0) ranges = ranges.map(([from, to]): Range => [start + from, start + to]);
    touches.push({ access, layout, argument, ranges });
  }
  return touches;
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

/** Ranges in order, those that meet as one. */
function joined(ranges: readonly Range[]): Range[] {
  const result: [from: number, to: number][] = [];
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

type Run = readonly [first: number, second: number, third: number, count: number];

/** The runs of a layer between positions, as its table has them. */
function runsAt(plan: Plan, call: Call): Run[] {
  const table = call.arguments[4]!;
  const data = table.kind === "table" ? plan.tables[table.table]!.data : [];
  const at = (i: number): number => data[i] ?? Number.NaN;
  return Array.from({ length: numberAt(call, 5) }, (_, run) => {
    const place = 4 * run;
    return [at(place), at(place + 1), at(place + 2), at(place + 3)];
  });
}

/** Some rows of so many numbers, `pitch` from one to the next. */
const block = (rows: number, width: number, pitch: number): Range[] =>
  Array.from({ length: rows }, (_, row) => [row * pitch, row * pitch + width]);

/** Elements from the start of each argument. */
function extentsOf(
  plan: Plan,
  call: Call,
  runsOf: (table: number) => readonly Range[],
): readonly (readonly Range[] | undefined)[] {
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
      const named = table.kind === "table" ? runsOf(table.table) : [];
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
    case "connected": {
      const { rows, rowStride, columnStride } = kernel;
      const table = runsAt(plan, call).filter(([, , , count]) => count > 0);
      return [
        joined(
          table.map(([from, , , count]) => [
            from,
            from + (rows - 1) * rowStride + (count - 1) * columnStride + 1,
          ]),
        ),
        joined(table.map(([, from, , count]) => [from, from + count])),
        joined(runsAt(plan, call).map(([, , line]) => [line, line + rows])),
        first(rows),
      ];
    }
    case "sumRows":
      return [first(kernel.rows), first(kernel.rows)];
    case "transpose":
      return [first(kernel.elements), first(kernel.pitch)];
    case "sumOuter": {
      const { rows, pitch } = kernel;
      const columns = numberAt(call, 3);
      return [first(rows), first(columns), block(rows, columns, pitch)];
    }
    case "sumConnected": {
      const { rows, columns, pitch } = kernel;
      const table = runsAt(plan, call);
      return [
        joined(table.map(([line]) => [line, line + rows])),
        joined(table.map(([, from]) => [from, from + columns])),
        joined(
          table.flatMap(([, , start]) =>
            block(rows, columns, pitch).map(([from, to]): Range => [start + from, start + to]),
          ),
        ),
      ];
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
