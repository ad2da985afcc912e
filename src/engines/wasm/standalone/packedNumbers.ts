/**
 * Numbers that take a few bits in the file of a module and are written out when an instance is made: values that were seen, counts, and tables of
 * places. They are multiples of a number, added to one, or places in a list of those that occur; lists that rise are written by how much
 * they rise.
 *
 * @module
 */

import type { FunctionBuilder, FunctionIndex, Local, ModuleBuilder } from "../emit/assembler.ts";
import type { MemoryImage } from "./image.ts";
import { addRangeReading, largestNumber, RangeWriter } from "./rangeCoding.ts";

/** Numbers as they are read: float64, or integers of 32 bits. */
export type Numbers = Float64Array | Int32Array;

/** How numbers are made of whole ones. */
export interface Packed {
  /** The whole numbers, or how much each is more than the one before. */
  readonly written: readonly number[];
  /** Whether it is that. */
  readonly rises: boolean;
  /** A number is a whole one times `scale`, and `least`. */
  readonly scale: number;
  readonly least: number;
  /** Or it is that of this list whose place is the whole number. */
  readonly among?: Numbers;
}

/** A piece of memory that is written out. */
export interface PackedPiece extends Omit<Packed, "among"> {
  readonly kind: "f64" | "i32";
  readonly to: number;
  /** The address of the list that it is of, if any. */
  readonly among: number;
}

/** Different numbers of a list that is written as places among them: weights are not, which would take long to write out. */
const mostDifferent = 256;

/** Bytes of a line of the list of all pieces: address, end, the bits of what is kept from one to the next, list, scale and least number. */
const lineBytes = 32;

/** Largest number that all whole ones are multiples of. */
const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Numbers in fewer bytes, if they have such a form. */
export function packed(numbers: Numbers): Packed | undefined {
  if (numbers.byteLength <= lineBytes) return undefined;
  if (numbers.some((value) => !Number.isFinite(value) || Object.is(value, -0))) return undefined;
  const found = multiples(numbers) ?? places(numbers);
  if (!found) return undefined;
  const writer = new RangeWriter();
  writer.list(found.written);
  const bytes = writer.finish().length + lineBytes + (found.among?.byteLength ?? 0);
  return bytes < numbers.byteLength ? found : undefined;
}

/** Whole numbers, by how much they rise if they do. */
function risesOf(whole: readonly number[]): Pick<Packed, "written" | "rises"> {
  const rises = whole.every((k, i) => i === 0 || k >= whole[i - 1]!);
  return { rises, written: rises ? whole.map((k, i) => (i === 0 ? k : k - whole[i - 1]!)) : whole };
}

/**
 * Whole numbers, those less a number that all have in common, as counts are that are discounted (to their last digit, as float64 has them), and
 * multiples of a whole number.
 */
function multiples(numbers: Numbers): Packed | undefined {
  let least = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of numbers) {
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
      return k <= largestNumber && Math.abs(k * scale + first - value) <= 2 ** -51 * Math.abs(value);
    };
    if (numbers.every(isMet)) return { ...risesOf(Array.from(numbers, multipleOf)), scale, least: first };
    if (numbers instanceof Int32Array || scale !== 1) break;
  }
  return undefined;
}

/** Places in the list of the numbers that occur, where these are few. */
function places(numbers: Numbers): Packed | undefined {
  const among = new Set<number>();
  for (const value of numbers) if (among.add(value).size > mostDifferent) return undefined;
  const list = numbers.constructor === Int32Array ? Int32Array.from(among) : Float64Array.from(among);
  list.sort();
  const placeOf = new Map([...list.entries()].map(([place, value]) => [value, place]));
  return {
    ...risesOf(Array.from(numbers, (value) => placeOf.get(value)!)),
    scale: 1,
    least: 0,
    among: list,
  };
}

/** Adds what writes out all numbers that are packed; it is to be called once, before anything else. */
export function addUnpacking(module: ModuleBuilder, image: MemoryImage): FunctionIndex | undefined {
  const pieces = image.packed;
  if (pieces.length === 0) return undefined;
  const writer = new RangeWriter();
  const lists: { readonly kind: PackedPiece["kind"]; readonly start: number; readonly end: number }[] = [];
  // Lists that others are of come before these.
  for (const kind of ["f64", "i32"] as const) {
    const lines = pieces.filter((piece) => piece.kind === kind);
    if (lines.length === 0) continue;
    const view = new DataView(new ArrayBuffer(lines.length * lineBytes));
    for (const [i, { to, written, scale, least, rises, among }] of lines.entries()) {
      writer.list(written);
      const line = i * lineBytes;
      const end = to + written.length * (kind === "f64" ? 8 : 4);
      [to, end, rises ? -1 : 0, among].forEach((value, place) => {
        view.setInt32(line + 4 * place, value, true);
      });
      [scale, least].forEach((value, place) => {
        if (kind === "f64") view.setFloat64(line + 16 + 8 * place, value, true);
        else view.setInt32(line + 16 + 8 * place, value, true);
      });
    }
    const start = image.constant(new Uint8Array(view.buffer));
    lists.push({ kind, start, end: start + view.byteLength });
  }
  const { begin, beginList, next } = addRangeReading(module, image, writer.finish());
  return module.addFunction(null, [], [], (f) => {
    const [line, to, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const [whole, kept, among] = [f.local("i32"), f.local("i32"), f.local("i32")];
    f.call(begin);
    for (const { kind, start, end: last } of lists)
      f.forRange(line, start, last, lineBytes, () => {
        f.load("i32.load", line).set(to).load("i32.load", line, 4).set(end);
        f.load("i32.load", line, 8).set(kept).load("i32.load", line, 12).set(among);
        f.call(beginList).i32(0).set(whole);
        f.forRange(to, to, end, kind === "f64" ? 8 : 4, () => {
          f.get(whole).get(kept).op("i32.and").call(next).op("i32.add").set(whole);
          storeOne(f, kind, line, to, whole, among);
        });
      });
  });
}

/** Writes the number of a whole one. */
function storeOne(
  f: FunctionBuilder,
  kind: PackedPiece["kind"],
  line: Local,
  to: Local,
  whole: Local,
  among: Local,
): void {
  const [size, load] = kind === "f64" ? ([8, "f64.load"] as const) : ([4, "i32.load"] as const);
  f.get(to).get(among);
  f.ifElse(
    () => f.get(whole).i32(size).op("i32.mul").get(among).op("i32.add").memory(load),
    () => {
      f.get(whole);
      if (kind === "f64") f.op("f64.convert_i32_u");
      f.load(load, line, 16).op(`${kind}.mul`).load(load, line, 24).op(`${kind}.add`);
    },
    kind,
  );
  f.memory(`${kind}.store`);
}
