/**
 * The first pass: what a kernel is given is laid out as its descriptor says, and long enough; a slice is read in the rounds of its scans.
 *
 * @module
 */

import { kernelName } from "../kernels.ts";
import type { Call, Item, Plan, PlanValue } from "../plan.ts";
import { allCalls } from "./calls.ts";
import { type Operand, operandsOf } from "./operands.ts";
import type { Touch, Touches } from "./touches.ts";

/** What is wrong with the operands of calls. */
export function faultsOfOperands(plan: Plan, touches: Touches): string[] {
  return [
    ...[...allCalls(plan)].flatMap((call) => faultsOfCall(plan, call, touches(call))),
    ...faultsOfSlices(plan, plan.tile, []),
  ];
}

/** Reads of slices outside of the scans that go through them, where the number of the round is that of another loop. */
function faultsOfSlices(plan: Plan, items: readonly Item[], scans: readonly number[]): string[] {
  return items.flatMap((item) => {
    if ("items" in item) {
      const inner = item.scan ? [...scans, item.scan.loop] : scans;
      return faultsOfSlices(plan, item.until ? [...item.items, item.until] : item.items, inner);
    }
    return item.arguments.flatMap((argument) => {
      if (argument.kind !== "value") return [];
      const { place, name } = plan.values[argument.value]!;
      if (place.kind !== "slice" || place.strides.every(({ loop }) => scans.includes(loop))) return [];
      return [`${kernelName(plan.kernels[item.kernel]!)}: it reads ${name} outside of its scan`];
    });
  });
}

function layoutOf({ space, pitch }: PlanValue): Operand["layout"] {
  if (space !== "row") return "numbers";
  return pitch === undefined ? "lines" : "rows";
}

function faultsOfCall(plan: Plan, call: Call, touches: readonly Touch[]): string[] {
  const kernel = plan.kernels[call.kernel]!;
  const faults: string[] = [];
  const fault = (problem: string): void => {
    faults.push(`${kernelName(kernel)}: ${problem}`);
  };
  const operands = operandsOf(kernel);
  if (operands.length !== call.arguments.length)
    fault(`it takes ${operands.length} operands, and is given ${call.arguments.length}`);
  operands.forEach(({ layout, access }, i) => {
    const argument = call.arguments[i];
    // A number may be a value that the kernel does not read.
    if (!argument || layout === "number") return;
    if (argument.kind !== "value") {
      if (argument.kind !== layout) fault(`operand ${i} is a ${argument.kind}, not ${layout}`);
      return;
    }
    const value = plan.values[argument.value]!;
    if (layoutOf(value) !== layout)
      fault(`operand ${i}, ${value.name}, is kept as ${layoutOf(value)}, and read as ${layout}`);
    if (access !== "read" && (value.space === "step" || value.constant))
      fault(`operand ${i}, ${value.name}, is written, and never changes`);
  });
  for (const { argument, ranges } of touches) {
    const value = argument.kind === "value" ? plan.values[argument.value]! : undefined;
    const sum = argument.kind === "sum" ? plan.sums[argument.sum]! : undefined;
    const length = value ? (value.pitch ?? value.size) : sum!.rows * sum!.pitch;
    if (ranges.some(([from, to]) => from < 0 || to > length))
      fault(`it reaches past the ${length} numbers of ${value?.name ?? "a sum"}`);
  }
  return faults;
}
