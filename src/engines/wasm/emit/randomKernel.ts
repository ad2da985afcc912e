/**
 * The kernel of random draws: Philox4x32-10, as `random/philox.ts` has it, for four rows at a time. A vector holds one word of
 * the counters of four neighboring lanes; a block gives each of them four elements.
 *
 * @module
 */

import { philoxConstants } from "../../../random/philox.ts";
import {
  type FunctionBuilder,
  type FunctionIndex,
  type Local,
  type ModuleBuilder,
  parametersOf,
} from "./assembler.ts";
import type { KernelShape } from "./fusedKernel.ts";

/** Numbers of the control words that the kernel reads. */
export interface RandomControl {
  readonly key: number;
  readonly step: number;
  readonly firstRow: number;
}

type Counter = readonly [Local, Local, Local, Local];

/** Bytes of the even and of the odd words of two vectors. */
const [evenWords, oddWords] = [0, 4].map((first) =>
  [0, 8, 16, 24].flatMap((at) => [0, 1, 2, 3].map((byte) => at + first + byte)),
) as [number[], number[]];
const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/**
 * `(tile, position, stream, count)`: tile[element][lane] = the uniform number of the element in row firstRow + position + lane;
 * lanes from `count` on have those of the last row, as they have its inputs.
 */
export function addRandomRows(
  module: ModuleBuilder,
  size: number,
  control: RandomControl,
  { rowLength, vector }: KernelShape,
): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32", "i32"], [], (f) => {
    const [tile, position, stream, count] = parametersOf(f, 4);
    const laneBytes = vector.precision === "float32" ? 4 : 8;
    const [zero, block, lane, at] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const word = (index: number): FunctionBuilder => f.load("i32.load", zero, 4 * index);
    const vectorLocal = (): Local => f.local("v128");
    const [rows, lastRow] = [vectorLocal(), vectorLocal()];
    const keys = [vectorLocal(), vectorLocal()] as const;
    const counter: Counter = [vectorLocal(), vectorLocal(), vectorLocal(), vectorLocal()];
    f.i32(0).set(zero);
    word(control.firstRow).get(position).op("i32.add").get(count).op("i32.add").i32(1).op("i32.sub");
    f.op("i32x4.splat").set(lastRow);
    /** The elements 4 block to 4 block + words, in all lanes. */
    const elements = (words: number): void => {
      word(control.firstRow).get(position).op("i32.add").op("i32x4.splat");
      f.i32(0).op("i32x4.splat");
      for (let i = 1; i < 4; i++) f.i32(i).lane("i32x4.replace_lane", i);
      f.op("i32x4.add").set(rows);
      f.get(tile).set(at);
      f.forRange(lane, 0, rowLength, 4, () => {
        f.get(block).op("i32x4.splat").set(counter[0]);
        f.get(rows).get(lastRow).op("i32x4.min_u").set(counter[1]);
        word(control.step).op("i32x4.splat").set(counter[2]);
        f.get(stream).op("i32x4.splat").set(counter[3]);
        keys.forEach((key, i) =>
          word(control.key + i)
            .op("i32x4.splat")
            .set(key),
        );
        for (let round = 0; round < 10; round++) emitRound(f, counter, keys);
        for (let j = 0; j < words; j++)
          emitUniforms(f, counter[j]!, { pointer: at, offset: j * rowLength * laneBytes }, vector.precision);
        f.get(rows).get(f.hoistedConstant("i32x4", 4)).op("i32x4.add").set(rows);
        f.increment(at, 4 * laneBytes);
      });
    };
    const wholeBlocks = Math.floor(size / 4);
    f.forRange(block, 0, wholeBlocks, 1, () => {
      elements(4);
      f.increment(tile, 4 * rowLength * laneBytes);
    });
    if (size % 4 > 0) elements(size % 4);
  });
}

/** One round on the counters, and the next keys. */
function emitRound(f: FunctionBuilder, [c0, c1, c2, c3]: Counter, [k0, k1]: readonly [Local, Local]): void {
  const { m0, m1, w0, w1 } = philoxConstants;
  const products = [m0, m1].map((multiplier, i) => {
    const factor = f.hoistedConstant("i32x4", multiplier | 0);
    const [low, high] = [f.local("v128"), f.local("v128")];
    const source = i === 0 ? c0 : c2;
    f.get(source).get(factor).op("i64x2.extmul_low_i32x4_u").set(low);
    f.get(source).get(factor).op("i64x2.extmul_high_i32x4_u").set(high);
    return [low, high] as const;
  });
  const half = (product: number, words: readonly number[]): FunctionBuilder =>
    f.get(products[product]![0]).get(products[product]![1]).shuffle(words);
  half(1, oddWords).get(c1).op("v128.xor").get(k0).op("v128.xor").set(c0);
  half(0, oddWords).get(c3).op("v128.xor").get(k1).op("v128.xor").set(c2);
  half(1, evenWords).set(c1);
  half(0, evenWords).set(c3);
  for (const local of products.flat()) f.release(local);
  f.get(k0)
    .get(f.hoistedConstant("i32x4", w0 | 0))
    .op("i32x4.add")
    .set(k0);
  f.get(k1)
    .get(f.hoistedConstant("i32x4", w1 | 0))
    .op("i32x4.add")
    .set(k1);
}

/** Stores (2 k + 1) 2^-24 for the top 23 bits k of each word, four numbers from the pointer on. */
function emitUniforms(
  f: FunctionBuilder,
  words: Local,
  { pointer, offset }: { readonly pointer: Local; readonly offset: number },
  precision: "float32" | "float64",
): void {
  const number = f.local("v128");
  // Positive as signed integers, whose conversion is one instruction.
  f.get(words).i32(8).op("i32x4.shr_u").get(f.hoistedConstant("i32x4", 1)).op("v128.or").set(words);
  if (precision === "float32") {
    f.get(words).op("f32x4.convert_i32x4_s");
    f.get(f.hoistedConstant("f32x4", 2 ** -24))
      .op("f32x4.mul")
      .set(number);
    f.store("v128.store", pointer, offset, number);
  } else
    for (const half of [0, 1]) {
      f.get(words);
      if (half === 1) f.get(words).shuffle(upperHalf);
      f.op("f64x2.convert_low_i32x4_s");
      f.get(f.hoistedConstant("f64x2", 2 ** -24))
        .op("f64x2.mul")
        .set(number);
      f.store("v128.store", pointer, offset + 16 * half, number);
    }
  f.release(number);
}
