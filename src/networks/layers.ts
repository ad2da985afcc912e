/**
 * The layers that a layered conditioner is put together of, as plain data.
 *
 * @module
 */

import { checkCount, flag, refuse } from "../options.ts";
import { type Activation, activationOf } from "./activations.ts";

/** What messages call their place. */
export const where = "layeredConditioner";

/** A dense layer. */
export interface LinearLayer {
  /** Which layer it is. */
  readonly kind: "linear";
  /** Number of its units; left out of the last layer of all, whose number the transform says. */
  readonly outputs?: number | undefined;
  /** Whether it has a bias (default true). */
  readonly bias?: boolean | undefined;
  /** Of a masked network: the place in `sets` of the set of each unit; in the last layer of all that of each feature. */
  readonly units?: readonly number[] | undefined;
}

/** One layer of a `layeredConditioner`. */
export type Layer =
  | LinearLayer
  | (Activation & {
      /** Which layer it is. */
      readonly kind: "activation";
    })
  | {
      /** Which layer it is. */
      readonly kind: "normalize";
      /** What is added to the variance. */
      readonly epsilon: number;
    }
  | {
      /** Which layer it is. */
      readonly kind: "scale";
    }
  | {
      /** Which layer it is. */
      readonly kind: "shift" | "gate";
      /** Inputs of the network that it reads, from one place to before another: the context, in a masked network. */
      readonly inputs: readonly [from: number, to: number];
      /** Of a shift: its activation (default none). */
      readonly activation?: Activation | undefined;
    }
  | {
      /** Which layer it is. */
      readonly kind: "residual";
      /** What is added to its input, and has as many units. */
      readonly layers: readonly Layer[];
    };

/** Options of each layer beside its kind. */
const layerOptions: Readonly<Record<Layer["kind"], readonly string[]>> = {
  linear: ["outputs", "bias", "units"],
  activation: ["activation", "slope", "alpha", "beta", "threshold", "low", "high"],
  normalize: ["epsilon"],
  scale: [],
  shift: ["inputs", "activation"],
  gate: ["inputs"],
  residual: ["layers"],
};

/** @throws UsageError for what is not a layer; `isLast` of the last one of all, whose outputs the transform says. */
export function checkLayer(layer: Layer, isLast: boolean): void {
  const known = layerOptions[layer.kind];
  if (!known) refuse(where, "kind of a layer", `one of ${Object.keys(layerOptions).join(", ")}`, layer.kind);
  for (const name of Object.keys(layer))
    if (name !== "kind" && !known.includes(name))
      refuse(where, `${name} of a layer`, `left out of one of the kind ${layer.kind}`, name);
  switch (layer.kind) {
    case "linear":
      if (!isLast) checkCount(where, "outputs", layer.outputs!);
      if (layer.bias !== undefined && !flag.accepts(layer.bias))
        refuse(where, "bias", flag.expected, layer.bias);
      return;
    case "activation": {
      const { kind: _, ...activation } = layer;
      activationOf(where, activation);
      return;
    }
    case "normalize":
      if (!(layer.epsilon >= 0)) refuse(where, "epsilon", "0 or more", layer.epsilon);
      return;
    case "scale":
      return;
    case "shift":
    case "gate":
      if (!Array.isArray(layer.inputs) || !(layer.inputs[0] >= 0 && layer.inputs[1] > layer.inputs[0]))
        refuse(where, "inputs of a layer", "two places, the first before the second", layer.inputs);
      if (layer.activation) activationOf(where, layer.activation);
      return;
    case "residual":
      if (!Array.isArray(layer.layers))
        refuse(where, "layers of a residual block", "an array of layers", layer.layers);
      for (const inner of layer.layers) checkLayer(inner, false);
  }
}
