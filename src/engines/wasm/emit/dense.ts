/**
 * Kernels on matrices: products in register blocks, transposition of tiles, sums over lanes.
 *
 * A product keeps a block of C, some rows by two or more vectors, in registers while it runs through k: each step loads
 * the vectors of B, and for each row of the block one number of A in all lanes. Three uses of a dense layer
 * `y = W x + b` share the kernel: forward A = W, B = x; gradient of x: A = transpose of W (strides exchanged); gradient of W:
 * A = gradient of y, B = transposed x, k over the lanes of the tile.
 *
 * @module
 */

import type { FunctionBuilder, FunctionIndex, GlobalIndex, Local, ModuleBuilder } from "./assembler.ts";
import { VectorBuilder, type VectorOptions } from "./vector.ts";

/** Shape of a product C = A B (+ start); strides are counted in elements, not bytes. */
export interface ProductShape {
  /** Rows of A and C. Any count. */
  readonly rows: number;
  /**
   * Columns of B and C, a multiple of the lanes of a vector (4 in float32, 2 in float64); or the function gets their number in the place
   * of `bias`.
   */
  readonly columns: number | "argument";
  /** From one row of A to the next. */
  readonly aRowStride: number;
  /** From one column of A to the next. */
  readonly aColumnStride: number;
  /** From one row of B to the next; its columns are adjacent. */
  readonly bRowStride: number;
  /** From one row of C to the next; its columns are adjacent. */
  readonly cRowStride: number;
  /** What the products are added to: nothing, what C holds, or `bias[row]`. */
  readonly start: "zero" | "accumulate" | "bias";
  /**
   * What is done to a sum as it is stored: nothing (default), what is below zero becomes zero, or all becomes zero but
   * where another matrix, laid out as C, is above zero; its address then takes the place of `bias`.
   */
  readonly finish?: "plain" | "rectified" | "gated" | undefined;
  /**
   * The global that says how many columns are computed, from the first on; whole register blocks are. All of them where it is
   * absent, or where blocks do not divide them.
   */
  readonly computedColumns?: GlobalIndex | undefined;
}

/** Rows of a register block; two vectors wide. See ENGINE.md section 4: with more, V8 spills registers. */
function blockRows(options: VectorOptions): number {
  return options.relaxed ? 6 : 4;
}

/** Width of a register block of some rows, in vectors: lower blocks are wider, so that enough sums run at a time. */
function blockVectorsOf(rows: number, options: VectorOptions): number {
  const registers = rows >= 4 ? 2 : rows >= 2 ? 4 : 8;
  return options.wide ? 2 * registers : registers;
}

/** What products are made for. */
export interface ProductOptions extends VectorOptions {
  /** Contributions of a round of the inner loop (default 1): runtimes that count what a module does look at their limits in each round. */
  readonly unroll?: number | undefined;
  /** Writes a register block (default: here and now; code that has to be small calls a function for it). */
  readonly writeBlock?: typeof emitBlock | undefined;
}

/**
 * Adds a function `(a, b, c, bias, k)` of four addresses and a count: C[m][n] = start + sum over k of
 * A[m][k] B[k][n]. `k` may be 0. C must overlap neither A nor B; `bias` is read only where the shape says so.
 *
 * Sums run in the order of k, one rounding or two a term (relaxed or not), and do not depend on the block.
 */
export function addProduct(
  module: ModuleBuilder,
  name: string | null,
  shape: ProductShape,
  options: ProductOptions,
): FunctionIndex {
  return module.addFunction(name, ["i32", "i32", "i32", "i32", "i32"], [], (f) =>
    emitProduct(f, shape, options),
  );
}

function emitProduct(f: FunctionBuilder, shape: ProductShape, options: ProductOptions): void {
  const [a, b, c, bias, k] = [0, 1, 2, 3, 4].map((place) => f.parameter(place)) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const { lanes, laneBytes } = new VectorBuilder(f, options);
  // Blocks of nearly equal height: 13 rows are 5 + 4 + 4, not 6 + 6 + 1.
  const blocks = Math.ceil(shape.rows / blockRows(options));
  const height = Math.floor(shape.rows / blocks);
  const taller = shape.rows - blocks * height;
  const blockVectors = blockVectorsOf(height, options);
  const bRowBytes = shape.bRowStride * laneBytes;
  const cRowBytes = shape.cRowStride * laneBytes;
  const aRowBytes = shape.aRowStride * laneBytes;

  // Pointers of the column strip at hand, and of the row block within it.
  const [bStrip, cStrip] = [f.local("i32"), f.local("i32")];
  const [aBlock, cBlock, biasBlock] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const pointers = { a: f.local("i32"), b: f.local("i32"), end: f.local("i32") };
  const kBytes = f.local("i32");
  f.get(k).i32(bRowBytes).op("i32.mul").set(kBytes);

  const block = (rows: number, width: number): void => {
    f.get(aBlock).set(pointers.a);
    f.get(bStrip).tee(pointers.b).get(kBytes).op("i32.add").set(pointers.end);
    (options.writeBlock ?? emitBlock)(f, options, shape, rows, width, pointers, cBlock, biasBlock);
    f.increment(aBlock, rows * aRowBytes).increment(cBlock, rows * cRowBytes);
    if (shape.start === "bias") f.increment(biasBlock, rows * laneBytes);
    if (shape.finish === "gated") f.increment(biasBlock, rows * cRowBytes);
  };
  const strip = (width: number): void => {
    f.get(a).set(aBlock).get(cStrip).set(cBlock).get(bias).set(biasBlock);
    f.repeat(taller, () => block(height + 1, width));
    f.repeat(blocks - taller, () => block(height, width));
    f.increment(bStrip, 16 * width).increment(cStrip, 16 * width);
    if (shape.finish === "gated") f.increment(bias, 16 * width);
  };
  if (shape.rows === 0) return;
  f.get(b).set(bStrip).get(c).set(cStrip);
  if (shape.columns === "argument") {
    // Strips of the whole width while there are so many columns, then of half of it, and so on.
    for (let width = blockVectors; width >= 1; width /= 2)
      f.block((end) => {
        f.loop((start) => {
          f.get(bias)
            .i32(lanes * width)
            .op("i32.lt_u")
            .branchIf(end);
          strip(width);
          f.increment(bias, -lanes * width).branch(start);
        });
      });
    return;
  }
  const vectors = shape.columns / lanes;
  const stripVectors = vectors - (vectors % blockVectors);
  if (shape.computedColumns !== undefined && stripVectors === vectors) {
    const [column, end] = [f.local("i32"), f.local("i32")];
    f.getGlobal(shape.computedColumns).set(end);
    f.forRange(column, 0, end, lanes * blockVectors, () => strip(blockVectors));
    return;
  }
  f.repeat(stripVectors / blockVectors, () => strip(blockVectors));
  if (stripVectors < vectors) strip(vectors - stripVectors);
}

/** One register block: `rows` of C, `width` vectors wide. May leave the pointers of A and B at their ends. */
export function emitBlock(
  f: FunctionBuilder,
  options: ProductOptions,
  shape: ProductShape,
  rows: number,
  width: number,
  pointers: { a: Local; b: Local; end: Local },
  c: Local,
  bias: Local,
): void {
  const single = options.precision === "float32";
  const laneBytes = single ? 4 : 8;
  const splat = single ? "v128.load32_splat" : "v128.load64_splat";
  const multiplyAdd = single ? "f32x4.relaxed_madd" : "f64x2.relaxed_madd";
  const [multiply, add] = single
    ? (["f32x4.mul", "f32x4.add"] as const)
    : (["f64x2.mul", "f64x2.add"] as const);

  const cOffset = (row: number, column: number): number => row * shape.cRowStride * laneBytes + 16 * column;
  const sums = Array.from({ length: rows }, () => Array.from({ length: width }, () => f.local("v128")));
  const b = Array.from({ length: width }, () => f.local("v128"));
  const a = f.local("v128");
  for (const [row, line] of sums.entries())
    for (const [column, sum] of line.entries()) {
      if (shape.start === "bias") f.load(splat, bias, row * laneBytes);
      else if (shape.start === "accumulate") f.load("v128.load", c, cOffset(row, column));
      else f.vector("f32x4", 0);
      f.set(sum);
    }
  const bBytes = shape.bRowStride * laneBytes;
  const aBytes = shape.aColumnStride * laneBytes;
  const contributions = (count: number, end: Local): void => {
    f.forPointer(pointers.b, end, count * bBytes, () => {
      for (let i = 0; i < count; i++) {
        for (const [column, local] of b.entries())
          f.load("v128.load", pointers.b, i * bBytes + 16 * column).set(local);
        for (const [row, line] of sums.entries()) {
          f.load(splat, pointers.a, i * aBytes + row * shape.aRowStride * laneBytes).set(a);
          for (const [column, sum] of line.entries()) {
            f.get(a).get(b[column]!);
            if (options.relaxed) f.get(sum).op(multiplyAdd);
            else f.op(multiply).get(sum).op(add);
            f.set(sum);
          }
        }
      }
      f.increment(pointers.a, count * aBytes);
    });
  };
  const { unroll = 1 } = options;
  if (unroll > 1) {
    const end = f.local("i32");
    f.get(pointers.end)
      .get(pointers.end)
      .get(pointers.b)
      .op("i32.sub")
      .i32(unroll * bBytes)
      .op("i32.rem_u");
    f.op("i32.sub").set(end);
    contributions(unroll, end);
    f.release(end);
  }
  contributions(1, pointers.end);
  const zero = f.hoistedConstant(single ? "f32x4" : "f64x2", 0);
  for (const [row, line] of sums.entries())
    for (const [column, sum] of line.entries()) {
      if (shape.finish === "rectified")
        f.get(sum)
          .get(zero)
          .op(single ? "f32x4.pmax" : "f64x2.pmax")
          .set(sum);
      else if (shape.finish === "gated")
        f.load("v128.load", bias, cOffset(row, column))
          .get(zero)
          .op(single ? "f32x4.gt" : "f64x2.gt")
          .get(sum)
          .op("v128.and")
          .set(sum);
      f.store("v128.store", c, cOffset(row, column), sum);
    }
  for (const local of [...sums.flat(), ...b, a]) f.release(local);
}

/** Shape of a transposition of a tile. */
export interface TransposeShape {
  /** Rows of the source. */
  readonly elements: number;
  /** Columns of the source that are used, a multiple of the lanes of a vector. */
  readonly columns: number;
  /** From one row of the source to the next, in elements. */
  readonly sourceStride: number;
  /** Length of a row of the destination, a multiple of the lanes of a vector, at least `elements`; zeros fill it up. */
  readonly paddedElements: number;
}

/**
 * Adds a function `(source, destination)` of two addresses: destination[column][element] = source[element][column].
 */
export function addTranspose(
  module: ModuleBuilder,
  name: string | null,
  shape: TransposeShape,
  options: VectorOptions,
): FunctionIndex {
  return module.addFunction(name, ["i32", "i32"], [], (f) => {
    const { lanes, laneBytes } = new VectorBuilder(f, options);
    const sourceBytes = shape.sourceStride * laneBytes;
    const destinationBytes = shape.paddedElements * laneBytes;
    const [source, destination] = [f.local("i32"), f.local("i32")];

    /** Turns a square of which `present` rows are in the source, and goes on to the next `lanes` elements. */
    const square = (present: number): void => {
      const rows = Array.from({ length: lanes }, (_, row) => {
        const local = f.local("v128");
        if (row < present) f.load("v128.load", source, row * sourceBytes);
        else f.vector("f32x4", 0);
        f.set(local);
        return local;
      });
      for (const [row, local] of transposeSquare(f, rows).entries()) {
        f.store("v128.store", destination, row * destinationBytes, local).release(local);
      }
      f.increment(source, lanes * sourceBytes).increment(destination, 16);
    };
    const wholeSquares = Math.floor(shape.elements / lanes);
    const rest = shape.elements - wholeSquares * lanes;
    const padding = shape.paddedElements / lanes - wholeSquares - (rest > 0 ? 1 : 0);
    f.repeat(shape.columns / lanes, () => {
      f.get(f.parameter(0)).set(source).get(f.parameter(1)).set(destination);
      f.repeat(wholeSquares, () => square(lanes));
      if (rest > 0) square(rest);
      f.repeat(padding, () => square(0));
      f.increment(f.parameter(0), 16).increment(f.parameter(1), lanes * destinationBytes);
    });
  });
}

/** Transposes a square of vectors, 4 by 4 or 2 by 2, and releases what it was given. */
function transposeSquare(f: FunctionBuilder, rows: readonly Local[]): Local[] {
  // Interleaves halves: words of 4 or 8 bytes, from the lower or the upper half of two vectors.
  const words = (order: readonly number[], size: number): number[] =>
    order.flatMap((word) => Array.from({ length: size }, (_, byte) => size * word + byte));
  const lowWords = words([0, 4, 1, 5], 4);
  const highWords = words([2, 6, 3, 7], 4);
  const lowDoubles = words([0, 2], 8);
  const highDoubles = words([1, 3], 8);
  const pair = (x: Local, y: Local, low: readonly number[], high: readonly number[]): [Local, Local] => {
    const result: [Local, Local] = [f.local("v128"), f.local("v128")];
    f.get(x).get(y).shuffle(low).set(result[0]).get(x).get(y).shuffle(high).set(result[1]);
    f.release(x);
    f.release(y);
    return result;
  };
  if (rows.length === 2) return pair(rows[0]!, rows[1]!, lowDoubles, highDoubles);
  const [a, b] = pair(rows[0]!, rows[1]!, lowWords, highWords);
  const [c, d] = pair(rows[2]!, rows[3]!, lowWords, highWords);
  return [...pair(a, c, lowDoubles, highDoubles), ...pair(b, d, lowDoubles, highDoubles)];
}

/** Shape of a sum over the lanes of a tile. */
export interface RowSumShape {
  readonly rows: number;
  /** Columns that are added, a multiple of the lanes of a vector. */
  readonly columns: number;
  /** From one row of the source to the next, in elements. */
  readonly sourceStride: number;
  /** Whether the sums are float64, whatever the source is (default false). */
  readonly doubleSums?: boolean | undefined;
}

/**
 * Adds a function `(source, sums)` of two addresses: sums[row] += sum over the columns of source[row], which is what
 * the gradient of a bias needs. `sums` are adjacent. The order of addition is fixed: two running vectors, then lanes.
 * With sums in float64 the error does not grow with the number of tiles that are added.
 */
export function addRowSum(
  module: ModuleBuilder,
  name: string | null,
  shape: RowSumShape,
  options: VectorOptions,
): FunctionIndex {
  return module.addFunction(name, ["i32", "i32"], [], (f) => {
    const v = new VectorBuilder(f, options);
    const [source, sums] = [f.parameter(0), f.parameter(1)];
    const scalar = v.precision === "float32" ? "f32" : "f64";
    const vectors = shape.columns / v.lanes;
    f.repeat(shape.rows, () => {
      const running = [v.variable(v.constant(0)), v.variable(v.constant(0))] as const;
      const end = f.local("i32");
      const position = f.local("i32");
      const addVector = (offset: number, which: 0 | 1): void =>
        v.assign(
          running[which],
          v.scope(() => v.add(running[which], v.load(position, offset))),
        );
      f.get(source)
        .tee(position)
        .i32(32 * Math.floor(vectors / 2))
        .op("i32.add")
        .set(end);
      f.forPointer(position, end, 32, () => {
        addVector(0, 0);
        addVector(16, 1);
      });
      if (vectors % 2 === 1) addVector(0, 0);
      const sum = shape.doubleSums ? "f64" : scalar;
      f.get(sums).load(`${sum}.load`, sums);
      v.pushLaneSum(v.add(running[0], running[1]));
      if (sum !== scalar) f.op("f64.promote_f32");
      f.op(`${sum}.add`).memory(`${sum}.store`);
      f.increment(source, shape.sourceStride * v.laneBytes).increment(sums, sum === "f64" ? 8 : 4);
    });
  });
}

/** Adds a function `(address, bytes)` that writes zeros; the count is a multiple of 16. */
export function addFillZero(module: ModuleBuilder, name: string | null): FunctionIndex {
  return module.addFunction(name, ["i32", "i32"], [], (f) => {
    const [address, bytes] = [f.parameter(0), f.parameter(1)];
    const zero = f.hoistedConstant("i32x4", 0);
    f.get(address).get(bytes).op("i32.add").set(bytes);
    f.forPointer(address, bytes, 16, () => f.store("v128.store", address, 0, zero));
  });
}
