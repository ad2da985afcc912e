/**
 * The first pass: what a kernel is given is laid out as its descriptor says, and long enough; a slice is read in the rounds of its scans.
 *
 * @module
 */

import { kernelName } from "../kernels.ts";
import type { Argument, Call, Item, Loop, Plan, PlanValue, Stride } from "../plan.ts";
import { allCalls } from "./calls.ts";
import { type Operand, operandsOf } from "./operands.ts";
import { loopsOf, offsetsOf } from "./rounds.ts";
import type { Touch, Touches } from "./touches.ts";

/** What is wrong with the operands of calls. */
export function faultsOfOperands(plan: Plan, touches: Touches): string[] {
  const loops = loopsOf(plan);
  return [
    ...[...allCalls(plan)].flatMap((call) => faultsOfCall(plan, call, touches(call), loops)),
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
      const strides = stridesOf(plan, argument);
      if (strides.every(({ loop }) => scans.includes(loop))) return [];
      const name = argument.kind === "value" ? plan.values[argument.value]!.name : "a sum";
      return [`${kernelName(plan.kernels[item.kernel]!)}: it reads ${name} outside of its scan`];
    });
  });
}

/** How an argument goes on in the rounds of loops. */
function stridesOf({ values }: Plan, argument: Argument): readonly Stride[] {
  if (argument.kind === "sum") return argument.strides ?? [];
  const place = argument.kind === "value" ? values[argument.value]!.place : undefined;
  return place?.kind === "slice" ? place.strides : [];
}

function layoutOf({ space, pitch }: PlanValue): Operand["layout"] {
  if (space !== "row") return "numbers";
  return pitch === undefined ? "lines" : "rows";
}

function faultsOfCall(
  plan: Plan,
  call: Call,
  touches: readonly Touch[],
  loops: ReadonlyMap<number, Loop>,
): string[] {
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
    if (ranges.some(([from, to]) => from < 0 || to > length)) {
      fault(`it reaches past the ${length} numbers of ${value?.name ?? "a sum"}`);
      continue;
    }
    // In all rounds, within what it is a slice of.
    const strides = stridesOf(plan, argument);
    if (strides.some(({ loop }) => !loops.has(loop))) continue;
    const place = value?.place.kind === "slice" ? value.place : undefined;
    const all = place ? plan.values[place.of]!.size : length;
    for (const offset of strides.length > 0 ? offsetsOf(loops, strides) : []) {
      const start = offset + (place?.offset ?? 0);
      if (ranges.every(([from, to]) => start + from >= 0 && start + to <= all)) continue;
      fault(`in a round it reaches past the ${all} numbers of what ${value?.name ?? "a sum"} is a slice of`);
      break;
    }
  }
  return faults;
}
