/**
 * The velocity of a continuous flow: a network of time, position and context, with its divergence.
 *
 *     a_1 = g_1(t) (V z + C c + b_1) + u_1(t)       h_l = s(a_l)        network  N(t, z, c) = A h_L + o
 *     a_l = g_l(t) (W_l h_(l-1) + b_l) + u_l(t)
 *
 * with an element-wise activation s; in the first layer some of the units are waves, sin(3 a), in its place: layers of smooth
 * steps are slow to learn what changes fast from place to place, sines are not (Tancik et al. 2020,
 * https://arxiv.org/abs/2006.10739; Kingma et al. 2021, https://arxiv.org/abs/2107.00630, who gain likelihood by them). Time
 * comes into every hidden layer, as a shift u and a gate g of its own, both linear in t and a few of its sines and cosines
 * (g = 1 at the start). With D_l the diagonal matrix of g_l s'(a_l), the Jacobian is
 * A D_L W_L ... W_2 D_1 V, and its trace, the divergence of N, is for
 *
 *     one layer    sum_j (V A)_jj d_1j                                    no more than a scalar product
 *     two layers   d_2 . M d_1   with  M_kj = W_kj (V A)_jk               one dense layer: M depends on parameters alone
 *     more         sum_i (A D_L ... W_2 D_1 V)_ii                         features x (L - 1) dense layers
 *
 * so that with two hidden layers the exact divergence is cheaper than Hutchinson's estimate of it, e . J e with
 * E[e e^T] = 1 (1989, doi:10.1080/03610918908812806), which takes L + 1 dense layers.
 *
 * The velocity is N itself, or, for flow matching, what is left to learn after the normal distribution:
 *
 *     f = r z + q N(t, q z, c)      r = (2t - 1) / m,  q = m^(-1/2),  m = t^2 + (1 - t)^2       divergence n r + q^2 tr
 *
 * r z is the velocity of linear interpolation between two standard normal variables; it carries every point from 0 to 1
 * back to where it was, so that the flow starts as the identity either way.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trained, trainedUniform } from "../graph/parameters.ts";

/** Smooth activations: a divergence must be continuous. */
export type VelocityActivation = "silu" | "tanh" | "softplus" | "elu";

/** The activations, the default first. */
export const velocityActivations: readonly VelocityActivation[] = ["silu", "tanh", "softplus", "elu"];

/** What a velocity starts from: zero, or the velocity of interpolation between normal variables. */
export type VelocityStart = "rest" | "interpolation";

/** Sizes of a velocity network. */
export interface VelocityNetwork {
  /** Size of the position, at least 1. */
  readonly features: number;
  /** Size of the context; 0 for none. */
  readonly context: number;
  /** Sizes of the hidden layers, at least one. */
  readonly hidden: readonly number[];
  /** Activation of the hidden units that are not waves. */
  readonly activation: VelocityActivation;
  /** Units of the first hidden layer that are waves, at most all. */
  readonly waves: number;
  /** Time enters as t and the sines and cosines of pi k t, k up to this. */
  readonly frequencies: number;
  /** What it starts from. */
  readonly start: VelocityStart;
}

/** A velocity at a time and a position, with its derivatives by the position. */
export interface Velocity {
  /** f(t, z, c), `[features]`. */
  readonly value: Expr;
  /** The trace of the Jacobian J, exactly; a scalar. */
  divergence(): Expr;
  /** J e for a vector e. */
  push(vector: Expr): Expr;
  /** J^T e for a vector e. */
  pull(vector: Expr): Expr;
}

/** Parameters of the network; its last layer starts at zero. */
export function velocityParameters({
  features,
  context,
  hidden,
  frequencies,
}: VelocityNetwork): ParameterTree {
  const inputs = features + context;
  const times = 1 + 2 * frequencies;
  const tree: Record<string, ParameterTree[string]> = {
    // Wider than layers usually start: a velocity has to be sharp where the data are.
    position: trainedUniform([hidden[0]!, features], 2 / Math.sqrt(inputs)),
  };
  if (context > 0) tree.context = trainedUniform([hidden[0]!, context], 2 / Math.sqrt(inputs));
  hidden.forEach((size, layer) => {
    const width = layer === 0 ? inputs : hidden[layer - 1]!;
    if (layer > 0) tree[`weight${layer}`] = trainedUniform([size, width], 1.5 / Math.sqrt(width));
    tree[`bias${layer}`] = trainedUniform([size], 1 / Math.sqrt(width));
    tree[`shift${layer}`] = trainedUniform([size, times], 1 / Math.sqrt(times));
    tree[`gate${layer}`] = trained([size, times]);
  });
  tree.out = trained([features, hidden[hidden.length - 1]!]);
  tree.outBias = trained([features]);
  return tree;
}

/** s and s' of a value. */
function activate(activation: VelocityActivation, a: Expr): { readonly value: Expr; readonly slope: Expr } {
  switch (activation) {
    case "silu": {
      const gate = g.sigmoid(a);
      const value = g.mul(a, gate);
      return { value, slope: g.add(gate, g.mul(value, g.sub(1, gate))) };
    }
    case "tanh": {
      const value = g.tanh(a);
      return { value, slope: g.sub(1, g.square(value)) };
    }
    case "softplus":
      return { value: g.softplus(a), slope: g.sigmoid(a) };
    case "elu": {
      // The exponential must not overflow where it is not taken.
      const under = g.min(a, 0);
      const isUnder = g.less(a, 0);
      return { value: g.select(isUnder, g.expm1(under), a), slope: g.select(isUnder, g.exp(under), 1) };
    }
  }
}

/** Radians to a unit of what a wave is given: the factor of its slope, and of the step that training takes. */
const waveRate = 3;

/** Waves and their slopes. */
function wave(a: Expr): { readonly value: Expr; readonly slope: Expr } {
  const angle = g.mul(waveRate, a);
  return { value: g.sin(angle), slope: g.mul(waveRate, g.cos(angle)) };
}

/** The units of the first layer: waves, then activations. */
function firstLayer(
  { activation, waves, hidden }: VelocityNetwork,
  a: Expr,
): { readonly value: Expr; readonly slope: Expr } {
  if (waves === 0) return activate(activation, a);
  if (waves === hidden[0]) return wave(a);
  const parts = [wave(g.slice(a, 0, waves)), activate(activation, g.slice(a, waves, hidden[0]!))];
  return {
    value: g.concatenate(parts.map(({ value }) => value)),
    slope: g.concatenate(parts.map(({ slope }) => slope)),
  };
}

/** What the context adds to the first layer: the same at all times. */
export function contextTerm(parameters: Bound, context: Expr | undefined): Expr | undefined {
  return context && g.linear(context, leafOf(parameters, "context"));
}

/** t and its sines and cosines. */
function timeFeatures(time: Expr, frequencies: number): Expr {
  const angles = Array.from({ length: frequencies }, (_, k) => g.mul(Math.PI * (k + 1), time));
  return g.concatenate([time, ...angles.map(g.cos), ...angles.map(g.sin)]);
}

/**
 * The velocity at a time, a scalar, and a position.
 * @param fromContext - As {@link contextTerm} gives it.
 */
export function velocity(
  sizes: VelocityNetwork,
  parameters: Bound,
  time: Expr,
  position: Expr,
  fromContext: Expr | undefined,
): Velocity {
  if (sizes.start === "rest") return network(sizes, parameters, time, position, fromContext);
  const size = g.add(g.square(time), g.square(g.sub(1, time)));
  const rate = g.div(g.sub(g.mul(2, time), 1), size);
  const scale = g.div(1, g.sqrt(size));
  const inner = network(sizes, parameters, time, g.mul(scale, position), fromContext);
  const combine = (vector: Expr, learned: Expr): Expr => g.add(g.mul(rate, vector), g.div(learned, size));
  return {
    value: g.add(g.mul(rate, position), g.mul(scale, inner.value)),
    divergence: () => g.add(g.mul(sizes.features, rate), g.div(inner.divergence(), size)),
    push: (vector) => combine(vector, inner.push(vector)),
    pull: (vector) => combine(vector, inner.pull(vector)),
  };
}

function network(
  sizes: VelocityNetwork,
  parameters: Bound,
  time: Expr,
  position: Expr,
  fromContext: Expr | undefined,
): Velocity {
  const { features, hidden, activation, frequencies } = sizes;
  const depth = hidden.length;
  const leaf = (name: string): Expr => leafOf(parameters, name);
  const [first, out] = [leaf("position"), leaf("out")];
  const weights = hidden.slice(1).map((_, i) => leaf(`weight${i + 1}`));
  const times = timeFeatures(time, frequencies);
  const slopes: Expr[] = [];
  let value = position;
  for (let layer = 0; layer < depth; layer++) {
    const dense = g.linear(value, layer === 0 ? first : weights[layer - 1]!, leaf(`bias${layer}`));
    const gate = g.add(1, g.linear(times, leaf(`gate${layer}`)));
    const preActivation = layer === 0 && fromContext ? g.add(dense, fromContext) : dense;
    const a = g.add(g.mul(gate, preActivation), g.linear(times, leaf(`shift${layer}`)));
    const unit = layer === 0 ? firstLayer(sizes, a) : activate(activation, a);
    value = unit.value;
    slopes.push(g.mul(gate, unit.slope));
  }
  /** From a tangent of V z to that of the last hidden layer. */
  const through = (tangent: Expr): Expr =>
    weights.reduce(
      (at, weight, i) => g.mul(slopes[i + 1]!, g.linear(at, weight)),
      g.mul(slopes[0]!, tangent),
    );
  const pulled = (weight: Expr, cotangent: Expr): Expr =>
    g.linear(cotangent, weight, undefined, { transposed: true });
  return {
    value: g.linear(value, out, leaf("outBias")),
    divergence() {
      if (depth === 1) return g.sum(g.mul(g.sum(g.mul(first, g.transpose(out)), 1), slopes[0]!));
      if (depth === 2) {
        const mixed = g.mul(weights[0]!, g.matrixProduct(g.transpose(out), g.transpose(first)));
        return g.sum(g.mul(slopes[1]!, g.linear(slopes[0]!, mixed)));
      }
      const columns = g.transpose(first);
      return Array.from({ length: features }, (_, i) => {
        const column = g.reshape(g.slice(columns, i, i + 1), [hidden[0]!]);
        const row = g.reshape(g.slice(out, i, i + 1), [hidden[depth - 1]!]);
        return g.sum(g.mul(row, through(column)));
      }).reduce((total, term) => g.add(total, term));
    },
    push: (vector) => g.linear(through(g.linear(vector, first)), out),
    pull(vector) {
      let at = g.mul(slopes[depth - 1]!, pulled(out, vector));
      for (let layer = depth - 1; layer > 0; layer--)
        at = g.mul(slopes[layer - 1]!, pulled(weights[layer - 1]!, at));
      return pulled(first, at);
    },
  };
}
