/**
 * A plan: what stands between a graph and an engine, as plain data.
 *
 * A plan says of a program where each value lives, which kernels compute it from what, in which order, and where threads have to
 * meet. It holds numbers, text, lists and typed arrays alone: no function, no node of a graph, nothing of an engine. So it can be
 * printed (`explain`), checked (`checkPlan`), copied to a worker, written to a file, or kept by its structure; and an engine is what
 * turns {@link Kernel} descriptors into code.
 *
 * @module
 */

import type { Space } from "../graph/expr.ts";
import type { Kernel } from "./kernels.ts";

/** What a plan has to know of the machine that will run it. */
export interface PlanTarget {
  /** Rows of a tile. */
  readonly rowLength: number;
  /** Most shards that a batch is divided into (default 8). */
  readonly mostShards?: number | undefined;
  /** Bytes of a number: 4 in float32, 8 in float64. */
  readonly numberBytes: 4 | 8;
  /** Numbers of a vector: widths of sums are rounded up to it, and shares of threads are multiples of it. */
  readonly lanes: number;
  /** Whether a dense layer may end in the gradient of a rectifier; see {@link LayerKernel.finish}. */
  readonly gates: boolean;
  /** Bytes at the start of memory that are the engine's own. */
  readonly reservedBytes: number;
}

/** Place of a value in {@link Plan.values}. */
export type ValueId = number;
/** Place of a kernel in {@link Plan.kernels}. */
export type KernelId = number;

/**
 * A value that has memory of its own, or is the slice of one that has: `row` in the arena of the thread, for each row of a tile; `shared` in memory once; `step`
 * a slice of a shared value.
 */
export interface PlanValue {
  readonly space: Space;
  /** What it is, for people: the name of a leaf, else the operation that makes it. */
  readonly name: string;
  /** Numbers that it has, of a row if its space is `row`. */
  readonly size: number;
  /**
   * Only of a `row` value that is kept row by row, as an operand of a sum of outer products: numbers from one row to the next. All
   * others are kept number by number: the first of all rows of the tile, then the second of all rows.
   */
  readonly pitch?: number | undefined;
  /** Of a constant: its numbers. */
  readonly constant?: Float64Array | undefined;
  readonly place: Place;
}

/** Where a value is in memory. */
export type Place =
  /** Nothing reads it. */
  | { readonly kind: "none" }
  /** Bytes from the start of the arena. */
  | { readonly kind: "arena"; readonly offset: number }
  /** Bytes from the start of memory. */
  | { readonly kind: "memory"; readonly address: number }
  /**
   * Numbers from the start of another value, and how many more in each round of each loop: of a shared value what a scan has stacked, of one of
   * rows a state that is kept for the way back.
   */
  | {
      readonly kind: "slice";
      readonly of: ValueId;
      readonly offset: number;
      readonly strides: readonly Stride[];
    };

/** Numbers from one round of a loop to the next, by the number of the loop; below 0 where the last slice is the first that is read. */
export interface Stride {
  readonly loop: number;
  readonly numbers: number;
}

/** What a kernel is called with. */
export type Argument =
  /** A value, some numbers in. */
  | { readonly kind: "value"; readonly value: ValueId; readonly start: number }
  /** A sum over rows, some numbers in: in the shard of the tile, or, after the tiles, in the first shard. */
  | {
      readonly kind: "sum";
      readonly sum: number;
      readonly start: number;
      /** How many numbers more in each round of each loop of a way back through a scan. */
      readonly strides?: readonly Stride[] | undefined;
    }
  | { readonly kind: "number"; readonly value: number }
  /** A table of {@link Plan.tables}. */
  | { readonly kind: "table"; readonly table: number }
  /** The rows of an input, or of an output that is one for each row: those of {@link Plan.inputs}, then of {@link Plan.rows}. */
  | { readonly kind: "array"; readonly array: number }
  /** What the tile is given: its rows' numbers, how many they are, and the place of the first in the batch. */
  | { readonly kind: "tile"; readonly name: "indices" | "count" | "position" };

/** One call of a kernel. */
export interface Call {
  readonly kernel: KernelId;
  readonly arguments: readonly Argument[];
}

/** Calls that are repeated. */
export interface Loop {
  readonly iterations: number;
  /**
   * Of a scan: the number by which slices name it, whether its rounds are counted from the last to the first, and, where it is one of blocks of
   * steps, how many rounds it has in the last round of the loop around it.
   */
  readonly scan?:
    | {
        readonly loop: number;
        readonly reversed: boolean;
        readonly last?: { readonly loop: number; readonly round: number; readonly iterations: number };
      }
    | undefined;
  /** Called after each round; a result other than 0 ends the loop. */
  readonly until?: Call | undefined;
  readonly items: readonly Item[];
}

/** What a tile runs, in order. */
export type Item = Call | Loop;

/** A call on shared values, and how threads share it. */
export interface SharedCall extends Call {
  /**
   * `single`: one thread makes it. `range`: each makes it, for its share of `count` vectors. `shards`: each makes it, for its share of
   * `count` rows of a sum over rows.
   */
  readonly split: { readonly kind: "single" } | { readonly kind: "range" | "shards"; readonly count: number };
}

/** Calls that need nothing of each other; threads meet after each level. */
export type Level = readonly SharedCall[];

/** A sum over rows as each shard keeps it. */
export interface ShardSum {
  /** The shared value that the shards are added up to. */
  readonly value: ValueId;
  /** Bytes from the start of the shard. */
  readonly offset: number;
  /** Rows of `width` numbers, `pitch` from one to the next. */
  readonly rows: number;
  readonly width: number;
  readonly pitch: number;
  /** Whether its numbers are float64 whatever the others are. */
  readonly isDouble: boolean;
}

/** A leaf or an output, by name; `start` numbers into its value. */
export interface Port {
  readonly name: string;
  readonly value: ValueId;
  readonly start: number;
  readonly size: number;
}

/** A table of whole numbers that kernels read. */
export interface Table {
  readonly address: number;
  readonly data: Int32Array;
}

/** What an engine emits; see the file's head. A step runs prologue, tiles, epilogue and, where it trains, updates. */
export interface Plan {
  readonly target: PlanTarget;
  readonly values: readonly PlanValue[];
  readonly kernels: readonly Kernel[];
  readonly tables: readonly Table[];
  readonly sums: readonly ShardSum[];
  /** Shared values that depend on parameters alone. */
  readonly prologue: readonly Level[];
  /** Once a tile. */
  readonly tile: readonly Item[];
  /** Shards added up, and what follows from the sums. */
  readonly epilogue: readonly Level[];
  /** New values of parameters, and what they alone need. */
  readonly updates: readonly Level[];
  /** What each row of the data has. */
  readonly inputs: readonly Port[];
  readonly parameters: readonly Port[];
  /** What each step is given. */
  readonly stepInputs: readonly Port[];
  /** Outputs of each row. */
  readonly rows: readonly Port[];
  /** Outputs of the step. */
  readonly outputs: readonly Port[];
  /** Parameters that the updates change, with their new values. */
  readonly changes: readonly {
    readonly parameter: ValueId;
    readonly value: ValueId;
    readonly start: number;
  }[];
  /** Whether random numbers are drawn. */
  readonly hasRandoms: boolean;
  /** Whether tiles compute the lanes that have rows alone; where rows are summed they compute all. */
  readonly isCut: boolean;
  readonly memory: PlanMemory;
}

/** How much memory there is of each kind, in bytes. */
export interface PlanMemory {
  /** End of shared values, constants, tables and shards. */
  readonly end: number;
  readonly shards: { readonly address: number; readonly bytes: number; readonly most: number };
  /** Of one thread. */
  readonly arenaBytes: number;
}
