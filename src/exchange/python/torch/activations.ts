/**
 * Activations of PyTorch, as a config names them, as ours.
 *
 * @module
 */

import type { Activation, ActivationName } from "../../../networks/activations.ts";
import type { Call } from "../call.ts";

/** Our names of those without constants of their own. */
const plain: Readonly<Record<string, ActivationName>> = {
  Identity: "identity",
  Mish: "mish",
  ReLU: "relu",
  ReLU6: "relu6",
  SELU: "selu",
  SiLU: "silu",
  Sigmoid: "sigmoid",
  LogSigmoid: "logSigmoid",
  Softsign: "softsign",
  Tanh: "tanh",
  Tanhshrink: "tanhShrink",
  Hardsigmoid: "hardSigmoid",
  Hardswish: "hardSwish",
  // Functions.
  elu: "elu",
  gelu: "gelu",
  identity: "identity",
  leaky_relu: "leakyRelu",
  logsigmoid: "logSigmoid",
  mish: "mish",
  relu: "relu",
  relu6: "relu6",
  selu: "selu",
  sigmoid: "sigmoid",
  silu: "silu",
  sin: "sine",
  softplus: "softplus",
  softsign: "softsign",
  tanh: "tanh",
  tanhshrink: "tanhShrink",
};

/** Those with constants, which the call may give. */
const withConstants: Readonly<Record<string, (call: Call) => Activation>> = {
  CELU: (call) => ({ activation: "celu", alpha: call.named(["alpha"]).number("alpha", 1) }),
  ELU: (call) => ({ activation: "elu", alpha: call.named(["alpha"]).number("alpha", 1) }),
  GELU: (call) => ({
    activation: call.word("approximate", ["none", "tanh"], "none") === "none" ? "gelu" : "geluTanh",
  }),
  Hardtanh: (call) => ({
    activation: "hardTanh",
    low: call.number("min_val", -1),
    high: call.number("max_val", 1),
  }),
  LeakyReLU: (call) => ({ activation: "leakyRelu", slope: call.number("negative_slope", 0.01) }),
  Softplus: (call) => ({
    activation: "softplus",
    beta: call.number("beta", 1),
    threshold: call.number("threshold", 20),
  }),
};

/** Arguments by position, as far as an activation takes any. */
const signatures: Readonly<Record<string, readonly string[]>> = {
  CELU: ["alpha", "inplace"],
  ELU: ["alpha", "inplace"],
  GELU: ["approximate"],
  Hardtanh: ["min_val", "max_val", "inplace"],
  LeakyReLU: ["negative_slope", "inplace"],
  Softplus: ["beta", "threshold"],
};

/**
 * The activation that an argument names.
 * @param usual - What it is where the argument was left out.
 * @throws UsageError for one that has no counterpart here.
 */
export function torchActivation(call: Call | undefined, usual: ActivationName): Activation {
  if (!call) return { activation: usual };
  const own = call.named(signatures[call.name] ?? ["inplace"]);
  // It changes where the result is written, not what it is.
  own.flag("inplace", false);
  const name = plain[own.name];
  const made = name ? { activation: name } : withConstants[own.name]?.(own);
  if (!made) throw own.unknown([...Object.keys(plain), ...Object.keys(withConstants)], "activation");
  own.done();
  return made;
}
