/**
 * The kernel of a scalar program where code has to be small: one body for any number of features, and one place for all addresses.
 *
 * @module
 */

import type { ScalarCode } from "../../../plan/scalarCode.ts";
import type { FunctionIndex, Local, ModuleBuilder } from "../emit/assembler.ts";
import { computedBytes, emitCode, type KernelShape } from "../emit/fusedKernel.ts";
import { asVector } from "../emit/scalarOperations.ts";
import { type Vector, VectorBuilder } from "../emit/vector.ts";

/**
 * Adds the kernel of a scalar program on the lines of a tile: `(addresses of the sources, addresses of the results, number of features)`,
 * the last of a program for more than one. It computes what the kernel of `addTileKernel` does, to the last bit.
 */
export function addSmallKernel(
  module: ModuleBuilder,
  isOneFeature: boolean,
  { sources, results, ...program }: ScalarCode,
  shape: KernelShape,
): FunctionIndex {
  const count = sources.length + results.length;
  const parameters = new Array<"i32">(isOneFeature ? count : count + 1).fill("i32");
  return module.addFunction(null, parameters, [], (f) => {
    const v = new VectorBuilder(f, shape.vector);
    const rowBytes = shape.rowLength * v.laneBytes;
    const [lane, computed] = [f.local("i32"), computedBytes(f, shape)];
    const resultPointer = (i: number): Local => f.parameter(sources.length + i);
    const load = (pointer: Local, offset: number): Vector => {
      f.get(pointer).get(lane).op("i32.add").memory("v128.load", offset);
      return v.fromStack();
    };
    const store = (pointer: Local, offset: number, value: Vector): void => {
      f.get(pointer).get(lane).op("i32.add").get(value.local).memory("v128.store", offset);
    };
    const sums = results.flatMap(({ isSum }, i) => (isSum ? [resultPointer(i)] : []));
    const zero = v.constant(0);
    if (sums.length > 0)
      f.forRange(lane, 0, computed, 16, () => {
        for (const sum of sums) store(sum, 0, zero);
      });
    f.repeat(isOneFeature ? 1 : f.parameter(count), () => {
      f.forRange(lane, 0, computed, 16, () => {
        const registers = emitCode(v, { sources, results, ...program }, (source, column) => {
          const { kind } = sources[source]!;
          const pointer = f.parameter(source);
          return kind === "rows" || kind === "repeated"
            ? load(pointer, column * rowBytes)
            : v.loadSplat(pointer, column * v.laneBytes);
        });
        results.forEach(({ isSum, registers: own }, i) => {
          for (const [column, register] of own.entries()) {
            const value = asVector(v, registers[register]!);
            const sum = isSum ? v.add(load(resultPointer(i), 0), value) : value;
            store(resultPointer(i), column * rowBytes, sum);
          }
        });
      });
      if (isOneFeature) return;
      sources.forEach(({ kind, width }, i) => {
        if (kind === "rows") f.increment(f.parameter(i), width * rowBytes);
        else if (kind === "shared") f.increment(f.parameter(i), width * v.laneBytes);
      });
      results.forEach(({ isSum, registers }, i) => {
        if (!isSum) f.increment(resultPointer(i), registers.length * rowBytes);
      });
    });
  });
}
