/**
 * A monotonic network (the idea of Huang et al. 2018, section 3, in zuko's form of free positive weights): a network of y and of a
 * signal, whose weights count by their size, so that it increases in y.
 *
 *     inverse   x = |W_n| a( ... a(|W_1| [y, signal] + b_1) ... ) + b_n + d y
 *     forward   by a root
 *
 * a(u) is ELU(u) in the first half of a layer's units and -ELU(-u) in the second, so that the network is convex in parts and concave in
 * others. The weights are trained with the model, for each feature its own, and do not depend on what conditions it; the signal is what a
 * conditioner gives. The least slope d keeps the map onto all numbers.
 *
 * @see https://arxiv.org/abs/1804.00779
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { root } from "../../graph/library/root.ts";
import {
  abs,
  add,
  asExpr,
  broadcastTo,
  concatenate,
  constant,
  exp,
  expm1,
  gather,
  less,
  linear,
  log,
  max,
  min,
  mul,
  neg,
  reshape,
  select,
  slice,
  sub,
} from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trained, trainedUniform } from "../../graph/parameters.ts";
import {
  anyNumber,
  checkCount,
  checkedOptions,
  count,
  listOf,
  numberOf,
  type OptionTable,
  positive,
  refuse,
} from "../../options.ts";
import { type Bracket, bracketOfSlope } from "../solvedTransformer.ts";
import type { FeaturesMapped, Transformer } from "../transformer.ts";

/** Options of {@link monotonicNetwork}. */
export interface MonotonicNetworkOptions {
  /** Numbers of the signal, at least 1 (default 16). */
  readonly signal?: number | undefined;
  /** Sizes of the hidden layers, even numbers (default 64, 64). */
  readonly hidden?: readonly number[] | undefined;
  /** Least slope d, 0 or more (default 1e-3). With 0, `bound` must be given. */
  readonly leastSlope?: number | undefined;
  /** Half-width of the interval in which `forward` looks for y, giving an end where there is none (default: everywhere). */
  readonly bound?: number | undefined;
}

const monotonicNetworkOptionTable: OptionTable<MonotonicNetworkOptions> = {
  signal: count,
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  leastSlope: numberOf("0 or more and below 1", (x) => x >= 0 && x < 1),
  bound: positive,
};

/** A slope below it counts as it: its logarithm is finite in float32. */
const least = 1e-37;

/** Images of a layer's units and their derivatives. */
function activated(u: Expr): { readonly image: Expr; readonly slope: Expr } {
  const size = u.shape[0]!;
  // ELU of u where the sign is 1, and -ELU(-u) where it is -1.
  const sign = constant(Float64Array.from({ length: size }, (_, i) => (i < size / 2 ? 1 : -1)));
  const bent = mul(sign, u);
  const under = min(bent, 0);
  const isUnder = less(bent, 0);
  return {
    image: mul(sign, select(isUnder, expm1(under), bent)),
    slope: select(isUnder, exp(under), 1),
  };
}

/**
 * The monotonic network; `signal` parameters per feature, and the weights of a network each. `inverse` costs one pass of it, `forward`
 * some ten.
 * @throws UsageError for a size that is not positive, or not even, or `leastSlope: 0` without a `bound`.
 * @cost inverse a pass of its network, forward some ten
 * @example
 * const transformer = monotonicNetwork();
 */
export function monotonicNetwork(options: MonotonicNetworkOptions = {}): Transformer {
  const {
    signal = 16,
    hidden = [64, 64],
    leastSlope = 1e-3,
    bound,
  } = checkedOptions("monotonicNetwork", options, monotonicNetworkOptionTable);
  hidden.forEach((size, i) => {
    checkCount("monotonicNetwork", `hidden[${i}]`, size);
    if (size % 2 !== 0) refuse("monotonicNetwork", `hidden[${i}]`, "an even number", size);
  });
  if (bound === undefined && leastSlope === 0)
    refuse("monotonicNetwork", "bound", "given where leastSlope is 0", bound);
  const sizes = [1 + signal, ...hidden, 1];
  const layers = sizes.slice(1).map((outputs, l) => ({ inputs: sizes[l]!, outputs, l }));
  /** The network of one feature, of its y `[1]` and signal. */
  const ofFeature = (feature: number, y: Expr, own: Expr, weights: Bound): { value: Expr; slope: Expr } => {
    let value = concatenate([y, own]);
    let tangent: Expr | undefined;
    for (const { inputs, outputs, l } of layers) {
      const at = (name: string): Expr => slice(leafOf(weights, `${name}${l}`), feature, feature + 1);
      const matrix = abs(reshape(at("weight"), [outputs, inputs]));
      value = linear(value, matrix, reshape(at("bias"), [outputs]));
      // The derivative along y alone: at first the first column.
      tangent = tangent
        ? linear(tangent, matrix)
        : gather(
            matrix,
            Int32Array.from({ length: outputs }, (_, i) => i * inputs),
            [outputs],
          );
      if (l === layers.length - 1) break;
      const { image, slope } = activated(value);
      value = image;
      tangent = mul(tangent, slope);
    }
    return { value: add(value, mul(leastSlope, y)), slope: add(tangent!, leastSlope) };
  };
  const mapped = (y: Expr, signals: Expr, weights: Bound): FeaturesMapped => {
    const features = y.shape[0]!;
    const each = Array.from({ length: features }, (_, i) =>
      ofFeature(i, slice(y, i, i + 1), reshape(slice(signals, i, i + 1), [signal]), weights),
    );
    return {
      value: concatenate(each.map(({ value }) => value)),
      logDerivative: log(max(concatenate(each.map(({ slope }) => slope)), least)),
    };
  };
  const bracket = (x: Expr, signals: Expr, weights: Bound): Bracket => {
    if (bound === undefined) return bracketOfSlope(x, mapped(mul(x, 0), signals, weights).value, leastSlope);
    const end = broadcastTo(asExpr(bound), x.shape);
    return [neg(end), end];
  };
  const ofFeatures: Transformer["ofFeatures"] = (direction, values, signals, weights) => {
    if (direction === "inverse") return mapped(values, signals!, weights);
    const [low, high] = bracket(values, signals!, weights);
    const slack = bound === undefined ? 0 : Number.POSITIVE_INFINITY;
    const y = root(low, high, (at) => sub(mapped(at, signals!, weights).value, values), { slack });
    return { value: y, logDerivative: neg(mapped(y, signals!, weights).logDerivative) };
  };
  const needsFeatures = (): never =>
    refuse("monotonicNetwork", "a map of one number", "used by ofFeatures, as it has weights", undefined);
  return {
    type: "monotonicNetwork",
    parameterCount: signal,
    codomain: bound === undefined ? undefined : [-bound, bound],
    forward: needsFeatures,
    inverse: needsFeatures,
    weights: (features): ParameterTree =>
      Object.fromEntries(
        layers.flatMap(({ inputs, outputs, l }) => [
          [`weight${l}`, trainedUniform([features, outputs, inputs], 1 / Math.sqrt(inputs))],
          [`bias${l}`, trained([features, outputs])],
        ]),
      ),
    ofFeatures,
    toJSON: () => ({
      type: "monotonicNetwork",
      signal,
      hidden,
      leastSlope,
      ...(bound === undefined ? {} : { bound }),
    }),
  };
}
