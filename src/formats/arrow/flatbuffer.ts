/**
 * FlatBuffers, as far as Arrow's metadata need them. Every offset is checked before it is followed, and what is read in all is
 * bounded by the size of the bytes: in damaged ones a thousand offsets may lead to one place, and one back to where it came from.
 *
 * https://flatbuffers.dev/internals/
 *
 * @module
 */

/** Reads that a buffer may cost beside one for each of its bytes. */
const fewReads = 1024;

/** A buffer with what may still be read of it. */
class Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #left: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = bytes.length + fewReads;
  }

  spend(reads: number): void {
    this.#left -= reads;
    if (this.#left < 0) throw new Error("its metadata say the same things again and again");
  }
}

/** A table of a buffer: its fields are read by their numbers, from 0. */
export class FlatTable {
  readonly #source: Source;
  readonly #at: number;
  readonly #fields: number;
  readonly #size: number;

  constructor(source: Source, at: number) {
    source.spend(1);
    this.#source = source;
    this.#at = at;
    this.#fields = at - source.view.getInt32(at, true);
    this.#size = source.view.getUint16(this.#fields, true);
  }

  /** Where a field is; undefined where it is absent. */
  #place(field: number): number | undefined {
    const slot = 4 + 2 * field;
    if (slot + 2 > this.#size) return undefined;
    const offset = this.#source.view.getUint16(this.#fields + slot, true);
    return offset === 0 ? undefined : this.#at + offset;
  }

  /** Where the offset in a field leads. */
  #target(field: number): number | undefined {
    const place = this.#place(field);
    return place === undefined ? undefined : place + this.#source.view.getUint32(place, true);
  }

  #number(field: number, otherwise: number, read: (view: DataView, at: number) => number): number {
    const place = this.#place(field);
    return place === undefined ? otherwise : read(this.#source.view, place);
  }

  byte(field: number, otherwise: number): number {
    return this.#number(field, otherwise, (view, at) => view.getUint8(at));
  }

  short(field: number, otherwise: number): number {
    return this.#number(field, otherwise, (view, at) => view.getInt16(at, true));
  }

  int(field: number, otherwise: number): number {
    return this.#number(field, otherwise, (view, at) => view.getInt32(at, true));
  }

  /** A number of 64 bits that must be a length or a place. */
  long(field: number, otherwise: number): number {
    return this.#number(field, otherwise, lengthAt);
  }

  /** A number of 64 bits that names something. */
  id(field: number): bigint {
    const place = this.#place(field);
    return place === undefined ? 0n : this.#source.view.getBigInt64(place, true);
  }

  table(field: number): FlatTable | undefined {
    const target = this.#target(field);
    return target === undefined ? undefined : new FlatTable(this.#source, target);
  }

  text(field: number): string | undefined {
    const target = this.#target(field);
    if (target === undefined) return undefined;
    const { view, bytes } = this.#source;
    const length = view.getUint32(target, true);
    if (length > bytes.length - target - 4) throw new Error("a text of its metadata is longer than they are");
    this.#source.spend(length);
    return new TextDecoder().decode(bytes.subarray(target + 4, target + 4 + length));
  }

  tables(field: number): FlatTable[] {
    return this.#elements(field, 4, (view, at) => new FlatTable(this.#source, at + view.getUint32(at, true)));
  }

  /** A vector of structures of some bytes each. */
  structures<T>(field: number, size: number, read: (view: DataView, at: number) => T): T[] {
    return this.#elements(field, size, read);
  }

  #elements<T>(field: number, size: number, read: (view: DataView, at: number) => T): T[] {
    const target = this.#target(field);
    if (target === undefined) return [];
    const { view } = this.#source;
    const length = view.getUint32(target, true);
    if (length > (view.byteLength - target - 4) / size)
      throw new Error("a list of its metadata is longer than they are");
    this.#source.spend(length);
    return Array.from({ length }, (_, i) => read(view, target + 4 + size * i));
  }
}

/** A length or place of 64 bits. */
export function lengthAt(view: DataView, at: number): number {
  const value = Number(view.getBigInt64(at, true));
  if (!(Number.isSafeInteger(value) && value >= 0))
    throw new Error(`its metadata claim a length of ${value}`);
  return value;
}

/** The table at the root of a buffer. */
export function rootTable(bytes: Uint8Array): FlatTable {
  const source = new Source(bytes);
  return new FlatTable(source, source.view.getUint32(0, true));
}
