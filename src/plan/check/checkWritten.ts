/**
 * The second pass: what is read was written, and is still there. The plan is run on marks in the place of numbers: each place in
 * memory knows which value it holds. So a value that is read before it is made, in part or whole, is found, and one whose place was
 * given to another: by the arena, by a loop that goes round again, or by an update that takes the place of its parameter.
 *
 * @module
 */

import { kernelName } from "../kernels.ts";
import type { Argument, Call, Item, Loop, Plan, ValueId } from "../plan.ts";
import { Marks } from "./marks.ts";
import { loopsOf, offsetsOf } from "./rounds.ts";
import type { Range, Touch, Touches } from "./touches.ts";

/** What a place holds: a value, by its number and one more; nothing; or the new value of a parameter. */
const nothing = 0;
const renewed = -1;

/** What is read and was not written. */
export function faultsOfReads(plan: Plan, touchesOf: Touches): string[] {
  const { values, sums, target } = plan;
  const faults = new Set<string>();
  const memory = new Marks();
  const arena = new Marks();
  /** Where tiles have added to a sum. */
  const added = sums.map(() => new Marks());
  const parameters = new Set(plan.parameters.map(({ value }) => value));

  /** The marks of a value's elements, and where they begin. */
  const loops = loopsOf(plan);
  /** The value that one is a slice of, and where its slices begin in it: what a loop writes in one round or another is written. */
  const slicesOf = (
    id: ValueId,
    at?: ReadonlyMap<number, number>,
  ): { readonly id: ValueId; readonly starts: readonly number[] } => {
    const { place } = values[id]!;
    if (place.kind !== "slice") return { id, starts: [0] };
    return {
      id: place.of,
      starts: offsetsOf(loops, place.strides, at).map((offset) => place.offset + offset),
    };
  };
  /** The first rounds of loops that are in them: later ones read what these have written. */
  const firstRounds = new Map<number, number>();
  const placeOf = (id: ValueId): { readonly marks: Marks; readonly at: number } | undefined => {
    const { place } = values[id]!;
    if (place.kind === "memory") return { marks: memory, at: place.address / target.numberBytes };
    if (place.kind === "arena")
      return { marks: arena, at: place.offset / (target.rowLength * target.numberBytes) };
    return undefined;
  };
  const mark = (id: ValueId, [from, to]: Range, as = id + 1): void => {
    const place = placeOf(id);
    place?.marks.set(place.at + from, place.at + to, as);
  };
  const missing = (id: ValueId, [from, to]: Range, isNeeded?: (element: number) => boolean): boolean => {
    const place = placeOf(id);
    if (!place) return true;
    const { marks, at } = place;
    return marks
      .others(at + from, at + to, (held) => held === id + 1)
      .some(([start, end]) => {
        if (!isNeeded) return true;
        for (let i = start; i < end; i++) if (isNeeded(i - at)) return true;
        return false;
      });
  };

  for (const [id, { constant }] of values.entries()) if (constant) mark(id, [0, constant.length]);
  for (const { value, start, size } of [...plan.parameters, ...plan.stepInputs])
    mark(value, [start, start + size]);

  const read = (call: Call, { argument, ranges }: Touch, isNeeded?: (element: number) => boolean): void => {
    if (argument.kind !== "value") return;
    const { id, starts } = slicesOf(argument.value, firstRounds);
    for (const start of starts)
      for (const [from, to] of ranges)
        if (missing(id, [start + from, start + to], isNeeded)) {
          const name = kernelName(plan.kernels[call.kernel]!);
          faults.add(`${name}: it reads of ${values[id]!.name} what is not there, or no longer`);
          return;
        }
  };
  const write = ({ argument, ranges, access }: Touch): void => {
    if (argument.kind === "sum") {
      if (access === "update")
        for (const offset of offsetsOf(loops, argument.strides ?? []))
          for (const [from, to] of ranges) added[argument.sum]!.set(offset + from, offset + to, 1);
      return;
    }
    const { id, starts } = slicesOf(argument.value);
    const as = parameters.has(id) ? renewed : id + 1;
    for (const start of starts) for (const [from, to] of ranges) mark(id, [start + from, start + to], as);
  };
  const run = (call: Call): void => {
    const touches = touchesOf(call);
    for (const touch of touches)
      if (touch.access !== "write") read(call, touch, neededOf(plan, call, touch.argument));
    for (const touch of touches) if (touch.access !== "read") write(touch);
    const kernel = plan.kernels[call.kernel]!;
    const [sum, result] = call.arguments;
    if (kernel.kind !== "addShards" || sum?.kind !== "sum" || result?.kind !== "value") return;
    // What no tile has added to is 0, and nothing that should be read.
    const { rows, width, pitch } = sums[sum.sum]!;
    for (let row = 0; row < rows; row++)
      for (const [from, to] of added[sum.sum]!.others(
        row * pitch,
        row * pitch + width,
        (held) => held === 1,
      )) {
        const back = row * (pitch - width);
        mark(result.value, [from - back, to - back], nothing);
      }
  };
  /** How many rounds a loop has at first. */
  const firstOf = ({ last }: NonNullable<Loop["scan"]>, iterations: number): number =>
    last && firstRounds.get(last.loop) === last.round ? last.iterations : iterations;
  const runItems = (items: readonly Item[]): void => {
    for (const item of items) {
      if (!("items" in item)) run(item);
      // Twice: a later round reads what is left of the one before.
      else
        for (let round = 0; round < 2; round++) {
          const { scan, iterations } = item;
          if (scan && round === 0)
            firstRounds.set(scan.loop, scan.reversed ? firstOf(scan, iterations) - 1 : 0);
          else if (scan) firstRounds.delete(scan.loop);
          runItems(item.items);
          if (item.until) run(item.until);
        }
    }
  };
  for (const call of plan.prologue.flat()) run(call);
  runItems(plan.tile);
  for (const call of [...plan.epilogue, ...plan.updates].flat()) run(call);

  for (const { name, value, start, size } of plan.outputs)
    if (missing(value, [start, start + size]))
      faults.add(`the output ${name} is not there at the end of a step`);
  for (const { parameter, value, start } of plan.changes) {
    const { at } = placeOf(parameter)!;
    const { name, size } = values[parameter]!;
    const isNew = (held: number): boolean => held === renewed || held === value + 1;
    if (memory.others(at, at + size, isNew).length > 0 || start < 0)
      faults.add(`the parameter ${name} has not its new value at the end of a step`);
  }
  return [...faults];
}

/**
 * Which elements of an operand matter, where not all do: of one that is only multiplied by a constant, those where that is not 0. This is
 * how the zeros of masked weights need no gradient.
 */
function neededOf(plan: Plan, call: Call, operand: Argument): ((element: number) => boolean) | undefined {
  const kernel = plan.kernels[call.kernel]!;
  if (kernel.kind !== "fused" || kernel.space !== "range" || operand.kind !== "value") return undefined;
  const place = call.arguments.indexOf(operand);
  const { instructions, results } = kernel.code;
  const constantOf = (register: number): Float64Array | undefined => {
    const instruction = instructions[register]!;
    if (instruction.op !== "source") return undefined;
    const argument = call.arguments[instruction.source];
    return argument?.kind === "value" && argument.start === 0
      ? plan.values[argument.value]!.constant
      : undefined;
  };
  const masks: Float64Array[] = [];
  for (const [register, instruction] of instructions.entries()) {
    if (instruction.op !== "source" || instruction.source !== place) continue;
    if (results.some(({ registers }) => registers.includes(register))) return undefined;
    for (const user of instructions) {
      if (user.op === "source" || user.op === "number" || !user.operands.includes(register)) continue;
      const other = user.operands[user.operands[0] === register ? 1 : 0];
      const mask = user.op === "mul" && other !== undefined ? constantOf(other) : undefined;
      if (!mask) return undefined;
      masks.push(mask);
    }
  }
  return (element) => masks.some((mask) => mask[element - operand.start] !== 0);
}
