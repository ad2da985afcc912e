/** What the tests of residual maps share: engines, normal numbers and matrices. */

import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { type Residual, type ResidualOptions, residual } from "../../src/bijections/residual/residual.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import type { ParameterExpr } from "../../src/graph/expr.ts";
import { type Bound, bindTree, flattenTree, leafOf } from "../../src/graph/parameters.ts";
import { stream } from "../laws/parameters.ts";

export const float64: Engine = wasmEngine({ precision: "float64", threads: 1 });
export const float32: Engine = wasmEngine({ threads: 1 });

export const normals = (count: number, seed: number): Float64Array => {
  const source = stream(seed, "residual test");
  return Float64Array.from({ length: count }, () => source.normal());
};
export const matrixOf = (data: ArrayLike<number>, rows: number, columns: number): Matrix =>
  Matrix.from1DArray(rows, columns, Array.from(data));
export const largestSingular = (matrix: Matrix): number =>
  Math.max(...new SingularValueDecomposition(matrix, { autoTranspose: true }).diagonal);

/** A map, its bound parameters, and those of its own that are trained. */
export function partsOf(options: ResidualOptions): {
  readonly map: Residual;
  readonly bound: Bound;
  readonly names: readonly string[];
  readonly leaves: readonly ParameterExpr[];
} {
  const map = residual(options);
  const bound = bindTree(map.parameters);
  const names = Array.from(flattenTree(map.parameters).keys()).filter((name) => !name.includes("."));
  const leaves = names.map((name) => leafOf(bound, name) as ParameterExpr);
  return { map, bound, names, leaves };
}
