import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FunctionBuilder, ModuleBuilder } from "../../../src/engines/wasm/emit/assembler.ts";
import { VectorBuilder } from "../../../src/engines/wasm/emit/vector.ts";
import { compile, instantiate, maximumPages, memoryOf } from "./modules.ts";

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
