/**
 * Numbers that take two bytes in the file of a module and are written out when an instance is made: values that were seen, counts, and tables of
 * places.
 *
 * @module
 */

import type { FunctionBuilder, FunctionIndex, Local, ModuleBuilder } from "../emit/assembler.ts";
import type { MemoryImage } from "./image.ts";

/** Numbers as they are read: float64, or integers of 32 bits. */
export type Numbers = Float64Array | Int32Array;

/** A piece of memory that is written out. */
export interface Packed {
  readonly kind: "f64" | "i32";
  /** Where its numbers of 16 bits are. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly scale: number;
  readonly least: number;
}

/** Shorter lists are not worth their line in the list of all. */
const fewest = 32;

/** Bytes of numbers k of 16 bits, where the numbers are k scale + least. */
interface Short {
  readonly bytes: Uint8Array;
  readonly scale: number;
  readonly least: number;
}

/** Largest number that all whole ones are multiples of. */
const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/**
 * Numbers in 16 bits each, if that is what they are: whole numbers, those less a number that all have in common, as counts are that are
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
    const isMet = (value: number): boolean => {
      const k = Math.round((value - first) / scale);
      return k <= 0xffff && Math.abs(k * scale + first - value) <= 2 ** -51 * Math.abs(value);
    };
    if (numbers.every(isMet))
      return {
        scale,
        least: first,
        bytes: new Uint8Array(
          Uint16Array.from(numbers, (value) => Math.round((value - first) / scale)).buffer,
        ),
      };
    if (numbers instanceof Int32Array || scale !== 1) break;
  }
  return undefined;
}

/** Bytes of a line of a list: three addresses, a place that is free, scale and least number. */
const lineBytes = 32;

/** Adds what writes out all numbers that are packed; it is to be called once, before anything else. */
export function addUnpacking(module: ModuleBuilder, image: MemoryImage): FunctionIndex | undefined {
  const pieces = image.packed;
  if (pieces.length === 0) return undefined;
  const lists = (["f64", "i32"] as const).map((kind) => {
    const lines = pieces.filter((piece) => piece.kind === kind);
    const view = new DataView(new ArrayBuffer(lines.length * lineBytes));
    for (const [i, { from, to, count, scale, least }] of lines.entries()) {
      const at = i * lineBytes;
      [from, to, to + count * (kind === "f64" ? 8 : 4)].forEach((value, place) => {
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
    const [line, from, to, pair] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    for (const { kind, start, end } of lists)
      f.forRange(line, start, end, lineBytes, () => {
        f.load("i32.load", line).set(from).load("i32.load", line, 4).set(to);
        const stop = f.local("i32");
        f.load("i32.load", line, 8).set(stop);
        // Two at a time: behind the last one there is room.
        f.forRange(to, to, stop, kind === "f64" ? 16 : 8, () => {
          f.load("i32.load", from).set(pair);
          storeOne(f, kind, line, to, 0, () => f.get(pair).i32(0xffff).op("i32.and"));
          storeOne(f, kind, line, to, 1, () => f.get(pair).i32(16).op("i32.shr_u"));
          f.increment(from, 4);
        });
        f.release(stop);
      });
  });
}

/** Writes a number of 16 bits. */
function storeOne(
  f: FunctionBuilder,
  kind: Packed["kind"],
  line: Local,
  to: Local,
  place: number,
  push: () => void,
): void {
  f.get(to);
  push();
  if (kind === "f64") {
    f.op("f64.convert_i32_u")
      .load("f64.load", line, 16)
      .op("f64.mul")
      .load("f64.load", line, 24)
      .op("f64.add");
    f.memory("f64.store", 8 * place);
  } else {
    f.load("i32.load", line, 16).op("i32.mul").load("i32.load", line, 24).op("i32.add");
    f.memory("i32.store", 4 * place);
  }
}
