/**
 * From a program to a WebAssembly module: its plan, and the code of the plan's kernels and phases.
 *
 * @module
 */

import type { PreparedProgram } from "../../graph/program.ts";
import type { OverRows } from "../../plan/lowering/overRows.ts";
import type { Place, Plan, Port } from "../../plan/plan.ts";
import { planning } from "../../plan/planning.ts";
import type { Pieces } from "../../platform/pieces.ts";
import { control, type Region } from "./control.ts";
import { ModuleBuilder } from "./emit/assembler.ts";
import { addFillZero } from "./emit/dense.ts";
import { emitKernel, type KernelContext } from "./emit/emitKernel.ts";
import type { Precision, VectorOptions } from "./emit/vector.ts";
import { emitLevels, emitTile } from "./emitPhases.ts";
import { pageBytes } from "./run/memories.ts";

/** A compiled program. */
export interface CompiledProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly precision: Precision;
  readonly rowLength: number;
  /** Threads that there is room for, of those that were asked for. */
  readonly threads: number;
  /** Bytes of memory that everything but rows takes. */
  readonly memoryBytes: number;
  readonly parameters: ReadonlyMap<string, Region>;
  readonly stepInputs: ReadonlyMap<string, Region>;
  readonly sums: ReadonlyMap<string, Region>;
  /** Sizes of the inputs and outputs of rows; pointer i of the control block is that of the i-th of both lists. */
  readonly inputs: readonly { readonly name: string; readonly size: number }[];
  readonly rows: readonly { readonly name: string; readonly size: number }[];
  readonly constants: readonly { readonly address: number; readonly data: Float64Array }[];
  readonly tables: readonly { readonly address: number; readonly data: Int32Array }[];
  /** Whether the program draws random numbers. */
  readonly hasRandoms: boolean;
  readonly shards: Region;
  readonly shardBytes: number;
  readonly arenas: number;
  readonly arenaBytes: number;
  /** Numbers of exported functions p0.., e0.., u0... */
  readonly levels: { readonly prologue: number; readonly epilogue: number; readonly updates: number };
}

/** Options of {@link compiling}. */
export interface CompileOptions {
  readonly vector: VectorOptions;
  readonly threads: number;
  readonly sharedMemory: boolean;
  readonly maximumPages: number;
  /** Rows of a tile, at most. */
  readonly rowLength: number;
  /** Address at which the program's memory begins (default: behind the control words). */
  readonly firstAddress?: number | undefined;
  /** Plans sums over rows and updates, which an evaluation does without. */
  readonly overRows?: OverRows | undefined;
  /** Adds the kernel of random draws, which a program that draws nothing does without. */
  readonly addRandomRows?: KernelContext["addRandomRows"];
  /** Adds the kernels of layers between positions, of a program that has one. */
  readonly addConnected?: KernelContext["addConnected"];
}

/** The plan of a program, in pieces. */
export function* planningFor(program: PreparedProgram, options: CompileOptions): Pieces<Plan> {
  const { vector } = options;
  const numberBytes = vector.precision === "float32" ? 4 : 8;
  const arrays = program.inputs.length + Object.keys(program.rows).length;
  const reservedBytes = options.firstAddress ?? 4 * (control.pointers + arrays);
  const target = {
    rowLength: options.rowLength,
    mostShards,
    numberBytes,
    lanes: 16 / numberBytes,
    // A comparison where a product is stored keeps V8 from joining vectors.
    gates: !vector.wide,
    reservedBytes,
  } as const;
  const { overRows } = options;
  const plan = yield* planning(program, target, overRows);
  const fit = sizesFor(plan, roomIn(options));
  return fit ? yield* planning(program, { ...target, ...fit }, overRows) : plan;
}

/** Bytes that a program may take. */
function roomIn({ maximumPages }: CompileOptions): number {
  return maximumPages * pageBytes * roomForProgram;
}

/** Compiles a plan, in pieces. */
export function* compiling(plan: Plan, options: CompileOptions): Pieces<CompiledProgram> {
  const bytes = yield* emission(plan, options);
  const { vector, threads } = options;
  const { memory } = plan;
  const { rowLength, numberBytes } = plan.target;
  // Room for the threads is the last: no address in the module depends on their number.
  const arenas = Math.ceil(memory.end / 64) * 64;
  const threadsThatFit = Math.max(
    1,
    Math.min(threads, Math.floor((roomIn(options) - arenas) / memory.arenaBytes)),
  );
  const end = arenas + memory.arenaBytes * threadsThatFit;
  const regions = (ports: readonly Port[]): Map<string, Region> =>
    new Map(
      ports.map(({ name, value, start, size }) => {
        const { address } = plan.values[value]!.place as Extract<Place, { kind: "memory" }>;
        return [name, { address: address + start * numberBytes, size }];
      }),
    );
  return {
    bytes,
    precision: vector.precision,
    rowLength,
    threads: threadsThatFit,
    memoryBytes: Math.ceil((end + 16 + 64) / 64) * 64,
    parameters: regions(plan.parameters),
    stepInputs: regions(plan.stepInputs),
    sums: regions(plan.outputs),
    inputs: plan.inputs,
    rows: plan.rows,
    constants: plan.values.flatMap(({ constant: data, place }) =>
      data && place.kind === "memory" ? { address: place.address, data } : [],
    ),
    tables: plan.tables,
    hasRandoms: plan.hasRandoms,
    shards: { address: memory.shards.address, size: memory.shards.most },
    shardBytes: memory.shards.bytes,
    arenas,
    arenaBytes: memory.arenaBytes,
    levels: {
      prologue: plan.prologue.length,
      epilogue: plan.epilogue.length,
      updates: plan.updates.length,
    },
  };
}

/** Most shards of a batch, where there is room for the sums of so many. */
const mostShards = 8;
/** Least rows of a tile. */
const leastRows = 8;
/** Share of the memory that a program may take; the rest is for rows. */
const roomForProgram = 15 / 16;

/**
 * Shards and rows of a tile with which a program fits, where it does not with those that it has: first fewer shards, each of which has all
 * sums of its own, then shorter tiles. A function of the program alone: sums are the same however many threads there are.
 */
function sizesFor(
  { memory, target }: Plan,
  room: number,
): { readonly rowLength: number; readonly mostShards: number } | undefined {
  const { shards } = memory;
  const rest = memory.end - shards.most * shards.bytes;
  const fits = (most: number, rowLength: number): boolean =>
    rest + most * shards.bytes + (memory.arenaBytes * rowLength) / target.rowLength <= room;
  if (fits(shards.most, target.rowLength)) return undefined;
  let [most, rowLength] = [shards.most, target.rowLength];
  while (most > 1 && !fits(most, rowLength)) most /= 2;
  while (rowLength > leastRows && !fits(most, rowLength)) rowLength /= 2;
  return { rowLength, mostShards: most };
}

/** Whether a plan computes one of some element-wise operations. */
export const computes = ({ kernels }: Plan, ...names: readonly string[]): boolean =>
  kernels.some(
    (kernel) => kernel.kind === "fused" && kernel.code.instructions.some(({ op }) => names.includes(op)),
  );

/** The module of a plan. */
function* emission(plan: Plan, options: CompileOptions): Pieces<Uint8Array<ArrayBuffer>> {
  const { vector } = options;
  const { rowLength } = plan.target;
  const module = new ModuleBuilder(options);
  const lanes = plan.isCut ? module.addGlobal() : undefined;
  const shape = { rowLength, vector, lanes };
  const context = { ...options, shardBytes: plan.memory.shards.bytes };
  const functions: number[] = [];
  for (const kernel of plan.kernels) {
    functions.push(emitKernel(module, kernel, shape, context));
    yield;
  }
  emitTile(module, plan, functions, lanes);
  yield;
  emitLevels(module, plan, functions, "p", plan.prologue);
  emitLevels(module, plan, functions, "e", plan.epilogue);
  emitLevels(module, plan, functions, "u", plan.updates);
  addFillZero(module, "zero");
  return module.finish();
}
