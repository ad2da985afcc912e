/**
 * The exported functions of a compiled program: the tile, and the levels of the phases that are shared.
 *
 * @module
 */

import type { Argument, Item, Level, Place, Plan, Stride } from "../../plan/plan.ts";
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

/** Numbers between two of a value in memory: values of rows have all rows of the tile one after another. */
function apartIn(plan: Plan, argument: Argument): number {
  const value = argument.kind === "value" ? plan.values[argument.value] : undefined;
  return value?.space === "row" && value.pitch === undefined ? plan.target.rowLength : 1;
}

/** How many bytes further an argument is in each round of each loop. */
export function stridesOf(plan: Plan, argument: Argument): Stride[] {
  const { values, sums, target } = plan;
  if (argument.kind === "sum") {
    const bytes = sums[argument.sum]!.isDouble ? 8 : target.numberBytes;
    return (argument.strides ?? []).map(({ loop, numbers }) => ({ loop, numbers: numbers * bytes }));
  }
  const place = argument.kind === "value" ? values[argument.value]!.place : undefined;
  if (place?.kind !== "slice") return [];
  const bytes = apartIn(plan, argument) * target.numberBytes;
  return place.strides.map(({ loop, numbers }) => ({ loop, numbers: numbers * bytes }));
}

/** An argument as a number: from the start of the arena or of the shard where it is in one; of a slice, in the first round. */
export function numberOf(plan: Plan, argument: Argument): number {
  const { values, target, tables, sums } = plan;
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
      const { place } = values[argument.value]!;
      const isSlice = place.kind === "slice";
      const owner = (isSlice ? values[place.of]!.place : place) as ArenaPlace | MemoryPlace;
      const start = argument.start + (isSlice ? place.offset : 0);
      const bytes = start * apartIn(plan, argument) * target.numberBytes;
      return (owner.kind === "arena" ? owner.offset : owner.address) + bytes;
    }
    default:
      // Addresses of rows, and what a tile is given, are not known before it runs.
      return Number.NaN;
  }
}

/** What a tile of a module that stands alone has otherwise. */
export interface TileOptions {
  /** Its name, null where it is not exported. */
  readonly name?: string | null | undefined;
  /** The address of the addresses of the rows. */
  readonly pointers?: number | undefined;
  /** The address of its arena where there is one alone: code is a fifth shorter where addresses are numbers. */
  readonly start?: number | undefined;
}

/**
 * The function `tile(arena, shard, indices, count, position)`.
 * @param functions - Those of the plan's kernels.
 * @param lanes - See {@link KernelShape.lanes}.
 */
export function emitTile(
  module: ModuleBuilder,
  plan: Plan,
  functions: readonly FunctionIndex[],
  lanes: GlobalIndex | undefined,
  { name = "tile", pointers = 4 * control.pointers, start = 0 }: TileOptions = {},
): FunctionIndex {
  const { values } = plan;
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
        const isRow = value?.space === "row";
        f.i32(isRow ? number + start : number);
        if (argument.kind === "sum") f.get(shard).op("i32.add");
        else if (isRow && !start) f.get(arena).op("i32.add");
        for (const { loop, numbers } of stridesOf(plan, argument))
          f.get(slices.get(loop)!).i32(numbers).op("i32.mul").op("i32.add");
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
            const { last } = scan;
            const count = last && last.iterations !== iterations ? f.local("i32") : iterations;
            if (last && typeof count !== "number") {
              f.i32(last.iterations).i32(iterations).get(slices.get(last.loop)!).i32(last.round);
              f.op("i32.eq").op("select").set(count);
            }
            f.forRange(round, 0, count, 1, () => {
              if (!scan.reversed) f.get(round).set(slice);
              else {
                if (typeof count === "number") f.i32(count - 1);
                else f.get(count).i32(1).op("i32.sub");
                f.get(round).op("i32.sub").set(slice);
              }
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
