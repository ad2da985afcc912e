/**
 * Calls of kernels as a list that is read: in code each argument is a constant of four bytes, in a list, which is written out when an instance is
 * made, a few bits.
 *
 * @module
 */

import type { Argument, Call, Item, Plan } from "../../../plan/plan.ts";
import { type FunctionIndex, type ModuleBuilder, parametersOf } from "../emit/assembler.ts";
import { numberOf, stridesOf } from "../emitPhases.ts";
import type { MemoryImage } from "./image.ts";
import type { ModuleParts } from "./shortCode.ts";

/** Fewer calls stay in code. */
const fewestCalls = 8;

/** A plan, and the functions of its kernels by their numbers in it. */
interface PlannedTile {
  readonly plan: Plan;
  readonly functions: readonly FunctionIndex[];
}

/** Lists of calls. */
export interface CalledLists extends Required<Pick<ModuleParts, "table" | "callers">> {
  /** The tile with lists in the place of calls whose arguments are all known. */
  readonly listed: (tile: PlannedTile) => PlannedTile;
}

/**
 * Adds what goes through lists, for kernels of so many parameters, all of them i32.
 * @param arena - Its address.
 */
export function addCalledLists(
  module: ModuleBuilder,
  image: MemoryImage,
  parameters: ReadonlyMap<FunctionIndex, number>,
  arena: number,
): CalledLists {
  const byCount = [...parameters].sort(([, a], [, b]) => a - b);
  const table = byCount.map(([kernel]) => kernel);
  const places = new Map(table.map((kernel, place) => [kernel, place]));
  const counts = [...new Set(byCount.map(([, count]) => count))];
  const byPlace = new Map(
    counts.map((count) => {
      const types = new Array<"i32">(count + 1).fill("i32");
      return [count, module.addFunction(null, types, [], (f) => f.op("unreachable"))];
    }),
  );
  /** `(places of the kernels, their end, arguments)`. */
  const run = module.addFunction(null, ["i32", "i32", "i32"], [], (f) => {
    const [at, end, numbers] = parametersOf(f, 3);
    const place = f.local("i32");
    f.forPointer(at, end, 4, () => {
      f.load("i32.load", at).set(place);
      f.block((next) => {
        for (const count of counts) {
          const call = (): void => {
            for (let i = 0; i < count; i++) f.load("i32.load", numbers, 4 * i);
            f.get(place).call(byPlace.get(count)!);
            f.increment(numbers, 4 * count);
          };
          if (count === counts.at(-1)) call();
          else {
            // Kernels of more parameters are behind these.
            f.get(place)
              .i32(byCount.findLastIndex((each) => each[1] === count) + 1)
              .op("i32.lt_u");
            f.ifElse(() => {
              call();
              f.branch(next);
            });
          }
        }
      });
    });
  });
  const listed = ({ plan, functions }: PlannedTile): PlannedTile => {
    const asNumber = (value: number): Argument => ({ kind: "number", value });
    const itemsOf = (items: readonly Item[]): Item[] => {
      const result: Item[] = [];
      let known: { readonly call: Call; readonly numbers: readonly number[] }[] = [];
      const end = (): void => {
        if (known.length < fewestCalls) result.push(...known.map(({ call }) => call));
        else {
          const at = image.numbers(
            Int32Array.from(known, ({ call }) => places.get(functions[call.kernel]!)!),
          );
          const numbers = image.numbers(Int32Array.from(known.flatMap((each) => each.numbers)));
          const own = [at, at + 4 * known.length, numbers].map(asNumber);
          result.push({ kernel: functions.length, arguments: own });
        }
        known = [];
      };
      for (const item of items) {
        const numbers = "items" in item ? [] : item.arguments.map((each) => knownNumber(plan, each, arena));
        if (!("items" in item) && numbers.every((number) => number !== undefined))
          known.push({ call: item, numbers });
        else {
          end();
          result.push("items" in item ? { ...item, items: itemsOf(item.items) } : item);
        }
      }
      end();
      return result;
    };
    return { plan: { ...plan, tile: itemsOf(plan.tile) }, functions: [...functions, run] };
  };
  return { table, callers: [...byPlace.values()], listed };
}

/** An argument that is the same in all tiles and rounds. */
function knownNumber(plan: Plan, argument: Argument, arena: number): number | undefined {
  const { kind } = argument;
  if (kind === "number" || kind === "table") return numberOf(plan, argument);
  if (kind !== "value" || stridesOf(plan, argument).length > 0) return undefined;
  const isRow = plan.values[argument.value]!.space === "row";
  return numberOf(plan, argument) + (isRow ? arena : 0);
}
