/**
 * The plan of a program whose parameters are known: what depends on them alone is computed once, by the engine's own kernels, and its
 * tiles read the results where an image of memory has them.
 *
 * @module
 */

import { type PreparedProgram, type Program, prepareProgram } from "../../../graph/program.ts";
import { makePlan } from "../../../plan/makePlan.ts";
import type { Argument, Item, Place, Plan, ValueId } from "../../../plan/plan.ts";
import { compileModule } from "../../../platform/platform.ts";
import type { Arrays } from "../../engine.ts";
import { addConnected } from "../connectedKernel.ts";
import { ModuleBuilder } from "../emit/assembler.ts";
import type { ProductOptions } from "../emit/dense.ts";
import { emitKernel } from "../emit/emitKernel.ts";
import * as normal from "../emit/normal.ts";
import * as normalTail from "../emit/normalTail.ts";
import * as trigonometry from "../emit/trigonometric.ts";
import type { Precision, VectorOptions } from "../emit/vector.ts";
import { emitLevels } from "../emitPhases.ts";
import { pageBytes } from "../run/memories.ts";
import type { MemoryImage } from "./image.ts";

/** A program with the values of its parameters. */
export interface KnownProgram {
  readonly program: Partial<Program>;
  /** By name; those that it does not name are not read. */
  readonly parameters: Arrays;
  readonly precision: Precision;
}

/**
 * What kernels are made for: the SIMD that every runtime has, and loops of fewer rounds, as ClickHouse has a module look at its limits in each:
 * the default flow takes a seventh less time there (2; with 4, more values than registers).
 */
export const vectorOf = (precision: Precision): ProductOptions => ({
  precision,
  relaxed: false,
  unroll: 2,
  functions: { ...trigonometry, ...normal, ...normalTail },
});

/** Rows of a tile. */
export const rowLength = 64;

/** Bytes at the start of memory that no value takes: address 0 is nobody's. */
const reservedBytes = 64;

/**
 * A plan of tiles alone: neither parameters nor a prologue are left, and its shared values are where the image has them.
 * @throws Error for a program that sums over rows, draws random numbers or has inputs of a step.
 */
export async function evaluatedPlan(known: KnownProgram, image: MemoryImage): Promise<Plan> {
  const prepared = prepareProgram(known.program);
  const { parameters } = known;
  const numberBytes = known.precision === "float32" ? 4 : 8;
  const plan = makePlan(prepared, {
    rowLength,
    numberBytes,
    lanes: 16 / numberBytes,
    gates: true,
    reservedBytes,
  });
  const what = refusal(prepared, plan);
  if (what) throw new Error(`a module that stands alone has no ${what}`);
  const pages = Math.ceil(plan.memory.end / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const Numbers = numberBytes === 4 ? Float32Array : Float64Array;
  const write = (address: number, data: ArrayLike<number>): void =>
    new Numbers(memory.buffer, address, data.length).set(data);
  for (const { name, value, start } of plan.parameters) {
    const { place } = plan.values[value]!;
    if (place.kind === "memory") write(place.address + start * numberBytes, parameters[name]!);
  }
  for (const { constant, place } of plan.values)
    if (constant && place.kind === "memory") write(place.address, constant);
  for (const { address, data } of plan.tables) new Int32Array(memory.buffer, address, data.length).set(data);
  await runPrologue(plan, vectorOf(known.precision), memory, pages);
  return moved(plan, memory, image);
}

function refusal(prepared: PreparedProgram, plan: Plan): string | undefined {
  if (plan.sums.length > 0 || plan.epilogue.length > 0 || plan.updates.length > 0) return "sums over rows";
  if (plan.hasRandoms) return "random draws";
  if (prepared.stepInputs.length > 0) return "inputs of a step";
  return undefined;
}

/** Computes what depends on the parameters alone, in the memory that the plan says. */
async function runPrologue(
  plan: Plan,
  vector: VectorOptions,
  memory: WebAssembly.Memory,
  maximumPages: number,
): Promise<void> {
  if (plan.prologue.length === 0) return;
  const module = new ModuleBuilder({ sharedMemory: false, maximumPages });
  const functions: number[] = [];
  const context = { shardBytes: plan.memory.shards.bytes, addConnected };
  for (const { kernel } of plan.prologue.flat())
    functions[kernel] ??= emitKernel(module, plan.kernels[kernel]!, { rowLength, vector }, context);
  emitLevels(module, plan, functions, "p", plan.prologue);
  const instance = new WebAssembly.Instance(await compileModule(module.finish()), { env: { memory } });
  plan.prologue.forEach((_, level) => {
    (instance.exports[`p${level}`] as (thread: number, threads: number, shards: number) => void)(0, 1, 0);
  });
}

/** The plan with what its tiles read in the image. */
function moved(plan: Plan, memory: WebAssembly.Memory, image: MemoryImage): Plan {
  const { numberBytes } = plan.target;
  const places = new Map<ValueId, Place>();
  const tables = new Map<number, number>();
  const valuesAt = (address: number, count: number): number =>
    numberBytes === 8
      ? image.numbers(new Float64Array(memory.buffer, address, count).slice())
      : image.constant(new Uint8Array(memory.buffer, address, count * numberBytes).slice());
  const move = (argument: Argument): void => {
    if (argument.kind === "table" && !tables.has(argument.table)) {
      const { address, data } = plan.tables[argument.table]!;
      tables.set(argument.table, image.numbers(new Int32Array(memory.buffer, address, data.length).slice()));
    }
    if (argument.kind !== "value") return;
    const { place: own } = plan.values[argument.value]!;
    const owner = own.kind === "slice" ? own.of : argument.value;
    const { place, size } = plan.values[owner]!;
    if (place.kind === "memory" && !places.has(owner))
      places.set(owner, { kind: "memory", address: valuesAt(place.address, size) });
  };
  const walk = (items: readonly Item[]): void => {
    for (const item of items)
      if ("items" in item) walk(item.until ? [...item.items, item.until] : item.items);
      else item.arguments.forEach(move);
  };
  walk(plan.tile);
  return {
    ...plan,
    values: plan.values.map((value, id) => ({ ...value, place: places.get(id) ?? value.place })),
    tables: plan.tables.map((table, i) => ({ ...table, address: tables.get(i) ?? 0 })),
    parameters: [],
    prologue: [],
  };
}
