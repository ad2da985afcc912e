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
const reach = 10;

/** A network that has been laid out. */
export interface Trunk {
  /** What it needs. */
  readonly parameters: ParameterTree;
  /**
   * All outputs for some inputs.
   * @param dropout - Probability that a hidden unit is left out of a row and step.
   */
  run(inputs: Expr, parameters: Bound, dropout?: number): Expr;
  /**
   * The outputs of one column, as many numbers as the column with the most has, 0 behind its own.
   * @param chosen - Shared, `[1, columns]`: 1 in the place of the column.
   */
  runOne(inputs: Expr, parameters: Bound, chosen: Expr): Expr;
  /** Outputs of the column with the most. */
  readonly most: number;
}

/** A trunk of some sizes; its last layer starts at zero. */
export function trunk({ inputs, outputs, columns, hidden, ties = [] }: TrunkSizes): Trunk {
  const isGiven = inputs[0] === 0;
  const units = hidden.map((size) => hiddenDegrees(columns, isGiven ? 1 : 0, size));
  const sizes = [inputs.length, ...hidden];
  const last = hidden[hidden.length - 1]!;
  const isSame = (layer: number): boolean => layer > 0 && sizes[layer] === sizes[layer + 1];
  const tree: Record<string, ParameterTree[string]> = {};
  for (let layer = 0; layer < hidden.length; layer++) {
    const [from, to] = [sizes[layer]!, sizes[layer + 1]!];
    const bound = 1 / Math.sqrt(from);
    tree[`weight${layer}`] = trainedUniform([to, from], bound);
    tree[`bias${layer}`] = trainedUniform([to], bound);
  }
  tree.weight = trained([outputs.length, last]);
  tree.skip = trained([outputs.length, inputs.length]);
  tree.bias = trained([outputs.length]);
  const tied = ties.reduce((sum, own) => sum + own.inputs * own.outputs, 0);
  // A vector, as vectors do not decay.
  if (tied > 0) tree.ties = trained([tied]);
  /** Where the numbers of T are among those of the ties; -1 where they are 0. */
  const tiePlaces = (): Int32Array => {
    const at = new Int32Array(outputs.length * inputs.length).fill(-1);
    let next = 0;
    for (const own of ties)
      for (let i = 0; i < own.outputs; i++)
        for (let j = 0; j < own.inputs; j++)
          at[(own.firstOutput + i) * inputs.length + own.firstInput + j] = next++;
    return at;
  };
  const skipOf = (parameters: Bound): Expr => {
    const skip = leafOf(parameters, "skip");
    const whole =
      tied > 0
        ? g.add(
            skip,
            g.gather(leafOf(parameters, "ties"), Array.from(tiePlaces()), [outputs.length, inputs.length]),
          )
        : skip;
    return g.mul(whole, masks().skip);
  };
  let made: { readonly layers: Expr[]; readonly skip: Expr } | undefined;
  const masks = (): { readonly layers: Expr[]; readonly skip: Expr } => {
    made ??= { layers: degreeMasks([inputs, ...units, outputs]), skip: degreeMasks([inputs, outputs])[0]! };
    return made;
  };
  const before = (x: Expr, parameters: Bound, dropout = 0): Expr => {
    let value = x;
    for (let layer = 0; layer < hidden.length; layer++) {
      const weights = g.mul(leafOf(parameters, `weight${layer}`), masks().layers[layer]!);
      let next = g.relu(g.linear(value, weights, leafOf(parameters, `bias${layer}`)));
      // Units that stay are raised, so that the mean is that of the whole network.
      if (dropout > 0)
        next = g.mul(
          next,
          g.mul(1 / (1 - dropout), g.less(dropout, g.randomUniform([hidden[layer]!], `hidden ${layer}`))),
        );
      value = isSame(layer) ? g.add(value, next) : next;
    }
    return value;
  };
  const places = Array.from({ length: columns }, (_, column) =>
    outputs.flatMap((degree, i) => (degree === column ? [i] : [])),
  );
  const most = Math.max(...places.map(({ length }) => length));
  /** Lines of a matrix, or elements of a vector, of the chosen column. */
  const choose = (value: Expr, width: number, chosen: Expr): Expr => {
    const indices = places.flatMap((own) =>
      Array.from({ length: most * width }, (_, i) => {
        const line = own[Math.floor(i / width)];
        return line === undefined ? -1 : line * width + (i % width);
      }),
    );
    return g.matrixProduct(chosen, g.gather(value, indices, [columns, most * width]));
  };
  return {
    parameters: tree,
    most,
    run(inputValues, parameters, dropout) {
      const x = g.clamp(inputValues, -reach, reach);
      const weights = g.mul(leafOf(parameters, "weight"), masks().layers[hidden.length]!);
      const skip = skipOf(parameters);
      return g.add(
        g.linear(before(x, parameters, dropout), weights, leafOf(parameters, "bias")),
        g.linear(x, skip),
      );
    },
    runOne(inputValues, parameters, chosen) {
      const x = g.clamp(inputValues, -reach, reach);
      const weights = g.mul(leafOf(parameters, "weight"), masks().layers[hidden.length]!);
      const skip = skipOf(parameters);
      const matrix = (value: Expr, width: number): Expr =>
        g.reshape(choose(value, width, chosen), [most, width]);
      return g.add(
        g.linear(
          before(x, parameters),
          matrix(weights, last),
          g.reshape(choose(leafOf(parameters, "bias"), 1, chosen), [most]),
        ),
        g.linear(x, matrix(skip, inputs.length)),
      );
    },
  };
}
