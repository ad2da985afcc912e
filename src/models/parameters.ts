/**
 * Values of parameters by dotted name.
 *
 * @module
 */

import { sizeOf } from "../graph/expr.ts";
import { flattenTree, type ParameterSpec, type ParameterTree } from "../graph/parameters.ts";
import { type RandomKey, RandomStream, split } from "../random/philox.ts";

/** Values by dotted name. */
export type ParameterValues = Record<string, Float64Array>;

/** Whether a parameter has float32's digits in a model of this precision and its file; statistics keep all of theirs. */
export const isSingle = ({ kind }: ParameterSpec, precision: "float32" | "float64"): boolean =>
  kind === "trained" && precision === "float32";

/** Starting values of a tree; random ones come from a stream of their own for each name. */
export function initialValues(tree: ParameterTree, key: RandomKey): ParameterValues {
  return Object.fromEntries(
    Array.from(flattenTree(tree), ([name, spec]) => [name, initialValue(spec, split(key, name))]),
  );
}

function initialValue({ shape, initializer }: ParameterSpec, key: RandomKey): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  if (initializer.kind === "constant") return out.fill(initializer.value);
  if (initializer.kind === "uniform") {
    const stream = new RandomStream(key);
    return out.map(() => initializer.bound * (2 * stream.uniform() - 1));
  }
  const length = shape[shape.length - 1] ?? 1;
  if (initializer.kind === "identity") {
    const height = shape[shape.length - 2] ?? 1;
    return out.map((_, i) => Number(i % length === Math.floor(i / length) % height));
  }
  const { from, to } = initializer;
  return out.map((_, i) => from + ((to - from) * (i % length)) / Math.max(1, length - 1));
}

/** The values whose names start with a prefix, without it. */
export function withoutPrefix(values: ParameterValues, prefix: string): ParameterValues {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, data]) => [name.slice(prefix.length), data]),
  );
}
