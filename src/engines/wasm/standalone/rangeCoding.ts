/**
 * Whole numbers in as few bits as their own frequencies need: a binary range coder, whose probabilities are learnt from the bits before.
 *
 * A number k is written as m = k + 1: how many binary digits m has behind its first one, a 1 for each and a 0, then these digits. Each bit
 * has the probability that its context had so far: of the first kind their place, of the second the digits before, up to six. A bit that is 0
 * with probability p takes that part of the range, as in G. N. N. Martin, "Range encoding: an algorithm for removing redundancy from a digitised
 * message" (1979), with the carry and the learning by shifts of LZMA (I. Pavlov, "LZMA specification", 2015, https://www.7-zip.org/sdk.html).
 *
 * @module
 */

import type { FunctionBuilder, Local } from "../emit/assembler.ts";
import { ByteWriter } from "../emit/binary.ts";
import type { MemoryImage } from "./image.ts";

/** Binary digits of a probability: of 2^11, as much is 1. */
const precision = 11;
/** Half of all. */
const even = 2 ** (precision - 1);
/** The sixteenth part of what is missing to 0 or 1 is learnt of a bit. */
const learning = 4;
/** A range below it takes another byte. */
const shortest = 2 ** 24;
/** Digits before that are told apart: those with a first 1 below it. */
const mostDigits = 64;
/** Contexts of the places of digits, behind which are those of the digits before. */
const places = 32;
const contexts = places + mostDigits + 1;

/** Digits that are written in one step at most: a range is then long enough with a byte more. */
export const mostDirect = 8;

/** The largest number that can be written. */
export const largestNumber: number = 2 ** 31 - 1;

/** Writes lists of numbers, each with probabilities of its own. */
export class RangeWriter {
  readonly #out = new ByteWriter();
  #low = 0;
  #range = 2 ** 32 - 1;
  /** The last byte, and how many of 255 are behind it: a carry may change them. */
  #last = 0;
  #pending = 0;
  #isFirst = true;
  #steps = 0;

  /** Bits and numbers of digits so far, each a step of who reads them. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Writes whole numbers from 0 to {@link largestNumber}.
   * @param direct - How many binary digits at the end of each are written as they are, in one step; {@link mostDirect} at most.
   */
  list(numbers: Iterable<number>, direct: number): void {
    const chances = new Int32Array(contexts).fill(even);
    for (const number of numbers) {
      const m = Math.floor(number / 2 ** direct) + 1;
      const digits = 31 - Math.clz32(m);
      for (let place = 0; place < digits; place++) this.#bit(chances, place, 1);
      this.#bit(chances, digits, 0);
      for (let digit = digits - 1; digit >= 0; digit--)
        this.#bit(
          chances,
          places + Math.min(mostDigits, Math.floor(m / 2 ** (digit + 1))),
          (m >>> digit) & 1,
        );
      if (direct === 0) continue;
      this.#range = Math.floor(this.#range / 2 ** direct);
      this.#low += this.#range * (number % 2 ** direct);
      this.#written();
    }
  }

  /** All bytes; nothing can be written afterwards. */
  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#shift();
    return this.#out.written.slice();
  }

  #bit(chances: Int32Array, context: number, bit: number): void {
    const chance = chances[context]!;
    const bound = (this.#range >>> precision) * chance;
    if (bit === 0) {
      this.#range = bound;
      chances[context] = chance + ((2 * even - chance) >> learning);
    } else {
      this.#low += bound;
      this.#range -= bound;
      chances[context] = chance - (chance >> learning);
    }
    this.#written();
  }

  /** Ends a step. */
  #written(): void {
    this.#steps++;
    if (this.#range >= shortest) return;
    this.#range *= 256;
    this.#shift();
  }

  /** The uppermost byte of `low`, as soon as no carry can change it. */
  #shift(): void {
    if (this.#low < 0xff000000 || this.#low >= 2 ** 32) {
      const carry = this.#low >= 2 ** 32 ? 1 : 0;
      // Before the first byte there is none.
      if (!this.#isFirst) this.#out.byte((this.#last + carry) & 0xff);
      for (; this.#pending > 0; this.#pending--) this.#out.byte((0xff + carry) & 0xff);
      this.#isFirst = false;
      this.#last = Math.floor(this.#low / shortest) & 0xff;
    } else this.#pending++;
    this.#low = (this.#low % shortest) * 256;
  }
}

/** Writes the code that reads what a {@link RangeWriter} has written. */
export interface RangeReading {
  /** Once, before all. */
  readonly begin: () => void;
  /** Before each list. */
  readonly beginList: () => void;
  /** Pushes the next number, of a list with so many direct digits. */
  readonly next: (direct: Local) => void;
}

/** Reading of bytes in the image, within one function. */
export function rangeReading(f: FunctionBuilder, image: MemoryImage, bytes: Uint8Array): RangeReading {
  const [from, chances] = [image.constant(bytes), image.reserve(4 * contexts)];
  const [range, code, at] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [bound, chance, isOne] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [place, context, m] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const another = (): void => {
    f.get(range).i32(shortest).op("i32.lt_u");
    f.ifElse(() => {
      f.get(range).i32(8).op("i32.shl").set(range).get(code).i32(8).op("i32.shl");
      // Four are read, of which there are so many behind the last one, too.
      f.load("i32.load", at).i32(0xff).op("i32.and").op("i32.or").set(code).increment(at, 1);
    });
  };
  /** The next bit, into `isOne`, without a branch on it: no machine can guess it. */
  const bit = (address: Local): void => {
    another();
    // Chances are kept less one half, so that they are 0 at first.
    f.load("i32.load", address).i32(even).op("i32.add").set(chance);
    f.get(range).i32(precision).op("i32.shr_u").get(chance).op("i32.mul").set(bound);
    f.get(code).get(bound).op("i32.ge_u").set(isOne);
    // What it goes to, such that the shift rounds as that of the writer; all above 0.
    f.get(address);
    f.i32(2 ** 15 + 2 ** learning - 1)
      .i32(2 ** 15 + 2 * even)
      .get(isOne)
      .op("select");
    f.get(chance).op("i32.sub").i32(learning).op("i32.shr_u").get(chance).op("i32.add");
    f.i32(2 ** (15 - learning) + even)
      .op("i32.sub")
      .memory("i32.store");
    f.get(range).get(bound).op("i32.sub").get(bound).get(isOne).op("select").set(range);
    f.get(code).get(bound).i32(0).get(isOne).op("select").op("i32.sub").set(code);
  };
  return {
    begin: () => {
      const first = new DataView(Uint8Array.from([...bytes, 0, 0, 0, 0]).buffer).getInt32(0);
      f.i32(first)
        .set(code)
        .i32(-1)
        .set(range)
        .i32(from + 4)
        .set(at);
    },
    beginList: () =>
      void f
        .i32(chances)
        .i32(0)
        .i32(4 * contexts)
        .memoryFill(),
    next: (direct) => {
      f.i32(chances).set(place).i32(1).set(m);
      f.loop((again) => {
        bit(place);
        f.get(place).get(isOne).i32(2).op("i32.shl").op("i32.add").set(place).get(isOne).branchIf(again);
      });
      f.get(place).i32(chances).op("i32.ne");
      f.ifElse(() => {
        f.loop((again) => {
          f.get(m).i32(mostDigits).get(m).i32(mostDigits).op("i32.lt_u").op("select");
          f.i32(2)
            .op("i32.shl")
            .i32(chances + 4 * places)
            .op("i32.add")
            .set(context);
          bit(context);
          f.get(m).get(m).op("i32.add").get(isOne).op("i32.add").set(m);
          f.increment(place, -4).get(place).i32(chances).op("i32.ne").branchIf(again);
        });
      });
      f.increment(m, -1).get(direct);
      f.ifElse(() => {
        another();
        f.get(range).get(direct).op("i32.shr_u").set(range);
        f.get(code).get(range).op("i32.div_u").set(bound);
        f.get(code).get(bound).get(range).op("i32.mul").op("i32.sub").set(code);
        f.get(m).get(direct).op("i32.shl").get(bound).op("i32.or").set(m);
      });
      f.get(m);
    },
  };
}
