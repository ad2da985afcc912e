/**
 * From a program to a WebAssembly module and the map of its memory.
 *
 * Phases of a step: *prologue* (shared values that depend on parameters alone), *tiles* (everything batched, forward
 * and backward in one pass, sums into the shard's own memory), *epilogue* (shards added up, sums, what follows from
 * them), *updates* (new values of parameters).
 *
 * @module
 */

import { type Expr, sizeOf } from "../../../graph/expr.ts";
import type { PreparedProgram } from "../../../graph/program.ts";
import { isSumOverRows, type Phases, phasesOf } from "../../../plan/analysis/phases.ts";
import { viewOf } from "../../../plan/analysis/storage.ts";
import { inOnePiece, type Pieces } from "../../../platform/pieces.ts";
import { streamWord } from "../../../random/philox.ts";
import { ModuleBuilder } from "../emit/assembler.ts";
import { addFillZero } from "../emit/dense.ts";
import { KernelCache } from "../emit/kernelCache.ts";
import { addRandomRows } from "../emit/randomKernel.ts";
import { addLoadRows, addMarkRows, addStoreRows } from "../emit/tileKernels.ts";
import type { VectorOptions } from "../emit/vector.ts";
import { emitLevels, emitTile } from "./emitPhases.ts";
import { control, MemoryLayout, mostShards, type Region } from "./memoryLayout.ts";
import { type Argument, type Item, planMemory } from "./memoryPlan.ts";
import { copyCall, SharedLowering } from "./sharedLowering.ts";
import { TileLowering } from "./tileLowering.ts";

/** A compiled program. */
export interface CompiledProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly vector: VectorOptions;
  readonly rowLength: number;
  /** Bytes of memory that everything but rows takes. */
  readonly memoryBytes: number;
  readonly parameters: ReadonlyMap<string, Region>;
  readonly stepInputs: ReadonlyMap<string, Region>;
  readonly sums: ReadonlyMap<string, Region>;
  /** Sizes of the batched inputs and outputs; pointer i of the control block is that of the i-th of both lists. */
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

/** Options of {@link compileProgram}. */
export interface CompileOptions {
  readonly vector: VectorOptions;
  readonly threads: number;
  readonly sharedMemory: boolean;
  readonly maximumPages: number;
  /** Rows of a tile. */
  readonly rowLength: number;
}

/** Compiles a prepared program. */
export function compileProgram(program: PreparedProgram, options: CompileOptions): CompiledProgram {
  return inOnePiece(compilation(program, options));
}

/** {@link compileProgram}, in pieces. */
export function* compilation(program: PreparedProgram, options: CompileOptions): Pieces<CompiledProgram> {
  const { vector, rowLength } = options;
  const module = new ModuleBuilder(options);
  const phases = yield* phasesOf(program);
  const lanes = phases.tileNodes.some(isSumOverRows) ? undefined : module.addGlobal();
  const cache = new KernelCache(module, { rowLength, vector, lanes });
  const { rowOutputs, sumOutputs } = phases;
  const memory = new MemoryLayout(cache, program.inputs.length + rowOutputs.length, program.parameters);

  const tiles = new TileLowering(cache, memory, phases.consumers);
  const items = yield* tileItems(program, phases, cache, tiles);
  yield;
  const plan = planMemory(items, (owner) => tiles.bytesOf(owner));
  yield;
  emitTile(module, items, plan.offsets, (owner) => memory.address(owner), lanes);
  yield;
  const shards = { base: memory.allocate(memory.shardBytes * mostShards), bytes: memory.shardBytes };
  const levels = yield* emitShared(program, phases, cache, memory, shards);
  addFillZero(module, "zero");

  const arenaBytes = Math.ceil(plan.bytes / 64) * 64 + 64;
  const arenas = memory.allocate(arenaBytes * options.threads);
  const names = { rows: Object.keys(program.rows), sums: Object.keys(program.sums) };
  const parameters = new Map(
    program.parameters.map((parameter) => [parameter.name, memory.region(parameter)]),
  );
  const stepInputs = new Map(program.stepInputs.map((leaf) => [leaf.name, memory.region(leaf)]));
  const sums = new Map(
    sumOutputs.map((output, i) => {
      const { owner, offset } = viewOf(output);
      return [
        names.sums[i]!,
        { address: memory.address(owner) + offset * cache.laneBytes, size: sizeOf(output.shape) },
      ];
    }),
  );
  return {
    bytes: module.finish(),
    vector,
    rowLength,
    memoryBytes: memory.bytes,
    parameters,
    stepInputs,
    sums,
    inputs: program.inputs.map(({ name, shape }) => ({ name, size: sizeOf(shape) })),
    rows: rowOutputs.map(({ shape }, i) => ({ name: names.rows[i]!, size: sizeOf(shape) })),
    constants: memory.constants,
    tables: memory.tables,
    hasRandoms: program.randoms.length > 0,
    shards: { address: shards.base, size: mostShards },
    shardBytes: shards.bytes,
    arenas,
    arenaBytes,
    levels,
  };
}

/** What a tile computes: inputs are loaded, everything batched follows, outputs are stored. */
function* tileItems(
  program: PreparedProgram,
  { tileNodes, rowOutputs }: Phases,
  cache: KernelCache,
  tiles: TileLowering,
): Pieces<Item[]> {
  const { module } = cache;
  const leaves: Item[] = [];
  program.inputs.forEach((input, i) => {
    const kernel = cache.get(`load ${sizeOf(input.shape)}`, () =>
      addLoadRows(module, sizeOf(input.shape), cache.shape),
    );
    const pointer: Argument = { kind: "control", bytes: 4 * (control.pointers + i) };
    const rest: Argument[] = [
      { kind: "parameter", name: "indices" },
      { kind: "parameter", name: "count" },
      tiles.value(input),
    ];
    leaves.push({ kernel, arguments: [pointer, ...rest], reads: [], writes: [input] });
  });
  for (const node of tileNodes) {
    if (node.op === "random") {
      const size = sizeOf(node.shape);
      const kernel = cache.get(`random ${size}`, () => addRandomRows(module, size, control, cache.shape));
      leaves.push({
        kernel,
        arguments: [
          tiles.value(node),
          { kind: "parameter", name: "position" },
          { kind: "number", value: streamWord(node.stream) | 0 },
          { kind: "parameter", name: "count" },
        ],
        reads: [],
        writes: [node],
      });
    }
    if (node.op !== "rowMark") continue;
    const kernel = cache.get("mark", () => addMarkRows(module, cache.shape));
    leaves.push({
      kernel,
      arguments: [tiles.value(node), { kind: "parameter", name: "count" }],
      reads: [],
      writes: [node],
    });
  }
  const items: Item[] = [
    ...leaves,
    ...(yield* tiles.lower(
      tileNodes,
      rowOutputs.filter((output) => output.batched),
    )),
  ];
  rowOutputs.forEach((output, i) => {
    const size = sizeOf(output.shape);
    const target: Argument = { kind: "control", bytes: 4 * (control.pointers + program.inputs.length + i) };
    const outputRows = tiles.asRows(output);
    const kernel = cache.get(`store ${size}`, () => addStoreRows(module, size, cache.shape));
    const args: Argument[] = [
      tiles.value(outputRows.value),
      target,
      { kind: "parameter", name: "position" },
      { kind: "parameter", name: "count" },
    ];
    items.push(...outputRows.items, {
      kernel,
      arguments: args,
      reads: [viewOf(outputRows.value).owner],
      writes: [],
    });
  });
  return items;
}

/** Emits the shared phases; returns the number of their levels. */
function* emitShared(
  program: PreparedProgram,
  phases: Phases,
  cache: KernelCache,
  memory: MemoryLayout,
  shards: { readonly base: number; readonly bytes: number },
): Pieces<CompiledProgram["levels"]> {
  const { prologueNodes, tileNodes, epilogueNodes, updateNodes, rowOutputs, sumOutputs, updateOutputs } =
    phases;
  const shared = new SharedLowering(cache, memory);
  const units = {
    prologue: yield* shared.units(prologueNodes),
    epilogue: yield* shared.units(epilogueNodes),
    updates: yield* shared.units(updateNodes),
  };
  yield;
  const copies = placeUpdates(program, updateOutputs, sumOutputs, units.updates, memory, cache.laneBytes);
  const readLater = [...tileNodes, ...epilogueNodes, ...updateNodes].flatMap((node) => node.inputs);
  const prologue = yield* shared.lower(
    units.prologue,
    [...readLater, ...rowOutputs, ...sumOutputs, ...updateOutputs].filter((node) => !node.batched),
    [],
    shards,
  );
  const epilogue = yield* shared.lower(
    units.epilogue,
    [...updateNodes.flatMap((node) => node.inputs), ...sumOutputs, ...updateOutputs],
    memory.accumulators,
    shards,
  );
  const updates = yield* shared.lower(units.updates, updateOutputs, [], shards);
  if (copies.length > 0) updates.push(copies.map(({ from, to, count }) => copyCall(cache, from, to, count)));
  const { module } = cache;
  emitLevels(module, "p", prologue);
  emitLevels(module, "e", epilogue);
  emitLevels(module, "u", updates);
  return { prologue: prologue.length, epilogue: epilogue.length, updates: updates.length };
}

/**
 * Chooses for each update whether its value is computed in the place of its parameter, which is safe when the kernel
 * that computes it is the only one still to read the old value; returns the copies for the rest.
 */
function placeUpdates(
  program: PreparedProgram,
  values: readonly Expr[],
  sums: readonly Expr[],
  units: readonly { readonly nodes: readonly Expr[] }[],
  memory: MemoryLayout,
  laneBytes: number,
): { from: number; to: number; count: number }[] {
  const copied: { value: Expr; parameter: Expr }[] = [];
  const fixedValues = new Set<Expr>(sums.map((output) => viewOf(output).owner));
  const homes = new Map<Expr, (typeof units)[number]>();
  const readersOf = new Map<string, Set<(typeof units)[number]>>();
  for (const unit of units)
    for (const node of unit.nodes) {
      homes.set(node, unit);
      for (const input of node.inputs) {
        const { owner } = viewOf(input);
        if (owner.op !== "parameter") continue;
        const list = readersOf.get(owner.name);
        if (list) list.add(unit);
        else readersOf.set(owner.name, new Set([unit]));
      }
    }
  program.updates.forEach(({ parameter }, i) => {
    const value = values[i]!;
    const home = homes.get(value);
    const readers = [...(readersOf.get(parameter.name) ?? [])];
    const isFused = value.op === "elementwise" && !memory.addresses.has(value);
    // Each element of the old value must be read where, and when, the new one is written.
    const isAligned = readers.every(({ nodes }) =>
      nodes.every((node) =>
        node.inputs.every((input) => {
          const { owner, offset } = viewOf(input);
          return (
            !isParameter(owner, parameter.name) ||
            (offset === 0 && sizeOf(input.shape) === sizeOf(parameter.shape))
          );
        }),
      ),
    );
    if (home && isFused && isAligned && !fixedValues.has(value) && readers.every((unit) => unit === home)) {
      memory.addresses.set(value, memory.address(parameter));
      fixedValues.add(value);
    } else copied.push({ value, parameter });
  });
  return copied.map(({ value, parameter }) => {
    const { owner, offset } = viewOf(value);
    return {
      from: memory.address(owner) + offset * laneBytes,
      to: memory.address(parameter),
      count: sizeOf(parameter.shape),
    };
  });
}

function isParameter(node: Expr, name: string): boolean {
  return node.op === "parameter" && node.name === name;
}
