/**
 * The exported functions of a compiled program: the tile, and the levels of the phases that are shared.
 *
 * @module
 */

import type { Expr } from "../../../graph/expr.ts";
import {
  type FunctionBuilder,
  type GlobalIndex,
  type Local,
  type ModuleBuilder,
  parametersOf,
} from "../emit/assembler.ts";
import { laneGroup } from "../emit/fusedKernel.ts";
import type { Argument, Item } from "./memoryPlan.ts";
import type { SharedCall } from "./sharedLowering.ts";

/**
 * The function `tile(arena, shard, indices, count, position)`.
 * @param lanes - See {@link KernelShape.lanes}.
 */
export function emitTile(
  module: ModuleBuilder,
  items: readonly Item[],
  offsets: ReadonlyMap<Expr, number>,
  addressOf: (owner: Expr) => number,
  lanes: GlobalIndex | undefined,
): void {
  // Kernels are added while lowering, so that all of them come before this function.
  module.addFunction("tile", ["i32", "i32", "i32", "i32", "i32"], [], (f) => {
    const [arena, shard, indices, count, position] = parametersOf(f, 5);
    const parameters = { indices, count, position };
    const zero = f.local("i32");
    /** Number of the slice that each scan is at. */
    const slices = new Map<Expr, Local>();
    const push = (argument: Argument): void => {
      switch (argument.kind) {
        case "number":
          f.i32(argument.value);
          return;
        case "parameter":
          f.get(parameters[argument.name]);
          return;
        case "control":
          f.i32(0).set(zero).load("i32.load", zero, argument.bytes);
          return;
        case "slice":
          f.i32(addressOf(argument.owner) + argument.bytes);
          for (const { scan, bytes } of argument.strides)
            f.get(slices.get(scan)!).i32(bytes).op("i32.mul").op("i32.add");
          return;
        case "shard":
          f.get(shard).i32(argument.bytes).op("i32.add");
          return;
        case "value": {
          const { owner, bytes } = argument;
          if (owner.batched)
            f.get(arena)
              .i32(offsets.get(owner)! + bytes)
              .op("i32.add");
          else f.i32(addressOf(owner) + bytes);
        }
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
                f.call(until.kernel).branchIf(end);
              });
            });
          } else if (!scan) f.repeat(iterations, () => run(item.items));
          else {
            const [slice, round] = [f.local("i32"), f.local("i32")];
            slices.set(scan, slice);
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
        f.call(item.kernel);
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
    run(items);
  });
}

/** Functions `<prefix>0`, `<prefix>1`, ... `(thread, threads, shards)`, one a level. */
export function emitLevels(
  module: ModuleBuilder,
  prefix: string,
  levels: readonly (readonly SharedCall[])[],
): void {
  levels.forEach((calls, level) => {
    module.addFunction(`${prefix}${level}`, ["i32", "i32", "i32"], [], (f) => {
      const [thread, threads, shards] = parametersOf(f, 3);
      let singles = 0;
      for (const call of calls) {
        const { split } = call;
        if (split.kind === "single") {
          f.i32(singles++).get(threads).op("i32.rem_u").get(thread).op("i32.eq");
          f.ifElse(() => {
            for (const argument of call.arguments) f.i32(argument);
            f.call(call.kernel);
          });
        } else if (split.kind === "range") {
          pushShare(f, split.count, thread, threads);
          for (const argument of call.arguments) f.i32(argument);
          f.call(call.kernel);
        } else {
          f.i32(call.arguments[0]!).get(shards).i32(call.arguments[1]!);
          pushShare(f, split.count, thread, threads);
          f.call(call.kernel);
        }
      }
    });
  });
}

/** Pushes the start and the end of a thread's share of a count. */
function pushShare(f: FunctionBuilder, count: number, thread: Local, threads: Local): void {
  f.i32(count).get(thread).op("i32.mul").get(threads).op("i32.div_u");
  f.i32(count).get(thread).i32(1).op("i32.add").op("i32.mul").get(threads).op("i32.div_u");
}
