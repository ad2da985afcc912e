/**
 * Conditioners: the networks that produce a transform's parameters. Dense layers with rectifiers, unmasked for
 * couplings, masked for autoregressive maps (MADE, Germain et al. 2015).
 *
 * The last layer starts at zero, so that every transform starts as the identity.
 *
 * @see https://arxiv.org/abs/1502.03509
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, type ParameterTree, trained, trainedUniform } from "../graph/parameters.ts";
import { checkCount } from "../options.ts";
import { denseParameters, runDense } from "./dense.ts";

/** Refuses hidden sizes that are not positive integers. */
export function checkHidden(where: string, hidden: readonly number[]): void {
  for (const size of hidden) checkCount(where, "hidden", size);
}

/** Parameters of a network `inputs -> hidden... -> outputs`: weights and biases, named by layer. */
export function networkParameters(inputs: number, hidden: readonly number[], outputs: number): ParameterTree {
  return denseParameters([inputs, ...hidden, outputs], (from, to, isLast) => {
    const bound = 1 / Math.sqrt(from);
    return isLast
      ? { weight: trained([to, from]), bias: trained([to]) }
      : { weight: trainedUniform([to, from], bound), bias: trainedUniform([to], bound) };
  });
}

/**
 * Inputs of a network are clamped to this many units, which are standard deviations after standardization. Beyond the
 * data a network of rectifiers goes on linearly, and scales with it exponentially: a map that nobody has fitted and
 * that no number can invert. Clamped, the transform stays that of the edge.
 */
export const reach = 10;

/** Runs a network with these parameters; `masks`, one per layer, multiply the weights. */
export function runNetwork(x: Expr, parameters: Bound, layers: number, masks?: readonly Expr[]): Expr {
  return runDense(g.clamp(x, -reach, reach), parameters, layers, g.relu, masks);
}

/**
 * Masks of an autoregressive network whose input is the context followed by the features in order, and whose
 * outputs are `outputsPerFeature` numbers per feature, those of one feature adjacent.
 *
 * Feature i (from 1) has degree i, the context 0; hidden units have sorted degrees from 1 (0 with a context) to
 * features - 1, so that the masks are block triangular and an engine can skip the zero blocks. A unit sees what has
 * at most its degree, the outputs of feature i what has less than i. Equal ones in a row are one list.
 *
 * @param from - Where the first layer sees something else than the input: of each that it sees, which input it is made of.
 */
export function autoregressiveMasks(
  features: number,
  context: number,
  hidden: readonly number[],
  outputsPerFeature: number,
  from?: readonly number[],
): readonly Expr[] {
  const sizes = [features, context, outputsPerFeature, ...hidden, ":", from].join();
  const known = lastMasks?.sizes === sizes ? lastMasks.masks.deref() : undefined;
  if (known) return known;
  const inputs = (from ?? Array.from({ length: context + features }, (_, i) => i)).map((i) =>
    Math.max(0, i + 1 - context),
  );
  const units = hidden.map((size) => hiddenDegrees(features, context, size));
  const outputs = Array.from({ length: features * outputsPerFeature }, (_, i) =>
    Math.floor(i / outputsPerFeature),
  );
  // Outputs of feature i + 1 carry the degree i here, so that "less than" is "at most" in the last layer too.
  const masks = degreeMasks([inputs, ...units, outputs]);
  lastMasks = { sizes, masks: new WeakRef(masks) };
  return masks;
}

/** The masks that were made last, while somebody has them: all transforms of a flow have the same, which are long. */
let lastMasks: { readonly sizes: string; readonly masks: WeakRef<readonly Expr[]> } | undefined;

/** Degrees of the hidden units of a layer, sorted: from 1, or 0 with a context, to features - 1. */
export function hiddenDegrees(features: number, context: number, size: number): number[] {
  const lowest = context > 0 || features === 1 ? 0 : 1;
  const span = features - lowest;
  return Array.from({ length: size }, (_, j) =>
    Math.min(features - 1, lowest + Math.floor((j * span) / size)),
  );
}

/** Masks between layers of units with degrees: a unit sees those of the layer before that have at most its degree. */
export function degreeMasks(degrees: readonly (readonly number[])[]): Expr[] {
  return degrees.slice(1).map((to, layer) => {
    const from = degrees[layer]!;
    const data = new Float64Array(to.length * from.length);
    let place = 0;
    for (const degree of to) for (let i = 0; i < from.length; i++) data[place++] = from[i]! <= degree ? 1 : 0;
    return g.constant(data, [to.length, from.length]);
  });
}
