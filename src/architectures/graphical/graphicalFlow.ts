/**
 * Flows of a graph between features (Wehenkel & Louppe 2021, "Graphical Normalizing Flows"): each feature has the density that its parents give it.
 *
 *     p(x) = product over i of p(x_i | parents of x_i, context)
 *
 * One masked autoregressive map, whose transformers may be as rich as one likes: a second map would let a feature depend on the parents of its
 * parents, too.
 *
 * @see https://arxiv.org/abs/2006.02548
 * @module
 */

import { maskedAutoregressive } from "../../bijections/autoregressive/maskedAutoregressive.ts";
import { chain } from "../../bijections/combinators/chain.ts";
import { ShapeError } from "../../errors.ts";
import { parentsConditioner } from "../../networks/parents/parentsConditioner.ts";
import { parentsOrder } from "../../networks/parents/parentsOrder.ts";
import { anyNumber, count, listOf, type OptionTable, required } from "../../options.ts";
import { affineTransformer } from "../../transformers/affineTransformer.ts";
import { chainTransformer } from "../../transformers/chainTransformer.ts";
import { rationalQuadraticTransformer } from "../../transformers/rationalQuadraticTransformer.ts";
import { aTransformer, type Transformer } from "../../transformers/transformer.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  sized,
  type Unsized,
} from "../architecture.ts";
import { baseOf, checkArchitecture } from "../checkedParts.ts";
import { madeAs } from "../kindOf.ts";

/** Options of {@link graphicalFlow}. */
export interface GraphicalFlowOptions extends Omit<ArchitectureOptions, "transforms"> {
  /** For each feature those on which it depends, counted from 0, in any order: no circles. */
  readonly parents: readonly (readonly number[])[];
  /** The monotone map of each feature (default: a rational-quadratic spline and an affine map on its data side). */
  readonly transformer?: Transformer | undefined;
  /** Bins of each spline (default 16); they mean nothing where another transformer is given. */
  readonly bins?: number | undefined;
}

const { transforms: _, ...sizesTable } = architectureOptionTable;
const optionTable: OptionTable<GraphicalFlowOptions> = {
  ...sizesTable,
  parents: required(
    listOf(
      listOf(anyNumber, "features"),
      "an array with the parents of each feature, such as [[], [0], [0, 1]]",
    ),
  ),
  transformer: aTransformer,
  bins: count,
};

/** How much slower a spline changes its shape than its place and its width, as in `neuralSplineFlow`. */
const shapeSensitivity = 0.1;
/** Hidden units for each set of parents at least, unless sizes are given. */
const unitsOfSet = 16;

/**
 * A flow in which each feature depends on its parents alone: given them it is independent of all that does not depend on it. A density costs one network
 * pass, a sample as many as the longest path of the graph has features, or about one on the wasm engine. `fit` maps each column by itself before.
 *
 * @param options - `hidden` is 64, 64 unless it is given, or 16 units for each set of parents where these are more.
 * @throws UsageError for a size that is not a positive integer, a parent that is no feature, or a circle, which the message names; ShapeError for
 *   parents of another number of features.
 */
export function graphicalFlow(options: GraphicalFlowOptions): Architecture;
export function graphicalFlow(options: Unsized<GraphicalFlowOptions>): ArchitectureMaker;
export function graphicalFlow(
  options: GraphicalFlowOptions | Unsized<GraphicalFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("graphicalFlow", options, optionTable, (checked) => graphicalFlowOf(checked));
}

/** {@link graphicalFlow} of checked options, with names of the features for messages. */
export function graphicalFlowOf(
  { features, context = 0, parents, transformer, bins = 16, base, ...sizes }: GraphicalFlowOptions,
  where = "graphicalFlow",
  names?: readonly string[],
): Architecture {
  if (parents.length !== features)
    throw new ShapeError({
      where,
      subject: "parents",
      expected: `of ${features} features`,
      received: `${parents.length}`,
    });
  const { order } = parentsOrder(where, parents, names);
  const width = Math.max(64, unitsOfSet * new Set(parents.map((own) => [...own].sort().join())).size);
  const { hidden = [width, width] } = sizes;
  checkArchitecture("nsf-ar", { features, context, transforms: 1, hidden });
  const spline = rationalQuadraticTransformer({ bins, bound: 5, sensitivity: shapeSensitivity });
  const map = maskedAutoregressive({
    features,
    context,
    order,
    transformer: transformer ?? chainTransformer([spline, affineTransformer()]),
    conditioner: parentsConditioner({
      parents: order.map((feature) => parents[feature]!.map((parent) => order.indexOf(parent))),
      context,
      hidden,
    }),
  });
  return madeAs({
    kind: "autoregressive",
    features,
    context,
    transforms: 1,
    hidden,
    base: baseOf("nsf-ar", { features, base }),
    bijection: chain([map]),
    preparation: "columns",
  });
}
