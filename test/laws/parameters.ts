/**
 * Parameters for the laws: far from the start, and at the ends of what they may be.
 *
 * @module
 */

import type { Bijection } from "../../src/bijections/bijection.ts";
import { sizeOf } from "../../src/graph/expr.ts";
import { flattenTree, type ParameterTree } from "../../src/graph/parameters.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";

/** Values of parameters by dotted name. */
export type Values = Record<string, Float64Array>;

/** A stream of its own for a seed and a label. */
export function stream(seed: number, label: string): RandomStream {
  return new RandomStream(split(randomKey(seed), label));
}

/**
 * Parameters far from the start: normal with this standard deviation, statistics included. Statistics that have a
 * domain are brought into it: scales positive, knots increasing, columns orthonormal. The same object for the same
 * arguments, which nobody changes.
 */
export function randomParameters(
  { parameters }: Pick<Bijection, "parameters">,
  seed: number,
  scale: number,
): Values {
  const drawn = drawnOf(parameters);
  const key = `${seed} ${scale}`;
  let values = drawn.get(key);
  if (values) return values;
  values = {};
  for (const [name, { shape, kind }] of flattenTree(parameters)) {
    const source = stream(seed, name);
    const data = Float64Array.from({ length: sizeOf(shape) }, () => scale * source.normal());
    values[name] = kind === "statistics" ? intoDomain(name, data, shape) : data;
  }
  drawn.set(key, values);
  return values;
}

const draws = new WeakMap<ParameterTree, Map<string, Values>>();

/** What was drawn for a tree: laws ask for the same, and what was computed with it is found by it. */
function drawnOf(parameters: ParameterTree): Map<string, Values> {
  let drawn = draws.get(parameters);
  if (!drawn) draws.set(parameters, (drawn = new Map()));
  return drawn;
}

/** Parameters that are all near one extreme or the other, or zero. */
export function extremeParameters(
  { parameters }: Pick<Bijection, "parameters">,
  seed: number,
  size: number,
): Values {
  const values: Values = {};
  for (const [name, { shape, kind }] of flattenTree(parameters)) {
    const source = stream(seed, `extreme ${name}`);
    const data = Float64Array.from({ length: sizeOf(shape) }, () => {
      const u = source.uniform();
      return u < 0.4 ? size : u < 0.8 ? -size : u < 0.9 ? 0 : size * (2 * source.uniform() - 1);
    });
    values[name] =
      kind === "statistics"
        ? intoDomain(
            name,
            data.map((v) => v / size),
            shape,
          )
        : data;
  }
  return values;
}

function intoDomain(name: string, data: Float64Array, shape: readonly number[]): Float64Array {
  if (name.endsWith("scale")) return data.map((value) => Math.exp(Math.max(-20, Math.min(20, value))));
  // A bend far wider than the point is large cancels in a sum of the size of the bend.
  if (name.endsWith("logWidth")) return data.map((value) => Math.min(1, value));
  if (name.endsWith("rotation") || name.endsWith("directions")) return orthonormalColumns(data, shape);
  if (!name.endsWith("data") && !name.endsWith("base")) return data;
  // Knots that increase by steps between 0.03 and 3, around 0.
  const count = shape[shape.length - 1]!;
  return data.map((_, i) => {
    const row = i - (i % count);
    let at = -count / 3;
    for (let k = row; k <= i; k++) at += 0.03 + 3 / (1 + Math.exp(-data[k]!));
    return at;
  });
}

/** Matrices along the last two axes, their columns made orthonormal by Gram and Schmidt, twice for rounding. */
function orthonormalColumns(data: Float64Array, shape: readonly number[]): Float64Array {
  const [height, width] = shape.slice(-2) as [number, number];
  const out = data.slice();
  for (let start = 0; start < out.length; start += height * width)
    for (let column = 0; column < width; column++) {
      const at = (row: number, of: number): number => start + row * width + of;
      // A column that draws left without a direction of its own begins as a unit vector.
      for (let row = 0; row < height; row++) out[at(row, column)]! += row === column ? 0.1 : 0;
      for (let pass = 0; pass < 2; pass++) {
        for (let other = 0; other < column; other++) {
          let product = 0;
          for (let row = 0; row < height; row++) product += out[at(row, column)]! * out[at(row, other)]!;
          for (let row = 0; row < height; row++) out[at(row, column)]! -= product * out[at(row, other)]!;
        }
        let square = 0;
        for (let row = 0; row < height; row++) square += out[at(row, column)]! ** 2;
        for (let row = 0; row < height; row++) out[at(row, column)]! /= Math.sqrt(square);
      }
    }
  return out;
}
