import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type FunctionBuilder,
  ModuleBuilder,
  type ValueType,
} from "../../../src/engines/wasm/emit/assembler.ts";
import { type Vector, VectorBuilder, type VectorOptions } from "../../../src/engines/wasm/emit/vector.ts";

type Exports = Record<string, (...values: number[]) => number>;

const maximumPages = 4;

function instantiate(builder: ModuleBuilder, memory?: WebAssembly.Memory): Exports {
  memory ??= new WebAssembly.Memory({ initial: 1, maximum: maximumPages });
  const module = new WebAssembly.Module(builder.finish());
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
}

/** A function of one exported body on a fresh memory. */
function compile(
  parameters: ValueType[],
  results: ValueType[],
  emit: (f: FunctionBuilder) => void,
  memory?: WebAssembly.Memory,
): (...values: number[]) => number {
  const builder = new ModuleBuilder({ sharedMemory: false, maximumPages });
  builder.addFunction("run", parameters, results, emit);
  return instantiate(builder, memory).run!;
}

function memoryOf(...values: number[]): {
  memory: WebAssembly.Memory;
  floats: Float32Array;
  doubles: Float64Array;
} {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages });
  const floats = new Float32Array(memory.buffer);
  floats.set(values);
  return { memory, floats, doubles: new Float64Array(memory.buffer) };
}

describe("the assembler", () => {
  it("writes every 32-bit constant, with addresses from 2^31 on as their unsigned patterns", () => {
    const edges = [
      0,
      1,
      -1,
      63,
      64,
      -64,
      -65,
      127,
      128,
      8191,
      8192,
      -8192,
      -8193,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 31,
      2 ** 32 - 1,
    ];
    const builder = new ModuleBuilder({ sharedMemory: false, maximumPages });
    for (const [i, value] of edges.entries()) builder.addFunction(`f${i}`, [], ["i32"], (f) => f.i32(value));
    const exports = instantiate(builder);
    for (const [i, value] of edges.entries()) expect(exports[`f${i}`]!()).toBe(value | 0);
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), (value) => {
        expect(compile([], ["i32"], (f) => f.i32(value))()).toBe(value | 0);
      }),
    );
  });

  it("writes every 64-bit constant", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const run = compile([], ["i64"], (f) => f.i64(value)) as unknown as () => bigint;
        expect(run()).toBe(value);
      }),
    );
  });

  it("writes floating-point constants bit by bit", () => {
    for (const value of [0, -0, 1.5, -3e-310, Infinity, Number.NaN]) {
      expect(compile([], ["f64"], (f) => f.f64(value))()).toBe(value);
      expect(compile([], ["f32"], (f) => f.f32(value))()).toBe(Math.fround(value));
    }
  });

  it("takes memory offsets up to 2^32 - 1 and refuses others", () => {
    const { memory } = memoryOf();
    new Int32Array(memory.buffer)[50] = 7;
    const read = (offset: number) =>
      compile(["i32"], ["i32"], (f) => f.load("i32.load", f.parameter(0), offset), memory);
    expect(read(0)(200)).toBe(7);
    expect(read(200)(0)).toBe(7);
    expect(read(130)(70)).toBe(7);
    expect(() => read(2 ** 32 - 1)(200)).toThrow(WebAssembly.RuntimeError);
    expect(() => read(2 ** 32)).toThrow(/offset must be an integer from 0 to .*, got 4294967296/);
    expect(() => read(-4)).toThrow(/offset must be an integer from 0 to .*, got -4/);
  });

  it("lets a function call earlier ones, exported or not", () => {
    const builder = new ModuleBuilder({ sharedMemory: false, maximumPages });
    const square = builder.addFunction(null, ["f64"], ["f64"], (f) =>
      f.get(f.parameter(0)).get(f.parameter(0)).op("f64.mul"),
    );
    builder.addFunction("fourth", ["f64"], ["f64"], (f) => f.get(f.parameter(0)).call(square).call(square));
    const exports = instantiate(builder);
    expect(Object.keys(exports)).toEqual(["fourth"]);
    expect(exports.fourth!(3)).toBe(81);
  });

  it("counts as a for statement does, for constant and variable bounds", () => {
    const rounds = (start: number, end: number, step: number): number => {
      let count = 0;
      for (let i = start; i < end; i += step) count++;
      return count;
    };
    for (const [start, end, step] of [
      [0, 0, 1],
      [0, 1, 1],
      [0, 10, 3],
      [3, 10, 4],
      [5, 3, 1],
      [2 ** 31 - 4, 2 ** 31 + 4, 2],
    ] as const) {
      for (const constantStart of [true, false])
        for (const constantEnd of [true, false]) {
          const run = compile(["i32", "i32"], ["i32"], (f) => {
            const [counter, count] = [f.local("i32"), f.local("i32")];
            f.forRange(
              counter,
              constantStart ? start : f.parameter(0),
              constantEnd ? end : f.parameter(1),
              step,
              () => f.increment(count, 1),
            );
            f.get(count);
          });
          expect(run(start, end)).toBe(rounds(start, end, step));
        }
    }
  });

  it("walks a pointer to its end, which may be its start", () => {
    const run = compile(["i32", "i32"], ["i32"], (f) => {
      const count = f.local("i32");
      f.forPointer(f.parameter(0), f.parameter(1), 8, () => f.increment(count, 1)).get(count);
    });
    expect(run(64, 64)).toBe(0);
    expect(run(64, 104)).toBe(5);
  });

  it("branches out of nested blocks and loops to the label named", () => {
    const run = compile(["i32"], ["i32"], (f) => {
      const total = f.local("i32");
      f.block((out) =>
        f.loop((again) => {
          f.get(total)
            .i32(100)
            .op("i32.ge_s")
            .ifElse(() => f.branch(out));
          f.get(total).get(f.parameter(0)).op("i32.add").set(total);
          f.branch(again);
        }),
      );
      f.get(total)
        .i32(120)
        .op("i32.gt_s")
        .ifElse(
          () => f.i32(-1),
          () => f.get(total),
          "i32",
        );
    });
    expect(run(40)).toBe(120);
    expect(run(99)).toBe(-1);
  });

  it("fills and copies memory", () => {
    const { memory } = memoryOf();
    const bytes = new Uint8Array(memory.buffer);
    compile([], [], (f) => f.i32(8).i32(5).i32(3).memoryFill().i32(20).i32(7).i32(5).memoryCopy(), memory)();
    expect([...bytes.subarray(6, 13)]).toEqual([0, 0, 5, 5, 5, 0, 0]);
    expect([...bytes.subarray(20, 25)]).toEqual([0, 5, 5, 5, 0]);
  });

  it("emits atomic instructions for shared memory only", () => {
    const body = (f: FunctionBuilder): void => {
      f.i32(16)
        .i32(5)
        .memory("i32.atomic.store")
        .i32(16)
        .i32(2)
        .memory("i32.atomic.rmw.add")
        .op("drop")
        .fence();
      f.i32(16).i32(0).i64(-1n).memory("memory.atomic.wait32").op("drop");
      f.i32(16).i32(1).memory("memory.atomic.notify").op("drop");
      f.i32(16).memory("i32.atomic.load");
    };
    const memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages, shared: true });
    const builder = new ModuleBuilder({ sharedMemory: true, maximumPages });
    builder.addFunction("run", [], ["i32"], body);
    expect(instantiate(builder, memory).run!()).toBe(7);
    expect(() => compile([], ["i32"], body)).toThrow(
      /i32.atomic.store: sharedMemory must be true, got false/,
    );
  });

  it("reuses released locals, but never those of hoisted constants", () => {
    const { memory, floats } = memoryOf();
    compile(
      [],
      [],
      (f) => {
        const pointer = f.local("i32");
        const scratch = f.local("v128");
        f.release(scratch);
        const three = f.hoistedConstant("f32x4", 3);
        expect(three).not.toEqual(scratch);
        expect(f.hoistedConstant("f32x4", 3)).toBe(three);
        expect(f.hoistedConstant("f32x4", -0)).not.toBe(f.hoistedConstant("f32x4", 0));
        const reused = f.local("v128");
        expect(reused).toEqual(scratch);
        f.vector("f32x4", 9).set(reused).store("v128.store", pointer, 0, three);
      },
      memory,
    )();
    expect([...floats.subarray(0, 4)]).toEqual([3, 3, 3, 3]);
  });

  it("builds a module of 200 functions", () => {
    const build = (): Uint8Array => {
      const builder = new ModuleBuilder({ sharedMemory: false, maximumPages });
      for (let i = 0; i < 200; i++)
        builder.addFunction(`kernel${i}`, ["i32"], [], (f) => {
          const v = new VectorBuilder(f, { precision: "float32", relaxed: false });
          let value = v.load(f.parameter(0));
          for (let k = 0; k < 60; k++) value = v.fusedMultiplyAdd(value, v.constant(k), v.constant(k + 0.5));
          v.store(f.parameter(0), 0, value);
        });
      return builder.finish();
    };
    expect(WebAssembly.validate(build() as BufferSource)).toBe(true);
  });
});

/** What a selection does, where `Math.min` would say something else about NaN and zeros. */
const choose = (condition: boolean, a: number, b: number): number => (condition ? a : b);

/** Relaxed SIMD is asked for, never assumed: Node 20 has none. */
const probe = new ModuleBuilder({ sharedMemory: false, maximumPages });
probe.addFunction("probe", [], ["v128"], (f) => {
  for (let i = 0; i < 3; i++) f.vector("f32x4", 0);
  f.op("f32x4.relaxed_madd");
});
const variants: VectorOptions[] = (["float32", "float64"] as const).flatMap((precision) =>
  (WebAssembly.validate(probe.finish()) ? [false, true] : [false]).map((relaxed) => ({ precision, relaxed })),
);

describe.each(variants)("vectors in $precision, relaxed: $relaxed", (options) => {
  const { precision, relaxed } = options;
  const lanes = precision === "float32" ? 4 : 2;
  const round = precision === "float32" ? Math.fround : (x: number) => x;
  const numbers = [
    0,
    -0,
    1,
    -1,
    0.5,
    2.5,
    3.5,
    -2.5,
    1e30,
    -1e30,
    Infinity,
    -Infinity,
    Number.NaN,
    0.1,
    7,
    -7,
  ];

  /** Applies an operation of up to two operands to all pairs of numbers, and compares with a scalar function. */
  function check(
    emit: (v: VectorBuilder, a: Vector, b: Vector) => Vector,
    expected: (a: number, b: number) => number,
  ): void {
    const { memory, floats, doubles } = memoryOf();
    const array = precision === "float32" ? floats : doubles;
    const run = compile(
      [],
      [],
      (f) => {
        const v = new VectorBuilder(f, options);
        const pointer = f.local("i32");
        v.store(pointer, 32, emit(v, v.load(pointer, 0), v.load(pointer, 16)));
      },
      memory,
    );
    for (const a of numbers)
      for (const b of numbers) {
        array.fill(a, 0, lanes).fill(b, lanes, 2 * lanes);
        run();
        const value = round(expected(round(a), round(b)));
        for (let lane = 0; lane < lanes; lane++) expect(array[2 * lanes + lane], `${a}, ${b}`).toBe(value);
      }
  }

  it("does arithmetic as JavaScript does, in the precision", () => {
    check(
      (v, a, b) => v.add(a, b),
      (a, b) => a + b,
    );
    check(
      (v, a, b) => v.sub(a, b),
      (a, b) => a - b,
    );
    check(
      (v, a, b) => v.mul(a, b),
      (a, b) => a * b,
    );
    check(
      (v, a, b) => v.div(a, b),
      (a, b) => a / b,
    );
    check(
      (v, a) => v.neg(a),
      (a) => -a,
    );
    check((v, a) => v.abs(a), Math.abs);
    check((v, a) => v.sqrt(a), Math.sqrt);
    check((v, a) => v.floor(a), Math.floor);
  });

  it("rounds to the nearest integer, ties to even", () => {
    check(
      (v, a) => v.nearest(a),
      (a) =>
        Math.abs(a % 1) === 0.5
          ? 2 * Math.round(a / 2)
          : a % 1 === 0 || !Number.isFinite(a)
            ? a
            : Math.round(a),
    );
  });

  it("propagates NaN in min and max, and takes the first operand in the pseudo variants", () => {
    check((v, a, b) => v.min(a, b), Math.min);
    check((v, a, b) => v.max(a, b), Math.max);
    check(
      (v, a, b) => v.pseudoMin(a, b),
      (a, b) => choose(b < a, b, a),
    );
    check(
      (v, a, b) => v.pseudoMax(a, b),
      (a, b) => choose(a < b, b, a),
    );
  });

  it("multiplies and adds where no digit is lost, fused or not", () => {
    const whole = (v: VectorBuilder, x: Vector): Vector =>
      v.floor(v.pseudoMin(v.pseudoMax(x, v.constant(-9)), v.constant(9)));
    const wholeNumber = (x: number): number =>
      Math.floor(choose(9 < choose(x < -9, -9, x), 9, choose(x < -9, -9, x)));
    check(
      (v, a, b) => v.fusedMultiplyAdd(whole(v, a), whole(v, b), v.constant(0.5)),
      (a, b) => wholeNumber(a) * wholeNumber(b) + 0.5,
    );
    check(
      (v, a, b) => v.negatedFusedMultiplyAdd(whole(v, a), whole(v, b), v.constant(0.5)),
      (a, b) => 0.5 - wholeNumber(a) * wholeNumber(b),
    );
  });

  it.skipIf(relaxed)("rounds the product and the sum without relaxed SIMD", () => {
    check(
      (v, a, b) => v.fusedMultiplyAdd(a, b, v.constant(0.5)),
      (a, b) => round(a * b) + 0.5,
    );
    check(
      (v, a, b) => v.negatedFusedMultiplyAdd(a, b, v.constant(0.5)),
      (a, b) => 0.5 - round(a * b),
    );
    check(
      (v, a) => v.polynomial(a, [3, 0, 2]),
      (a) => round(round(round(2 * a) + 0) * a) + 3,
    );
  });

  it("compares, with NaN unordered", () => {
    check(
      (v, a, b) => v.toNumber(v.less(a, b)),
      (a, b) => Number(a < b),
    );
    check(
      (v, a, b) => v.toNumber(v.lessEqual(a, b)),
      (a, b) => Number(a <= b),
    );
    check(
      (v, a, b) => v.toNumber(v.greater(a, b)),
      (a, b) => Number(a > b),
    );
    check(
      (v, a, b) => v.toNumber(v.greaterEqual(a, b)),
      (a, b) => Number(a >= b),
    );
    check(
      (v, a, b) => v.toNumber(v.equal(a, b)),
      (a, b) => Number(a === b),
    );
    check(
      (v, a, b) => v.toNumber(v.notEqual(a, b)),
      (a, b) => Number(a !== b),
    );
    check(
      (v, a) => v.toNumber(v.isNaN(a)),
      (a) => Number(Number.isNaN(a)),
    );
  });

  it("combines masks and selects by them", () => {
    check(
      (v, a, b) => v.select(v.less(a, b), a, b),
      (a, b) => choose(a < b, a, b),
    );
    check(
      (v, a, b) => v.keep(v.less(a, b), a),
      (a, b) => (a < b ? a : 0),
    );
    check(
      (v, a, b) => v.clear(v.less(a, b), a),
      (a, b) => (a < b ? 0 : a),
    );
    check(
      (v, a, b) => v.toNumber(v.maskAnd(v.less(a, b), v.isNaN(a))),
      () => 0,
    );
    check(
      (v, a, b) => v.toNumber(v.maskOr(v.less(a, b), v.isNaN(a))),
      (a, b) => Number(a < b || Number.isNaN(a)),
    );
    check(
      (v, a, b) => v.toNumber(v.maskAndNot(v.lessEqual(a, b), v.equal(a, b))),
      (a, b) => Number(a < b),
    );
    check(
      (v, a, b) => v.toNumber(v.maskNot(v.less(a, b))),
      (a, b) => Number(!(a < b)),
    );
  });

  it("gives a scope's locals back, and keeps its result and its variables", () => {
    check(
      (v, a, b) => {
        const total = v.variable(v.constant(0));
        const first = v.scope(() => v.add(v.mul(a, b), v.mul(a, a)));
        const second = v.scope(() =>
          v.add(
            v.mul(b, b),
            v.scope(() => v.mul(b, a)),
          ),
        );
        expect(first.local).not.toEqual(second.local);
        v.assign(total, v.add(first, second));
        return total;
      },
      (a, b) => round(round(a * b) + round(a * a)) + round(round(b * b) + round(a * b)),
    );
  });

  it("adds up lanes", () => {
    check(
      (v, a, b) => {
        const scalar = v.f.local(precision === "float32" ? "f32" : "f64");
        v.pushLaneSum(v.sub(a, b));
        v.f.set(scalar);
        return v.splat(scalar);
      },
      (a, b) => lanes * round(a - b),
    );
  });
});

it("writes a body once for all modules that have the same code", () => {
  let written = 0;
  const moduleOf = (code: string | undefined, number: number, sharedMemory = false): Uint8Array => {
    const builder = new ModuleBuilder({ sharedMemory, maximumPages });
    const emit = (f: FunctionBuilder): void => {
      written++;
      f.i32(number);
    };
    builder.addFunction("run", [], ["i32"], emit, code);
    return builder.finish();
  };
  const first = moduleOf("a test's seven", 7);
  expect(moduleOf("a test's seven", 7)).toEqual(first);
  expect(written).toBe(1);
  // Without a code, or of another, it is written; and so it is for memory that is shared, where code may differ.
  expect(moduleOf(undefined, 7)).toEqual(first);
  expect(moduleOf("a test's eight", 8)).not.toEqual(first);
  moduleOf("a test's seven", 7, true);
  expect(written).toBe(4);
  // Of four million characters the oldest are dropped.
  moduleOf("long".repeat(2 ** 20), 9);
  moduleOf("a test's seven", 7);
  expect(written).toBe(6);
});
