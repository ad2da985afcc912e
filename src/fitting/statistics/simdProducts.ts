/**
 * The products of {@link TileProducts} in WebAssembly: two numbers of float64 at a time, in the order of the plain loops and
 * with their rounding, so that the bits are the same.
 *
 * @module
 */

import { type FunctionBuilder, type Local, ModuleBuilder } from "../../engines/wasm/emit/assembler.ts";
import { hasSimd, hasWebAssembly } from "../../engines/wasm/run/capabilities.ts";
import { compileModule } from "../../platform/platform.ts";
import { type ProductsOf, plainProducts, tileRows } from "./tileProducts.ts";

/** Pages of 64 KiB of the largest memory; it begins with one. */
const maximumPages = 2 ** 14;
const pageBytes = 2 ** 16;
/** Bytes of a number. */
const wide = 8;
/** Rows that are multiplied at a time. */
const blockRows = 4;

interface Kernels {
  multiply(
    tile: number,
    tileEnd: number,
    forms: number,
    formsEnd: number,
    terms: number,
    termBytes: number,
  ): void;
  accumulate(tile: number, places: number, placesEnd: number, shares: number, sums: number): void;
}

/** Products of tiles of rows with so many features, an even number, as fast as the runtime allows. */
export async function productsFor(features: number): Promise<ProductsOf> {
  if (!hasWebAssembly() || !hasSimd()) return plainProducts(features);
  const module = await compileModule(productModule(features));
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages });
  } catch {
    // A limit on addresses.
    return plainProducts(features);
  }
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return simdProducts(features, instance.exports as unknown as Kernels, memory);
}

/** All products share a memory: those of one number of components are used up before the next are made. */
function simdProducts(features: number, kernels: Kernels, memory: WebAssembly.Memory): ProductsOf {
  return (components) => {
    const sizes = [
      tileRows * features,
      tileRows * components,
      components * (features + 1),
      4 * tileRows,
      components * features,
      tileRows / 2,
    ];
    const starts: number[] = [];
    let end = 0;
    for (const size of sizes) {
      starts.push(end);
      // Vectors do not straddle lines of the cache.
      end += 64 * Math.ceil((size * wide) / 64);
    }
    const missing = Math.ceil((end - memory.buffer.byteLength) / pageBytes);
    if (missing > 0) memory.grow(missing);
    const array = (i: number): Float64Array => new Float64Array(memory.buffer, starts[i]!, sizes[i]!);
    const [tile, terms, forms, shares, sums, places] = starts as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const termBytes = components * wide;
    const formsEnd = forms + components * (features + 1) * wide;
    return {
      tile: array(0),
      terms: array(1),
      forms: array(2),
      shares: array(3),
      sums: array(4).fill(0),
      places: new Int32Array(memory.buffer, places, tileRows),
      multiply(rows) {
        const tileEnd = tile + blockRows * Math.ceil(rows / blockRows) * features * wide;
        kernels.multiply(tile, tileEnd, forms, formsEnd, terms, termBytes);
      },
      accumulate(k, count) {
        kernels.accumulate(tile, places, places + 4 * count, shares, sums + k * features * wide);
      },
    };
  };
}

function productModule(features: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ sharedMemory: false, maximumPages });
  module.addFunction("multiply", ["i32", "i32", "i32", "i32", "i32", "i32"], [], (f) =>
    emitMultiply(f, features),
  );
  module.addFunction("accumulate", ["i32", "i32", "i32", "i32", "i32"], [], (f) =>
    emitAccumulate(f, features),
  );
  return module.finish();
}

/** `sum += factor * value` in both lanes, rounded twice. */
function addProduct(f: FunctionBuilder, sum: Local, factor: Local, value: Local): void {
  f.get(sum).get(factor).get(value).op("f64x2.mul").op("f64x2.add").set(sum);
}

const vectors = (f: FunctionBuilder, count: number): Local[] =>
  Array.from({ length: count }, () => f.local("v128"));

/** For each four components, each four rows: two vectors of components a row, along the features. */
function emitMultiply(f: FunctionBuilder, features: number): void {
  const [tile, tileEnd, forms, formsEnd, terms, termBytes] = [0, 1, 2, 3, 4, 5].map((i) =>
    f.parameter(i),
  ) as [Local, Local, Local, Local, Local, Local];
  const rowBytes = features * wide;
  const [form, row, x, xEnd, slope, out] = [0, 1, 2, 3, 4, 5].map(() => f.local("i32")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const sums = Array.from({ length: blockRows }, () => vectors(f, 2));
  const [low, high, value] = vectors(f, 3) as [Local, Local, Local];
  f.forRange(form, forms, formsEnd, 4 * wide * (features + 1), () => {
    f.get(terms).set(out);
    f.forRange(row, tile, tileEnd, blockRows * rowBytes, () => {
      for (const [first, second] of sums as [Local, Local][])
        f.load("v128.load", form).set(first).load("v128.load", form, 16).set(second);
      f.get(row).tee(x).i32(rowBytes).op("i32.add").set(xEnd);
      f.get(form).i32(32).op("i32.add").set(slope);
      f.forPointer(x, xEnd, 2 * wide, () => {
        for (const step of [0, 1]) {
          f.load("v128.load", slope, 32 * step).set(low);
          f.load("v128.load", slope, 32 * step + 16).set(high);
          (sums as [Local, Local][]).forEach(([first, second], r) => {
            f.load("v128.load64_splat", x, r * rowBytes + step * wide).set(value);
            addProduct(f, first, low, value);
            addProduct(f, second, high, value);
          });
        }
        f.increment(slope, 64);
      });
      for (const [first, second] of sums as [Local, Local][]) {
        f.store("v128.store", out, 0, first).store("v128.store", out, 16, second);
        f.get(out).get(termBytes).op("i32.add").set(out);
      }
    });
    f.increment(terms, 32);
  });
}

/** Four components by up to two vectors of features, along the rows that are chosen. */
function emitAccumulate(f: FunctionBuilder, features: number): void {
  const [tile, places, placesEnd, shares, sums] = [0, 1, 2, 3, 4].map((i) => f.parameter(i)) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const [place, share, from] = [0, 1, 2].map(() => f.local("i32")) as [Local, Local, Local];
  const totals = Array.from({ length: 4 }, () => vectors(f, 2));
  const values = vectors(f, 2);
  const factor = f.local("v128");
  const block = (width: number): void => {
    const columnSums = totals.map((lanes) => lanes.slice(0, width));
    columnSums.forEach((lanes, k) => {
      lanes.forEach((total, v) => f.load("v128.load", sums, k * features * wide + 16 * v).set(total));
    });
    f.get(shares).set(share);
    f.forRange(place, places, placesEnd, 4, () => {
      f.load("i32.load", place).i32(3).op("i32.shl").get(tile).op("i32.add").set(from);
      for (let v = 0; v < width; v++) f.load("v128.load", from, 16 * v).set(values[v]!);
      columnSums.forEach((lanes, k) => {
        f.load("v128.load64_splat", share, wide * k).set(factor);
        lanes.forEach((total, v) => addProduct(f, total, factor, values[v]!));
      });
      f.increment(share, 4 * wide);
    });
    columnSums.forEach((lanes, k) => {
      lanes.forEach((total, v) => f.store("v128.store", sums, k * features * wide + 16 * v, total));
    });
    f.increment(tile, 16 * width).increment(sums, 16 * width);
  };
  f.repeat(Math.floor(features / 4), () => block(2));
  if (features % 4 !== 0) block(1);
}
