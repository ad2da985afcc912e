/**
 * The velocity of a continuous flow: a network of time, position and context, with its divergence.
 *
 *     h_1 = s(V z + C c + b_1 + t u_1),  h_(l+1) = s(W_l h_l + b_(l+1) + t u_(l+1)),  f(t, z, c) = A h_L + a
 *
 * with an element-wise activation s; each hidden layer has a time of its own, u_l. With D_l the diagonal matrix of s' in
 * layer l, the Jacobian is A D_L W_(L-1) ... W_1 D_1 V, and its trace, the divergence of f, is for
 *
 *     one layer    sum_j (V A)_jj s'_j                                  no more than a scalar product
 *     two layers   s'_2 . M s'_1   with  M_kj = W_kj (V A)_jk           one dense layer; M depends on parameters alone
 *     more         sum_i e_i . J e_i, of which V e_i is known           D (L - 1) dense layers
 *
 * so that with two hidden layers the exact divergence is cheaper than Hutchinson's estimate of it (1989,
 * doi:10.1080/03610918908812806), e . J e with E[e e^T] = 1, which takes L + 1.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, trained, trainedUniform } from "./bijection.ts";

/** Smooth activations; a velocity must have a continuous divergence. */
export type VelocityActivation = "tanh" | "silu" | "softplus";

/** The activations, the default first. */
export const velocityActivations: readonly VelocityActivation[] = ["tanh", "silu", "softplus"];

/** Sizes of a velocity network. */
export interface VelocityNetwork {
  /** Size of the position, at least 1. */
  readonly features: number;
  /** Size of the context; 0 for none. */
  readonly context: number;
  /** Sizes of the hidden layers, at least one. */
  readonly hidden: readonly number[];
  /** Activation of the hidden layers. */
  readonly activation: VelocityActivation;
}

/** A velocity with what its divergence needs. */
export interface Velocity {
  /** f(t, z, c), `[features]`. */
  readonly value: Expr;
  /** tr df/dz, exactly; a scalar. */
  divergence(): Expr;
  /** J e for a vector e. */
  push(vector: Expr): Expr;
  /** J^T e for a vector e. */
  pull(vector: Expr): Expr;
}

/** Parameters of the network; the last layer starts at zero, so that the flow starts as the identity. */
export function velocityParameters({ features, context, hidden }: VelocityNetwork): ParameterTree {
  const inputs = features + context + 1;
  const tree: Record<string, ParameterTree[string]> = {
    position: trainedUniform([hidden[0]!, features], 1 / Math.sqrt(inputs)),
  };
  if (context > 0) tree.context = trainedUniform([hidden[0]!, context], 1 / Math.sqrt(inputs));
  hidden.forEach((size, layer) => {
    const bound = 1 / Math.sqrt(layer === 0 ? inputs : hidden[layer - 1]!);
    if (layer > 0) tree[`weight${layer}`] = trainedUniform([size, hidden[layer - 1]!], bound);
    tree[`time${layer}`] = trainedUniform([size], bound);
    tree[`bias${layer}`] = trainedUniform([size], bound);
  });
  tree.out = trained([features, hidden[hidden.length - 1]!]);
  tree.outBias = trained([features]);
  return tree;
}

/** s and s' of a value. */
function activate(activation: VelocityActivation, a: Expr): { readonly value: Expr; readonly slope: Expr } {
  switch (activation) {
    case "tanh": {
      const value = g.tanh(a);
      return { value, slope: g.sub(1, g.square(value)) };
    }
    case "silu": {
      const gate = g.sigmoid(a);
      const value = g.mul(a, gate);
      return { value, slope: g.add(gate, g.mul(value, g.sub(1, gate))) };
    }
    case "softplus":
      return { value: g.softplus(a), slope: g.sigmoid(a) };
  }
}

/** What the context adds to the first layer: the same at all times. */
export function contextTerm(parameters: Bound, context: Expr | undefined): Expr | undefined {
  return context && g.linear(context, leafOf(parameters, "context"));
}

/**
 * The velocity at a time and a position.
 * @param fromContext - As {@link contextTerm} gives it.
 */
export function velocity(
  { features, hidden, activation }: VelocityNetwork,
  parameters: Bound,
  time: Expr,
  position: Expr,
  fromContext: Expr | undefined,
): Velocity {
  const depth = hidden.length;
  const first = leafOf(parameters, "position");
  const out = leafOf(parameters, "out");
  const weights = hidden.slice(1).map((_, i) => leafOf(parameters, `weight${i + 1}`));
  const slopes: Expr[] = [];
  let value = position;
  for (let layer = 0; layer < depth; layer++) {
    const dense = g.linear(
      value,
      layer === 0 ? first : weights[layer - 1]!,
      leafOf(parameters, `bias${layer}`),
    );
    const timed = g.add(dense, g.mul(time, leafOf(parameters, `time${layer}`)));
    const hidden = activate(activation, layer === 0 && fromContext ? g.add(timed, fromContext) : timed);
    value = hidden.value;
    slopes.push(hidden.slope);
  }
  /** From the tangent of the first layer's argument to that of the last hidden layer. */
  const through = (tangent: Expr): Expr =>
    weights.reduce(
      (at, weight, i) => g.mul(slopes[i + 1]!, g.linear(at, weight)),
      g.mul(slopes[0]!, tangent),
    );
  return {
    value: g.linear(value, out, leafOf(parameters, "outBias")),
    divergence() {
      if (depth === 1) {
        // sum_i V_ji A_ij.
        const diagonal = g.sum(g.mul(first, g.transpose(out)), 1);
        return g.sum(g.mul(diagonal, slopes[0]!));
      }
      if (depth === 2) {
        const product = g.matrixProduct(g.transpose(out), g.transpose(first));
        const mixed = g.linear(slopes[0]!, g.mul(weights[0]!, product));
        return g.sum(g.mul(slopes[1]!, mixed));
      }
      const columns = g.transpose(first);
      const terms = Array.from({ length: features }, (_, i) => {
        const column = g.reshape(g.slice(columns, i, i + 1), [hidden[0]!]);
        const row = g.reshape(g.slice(out, i, i + 1), [hidden[depth - 1]!]);
        return g.sum(g.mul(row, through(column)));
      });
      return terms.reduce((total, term) => g.add(total, term));
    },
    push: (vector) => g.linear(through(g.linear(vector, first)), out),
    pull(vector) {
      let at = g.linear(vector, out, undefined, { transposed: true });
      for (let layer = depth - 1; layer > 0; layer--)
        at = g.linear(g.mul(slopes[layer]!, at), weights[layer - 1]!, undefined, { transposed: true });
      return g.linear(g.mul(slopes[0]!, at), first, undefined, { transposed: true });
    },
  };
}
