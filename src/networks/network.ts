/**
 * A network of dense layers, as a part for models of your own: encoders, decoders, the functions inside a bijection.
 *
 *     h_0 = x    h_l = s(W_l h_(l-1) + b_l)    y = W h_L + b
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, type ParameterTree, trained, trainedUniform } from "../graph/parameters.ts";
import {
  anyNumber,
  checkCount,
  checkedOptions,
  listOf,
  type OptionTable,
  oneOf,
  required,
} from "../options.ts";
import { denseParameters, runDense } from "./dense.ts";

/** Options of {@link network}. */
export interface NetworkOptions {
  /** Size of the input, at least 1. */
  readonly inputs: number;
  /** Sizes of the hidden layers, in order (default none: one linear layer). */
  readonly hidden?: readonly number[] | undefined;
  /** Size of the output, at least 1. */
  readonly outputs: number;
  /** Activation s of the hidden layers (default `relu`). The last layer has none. */
  readonly activation?: "relu" | "tanh" | "softplus" | undefined;
  /** How the last layer starts: at random like the others (default), or at zero, so that the network starts as the constant 0. */
  readonly start?: "random" | "zero" | undefined;
}

/** A network: what it needs, and how to run it. */
export interface Network {
  /** Size of the input. */
  readonly inputs: number;
  /** Size of the output. */
  readonly outputs: number;
  /** Weights and biases, `weight0`, `bias0`, ...; values from `initialValues`, expressions from `bindTree`. */
  readonly parameters: ParameterTree;
  /** The output `[outputs]` for an input `[inputs]`. Cost: one dense layer for each of `hidden` and one more. */
  run(x: Expr, parameters: Bound): Expr;
}

const activations = { relu: g.relu, tanh: g.tanh, softplus: g.softplus } as const;

const networkOptionTable: OptionTable<NetworkOptions> = {
  inputs: required(anyNumber),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  outputs: required(anyNumber),
  activation: oneOf(["relu", "tanh", "softplus"]),
  start: oneOf(["random", "zero"]),
};

/**
 * A network of dense layers. Weights start uniform on ±sqrt(3 / inputs of the layer), so that their variance is the inverse of
 * that number (LeCun et al. 1998), with sqrt(6 / inputs) below a `relu`, which halves it (He et al. 2015); biases start at zero.
 * @throws UsageError if a size is not a positive integer.
 * @example
 * const encoder = network({ inputs: 784, hidden: [256], outputs: 40 });
 * const tree = { encoder: encoder.parameters };
 * const h = encoder.run(ops.input("x", [784]), subtreeOf(bindTree(tree), "encoder"));
 */
export function network(options: NetworkOptions): Network {
  const {
    inputs,
    hidden = [],
    outputs,
    activation = "relu",
    start = "random",
  } = checkedOptions("network", options, networkOptionTable);
  checkCount("network", "inputs", inputs);
  checkCount("network", "outputs", outputs);
  for (const size of hidden) checkCount("network", "hidden", size);
  const sizes = [inputs, ...hidden, outputs];
  const parameters = denseParameters(sizes, (from, to, isLast) => {
    const gain = !isLast && activation === "relu" ? 6 : 3;
    const isZero = isLast && start === "zero";
    return {
      weight: isZero ? trained([to, from]) : trainedUniform([to, from], Math.sqrt(gain / from)),
      bias: trained([to]),
    };
  });
  return {
    inputs,
    outputs,
    parameters,
    run: (x, p) => runDense(x, p, sizes.length - 1, activations[activation]),
  };
}
