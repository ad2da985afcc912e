/**
 * `zuko.flows.FFJTransform`: a continuous flow whose velocity is an MLP of sines and cosines of the time, of the position and the context.
 *
 * @module
 */

import { continuous } from "../../../bijections/continuous/continuous.ts";
import type { VelocityActivation } from "../../../networks/velocityNetwork.ts";
import type { Call } from "../call.ts";
import { range, reorderedMatrix } from "../matrices.ts";
import { inverted, type Part } from "../part.ts";
import type { StateDict } from "../stateDict.ts";
import { torchActivation } from "../torch/activations.ts";
import type { Sizes } from "./transforms.ts";

/** Activations that ours has, in the library's usual form. */
const activations: readonly string[] = ["elu", "silu", "softplus", "tanh"];

/** The library goes from time 0, the data, to time 1, the base: our map in the other direction. */
export function freeFormTransform(call: Call, state: StateDict, { features, context }: Sizes): Part {
  const frequencies = call.integer("freqs", 3);
  const tolerance = Math.min(call.number("atol", 1e-6), call.number("rtol", 1e-5), 1e-6);
  // What the library estimates is exact here.
  call.flag("exact", true);
  const hidden = call.integers("hidden_features", [64, 64]);
  if (hidden.length === 0) throw call.refusal("hidden_features", "at least one layer", "none");
  const { activation, ...constants } = torchActivation(call.call("activation"), "elu");
  const { alpha = 1, beta = 1, threshold = 20 } = constants;
  if (!activations.includes(activation) || alpha !== 1 || beta !== 1 || threshold !== 20)
    throw call.refusal("activation", `one of ${activations.join(", ")} as they usually are`, activation);
  if (call.flag("normalize", false)) throw call.refusal("normalize", "false", "true");
  const hasBias = call.flag("bias", true);
  state.expect("times", [2], [0, 1], "from 0 to 1");
  state.expectClose(
    "freqs",
    range(frequencies).map((k) => (k + 1) * Math.PI),
    "multiples of pi",
  );

  const times = 1 + 2 * frequencies;
  const values: Record<string, Float64Array> = {};
  const sizes = [2 * frequencies + features + context, ...hidden, features];
  sizes.slice(1).forEach((outputs, l) => {
    const module = state.at("ode").at(2 * l);
    const inputs = sizes[l]!;
    const weight = module.tensor("weight", [outputs, inputs]);
    const bias = hasBias ? module.tensor("bias", [outputs]) : new Float64Array(outputs);
    if (l === hidden.length) {
      values.out = weight;
      values.outBias = bias;
      return;
    }
    values[`bias${l}`] = bias;
    values[`gate${l}`] = new Float64Array(outputs * times);
    values[`shift${l}`] = new Float64Array(outputs * times);
    if (l > 0) {
      values[`weight${l}`] = weight;
      return;
    }
    const columns = (from: number, count: number): Float64Array =>
      reorderedMatrix(
        weight,
        inputs,
        range(outputs),
        range(count).map((i) => from + i),
      );
    // Our first time is the time itself, which the library does not give.
    const ofTime = columns(0, 2 * frequencies);
    for (const unit of range(outputs))
      values.shift0!.set(
        ofTime.subarray(unit * 2 * frequencies, (unit + 1) * 2 * frequencies),
        unit * times + 1,
      );
    values.position = columns(2 * frequencies, features);
    if (context > 0) values.context = columns(2 * frequencies + features, context);
  });
  return inverted({
    bijection: continuous({
      features,
      context,
      hidden,
      activation: activation as VelocityActivation,
      frequencies,
      solver: { kind: "adaptive", tolerance },
    }),
    values,
  });
}
