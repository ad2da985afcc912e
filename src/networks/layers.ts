/**
 * The layers that a layered conditioner is put together of, as plain data.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { checkCount, flag, refuse } from "../options.ts";
import { type Activation, activationOf } from "./activations.ts";
import { hiddenDegrees } from "./conditioner.ts";
import type { ConditionerSizes } from "./conditionerContract.ts";

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
    }
  | {
      /** Which layer it is. */
      readonly kind: "multiply";
      /** What each unit is multiplied by. */
      readonly factor: number;
    }
  | {
      /** Which layer it is. */
      readonly kind: "periodic";
      /** Which units it changes. */
      readonly places: readonly number[];
      /** Factor of each of them in the sine and the cosine. */
      readonly frequencies: readonly number[];
    }
  | {
      /** Which layer it is. */
      readonly kind: "circle";
      /** Which units, angles in radians, are each followed by a second one: cosine and sine in their place. */
      readonly places: readonly number[];
    }
  | {
      /** Which layer it is. */
      readonly kind: "parallel";
      /** Networks of the same input; the units of the first come first. */
      readonly branches: readonly (readonly Layer[])[];
    }
  | {
      /** Which layer it is. */
      readonly kind: "pick";
      /** The units that it gives, by their places in the layer before. */
      readonly places: readonly number[];
      /** Factor of each (default 1). */
      readonly factors?: readonly number[] | undefined;
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
  multiply: ["factor"],
  periodic: ["places", "frequencies"],
  circle: ["places"],
  parallel: ["branches"],
  pick: ["places", "factors"],
};

/** @throws UsageError for what is not a list of places. */
function checkPlaces(name: string, places: readonly number[]): void {
  if (!Array.isArray(places) || !places.every((place) => Number.isSafeInteger(place) && place >= 0))
    refuse(where, name, "an array of places, from 0 on", places);
}

function checkFactors(name: string, factors: readonly number[], places: readonly number[]): void {
  if (!Array.isArray(factors) || factors.length !== places.length || !factors.every(Number.isFinite))
    refuse(where, name, `${places.length} finite numbers, one for each place`, factors);
}

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
      return;
    case "multiply":
      if (!Number.isFinite(layer.factor)) refuse(where, "factor", "a finite number", layer.factor);
      return;
    case "periodic":
      checkPlaces("places of a periodic layer", layer.places);
      checkFactors("frequencies", layer.frequencies, layer.places);
      return;
    case "circle":
      checkPlaces("places of a circle layer", layer.places);
      return;
    case "parallel":
      if (
        !Array.isArray(layer.branches) ||
        !layer.branches.every(Array.isArray) ||
        layer.branches.length === 0
      )
        refuse(where, "branches", "an array of arrays of layers", layer.branches);
      for (const branch of layer.branches) for (const inner of branch) checkLayer(inner, false);
      return;
    case "pick":
      checkPlaces("places of a picking layer", layer.places);
      if (layer.factors) checkFactors("factors", layer.factors, layer.places);
  }
}

/** The sets of a masked network, and which of them each unit has. */
export interface Masking {
  /** Number of context values, at the front of the input. */
  readonly context: number;
  readonly sets: readonly string[];
  /** Places in `sets` of the units of a layer, `count` of them. */
  unitsOf(layer: LinearLayer, count: number): readonly number[] | undefined;
}

/**
 * The masking of a network of these sizes; none where its outputs may depend on all inputs.
 * @throws ShapeError for sets that do not fit.
 */
export function maskingOf(
  sets: readonly string[] | undefined,
  { inputs, autoregressive }: ConditionerSizes,
): Masking | undefined {
  if (sets) {
    const strange = sets.find((set) => set.length !== inputs || /[^01]/.test(set));
    if (strange === undefined)
      return { context: autoregressive?.context ?? inputs, sets, unitsOf: (layer) => layer.units };
    throw new ShapeError({
      where,
      subject: "sets",
      expected: `texts of ${inputs} letters, 0 or 1, as the network has ${inputs} inputs`,
      received: JSON.stringify(strange),
    });
  }
  if (!autoregressive) return undefined;
  // All features before, as of a dense conditioner: set k has the context and the first k features.
  const { features, context } = autoregressive;
  return {
    context,
    sets: Array.from({ length: features }, (_, k) => "1".repeat(context + k) + "0".repeat(features - k)),
    unitsOf: ({ outputs }, count) =>
      outputs === undefined
        ? Array.from({ length: count }, (_, i) => i)
        : hiddenDegrees(features, context, count),
  };
}

/** Features of the longest path through the sets that the last layer gives the features; undefined where it gives none. */
export function passesOf(
  layers: readonly Layer[],
  sets: readonly string[],
  { features, context }: NonNullable<ConditionerSizes["autoregressive"]>,
): number | undefined {
  const last = layers.at(-1);
  if (last?.kind !== "linear" || !last.units) return undefined;
  const passes: number[] = [];
  for (const place of last.units) {
    const before = passes.filter((_, i) => sets[place]![context + i] === "1");
    passes.push(1 + Math.max(0, ...before));
  }
  return Math.min(features, Math.max(...passes));
}
