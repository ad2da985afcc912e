/**
 * Numbers that take a byte or two in the file of a module and are written out when an instance is made: values that were seen, counts, and tables of
 * places. They are multiples of a number, added to one; what is multiplied is written as LEB128, of lists that rise by how much it rises.
 *
 * @module
 */

import type { FunctionBuilder, FunctionIndex, Local, ModuleBuilder } from "../emit/assembler.ts";
import { ByteWriter } from "../emit/binary.ts";
import type { MemoryImage } from "./image.ts";

/** Numbers as they are read: float64, or integers of 32 bits. */
export type Numbers = Float64Array | Int32Array;

/** A piece of memory that is written out. */
export interface Packed {
  readonly kind: "f64" | "i32";
  /** Where its multiples are. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly scale: number;
  readonly least: number;
  /** Whether each multiple is how much there is more than before. */
  readonly rises: boolean;
}

/** Shorter lists are not worth their line in the list of all. */
const fewest = 32;

/** Multiples k, where the numbers are k scale + least, or how much each k is more than the one before. */
interface Short extends Pick<Packed, "scale" | "least" | "rises"> {
  readonly bytes: Uint8Array;
}

/** The largest multiple: of more, differences would not be exact. */
const mostMultiples = 2 ** 31 - 1;

/** Largest number that all whole ones are multiples of. */
const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/**
 * Numbers in few bytes, if that is what they are: whole numbers, those less a number that all have in common, as counts are that are
 * discounted (to their last digit, as float64 has them), and multiples of a whole number.
 */
export function packed(numbers: Numbers): Short | undefined {
  if (numbers.length < fewest) return undefined;
  let least = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of numbers) {
    if (!Number.isFinite(value) || Object.is(value, -0)) return undefined;
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  // Farther apart than a number can say.
  if (largest - least === Number.POSITIVE_INFINITY) return undefined;
  let scale = 0;
  for (const value of numbers) scale = divisor(Math.round(value - least), scale);
  scale ||= 1;
  // The same number, with as many digits as it had before something whole was added.
  for (const first of [least, least - 1, least - 2]) {
    const multipleOf = (value: number): number => Math.round((value - first) / scale);
    const isMet = (value: number): boolean => {
      const k = multipleOf(value);
      return k <= mostMultiples && Math.abs(k * scale + first - value) <= 2 ** -51 * Math.abs(value);
    };
    if (numbers.every(isMet)) {
      const multiples = Array.from(numbers, multipleOf);
      const rises = multiples.every((k, i) => i === 0 || k >= multiples[i - 1]!);
      const out = new ByteWriter();
      for (const [i, k] of multiples.entries()) out.unsigned(rises && i > 0 ? k - multiples[i - 1]! : k);
      return out.written.length < numbers.byteLength
        ? { scale, least: first, rises, bytes: out.written.slice() }
        : undefined;
    }
    if (numbers instanceof Int32Array || scale !== 1) break;
  }
  return undefined;
}

/** Bytes of a line of a list: three addresses, the bits of what is kept from one multiple to the next, scale and least number. */
const lineBytes = 32;

/** Adds what writes out all numbers that are packed; it is to be called once, before anything else. */
export function addUnpacking(module: ModuleBuilder, image: MemoryImage): FunctionIndex | undefined {
  const pieces = image.packed;
  if (pieces.length === 0) return undefined;
  const lists = (["f64", "i32"] as const).map((kind) => {
    const lines = pieces.filter((piece) => piece.kind === kind);
    const view = new DataView(new ArrayBuffer(lines.length * lineBytes));
    for (const [i, { from, to, count, scale, least, rises }] of lines.entries()) {
      const at = i * lineBytes;
      [from, to, to + count * (kind === "f64" ? 8 : 4), rises ? -1 : 0].forEach((value, place) => {
        view.setInt32(at + 4 * place, value, true);
      });
      [scale, least].forEach((value, place) => {
        if (kind === "f64") view.setFloat64(at + 16 + 8 * place, value, true);
        else view.setInt32(at + 16 + 8 * place, value, true);
      });
    }
    const start = lines.length > 0 ? image.constant(new Uint8Array(view.buffer)) : 0;
    return { kind, start, end: start + view.byteLength };
  });
  return module.addFunction(null, [], [], (f) => {
    const [line, from, to, stop] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [kept, multiple, byte, shift] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    for (const { kind, start, end } of lists)
      f.forRange(line, start, end, lineBytes, () => {
        f.load("i32.load", line).set(from).load("i32.load", line, 4).set(to);
        f.load("i32.load", line, 8).set(stop).load("i32.load", line, 12).set(kept);
        f.i32(0).set(multiple);
        f.forRange(to, to, stop, kind === "f64" ? 8 : 4, () => {
          f.get(multiple).get(kept).op("i32.and").set(multiple).i32(0).set(shift);
          // The parts of a number do not overlap, and what is kept is added to.
          f.loop((again) => {
            // Four are read, of which there are so many behind the last one, too.
            f.load("i32.load", from).i32(0xff).op("i32.and").set(byte).increment(from, 1);
            f.get(byte).i32(0x7f).op("i32.and").get(shift).op("i32.shl");
            f.get(multiple).op("i32.add").set(multiple).increment(shift, 7);
            f.get(byte).i32(0x80).op("i32.ge_u").branchIf(again);
          });
          storeOne(f, kind, line, to, multiple);
        });
      });
  });
}

/** Writes the number of a multiple. */
function storeOne(f: FunctionBuilder, kind: Packed["kind"], line: Local, to: Local, multiple: Local): void {
  f.get(to).get(multiple);
  if (kind === "f64") {
    f.op("f64.convert_i32_u")
      .load("f64.load", line, 16)
      .op("f64.mul")
      .load("f64.load", line, 24)
      .op("f64.add");
    f.memory("f64.store");
  } else {
    f.load("i32.load", line, 16).op("i32.mul").load("i32.load", line, 24).op("i32.add");
    f.memory("i32.store");
  }
}
