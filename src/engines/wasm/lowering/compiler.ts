/**
 * From a program to a WebAssembly module and the map of its memory.
 *
 * Phases of a step: *prologue* (shared values that depend on parameters alone), *tiles* (everything batched, forward
 * and backward in one pass, sums into the shard's own memory), *epilogue* (shards added up, sums, what follows from
 * them), *updates* (new values of parameters).
 *
 * @module
 */

import { ShapeError } from "../../../errors.ts";
import { type Expr, type ParameterExpr, sizeOf, topologicalOrder } from "../../../graph/expr.ts";
import * as g from "../../../graph/ops.ts";
import type { PreparedProgram } from "../../../graph/program.ts";
import { inOnePiece, type Pieces } from "../../../platform/pieces.ts";
import { streamWord } from "../../../random/philox.ts";
import { type FunctionBuilder, type Local, ModuleBuilder } from "../emit/assembler.ts";
import { addFillZero } from "../emit/dense.ts";
import { KernelCache } from "../emit/kernelCache.ts";
import { addRandomRows } from "../emit/randomKernel.ts";
import { addLoadRows, addMarkRows, addStoreRows } from "../emit/tileKernels.ts";
import type { VectorOptions } from "../emit/vector.ts";
import { type Argument, type Item, planMemory } from "./memoryPlan.ts";
import { guardPadding } from "./padding.ts";
import { copyCall, type SharedCall, SharedLowering } from "./sharedLowering.ts";
import { viewOf } from "./storage.ts";
import { type Accumulator, TileLowering } from "./tileLowering.ts";

/** Words of 32 bits at the start of memory that host and threads talk through. */
export const control = {
  arrived: 0,
  generation: 1,
  stop: 2,
  progress: 3,
  /** Words of the random draws: the key, the step, and the number of the first row. */
  key: 6,
  step: 8,
  firstRow: 9,
  /** Set when a thread will not come to the next meeting. */
  failed: 10,
  /** Tiles of the step at hand that are done. */
  tiles: 12,
  pointers: 16,
} as const;

/** Most shards that a batch is divided into; see `shardsOf`. */
export const mostShards = 8;

/** Where an array lies: address in bytes, and number of elements. */
export interface Region {
  readonly address: number;
  readonly size: number;
}

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
  const cache = new KernelCache(module, { rowLength, vector });

  // ---- what runs when
  const names = { rows: Object.keys(program.rows), sums: Object.keys(program.sums) };
  const guarded = guardPadding([
    ...Object.values(program.rows),
    ...Object.values(program.sums),
    ...program.updates.map(({ value }) => value),
  ]);
  yield;
  const rowOutputs = guarded.slice(0, names.rows.length);
  // A sum or a new value that is a parameter as it stands, or a part of one, is copied first: it would be read when other updates
  // have been written.
  const copied = (output: Expr): Expr =>
    viewOf(output).owner.op === "parameter" ? g.stopGradient(output) : output;
  const sumOutputs = guarded.slice(names.rows.length, names.rows.length + names.sums.length).map(copied);
  const updateOutputs = guarded.slice(names.rows.length + names.sums.length).map(copied);
  const order = topologicalOrder([...rowOutputs, ...sumOutputs, ...updateOutputs]);
  const after = new Set<Expr>();
  for (const node of order) {
    const isSum = node.op === "sumRows" || node.op === "sumOuter";
    if (!isSum && !node.inputs.some((input) => after.has(input))) continue;
    if (node.batched || (isSum && node.inputs.some((input) => after.has(input))))
      throw new ShapeError("wasm engine: a sum over rows cannot be used for each row in the same program.");
    after.add(node);
  }
  const isSumOverRows = (node: Expr): boolean => node.op === "sumRows" || node.op === "sumOuter";
  const tileNodes = order.filter((node) => node.batched || isSumOverRows(node));
  const forSums = new Set(topologicalOrder(sumOutputs));
  const forTiles = new Set(topologicalOrder([...tileNodes, ...rowOutputs]));
  // What only the updates read, such as a decayed moment, is best computed in the kernel that reads it.
  const isPrologue = (node: Expr): boolean =>
    !node.batched && !after.has(node) && (forSums.has(node) || forTiles.has(node));
  const prologueNodes = order.filter(isPrologue);
  const epilogueNodes = order.filter((node) => after.has(node) && !isSumOverRows(node) && forSums.has(node));
  const updateNodes = order.filter(
    (node) => !node.batched && !isSumOverRows(node) && !forSums.has(node) && !isPrologue(node),
  );
  const consumers = new Map<Expr, Expr[]>();
  for (const node of order)
    for (const input of node.inputs) {
      const list = consumers.get(input);
      if (list) list.push(node);
      else consumers.set(input, [node]);
    }
  for (const output of [...sumOutputs, ...updateOutputs])
    consumers.set(output, [...(consumers.get(output) ?? []), output]);

  // ---- memory
  const laneBytes = cache.laneBytes;
  let top = 4 * control.pointers + 4 * (program.inputs.length + names.rows.length);
  const allocate = (bytes: number): number => {
    const address = Math.ceil(top / 64) * 64;
    // A vector more, since vectors read past the end of lengths that are no multiple of theirs.
    top = address + Math.ceil(bytes / 16) * 16 + 16;
    return address;
  };
  const addresses = new Map<Expr, number>();
  const constants: { address: number; data: Float64Array }[] = [];
  const parametersByName = new Map<string, ParameterExpr>();
  const addressOf = (owner: Expr): number => {
    const key = owner.op === "parameter" ? (parametersByName.get(owner.name) ?? owner) : owner;
    let address = addresses.get(key);
    if (address === undefined) {
      address = allocate(sizeOf(owner.shape) * laneBytes);
      addresses.set(key, address);
      if (owner.op === "constant") constants.push({ address, data: owner.data });
    }
    return address;
  };
  const region = (owner: Expr): Region => ({ address: addressOf(owner), size: sizeOf(owner.shape) });
  for (const parameter of program.parameters) {
    parametersByName.set(parameter.name, parameter);
    addressOf(parameter);
  }
  const tables: { address: number; data: Int32Array }[] = [];
  const tableByContent = new Map<string, number>();
  const table = (data: Int32Array): number => {
    const key = data.join();
    let address = tableByContent.get(key);
    if (address === undefined) {
      address = allocate(data.byteLength);
      tableByContent.set(key, address);
      tables.push({ address, data });
    }
    return address;
  };
  const accumulators = new Map<Expr, Accumulator>();
  let shardTop = 0;
  const accumulator = (node: Expr): Accumulator => {
    let own = accumulators.get(node);
    if (!own) {
      const isOuter = node.op === "sumOuter";
      const rows = isOuter ? node.shape[0]! : 1;
      const width = isOuter ? node.shape[1]! : sizeOf(node.shape);
      const pitch = Math.ceil(width / cache.lanes) * cache.lanes;
      own = { node, offset: shardTop, rows, width, pitch };
      // Sums over rows are float64, so that their error does not grow with the rows.
      shardTop += Math.ceil((rows * pitch * (isOuter ? laneBytes : 8)) / 64) * 64;
      accumulators.set(node, own);
    }
    return own;
  };

  // ---- tiles
  const tiles = new TileLowering(cache, { table, accumulator }, consumers);
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
    const placed = tiles.asRows(output);
    const kernel = cache.get(`store ${size}`, () => addStoreRows(module, size, cache.shape));
    const args: Argument[] = [
      tiles.value(placed.value),
      target,
      { kind: "parameter", name: "position" },
      { kind: "parameter", name: "count" },
    ];
    items.push(...placed.items, { kernel, arguments: args, reads: [viewOf(placed.value).owner], writes: [] });
  });
  yield;
  const plan = planMemory(items, (owner) => tiles.bytesOf(owner));
  yield;
  emitTile(module, items, plan.offsets, addressOf);

  // ---- shared phases
  yield;
  const shardBytes = Math.max(64, shardTop);
  const shardBase = allocate(shardBytes * mostShards);
  const shared = new SharedLowering(cache, { table, address: addressOf });
  const units = {
    prologue: yield* shared.units(prologueNodes),
    epilogue: yield* shared.units(epilogueNodes),
    updates: yield* shared.units(updateNodes),
  };
  yield;
  const copies = placeUpdates(
    program,
    updateOutputs,
    sumOutputs,
    units.updates,
    addresses,
    addressOf,
    laneBytes,
  );
  const readLater = [...tileNodes, ...epilogueNodes, ...updateNodes].flatMap((node) => node.inputs);
  const shards = { base: shardBase, bytes: shardBytes };
  const prologue = yield* shared.lower(
    units.prologue,
    [...readLater, ...rowOutputs, ...sumOutputs, ...updateOutputs].filter((node) => !node.batched),
    [],
    shards,
  );
  const epilogue = yield* shared.lower(
    units.epilogue,
    [...updateNodes.flatMap((node) => node.inputs), ...sumOutputs, ...updateOutputs],
    [...accumulators.values()],
    shards,
  );
  const updates = yield* shared.lower(units.updates, updateOutputs, [], shards);
  if (copies.length > 0) updates.push(copies.map(({ from, to, count }) => copyCall(cache, from, to, count)));
  emitLevels(module, "p", prologue);
  emitLevels(module, "e", epilogue);
  emitLevels(module, "u", updates);
  addFillZero(module, "zero");

  const arenaBytes = Math.ceil(plan.bytes / 64) * 64 + 64;
  const arenas = allocate(arenaBytes * options.threads);
  const parameters = new Map(program.parameters.map((parameter) => [parameter.name, region(parameter)]));
  const stepInputs = new Map(program.stepInputs.map((leaf) => [leaf.name, region(leaf)]));
  const sums = new Map(
    sumOutputs.map((output, i) => {
      const { owner, offset } = viewOf(output);
      return [names.sums[i]!, { address: addressOf(owner) + offset * laneBytes, size: sizeOf(output.shape) }];
    }),
  );
  return {
    bytes: module.finish(),
    vector,
    rowLength,
    memoryBytes: Math.ceil((top + 64) / 64) * 64,
    parameters,
    stepInputs,
    sums,
    inputs: program.inputs.map(({ name, shape }) => ({ name, size: sizeOf(shape) })),
    rows: rowOutputs.map(({ shape }, i) => ({ name: names.rows[i]!, size: sizeOf(shape) })),
    constants,
    tables,
    hasRandoms: program.randoms.length > 0,
    shards: { address: shardBase, size: mostShards },
    shardBytes,
    arenas,
    arenaBytes,
    levels: { prologue: prologue.length, epilogue: epilogue.length, updates: updates.length },
  };
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
  addresses: Map<Expr, number>,
  addressOf: (owner: Expr) => number,
  laneBytes: number,
): { from: number; to: number; count: number }[] {
  const copied: { value: Expr; parameter: Expr }[] = [];
  const taken = new Set<Expr>(sums.map((output) => viewOf(output).owner));
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
    const isFused = value.op === "elementwise" && !addresses.has(value);
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
    if (home && isFused && isAligned && !taken.has(value) && readers.every((unit) => unit === home)) {
      addresses.set(value, addressOf(parameter));
      taken.add(value);
    } else copied.push({ value, parameter });
  });
  return copied.map(({ value, parameter }) => {
    const { owner, offset } = viewOf(value);
    return {
      from: addressOf(owner) + offset * laneBytes,
      to: addressOf(parameter),
      count: sizeOf(parameter.shape),
    };
  });
}

function isParameter(node: Expr, name: string): boolean {
  return node.op === "parameter" && node.name === name;
}

/** The function `tile(arena, shard, indices, count, position)`. */
function emitTile(
  module: ModuleBuilder,
  items: readonly Item[],
  offsets: ReadonlyMap<Expr, number>,
  addressOf: (owner: Expr) => number,
): void {
  // Kernels are added while lowering, so that all of them come before this function.
  module.addFunction("tile", ["i32", "i32", "i32", "i32", "i32"], [], (f) => {
    const [arena, shard, indices, count, position] = [0, 1, 2, 3, 4].map((i) => f.parameter(i)) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
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
    run(items);
  });
}

/** Functions `<prefix>0`, `<prefix>1`, ... `(thread, threads, shards)`, one a level. */
function emitLevels(module: ModuleBuilder, prefix: string, levels: readonly (readonly SharedCall[])[]): void {
  levels.forEach((calls, level) => {
    module.addFunction(`${prefix}${level}`, ["i32", "i32", "i32"], [], (f) => {
      const [thread, threads, shards] = [0, 1, 2].map((i) => f.parameter(i)) as [Local, Local, Local];
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
