/**
 * Where everything but the values of tiles lies: control words, parameters, shared values, constants, tables, sums.
 *
 * @module
 */

import { type Expr, type ParameterExpr, sizeOf } from "../../../graph/expr.ts";
import type { KernelCache } from "../emit/kernelCache.ts";

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

/**
 * Where the sums of a shard are kept: rows of `width` elements, `pitch` apart; those of `sumRows` are float64 in any precision.
 */
export interface Accumulator {
  readonly node: Expr;
  readonly offset: number;
  readonly rows: number;
  readonly width: number;
  readonly pitch: number;
}

/** Gives out memory, from the control words on; nothing is given back. */
export class MemoryLayout {
  readonly constants: { readonly address: number; readonly data: Float64Array }[] = [];
  readonly tables: { readonly address: number; readonly data: Int32Array }[] = [];
  /** Addresses of shared values that have one; an update's value may be placed here. */
  readonly addresses: Map<Expr, number> = new Map();
  readonly #accumulators = new Map<Expr, Accumulator>();
  readonly #parametersByName = new Map<string, ParameterExpr>();
  readonly #tableByContent = new Map<string, number>();
  readonly #cache: KernelCache;
  #top: number;
  #shardTop = 0;

  /** @param pointers - Pointers to rows in the control block: one for each batched input and output. */
  constructor(cache: KernelCache, pointers: number, parameters: readonly ParameterExpr[]) {
    this.#cache = cache;
    this.#top = 4 * (control.pointers + pointers);
    for (const parameter of parameters) {
      this.#parametersByName.set(parameter.name, parameter);
      this.address(parameter);
    }
  }

  /** Bytes that have been given out. */
  get bytes(): number {
    return Math.ceil((this.#top + 64) / 64) * 64;
  }

  /** Bytes of the sums of a shard. */
  get shardBytes(): number {
    return Math.max(64, this.#shardTop);
  }

  /** The sums that have a place. */
  get accumulators(): readonly Accumulator[] {
    return [...this.#accumulators.values()];
  }

  /** The address of so many bytes. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#top / 64) * 64;
    // A vector more, since vectors read past the end of lengths that are not a multiple of theirs.
    this.#top = address + Math.ceil(bytes / 16) * 16 + 16;
    return address;
  }

  /** The address of a shared value. */
  address(owner: Expr): number {
    const key = owner.op === "parameter" ? (this.#parametersByName.get(owner.name) ?? owner) : owner;
    let address = this.addresses.get(key);
    if (address === undefined) {
      address = this.allocate(sizeOf(owner.shape) * this.#cache.laneBytes);
      this.addresses.set(key, address);
      if (owner.op === "constant") this.constants.push({ address, data: owner.data });
    }
    return address;
  }

  /** Where a shared value lies. */
  region(owner: Expr): Region {
    return { address: this.address(owner), size: sizeOf(owner.shape) };
  }

  /** The address of a table of indices. */
  table(data: Int32Array): number {
    const key = data.join();
    let address = this.#tableByContent.get(key);
    if (address === undefined) {
      address = this.allocate(data.byteLength);
      this.#tableByContent.set(key, address);
      this.tables.push({ address, data });
    }
    return address;
  }

  /** The accumulator of a sum over rows, in a shard. */
  accumulator(node: Expr): Accumulator {
    let accumulator = this.#accumulators.get(node);
    if (!accumulator) {
      const { lanes, laneBytes } = this.#cache;
      const isOuter = node.op === "sumOuter";
      const rows = isOuter ? node.shape[0]! : 1;
      const width = isOuter ? node.shape[1]! : sizeOf(node.shape);
      const pitch = Math.ceil(width / lanes) * lanes;
      accumulator = { node, offset: this.#shardTop, rows, width, pitch };
      // Sums over rows are float64, so that their error does not grow with the rows.
      this.#shardTop += Math.ceil((rows * pitch * (isOuter ? laneBytes : 8)) / 64) * 64;
      this.#accumulators.set(node, accumulator);
    }
    return accumulator;
  }
}
