/**
 * Coupling (Dinh et al. 2015, 2017): some features pass unchanged and, with the context, condition a transformer of
 * the others.
 *
 *     inverse    x_A = y_A,  x_B = T(y_B; network(y_A, context))      logAbsDet = sum log T'
 *     forward    y_A = x_A,  y_B = T^-1(x_B; network(x_A, context))
 *
 * Both directions cost one network pass.
 *
 * @see https://arxiv.org/abs/1410.8516, https://arxiv.org/abs/1605.08803
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, type Shape, sizeOf } from "../../graph/expr.ts";
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
  either,
  listOf,
  type OptionTable,
  required,
  sizes,
} from "../../options.ts";
import { transformerRegistry } from "../../transformers/registry.ts";
import { aTransformer, type Transformer, transformFeatures } from "../../transformers/transformer.ts";
import type { Bijection, Mapped } from "../bijection.ts";
import { inverseOrder } from "../linear/permutation.ts";
import { checkConditioned, declared, parametersAs, weightsOf } from "./transformed.ts";

/** Options of {@link coupling}. */
export interface CouplingOptions {
  /**
   * Size of one sample, at least 2; or its shape, `[height, width, channels]` or `[positions, channels]`, whose flattened values a sample is,
   * for a conditioner that needs one.
   */
  readonly features: number | Shape;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** The features that are transformed, counted from 0; the others condition. Neither set may be empty. */
  readonly transformed: readonly number[];
  /** The monotone map of each transformed feature. */
  readonly transformer: Transformer;
  /** Sizes of the hidden layers of the network; `[]` for a linear one. Left out where `conditioner` is given. */
  readonly hidden?: readonly number[] | undefined;
  /** What gives the parameters, in place of a dense network of `hidden` layers. */
  readonly conditioner?: Conditioner | undefined;
}

const couplingOptionTable: OptionTable<CouplingOptions> = {
  features: required(either(anyNumber, sizes())),
  context: anyNumber,
  transformed: required(listOf(anyNumber, "an array of numbers")),
  transformer: required(aTransformer),
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  conditioner: aConditioner,
};

/**
 * Coupling bijection, the identity at the start.
 * @throws UsageError if a size is not a positive integer, {@link ShapeError} if `transformed` is not a proper subset.
 * @cost forward a network pass, inverse a network pass
 * @example
 * const bijection = coupling({ features: 2, transformed: [1], transformer: affineTransformer(), hidden: [16] });
 */
export function coupling(options: CouplingOptions): Bijection {
  const checked = checkedOptions("coupling", options, couplingOptionTable);
  const { features: asked, context = 0, transformed, transformer } = checked;
  const shape = typeof asked === "number" ? undefined : asked;
  const features = shape ? sizeOf(shape) : (asked as number);
  checkCount("coupling", "features", features);
  checkContext("coupling", context);
  checkConditioned("coupling", transformer);
  const conditioner = chosenConditioner("coupling", checked, denseConditioner);
  const transformedFeatures = new Set(transformed);
  const fixedFeatures = Array.from({ length: features }, (_, i) => i).filter(
    (i) => !transformedFeatures.has(i),
  );
  if (
    transformedFeatures.size !== transformed.length ||
    fixedFeatures.length + transformedFeatures.size !== features ||
    fixedFeatures.length * transformedFeatures.size === 0
  )
    throw new ShapeError({
      where: "coupling",
      subject: "transformed",
      expected: `some, not all, of 0 to ${features - 1}, each once`,
      received: `[${transformed.join(", ")}]`,
    });
  const originalOrder = inverseOrder([...fixedFeatures, ...transformed]);
  const network = conditioner.network({
    inputs: fixedFeatures.length + context,
    outputs: transformed.length * transformer.parameterCount,
    ...(shape ? { over: { shape, conditions: fixedFeatures, transformed } } : {}),
  });
  const apply = (direction: "forward" | "inverse", value: Expr, p: Bound, c: Expr | undefined): Mapped => {
    const conditions = g.gather(value, fixedFeatures, [fixedFeatures.length]);
    const input = context > 0 ? g.concatenate([conditions, c!]) : conditions;
    const output = network.run(input, subtreeOf(p, "network"));
    const mapped = transformFeatures(
      transformer,
      direction,
      g.gather(value, transformed, [transformed.length]),
      parametersAs(transformer, transformed.length, output),
      subtreeOf(p, "transformer"),
    );
    return {
      value: g.gather(g.concatenate([conditions, mapped.value]), originalOrder, [features]),
      logAbsDet: mapped.logAbsDet,
    };
  };
  return {
    type: "coupling",
    features,
    context,
    ...declared(transformer, features, transformedFeatures),
    parameters: { network: network.parameters, ...weightsOf(transformer, transformed.length) },
    forward: (x, p, c) => apply("forward", x, p, c),
    inverse: (y, p, c) => apply("inverse", y, p, c),
    toJSON: () => ({
      type: "coupling",
      features: asked,
      context,
      transformed,
      transformer: transformer.toJSON(),
      ...conditionerOptions(conditioner),
    }),
  };
}

/** Reads {@link coupling} back. */
export function couplingFromJson(json: { [option: string]: unknown }): Bijection {
  return coupling({
    ...(json as unknown as CouplingOptions),
    transformer: transformerRegistry.read(json.transformer),
    ...withConditioner(json),
  });
}
