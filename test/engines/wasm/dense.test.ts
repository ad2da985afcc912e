import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModuleBuilder } from "../../../src/engines/wasm/emit/assembler.ts";
import {
  addFillZero,
  addProduct,
  addRowSum,
  addTranspose,
  type ProductOptions,
  type ProductShape,
} from "../../../src/engines/wasm/emit/dense.ts";

/** Relaxed SIMD is asked for, never assumed: Node 20 has none. */
const probe = new ModuleBuilder({ sharedMemory: false, maximumPages: 1 });
probe.addFunction("probe", [], ["v128"], (f) => {
  for (let i = 0; i < 3; i++) f.vector("f32x4", 0);
  f.op("f32x4.relaxed_madd");
});
const hasRelaxed = WebAssembly.validate(probe.finish());

const variants: ProductOptions[] = (["float32", "float64"] as const).flatMap((precision) => [
  ...(hasRelaxed ? [false, true] : [false]).flatMap((relaxed) =>
    [false, true].map((wide) => ({ precision, relaxed, wide, unroll: 1 })),
  ),
  // As modules that stand alone have them.
  { precision, relaxed: false, wide: false, unroll: 2 },
]);

type Kernel = (...values: number[]) => void;

/** A memory of one array of numbers, and a way to run kernels on it. */
function workspace(options: ProductOptions) {
  // 65,536 numbers: a few more than the kernels are given, all of which are compared.
  const maximumPages = options.precision === "float32" ? 4 : 8;
  const memory = new WebAssembly.Memory({ initial: maximumPages, maximum: maximumPages });
  const array =
    options.precision === "float32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  const bytes = array.BYTES_PER_ELEMENT;
  return {
    array,
    bytes,
    lanes: 16 / bytes,
    epsilon: options.precision === "float32" ? 2 ** -23 : 2 ** -52,
    compile(add: (module: ModuleBuilder) => void): Kernel {
      const builder = new ModuleBuilder({ sharedMemory: false, maximumPages });
      add(builder);
      const instance = new WebAssembly.Instance(new WebAssembly.Module(builder.finish()), {
        env: { memory },
      });
      return instance.exports.run as Kernel;
    },
    /** Fills the array with numbers in [-1, 1) that depend on the seed alone. */
    randomize(seed: number): void {
      let state = seed | 1;
      for (let i = 0; i < array.length; i++) {
        state = Math.imul(state, 1664525) + 1013904223;
        array[i] = state / 2 ** 31;
      }
    },
  };
}

describe.each(variants)(
  "dense kernels in $precision, relaxed: $relaxed, wide: $wide, unroll: $unroll",
  (options) => {
    const work = workspace(options);
    const { array, bytes, lanes } = work;

    /** Runs a product on random numbers and compares with sums in float64; what is not in C must not change. */
    function checkProduct(
      shape: ProductShape & { readonly columns: number },
      k: number,
      seed: number,
      columnsAreArgument = false,
    ): void {
      const [a, b, c, bias] = [16, 8_000, 20_000, 40_000] as const;
      const compiled: ProductShape = columnsAreArgument ? { ...shape, columns: "argument" } : shape;
      work.randomize(seed);
      const before = array.slice();
      work.compile((module) => addProduct(module, "run", compiled, options))(
        a * bytes,
        b * bytes,
        c * bytes,
        columnsAreArgument ? shape.columns : bias * bytes,
        k,
      );
      const expected = before.slice();
      const tolerance = new Float64Array(array.length);
      for (let row = 0; row < shape.rows; row++)
        for (let column = 0; column < shape.columns; column++) {
          const at = c + row * shape.cRowStride + column;
          let sum = shape.start === "zero" ? 0 : shape.start === "bias" ? before[bias + row]! : before[at]!;
          let size = Math.abs(sum);
          for (let i = 0; i < k; i++) {
            const term =
              before[a + row * shape.aRowStride + i * shape.aColumnStride]! *
              before[b + i * shape.bRowStride + column]!;
            sum += term;
            size += Math.abs(term);
          }
          const gate = before[bias + row * shape.cRowStride + column]!;
          const isKept = shape.finish === "gated" ? gate > 0 : shape.finish !== "rectified" || sum > 0;
          expected[at] = isKept ? sum : 0;
          // Each of k products and k sums is rounded once.
          tolerance[at] = (k + 1) * work.epsilon * size;
        }
      for (let i = 0; i < array.length; i++)
        if (!(Math.abs(array[i]! - expected[i]!) <= tolerance[i]!))
          expect.fail(
            `element ${i}: ${array[i]} instead of ${expected[i]}, shape ${JSON.stringify({ ...shape, k })}`,
          );
    }

    it("multiplies matrices of any shape, any strides, from any start", () => {
      const shapes = fc.record({
        rows: fc.nat(40),
        k: fc.nat(40),
        vectors: fc.nat(5),
        gapA: fc.nat(3),
        gapB: fc.nat(3),
        gapC: fc.nat(3),
        transposed: fc.boolean(),
        start: fc.constantFrom("zero", "accumulate", "bias"),
        finish: fc.constantFrom("plain", "rectified", "gated"),
        seed: fc.nat(),
      });
      fc.assert(
        fc.property(shapes, ({ rows, k, vectors, gapA, gapB, gapC, transposed, start, finish, seed }) => {
          const columns = vectors * lanes;
          const aStrides = transposed ? [1, rows + gapA] : [k + gapA, 1];
          const [aRowStride, aColumnStride] = aStrides as [number, number];
          checkProduct(
            {
              rows,
              columns,
              aRowStride,
              aColumnStride,
              bRowStride: columns + gapB,
              cRowStride: columns + gapC,
              // A gate is given in the place of a bias.
              start: finish === "gated" ? "zero" : start,
              finish,
            },
            k,
            seed,
          );
        }),
        { numRuns: 150 },
      );
    });

    it("multiplies as many columns as it is told", () => {
      const shapes = fc.record({ rows: fc.nat(20), k: fc.nat(20), vectors: fc.nat(11), seed: fc.nat() });
      fc.assert(
        fc.property(shapes, ({ rows, k, vectors, seed }) => {
          const columns = vectors * lanes;
          const strides = {
            aRowStride: k,
            aColumnStride: 1,
            bRowStride: columns + 1,
            cRowStride: columns + 2,
          };
          checkProduct({ rows, columns, ...strides, start: "accumulate" }, k, seed, true);
        }),
        { numRuns: 60 },
      );
    });

    it.each(["zero", "accumulate", "bias"] as const)("gives the start alone where k is 0 (%s)", (start) => {
      checkProduct(
        {
          rows: 7,
          columns: 3 * lanes,
          aRowStride: 0,
          aColumnStride: 1,
          bRowStride: 3 * lanes,
          cRowStride: 3 * lanes,
          start,
        },
        0,
        5,
      );
    });

    it("does not let a NaN of another row or column through", () => {
      const shape = {
        rows: 9,
        columns: 4 * lanes,
        aRowStride: 5,
        aColumnStride: 1,
        bRowStride: 4 * lanes,
        cRowStride: 4 * lanes,
        start: "zero",
      } as const;
      const run = work.compile((module) => addProduct(module, "run", shape, options));
      work.randomize(1);
      array[5 * 3 + 2] = Number.NaN;
      run(0, 8_000 * bytes, 20_000 * bytes, 0, 5);
      for (let row = 0; row < 9; row++)
        for (let column = 0; column < shape.columns; column++)
          expect(Number.isNaN(array[20_000 + row * shape.cRowStride + column])).toBe(row === 3);
    });

    it("transposes tiles and fills up with zeros", () => {
      const shapes = fc.record({
        elements: fc.nat(23),
        vectors: fc.nat(5),
        gap: fc.nat(3),
        padding: fc.nat(2),
      });
      fc.assert(
        fc.property(shapes, ({ elements, vectors, gap, padding }) => {
          const columns = vectors * lanes;
          const paddedElements = (Math.ceil(elements / lanes) + padding) * lanes;
          const [source, destination] = [8, 20_000];
          const sourceStride = columns + gap;
          work.randomize(3);
          const expected = array.slice();
          for (let column = 0; column < columns; column++)
            for (let element = 0; element < paddedElements; element++)
              expected[destination + column * paddedElements + element] =
                element < elements ? array[source + element * sourceStride + column]! : 0;
          work.compile((module) =>
            addTranspose(module, "run", { elements, columns, sourceStride, paddedElements }, options),
          )(source * bytes, destination * bytes);
          expect(array.every((value, i) => value === expected[i])).toBe(true);
        }),
        { numRuns: 60 },
      );
    });

    it("adds the sums of rows to what is there", () => {
      fc.assert(
        fc.property(fc.nat(12), fc.nat(17), fc.nat(3), (rows, vectors, gap) => {
          const columns = vectors * lanes;
          const [source, sums] = [8, 20_001];
          work.randomize(4);
          const before = array.slice();
          const shape = { rows, columns, sourceStride: columns + gap };
          work.compile((module) => addRowSum(module, "run", shape, options))(source * bytes, sums * bytes);
          for (let row = 0; row < rows; row++) {
            let [sum, size] = [before[sums + row]!, Math.abs(before[sums + row]!)];
            for (let column = 0; column < columns; column++) {
              const term = before[source + row * shape.sourceStride + column]!;
              sum += term;
              size += Math.abs(term);
            }
            expect(Math.abs(array[sums + row]! - sum)).toBeLessThanOrEqual(
              (columns / 2) * work.epsilon * size,
            );
            before[sums + row] = array[sums + row]!;
          }
          expect(array.every((value, i) => value === before[i])).toBe(true);
        }),
        { numRuns: 60 },
      );
    });

    it("fills with zeros, and nothing beside", () => {
      const run = work.compile((module) => addFillZero(module, "run"));
      work.randomize(6);
      const expected = array.slice().fill(0, 2 * lanes, 9 * lanes);
      run(32, 7 * 16);
      run(0, 0);
      expect(array.every((value, i) => value === expected[i])).toBe(true);
    });
  },
);
