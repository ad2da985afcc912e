/**
 * Memory for who calls a module that stands alone: blocks of powers of two, given back to lists of their size.
 *
 * @module
 */

import { type FunctionIndex, type GlobalIndex, type ModuleBuilder, parametersOf } from "../emit/assembler.ts";
import { pageBytes } from "../run/memories.ts";

/** Bytes in front of a block: the binary logarithm of its size, and the next one of a list. */
const headerBytes = 16;
/** Binary logarithm of the smallest block. */
const smallest = 6;
/** Bytes that can be asked for at most. */
const mostBytes = 2 ** 30;
/** Bytes of the heads of the lists, one a size. */
export const listBytes: number = 32 * 4;

/** The functions `allocate(bytes) -> address`, 0 where there is no memory, and `release(address)`. */
export interface Heap {
  readonly allocate: FunctionIndex;
  readonly release: FunctionIndex;
}

/**
 * Adds the heap.
 * @param lists - Address of {@link listBytes} that are zero at first.
 * @param start - The first address of the heap, a multiple of 16.
 */
export function addHeap(module: ModuleBuilder, lists: number, start: number): Heap {
  const used: GlobalIndex = module.addGlobal();
  const allocate = module.addFunction("allocate", ["i32"], ["i32"], (f) => {
    const [bytes] = parametersOf(f, 1);
    const [size, list, block, end] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    f.get(bytes).i32(mostBytes).op("i32.gt_u");
    f.ifElse(() => f.i32(0).op("return"));
    // 32 less the leading zeros of what is asked for, less one: the power of two that holds it.
    f.i32(32)
      .get(bytes)
      .i32(headerBytes - 1)
      .op("i32.add")
      .i32(2 ** smallest - 1)
      .op("i32.or")
      .op("i32.clz")
      .op("i32.sub")
      .set(size);
    f.i32(lists).get(size).i32(4).op("i32.mul").op("i32.add").set(list);
    f.load("i32.load", list).set(block);
    f.get(block).ifElse(
      () => f.get(list).load("i32.load", block, 4).memory("i32.store"),
      () => {
        f.getGlobal(used).i32(start).op("i32.add").set(block);
        f.get(block).i32(1).get(size).op("i32.shl").op("i32.add").set(end);
        // Past the end of addresses.
        f.get(end).get(block).op("i32.lt_u");
        f.ifElse(() => f.i32(0).op("return"));
        f.get(end).i32(1).op("i32.sub").i32(16).op("i32.shr_u").op("memory.size").op("i32.ge_u");
        f.ifElse(() => {
          f.get(end).i32(1).op("i32.sub").i32(Math.log2(pageBytes)).op("i32.shr_u").i32(1).op("i32.add");
          f.op("memory.size").op("i32.sub").op("memory.grow").i32(-1).op("i32.eq");
          f.ifElse(() => f.i32(0).op("return"));
        });
        f.get(end).i32(start).op("i32.sub").setGlobal(used);
        f.store("i32.store", block, 0, size);
      },
    );
    f.get(block).i32(headerBytes).op("i32.add");
  });
  const release = module.addFunction("release", ["i32"], [], (f) => {
    const [address] = parametersOf(f, 1);
    const list = f.local("i32");
    f.get(address).i32(headerBytes).op("i32.sub").set(address);
    f.i32(lists).load("i32.load", address).i32(4).op("i32.mul").op("i32.add").set(list);
    f.get(address).load("i32.load", list).memory("i32.store", 4);
    f.store("i32.store", list, 0, address);
  });
  return { allocate, release };
}
