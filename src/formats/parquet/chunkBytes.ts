/**
 * The bytes of a column in a group of rows, read from the front: a window of them is in memory, and a page where it is larger.
 *
 * @module
 */

import type { ByteSource, Room } from "../../platform/byteSource.ts";
import { ByteReader } from "./parquetEncodings.ts";

/** Bytes in which a header is looked for first; most have some dozens. */
const headerSize = 2 ** 10;

/** See the head of this file. */
export class ChunkBytes {
  readonly #source: ByteSource;
  readonly #windowSize: number;
  readonly #end: number;
  /** Place of the next byte. */
  #at: number;
  #window: Uint8Array = new Uint8Array(0);
  readonly #room: Room | undefined;
  /** Place of the first byte of the window. */
  #from: number;

  /**
   * @param length - Bytes of the column, which lie within the source.
   * @param windowSize - Bytes that are read at a time, where a page has no more.
   * @param room - For the window: what was taken is there until more is asked for.
   */
  constructor(source: ByteSource, from: number, length: number, windowSize: number, room?: Room) {
    this.#source = source;
    this.#windowSize = windowSize;
    this.#room = room;
    this.#at = from;
    this.#from = from;
    this.#end = from + length;
  }

  /** What `read` makes of the bytes that follow; those that it takes are done. It is called again with more where they do not suffice. */
  async structure<Structure>(read: (reader: ByteReader) => Structure): Promise<Structure> {
    for (let size = headerSize; ; size *= 8) {
      await this.#fill(size);
      const reader = new ByteReader(this.#window.subarray(this.#at - this.#from));
      try {
        const structure = read(reader);
        this.#at += reader.at;
        return structure;
      } catch (error) {
        if (this.#from + this.#window.length >= this.#end) throw error;
      }
    }
  }

  /** Bytes that follow. */
  async take(length: number): Promise<Uint8Array> {
    if (!(length <= this.#end - this.#at)) throw new Error("a page is truncated");
    await this.#fill(length);
    const start = this.#at - this.#from;
    this.#at += length;
    const taken = this.#window.subarray(start, start + length);
    // A page that fills the window may be large: it is who takes it that keeps it.
    if (start + length === this.#window.length) {
      this.#window = new Uint8Array(0);
      this.#from = this.#at;
    }
    return taken;
  }

  /** Sees to it that so many of the bytes that follow are in the window, or all that there are. */
  async #fill(length: number): Promise<void> {
    const to = Math.min(this.#end, this.#at + length);
    if (this.#at >= this.#from && to <= this.#from + this.#window.length) return;
    this.#window = new Uint8Array(0);
    const end = Math.min(this.#end, this.#at + Math.max(length, this.#windowSize));
    // A page that is larger than others is not kept room for.
    const isUsual = end - this.#at <= this.#windowSize;
    this.#window = await this.#source.read(
      this.#at,
      end,
      isUsual ? this.#room?.take(end - this.#at) : undefined,
    );
    this.#from = this.#at;
  }
}
