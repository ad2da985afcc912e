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

import { type FunctionIndex, type ModuleBuilder, parametersOf } from "../emit/assembler.ts";
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

  /** Writes whole numbers from 0 to {@link largestNumber}. */
  list(numbers: Iterable<number>): void {
    const chances = new Int32Array(contexts).fill(even);
    for (const number of numbers) {
      const m = number + 1;
      const digits = 31 - Math.clz32(m);
      for (let place = 0; place < digits; place++) this.#bit(chances, place, 1);
      this.#bit(chances, digits, 0);
      for (let digit = digits - 1; digit >= 0; digit--)
        this.#bit(
          chances,
          places + Math.min(mostDigits, Math.floor(m / 2 ** (digit + 1))),
          (m >>> digit) & 1,
        );
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
    if (this.#range < shortest) {
      this.#range *= 256;
      this.#shift();
    }
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

/** What reads numbers that a {@link RangeWriter} has written, one after another. */
export interface RangeReading {
  /** `begin()`, once, before all. */
  readonly begin: FunctionIndex;
  /** `beginList()`, before each list. */
  readonly beginList: FunctionIndex;
  /** `next() -> number`. */
  readonly next: FunctionIndex;
}

/** Adds it, for bytes of the image. */
export function addRangeReading(module: ModuleBuilder, image: MemoryImage, bytes: Uint8Array): RangeReading {
  const [from, chances] = [image.constant(bytes), image.reserve(4 * contexts)];
  const [range, code, at] = [module.addGlobal(), module.addGlobal(), module.addGlobal()];
  const byte = module.addFunction(null, [], [], (f) => {
    const pointer = f.local("i32");
    f.getGlobal(code).i32(8).op("i32.shl");
    // Four are read, of which there are so many behind the last one, too.
    f.getGlobal(at).set(pointer).load("i32.load", pointer).i32(0xff).op("i32.and");
    f.op("i32.or").setGlobal(code);
    f.get(pointer).i32(1).op("i32.add").setGlobal(at);
  });
  const bit = module.addFunction(null, ["i32"], ["i32"], (f) => {
    const [context] = parametersOf(f, 1);
    const [bound, chance, result] = [f.local("i32"), f.local("i32"), f.local("i32")];
    // Chances are kept less one half, so that they are 0 at first.
    f.load("i32.load", context).i32(even).op("i32.add").set(chance);
    f.getGlobal(range).i32(precision).op("i32.shr_u").get(chance).op("i32.mul").set(bound);
    f.getGlobal(code).get(bound).op("i32.lt_u");
    f.ifElse(
      () => {
        f.i32(0).set(result).get(bound).setGlobal(range);
        f.get(chance)
          .i32(2 * even)
          .get(chance)
          .op("i32.sub")
          .i32(learning)
          .op("i32.shr_u")
          .op("i32.add")
          .set(chance);
      },
      () => {
        f.i32(1).set(result).getGlobal(code).get(bound).op("i32.sub").setGlobal(code);
        f.getGlobal(range).get(bound).op("i32.sub").setGlobal(range);
        f.get(chance).get(chance).i32(learning).op("i32.shr_u").op("i32.sub").set(chance);
      },
    );
    f.get(context).get(chance).i32(even).op("i32.sub").memory("i32.store");
    f.getGlobal(range).i32(shortest).op("i32.lt_u");
    f.ifElse(() => f.getGlobal(range).i32(8).op("i32.shl").setGlobal(range).call(byte));
    f.get(result);
  });
  return {
    begin: module.addFunction(null, [], [], (f) => {
      f.i32(-1).setGlobal(range).i32(from).setGlobal(at);
      f.repeat(4, () => f.call(byte));
    }),
    beginList: module.addFunction(null, [], [], (f) => {
      f.i32(chances)
        .i32(0)
        .i32(4 * contexts)
        .memoryFill();
    }),
    next: module.addFunction(null, [], ["i32"], (f) => {
      const [context, m] = [f.local("i32"), f.local("i32")];
      f.i32(chances).set(context).i32(1).set(m);
      f.loop((again) => {
        f.get(context).call(bit);
        f.ifElse(() => f.increment(context, 4).branch(again));
      });
      f.block((end) => {
        f.loop((again) => {
          f.get(context).i32(chances).op("i32.eq").branchIf(end);
          f.get(m).i32(1).op("i32.shl");
          f.get(m).i32(mostDigits).get(m).i32(mostDigits).op("i32.lt_u").op("select");
          f.i32(4)
            .op("i32.mul")
            .i32(chances + 4 * places)
            .op("i32.add")
            .call(bit)
            .op("i32.or")
            .set(m);
          f.increment(context, -4).branch(again);
        });
      });
      f.get(m).i32(1).op("i32.sub");
    }),
  };
}
