/**
 * A digest of bytes by Philox: equal for equal bytes, and in practice for no others. It guards against damage, not
 * against somebody who wants to deceive.
 *
 * @module
 */

import { philox4x32 } from "./philox.ts";

/** 128 bits as hexadecimal text; the parts and their lengths both count. O(bytes), about 0.3 GB a second. */
export function digestOf(parts: readonly Uint8Array[]): string {
  const state = new Uint32Array(4);
  const mix = (low: number, high: number): void =>
    philox4x32(state[0]! ^ low, state[1]! ^ high, state[2]!, state[3]!, 1, 2, state);
  for (const part of parts) {
    mix(part.length, 1);
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    const wholeBytes = part.length - (part.length % 8);
    for (let at = 0; at < wholeBytes; at += 8) mix(view.getUint32(at, true), view.getUint32(at + 4, true));
    const rest = new Uint8Array(8);
    rest.set(part.subarray(wholeBytes));
    const tail = new DataView(rest.buffer);
    if (wholeBytes < part.length) mix(tail.getUint32(0, true), tail.getUint32(4, true));
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** The bytes of an array of numbers, not copied. */
export function bytesOf(data: {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
}): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
