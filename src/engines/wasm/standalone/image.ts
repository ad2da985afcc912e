/**
 * What lies in the memory of a module from the start: weights, tables, whatever its code reads and does not write.
 *
 * @module
 */

import { type Numbers, type PackedPiece, packed } from "./packedNumbers.ts";

/** Places are multiples of it, and so much is left free behind each: vectors read past the end of lengths that are not a multiple of theirs. */
const alignment = 16;
/** Bytes that are not written to begin another run only where there are more of them: a run has some of its own. */
const longestGap = 8;

interface Piece {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** What is longer lies far away, where there is such a place. */
const longestNear = 1024;

/** Addresses of three bytes in code are below it. */
export const farAddress: number = 2 ** 20;

/** Bytes with addresses; equal ones are there once. */
export class MemoryImage {
  readonly #pieces: Piece[] = [];
  readonly #packed: PackedPiece[] = [];
  readonly #byContent = new Map<number, Piece[]>();
  readonly #far: number;
  #end: number;
  #farEnd: number;

  /**
   * @param start - The first address, a multiple of 16.
   * @param far - The first address of what is long, so that others are near, which have short addresses; undefined for one place for all.
   */
  constructor(start: number, far?: number) {
    this.#end = start;
    this.#far = far ?? Number.POSITIVE_INFINITY;
    this.#farEnd = far ?? 0;
  }

  /** The first address behind all, a multiple of 16. */
  get end(): number {
    return Math.max(this.#end, this.#farEnd);
  }

  /**
   * The address of so many bytes that are zero at first, for code to write to.
   * @param longest - How long it may be near.
   */
  reserve(length: number, longest: number = longestNear): number {
    const size = Math.ceil(length / alignment) * alignment + alignment;
    const isFar =
      this.#far !== Number.POSITIVE_INFINITY && (length > longest || this.#end + size > this.#far);
    const address = isFar ? this.#farEnd : this.#end;
    if (isFar) this.#farEnd += size;
    else this.#end += size;
    return address;
  }

  /** The address of some bytes, which nobody writes to. */
  constant(bytes: Uint8Array): number {
    return this.#once(bytes, () => this.#written(bytes));
  }

  /** The address of some numbers, which nobody writes to; in an image with far places they are packed where they can be. */
  numbers(numbers: Numbers): number {
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    return this.#once(bytes, () => {
      const short = this.#far === Number.POSITIVE_INFINITY ? undefined : packed(numbers);
      if (!short) return this.#written(bytes);
      const to = this.reserve(bytes.length);
      const kind = numbers instanceof Float64Array ? "f64" : "i32";
      const among = short.among ? this.numbers(short.among) : 0;
      this.#packed.push({ ...short, kind, to, among });
      return to;
    });
  }

  /** What is to be written out when an instance is made. */
  get packed(): readonly PackedPiece[] {
    return this.#packed;
  }

  #written(bytes: Uint8Array): number {
    const address = this.reserve(bytes.length);
    this.#pieces.push({ address, bytes });
    return address;
  }

  /** The address of equal bytes, or a new one. */
  #once(bytes: Uint8Array, place: () => number): number {
    const hash = hashOf(bytes);
    const alike = this.#byContent.get(hash) ?? [];
    const known = alike.find((piece) => isEqual(piece.bytes, bytes));
    if (known) return known.address;
    const address = place();
    this.#byContent.set(hash, [...alike, { address, bytes }]);
    return address;
  }

  /** Writes numbers of 32 bits to reserved bytes. */
  write(address: number, numbers: ArrayLike<number>): void {
    this.#pieces.push({ address, bytes: new Uint8Array(Int32Array.from(numbers).buffer) });
  }

  /** What has been written, and where: runs of bytes without what is long and zero at first between them. */
  get segments(): readonly Piece[] {
    const runs: { readonly address: number; end: number; readonly pieces: Piece[] }[] = [];
    for (const piece of this.#pieces.toSorted((a, b) => a.address - b.address)) {
      let run = runs.at(-1);
      if (!run || piece.address - run.end > longestGap)
        runs.push((run = { address: piece.address, end: piece.address, pieces: [] }));
      run.pieces.push(piece);
      run.end = piece.address + piece.bytes.length;
    }
    return runs.map(({ address, end, pieces }) => {
      const bytes = new Uint8Array(end - address);
      for (const piece of pieces) bytes.set(piece.bytes, piece.address - address);
      return { address, bytes };
    });
  }
}

/** FNV-1a, of 32 bits. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
