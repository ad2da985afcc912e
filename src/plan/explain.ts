/**
 * A plan as text: what a program becomes, for people.
 *
 * @module
 */

import { type Program, prepareProgram } from "../graph/program.ts";
import {
  anObject,
  checkArgument,
  checkedOptions,
  engineOptions,
  type OptionTable,
  oneOf,
} from "../options.ts";
import { operandsOf } from "./check/operands.ts";
import { kernelName } from "./kernels.ts";
import { makePlan } from "./makePlan.ts";
import type { Argument, Call, Item, Level, Plan, ValueId } from "./plan.ts";

/** Options of {@link explain}. */
export interface ExplainOptions {
  /** Type of all numbers (default `float32`). */
  readonly precision?: "float32" | "float64" | undefined;
  /** What is returned: lines for people (default), or the plan itself as JSON, arrays of numbers by their lengths alone. */
  readonly format?: "text" | "json" | undefined;
}

const explainOptionTable: OptionTable<ExplainOptions> = {
  precision: engineOptions.precision,
  format: oneOf(["text", "json"]),
};

/**
 * What the wasm engine does with a program, as text: its phases with their levels, between which threads meet; each call of a kernel with
 * what it reads and makes; and the bytes that all takes. A value is called by its name, or the operation that makes it, and its number.
 * No engine is needed, and nothing is computed.
 *
 * @example
 * ```ts
 * const x = ops.input("x", [3]);
 * console.log(explain({ rows: { total: ops.sum(ops.exp(x)) } }));
 * ```
 *
 * @throws UsageError if it is not a program; ShapeError if it cannot be compiled; see {@link Program}.
 */
export function explain(program: Partial<Program>, options: ExplainOptions = {}): string {
  checkArgument("explain", "program", program, anObject, "such as { rows: { total: ops.sum(x) } }");
  const { precision = "float32", format = "text" } = checkedOptions("explain", options, explainOptionTable);
  const numberBytes = precision === "float32" ? 4 : 8;
  const target = {
    rowLength: 64,
    numberBytes,
    lanes: 16 / numberBytes,
    gates: true,
    reservedBytes: 0,
  } as const;
  const plan = makePlan(prepareProgram(program), target);
  if (format === "text") return explanation(plan);
  return JSON.stringify(plan, (_, value) => (ArrayBuffer.isView(value) ? lengthOf(value) : value));
}

function lengthOf(array: ArrayBufferView): number {
  return (array as Float64Array).length;
}

/** A plan as text. */
export function explanation(plan: Plan): string {
  const { prologue, tile, epilogue, updates, target, memory, values, kernels } = plan;
  const countOf = (space: string): number => values.filter((value) => value.space === space).length;
  const { shards } = memory;
  const barriers = 2 + [prologue, epilogue, updates].reduce((sum, levels) => sum + levels.length, 0);
  return [
    `values    ${countOf("row")} of rows, ${countOf("shared")} shared, ${countOf("step")} of steps`,
    `kernels   ${kernels.length}, called at ${[prologue, epilogue, updates].flat(2).length + callCount(tile)} places`,
    `memory    ${bytes(shards.address)} shared, ${bytes(memory.arenaBytes)} a thread, ${shards.most} shards of ${bytes(shards.bytes)}`,
    `barriers  ${barriers} a step`,
    ...levelsOf(plan, "prologue", prologue),
    `tile of ${target.rowLength} rows`,
    ...itemsOf(plan, tile, "  "),
    ...levelsOf(plan, "epilogue", epilogue),
    ...levelsOf(plan, "updates", updates),
    "",
  ].join("\n");
}

function bytes(count: number): string {
  return count < 1000 ? `${count} B` : `${(count / 1000).toFixed(1)} kB`;
}

function callCount(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + ("items" in item ? callCount(item.items) : 1), 0);
}

function levelsOf(plan: Plan, name: string, levels: readonly Level[]): string[] {
  return levels.flatMap((level, i) => [
    `${name}, level ${i}`,
    ...level.map(
      (call) => `  ${lineOf(plan, call)}${call.split.kind === "single" ? "" : ", shared by threads"}`,
    ),
  ]);
}

function itemsOf(plan: Plan, items: readonly Item[], indent: string): string[] {
  return items.flatMap((item) => {
    if (!("items" in item)) return [indent + lineOf(plan, item)];
    const { iterations, scan, until } = item;
    const how = until ? "at most " : "";
    const slices = scan ? `, slices ${scan.reversed ? "from the last" : "from the first"}` : "";
    const end = until ? [`${indent}until ${lineOf(plan, until)}`] : [];
    return [
      `${indent}${how}${iterations} times${slices}`,
      ...itemsOf(plan, item.items, `${indent}  `),
      ...end,
    ];
  });
}

/** A call as a line: the kernel, what it reads, and what it makes. */
function lineOf(plan: Plan, call: Call): string {
  const kernel = plan.kernels[call.kernel]!;
  const name =
    kernel.kind === "fused" ? `fused of ${operationCount(kernel.code.instructions)}` : kernelName(kernel);
  const sides: Record<"read" | "write", string[]> = { read: [], write: [] };
  operandsOf(kernel).forEach(({ access, layout }, i) => {
    if (layout === "number" || layout === "table") return;
    sides[access === "read" ? "read" : "write"].push(textOf(plan, call.arguments[i]!));
  });
  return `${name}: ${sides.read.join(", ")} -> ${sides.write.join(", ")}`;
}

function operationCount(instructions: readonly { readonly op: string }[]): string {
  const count = instructions.filter(({ op }) => op !== "source" && op !== "number").length;
  return `${count} operation${count === 1 ? "" : "s"}`;
}

function textOf(plan: Plan, argument: Argument): string {
  const { values, sums, inputs, rows } = plan;
  const valueText = (id: ValueId): string => `${values[id]!.name}.${id}`;
  switch (argument.kind) {
    case "value":
      return valueText(argument.value) + (argument.start > 0 ? `+${argument.start}` : "");
    case "sum":
      return `sum of ${valueText(sums[argument.sum]!.value)}`;
    case "array":
      return `rows of ${[...inputs, ...rows][argument.array]!.name}`;
    case "tile":
      return argument.name;
    case "table":
    case "number":
      return "";
  }
}
