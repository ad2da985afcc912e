import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ModuleBuilder } from "../../../src/engines/wasm/emit/assembler.ts";
import {
  exp,
  expm1,
  fastExp,
  log,
  log1p,
  logSigmoid,
  sigmoid,
  softplus,
  tanh,
} from "../../../src/engines/wasm/emit/exponential.ts";
import { erf, normalQuantile } from "../../../src/engines/wasm/emit/normal.ts";
import { normalExcess } from "../../../src/engines/wasm/emit/normalTail.ts";
import { cos, sin } from "../../../src/engines/wasm/emit/trigonometric.ts";
import { type Vector, VectorBuilder, type VectorOptions } from "../../../src/engines/wasm/emit/vector.ts";
import * as special from "../../../src/numerics/special.ts";

const kernels = {
  cos,
  erf,
  exp,
  expm1,
  fastExp,
  log,
  log1p,
  logSigmoid,
  normalExcess,
  normalQuantile,
  sigmoid,
  sin,
  softplus,
  tanh,
};
type Name = keyof typeof kernels;

// mpmath 1.3.0 at 60 digits, written by test/golden/make.py.
const golden = JSON.parse(readFileSync(new URL("../../golden/elementary.json", import.meta.url), "utf8")) as {
  functions: Record<string, { x: number[]; y: number[] }>;
};

interface Case {
  readonly reference: (x: number) => number;
  /** Largest error in ULP, in float32 and in float64; the latter includes up to 1 ULP of the reference. */
  readonly float32: number;
  readonly float64: number;
  /** Arguments that are sampled densely. */
  readonly ranges: readonly (readonly [low: number, high: number])[];
  /** Arguments outside are not looked at. */
  readonly domain?: readonly [low: number, high: number];
}

const everywhere: readonly [number, number] = [-Infinity, Infinity];

const cases: Record<Name, Case> = {
  exp: {
    reference: Math.exp,
    float32: 1,
    float64: 2,
    ranges: [
      [-87, 88.7],
      [-1, 1],
      [-708, 709.5],
    ],
  },
  fastExp: { reference: Math.exp, float32: 1, float64: 2, ranges: [[-87, 87]], domain: [-87, 87] },
  expm1: {
    reference: Math.expm1,
    float32: 1.5,
    float64: 2,
    ranges: [
      [-20, 88.7],
      [-1.5, 1.5],
      [-1e-3, 1e-3],
    ],
  },
  log: {
    reference: Math.log,
    float32: 1,
    float64: 2,
    ranges: [
      [0, 3],
      [0.6, 1.6],
      [0, 1e6],
    ],
  },
  log1p: {
    reference: Math.log1p,
    float32: 1,
    float64: 2,
    ranges: [
      [-0.9999, 3],
      [-1e-3, 1e-3],
      [0, 1e6],
    ],
  },
  tanh: {
    reference: Math.tanh,
    float32: 1.5,
    float64: 3,
    ranges: [
      [-10, 10],
      [-1, 1],
      [-22, 22],
    ],
  },
  sigmoid: {
    reference: special.sigmoid,
    float32: 2.6,
    float64: 4,
    ranges: [
      [-87, 20],
      [-2, 2],
      [-700, 40],
    ],
  },
  softplus: {
    reference: special.softplus,
    float32: 1.8,
    float64: 3,
    ranges: [
      [-87, 90],
      [-3, 3],
    ],
  },
  logSigmoid: {
    reference: (x) => -special.softplus(-x),
    float32: 1.8,
    float64: 3,
    ranges: [
      [-90, 87],
      [-3, 3],
    ],
  },
  // The float64 references are good to 16 ULP only, and relatively bad near a zero: there, golden values decide.
  erf: {
    reference: special.erf,
    float32: 1.3,
    float64: 20,
    ranges: [
      [-4.5, 4.5],
      [-1.2, 1.2],
      [-1e-3, 1e-3],
    ],
  },
  normalExcess: {
    reference: special.normalExcess,
    float32: 4,
    float64: 10,
    ranges: [
      [0.3, 10],
      [0, 1e4],
    ],
  },
  normalQuantile: {
    reference: special.normalQuantile,
    float32: 4,
    float64: Infinity,
    ranges: [
      [0, 1],
      [0, 1e-3],
    ],
  },
  sin: {
    reference: Math.sin,
    float32: 1.7,
    float64: 2,
    ranges: [
      [-7, 7],
      [-1e3, 1e3],
      [-1e6, 1e6],
    ],
    domain: [-(2 ** 20), 2 ** 20],
  },
  cos: {
    reference: Math.cos,
    float32: 1.7,
    float64: 2,
    ranges: [
      [-7, 7],
      [-1e3, 1e3],
      [-1e6, 1e6],
    ],
    domain: [-(2 ** 20), 2 ** 20],
  },
};
const names = Object.keys(cases) as Name[];

/** Relaxed SIMD is asked for, never assumed: Node 20 has none. */
const probe = new ModuleBuilder({ sharedMemory: false, maximumPages: 1 });
probe.addFunction("probe", [], ["v128"], (f) => {
  for (let i = 0; i < 3; i++) f.vector("f32x4", 0);
  f.op("f32x4.relaxed_madd");
});
const hasRelaxed = WebAssembly.validate(probe.finish());
const variants: VectorOptions[] = (["float32", "float64"] as const).flatMap((precision) =>
  (hasRelaxed ? [false, true] : [false]).map((relaxed) => ({ precision, relaxed })),
);

type Floats = Float32Array | Float64Array;

/** A function of vectors as one of arrays, which are taken to hold the precision's numbers. */
function compile(
  options: VectorOptions,
  apply: (v: VectorBuilder, x: Vector) => Vector,
): (arguments_: ArrayLike<number>) => Floats {
  const maximumPages = 64;
  const memory = new WebAssembly.Memory({ initial: maximumPages, maximum: maximumPages });
  const module = new ModuleBuilder({ sharedMemory: false, maximumPages });
  module.addFunction("run", ["i32", "i32"], [], (f) => {
    const [pointer, end] = [f.parameter(0), f.parameter(1)];
    const v = new VectorBuilder(f, options);
    f.forPointer(pointer, end, 16, () => v.store(pointer, 0, apply(v, v.load(pointer))));
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  const run = instance.exports.run as (pointer: number, end: number) => void;
  const array =
    options.precision === "float32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  return (values) => {
    array.set(values);
    run(0, Math.ceil((values.length * array.BYTES_PER_ELEMENT) / 16) * 16);
    return array.slice(0, values.length);
  };
}

/**
 * Distance in units of the last place of the reference, which is a float64. Where the reference is smaller than every
 * normal number, anything as small counts as right: results may be flushed to zero.
 */
function distance(value: number, reference: number, precision: VectorOptions["precision"]): number {
  if (precision === "float32" && !Number.isFinite(Math.fround(reference))) reference = Math.fround(reference);
  if (value === reference || (Number.isNaN(value) && Number.isNaN(reference))) return 0;
  const [fractionBits, smallest] = precision === "float32" ? [23, 2 ** -126] : [52, 2 ** -1022];
  const size = Math.abs(reference);
  if (size < smallest) return Math.abs(value) <= smallest ? 0 : Infinity;
  const error = Math.abs(value - reference) / 2 ** (Math.floor(Math.log2(size)) - fractionBits);
  return Number.isNaN(error) ? Infinity : error;
}

/** Fails with the worst argument if a result is further from the reference than allowed. */
function checkAll(options: VectorOptions, name: Name, values: Floats, limit: number): void {
  const { reference, domain: [low, high] = everywhere } = cases[name];
  const arguments_ = values.filter((x) => Number.isNaN(x) || (x >= low && x <= high));
  const results = compile(options, kernels[name])(arguments_);
  let [worst, at] = [0, 0];
  for (const [i, x] of arguments_.entries()) {
    const error = distance(results[i]!, reference(x), options.precision);
    if (error > worst) [worst, at] = [error, i];
  }
  const x = arguments_[at]!;
  expect(worst, `${name}(${x}) = ${results[at]}, not ${reference(x)}`).toBeLessThanOrEqual(limit);
}

describe.each(variants)("elementary functions in $precision, relaxed: $relaxed", (options) => {
  const { precision } = options;
  const FloatArray = precision === "float32" ? Float32Array : Float64Array;
  const floats = (values: number[]): Floats => new FloatArray(values);

  it.each(names)("%s is within its stated error on dense grids and at random", (name) => {
    const count = 20_000;
    let state = 12345;
    for (const [low, high] of cases[name].ranges) {
      const values = new FloatArray(2 * count);
      for (let i = 0; i < count; i++) {
        state = Math.imul(state, 1664525) + 1013904223;
        values[2 * i] = low + ((high - low) * (i + 0.5)) / count;
        values[2 * i + 1] = low + (high - low) * (state / 2 ** 32 + 0.5);
      }
      checkAll(options, name, values, cases[name][precision]);
    }
  });

  it.each(names)("%s is right for every kind of bit pattern", (name) => {
    // A stride through all patterns: every exponent, both signs, subnormals, infinities, NaN.
    const count = 60_000;
    const words = precision === "float32" ? new Uint32Array(count) : new BigUint64Array(count);
    for (let i = 0; i < count; i++) {
      if (words instanceof Uint32Array) words[i] = Math.imul(i, 71_582);
      else words[i] = BigInt(i) * 307_445_734_561_825n;
    }
    // The quantile's reference loses digits near 1/2 and takes no subnormal numbers; see the golden values.
    const limit = name === "normalQuantile" || name === "erf" ? 40 : cases[name][precision];
    if (name !== "normalQuantile" || precision === "float32")
      checkAll(options, name, new FloatArray(words.buffer as ArrayBuffer), limit);
  });

  it.each(names)("%s gives NaN for NaN of any payload, and the right values at the edges", (name) => {
    const patterns =
      precision === "float32"
        ? new Float32Array(Uint32Array.of(0x7fc00000, 0x7fc00001, 0xffffffff, 0x7f800001, 0xffc12345).buffer)
        : new Float64Array(
            BigUint64Array.of(
              0x7ff8000000000000n,
              0x7ff8000000000fffn,
              0xffffffffffffffffn,
              0x7ff0000000000001n,
            ).buffer,
          );
    const bits = compile(options, (v, x) => v.toNumber(v.isNaN(kernels[name](v, x))));
    // The patterns go through memory as bytes, since JavaScript may quieten a NaN that it copies as a number.
    expect([...bits(patterns)]).toEqual(Array.from(patterns, () => 1));

    const edges = [
      0,
      -0,
      1,
      -1,
      0.25,
      2,
      -2,
      50,
      -50,
      1e3,
      -1e3,
      1e30,
      -1e30,
      Infinity,
      -Infinity,
      1e-30,
      -1e-30,
    ];
    const outermost =
      precision === "float32"
        ? [88.72283172607422, 88.72283935546875]
        : [709.782712893384, 709.7827128933841];
    const below =
      precision === "float32"
        ? [-87.33654022216797, -87.33655548095703]
        : [-708.3964185322641, -708.3964185322643];
    checkAll(options, name, FloatArray.of(...edges, ...outermost, ...below), cases[name][precision]);
  });

  it("follows the golden values of an independent implementation", () => {
    const limits: Partial<Record<Name, number>> = {
      exp: 1.1,
      expm1: 1.1,
      log: 1,
      log1p: 1,
      tanh: 2,
      sigmoid: 2.6,
      softplus: 2,
      erf: 1.3,
      normalQuantile: 4,
    };
    for (const [name, limit] of Object.entries(limits) as [Name, number][]) {
      const { x, y } = golden.functions[name]!;
      // In float32, only arguments that rounding does not change have a golden value: few. Their neighbors are tested above.
      const kept = [...x.keys()].filter((i) => precision === "float64" || Math.fround(x[i]!) === x[i]);
      const results = compile(options, kernels[name])(kept.map((i) => x[i]!));
      for (const [place, i] of kept.entries())
        expect(distance(results[place]!, y[i]!, precision), `${name}(${x[i]})`).toBeLessThanOrEqual(limit);
    }
  });

  it("keeps the quantile's digits near 1/2, by its series", () => {
    const offsets = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 2 ** (-12 - i / 10));
    const arguments_ = floats(offsets.map((offset) => 0.5 + offset));
    const results = compile(options, normalQuantile)(arguments_);
    for (const [i, p] of arguments_.entries()) {
      const q = p - 0.5;
      // sqrt(2 pi) q (1 + pi/3 q^2 + 7 pi^2/30 q^4 + ...)
      const expected =
        Math.sqrt(2 * Math.PI) * q * (1 + (Math.PI / 3) * q * q + ((7 * Math.PI ** 2) / 30) * q ** 4);
      expect(distance(results[i]!, expected, precision)).toBeLessThanOrEqual(4);
    }
  });

  it("takes probabilities to the ends of the unit interval", () => {
    const quantile = compile(options, normalQuantile);
    expect([...quantile([0, 1, -0.1, 1.1, 0.5, -Infinity])]).toEqual([
      -Infinity,
      Infinity,
      Number.NaN,
      Number.NaN,
      0,
      Number.NaN,
    ]);
    const { x, y } = golden.functions.normalQuantile!;
    for (const [i, p] of x.entries()) {
      if (p < 1e-37) continue;
      const rounded = Math.fround(p);
      if (precision === "float32" && rounded < 1 && p < 0.1) {
        // dx/dp = 1 / density(x): what rounding the argument does.
        const moved = y[i]! + (rounded - p) * Math.sqrt(2 * Math.PI) * Math.exp(0.5 * y[i]! ** 2);
        expect(distance(quantile([rounded])[0]!, moved, precision), `${p}`).toBeLessThanOrEqual(4);
      }
    }
  });

  it("takes the logarithm of subnormal numbers", () => {
    const values =
      precision === "float32" ? [2 ** -149, 3 * 2 ** -149, 1e-40, 2 ** -127] : [5e-324, 1e-320, 2 ** -1023];
    checkAll(options, "log", floats(values), cases.log[precision]);
  });

  it("saturates where the limits are exact", () => {
    const value = (name: Name, x: number): number => compile(options, kernels[name])([x])[0]!;
    expect(value("tanh", 30)).toBe(1);
    expect(value("tanh", -Infinity)).toBe(-1);
    expect(value("sigmoid", -1000)).toBe(0);
    expect(value("sigmoid", 1000)).toBe(1);
    expect(value("softplus", 1e30)).toBe(precision === "float32" ? Math.fround(1e30) : 1e30);
    expect(value("softplus", -1e30)).toBe(0);
    expect(value("expm1", -1e30)).toBe(-1);
    expect(value("erf", -7)).toBe(-1);
  });

  it("keeps sine and cosine in [-1, 1], and close, beyond the range of full accuracy", () => {
    for (const name of ["sin", "cos"] as const) {
      const values = floats(
        Array.from({ length: 4000 }, (_, i) => 2 ** (20 + i / 40) * (i % 2 === 0 ? 1 : -1)),
      );
      const results = compile(options, kernels[name])(values);
      for (const [i, x] of values.entries()) {
        expect(Math.abs(results[i]!)).toBeLessThanOrEqual(1);
        if (Math.abs(x) > 2 ** 40) continue;
        const allowed = Math.abs(x) * 2 ** -52 + (precision === "float32" ? 2 ** -23 : 2 ** -51);
        expect(Math.abs(results[i]! - cases[name].reference(x)), `${name}(${x})`).toBeLessThanOrEqual(
          allowed,
        );
      }
      expect(compile(options, kernels[name])([Infinity, -Infinity])).toEqual(
        FloatArray.of(Number.NaN, Number.NaN),
      );
    }
  });
});
