/**
 * A machine that runs a plan: its memory is an array of float64 numbers, its threads take turns.
 *
 * It knows the plan alone, nothing of the graph that the plan was made of. Memory is full of NaN at first, and an arena before each
 * tile, so that whatever is read and was not written shows in what comes out.
 *
 * @module
 */

import type { Argument, Call, Item, Level, Plan, Port, SharedCall, Stride } from "../../plan/plan.ts";
import type { RandomKey } from "../../random/philox.ts";
import { uniformsOfWord } from "../../random/programUniforms.ts";
import { type CallContext, type Operand, runKernel } from "./kernelRules.ts";

/** Who runs the plan. */
export interface Crew {
  /** How many threads share the work. */
  readonly threads: number;
  /** In which order they have their turns, between two meetings of all; numbers from 0. */
  readonly order: readonly number[];
}

/** The rows of one step. */
export interface PlanStep {
  readonly rows: number;
  /** Of each of the plan's inputs: its numbers, row by row. */
  readonly inputs: readonly Float64Array[];
  readonly draws: { readonly key: RandomKey; readonly step: number; readonly firstRow: number };
}

/** Where a tile runs. */
interface Tile {
  readonly arena: Float64Array;
  readonly shard: Float64Array;
  readonly indices: Uint32Array;
  readonly count: number;
  readonly position: number;
  /** Rows of inputs, then of outputs. */
  readonly arrays: readonly Float64Array[];
  readonly draws: PlanStep["draws"];
  /** The number of the slice that each scan is at. */
  readonly slices: Map<number, number>;
}

const bytesOfNumber = 8;

/** See the file's head. */
export class PlanMachine {
  readonly #plan: Plan;
  readonly #crew: Crew;
  readonly #memory: Float64Array;
  readonly #arenas: readonly Float64Array[];

  /** @param plan - For numbers of 8 bytes. */
  constructor(plan: Plan, crew: Crew) {
    this.#plan = plan;
    this.#crew = crew;
    const { end, arenaBytes } = plan.memory;
    this.#memory = new Float64Array(Math.ceil(end / bytesOfNumber)).fill(Number.NaN);
    this.#arenas = crew.order.map(() => new Float64Array(arenaBytes / bytesOfNumber));
    for (const { constant, place } of plan.values)
      if (constant && place.kind === "memory") this.#memory.set(constant, place.address / bytesOfNumber);
  }

  /** The numbers of a parameter, a step input or an output: the memory itself. */
  numbersOf({ value, start, size }: Port): Float64Array {
    const { place } = this.#plan.values[value]!;
    if (place.kind !== "memory") throw new Error("a port is not in memory");
    const from = place.address / bytesOfNumber + start;
    return this.#memory.subarray(from, from + size);
  }

  /** Runs prologue, tiles and epilogue; returns the outputs of each row. */
  run({ rows, inputs, draws }: PlanStep): Float64Array[] {
    const plan = this.#plan;
    const { rowLength } = plan.target;
    const { most, bytes } = plan.memory.shards;
    const outputs = plan.rows.map(({ size }) => new Float64Array(rows * size).fill(Number.NaN));
    const tiles = Math.ceil(rows / rowLength);
    // A function of the batch alone, so that sums do not depend on the number of threads.
    const shardCount = Math.max(1, Math.min(tiles, tiles >= 32 ? most : Math.min(most, 4)));
    const shards = Array.from({ length: shardCount }, () => new Float64Array(bytes / bytesOfNumber));
    this.#runLevels(plan.prologue, shards);
    for (const [turn, thread] of this.#crew.order.entries())
      for (let shard = thread; shard < shardCount; shard += this.#crew.threads)
        for (
          let tile = Math.floor((shard * tiles) / shardCount);
          tile < Math.floor(((shard + 1) * tiles) / shardCount);
          tile++
        ) {
          const position = tile * rowLength;
          const count = Math.min(rowLength, rows - position);
          const indices = Uint32Array.from({ length: count }, (_, i) => position + i);
          const arena = this.#arenas[turn]!.fill(Number.NaN);
          const arrays = [...inputs, ...outputs];
          this.#runItems(plan.tile, {
            arena,
            shard: shards[shard]!,
            indices,
            count,
            position,
            arrays,
            draws,
            slices: new Map(),
          });
        }
    this.#runLevels(plan.epilogue, shards);
    return outputs;
  }

  /** Gives the parameters that the plan changes their new values. */
  update(): void {
    this.#runLevels(this.#plan.updates, []);
  }

  #runItems(items: readonly Item[], tile: Tile): void {
    for (const item of items) {
      if (!("items" in item)) {
        this.#runInTile(item, tile);
        continue;
      }
      const { iterations, scan, until } = item;
      const last = scan?.last;
      const count = last && tile.slices.get(last.loop) === last.round ? last.iterations : iterations;
      for (let round = 0; round < count; round++) {
        if (scan) tile.slices.set(scan.loop, scan.reversed ? count - 1 - round : round);
        this.#runItems(item.items, tile);
        if (until && this.#runInTile(until, tile)) break;
      }
    }
  }

  #runInTile(call: Call, tile: Tile): boolean {
    const { rowLength, lanes: vector } = this.#plan.target;
    return runKernel(
      this.#plan.kernels[call.kernel]!,
      call.arguments.map((argument) => this.#operand(argument, tile, [tile.shard])),
      {
        rowLength,
        lanes: this.#plan.isCut ? tile.count : rowLength,
        indices: tile.indices,
        uniforms: (stream, position, rows, size) =>
          uniformsOfWord(
            { ...tile.draws, firstRow: tile.draws.firstRow + position },
            stream >>> 0,
            rows,
            size,
          ),
        share: { from: 0, to: 0 },
        vector,
        resultSize: 0,
      },
    );
  }

  /** Threads come after one another, in any order: between two meetings none needs another. */
  #runLevels(levels: readonly Level[], shards: readonly Float64Array[]): void {
    for (const level of levels)
      for (const thread of this.#crew.order) {
        let singles = 0;
        for (const call of level) {
          const isAnothers = call.split.kind === "single" && singles++ % this.#crew.threads !== thread;
          if (!isAnothers) this.#runShared(call, thread, shards);
        }
      }
  }

  #runShared(call: SharedCall, thread: number, shards: readonly Float64Array[]): void {
    const { target, kernels, values } = this.#plan;
    const { threads } = this.#crew;
    const { split } = call;
    const count = split.kind === "single" ? 0 : split.count;
    const partOf = (part: number): number => Math.floor((count * part) / threads);
    const kernel = kernels[call.kernel]!;
    const result = kernel.kind === "fused" ? call.arguments[kernel.code.sources.length] : undefined;
    const context: CallContext = {
      rowLength: target.rowLength,
      lanes: 1,
      indices: new Uint32Array(0),
      uniforms: () => new Float64Array(0),
      share: { from: partOf(thread), to: partOf(thread + 1) },
      vector: target.lanes,
      resultSize: result?.kind === "value" ? values[result.value]!.size : 0,
    };
    runKernel(
      kernel,
      call.arguments.map((argument) => this.#operand(argument, undefined, shards)),
      context,
    );
  }

  #operand(argument: Argument, tile: Tile | undefined, shards: readonly Float64Array[]): Operand {
    const { values, tables, sums, target } = this.#plan;
    const further = (strides: readonly Stride[]): number =>
      strides.reduce((sum, { loop, numbers }) => sum + numbers * tile!.slices.get(loop)!, 0);
    switch (argument.kind) {
      case "number":
        return argument.value;
      case "table":
        return tables[argument.table]!.data;
      case "array":
        return { data: tile!.arrays[argument.array]!, at: 0 };
      case "tile":
        return argument.name === "indices" ? 0 : tile![argument.name];
      case "sum":
        return {
          shards,
          at: sums[argument.sum]!.offset / bytesOfNumber + argument.start + further(argument.strides ?? []),
        };
      case "value": {
        const { pitch, place } = values[argument.value]!;
        if (place.kind === "arena") {
          const apart = pitch === undefined ? target.rowLength : 1;
          return { data: tile!.arena, at: place.offset / bytesOfNumber + argument.start * apart };
        }
        if (place.kind === "memory")
          return { data: this.#memory, at: place.address / bytesOfNumber + argument.start };
        if (place.kind === "none") throw new Error("a value without a place is read or written");
        const owner = values[place.of]!.place;
        const start = place.offset + argument.start + further(place.strides);
        if (owner.kind === "arena")
          return { data: tile!.arena, at: owner.offset / bytesOfNumber + start * target.rowLength };
        if (owner.kind !== "memory") throw new Error("a slice is of a value that is not in memory");
        return { data: this.#memory, at: owner.address / bytesOfNumber + start };
      }
    }
  }
}
