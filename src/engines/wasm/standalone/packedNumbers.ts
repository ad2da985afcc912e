/**
 * Numbers that take a few bits in the file of a module and are written out when an instance is made: values that were seen, counts, and tables of
 * places. They are multiples of a number, added to one, or places in a list of those that occur; lists that rise are written by how much
 * they rise.
 *
 * @module
 */

import type { FunctionIndex, ModuleBuilder } from "../emit/assembler.ts";
import type { MemoryImage } from "./image.ts";
import { largestNumber, mostDirect, RangeWriter, rangeReading } from "./rangeCoding.ts";

/** Numbers as they are read: float64, or integers of 32 bits. */
export type Numbers = Float64Array | Int32Array;

/** How numbers are made of whole ones. */
export interface Packed {
  /** The whole numbers, or how much more than `rise` each is above the one before, the first of all above -`rise`. */
  readonly written: readonly number[];
  /** The least by which they rise; undefined where they do not. */
  readonly rise?: number | undefined;
  /** Digits at their end that are written as they are. */
  readonly direct: number;
  /** A number is a whole one times `scale`, and `least`. */
  readonly scale: number;
  readonly least: number;
  /** Or it is that of this list whose place is the whole number. */
  readonly among?: Numbers;
  /** How much it costs: see {@link packed}. */
  readonly cost: number;
}

/** The same, before it is written. */
type Form = Omit<Packed, "direct" | "cost">;

/** A piece of memory that is written out. */
export interface PackedPiece extends Omit<Packed, "among" | "cost"> {
  readonly kind: "f64" | "i32";
  readonly to: number;
  /** The address of the list that it is of, if any. */
  readonly among: number;
}

/** Different numbers of a list that is written as places among them: weights are not, which would take long to write out. */
const mostDifferent = 1024;

/**
 * Bytes of a line of the list of all pieces, seven numbers: address, count, flags (bytes of a number, 16 where it rises, 32 times the direct
 * digits), rise, list, scale, and where the least number is.
 */
const lineBytes = 28;

/** Largest number that all whole ones are multiples of. */
const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Steps of reading that a byte is worth: 2 kB are 0.8 ms in code that was compiled in haste, and a tenth of that later. */
const stepsOfByte = 16;

/** Numbers in the form that costs least of those that take fewer bytes, if there is one: bytes, and steps of reading. */
export function packed(numbers: Numbers): Packed | undefined {
  if (numbers.byteLength <= lineBytes) return undefined;
  if (numbers.some((value) => !Number.isFinite(value) || Object.is(value, -0))) return undefined;
  let best: Packed | undefined;
  for (const form of [multiples(numbers), places(numbers)]) {
    if (!form) continue;
    const { among } = form;
    const listCost = (among && packed(among)?.cost) ?? among?.byteLength ?? 0;
    for (let direct = 0; direct <= mostDirect; direct++) {
      const writer = new RangeWriter();
      writer.list(form.written, direct);
      const cost = writer.finish().length + writer.steps / stepsOfByte + lineBytes + listCost;
      if (cost < (best?.cost ?? numbers.byteLength)) best = { ...form, direct, cost };
    }
  }
  return best;
}

/** Whole numbers, by how much they rise if they do. */
function risesOf(whole: readonly number[]): Pick<Packed, "written" | "rise"> {
  const differences = whole.slice(1).map((k, i) => k - whole[i]!);
  const rise = differences.reduce((least, each) => Math.min(least, each), largestNumber);
  if (rise < 0) return { written: whole };
  return { written: [whole[0]!, ...differences.map((each) => each - rise)], rise };
}

/**
 * Whole numbers, those less a number that all have in common, as counts are that are discounted (within 2^-51 of each, the last digit of float64),
 * and multiples of a whole number.
 */
function multiples(numbers: Numbers): Form | undefined {
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
  scale = scale > 0 && scale <= largestNumber ? scale : 1;
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
function places(numbers: Numbers): Form | undefined {
  const among = new Set<number>();
  const most = Math.min(mostDifferent, numbers.length / 2);
  for (const value of numbers) if (among.add(value).size > most) return undefined;
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

/** A whole number of 32 bits more has that in the lower half of its 64. */
const toLowerHalf = 1.5 * 2 ** 52;

/** Adds what writes out all numbers that are packed: it is called once, when an instance is made. */
export function addUnpacking(module: ModuleBuilder, image: MemoryImage): FunctionIndex | undefined {
  const pieces = image.packed;
  if (pieces.length === 0) return undefined;
  // 0 first: lists that begin at it are most.
  const leasts = [...new Set([0, ...pieces.map(({ least }) => least)])];
  const leastsAt = image.constant(new Uint8Array(Float64Array.from(leasts).buffer));
  /** The list of all pieces is one itself, and behind its own line. */
  const lines = image.reserve(lineBytes * (pieces.length + 1));
  const last = lines + lineBytes * (pieces.length + 1);
  const lineOf = ({ kind, to, written, direct, scale, least, rise, among }: PackedPiece): number[] => [
    to,
    written.length,
    (kind === "f64" ? 8 : 4) + (rise === undefined ? 0 : 16) + 32 * direct,
    rise ?? 0,
    among,
    scale,
    leastsAt + 8 * leasts.indexOf(least),
  ];
  const words = pieces.flatMap(lineOf);
  const ofLines = { kind: "i32", to: lines + lineBytes, direct: 0, scale: 1, least: 0, among: 0 } as const;
  image.write(lines, lineOf({ ...ofLines, written: words }));
  const writer = new RangeWriter();
  writer.list(words, ofLines.direct);
  for (const { written, direct } of pieces) writer.list(written, direct);
  return module.addFunction(null, [], [], (f) => {
    const { begin, beginList, next } = rangeReading(f, image, writer.finish());
    const [line, to, end, size] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [whole, kept, among, from] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [flags, direct, rise] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const [number, scale] = [f.local("f64"), f.local("f64")];
    const [least, shift] = [f.local("f64"), f.local("f64")];
    begin();
    f.forRange(line, lines, last, lineBytes, () => {
      f.load("i32.load", line).set(to).load("i32.load", line, 8).set(flags).get(flags).i32(15).op("i32.and");
      f.set(size).get(to).load("i32.load", line, 4).get(size).op("i32.mul").op("i32.add").set(end);
      // Nothing is kept from one whole number to the next of a list that does not rise.
      f.i32(0).get(flags).i32(4).op("i32.shr_u").i32(1).op("i32.and").op("i32.sub").set(kept);
      f.get(flags).i32(5).op("i32.shr_u").set(direct).load("i32.load", line, 12).set(rise);
      f.load("i32.load", line, 16).set(among).load("i32.load", line, 24).set(from);
      f.load("i32.load", line, 20).op("f64.convert_i32_u").set(scale);
      f.load("f64.load", from).set(least);
      f.f64(0).f64(toLowerHalf).get(size).i32(8).op("i32.eq").op("select").set(shift);
      beginList();
      f.i32(0).get(rise).op("i32.sub").set(whole);
      f.loop((again) => {
        f.get(whole).get(rise).op("i32.add").get(kept).op("i32.and");
        next(direct);
        f.op("i32.add").set(whole).get(among);
        f.ifElse(
          () => {
            f.get(whole).get(size).op("i32.mul").get(among).op("i32.add").set(from);
            f.load("f64.load", from).set(number);
          },
          () => {
            f.get(whole).op("f64.convert_i32_u").get(scale).op("f64.mul").get(least).op("f64.add");
            f.get(shift).op("f64.add").set(number);
          },
        );
        // Of 32 bits the lower half; the upper one is where the next number will be, or where there is room behind the last.
        f.store("f64.store", to, 0, number);
        f.get(to).get(size).op("i32.add").set(to).get(to).get(end).op("i32.ne").branchIf(again);
      });
    });
  });
}
