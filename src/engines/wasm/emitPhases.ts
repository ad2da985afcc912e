/**
 * The exported functions of a compiled program: the tile, and the levels of the phases that are shared.
 *
 * @module
 */

import type { Argument, Item, Level, Place, Plan } from "../../plan/plan.ts";
import { control } from "./control.ts";
import {
  type FunctionBuilder,
  type FunctionIndex,
  type GlobalIndex,
  type Local,
  type ModuleBuilder,
  parametersOf,
} from "./emit/assembler.ts";
import { laneGroup } from "./emit/fusedKernel.ts";

type ArenaPlace = Extract<Place, { kind: "arena" }>;
type MemoryPlace = Extract<Place, { kind: "memory" }>;

/** An argument as a number: from the start of the arena or of the shard where it is in one; of a slice, in the first round. */
function numberOf({ values, target, tables, sums }: Plan, argument: Argument): number {
  switch (argument.kind) {
    case "number":
      return argument.value;
    case "table":
      return tables[argument.table]!.address;
    case "sum": {
      const { offset, isDouble } = sums[argument.sum]!;
      return offset + argument.start * (isDouble ? 8 : target.numberBytes);
    }
    case "value": {
      const { space, pitch, place } = values[argument.value]!;
      const bytes = argument.start * target.numberBytes;
      if (space === "row")
        return (place as ArenaPlace).offset + bytes * (pitch === undefined ? target.rowLength : 1);
      if (place.kind !== "slice") return (place as MemoryPlace).address + bytes;
      return (values[place.of]!.place as MemoryPlace).address + place.offset * target.numberBytes + bytes;
    }
    default:
      // Addresses of rows, and what a tile is given, are not known before it runs.
      return Number.NaN;
  }
}

/**
 * The function `tile(arena, shard, indices, count, position)`.
 * @param functions - Those of the plan's kernels.
 * @param lanes - See {@link KernelShape.lanes}.
 * @param options - Its name, null where it is not exported, and the address of the addresses of the rows.
 */
export function emitTile(
  module: ModuleBuilder,
  plan: Plan,
  functions: readonly FunctionIndex[],
  lanes: GlobalIndex | undefined,
  { name = "tile", pointers = 4 * control.pointers }: { name?: string | null; pointers?: number } = {},
): FunctionIndex {
  const { target, values } = plan;
  return module.addFunction(name, ["i32", "i32", "i32", "i32", "i32"], [], (f) => {
    const [arena, shard, indices, count, position] = parametersOf(f, 5);
    const parameters = { indices, count, position };
    const zero = f.local("i32");
    /** Number of the slice that each scan is at. */
    const slices = new Map<number, Local>();
    const push = (argument: Argument): void => {
      if (argument.kind === "tile") f.get(parameters[argument.name]);
      else if (argument.kind === "array")
        f.i32(0)
          .set(zero)
          .load("i32.load", zero, pointers + 4 * argument.array);
      else {
        const number = numberOf(plan, argument);
        const value = argument.kind === "value" ? values[argument.value] : undefined;
        if (argument.kind === "sum") f.get(shard).i32(number).op("i32.add");
        else if (value?.space === "row") f.get(arena).i32(number).op("i32.add");
        else f.i32(number);
        if (value?.place.kind === "slice")
          for (const { loop, numbers } of value.place.strides)
            f.get(slices.get(loop)!)
              .i32(numbers * target.numberBytes)
              .op("i32.mul")
              .op("i32.add");
      }
    };
    const run = (list: readonly Item[]): void => {
      for (const item of list) {
        if ("items" in item) {
          const { iterations, scan, until } = item;
          if (until) {
            const round = f.local("i32");
            f.block((end) => {
              f.forRange(round, 0, iterations, 1, () => {
                run(item.items);
                until.arguments.forEach(push);
                f.call(functions[until.kernel]!).branchIf(end);
              });
            });
          } else if (!scan) f.repeat(iterations, () => run(item.items));
          else {
            const [slice, round] = [f.local("i32"), f.local("i32")];
            slices.set(scan.loop, slice);
            f.forRange(round, 0, iterations, 1, () => {
              if (scan.reversed)
                f.i32(iterations - 1)
                  .get(round)
                  .op("i32.sub")
                  .set(slice);
              else f.get(round).set(slice);
              run(item.items);
            });
          }
          continue;
        }
        item.arguments.forEach(push);
        f.call(functions[item.kernel]!);
      }
    };
    // The rows, and what fills their last group of lanes.
    if (lanes !== undefined)
      f.get(count)
        .i32(laneGroup - 1)
        .op("i32.add")
        .i32(-laneGroup)
        .op("i32.and")
        .setGlobal(lanes);
    run(plan.tile);
  });
}

/** Functions `<prefix>0`, `<prefix>1`, ... `(thread, threads, shards)`, one a level. */
export function emitLevels(
  module: ModuleBuilder,
  plan: Plan,
  functions: readonly FunctionIndex[],
  prefix: string,
  levels: readonly Level[],
): void {
  const addressOf = (argument: Argument): number =>
    numberOf(plan, argument) + (argument.kind === "sum" ? plan.memory.shards.address : 0);
  for (const [level, calls] of levels.entries()) {
    module.addFunction(`${prefix}${level}`, ["i32", "i32", "i32"], [], (f) => {
      const [thread, threads, shards] = parametersOf(f, 3);
      let singles = 0;
      for (const call of calls) {
        const { split } = call;
        const kernel = functions[call.kernel]!;
        if (split.kind === "single") {
          f.i32(singles++).get(threads).op("i32.rem_u").get(thread).op("i32.eq");
          f.ifElse(() => {
            for (const argument of call.arguments) f.i32(addressOf(argument));
            f.call(kernel);
          });
        } else if (split.kind === "range") {
          pushShare(f, split.count, thread, threads);
          for (const argument of call.arguments) f.i32(addressOf(argument));
          f.call(kernel);
        } else {
          const [sum, destination] = call.arguments.map(addressOf) as [number, number];
          f.i32(sum).get(shards).i32(destination);
          pushShare(f, split.count, thread, threads);
          f.call(kernel);
        }
      }
    });
  }
}

/** Pushes the start and the end of a thread's share of a count. */
function pushShare(f: FunctionBuilder, count: number, thread: Local, threads: Local): void {
  f.i32(count).get(thread).op("i32.mul").get(threads).op("i32.div_u");
  f.i32(count).get(thread).i32(1).op("i32.add").op("i32.mul").get(threads).op("i32.div_u");
}
