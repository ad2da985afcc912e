/**
 * A transformer applied to each feature with parameters of its own: unconditional, or computed from the context
 * alone. It is what couplings and autoregressive maps become with one feature.
 *
 *     forward   y_i = f(x_i; p_i)          logAbsDet = sum_i log f'(x_i; p_i)
 *     inverse   x_i = f^-1(y_i; p_i)
 *
 * Papamakarios et al. (2021), "Normalizing Flows for Probabilistic Modeling and Inference", section 3.1.
 *
 * @see https://arxiv.org/abs/1912.02762
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { type Bound, leafOf, subtreeOf, trained } from "../../graph/parameters.ts";
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
import {
  aTransformer,
  parameterShape,
  type Transformer,
  transformFeatures,
} from "../../transformers/transformer.ts";
import type { Bijection, Mapped } from "../bijection.ts";
import { declared, parametersAs, weightsOf } from "./transformed.ts";

/** Options of {@link elementwise}. */
export interface ElementwiseOptions {
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0: each feature has fixed parameters of its own). */
  readonly context?: number | undefined;
  /** The monotone map of each feature. */
  readonly transformer: Transformer;
  /** Hidden sizes of the network of the context; not used without one (default none). */
  readonly hidden?: readonly number[] | undefined;
  /** What gives the parameters for a context, in place of a dense network of `hidden` layers. */
  readonly conditioner?: Conditioner | undefined;
}

const elementwiseOptionTable: OptionTable<ElementwiseOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  transformer: required(aTransformer),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  conditioner: aConditioner,
};

/**
 * Element-wise bijection, the identity at the start. Both directions cost one network pass (none without context).
 * @throws UsageError if a size is not a positive integer.
 * @cost forward those of the transformer, and a network pass where there is a context; inverse the same
 * @example
 * const bijection = elementwise({ features: 2, transformer: sinhArcsinh() });
 */
export function elementwise(options: ElementwiseOptions): Bijection {
  const checked = checkedOptions("elementwise", options, elementwiseOptionTable);
  const { features, context = 0, transformer } = checked;
  checkCount("elementwise", "features", features);
  checkContext("elementwise", context);
  const { conditioner: conditionerOption, hidden = conditionerOption ? undefined : [] } = checked;
  const conditioner = chosenConditioner(
    "elementwise",
    { conditioner: conditionerOption, hidden },
    denseConditioner,
  );
  const { parameterCount } = transformer;
  const network =
    context > 0 && parameterCount > 0
      ? conditioner.network({ inputs: context, outputs: features * transformer.parameterCount })
      : undefined;
  const parametersOf = (p: Bound, c: Expr | undefined): Expr | undefined => {
    if (network) return parametersAs(transformer, features, network.run(c!, subtreeOf(p, "network")));
    return parameterCount > 0 ? leafOf(p, "values") : undefined;
  };
  const values = parameterCount > 0 ? { values: trained(parameterShape(transformer, features)) } : {};
  const apply = (direction: "forward" | "inverse", at: Expr, p: Bound, c: Expr | undefined): Mapped =>
    transformFeatures(transformer, direction, at, parametersOf(p, c), subtreeOf(p, "transformer"));
  return {
    type: "elementwise",
    features,
    context,
    ...declared(transformer, features),
    parameters: {
      ...(network ? { network: network.parameters } : values),
      ...weightsOf(transformer, features),
    },
    forward: (x, p, c) => apply("forward", x, p, c),
    inverse: (y, p, c) => apply("inverse", y, p, c),
    toJSON: () => ({
      type: "elementwise",
      features,
      context,
      transformer: transformer.toJSON(),
      ...conditionerOptions(conditioner),
    }),
  };
}

/** Reads {@link elementwise} back. */
export function elementwiseFromJson(json: { [option: string]: unknown }): Bijection {
  const options = json as unknown as ElementwiseOptions;
  return elementwise({
    ...options,
    transformer: transformerRegistry.read(json.transformer),
    ...withConditioner(json),
  });
}
