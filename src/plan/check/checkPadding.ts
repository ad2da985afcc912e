/**
 * The fourth pass: lanes without a row are not summed, unless they hold 0 there, or what is lost in a row as well. It is the analysis of
 * `padding.ts` once more, on kernels in the place of operations: what came out of it is checked, not how.
 *
 * @module
 */

import { kernelName } from "../kernels.ts";
import type { Argument, Call, Item, Plan, ValueId } from "../plan.ts";
import type { ScalarCode } from "../scalarCode.ts";
import type { Touch, Touches } from "./touches.ts";

/** What is known of a value in lanes without a row. */
interface Padding {
  /** It is 0 there, or not finite in a row either. */
  readonly zero: boolean;
  /** It is what it is in the tile's last row. */
  readonly asInRow: boolean;
  /** It is the row mark. */
  readonly isMark: boolean;
}

const asInRow: Padding = { zero: false, asInRow: true, isMark: false };
const nought: Padding = { zero: true, asInRow: true, isMark: false };
const rowMark: Padding = { zero: true, asInRow: false, isMark: true };

const both = (a: Padding, b: Padding): Padding => ({
  zero: a.zero && b.zero,
  asInRow: a.asInRow && b.asInRow,
  isMark: a.isMark && b.isMark,
});

/** Sums over rows that see what they should not. */
export function faultsOfPadding(plan: Plan, touches: Touches): string[] {
  const faults = new Set<string>();
  let known = new Map<ValueId, Padding>();
  /** Values that the call at hand writes from end to end. */
  let renewed: ReadonlySet<Argument> = new Set();
  /** What is known of a slice is known of all of which it is one. */
  const holderOf = (id: ValueId): ValueId => {
    const { space, place } = plan.values[id]!;
    return space === "row" && place.kind === "slice" ? place.of : id;
  };
  const of = (argument: Argument): Padding => {
    if (argument.kind !== "value") return asInRow;
    const { space, constant } = plan.values[argument.value]!;
    if (space !== "row") return constant?.every((x) => x === 0) ? nought : asInRow;
    return known.get(holderOf(argument.value)) ?? { zero: true, asInRow: true, isMark: true };
  };
  /** Of a value that is written in part, what is known holds of all of it. */
  const set = (argument: Argument, padding: Padding): void => {
    if (argument.kind !== "value") return;
    const id = holderOf(argument.value);
    const before = renewed.has(argument) ? undefined : known.get(id);
    known.set(id, before ? both(before, padding) : padding);
  };
  const run = (call: Call): void => {
    const kernel = plan.kernels[call.kernel]!;
    const args = call.arguments;
    renewed = writtenWhole(plan, touches(call));
    switch (kernel.kind) {
      case "load":
        set(args[3]!, asInRow);
        return;
      case "random":
        set(args[0]!, asInRow);
        return;
      case "mark":
        set(args[0]!, rowMark);
        return;
      case "copyLines":
      case "spread":
      case "sum":
      case "transpose":
        set(args[1]!, of(args[0]!));
        return;
      case "gather":
      case "scatter": {
        const { zero, asInRow: isAsInRow } = of(args[0]!);
        const table = args[2]!;
        const isNone = table.kind === "table" && plan.tables[table.table]!.data.every((i) => i < 0);
        set(args[1]!, isNone ? nought : { zero, asInRow: isAsInRow, isMark: false });
        return;
      }
      case "solve":
        set(args[2]!, { ...of(args[1]!), isMark: false });
        return;
      case "layer":
      case "connected": {
        const x = of(args[1]!);
        const finish = kernel.kind === "layer" ? kernel.finish : "plain";
        const gate = finish === "gated" ? of(args[3]!) : asInRow;
        const isLinear = !kernel.hasBias && finish !== "rectified";
        set(args[2]!, {
          zero: isLinear && x.zero && gate.asInRow,
          asInRow: x.asInRow && gate.asInRow,
          isMark: false,
        });
        return;
      }
      case "fused": {
        if (kernel.space !== "row") return;
        const { sources, results } = kernel.code;
        const registers = registersOf(kernel.code, args.slice(0, sources.length).map(of));
        results.forEach((result, i) => {
          const padding = result.registers.map((register) => registers[register]!).reduce(both);
          set(args[sources.length + i]!, result.isSum ? { ...padding, isMark: false } : padding);
        });
        return;
      }
      case "sumRows":
        if (!of(args[0]!).zero)
          faults.add(`${kernelName(kernel)}: lanes without a row may hold other than 0 in what it sums`);
        return;
      case "sumOuter":
      case "sumConnected": {
        const count = args[kernel.kind === "sumOuter" ? 4 : 3]!;
        if ((count.kind !== "tile" || count.name !== "count") && !of(args[0]!).zero && !of(args[1]!).zero)
          faults.add(`${kernelName(kernel)}: it goes through lanes without a row`);
        return;
      }
      case "store":
      case "allLanes":
      case "copyNumbers":
      case "sharedProduct":
      case "matrixProduct":
      case "addShards":
        return;
    }
  };
  const runItems = (items: readonly Item[]): void => {
    for (const item of items) {
      if (!("items" in item)) {
        run(item);
        continue;
      }
      // A round begins with what was there before the loop, or with what the round before it has left.
      for (let before = known; ; before = known) {
        known = new Map(before);
        runItems(item.items);
        known = joined(before, known);
        if (isSame(before, known)) break;
      }
    }
  };
  runItems(plan.tile);
  return [...faults];
}

/** The values that a call writes from their first number to their last. */
function writtenWhole({ values }: Plan, touches: readonly Touch[]): Set<Argument> {
  const whole = new Set<Argument>();
  for (const { access, argument, ranges } of touches) {
    if (access !== "write" || argument.kind !== "value" || ranges.length !== 1) continue;
    const { size, pitch = size, place } = values[argument.value]!;
    const [from, to] = ranges[0]!;
    if (from === 0 && to === pitch && place.kind !== "slice") whole.add(argument);
  }
  return whole;
}

type Known = Map<ValueId, Padding>;

/** What holds either way; of a value that is written in one of them alone, what is known there. */
function joined(a: Known, b: Known): Known {
  const all = new Map(b);
  for (const [value, padding] of a) {
    const other = all.get(value);
    all.set(value, other ? both(padding, other) : padding);
  }
  return all;
}

function isSame(a: Known, b: Known): boolean {
  if (a.size !== b.size) return false;
  for (const [value, { zero, asInRow: isAsInRow, isMark }] of a) {
    const other = b.get(value);
    if (other?.zero !== zero || other.asInRow !== isAsInRow || other.isMark !== isMark) return false;
  }
  return true;
}

/** What is known of each register; see `isElementwiseZero` of `padding.ts`. */
function registersOf({ instructions }: ScalarCode, sources: readonly Padding[]): Padding[] {
  const registers: Padding[] = [];
  for (const instruction of instructions) {
    if (instruction.op === "source") registers.push(sources[instruction.source]!);
    else if (instruction.op === "number") registers.push(instruction.value === 0 ? nought : asInRow);
    else {
      const operands = instruction.operands.map((register) => registers[register]!);
      const isAsInRow = operands.every((operand) => operand.asInRow);
      registers.push({
        zero: isZero(instruction.op, operands),
        asInRow: isAsInRow,
        isMark: instruction.op === "stopGradient" && operands[0]!.isMark,
      });
    }
  }
  return registers;
}

/** The rule of the analysis once more, on registers: the check would be blind to its faults if it called it. */
function isZero(name: string, operands: readonly Padding[]): boolean {
  const [a, b, c] = operands as [Padding, Padding, Padding];
  switch (name) {
    case "mul":
      return (a.zero && (b.zero || b.asInRow)) || (b.zero && a.asInRow);
    case "mulOrZero":
      return b.zero || (a.zero && b.asInRow);
    case "div":
      return a.zero && b.asInRow;
    case "add":
    case "sub":
      return a.zero && b.zero;
    case "neg":
    case "stopGradient":
      return a.zero;
    case "select":
      return (b.zero && c.zero && a.asInRow) || (a.isMark && c.zero);
    default:
      return false;
  }
}
