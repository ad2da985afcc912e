/**
 * The kernels of a tile that are neither fused chains nor dense layers: loading and storing rows, moving elements,
 * sums over an axis, triangular solves.
 *
 * A row here is one element of all lanes. All addresses are in bytes.
 *
 * @module
 */

import {
  type FunctionBuilder,
  type FunctionIndex,
  type Local,
  type ModuleBuilder,
  parametersOf,
} from "./assembler.ts";
import { computedBytes, type KernelShape } from "./fusedKernel.ts";
import { VectorBuilder } from "./vector.ts";

/** Emits the address `base + index * scale`. */
function pushIndexed(f: FunctionBuilder, base: Local, index: Local, scale: number): void {
  f.get(base).get(index).i32(scale).op("i32.mul").op("i32.add");
}

/** How many lanes of a tile are computed, as a number or a new local. */
function computedLanes(f: FunctionBuilder, { rowLength, lanes }: KernelShape): Local | number {
  if (lanes === undefined) return rowLength;
  const count = f.local("i32");
  f.getGlobal(lanes).set(count);
  return count;
}

/** Elements that a round of a copy writes out: all of hundreds, as images have, would be kilobytes of code. */
const roundElements = 16;

/** Copies `size` elements, `stride` and `targetStride` bytes apart. */
function copyElements(
  f: FunctionBuilder,
  size: number,
  single: boolean,
  from: Local,
  stride: number,
  to: Local,
  targetStride: number,
): void {
  const [number, source, target] = [f.local(single ? "f32" : "f64"), f.local("i32"), f.local("i32")];
  const copy = (count: number): void => {
    for (let element = 0; element < count; element++) {
      f.load(single ? "f32.load" : "f64.load", source, element * stride).set(number);
      f.store(single ? "f32.store" : "f64.store", target, element * targetStride, number);
    }
  };
  f.get(from).set(source).get(to).set(target);
  const rest = size % roundElements;
  if (size > rest)
    f.forRange(f.local("i32"), rest, size, roundElements, () => {
      copy(roundElements);
      f.increment(source, roundElements * stride).increment(target, roundElements * targetStride);
    });
  copy(rest);
}

/**
 * `(data, indices, count, tile)`: tile[element][lane] = data[indices[lane]][element], the last row repeated in lanes
 * from `count` on, so that padding holds numbers that are as harmless as the data.
 */
export function addLoadRows(module: ModuleBuilder, size: number, shape: KernelShape): FunctionIndex {
  const { rowLength, vector } = shape;
  return module.addFunction(null, ["i32", "i32", "i32", "i32"], [], (f) => {
    const [data, indices, count, tile] = parametersOf(f, 4);
    const single = vector.precision === "float32";
    const bytes = single ? 4 : 8;
    const [lane, source] = [f.local("i32"), f.local("i32")];
    f.forRange(lane, 0, computedLanes(f, shape), 1, () => {
      f.get(lane)
        .get(count)
        .op("i32.lt_u")
        .ifElse(() => {
          f.get(data);
          f.load("i32.load", indices)
            .i32(size * bytes)
            .op("i32.mul")
            .op("i32.add")
            .set(source);
          f.increment(indices, 4);
        });
      copyElements(f, size, single, source, bytes, tile, rowLength * bytes);
      f.increment(tile, bytes);
    });
  });
}

/** `(tile, output, position, count)`: output[position + lane][element] = tile[element][lane] for lanes below count. */
export function addStoreRows(
  module: ModuleBuilder,
  size: number,
  { rowLength, vector }: KernelShape,
): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32", "i32"], [], (f) => {
    const [tile, output, position, count] = parametersOf(f, 4);
    const single = vector.precision === "float32";
    const bytes = single ? 4 : 8;
    const lane = f.local("i32");
    pushIndexed(f, output, position, size * bytes);
    f.set(output);
    f.forRange(lane, 0, count, 1, () => {
      copyElements(f, size, single, tile, rowLength * bytes, output, bytes);
      f.increment(tile, bytes).increment(output, size * bytes);
    });
  });
}

/** `(row, count)`: 1 in lanes below count, 0 in the rest. */
export function addMarkRows(module: ModuleBuilder, { rowLength, vector }: KernelShape): FunctionIndex {
  return module.addFunction(null, ["i32", "i32"], [], (f) => {
    const [row, count] = [f.parameter(0), f.parameter(1)];
    const single = vector.precision === "float32";
    const [lane, number] = [f.local("i32"), f.local(single ? "f32" : "f64")];
    f.forRange(lane, 0, rowLength, 1, () => {
      f.get(lane)
        .get(count)
        .op("i32.lt_u")
        .op(single ? "f32.convert_i32_u" : "f64.convert_i32_u")
        .set(number);
      f.store(single ? "f32.store" : "f64.store", row, 0, number);
      f.increment(row, single ? 4 : 8);
    });
  });
}

/** `(row) -> i32`: 1 if no lane of a row that is computed is 0 (a NaN is not 0), else 0. */
export function addAllLanes(module: ModuleBuilder, shape: KernelShape): FunctionIndex {
  return module.addFunction(null, ["i32"], ["i32"], (f) => {
    const row = f.parameter(0);
    const single = shape.vector.precision === "float32";
    const [zeros, lane] = [f.local("i32"), f.local("i32")];
    f.i32(0).set(zeros);
    f.forRange(lane, 0, computedLanes(f, shape), 1, () => {
      f.get(zeros).load(single ? "f32.load" : "f64.load", row);
      if (single) f.f32(0).op("f32.eq");
      else f.f64(0).op("f64.eq");
      f.op("i32.or").set(zeros);
      f.increment(row, single ? 4 : 8);
    });
    f.get(zeros).op("i32.eqz");
  });
}

/** `(source, destination, table, count)`: row i of the destination is row table[i] of the source, zeros for -1. */
export function addGatherRows(module: ModuleBuilder, { rowLength, vector }: KernelShape): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32", "i32"], [], (f) => {
    const [source, destination, table, count] = parametersOf(f, 4);
    const v = new VectorBuilder(f, vector);
    const rowBytes = rowLength * v.laneBytes;
    const [i, index, from] = [f.local("i32"), f.local("i32"), f.local("i32")];
    f.forRange(i, 0, count, 1, () => {
      f.load("i32.load", table).set(index);
      f.get(index)
        .i32(0)
        .op("i32.lt_s")
        .ifElse(
          () => {
            const zero = v.constant(0);
            for (let at = 0; at < rowBytes; at += 16) v.store(destination, at, zero);
          },
          () => {
            pushIndexed(f, source, index, rowBytes);
            f.set(from);
            for (let at = 0; at < rowBytes; at += 16) v.store(destination, at, v.load(from, at));
          },
        );
      f.increment(table, 4).increment(destination, rowBytes);
    });
  });
}

/** `(source, destination, table, count)`: row i of the source is added to row table[i], -1 is dropped. */
export function addScatterRows(module: ModuleBuilder, { rowLength, vector }: KernelShape): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32", "i32"], [], (f) => {
    const [source, destination, table, count] = parametersOf(f, 4);
    const v = new VectorBuilder(f, vector);
    const rowBytes = rowLength * v.laneBytes;
    const [i, index, to] = [f.local("i32"), f.local("i32"), f.local("i32")];
    f.forRange(i, 0, count, 1, () => {
      f.load("i32.load", table).set(index);
      f.get(index)
        .i32(0)
        .op("i32.ge_s")
        .ifElse(() => {
          pushIndexed(f, destination, index, rowBytes);
          f.set(to);
          for (let at = 0; at < rowBytes; at += 16)
            v.store(to, at, v.add(v.load(to, at), v.load(source, at)));
        });
      f.increment(table, 4).increment(source, rowBytes);
    });
  });
}

/** `(source, destination)`: copies rows. */
export function addCopyRows(
  module: ModuleBuilder,
  rows: number,
  { rowLength, vector }: KernelShape,
): FunctionIndex {
  return module.addFunction(null, ["i32", "i32"], [], (f) => {
    const v = new VectorBuilder(f, vector);
    const [source, destination, end] = [f.parameter(0), f.parameter(1), f.local("i32")];
    f.get(source)
      .i32(rows * rowLength * v.laneBytes)
      .op("i32.add")
      .set(end);
    f.forPointer(source, end, 16, () => {
      v.store(destination, 0, v.load(source, 0));
      f.increment(destination, 16);
    });
  });
}

/** `(number, rows)`: fills rows with shared numbers, one per row. */
export function addFillRows(
  module: ModuleBuilder,
  rows: number,
  { rowLength, vector }: KernelShape,
): FunctionIndex {
  return module.addFunction(null, ["i32", "i32"], [], (f) => {
    const v = new VectorBuilder(f, vector);
    const [number, destination] = [f.parameter(0), f.parameter(1)];
    f.repeat(rows, () => {
      const value = v.loadSplat(number);
      for (let at = 0; at < rowLength * v.laneBytes; at += 16) v.store(destination, at, value);
      f.increment(number, v.laneBytes).increment(destination, rowLength * v.laneBytes);
    });
  });
}

/** `(source, destination)`: sums over the middle axis of `[outer, count, inner]` rows. */
export function addSumRowsOverAxis(
  module: ModuleBuilder,
  { outer, count, inner }: { readonly outer: number; readonly count: number; readonly inner: number },
  shape: KernelShape,
): FunctionIndex {
  const { rowLength, vector } = shape;
  return module.addFunction(null, ["i32", "i32"], [], (f) => {
    const v = new VectorBuilder(f, vector);
    const rowBytes = rowLength * v.laneBytes;
    const [source, destination] = [f.parameter(0), f.parameter(1)];
    const [lane, from, k] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const computed = computedBytes(f, shape);
    f.repeat(outer, () => {
      f.repeat(inner, () => {
        f.forRange(lane, 0, computed, 16, () => {
          const total = v.variable(v.constant(0));
          f.get(source).get(lane).op("i32.add").set(from);
          f.forRange(k, 0, count, 1, () => {
            v.assign(total, v.add(total, v.load(from)));
            f.increment(from, inner * rowBytes);
          });
          f.get(destination).get(lane).op("i32.add").set(from);
          v.store(from, 0, total);
        });
        f.increment(source, rowBytes).increment(destination, rowBytes);
      });
      f.increment(source, (count - 1) * inner * rowBytes);
    });
  });
}

/** `(matrix, right side, solution)`: solves a triangular system in every lane. */
export function addSolveRows(
  module: ModuleBuilder,
  {
    size,
    lower,
    transposed,
  }: { readonly size: number; readonly lower: boolean; readonly transposed: boolean },
  shape: KernelShape,
): FunctionIndex {
  const { rowLength, vector } = shape;
  return module.addFunction(null, ["i32", "i32", "i32"], [], (f) => {
    const v = new VectorBuilder(f, vector);
    const rowBytes = rowLength * v.laneBytes;
    const computed = computedBytes(f, shape);
    const [matrix, right, solution] = parametersOf(f, 3);
    const [step, inner, lane, a, x, b, out] = Array.from({ length: 7 }, () => f.local("i32"));
    const forward = lower !== transposed;
    // From element to element of the row of the (transposed) matrix that is being eliminated.
    const columnStep = (transposed ? size : 1) * v.laneBytes * (forward ? 1 : -1);
    const rowStep = (transposed ? 1 : size) * v.laneBytes * (forward ? 1 : -1);
    const start = forward ? 0 : size - 1;
    const startA = (start * size + start) * v.laneBytes;
    // `a` walks the row that belongs to this step, from the first solved column to the diagonal.
    const rowStart = f.local("i32");
    f.get(matrix).i32(startA).op("i32.add").set(rowStart);
    f.forRange(step!, 0, size, 1, () => {
      f.forRange(lane!, 0, computed, 16, () => {
        const place = (base: Local, row: number): void => {
          f.get(base)
            .i32(row * rowBytes)
            .op("i32.add")
            .get(lane!)
            .op("i32.add");
        };
        place(right, start);
        f.get(step!)
          .i32(rowBytes * (forward ? 1 : -1))
          .op("i32.mul")
          .op("i32.add")
          .set(b!);
        place(solution, start);
        f.set(x!);
        f.get(x!)
          .get(step!)
          .i32(rowBytes * (forward ? 1 : -1))
          .op("i32.mul")
          .op("i32.add")
          .set(out!);
        f.get(rowStart).set(a!);
        const total = v.variable(v.load(b!));
        f.forRange(inner!, 0, step!, 1, () => {
          v.assign(total, v.sub(total, v.mul(v.loadSplat(a!), v.load(x!))));
          f.increment(a!, columnStep).increment(x!, rowBytes * (forward ? 1 : -1));
        });
        v.store(out!, 0, v.div(total, v.loadSplat(a!)));
      });
      f.increment(rowStart, rowStep);
    });
  });
}
