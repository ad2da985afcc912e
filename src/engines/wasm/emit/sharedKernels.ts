/**
 * Kernels on shared values, elements in order, that are not fused chains: what runs before the tiles (products of
 * parameters) and after them (sums of shards, norms).
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
import { VectorBuilder, type VectorOptions } from "./vector.ts";

interface ScalarOps {
  readonly bytes: number;
  readonly type: "f32" | "f64";
  readonly load: (pointer: Local, offset?: number) => FunctionBuilder;
  readonly store: (pointer: Local, offset: number, value: Local) => FunctionBuilder;
}

function scalarOps(f: FunctionBuilder, { precision }: VectorOptions): ScalarOps {
  const type = precision === "float32" ? "f32" : "f64";
  return {
    type,
    bytes: precision === "float32" ? 4 : 8,
    load: (pointer, offset = 0) => f.load(`${type}.load`, pointer, offset),
    store: (pointer, offset, value) => f.store(`${type}.store`, pointer, offset, value),
  };
}

/** `(source, destination, table, count)`: destination[i] = source[table[i]], 0 for -1. */
export function addGather(module: ModuleBuilder, vector: VectorOptions): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32", "i32"], [], (f) => {
    const [source, destination, table, count] = parametersOf(f, 4);
    const s = scalarOps(f, vector);
    const [i, index, from, value] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local(s.type)];
    f.forRange(i, 0, count, 1, () => {
      f.load("i32.load", table).set(index);
      f[s.type](0).set(value);
      f.get(index)
        .i32(0)
        .op("i32.ge_s")
        .ifElse(() => {
          f.get(source).get(index).i32(s.bytes).op("i32.mul").op("i32.add").set(from);
          s.load(from).set(value);
        });
      s.store(destination, 0, value);
      f.increment(table, 4).increment(destination, s.bytes);
    });
  });
}

/** `(source, destination, table, count)`: destination[table[i]] += source[i], -1 dropped. */
export function addScatter(module: ModuleBuilder, vector: VectorOptions): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32", "i32"], [], (f) => {
    const [source, destination, table, count] = parametersOf(f, 4);
    const s = scalarOps(f, vector);
    const [i, index, to, value] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local(s.type)];
    f.forRange(i, 0, count, 1, () => {
      f.load("i32.load", table).set(index);
      f.get(index)
        .i32(0)
        .op("i32.ge_s")
        .ifElse(() => {
          f.get(destination).get(index).i32(s.bytes).op("i32.mul").op("i32.add").set(to);
          s.load(to);
          s.load(source).op(`${s.type}.add`).set(value);
          s.store(to, 0, value);
        });
      f.increment(table, 4).increment(source, s.bytes);
    });
  });
}

/** `(source, destination, count)`: copies elements, any count. */
export function addCopy(module: ModuleBuilder, vector: VectorOptions): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32"], [], (f) => {
    const [source, destination, count] = parametersOf(f, 3);
    const s = scalarOps(f, vector);
    const [i, value] = [f.local("i32"), f.local(s.type)];
    f.forRange(i, 0, count, 1, () => {
      s.load(source).set(value);
      s.store(destination, 0, value);
      f.increment(source, s.bytes).increment(destination, s.bytes);
    });
  });
}

/** `(source, destination)`: sums over the middle axis of `[outer, count, inner]`, in a fixed order. */
export function addSum(
  module: ModuleBuilder,
  { outer, count, inner }: { readonly outer: number; readonly count: number; readonly inner: number },
  vector: VectorOptions,
): FunctionIndex {
  return module.addFunction(null, ["i32", "i32"], [], (f) => {
    const [source, destination] = [f.parameter(0), f.parameter(1)];
    const s = scalarOps(f, vector);
    const v = new VectorBuilder(f, vector);
    const [k, from, total] = [f.local("i32"), f.local("i32"), f.local(s.type)];
    if (outer === 1 && inner === 1) {
      // The squared norm of a gradient is long: vectors first, then what is left over.
      const running = v.variable(v.constant(0));
      const vectorElements = count - (count % v.lanes);
      f.forRange(k, 0, vectorElements, v.lanes, () => {
        v.assign(running, v.add(running, v.load(source)));
        f.increment(source, 16);
      });
      v.pushLaneSum(running);
      f.set(total);
      f.forRange(k, 0, count - vectorElements, 1, () => {
        f.get(total);
        s.load(source).op(`${s.type}.add`).set(total);
        f.increment(source, s.bytes);
      });
      s.store(destination, 0, total);
      return;
    }
    f.repeat(outer, () => {
      f.repeat(inner, () => {
        f[s.type](0).set(total);
        f.get(source).set(from);
        f.forRange(k, 0, count, 1, () => {
          f.get(total);
          s.load(from).op(`${s.type}.add`).set(total);
          f.increment(from, inner * s.bytes);
        });
        s.store(destination, 0, total);
        f.increment(source, s.bytes).increment(destination, s.bytes);
      });
      f.increment(source, (count - 1) * inner * s.bytes);
    });
  });
}

/**
 * `(a, b, bias, destination)`: destination[i][j] = bias[i] + sum_k a[i][k] b[k][j], with any strides, in elements;
 * a matrix product, or with one column a dense layer of a shared vector.
 */
export function addSharedProduct(
  module: ModuleBuilder,
  size: {
    readonly rows: number;
    readonly inner: number;
    readonly columns: number;
    /** From one row of b, and of the destination, to the next (default: `columns`). */
    readonly pitch?: number | undefined;
  },
  a: { readonly row: number; readonly column: number },
  hasBias: boolean,
  vector: VectorOptions,
): FunctionIndex {
  const { pitch = size.columns } = size;
  return module.addFunction(null, ["i32", "i32", "i32", "i32"], [], (f) => {
    const [left, right, bias, destination] = parametersOf(f, 4);
    const s = scalarOps(f, vector);
    const [j, k, x, y, total] = [
      f.local("i32"),
      f.local("i32"),
      f.local("i32"),
      f.local("i32"),
      f.local(s.type),
    ];
    f.repeat(size.rows, () => {
      f.forRange(j, 0, size.columns * s.bytes, s.bytes, () => {
        if (hasBias) s.load(bias).set(total);
        else f[s.type](0).set(total);
        f.get(left).set(x).get(right).get(j).op("i32.add").set(y);
        f.forRange(k, 0, size.inner, 1, () => {
          f.get(total);
          s.load(x);
          s.load(y).op(`${s.type}.mul`).op(`${s.type}.add`).set(total);
          f.increment(x, a.column * s.bytes).increment(y, pitch * s.bytes);
        });
        s.store(destination, 0, total);
        f.increment(destination, s.bytes);
      });
      f.increment(left, a.row * s.bytes);
      if (pitch > size.columns) f.increment(destination, (pitch - size.columns) * s.bytes);
      if (hasBias) f.increment(bias, s.bytes);
    });
  });
}

/**
 * `(shards, count of shards, destination, first row, end row)`: destination[row][i] = sum over shards of
 * shards[row][i], rows of `width` elements that are `pitch` apart in a shard, shards `shardBytes` apart. The order of
 * addition is that of the shards, whoever adds.
 */
export function addShardSum(
  module: ModuleBuilder,
  {
    width,
    pitch,
    shardBytes,
  }: { readonly width: number; readonly pitch: number; readonly shardBytes: number },
  vector: VectorOptions,
): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32", "i32", "i32"], [], (f) => {
    const [shards, count, destination, first, end] = parametersOf(f, 5);
    const s = scalarOps(f, vector);
    const v = new VectorBuilder(f, vector);
    const [row, i, k, from] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const total = f.local(s.type);
    const skip = (pointer: Local, elements: number): void => {
      f.get(pointer)
        .get(first)
        .i32(elements * s.bytes)
        .op("i32.mul")
        .op("i32.add")
        .set(pointer);
    };
    skip(shards, pitch);
    skip(destination, width);
    const vectorElements = width - (width % v.lanes);
    f.forRange(row, first, end, 1, () => {
      f.forRange(i, 0, vectorElements, v.lanes, () => {
        const running = v.variable(v.load(shards));
        f.get(shards).set(from);
        f.forRange(k, 1, count, 1, () => {
          f.increment(from, shardBytes);
          v.assign(running, v.add(running, v.load(from)));
        });
        v.store(destination, 0, running);
        f.increment(shards, 16).increment(destination, 16);
      });
      f.forRange(i, 0, width - vectorElements, 1, () => {
        s.load(shards).set(total);
        f.get(shards).set(from);
        f.forRange(k, 1, count, 1, () => {
          f.increment(from, shardBytes);
          f.get(total);
          s.load(from).op(`${s.type}.add`).set(total);
        });
        s.store(destination, 0, total);
        f.increment(shards, s.bytes).increment(destination, s.bytes);
      });
      f.increment(shards, (pitch - width) * s.bytes);
    });
  });
}

/**
 * `(shards, count of shards, destination, first row, end row)`: as {@link addShardSum} for float32 results of shards
 * in float64, of one row: its elements are what is dealt out.
 */
export function addShardSumOfDoubles(module: ModuleBuilder, shardBytes: number): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32", "i32", "i32"], [], (f) => {
    const [shards, count, destination, first, end] = parametersOf(f, 5);
    const [i, k, from] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const total = f.local("f64");
    const result = f.local("f32");
    f.get(shards).get(first).i32(8).op("i32.mul").op("i32.add").set(shards);
    f.get(destination).get(first).i32(4).op("i32.mul").op("i32.add").set(destination);
    f.forRange(i, first, end, 1, () => {
      f.load("f64.load", shards).set(total);
      f.get(shards).set(from);
      f.forRange(k, 1, count, 1, () => {
        f.increment(from, shardBytes);
        f.get(total).load("f64.load", from).op("f64.add").set(total);
      });
      f.get(total).op("f32.demote_f64").set(result);
      f.store("f32.store", destination, 0, result);
      f.increment(shards, 8).increment(destination, 4);
    });
  });
}

/** `(matrix, right side, solution)`: solves a triangular system, one number after another. */
export function addSharedSolve(
  module: ModuleBuilder,
  {
    size,
    lower,
    transposed,
  }: { readonly size: number; readonly lower: boolean; readonly transposed: boolean },
  vector: VectorOptions,
): FunctionIndex {
  return module.addFunction(null, ["i32", "i32", "i32"], [], (f) => {
    const [matrix, right, solution] = parametersOf(f, 3);
    const s = scalarOps(f, vector);
    const [step, k, a, x, total] = [
      f.local("i32"),
      f.local("i32"),
      f.local("i32"),
      f.local("i32"),
      f.local(s.type),
    ];
    const rowStart = f.local("i32");
    // The transpose of a lower triangle is an upper one, which is solved from its last row.
    const sign = lower !== transposed ? 1 : -1;
    const first = lower !== transposed ? 0 : size - 1;
    const [columnStep, rowStep] = transposed ? [size, 1] : [1, size];
    const firstSolution = f.local("i32");
    f.get(matrix)
      .i32(first * (size + 1) * s.bytes)
      .op("i32.add")
      .set(rowStart);
    f.get(right)
      .i32(first * s.bytes)
      .op("i32.add")
      .set(right);
    f.get(solution)
      .i32(first * s.bytes)
      .op("i32.add")
      .tee(solution)
      .set(firstSolution);
    f.forRange(step, 0, size, 1, () => {
      s.load(right).set(total);
      f.get(rowStart).set(a).get(firstSolution).set(x);
      f.forRange(k, 0, step, 1, () => {
        f.get(total);
        s.load(a);
        s.load(x).op(`${s.type}.mul`).op(`${s.type}.sub`).set(total);
        f.increment(a, sign * columnStep * s.bytes).increment(x, sign * s.bytes);
      });
      f.get(total);
      s.load(a).op(`${s.type}.div`).set(total);
      s.store(solution, 0, total);
      f.increment(right, sign * s.bytes).increment(solution, sign * s.bytes);
      f.increment(rowStart, sign * rowStep * s.bytes);
    });
  });
}
