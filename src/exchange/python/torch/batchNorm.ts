/**
 * Batch normalization of PyTorch after its training: a scale and a shift for each unit, of its running statistics.
 *
 * @module
 */

import type { StateDict } from "../stateDict.ts";

/** `torch.nn.BatchNorm1d` in evaluation mode, as a layer's `scale` and `shift`. */
export function batchNorm(
  state: StateDict,
  units: number,
  epsilon: number,
): { scale: Float64Array; shift: Float64Array } {
  const weight = state.tensor("weight", [units]);
  const bias = state.tensor("bias", [units]);
  const mean = state.tensor("running_mean", [units]);
  const variance = state.tensor("running_var", [units]);
  // How many batches it has seen has no part in what it computes.
  state.tensor("num_batches_tracked", []);
  const scale = weight.map((value, i) => value / Math.sqrt(variance[i]! + epsilon));
  return { scale, shift: bias.map((value, i) => value - mean[i]! * scale[i]!) };
}

/** Epsilon of the normalizations inside of networks of nflows. */
export const blockEpsilon = 1e-3;
