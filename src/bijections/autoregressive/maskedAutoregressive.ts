/**
 * Masked autoregressive bijection (Papamakarios et al. 2017; Kingma et al. 2016): feature by feature in a fixed
 * order, each is transformed with parameters computed from those before it and the context.
 *
 *     inverse    x_i = T(y_i; network_i(y_1 .. y_(i-1), context))     one network pass
 *     forward    y_i = T^-1(x_i; network_i(y_1 .. y_(i-1), context))  a fixed point: about one pass on the wasm engine
 *
 * @see https://arxiv.org/abs/1705.07057
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import {
  aConditioner,
  type Conditioner,
  chosenConditioner,
  conditionerOptions,
} from "../../networks/conditionerContract.ts";
import { denseConditioner } from "../../networks/denseConditioner.ts";
import { withConditioner } from "../../networks/registry.ts";
import {
  anyNumber,
  checkContext,
  checkCount,
  checkedOptions,
  listOf,
  type OptionTable,
  required,
} from "../../options.ts";
import { transformerRegistry } from "../../transformers/registry.ts";
import { aTransformer, type Transformer, transformFeatures } from "../../transformers/transformer.ts";
import type { Bijection, Mapped } from "../bijection.ts";
import { checkOrder, inverseOrder } from "../linear/permutation.ts";
import { checkConditioned, declared, parametersAs, weightsOf } from "./transformed.ts";

/** Options of {@link maskedAutoregressive}. */
export interface MaskedAutoregressiveOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** Features from first to last conditioned, counted from 0 (default 0, 1, ...). */
  readonly order?: readonly number[] | undefined;
  /** The monotone map of each feature. */
  readonly transformer: Transformer;
  /** Sizes of the hidden layers of the masked network; `[]` for a linear one. Left out where `conditioner` is given. */
  readonly hidden?: readonly number[] | undefined;
  /** What gives the parameters, in place of a masked dense network; it must be autoregressive, see `ConditionerSizes`. */
  readonly conditioner?: Conditioner | undefined;
}

const maskedAutoregressiveOptionTable: OptionTable<MaskedAutoregressiveOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  order: listOf(anyNumber, "an array of numbers"),
  transformer: required(aTransformer),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  conditioner: aConditioner,
};

/**
 * Masked autoregressive bijection, the identity at the start.
 * @throws UsageError if a size is not a positive integer, {@link ShapeError} if `order` is not a permutation.
 * @cost inverse a network pass, forward about the same: each hidden unit is computed once, when what it depends on is
 *   known
 * @example
 * const transformer = rationalQuadraticTransformer();
 * const bijection = maskedAutoregressive({ features: 2, transformer, hidden: [16] });
 */
export function maskedAutoregressive(options: MaskedAutoregressiveOptions): Bijection {
  const checked = checkedOptions("maskedAutoregressive", options, maskedAutoregressiveOptionTable);
  const { features, context = 0, transformer } = checked;
  const { order = Array.from({ length: features }, (_, i) => i) } = checked;
  checkCount("maskedAutoregressive", "features", features);
  checkContext("maskedAutoregressive", context);
  checkConditioned("maskedAutoregressive", transformer);
  const conditioner = chosenConditioner("maskedAutoregressive", checked, denseConditioner);
  checkOrder("maskedAutoregressive", order);
  if (order.length !== features)
    throw new ShapeError({
      where: "maskedAutoregressive",
      subject: "order",
      expected: `of ${features} features`,
      received: `${order.length}`,
    });
  const originalOrder = inverseOrder(order);
  const network = conditioner.network({
    inputs: context + features,
    outputs: features * transformer.parameterCount,
    autoregressive: { features, context },
  });
  /** Parameters of every feature from values in autoregressive order. */
  const parametersOf = (ordered: Expr, p: Bound, c: Expr | undefined): Expr | undefined => {
    const input = context > 0 ? g.concatenate([c!, ordered]) : ordered;
    return parametersAs(transformer, features, network.run(input, subtreeOf(p, "network")));
  };
  return {
    type: "maskedAutoregressive",
    features,
    context,
    ...declared(transformer, features),
    parameters: { network: network.parameters, ...weightsOf(transformer, features) },
    inverse(y, p, c): Mapped {
      const ordered = g.gather(y, order, [features]);
      const own = parametersOf(ordered, p, c);
      const mapped = transformFeatures(transformer, "inverse", ordered, own, subtreeOf(p, "transformer"));
      return { value: g.gather(mapped.value, originalOrder, [features]), logAbsDet: mapped.logAbsDet };
    },
    forward(x, p, c): Mapped {
      const ordered = g.gather(x, order, [features]);
      const generated = (state: Expr): Mapped => {
        const own = parametersOf(state, p, c);
        return transformFeatures(transformer, "forward", ordered, own, subtreeOf(p, "transformer"));
      };
      // After k passes the first k features are final. An engine may compute each unit once, when it can be known.
      const state = g.fixedPoint(
        g.zeros([features]),
        network.passes ?? features,
        (estimate) => generated(estimate).value,
      );
      return { value: g.gather(state, originalOrder, [features]), logAbsDet: generated(state).logAbsDet };
    },
    toJSON: () => ({
      type: "maskedAutoregressive",
      features,
      context,
      order,
      transformer: transformer.toJSON(),
      ...conditionerOptions(conditioner),
    }),
  };
}

/** Reads {@link maskedAutoregressive} back. */
export function maskedAutoregressiveFromJson(json: { [option: string]: unknown }): Bijection {
  const options = json as unknown as MaskedAutoregressiveOptions;
  return maskedAutoregressive({
    ...options,
    transformer: transformerRegistry.read(json.transformer),
    ...withConditioner(json),
  });
}
