/**
 * The kernel of random draws: Philox4x32-10, as `random/philox.ts` has it, one block of four words a lane at a time.
 *
 * @module
 */

import { philoxConstants } from "../../random/philox.ts";
import type { FunctionBuilder, FunctionIndex, Local, ModuleBuilder } from "./assembler.ts";
import type { KernelShape } from "./fusedKernel.ts";

/** Numbers of the control words that the kernel reads. */
export interface RandomControl {
  readonly key: number;
  readonly step: number;
  readonly firstRow: number;
}

/**
 * `(tile, position, stream)`: tile[element][lane] = the uniform number of the element in row firstRow + position + lane.
 */
export function addRandomRows(
  module: ModuleBuilder,
  size: number,
  control: RandomControl,
  { rowLength, vector }: KernelShape,
): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32"], [], (f) => {
    const [tile, position, stream] = [0, 1, 2].map((i) => f.parameter(i)) as [Local, Local, Local];
    const single = vector.precision === "float32";
    const bytes = single ? 4 : 8;
    const integer = (): Local => f.local("i32");
    const [zero, lane, row, step, k0, k1] = [
      integer(),
      integer(),
      integer(),
      integer(),
      integer(),
      integer(),
    ];
    const counter = [integer(), integer(), integer(), integer()] as const;
    const products = [f.local("i64"), f.local("i64")] as const;
    const number = f.local(single ? "f32" : "f64");
    f.i32(0).set(zero);
    const word = (index: number): FunctionBuilder => f.load("i32.load", zero, 4 * index);
    word(control.step).set(step);
    word(control.firstRow).get(position).op("i32.add").set(row);
    f.forRange(lane, 0, rowLength, 1, () => {
      for (let block = 0; 4 * block < size; block++) {
        f.i32(block).set(counter[0]);
        f.get(row).set(counter[1]);
        f.get(step).set(counter[2]);
        f.get(stream).set(counter[3]);
        word(control.key).set(k0);
        word(control.key + 1).set(k1);
        for (let round = 0; round < 10; round++) emitRound(f, counter, [k0, k1], products);
        for (let j = 0; j < 4 && 4 * block + j < size; j++) {
          f.get(counter[j]!).i32(9).op("i32.shr_u").i32(1).op("i32.shl").i32(1).op("i32.or");
          if (single)
            f.op("f32.convert_i32_u")
              .f32(2 ** -24)
              .op("f32.mul")
              .set(number);
          else
            f.op("f64.convert_i32_u")
              .f64(2 ** -24)
              .op("f64.mul")
              .set(number);
          f.store(single ? "f32.store" : "f64.store", tile, (4 * block + j) * rowLength * bytes, number);
        }
      }
      f.increment(row, 1);
      f.increment(tile, bytes);
    });
  });
}

/** One round on the counter, and the next keys. */
function emitRound(
  f: FunctionBuilder,
  [c0, c1, c2, c3]: readonly [Local, Local, Local, Local],
  [k0, k1]: readonly [Local, Local],
  [first, second]: readonly [Local, Local],
): void {
  const { m0, m1, w0, w1 } = philoxConstants;
  f.get(c0).op("i64.extend_i32_u").i64(BigInt(m0)).op("i64.mul").set(first);
  f.get(c2).op("i64.extend_i32_u").i64(BigInt(m1)).op("i64.mul").set(second);
  const high = (product: Local): FunctionBuilder =>
    f.get(product).i64(32n).op("i64.shr_u").op("i32.wrap_i64");
  high(second).get(c1).op("i32.xor").get(k0).op("i32.xor").set(c0);
  high(first).get(c3).op("i32.xor").get(k1).op("i32.xor").set(c2);
  f.get(second).op("i32.wrap_i64").set(c1);
  f.get(first).op("i32.wrap_i64").set(c3);
  f.get(k0)
    .i32(w0 | 0)
    .op("i32.add")
    .set(k0);
  f.get(k1)
    .i32(w1 | 0)
    .op("i32.add")
    .set(k1);
}
