/**
 * What ClickHouse calls of a module, its interface `BUFFERED_V1`: a buffer is `{ data: u32, size: u32 }`, and a function takes the buffer of
 * a block of rows and their number, and gives the buffer of the results. In the format RowBinary, rows of float64 are what
 * the module's own functions take and give.
 *
 * @module
 */

import { type FunctionIndex, type ModuleBuilder, parametersOf } from "../emit/assembler.ts";
import type { Heap } from "./heap.ts";

/** Bytes of a buffer's own two numbers, in front of its data. */
const headBytes = 16;

/** A function `(rows, count, results)` of the module. */
export interface BufferedFunction {
  readonly name: string;
  readonly width: number;
  readonly results: number;
  readonly entry: FunctionIndex;
}

/** Adds the two functions of buffers, and `clickhouse_<name>` of each function. */
export function addClickHouse(
  module: ModuleBuilder,
  heap: Heap,
  functions: readonly BufferedFunction[],
): void {
  const create = module.addFunction("clickhouse_create_buffer", ["i32"], ["i32"], (f) => {
    const [size] = parametersOf(f, 1);
    const [handle, data] = [f.local("i32"), f.local("i32")];
    f.get(size).i32(headBytes).op("i32.add").call(heap.allocate).set(handle);
    f.get(handle).op("i32.eqz");
    f.ifElse(() => f.op("unreachable"));
    f.get(handle).i32(headBytes).op("i32.add").set(data);
    f.store("i32.store", handle, 0, data).store("i32.store", handle, 4, size);
    f.get(handle);
  });
  module.addFunction("clickhouse_destroy_buffer", ["i32"], [], (f) => {
    f.get(parametersOf(f, 1)[0]).call(heap.release);
  });
  for (const { name, width, results, entry } of functions)
    module.addFunction(`clickhouse_${name}`, ["i32", "i32"], ["i32"], (f) => {
      const [input, count] = parametersOf(f, 2);
      const output = f.local("i32");
      // Another format, or other types of columns: better no answer than a wrong one.
      f.load("i32.load", input, 4)
        .get(count)
        .i32(8 * width)
        .op("i32.mul")
        .op("i32.ne");
      f.ifElse(() => f.op("unreachable"));
      f.get(count)
        .i32(8 * results)
        .op("i32.mul")
        .call(create)
        .set(output);
      f.load("i32.load", input).get(count).load("i32.load", output).call(entry);
      f.get(output);
    });
}
