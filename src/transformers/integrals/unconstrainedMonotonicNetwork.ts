/**
 * An unconstrained monotonic network (UMNN, Wehenkel and Louppe 2019, eq. 1): the integral of a positive function that a network gives,
 * whose weights need no sign.
 *
 *     inverse   x = c + integral from 0 to y of g(u) du       log derivative log g(y)
 *               g(u) = exp(b(W_n a( ... a(W_1 [u, signal] + b_1) ... ) + b_n)), where b keeps within +-7
 *     forward   by a root
 *
 * The integral is that of Gauss and Legendre at some nodes; the log derivative is that of the exact integral. The default integrand is
 * analytic (a is SiLU, b is 7 tanh(v / 7)), so that the nodes bring the integral to rounding as long as the network does not bend faster
 * than they see: errors fall by the same factor for each node. ELU, and b(v) = v / (1 + |v| / 7), have jumps in the second derivative, and
 * errors fall with the cube of the number of nodes alone. From |y| = reach on the map goes on straight, with the slope of there.
 *
 * The weights are trained with the model, for each feature its own, and do not depend on what conditions it; the signal and c, which come
 * in this order, are what a conditioner gives.
 *
 * @see https://arxiv.org/abs/1908.05164
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { root } from "../../graph/library/root.ts";
import {
  abs,
  add,
  asExpr,
  broadcastTo,
  clamp,
  concatenate,
  constant,
  div,
  exp,
  gather,
  linear,
  max,
  min,
  mul,
  neg,
  reshape,
  slice,
  sub,
  sum,
  tanh,
  total,
} from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trained, trainedUniform } from "../../graph/parameters.ts";
import { type Activation, type ActivationName, activationOf } from "../../networks/activations.ts";
import { gaussLegendre } from "../../numerics/gaussLegendre.ts";
import {
  anObject,
  anyNumber,
  checkCount,
  checkedOptions,
  count,
  either,
  listOf,
  type OptionTable,
  oneOf,
  positive,
  refuse,
  text,
} from "../../options.ts";
import type { FeaturesMapped, Transformer } from "../transformer.ts";

/** Options of {@link unconstrainedMonotonicNetwork}. */
export interface UnconstrainedMonotonicNetworkOptions {
  /** Numbers of the signal, at least 1 (default 16). */
  readonly signal?: number | undefined;
  /** Sizes of the hidden layers (default 64, 64). */
  readonly hidden?: readonly number[] | undefined;
  /** What follows each hidden layer, by name or with its constants (default `silu`, which is analytic). */
  readonly activation?: ActivationName | Activation | undefined;
  /** How the logarithm of the integrand is kept within +-7: by 7 tanh(v / 7), or by v / (1 + |v| / 7) as in zuko (default `tanh`). */
  readonly limit?: "tanh" | "rational" | undefined;
  /** Nodes of the quadrature, at least 1 (default 32). */
  readonly nodes?: number | undefined;
  /** |y| from which on the map is straight (default 10). */
  readonly reach?: number | undefined;
  /** Half-width of the interval in which `forward` looks for y, giving an end where there is none (default: everywhere). */
  readonly bound?: number | undefined;
}

const unconstrainedMonotonicNetworkOptionTable: OptionTable<UnconstrainedMonotonicNetworkOptions> = {
  signal: count,
  hidden: listOf(anyNumber, "an array of sizes, such as [64, 64]"),
  activation: either(text, anObject),
  limit: oneOf(["tanh", "rational"]),
  nodes: count,
  reach: positive,
  bound: positive,
};

/** Largest size of the logarithm of the integrand. */
const largest = 7;

const where = "unconstrainedMonotonicNetwork";

/**
 * The integral of a positive network; `signal` + 1 parameters per feature, and the weights of a network each, the identity at the start.
 * `inverse` costs one pass of it per node and one more, `forward` some ten times as much.
 * @throws UsageError for a size that is not a positive integer, or an unknown activation.
 * @cost inverse a pass of its network per node and one more, forward some ten times as much
 * @example
 * const transformer = unconstrainedMonotonicNetwork();
 */
export function unconstrainedMonotonicNetwork(
  options: UnconstrainedMonotonicNetworkOptions = {},
): Transformer {
  const {
    signal = 16,
    hidden = [64, 64],
    activation = "silu",
    limit = "tanh",
    nodes: nodeCount = 32,
    reach = 10,
    bound,
  } = checkedOptions(where, options, unconstrainedMonotonicNetworkOptionTable);
  hidden.forEach((size, i) => {
    checkCount(where, `hidden[${i}]`, size);
  });
  const activated = activationOf(where, typeof activation === "string" ? { activation } : activation);
  const limited = (v: Expr): Expr => {
    const share = mul(v, 1 / largest);
    return limit === "tanh" ? mul(largest, tanh(share)) : div(v, add(1, abs(share)));
  };
  const { nodes, weights: shares } = gaussLegendre(nodeCount);
  // The nodes of the integral up to y, and y itself.
  const places = constant([...nodes, 1]);
  const points = nodeCount + 1;
  const sizes = [1 + signal, ...hidden, 1];
  const layers = sizes.slice(1).map((outputs, l) => ({ inputs: sizes[l]!, outputs, l }));

  /** Integral up to y `[1]` of the network of one feature with its signal, and the logarithm of the integrand at y, `[1]` each. */
  const ofFeature = (feature: number, y: Expr, own: Expr, weights: Bound): FeaturesMapped => {
    // One row of values per point.
    let value: Expr | undefined;
    for (const { inputs, outputs, l } of layers) {
      const at = (name: string): Expr => slice(leafOf(weights, `${name}${l}`), feature, feature + 1);
      const matrix = reshape(at("weight"), [outputs, inputs]);
      const bias = reshape(at("bias"), [outputs]);
      if (!value) {
        // What the signal gives is the same at each point.
        const ofSignal = linear(concatenate([mul(y, 0), own]), matrix, bias);
        const column = gather(
          matrix,
          Int32Array.from({ length: outputs }, (_, i) => i * inputs),
          [1, outputs],
        );
        const along = mul(reshape(mul(places, y), [points, 1]), column);
        value = add(along, reshape(ofSignal, [1, outputs]));
      } else {
        const rows = value;
        value = reshape(
          concatenate(
            Array.from({ length: points }, (_, i) =>
              linear(reshape(slice(rows, i, i + 1), [inputs]), matrix, bias),
            ),
          ),
          [points, outputs],
        );
      }
      if (l < layers.length - 1) value = activated(value);
    }
    const logs = limited(reshape(value!, [points]));
    const mean = sum(mul(exp(slice(logs, 0, nodeCount)), constant(shares)));
    return { value: mul(reshape(mean, [1]), y), logDerivative: slice(logs, nodeCount, points) };
  };
  const mapped = (y: Expr, parameters: Expr, weights: Bound): FeaturesMapped => {
    const features = y.shape[0]!;
    const inside = clamp(y, -reach, reach);
    const each = Array.from({ length: features }, (_, i) => {
      const own = reshape(slice(parameters, i, i + 1), [signal + 1]);
      return ofFeature(i, slice(inside, i, i + 1), slice(own, 0, signal), weights);
    });
    const integral = concatenate(each.map(({ value }) => value));
    const logDerivative = concatenate(each.map(({ logDerivative }) => logDerivative));
    const beyond = mul(exp(logDerivative), sub(y, inside));
    return { value: total(integral, beyond, constantsOf(parameters)), logDerivative };
  };
  const constantsOf = (parameters: Expr): Expr => {
    const features = parameters.shape[0]!;
    return gather(
      parameters,
      Int32Array.from({ length: features }, (_, i) => i * (signal + 1) + signal),
      [features],
    );
  };
  const ofFeatures: Transformer["ofFeatures"] = (direction, values, parameters, weights) => {
    if (direction === "inverse") return mapped(values, parameters!, weights);
    // The integrand is at least e^-7; a little wider than it need be, for roundings.
    const steep = mul(1.001 * Math.exp(largest), sub(values, constantsOf(parameters!)));
    const [low, high] =
      bound === undefined
        ? [sub(min(steep, 0), 1e-3), add(max(steep, 0), 1e-3)]
        : [-bound, bound].map((end) => broadcastTo(asExpr(end), values.shape));
    const slack = bound === undefined ? 0 : Number.POSITIVE_INFINITY;
    const y = root(low!, high!, (at) => sub(mapped(at, parameters!, weights).value, values), { slack });
    return { value: y, logDerivative: neg(mapped(y, parameters!, weights).logDerivative) };
  };
  const needsFeatures = (): never =>
    refuse(where, "a map of one number", "used by ofFeatures, as it has weights", undefined);
  return {
    type: "unconstrainedMonotonicNetwork",
    parameterCount: signal + 1,
    codomain: bound === undefined ? undefined : [-bound, bound],
    forward: needsFeatures,
    inverse: needsFeatures,
    weights: (features): ParameterTree =>
      Object.fromEntries(
        layers.flatMap(({ inputs, outputs, l }) => [
          [
            `weight${l}`,
            // The last layer is zero at the start, and the map the identity.
            l === layers.length - 1
              ? trained([features, outputs, inputs])
              : trainedUniform([features, outputs, inputs], 1 / Math.sqrt(inputs)),
          ],
          [`bias${l}`, trained([features, outputs])],
        ]),
      ),
    ofFeatures,
    toJSON: () => ({
      type: "unconstrainedMonotonicNetwork",
      signal,
      hidden,
      activation,
      limit,
      nodes: nodeCount,
      reach,
      ...(bound === undefined ? {} : { bound }),
    }),
  };
}
