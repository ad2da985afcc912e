/**
 * Rows of a training that are on disk: blocks of neighbors, which each epoch takes in a new order.
 *
 * A window has as many rows as a round of the training. It takes its blocks from all over the table, in the order of the epoch, and the training
 * goes through its rows in an order of their own. With some hundred blocks in a window, a table that is sorted does no harm. Chen and
 * Guestrin (2016), "XGBoost: A Scalable Tree Boosting System", section 4.3, keep blocks on disk for the same reason: a row is read from its source
 * and prepared once. https://arxiv.org/abs/1603.02754
 *
 * @module
 */

import { inOnePiece } from "../../platform/pieces.ts";
import type { ScratchFile } from "../../platform/scratchFile.ts";
import { permutationInPieces } from "../../random/permutation.ts";
import { type RandomKey, RandomStream, split } from "../../random/philox.ts";

/** Rows of a block: of a window of a round, usually 128,000 rows, some five hundred blocks. */
const blockRows = 256;

/** Rows of so many numbers each, in a file. */
export class StoredRows {
  readonly #file: ScratchFile;
  readonly #width: number;
  readonly #key: RandomKey;
  readonly #isDouble: boolean;
  #rows = 0;
  #order: { readonly epoch: number; readonly blocks: Uint32Array; readonly short: number } | undefined;

  /**
   * @param width - Numbers of a row.
   * @param isDouble - Whether they are kept in float64; else in float32, as a training in float32 sees them.
   * @param key - Source of the orders.
   */
  constructor(file: ScratchFile, width: number, isDouble: boolean, key: RandomKey) {
    this.#file = file;
    this.#width = width;
    this.#isDouble = isDouble;
    this.#key = key;
  }

  /** Rows that were added. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds rows, row-major. */
  add(values: Float64Array): void {
    const kept = this.#isDouble ? values : Float32Array.from(values);
    this.#file.append(new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength));
    this.#rows += values.length / this.#width;
  }

  /**
   * Rows of one epoch after the other, row-major.
   * @param from - Place of the first in the order of all epochs.
   */
  window(from: number, count: number): Float64Array {
    const values = new Float64Array(count * this.#width);
    for (let done = 0; done < count; ) {
      const epoch = Math.floor((from + done) / this.#rows);
      done += this.#block(epoch, (from + done) % this.#rows, values, done, count - done);
    }
    return values;
  }

  /** Fills in rows of the block at a place in an epoch, `most` of them at most; how many there were. */
  #block(epoch: number, at: number, values: Float64Array, to: number, most: number): number {
    const { blocks, short } = this.#orderOf(epoch);
    const lacking = blocks.length * blockRows - this.#rows;
    // The block that is not full shifts those behind it.
    const isBehind = at >= (short + 1) * blockRows - lacking;
    const place = at + (isBehind ? lacking : 0);
    const block = Math.floor(place / blockRows);
    const first = place % blockRows;
    const size = block === short ? blockRows - lacking : blockRows;
    const rows = Math.min(size - first, most);
    this.#read(values, to, blocks[block]! * blockRows + first, rows);
    return rows;
  }

  #read(values: Float64Array, to: number, from: number, rows: number): void {
    const count = rows * this.#width;
    const kept = this.#isDouble ? new Float64Array(count) : new Float32Array(count);
    this.#file.read(new Uint8Array(kept.buffer), from * this.#width * kept.BYTES_PER_ELEMENT);
    values.set(kept, to * this.#width);
  }

  #orderOf(epoch: number): { readonly blocks: Uint32Array; readonly short: number } {
    if (this.#order?.epoch === epoch) return this.#order;
    const count = Math.ceil(this.#rows / blockRows);
    const blocks = inOnePiece(
      permutationInPieces(new RandomStream(split(split(this.#key, "blocks"), epoch)), count),
    );
    this.#order = { epoch, blocks, short: blocks.indexOf(count - 1) };
    return this.#order;
  }
}
