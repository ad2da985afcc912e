/**
 * The network behind the heads: masked dense layers with rectifiers (MADE, Germain et al. 2015) over groups of inputs, one group a
 * column. What it gives for a column depends on the columns before it alone.
 *
 *     h_1 = r(W_1 x + b_1)    h_l = h_(l-1) + r(W_l h_(l-1) + b_l)    y = W h_L + (S + T) x + b
 *
 * T is 0 but for ties: inputs that say a column's outputs nearly alone, of which a matrix that decays could not make enough.
 *
 * @see https://arxiv.org/abs/1502.03509
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trained, trainedUniform } from "../../graph/parameters.ts";
import { degreeMasks, hiddenDegrees } from "../../networks/conditioner.ts";

/** Sizes of a trunk. */
export interface TrunkSizes {
  /** Degree of each input: the place of its column in the order, from 1; 0 for what is given. Sorted. */
  readonly inputs: readonly number[];
  /** For each output the place of its column less 1: the largest degree that it may depend on. Sorted. */
  readonly outputs: readonly number[];
  /** Number of columns that have a density. */
  readonly columns: number;
  /** Sizes of the hidden layers, at least one. */
  readonly hidden: readonly number[];
  /** Blocks of T. */
  readonly ties?: readonly Tie[] | undefined;
}

/** A block of T: inputs and outputs that follow one another. Its numbers lie output by output. */
export interface Tie {
  readonly firstInput: number;
  readonly inputs: number;
  readonly firstOutput: number;
  readonly outputs: number;
}

/** Inputs are kept within this many units: beyond the data a network of rectifiers goes on linearly. */
const inputBound = 10;

/** Sets some units of a layer to zero, by name of the layer, in training. */
export type LeaveOut = (units: Expr, layer: string) => Expr;

/** A network that has been laid out. */
export interface Trunk {
  /** What it needs. */
  readonly parameters: ParameterTree;
  /**
   * All outputs for some inputs.
   * @param leaveOut - Leaves hidden units out, layer by layer.
   */
  run(inputs: Expr, parameters: Bound, leaveOut?: LeaveOut): Expr;
  /**
   * The outputs of one column, as many numbers as the column with the most has, 0 behind its own.
   * @param columnMark - Shared, `[1, columns]`: 1 in the place of the column.
   */
  runOne(inputs: Expr, parameters: Bound, columnMark: Expr): Expr;
  /** Outputs of the column with the most. */
  readonly mostOutputs: number;
}

/** A trunk of some sizes; its last layer starts at zero. */
export function trunk({ inputs, outputs, columns, hidden, ties = [] }: TrunkSizes): Trunk {
  const isGiven = inputs[0] === 0;
  const units = hidden.map((size) => hiddenDegrees(columns, isGiven ? 1 : 0, size));
  const sizes = [inputs.length, ...hidden];
  const lastHidden = hidden[hidden.length - 1]!;
  const isSame = (layer: number): boolean => layer > 0 && sizes[layer] === sizes[layer + 1];
  const tree: Record<string, ParameterTree[string]> = {};
  for (let layer = 0; layer < hidden.length; layer++) {
    const [from, to] = [sizes[layer]!, sizes[layer + 1]!];
    const bound = 1 / Math.sqrt(from);
    tree[`weight${layer}`] = trainedUniform([to, from], bound);
    tree[`bias${layer}`] = trainedUniform([to], bound);
  }
  tree.weight = trained([outputs.length, lastHidden]);
  tree.skip = trained([outputs.length, inputs.length]);
  tree.bias = trained([outputs.length]);
  const tieParameters = ties.reduce((sum, tie) => sum + tie.inputs * tie.outputs, 0);
  // A vector, as vectors do not decay.
  if (tieParameters > 0) tree.ties = trained([tieParameters]);
  /** Where the numbers of T are among those of the ties; -1 where they are 0. */
  const tiePlaces = (): Int32Array => {
    const at = new Int32Array(outputs.length * inputs.length).fill(-1);
    let nextParameter = 0;
    for (const tie of ties)
      for (let i = 0; i < tie.outputs; i++)
        for (let j = 0; j < tie.inputs; j++)
          at[(tie.firstOutput + i) * inputs.length + tie.firstInput + j] = nextParameter++;
    return at;
  };
  const skipWeights = (parameters: Bound): Expr => {
    const free = leafOf(parameters, "skip");
    const weights =
      tieParameters > 0
        ? g.add(
            free,
            g.gather(leafOf(parameters, "ties"), Array.from(tiePlaces()), [outputs.length, inputs.length]),
          )
        : free;
    return g.mul(weights, masks().skip);
  };
  let cachedMasks: { readonly layers: Expr[]; readonly skip: Expr } | undefined;
  const masks = (): { readonly layers: Expr[]; readonly skip: Expr } => {
    cachedMasks ??= {
      layers: degreeMasks([inputs, ...units, outputs]),
      skip: degreeMasks([inputs, outputs])[0]!,
    };
    return cachedMasks;
  };
  const lastHiddenLayer = (x: Expr, parameters: Bound, leaveOut?: LeaveOut): Expr => {
    let value = x;
    for (let layer = 0; layer < hidden.length; layer++) {
      const weights = g.mul(leafOf(parameters, `weight${layer}`), masks().layers[layer]!);
      let layerOutput = g.relu(g.linear(value, weights, leafOf(parameters, `bias${layer}`)));
      if (leaveOut) layerOutput = leaveOut(layerOutput, `hidden ${layer}`);
      value = isSame(layer) ? g.add(value, layerOutput) : layerOutput;
    }
    return value;
  };
  const places = Array.from({ length: columns }, (_, column) =>
    outputs.flatMap((degree, i) => (degree === column ? [i] : [])),
  );
  const mostOutputs = Math.max(...places.map(({ length }) => length));
  /** Lines of a matrix, or elements of a vector, of the chosen column. */
  const choose = (value: Expr, width: number, columnMark: Expr): Expr => {
    const indices = places.flatMap((columnOutputs) =>
      Array.from({ length: mostOutputs * width }, (_, i) => {
        const line = columnOutputs[Math.floor(i / width)];
        return line === undefined ? -1 : line * width + (i % width);
      }),
    );
    return g.matrixProduct(columnMark, g.gather(value, indices, [columns, mostOutputs * width]));
  };
  return {
    parameters: tree,
    mostOutputs,
    run(inputValues, parameters, leaveOut) {
      const x = g.clamp(inputValues, -inputBound, inputBound);
      const weights = g.mul(leafOf(parameters, "weight"), masks().layers[hidden.length]!);
      const skip = skipWeights(parameters);
      return g.add(
        g.linear(lastHiddenLayer(x, parameters, leaveOut), weights, leafOf(parameters, "bias")),
        g.linear(x, skip),
      );
    },
    runOne(inputValues, parameters, columnMark) {
      const x = g.clamp(inputValues, -inputBound, inputBound);
      const weights = g.mul(leafOf(parameters, "weight"), masks().layers[hidden.length]!);
      const skip = skipWeights(parameters);
      const matrix = (value: Expr, width: number): Expr =>
        g.reshape(choose(value, width, columnMark), [mostOutputs, width]);
      return g.add(
        g.linear(
          lastHiddenLayer(x, parameters),
          matrix(weights, lastHidden),
          g.reshape(choose(leafOf(parameters, "bias"), 1, columnMark), [mostOutputs]),
        ),
        g.linear(x, matrix(skip, inputs.length)),
      );
    },
  };
}
