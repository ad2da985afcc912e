/**
 * Activations by name: functions of one number between the layers of a network, with the constants that papers and libraries give
 * them.
 *
 *     elu        x, or alpha (e^x - 1) below 0                 celu       x, or alpha (e^(x / alpha) - 1) below 0
 *     gelu       x Phi(x)                                      geluTanh   x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
 *     silu       x / (1 + e^-x)                                mish       x tanh(log(1 + e^x))
 *     clampExp   min(e^x, 1)
 *     softplus   log(1 + e^(beta x)) / beta, and x where beta x is above the threshold
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { add, clamp, div, erf, expm1, less, mul, product, select, sigmoid, sub, tanh } from "../graph/ops.ts";
import { refuse } from "../options.ts";

/** Constants of an activation by name. */
type Constants = Readonly<Record<string, number>>;

interface Row {
  /** Constants that a description may change, with their usual values. */
  readonly constants: Constants;
  readonly apply: (x: Expr, constants: Constants) => Expr;
}

const plain = (apply: (x: Expr) => Expr): Row => ({ constants: {}, apply });

/** Below 0, for the branch of an exponential, which must not overflow where it is not taken. */
const below = (x: Expr): Expr => g.min(x, 0);
const above = (x: Expr, low: Expr | number): Expr => select(less(0, x), x, low);

/** The constants of self-normalizing networks (Klambauer et al. 2017, https://arxiv.org/abs/1706.02515). */
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** Name of an activation. */
export type ActivationName =
  | "identity"
  | "relu"
  | "relu6"
  | "leakyRelu"
  | "elu"
  | "celu"
  | "selu"
  | "gelu"
  | "geluTanh"
  | "silu"
  | "mish"
  | "tanh"
  | "tanhShrink"
  | "sigmoid"
  | "logSigmoid"
  | "softplus"
  | "softsign"
  | "sine"
  | "hardTanh"
  | "hardSigmoid"
  | "hardSwish"
  | "clampExp";

const rows: Readonly<Record<ActivationName, Row>> = {
  identity: plain((x) => x),
  relu: plain(g.relu),
  relu6: plain((x) => clamp(x, 0, 6)),
  leakyRelu: { constants: { slope: 0.01 }, apply: (x, { slope }) => above(x, mul(x, slope!)) },
  elu: { constants: { alpha: 1 }, apply: (x, { alpha }) => above(x, mul(alpha!, expm1(below(x)))) },
  celu: {
    constants: { alpha: 1 },
    apply: (x, { alpha }) => above(x, mul(alpha!, expm1(div(below(x), alpha!)))),
  },
  selu: plain((x) => mul(seluScale, above(x, mul(seluAlpha, expm1(below(x)))))),
  gelu: plain((x) => product(0.5, x, add(1, erf(mul(x, Math.SQRT1_2))))),
  geluTanh: plain((x) => {
    const inner = mul(Math.sqrt(2 / Math.PI), add(x, product(0.044715, x, g.square(x))));
    return product(0.5, x, add(1, tanh(inner)));
  }),
  silu: plain((x) => mul(x, sigmoid(x))),
  mish: plain((x) => mul(x, tanh(g.softplus(x)))),
  tanh: plain(tanh),
  tanhShrink: plain((x) => sub(x, tanh(x))),
  sigmoid: plain(sigmoid),
  logSigmoid: plain((x) => g.neg(g.softplus(g.neg(x)))),
  softplus: {
    constants: { beta: 1, threshold: 20 },
    apply: (x, { beta, threshold }) =>
      select(less(threshold!, mul(beta!, x)), x, div(g.softplus(mul(beta!, x)), beta!)),
  },
  softsign: plain((x) => div(x, add(1, g.abs(x)))),
  sine: plain(g.sin),
  hardTanh: { constants: { low: -1, high: 1 }, apply: (x, { low, high }) => clamp(x, low!, high!) },
  hardSigmoid: plain((x) => div(clamp(add(x, 3), 0, 6), 6)),
  hardSwish: plain((x) => div(mul(x, clamp(add(x, 3), 0, 6)), 6)),
  clampExp: plain((x) => g.exp(below(x))),
};

/** Names of all activations. */
export const activationNames: readonly ActivationName[] = Object.keys(rows) as ActivationName[];

/** An activation with its constants, where they are not the usual ones. */
export interface Activation {
  /** Its name. */
  readonly activation: ActivationName;
  /** Slope below 0 of `leakyRelu` (default 0.01). */
  readonly slope?: number | undefined;
  /** Of `elu` and `celu` (default 1). */
  readonly alpha?: number | undefined;
  /** Sharpness of `softplus` (default 1). */
  readonly beta?: number | undefined;
  /** Where `softplus` goes on as a straight line, in units of beta x (default 20). */
  readonly threshold?: number | undefined;
  /** Bounds of `hardTanh` (default -1 and 1). */
  readonly low?: number | undefined;
  /** The upper one. */
  readonly high?: number | undefined;
}

/**
 * The activation as a function of an expression, of any shape.
 * @throws UsageError for an unknown name, or a constant that it does not have.
 */
export function activationOf(where: string, { activation, ...own }: Activation): (x: Expr) => Expr {
  if (!Object.hasOwn(rows, activation))
    refuse(where, "activation", `one of ${activationNames.join(", ")}`, activation);
  const { constants: usual, apply }: Row = rows[activation];
  const constants: Record<string, number> = { ...usual };
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(usual, name))
      refuse(where, name, `left out, as ${activation} has no such constant`, value);
    if (!Number.isFinite(value)) refuse(where, name, "a finite number", value);
    constants[name] = value;
  }
  return (x) => apply(x, constants);
}
