/**
 * A transformer applied to each feature with parameters of its own: unconditional, or computed from the context
 * alone. It is what couplings and autoregressive maps become with one feature.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, subtreeOf, trained } from "../../graph/parameters.ts";
import { checkHidden, networkParameters, runNetwork } from "../../networks/conditioner.ts";
import {
  anyNumber,
  checkContext,
  checkCount,
  checkedOptions,
  listOf,
  type OptionTable,
  required,
} from "../../options.ts";
import { transformerFromJson } from "../../transformers/registry.ts";
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
  readonly context?: number;
  /** The monotone map of each feature. */
  readonly transformer: Transformer;
  /** Hidden sizes of the network of the context; not used without one (default none). */
  readonly hidden?: readonly number[];
}

const elementwiseOptionTable: OptionTable<ElementwiseOptions> = {
  features: required(anyNumber),
  context: anyNumber,
  transformer: required(aTransformer),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
};

/**
 * Element-wise bijection, the identity at the start. Both directions cost one network pass (none without context).
 * @throws UsageError if a size is not a positive integer.
 */
export function elementwise(options: ElementwiseOptions): Bijection {
  const {
    features,
    context = 0,
    transformer,
    hidden = [],
  } = checkedOptions("elementwise", options, elementwiseOptionTable);
  checkCount("elementwise", "features", features);
  checkContext("elementwise", context);
  checkHidden("elementwise", hidden);
  const shape = parameterShape(transformer, features);
  const outputs = features * transformer.parameterCount;
  const parametersOf = (p: Bound, c: Expr | undefined): Expr =>
    context === 0
      ? leafOf(p, "values")
      : g.reshape(runNetwork(c!, subtreeOf(p, "network"), hidden.length + 1), shape);
  return {
    type: "elementwise",
    features,
    context,
    parameters:
      context === 0 ? { values: trained(shape) } : { network: networkParameters(context, hidden, outputs) },
    forward: (x, p, c) => transformFeatures(transformer, "forward", x, parametersOf(p, c)),
    inverse: (y, p, c) => transformFeatures(transformer, "inverse", y, parametersOf(p, c)),
    toJSON: () => ({ type: "elementwise", features, context, transformer: transformer.toJSON(), hidden }),
  };
}

/** Reads {@link elementwise} back. */
export function elementwiseFromJson(json: { [option: string]: unknown }): Bijection {
  const options = json as unknown as ElementwiseOptions;
  return elementwise({ ...options, transformer: transformerFromJson(json.transformer) });
}
