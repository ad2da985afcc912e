/**
 * Convolutions as a conditioner, for couplings of features that have a shape (Dinh et al. 2017, section 3.4).
 *
 *     h_0 = the values that condition, at their places, 0 elsewhere; the context at every position
 *     h_k = max(0, W_k * h_(k-1) + b_k)
 *     parameters of the value at a position, of a channel: outputs of W_n * h_(n-1) + b_n there
 *
 * with * a convolution whose result has the positions of its input: outside there are zeros. Channels in which nothing conditions are left out of
 * h_0, those in which nothing is transformed out of the outputs. The last layer starts at zero, so that the transform starts as the identity; inputs
 * are clamped to 10 units, as those of {@link denseConditioner}.
 *
 * @see https://arxiv.org/abs/1605.08803
 * @module
 */

import { type Expr, sizeOf } from "../../graph/expr.ts";
import { convolution } from "../../graph/library/convolution.ts";
import * as g from "../../graph/ops.ts";
import { leafOf, subtreeOf, trained, trainedUniform } from "../../graph/parameters.ts";
import { checkedOptions, count, numberOf, type OptionTable, refuse, required, sizes } from "../../options.ts";
import { reach } from "../conditioner.ts";
import type { Conditioner, ConditionerNetwork, ConditionerSizes } from "../conditionerContract.ts";

/** Options of {@link convolutionConditioner}. */
export interface ConvolutionConditionerOptions {
  /** Channels of the hidden layers; `[]` for one convolution. */
  readonly hidden: readonly number[];
  /** Rows and columns of each convolution, an odd number (default 3); of `[positions, channels]`, positions. */
  readonly size?: number | undefined;
}

const optionTable: OptionTable<ConvolutionConditionerOptions> = {
  hidden: required(sizes()),
  size: numberOf("an odd positive integer", (x) => count.accepts(x) && x % 2 === 1),
};

const where = "convolutionConditioner";

/**
 * Convolutions with rectifiers; the last one starts at zero. For a `coupling` whose `features` are a shape. Cost: for each position and layer
 * `size^2` times the product of its channels.
 * @throws UsageError for an option out of its domain, and, when a transform asks for a network, for one without a shape.
 * @example
 * const conditioner = convolutionConditioner({ hidden: [32, 32] });
 */
export function convolutionConditioner(options: ConvolutionConditionerOptions): Conditioner {
  const { hidden, size = 3 } = checkedOptions(where, options, optionTable);
  return {
    type: "convolution",
    network: (asked) => networkOf(hidden, size, asked),
    toJSON: () => ({ type: "convolution", hidden, size }),
  };
}

function networkOf(
  hidden: readonly number[],
  size: number,
  { inputs, outputs, over }: ConditionerSizes,
): ConditionerNetwork {
  if (!over)
    return refuse(
      where,
      "the transform",
      "a coupling whose features are a shape",
      "features without a shape",
    );
  const { shape, conditions, transformed } = over;
  if (shape.length !== 2 && shape.length !== 3)
    refuse(where, "features", "[height, width, channels] or [positions, channels]", shape);
  const [height, width, channels] = (shape.length === 3 ? shape : [shape[0]!, 1, shape[1]!]) as [
    number,
    number,
    number,
  ];
  const columns = shape.length === 3 ? size : 1;
  const channelsOf = (places: readonly number[]): number[] =>
    [...new Set(places.map((place) => place % channels))].sort((a, b) => a - b);
  const [read, made] = [channelsOf(conditions), channelsOf(transformed)];
  const context = inputs - conditions.length;
  const each = outputs / transformed.length;
  const counts = [read.length + context, ...hidden, made.length * each];
  const layers = counts.slice(1).map((to, i) => {
    const from = counts[i]!;
    const weights = [to, size, columns, from];
    const bound = 1 / Math.sqrt(size * columns * from);
    return i === hidden.length
      ? { weight: trained(weights), bias: trained([to]) }
      : { weight: trainedUniform(weights, bound), bias: trainedUniform([to], bound) };
  });
  return {
    parameters: Object.fromEntries(layers.map((layer, i) => [String(i), layer])),
    run(input, p) {
      const places = new Map(conditions.map((place, i) => [place, i]));
      const sources = Array.from({ length: height * width }, (_, position) => [
        ...read.map((channel) => places.get(position * channels + channel) ?? -1),
        ...Array.from({ length: context }, (_, i) => conditions.length + i),
      ]).flat();
      let value: Expr = g.gather(g.clamp(input, -reach, reach), sources, [height, width, counts[0]!]);
      for (let i = 0; i < layers.length; i++) {
        const own = subtreeOf(p, String(i));
        value = convolution(value, leafOf(own, "weight"), leafOf(own, "bias"), {
          padding: [(size - 1) / 2, (columns - 1) / 2],
        });
        if (i < hidden.length) value = g.relu(value);
      }
      const results = transformed.flatMap((place) => {
        const first = Math.floor(place / channels) * made.length + made.indexOf(place % channels);
        return Array.from({ length: each }, (_, i) => first * each + i);
      });
      return g.gather(g.reshape(value, [sizeOf(value.shape)]), results, [outputs]);
    },
  };
}
