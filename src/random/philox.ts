/**
 * Philox4x32-10: a counter-based generator. Each draw is a pure function of a 64-bit key and a 128-bit
 * counter, so streams split without coordination and a row's draws do not depend on its neighbors.
 *
 * One round (Salmon et al. 2011, section 3.3; `hi`, `lo` are the halves of a 32 x 32 -> 64 bit product):
 *
 *     (c0, c1, c2, c3) <- (hi(M1 c2) ^ c1 ^ k0,  lo(M1 c2),  hi(M0 c0) ^ c3 ^ k1,  lo(M0 c0))
 *     (k0, k1)         <- (k0 + W0, k1 + W1)           the Weyl sequence between rounds
 *
 * Ten rounds pass BigCrush. The last counter word is a domain tag: streams, rows, and key derivation
 * never meet the same (key, counter) pair, whatever the seeds.
 *
 * J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011,
 * https://doi.org/10.1145/2063384.2063405
 *
 * @module
 */

import {
  anObject,
  anyNumber,
  checkArgument,
  either,
  float64s,
  type OptionKind,
  refuse,
  text,
} from "../options.ts";
import { permutationInPieces } from "./permutation.ts";

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** The multipliers and the steps of the keys, for engines that compute blocks themselves. */
export const philoxConstants: {
  readonly m0: number;
  readonly m1: number;
  readonly w0: number;
  readonly w1: number;
} = { m0: M0, m1: M1, w0: W0, w1: W1 };

/** Domain tags, the last counter word. Values from 16 on are free for engines. */
const domainStream = 0;
const domainRow = 1;
const domainSplitNumber = 2;
const domainSplitTextLength = 3;
const domainSplitTextBlock = 4;

/** The 64 bits that select one stream; two unsigned 32-bit words. */
export interface RandomKey {
  /** Low word, an unsigned 32-bit integer. */
  readonly k0: number;
  /** High word, an unsigned 32-bit integer. */
  readonly k1: number;
}

/** The high 32 bits of the 64-bit product of two unsigned words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  // `middle` stays below 2^32: (2^16 - 1)^2 + 2^16 - 2.
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/**
 * The Philox4x32-10 block function: writes four unsigned 32-bit words to `out[0..3]`.
 *
 * Counter and key words are unsigned 32-bit integers. Cost: twenty 32 x 32 -> 64 bit products.
 */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = multiplyHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The low and high 32 bits of a safe integer in two's complement. */
function words(value: number): [low: number, high: number] {
  return [value >>> 0, Math.floor(value / 2 ** 32) >>> 0];
}

const aKey: OptionKind = {
  expected: "a key",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    Number.isInteger((value as RandomKey).k0) &&
    Number.isInteger((value as RandomKey).k1),
};
const aLabel: OptionKind = either(anyNumber, text);

function requireSafeInteger(where: string, value: number): void {
  if (!Number.isSafeInteger(value)) {
    refuse("random", where, "a whole number between -(2^53 - 1) and 2^53 - 1", value);
  }
}

/**
 * The key of a seed: its 64 bits in two's complement, so different seeds give different keys.
 *
 * @throws UsageError if `seed` is not a safe integer.
 * @example randomKey(7) // { k0: 7, k1: 0 }
 */
export function randomKey(seed: number): RandomKey {
  checkArgument("randomKey", "seed", seed, anyNumber);
  requireSafeInteger("seed", seed);
  const [k0, k1] = words(seed);
  return { k0, k1 };
}

/**
 * A key for a part of the work, independent of the parent's own draws and of the parts with other labels.
 *
 * A number (any safe integer) is the counter of one Philox block; distinct numbers give distinct blocks. A
 * string is hashed: its UTF-8 bytes are absorbed twelve at a time, each block keyed by the state so far.
 * `split(key, 1)` and `split(key, "1")` are different keys.
 *
 * @throws UsageError if a number label is not a safe integer.
 */
export function split(key: RandomKey, label: number | string): RandomKey {
  checkArgument("split", "key", key, aKey, "randomKey(seed) makes one");
  checkArgument("split", "label", label, aLabel);
  const out = new Uint32Array(4);
  if (typeof label === "number") {
    requireSafeInteger("label", label);
    const [low, high] = words(label);
    philox4x32(low, high, 0, domainSplitNumber, key.k0, key.k1, out);
    return { k0: out[0]!, k1: out[1]! };
  }
  const bytes = new TextEncoder().encode(label);
  philox4x32(bytes.length, 0, 0, domainSplitTextLength, key.k0, key.k1, out);
  for (let start = 0; start < bytes.length; start += 12) {
    const word = (at: number): number => {
      let value = 0;
      for (let i = 0; i < 4; i++) value |= (bytes[start + at + i] ?? 0) << (8 * i);
      return value >>> 0;
    };
    philox4x32(word(0), word(4), word(8), domainSplitTextBlock, out[0]!, out[1]!, out);
  }
  return { k0: out[0]!, k1: out[1]! };
}

/** The number of a stream of random draws inside programs: a counter word in the domain of engines. */
export function streamWord(stream: string): number {
  return (split({ k0: 0, k1: 0 }, stream).k0 | 0x80000000) >>> 0;
}

/** The middle of the word's cell of (0, 1): an odd multiple of 2^-33, exact in float64, never 0 or 1. */
function uniformOfWord(word: number): number {
  return (word + 0.5) * 2 ** -32;
}

/**
 * Box-Muller on two words: writes two independent standard normals to `out[offset]` and, where `both`, to
 * `out[offset + 1]`. The radius word is centered in its cell, so abs(z) <= sqrt(66 ln 2) = 6.76.
 */
function boxMuller(word0: number, word1: number, out: Float64Array, offset: number, both: boolean): void {
  const radius = Math.sqrt(-2 * Math.log(uniformOfWord(word0)));
  const angle = 2 * Math.PI * uniformOfWord(word1);
  out[offset] = radius * Math.cos(angle);
  if (both) out[offset + 1] = radius * Math.sin(angle);
}

function checkRow(row: number): void {
  if (!Number.isSafeInteger(row) || row < 0) {
    refuse("random", "row", "a whole number from 0", row);
  }
}

/**
 * Writes `count` standard normals to `out[outOffset ..]`, a function of (key, row, index) alone: row r's
 * noise is the same however many rows or values are drawn.
 *
 * Values 4b .. 4b+3 come from the block with counter (b, row low, row high, 1): words 0 and 1 give the first
 * pair by Box-Muller (cosine, then sine), words 2 and 3 the second.
 *
 * @param row a whole number from 0 to 2^53 - 1.
 * @throws UsageError if `row` is not such a number.
 */
export function normalsAt(
  key: RandomKey,
  row: number,
  count: number,
  out: Float64Array,
  outOffset: number = 0,
): void {
  checkRow(row);
  const [low, high] = words(row);
  for (let i = 0; i < count; i += 2) {
    if ((i & 3) === 0) philox4x32(i >>> 2, low, high, domainRow, key.k0, key.k1, block);
    const word = i & 2;
    boxMuller(block[word]!, block[word + 1]!, out, outOffset + i, i + 1 < count);
  }
}

/**
 * Writes `count` uniforms on the open interval (0, 1) to `out[outOffset ..]`, a function of
 * (key, row, index) alone. One 32-bit word each: values are odd multiples of 2^-33.
 *
 * They use the same blocks as `normalsAt`; split the key where both are needed for one row.
 *
 * @throws UsageError if `row` is not a whole number from 0 to 2^53 - 1.
 */
export function uniformsAt(
  key: RandomKey,
  row: number,
  count: number,
  out: Float64Array,
  outOffset: number = 0,
): void {
  checkRow(row);
  checkArgument("uniformsAt", "key", key, anObject, "randomKey gives one");
  checkArgument("uniformsAt", "out", out, float64s);
  if (!(outOffset >= 0 && count >= 0 && outOffset + count <= out.length))
    refuse(
      "uniformsAt",
      "count",
      `at most what out holds from outOffset, ${out.length} numbers in all`,
      count,
    );
  const [low, high] = words(row);
  for (let i = 0; i < count; i++) {
    if ((i & 3) === 0) philox4x32(i >>> 2, low, high, domainRow, key.k0, key.k1, block);
    out[outOffset + i] = uniformOfWord(block[i & 3]!);
  }
}

/** Scratch of the row functions, which finish with it before they return. */
const block: Uint32Array = new Uint32Array(4);

/**
 * A sequence of draws from one key. The state is a position in the key's word sequence, so a stream can be
 * continued from where another one stopped: `new RandomStream(key, other.position)`.
 */
export class RandomStream {
  /** The key that all numbers of the stream follow from. */
  readonly key: RandomKey;
  readonly #words: Uint32Array = new Uint32Array(4);
  readonly #pair: Float64Array = new Float64Array(2);
  #position: number;
  #hasSpare = false;

  /**
   * @param offset words to skip, a whole number from 0.
   * @throws UsageError if `offset` is not such a number.
   */
  constructor(key: RandomKey, offset: number = 0) {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      refuse("random", "offset", "a whole number from 0", offset);
    }
    this.key = key;
    this.#position = offset;
    if (offset % 4 !== 0) this.#fill();
  }

  /** Words drawn so far, the offset included. A spare normal that waits is not part of it. */
  get position(): number {
    return this.#position;
  }

  #fill(): void {
    const [low, high] = words(Math.floor(this.#position / 4));
    philox4x32(low, high, 0, domainStream, this.key.k0, this.key.k1, this.#words);
  }

  /** The next word: a whole number from 0 to 2^32 - 1. */
  nextUint32(): number {
    const lane = this.#position % 4;
    if (lane === 0) this.#fill();
    this.#position++;
    return this.#words[lane]!;
  }

  /**
   * A uniform on the open interval (0, 1) with 52 random bits, from two words: an odd multiple of 2^-53,
   * never 0 or 1. (53 bits and a half would round to 1 at the top.)
   */
  uniform(): number {
    const high = this.nextUint32() >>> 6;
    const low = this.nextUint32() >>> 6;
    return (high * 2 ** 26 + low + 0.5) * 2 ** -52;
  }

  /**
   * A standard normal, by Box-Muller from two words a pair; the second of a pair is kept for the next call.
   * Largest magnitude 6.76 (32-bit radius).
   */
  normal(): number {
    if (this.#hasSpare) {
      this.#hasSpare = false;
      return this.#pair[1]!;
    }
    const word0 = this.nextUint32();
    boxMuller(word0, this.nextUint32(), this.#pair, 0, true);
    this.#hasSpare = true;
    return this.#pair[0]!;
  }

  /** Fills `out` with the values that as many calls of {@link normal} give. */
  fillNormal(out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.normal();
  }

  /** Fills `out` with the values that as many calls of {@link uniform} give. */
  fillUniform(out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.uniform();
  }

  /**
   * A whole number from 0 to `bound - 1`, each equally likely (Lemire's multiply with rejection).
   *
   * @param bound a whole number from 1 to 2^32.
   * @throws UsageError if `bound` is not such a number.
   */
  integerBelow(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      refuse("random", "bound", "a whole number from 1 to 2^32", bound);
    }
    if (bound === 2 ** 32) return this.nextUint32();
    // The product's low half below 2^32 mod bound marks the cells that are one value too large.
    const threshold = 2 ** 32 % bound;
    for (;;) {
      const word = this.nextUint32();
      if (Math.imul(word, bound) >>> 0 >= threshold) return multiplyHigh(word, bound);
    }
  }

  /**
   * A random order of 0 .. n-1, each of the n! equally likely (Fisher-Yates).
   *
   * @throws UsageError if `n` is not a whole number from 0 to 2^32 - 1.
   */
  permutation(n: number): Uint32Array {
    const pieces = permutationInPieces(this, n);
    let step = pieces.next();
    while (!step.done) step = pieces.next();
    return step.value;
  }
}
