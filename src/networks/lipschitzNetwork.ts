/**
 * A network that is a contraction: dense layers whose matrices are divided by what a bound of their norm exceeds their
 * share by, with activations of slope at most 1.
 *
 *     g(x) = W_l a(... a(W_1 x + b_1) ...) + b_l,     W_i = V_i min(1, c / bound(V_i)),     c = lipschitz^(1/l)
 *
 * so that |g(x) - g(y)| <= lipschitz |x - y| in the chosen norm. V_i are what is trained; the bound is part of the graph, so
 * that it holds after every step, whatever its length. Biases may depend on a context, to which no bound applies.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import {
  type Bound,
  leafOf,
  type ParameterSpec,
  type ParameterTree,
  trained,
  trainedUniform,
} from "../graph/parameters.ts";
import { refuse } from "../options.ts";
import { conditionedParameters } from "./conditioned.ts";
import { checkHidden } from "./conditioner.ts";
import { logInfinityNorm, logMixedNorm, logOneNorm, logSpectralNorm } from "./inducedNorm.ts";

/** Activations of slope at most 1. */
export const contractiveActivations = ["lipswish", "elu", "tanh"] as const;

/**
 * Activation of slope at most 1: `lipswish` x sigmoid(softplus(beta) x) / 1.1 with a trained beta a layer (Chen 2019, section
 * 3.2), `elu`, or `tanh`.
 */
export type ContractiveActivation = (typeof contractiveActivations)[number];

/** Norms in which a network can be a contraction. */
export const contractionNorms = ["spectral", "one", "infinity", "learned"] as const;

/**
 * The norm in which a network is a contraction: Euclidean, by spectral norms of its matrices; 1-norm; maximum norm; or
 * p-norms whose p is trained, one for the ends and one for each hidden layer.
 */
export type ContractionNorm = (typeof contractionNorms)[number];

/** Options of {@link lipschitzNetwork}. */
export interface LipschitzNetworkOptions {
  /** Size of what goes in and comes out. */
  readonly features: number;
  /** Size of the context; 0 for none. */
  readonly context: number;
  /** Sizes of the hidden layers; at least one. */
  readonly hidden: readonly number[];
  /** Sizes of the hidden layers of the network that maps a context to the biases. */
  readonly contextHidden: readonly number[];
  /** Bound of the Lipschitz constant, above 0 and below 1. */
  readonly lipschitz: number;
  readonly activation: ContractiveActivation;
  readonly norm: ContractionNorm;
}

/** A function at a point, with its Jacobian there as a linear map, both ways. */
export interface Linearized {
  /** The image `[n]`. */
  readonly value: Expr;
  /** J t for a direction t `[n]`. */
  push(direction: Expr): Expr;
  /** Jᵀ c for a covector c `[n]`. */
  pull(covector: Expr): Expr;
}

/** A network that is a contraction. */
export interface LipschitzNetwork {
  readonly parameters: ParameterTree;
  /** g at x; what depends on parameters and context alone is computed once for all x. */
  bind(parameters: Bound, context: Expr | undefined): (x: Expr) => Linearized;
  /** The matrices W_i, within their bounds. */
  weights(parameters: Bound): Expr[];
}

/**
 * The network; its last matrix starts at zero, so that g does.
 * @throws UsageError if a size is not a positive integer, or another option is out of range.
 */
export function lipschitzNetwork(where: string, options: LipschitzNetworkOptions): LipschitzNetwork {
  const { features, context, hidden, contextHidden, lipschitz, activation, norm } = options;
  checkHidden(where, hidden);
  if (!(lipschitz > 0 && lipschitz < 1)) refuse(where, "lipschitz", "above 0 and below 1", lipschitz);
  if (!contractiveActivations.includes(activation))
    refuse(where, "activation", `${contractiveActivations.join(", ")}`, activation);
  if (!contractionNorms.includes(norm)) refuse(where, "norm", `${contractionNorms.join(", ")}`, norm);
  const sizes = [features, ...hidden, features];
  const layers = sizes.length - 1;
  const biases: Record<string, ParameterSpec> = {};
  const layerSpecs: Record<string, ParameterSpec> = {};
  for (let i = 0; i < layers; i++) {
    const [from, to] = [sizes[i]!, sizes[i + 1]!];
    const isLast = i + 1 === layers;
    layerSpecs[`weight${i}`] = isLast ? trained([to, from]) : trainedUniform([to, from], Math.sqrt(3 / from));
    biases[`bias${i}`] = isLast ? trained([to]) : trainedUniform([to], 1);
    // Steep: rows of a contraction are short, so that a unit sees a fraction of a deviation, where a gentle bend is a line.
    if (activation === "lipswish" && !isLast) layerSpecs[`beta${i}`] = trained([], 6);
  }
  // 1/p at the ends and after each hidden layer, as a logit: p = 2 at first.
  if (norm === "learned") layerSpecs.order = trained([layers]);
  const conditioned = conditionedParameters(where, biases, context, contextHidden);

  const logNorm = (weights: Expr, layer: number, p: Bound): Expr => {
    if (norm === "spectral") return logSpectralNorm(weights);
    if (norm === "one") return logOneNorm(weights);
    if (norm === "infinity") return logInfinityNorm(weights);
    const orders = g.sigmoid(leafOf(p, "order"));
    const at = (end: number): Expr => g.reshape(g.slice(orders, end % layers, (end % layers) + 1), []);
    return logMixedNorm(weights, at(layer), at(layer + 1));
  };
  const logShare = Math.log(lipschitz) / layers;
  const weights = (p: Bound): Expr[] =>
    Array.from({ length: layers }, (_, i) => {
      const free = leafOf(p, `weight${i}`);
      return g.mul(free, g.exp(g.min(0, g.sub(logShare, logNorm(free, i, p)))));
    });

  return {
    parameters: { ...layerSpecs, ...conditioned.tree },
    weights,
    bind(p, c) {
      const matrices = weights(p);
      const shifts = conditioned.read(p, c);
      const layer = (x: Expr, i: number): Expr => {
        const shift = shifts[`bias${i}`]!;
        return shift.space === "row"
          ? g.add(g.linear(x, matrices[i]!), shift)
          : g.linear(x, matrices[i]!, shift);
      };
      return (x) => {
        let value = layer(x, 0);
        // Written out, so that all directions share the slopes.
        const slopes: Expr[] = [];
        for (let i = 1; i < layers; i++) {
          const beta = activation === "lipswish" ? leafOf(p, `beta${i - 1}`) : undefined;
          const activated = activate(value, activation, beta);
          slopes.push(activated.slope);
          value = layer(activated.value, i);
        }
        return {
          value,
          push: (direction) =>
            slopes.reduce(
              (t, slope, i) => g.linear(g.mul(slope, t), matrices[i + 1]!),
              g.linear(direction, matrices[0]!),
            ),
          pull(covector) {
            let c = covector;
            for (let i = layers - 1; i > 0; i--)
              c = g.mul(slopes[i - 1]!, g.linear(c, matrices[i]!, undefined, { transposed: true }));
            return g.linear(c, matrices[0]!, undefined, { transposed: true });
          },
        };
      };
    },
  };
}

/** An activation and its derivative. */
function activate(
  x: Expr,
  activation: ContractiveActivation,
  beta: Expr | undefined,
): { readonly value: Expr; readonly slope: Expr } {
  if (activation === "tanh") {
    const value = g.tanh(x);
    return { value, slope: g.sub(1, g.square(value)) };
  }
  if (activation === "elu") {
    const below = g.expm1(g.min(x, 0));
    return { value: g.select(g.less(0, x), x, below), slope: g.add(1, below) };
  }
  // Beyond 40 the sigmoid is 0 or 1, and its derivatives times a power of x are not to become 0 times infinity.
  const steep = g.clamp(g.mul(g.softplus(g.clamp(beta!, -10, 10)), x), -40, 40);
  const share = g.mul(1 / 1.1, g.sigmoid(steep));
  return {
    value: g.mul(x, share),
    slope: g.mul(share, g.add(1, g.mul(steep, g.sub(1, g.mul(1.1, share))))),
  };
}
