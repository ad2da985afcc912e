import { expect } from "vitest";
import { type ContinuousOptions, continuous } from "../../src/bijections/continuous/continuous.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import type { Expr } from "../../src/graph/expr.ts";
import { sizeOf } from "../../src/graph/expr.ts";
import { type Bound, bindTree, flattenTree } from "../../src/graph/parameters.ts";
import * as g from "../../src/graph/publicOps.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";

/** The engine in float64. */
export const engine: Engine = wasmEngine({ precision: "float64", threads: 1 });
/** The engine in float32. */
export const single: Engine = wasmEngine({ precision: "float32", threads: 1 });
/** A solver as exact as it gets. */
export const exactly = { kind: "adaptive", tolerance: 1e-11 } as const;

/** Values of size `scale` for every parameter. */
export function values(options: ContinuousOptions, seed: number, scale = 0.5): Record<string, Float64Array> {
  const { parameters } = continuous(options);
  return Object.fromEntries(
    Array.from(flattenTree(parameters), ([name, { shape }]) => {
      const stream = new RandomStream(split(randomKey(seed), name));
      return [name, Float64Array.from({ length: sizeOf(shape) }, () => scale * stream.normal())];
    }),
  );
}

/** Standard normal numbers. */
export function normals(count: number, seed: number): Float64Array {
  const stream = new RandomStream(randomKey(seed));
  return Float64Array.from({ length: count }, () => stream.normal());
}

/** Runs a program of x (and context) of a flow with some values. */
export async function run(
  options: ContinuousOptions,
  own: Record<string, Float64Array>,
  inputs: { x: Float64Array; context?: Float64Array },
  build: (
    flow: ReturnType<typeof continuous>,
    x: Expr,
    p: Bound,
    c: Expr | undefined,
  ) => Record<string, Expr>,
  { on = engine, seed = 0 }: { on?: Engine; seed?: number } = {},
): Promise<Readonly<Record<string, Float64Array>>> {
  const flow = continuous(options);
  const c = options.context ? g.input("context", [options.context]) : undefined;
  const x = g.input("x", [options.features]);
  const executable = await on.compile({ rows: build(flow, x, bindTree(flow.parameters), c) });
  await setKnownParameters(executable, own);
  const rows = inputs.x.length / options.features;
  const { rows: found } = await executable.run({ rows, inputs }, { key: randomKey(seed) });
  executable.dispose();
  return found;
}

/** A vector of the standard basis. */
export function basis(n: number, i: number): Expr {
  return g.constant(Float64Array.from({ length: n }, (_, k) => Number(k === i)));
}

/**
 * Values that make the velocity linear to the last digits: f = A z + b with tanh units that stay near 0. The scale of A is
 * taken out by a first layer of 1e-6.
 */
export function linearValues(a: number[][], b: number[]): Record<string, Float64Array> {
  const n = b.length;
  const small = 1e-6;
  const options: ContinuousOptions = { features: n, hidden: [n], activation: "tanh", frequencies: 0 };
  const own = values(options, 0, 0);
  own.position!.forEach((_, i) => {
    own.position![i] = i % n === Math.floor(i / n) ? small : 0;
  });
  own.out!.set(a.flat().map((value) => value / small));
  own.outBias!.set(b);
  return own;
}

/** Fails unless a mean is within four standard errors of its expectation. */
export function expectMean(draws: Float64Array, expected: number): void {
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws.length - 1);
  const error = Math.sqrt(variance / draws.length);
  expect(error).toBeGreaterThan(0);
  expect(Math.abs(mean - expected)).toBeLessThan(4 * error);
}
