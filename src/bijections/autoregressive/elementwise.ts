/**
 * A transformer applied to each feature with parameters of its own: unconditional, or computed from the context
 * alone. It is what couplings and autoregressive maps become with one feature.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
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
import type { Bijection } from "../bijection.ts";

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
  const shape = parameterShape(transformer, features);
  const network =
    context > 0
      ? conditioner.network({ inputs: context, outputs: features * transformer.parameterCount })
      : undefined;
  const parametersOf = (p: Bound, c: Expr | undefined): Expr =>
    network ? g.reshape(network.run(c!, subtreeOf(p, "network")), shape) : leafOf(p, "values");
  return {
    type: "elementwise",
    features,
    context,
    parameters: network ? { network: network.parameters } : { values: trained(shape) },
    forward: (x, p, c) => transformFeatures(transformer, "forward", x, parametersOf(p, c)),
    inverse: (y, p, c) => transformFeatures(transformer, "inverse", y, parametersOf(p, c)),
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
