/**
 * Arithmetic on vectors of lanes, one WebAssembly instruction or a few for each operation, in float32 (4 lanes) or float64 (2 lanes).
 *
 * Every operation writes a local of its own and returns a handle on it, as in single assignment form; V8 gives out the registers.
 * Constants live in locals that are set once at the function's entry.
 *
 * @module
 */

import type { FunctionBuilder, LaneType, Local, PlainOperation } from "./assembler.ts";

/** Number format of a kernel. */
export type Precision = "float32" | "float64";

/** Handle on a vector of floating-point lanes. */
export interface Vector {
  readonly kind: "vector";
  readonly local: Local;
}

/** Handle on a vector of truth values: each lane all ones or all zeros. */
export interface Mask {
  readonly kind: "mask";
  readonly local: Local;
}

/** Handle on a vector of integer lanes, as wide as the floating-point lanes, for work on their bits. */
export interface Bits {
  readonly kind: "bits";
  readonly local: Local;
}

/** What kernels are built for. */
export interface VectorOptions {
  readonly precision: Precision;
  /** Whether the runtime has relaxed SIMD (probe it, never assume it). */
  readonly relaxed: boolean;
  /** Whether the runtime joins pairs of adjacent vectors to registers of twice the width; kernels then work on pairs. */
  readonly wide?: boolean | undefined;
  /** Those that most programs do without. */
  readonly functions?: import("./scalarOperations.ts").RareFunctions | undefined;
  /** Writes calls of functions of the module instead of long operations, for code that has to be small. */
  readonly calls?: import("./scalarOperations.ts").CallWriter | undefined;
}

/** The part of an instruction's name after the lane type. */
type Suffix<Lane extends LaneType, Name = PlainOperation> = Name extends `${Lane}.${infer Rest}`
  ? Rest
  : never;
type FloatSuffix = Suffix<"f32x4"> & Suffix<"f64x2">;
type IntegerSuffix = Suffix<"i32x4"> & Suffix<"i64x2">;

/** Emits vector arithmetic into one function. */
export class VectorBuilder {
  readonly f: FunctionBuilder;
  readonly precision: Precision;
  /** Whether relaxed SIMD instructions are emitted. */
  readonly relaxed: boolean;
  readonly functions: VectorOptions["functions"];
  readonly calls: VectorOptions["calls"];
  /** Lanes of a vector, 4 or 2, and bytes of one, 4 or 8. */
  readonly lanes: number;
  readonly laneBytes: number;
  readonly #float: "f32x4" | "f64x2";
  readonly #integer: "i32x4" | "i64x2";
  /** Locals made since the innermost {@link scope} began. */
  #scopeLocals: Local[] | null = null;

  constructor(f: FunctionBuilder, options: VectorOptions) {
    const single = options.precision === "float32";
    [this.f, this.precision, this.relaxed] = [f, options.precision, options.relaxed];
    [this.functions, this.calls] = [options.functions, options.calls];
    [this.lanes, this.laneBytes] = single ? [4, 4] : [2, 8];
    this.#float = single ? "f32x4" : "f64x2";
    this.#integer = single ? "i32x4" : "i64x2";
  }

  // ---- locals
  #local(): Local {
    const local = this.f.local("v128");
    this.#scopeLocals?.push(local);
    return local;
  }

  /** Makes a vector of what raw instructions have left on the stack. */
  fromStack(): Vector {
    const local = this.#local();
    this.f.set(local);
    return { kind: "vector", local };
  }

  /**
   * Runs `emit` and gives its locals back for reuse, all but the returned one. What else was made inside must not
   * be used after.
   */
  scope<Handle extends Vector | Mask | Bits | undefined>(emit: () => Handle): Handle {
    const outer = this.#scopeLocals;
    const locals: Local[] = [];
    this.#scopeLocals = locals;
    let result: Handle;
    try {
      result = emit();
    } finally {
      this.#scopeLocals = outer;
    }
    for (const local of locals) {
      if (local !== result?.local) this.f.release(local);
      else outer?.push(local);
    }
    return result;
  }

  /** A vector that {@link assign} may change later (an accumulator, a value carried around a loop). */
  variable(initial: Vector): Vector {
    this.f.get(initial.local);
    return this.fromStack();
  }

  /** Gives a {@link variable} a new value. */
  assign(variable: Vector, value: Vector): void {
    this.f.get(value.local).set(variable.local);
  }

  // ---- memory
  /** Every lane the number, rounded to the precision. Costs nothing in a loop: it is set at the function's entry. */
  constant(value: number): Vector {
    // Rounded here, so that numbers equal in float32 share a local.
    const rounded = this.precision === "float32" ? Math.fround(value) : value;
    return { kind: "vector", local: this.f.hoistedConstant(this.#float, rounded) };
  }

  /** The vector at `pointer + byteOffset`. */
  load(pointer: Local, byteOffset = 0): Vector {
    this.f.load("v128.load", pointer, byteOffset);
    return this.fromStack();
  }

  /** The one number at `pointer + byteOffset`, in every lane. */
  loadSplat(pointer: Local, byteOffset = 0): Vector {
    this.f.load(
      this.precision === "float32" ? "v128.load32_splat" : "v128.load64_splat",
      pointer,
      byteOffset,
    );
    return this.fromStack();
  }

  /** Writes a vector at `pointer + byteOffset`. */
  store(pointer: Local, byteOffset: number, value: Vector): void {
    this.f.store("v128.store", pointer, byteOffset, value.local);
  }

  /** A scalar local (f32 or f64, as the precision) in every lane. */
  splat(scalar: Local): Vector {
    this.f.get(scalar).op(`${this.#float}.splat`);
    return this.fromStack();
  }

  /** Pushes the sum of the lanes, always in the order (0 + 2) + (1 + 3) or 0 + 1, as a scalar. */
  pushLaneSum(value: Vector): void {
    const { f } = this;
    if (this.precision === "float64") {
      f.get(value.local)
        .lane("f64x2.extract_lane", 0)
        .get(value.local)
        .lane("f64x2.extract_lane", 1)
        .op("f64.add");
      return;
    }
    const upper = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
    const pairs = this.#local();
    f.get(value.local).get(value.local).get(value.local).shuffle(upper).op("f32x4.add").set(pairs);
    f.get(pairs).lane("f32x4.extract_lane", 0).get(pairs).lane("f32x4.extract_lane", 1).op("f32.add");
  }

  // ---- arithmetic

  #apply(suffix: FloatSuffix, operands: readonly Vector[]): Vector {
    const local = this.#local();
    this.f.computed(`${this.#float}.${suffix}`, operands, local);
    return { kind: "vector", local };
  }

  /** a + b. */
  add(a: Vector, b: Vector): Vector {
    return this.#apply("add", [a, b]);
  }
  /** a - b. */
  sub(a: Vector, b: Vector): Vector {
    return this.#apply("sub", [a, b]);
  }
  /** a * b. */
  mul(a: Vector, b: Vector): Vector {
    return this.#apply("mul", [a, b]);
  }
  /** a / b. */
  div(a: Vector, b: Vector): Vector {
    return this.#apply("div", [a, b]);
  }
  /** -a: the sign bit flipped, of NaN and zeros too. */
  neg(a: Vector): Vector {
    return this.#apply("neg", [a]);
  }
  /** |a|. */
  abs(a: Vector): Vector {
    return this.#apply("abs", [a]);
  }
  /** Square root, correctly rounded; NaN below zero. */
  sqrt(a: Vector): Vector {
    return this.#apply("sqrt", [a]);
  }
  /** The smaller; NaN if either is NaN, as `Math.min`, and min(-0, 0) = -0. About five instructions on x86. */
  min(a: Vector, b: Vector): Vector {
    return this.#apply("min", [a, b]);
  }
  /** The larger; NaN if either is NaN, as `Math.max`, and max(-0, 0) = 0. About five instructions on x86. */
  max(a: Vector, b: Vector): Vector {
    return this.#apply("max", [a, b]);
  }
  /** `b < a ? b : a`, so a where either is NaN. One instruction on x86; with b a constant, a's NaN goes through. */
  pseudoMin(a: Vector, b: Vector): Vector {
    return this.#apply("pmin", [a, b]);
  }
  /** `a < b ? b : a`, so a where either is NaN. One instruction on x86; with b a constant, a's NaN goes through. */
  pseudoMax(a: Vector, b: Vector): Vector {
    return this.#apply("pmax", [a, b]);
  }
  /** The largest integer not above a. */
  floor(a: Vector): Vector {
    return this.#apply("floor", [a]);
  }
  /** The nearest integer, ties to even. */
  nearest(a: Vector): Vector {
    return this.#apply("nearest", [a]);
  }

  /** a * b + c. With relaxed SIMD it may be rounded once (fused, on most machines) or twice. */
  fusedMultiplyAdd(a: Vector, b: Vector, c: Vector): Vector {
    if (this.relaxed) return this.#apply("relaxed_madd", [a, b, c]);
    this.f.get(a.local).get(b.local).op(`${this.#float}.mul`).get(c.local).op(`${this.#float}.add`);
    return this.fromStack();
  }

  /** c - a * b; rounded as {@link fusedMultiplyAdd}. */
  negatedFusedMultiplyAdd(a: Vector, b: Vector, c: Vector): Vector {
    if (this.relaxed) return this.#apply("relaxed_nmadd", [a, b, c]);
    this.f.get(c.local).get(a.local).get(b.local).op(`${this.#float}.mul`).op(`${this.#float}.sub`);
    return this.fromStack();
  }

  /** The polynomial with these coefficients, the constant term first, by Horner's rule. */
  polynomial(x: Vector, coefficients: readonly number[]): Vector {
    let sum: Vector | undefined;
    for (const coefficient of coefficients.toReversed()) {
      const term = this.constant(coefficient);
      sum = sum === undefined ? term : this.fusedMultiplyAdd(sum, x, term);
    }
    return sum ?? this.constant(0);
  }

  // ---- comparisons and masks

  #compare(suffix: FloatSuffix, a: Vector, b: Vector): Mask {
    return { kind: "mask", local: this.#binary(`${this.#float}.${suffix}`, a, b) };
  }

  /** a < b; false where either is NaN. */
  less(a: Vector, b: Vector): Mask {
    return this.#compare("lt", a, b);
  }
  /** a <= b; false where either is NaN. */
  lessEqual(a: Vector, b: Vector): Mask {
    return this.#compare("le", a, b);
  }
  /** a > b; false where either is NaN. */
  greater(a: Vector, b: Vector): Mask {
    return this.#compare("gt", a, b);
  }
  /** a >= b; false where either is NaN. */
  greaterEqual(a: Vector, b: Vector): Mask {
    return this.#compare("ge", a, b);
  }
  /** a = b; false where either is NaN, true for zeros of either sign. */
  equal(a: Vector, b: Vector): Mask {
    return this.#compare("eq", a, b);
  }
  /** a != b; true where either is NaN. */
  notEqual(a: Vector, b: Vector): Mask {
    return this.#compare("ne", a, b);
  }
  /** Whether a is NaN. */
  isNaN(a: Vector): Mask {
    return this.#compare("ne", a, a);
  }

  #binary(name: PlainOperation, a: Vector | Mask | Bits, b: Vector | Mask | Bits): Local {
    const local = this.#local();
    this.f.computed(name, [a, b], local);
    return local;
  }

  /** Both. */
  maskAnd(a: Mask, b: Mask): Mask {
    return { kind: "mask", local: this.#binary("v128.and", a, b) };
  }
  /** Either. */
  maskOr(a: Mask, b: Mask): Mask {
    return { kind: "mask", local: this.#binary("v128.or", a, b) };
  }
  /** The first and not the second. */
  maskAndNot(a: Mask, b: Mask): Mask {
    return { kind: "mask", local: this.#binary("v128.andnot", a, b) };
  }
  /** Not. */
  maskNot(a: Mask): Mask {
    this.f.get(a.local).op("v128.not");
    return { kind: "mask", local: this.fromStack().local };
  }
  /** Pushes 1 if any lane is true, else 0 (i32). */
  pushAny(a: Mask): void {
    this.f.get(a.local).op("v128.any_true");
  }

  /** a where the mask is true, else b. No arithmetic: what is not taken may be NaN. */
  select(mask: Mask, a: Vector, b: Vector): Vector {
    this.f.get(a.local).get(b.local).get(mask.local);
    this.f.op(this.relaxed ? `${this.#integer}.relaxed_laneselect` : "v128.bitselect");
    return this.fromStack();
  }
  /** a where the mask is true, else +0. Cheaper than {@link select}. */
  keep(mask: Mask, a: Vector): Vector {
    return { kind: "vector", local: this.#binary("v128.and", a, mask) };
  }
  /** +0 where the mask is true, else a. */
  clear(mask: Mask, a: Vector): Vector {
    return { kind: "vector", local: this.#binary("v128.andnot", a, mask) };
  }
  /** 1 where true, else 0. */
  toNumber(mask: Mask): Vector {
    return this.keep(mask, this.constant(1));
  }

  // ---- bits

  /** The bits of a vector; free. */
  bits(a: Vector): Bits {
    return { kind: "bits", local: a.local };
  }
  /** The vector of these bits; free. */
  fromBits(a: Bits): Vector {
    return { kind: "vector", local: a.local };
  }
  /** An integer in every lane; hoisted as {@link constant}. */
  bitsConstant(value: number | bigint): Bits {
    return { kind: "bits", local: this.f.hoistedConstant(this.#integer, value) };
  }

  #integerApply(suffix: IntegerSuffix, a: Bits, b: Bits): Bits {
    return { kind: "bits", local: this.#binary(`${this.#integer}.${suffix}`, a, b) };
  }
  /** a + b, wrapping. */
  bitsAdd(a: Bits, b: Bits): Bits {
    return this.#integerApply("add", a, b);
  }
  /** a - b, wrapping. */
  bitsSub(a: Bits, b: Bits): Bits {
    return this.#integerApply("sub", a, b);
  }
  /** Whether a = b. */
  bitsEqual(a: Bits, b: Bits): Mask {
    return { kind: "mask", local: this.#integerApply("eq", a, b).local };
  }
  /** Bitwise and. */
  bitsAnd(a: Bits, b: Bits): Bits {
    return { kind: "bits", local: this.#binary("v128.and", a, b) };
  }
  /** Bitwise or. */
  bitsOr(a: Bits, b: Bits): Bits {
    return { kind: "bits", local: this.#binary("v128.or", a, b) };
  }
  /** Bitwise exclusive or. */
  bitsXor(a: Bits, b: Bits): Bits {
    return { kind: "bits", local: this.#binary("v128.xor", a, b) };
  }
  #shift(suffix: "shl" | "shr_u", a: Bits, count: number): Bits {
    this.f.get(a.local).i32(count).op(`${this.#integer}.${suffix}`);
    return { kind: "bits", local: this.fromStack().local };
  }
  /** Shift towards the high bits. */
  shiftLeft(a: Bits, count: number): Bits {
    return this.#shift("shl", a, count);
  }
  /** Shift towards the low bits, zeros coming in. */
  shiftRight(a: Bits, count: number): Bits {
    return this.#shift("shr_u", a, count);
  }
}
