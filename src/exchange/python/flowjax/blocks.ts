/**
 * `BlockAutoregressiveNetwork` of FlowJAX: its matrices have normalized rows, and positive blocks on the diagonal. Ours have what comes of it.
 *
 * @module
 */

import { blockAutoregressive } from "../../../bijections/blocks/blockAutoregressive.ts";
import type { Call } from "../call.ts";
import { range } from "../matrices.ts";
import { softplus } from "../torch/softplus.ts";
import { inverseSoftplus, type LayerMaker } from "./layers.ts";

/** `block_neural_autoregressive_flow`: without hidden layers the library does not look at the condition. */
export function blockLayer(call: Call): LayerMaker {
  const depth = call.integer("nn_depth", 1);
  const size = call.integer("nn_block_dim", 8, 1);
  if (call.has("activation"))
    throw call.refusal("activation", "left out, as only tanh(x) + 0.01 x is imported", "an activation");
  // How the library looks for a root, and what it differentiates then.
  for (const name of ["inverter", "use_implicit_differentation"]) call.value(name);
  const units = new Array<number>(depth).fill(size);
  return {
    usualLayers: 1,
    make(state, { features, context, index, isChain }) {
      const network = (isChain ? state.at(0) : state).at("bijection");
      const sizes = [1, ...units, 1];
      const values: Record<string, Float64Array> = {};
      range(depth + 1).forEach((l) => {
        const [rows, columns] = [sizes[l + 1]!, sizes[l]!];
        const [outputs, inputs] = [features * rows, features * columns];
        const layer = network.at("layers").at(l).at(0);
        const raw = layer.at("weight").at("weight").at("args").slice("0", index, [outputs, inputs]).part;
        const scale = layer.at("weight").at("scale").at("args").slice("0", index, [outputs, 1]).part;
        const weight = new Float64Array(raw.length);
        const diagonal = new Float64Array(features * rows * columns);
        for (const o of range(outputs)) {
          const block = Math.floor(o / rows);
          const row = range(inputs).map((i) => {
            const from = Math.floor(i / columns);
            const value = raw[o * inputs + i]!;
            return from < block ? value : from === block ? softplus(value) : 0;
          });
          const factor = softplus(scale[o]!) / Math.hypot(...row);
          row.forEach((value, i) => {
            const from = Math.floor(i / columns);
            if (from < block) weight[o * inputs + i] = factor * value;
            if (from === block) diagonal[o * columns + (i % columns)] = inverseSoftplus(factor * value);
          });
        }
        values[`weight${l}`] = weight;
        values[`diagonal${l}`] = diagonal;
        values[`bias${l}`] = layer.slice("bias", index, [outputs]).part;
      });
      if (context > 0) {
        const outputs = features * sizes[1]!;
        const { part } = network.at("cond_linear").slice("weight", index, [outputs, context]);
        values.contextWeight = depth > 0 ? part : part.fill(0);
      }
      return {
        part: { bijection: blockAutoregressive({ features, context, units }), values },
        bijections: 1,
      };
    },
  };
}
