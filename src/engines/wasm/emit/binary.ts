/**
 * Numbers and strings in the binary format of WebAssembly.
 *
 * @module
 */

/** Bytes that grow by doubling. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  readonly #scratch = new DataView(new ArrayBuffer(8));

  /** What was written, without a copy; valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.written);
    this.#bytes = larger;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** A byte, and the LEB128 of a number from 0 to 2^32 - 1: most of what a function body is made of. */
  numbered(code: number, value: number): void {
    if (this.#length + 6 > this.#bytes.length) this.#reserve(6);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = code;
    for (; value >= 0x80; value >>>= 7) bytes[at++] = (value & 0x7f) | 0x80;
    bytes[at++] = value;
    this.#length = at;
  }

  /** LEB128 of a number from 0 to 2^32 - 1. */
  unsigned(value: number): void {
    for (; value >= 0x80; value >>>= 7) this.byte((value & 0x7f) | 0x80);
    this.byte(value);
  }

  /** Signed LEB128 of the 32-bit pattern of an integer, so that 2^31 and above wrap to negative numbers. */
  signed(value: number): void {
    value |= 0;
    for (; value < -64 || value > 63; value >>= 7) this.byte((value & 0x7f) | 0x80);
    this.byte(value & 0x7f);
  }

  /** Signed LEB128 of the 64-bit pattern of an integer. */
  signed64(value: bigint): void {
    value = BigInt.asIntN(64, value);
    for (; value < -64n || value > 63n; value >>= 7n) this.byte(Number(value & 0x7fn) | 0x80);
    this.byte(Number(value & 0x7fn));
  }

  float32(value: number): void {
    this.#scratch.setFloat32(0, value, true);
    this.#copyScratch(4);
  }

  float64(value: number): void {
    this.#scratch.setFloat64(0, value, true);
    this.#copyScratch(8);
  }

  int32(value: number): void {
    this.#scratch.setInt32(0, value, true);
    this.#copyScratch(4);
  }

  int64(value: bigint): void {
    this.#scratch.setBigInt64(0, value, true);
    this.#copyScratch(8);
  }

  #copyScratch(count: number): void {
    for (let i = 0; i < count; i++) this.byte(this.#scratch.getUint8(i));
  }

  /** The length of the bytes, then the bytes: strings, sections and function bodies are written so. */
  sized(values: Uint8Array): void {
    this.unsigned(values.length);
    this.bytes(values);
  }

  text(value: string): void {
    this.sized(new TextEncoder().encode(value));
  }
}
