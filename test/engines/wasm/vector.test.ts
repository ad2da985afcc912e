import { describe, expect, it } from "vitest";
import { ModuleBuilder } from "../../../src/engines/wasm/emit/assembler.ts";
import { type Vector, VectorBuilder, type VectorOptions } from "../../../src/engines/wasm/emit/vector.ts";
import { compile, maximumPages, memoryOf } from "./modules.ts";

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
