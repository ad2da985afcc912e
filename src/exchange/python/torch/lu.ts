/**
 * `LULinear` of nflows and normflows.
 *
 * @module
 */

import { luAffine } from "../../../bijections/linear/luAffine.ts";
import { range } from "../matrices.ts";
import type { Part } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { softplus } from "./softplus.ts";

/** The map L U y + bias; `epsilon` is what is added to the diagonal of U. */
export function luMap(state: StateDict, features: number, epsilon: number): Part {
  const count = (features * (features - 1)) / 2;
  const [below, above] = [state.tensor("lower_entries", [count]), state.tensor("upper_entries", [count])];
  const lower = new Float64Array(features * features);
  const upper = new Float64Array(features * features);
  let [l, u] = [0, 0];
  for (const i of range(features))
    for (const j of range(features)) {
      if (j < i) lower[i * features + j] = below[l++]!;
      if (j > i) upper[i * features + j] = above[u++]!;
    }
  const diagonal = state.tensor("unconstrained_upper_diag", [features]);
  const logDiagonal = diagonal.map((raw) => Math.log(softplus(raw) + epsilon));
  const shift = state.tensor("bias", [features]);
  return { bijection: luAffine({ features }), values: { shift, lower, upper, logDiagonal } };
}
