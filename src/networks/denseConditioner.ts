/**
 * The conditioner of couplings, autoregressive and conditional element-wise maps unless another is asked for: dense layers with
 * rectifiers, masked where the map is autoregressive (MADE, Germain et al. 2015).
 *
 * @see https://arxiv.org/abs/1502.03509
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import { anyNumber, checkedOptions, listOf, type OptionTable, required } from "../options.ts";
import { autoregressiveMasks, checkHidden, networkParameters, runNetwork } from "./conditioner.ts";
import type { Conditioner } from "./conditionerContract.ts";

/** Options of {@link denseConditioner}. */
export interface DenseConditionerOptions {
  /** Sizes of the hidden layers; `[]` for a linear network. */
  readonly hidden: readonly number[];
}

const denseConditionerOptionTable: OptionTable<DenseConditionerOptions> = {
  hidden: required(listOf(anyNumber, "an array of sizes, such as [64, 64]")),
};

/**
 * Dense layers with rectifiers; the last one starts at zero. Inputs are clamped to 10 units. Cost: one dense layer for each of
 * `hidden` and one more; inverting an autoregressive map with it costs about one pass.
 * @throws ShapeError if a size is not a positive integer.
 */
export function denseConditioner(options: DenseConditionerOptions): Conditioner {
  const { hidden } = checkedOptions("denseConditioner", options, denseConditionerOptionTable);
  checkHidden("denseConditioner", hidden);
  return {
    type: "dense",
    network({ inputs, outputs, autoregressive }) {
      // Made when first used: a description that a file claims must not allocate before its tensors were compared.
      let masks: readonly Expr[] | undefined;
      return {
        parameters: networkParameters(inputs, hidden, outputs),
        run(x, parameters) {
          if (autoregressive) {
            const { features, context } = autoregressive;
            masks ??= autoregressiveMasks(features, context, hidden, outputs / features);
          }
          return runNetwork(x, parameters, hidden.length + 1, masks);
        },
      };
    },
    toJSON: () => ({ type: "dense", hidden }),
  };
}
