/**
 * What each kernel of a plan does, in plain loops over float64 numbers: the meaning of the descriptors, written once more and without
 * regard to speed.
 *
 * @module
 */

import { elementwise } from "../../graph/ops/elementwise.ts";
import type { FusedKernel, Kernel } from "../../plan/kernels.ts";

/** An operand as a kernel meets it: where its first number is, and how far apart its lines are. */
export interface Place {
  readonly data: Float64Array;
  readonly at: number;
}

/** A sum over rows: that of one shard in a tile, those of all shards after the tiles. */
export interface ShardPlace {
  readonly shards: readonly Float64Array[];
  readonly at: number;
}

/** What a kernel is called with, in order; a number stands for itself. */
export type Operand = Place | ShardPlace | Int32Array | number;

/** What a call knows beside its operands. */
export interface CallContext {
  /** Lanes of a line. */
  readonly rowLength: number;
  /** How many of them are computed. */
  readonly lanes: number;
  /** Row numbers of the tile within its input, one a row. */
  readonly indices: Uint32Array;
  /** Uniform numbers of a stream, row-major, for so many rows from a place in the batch on. */
  readonly uniforms: (stream: number, position: number, rows: number, size: number) => Float64Array;
  /** The share of a thread, in vectors or rows; all of it in a tile. */
  readonly share: { readonly from: number; readonly to: number };
  /** Numbers of a vector. */
  readonly vector: number;
  /** Numbers of a call's result, where the kernel does not say how many there are. */
  readonly resultSize: number;
}

/** Runs one call; returns whether a loop is at its end, of the kernel that says so. */
export function runKernel(kernel: Kernel, operands: readonly Operand[], context: CallContext): boolean {
  const { rowLength, lanes } = context;
  const place = (i: number): Place => operands[i] as Place;
  const number = (i: number): number => operands[i] as number;
  const table = (i: number): Int32Array => operands[i] as Int32Array;
  /** Number `line` of an operand, in a lane where it is of rows. */
  const get = (i: number, line: number, lane = 0, pitch = 1): number =>
    place(i).data[place(i).at + line * pitch + lane]!;
  const set = (i: number, value: number, line: number, lane = 0, pitch = 1): void => {
    place(i).data[place(i).at + line * pitch + lane] = value;
  };
  const eachLane = (rule: (lane: number) => void): void => {
    for (let lane = 0; lane < lanes; lane++) rule(lane);
  };
  /** Where a kernel has a variant for shared values: those are one lane, number after number. */
  const eachLaneOf = (space: "row" | "shared", rule: (lane: number, pitch: number) => void): void =>
    space === "shared" ? rule(0, 1) : eachLane((lane) => rule(lane, rowLength));

  switch (kernel.kind) {
    case "load": {
      const count = number(2);
      eachLane((lane) => {
        const row = context.indices[Math.min(lane, count - 1)]!;
        for (let k = 0; k < kernel.size; k++) set(3, get(0, row * kernel.size + k), k, lane, rowLength);
      });
      return false;
    }
    case "store": {
      const [position, count] = [number(2), number(3)];
      for (let lane = 0; lane < count; lane++)
        for (let k = 0; k < kernel.size; k++)
          set(1, get(0, k, lane, rowLength), (position + lane) * kernel.size + k);
      return false;
    }
    case "random": {
      const [position, stream, count] = [number(1), number(2), number(3)];
      const uniforms = context.uniforms(stream, position, count, kernel.size);
      eachLane((lane) => {
        const row = Math.min(lane, count - 1);
        for (let k = 0; k < kernel.size; k++) set(0, uniforms[row * kernel.size + k]!, k, lane, rowLength);
      });
      return false;
    }
    case "mark": {
      const count = number(1);
      eachLane((lane) => set(0, lane < count ? 1 : 0, 0, lane));
      return false;
    }
    case "allLanes": {
      let isAll = true;
      eachLane((lane) => {
        if (get(0, 0, lane) === 0) isAll = false;
      });
      return isAll;
    }
    case "copyLines":
      for (let k = 0; k < kernel.lines; k++)
        eachLane((lane) => set(1, get(0, k, lane, rowLength), k, lane, rowLength));
      return false;
    case "spread":
      for (let k = 0; k < kernel.lines; k++) eachLane((lane) => set(1, get(0, k), k, lane, rowLength));
      return false;
    case "copyNumbers":
      for (let k = 0; k < number(2); k++) set(1, get(0, k), k);
      return false;
    case "gather":
      eachLaneOf(kernel.space, (lane, pitch) => {
        for (let k = 0; k < number(3); k++) {
          const from = table(2)[k]!;
          set(1, from < 0 ? 0 : get(0, from, lane, pitch), k, lane, pitch);
        }
      });
      return false;
    case "scatter":
      eachLaneOf(kernel.space, (lane, pitch) => {
        for (let k = 0; k < number(3); k++) {
          const to = table(2)[k]!;
          if (to >= 0) set(1, get(1, to, lane, pitch) + get(0, k, lane, pitch), to, lane, pitch);
        }
      });
      return false;
    case "sum": {
      const { outer, count, inner } = kernel;
      eachLaneOf(kernel.space, (lane, pitch) => {
        for (let o = 0; o < outer; o++)
          for (let i = 0; i < inner; i++) {
            let total = 0;
            for (let k = 0; k < count; k++) total += get(0, (o * count + k) * inner + i, lane, pitch);
            set(1, total, o * inner + i, lane, pitch);
          }
      });
      return false;
    }
    case "solve": {
      const { size, lower, transposed } = kernel;
      const matrix = (i: number, j: number): number =>
        transposed ? get(0, j * size + i) : get(0, i * size + j);
      // The transpose of a lower triangle is an upper one, which is solved from its last row.
      const order = Array.from({ length: size }, (_, i) => (lower !== transposed ? i : size - 1 - i));
      eachLaneOf(kernel.space, (lane, pitch) => {
        order.forEach((i, step) => {
          let total = get(1, i, lane, pitch);
          for (const j of order.slice(0, step)) total -= matrix(i, j) * get(2, j, lane, pitch);
          set(2, total / matrix(i, i), i, lane, pitch);
        });
      });
      return false;
    }
    case "fused":
      runFused(kernel, operands as readonly Place[], context);
      return false;
    case "layer": {
      const { rows, rowStride, columnStride, hasBias, finish } = kernel;
      for (let i = 0; i < rows; i++)
        eachLane((lane) => {
          let total = hasBias ? get(3, i) : 0;
          for (let k = 0; k < number(4); k++)
            total += get(0, i * rowStride + k * columnStride) * get(1, k, lane, rowLength);
          if (finish === "rectified") total = Math.max(total, 0);
          if (finish === "gated" && !(get(3, i, lane, rowLength) > 0)) total = 0;
          set(2, total, i, lane, rowLength);
        });
      return false;
    }
    case "connected": {
      const { rows, rowStride, columnStride, hasBias } = kernel;
      for (let run = 0; run < number(5); run++) {
        const [weights, from, line, count] = runAt(table(4), run);
        const isFirst = run === 0 || runAt(table(4), run - 1)[2] !== line;
        for (let i = 0; i < rows; i++)
          eachLane((lane) => {
            let total = !isFirst ? get(2, line + i, lane, rowLength) : hasBias ? get(3, i) : 0;
            for (let k = 0; k < count; k++)
              total += get(0, weights + i * rowStride + k * columnStride) * get(1, from + k, lane, rowLength);
            set(2, total, line + i, lane, rowLength);
          });
      }
      return false;
    }
    case "sumRows": {
      const { shards, at } = operands[1] as ShardPlace;
      for (let k = 0; k < kernel.rows; k++) {
        let total = 0;
        // All lanes, with those that have no row: what these hold must be 0.
        for (let lane = 0; lane < rowLength; lane++) total += get(0, k, lane, rowLength);
        shards[0]![at + k]! += total;
      }
      return false;
    }
    case "transpose":
      eachLane((lane) => {
        for (let k = 0; k < kernel.pitch; k++)
          set(1, k < kernel.elements ? get(0, k, lane, rowLength) : 0, k, lane * kernel.pitch);
      });
      return false;
    case "sumOuter": {
      const { rows, pitch } = kernel;
      const { shards, at } = operands[2] as ShardPlace;
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < number(3); j++)
          for (let lane = 0; lane < number(4); lane++)
            shards[0]![at + i * pitch + j]! += get(0, i, lane, rowLength) * get(1, j, lane * pitch);
      return false;
    }
    case "sumConnected": {
      const { rows, columns, pitch, sourcePitch } = kernel;
      const { shards, at } = operands[2] as ShardPlace;
      for (let run = 0; run < number(5); run++) {
        const [line, from, to] = runAt(table(4), run);
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++)
            for (let lane = 0; lane < number(3); lane++)
              shards[0]![at + to + i * pitch + j]! +=
                get(0, line + i, lane, rowLength) * get(1, from + j, lane * sourcePitch);
      }
      return false;
    }
    case "sharedProduct": {
      const { rows, inner, columns, pitch, rowStride, columnStride, hasBias } = kernel;
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          let total = hasBias ? get(2, i) : 0;
          for (let k = 0; k < inner; k++)
            total += get(0, i * rowStride + k * columnStride) * get(1, j, k * pitch);
          set(3, total, j, i * pitch);
        }
      return false;
    }
    case "matrixProduct": {
      const { rows, columns, pitch } = kernel;
      const inner = number(4);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          let total = 0;
          for (let k = 0; k < inner; k++) total += get(0, i * kernel.inner + k) * get(1, j, k * pitch);
          set(2, total, j, i * pitch);
        }
      return false;
    }
    case "addShards": {
      const { width, pitch } = kernel;
      const { shards, at } = operands[0] as ShardPlace;
      for (let row = context.share.from; row < context.share.to; row++)
        for (let i = 0; i < width; i++) {
          let total = 0;
          for (const shard of shards) total += shard[at + row * pitch + i]!;
          set(1, total, row * width + i);
        }
      return false;
    }
  }
}

/** A run of a layer between positions, as its table has it. */
const runAt = (table: Int32Array, run: number): [number, number, number, number] =>
  Array.from(table.subarray(4 * run, 4 * run + 4)) as [number, number, number, number];

/** A scalar program, for each feature and each lane; the lanes of a range are the numbers of the values themselves. */
function runFused(
  { space, features, code }: FusedKernel,
  operands: readonly Place[],
  { rowLength, lanes, share, vector, resultSize }: CallContext,
): void {
  const { sources, instructions, results } = code;
  const isRow = space === "row";
  const [first, end] = space === "range" ? [share.from * vector, share.to * vector] : [0, features];
  const pitch = isRow ? rowLength : 1;
  /** What is computed, in the order of the instructions; those that an operation does not take are read and not used. */
  const registers = new Float64Array(instructions.length);
  for (let lane = 0; lane < (isRow ? lanes : 1); lane++) {
    results.forEach(({ isSum }, r) => {
      const { data, at } = operands[sources.length + r]!;
      if (isSum) data[at + lane] = 0;
    });
    for (let feature = first; feature < Math.min(end, space === "range" ? resultSize : end); feature++) {
      for (let k = 0; k < instructions.length; k++) {
        const instruction = instructions[k]!;
        if (instruction.op === "number") registers[k] = instruction.value;
        else if (instruction.op === "source") {
          const { kind, width } = sources[instruction.source]!;
          const { data, at } = operands[instruction.source]!;
          const isOfFeature = kind === "rows" || kind === "shared";
          const line = (isOfFeature ? feature * width : 0) + instruction.column;
          const isOfLane = isRow && (kind === "rows" || kind === "repeated");
          registers[k] = data[isOfLane ? at + line * pitch + lane : at + line]!;
        } else {
          const [a, b = 0, c = 0] = instruction.operands;
          registers[k] = elementwise[instruction.op].value(registers[a!]!, registers[b]!, registers[c]!);
        }
      }
      results.forEach(({ isSum, registers: own }, r) => {
        const { data, at } = operands[sources.length + r]!;
        own.forEach((register, column) => {
          if (isSum) data[at + lane]! += registers[register]!;
          else data[at + (feature * own.length + column) * pitch + lane] = registers[register]!;
        });
      });
    }
  }
}
