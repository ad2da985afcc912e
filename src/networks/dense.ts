/**
 * Dense layers, one after another: `weight0`, `bias0`, `weight1`, ...
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, leafOf, type ParameterSpec } from "../graph/parameters.ts";

/** The specifications of one layer, by its number of inputs and outputs. */
export type LayerSpecs = (
  inputs: number,
  outputs: number,
  isLast: boolean,
) => { readonly weight: ParameterSpec; readonly bias: ParameterSpec };

/** Parameters of layers between these sizes, the input first. */
export function denseParameters(
  sizes: readonly number[],
  layerOf: LayerSpecs,
): Record<string, ParameterSpec> {
  const tree: Record<string, ParameterSpec> = {};
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const { weight, bias } = layerOf(sizes[layer]!, sizes[layer + 1]!, layer + 2 === sizes.length);
    tree[`weight${layer}`] = weight;
    tree[`bias${layer}`] = bias;
  }
  return tree;
}

/**
 * Runs the layers; the last has no activation.
 * @param masks - One for each layer: they multiply the weights.
 */
export function runDense(
  x: Expr,
  parameters: Bound,
  layers: number,
  activation: (value: Expr) => Expr,
  masks?: readonly Expr[],
): Expr {
  let value = x;
  for (let layer = 0; layer < layers; layer++) {
    const weights = leafOf(parameters, `weight${layer}`);
    const mask = masks?.[layer];
    value = g.linear(value, mask ? g.mul(weights, mask) : weights, leafOf(parameters, `bias${layer}`));
    if (layer + 1 < layers) value = activation(value);
  }
  return value;
}
