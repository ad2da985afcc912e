/**
 * A conditioner that is put together layer by layer: dense layers with or without a bias, activations, normalizations and residual
 * blocks, in any order; masked where it is told which inputs each unit may see.
 *
 *     linear       h W' + b, of W only the entries that its mask lets through
 *     activation   element by element
 *     normalize    (h - mean h) / sqrt(var h + epsilon), of the units of the layer (Ba et al. 2016), their variance without bias
 *     scale        h s + t, each unit by itself: what a batch normalization is after its training
 *     shift        h + activation(c V' + b), of some of the inputs c
 *     gate         h sigmoid(c V' + b), of some of the inputs (Dauphin et al. 2017)
 *     residual     h + layers(h) (He et al. 2016)
 *     multiply     h f
 *     periodic     v sin(f h) + w cos(f h) of some of its units, for what is around a circle; the others pass
 *     circle       [cos h, sin h] of some of its units, for what is around a circle; the others pass
 *     parallel     [branch(h), branch(h), ...], one after another
 *     pick         of the units of the layer before those at some places, times factors
 *
 * Masks are those of MADE (Germain et al. 2015) for any graph between the features: each unit has a set of inputs that it may depend
 * on, and sees those units of the layer before whose set is part of its own. `sets` lists the sets, a linear layer names one for
 * each of its units, the last layer one for each feature; without them the features are in their order. Unlike those of {@link denseConditioner} the inputs are not clamped.
 *
 * @see https://arxiv.org/abs/1502.03509, https://arxiv.org/abs/1607.06450, https://arxiv.org/abs/1512.03385,
 * https://arxiv.org/abs/1612.08083
 * @module
 */

import { ShapeError } from "../errors.ts";
import { type Expr, sizeOf } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import {
  type Bound,
  leafOf,
  type ParameterSpec,
  type ParameterTree,
  subtreeOf,
  trained,
  trainedUniform,
} from "../graph/parameters.ts";
import { anObject, checkedOptions, listOf, type OptionTable, refuse, required, text } from "../options.ts";
import { activationOf } from "./activations.ts";
import type { Conditioner, ConditionerNetwork, ConditionerSizes } from "./conditionerContract.ts";
import {
  checkLayer,
  type Layer,
  type LinearLayer,
  type Masking,
  maskingOf,
  passesOf,
  where,
} from "./layers.ts";

/** Options of {@link layeredConditioner}. */
export interface LayeredConditionerOptions {
  /** From the input on. The last one is linear, and starts at zero. */
  readonly layers: readonly Layer[];
  /**
   * Sets of inputs, each a text with a letter per input, the context first, then the features in their order: 1 where it is in the
   * set, else 0. Without them an autoregressive map has those of all features before, and no layer names its units.
   */
  readonly sets?: readonly string[] | undefined;
}

const layeredConditionerOptionTable: OptionTable<LayeredConditionerOptions> = {
  layers: required(listOf(anObject, "an array of layers")),
  sets: listOf(text, 'an array of texts such as "1100"'),
};

/** Units, by number and, in a masked network, with the set of each. */
interface Units {
  readonly count: number;
  readonly sets?: readonly string[] | undefined;
}

/** A layer that has been given sizes. */
interface SizedLayer {
  readonly units: Units;
  readonly parameters: ParameterTree;
  /** @param input - That of the whole network. */
  run(x: Expr, parameters: Bound, input: Expr): Expr;
}

/**
 * A conditioner of these layers. Cost: one dense layer for each linear one; inverting an autoregressive map with it costs about one
 * pass where units of one set are next to each other, and at most one a feature.
 * @throws UsageError for a layer that is not one, ShapeError for sizes or sets that do not fit.
 */
export function layeredConditioner(options: LayeredConditionerOptions): Conditioner {
  const { layers, sets } = checkedOptions(where, options, layeredConditionerOptionTable);
  const last = layers.at(-1);
  if (last?.kind !== "pick" && (last?.kind !== "linear" || last.outputs !== undefined))
    refuse(where, "the last layer", "linear, without outputs, or one that picks", last?.kind ?? "no layer");
  for (const layer of layers) checkLayer(layer, layer === last);
  return {
    type: "layered",
    network: (sizes) => networkOf(layers, sets, sizes),
    toJSON: () => ({ type: "layered", layers, ...(sets ? { sets } : {}) }),
  };
}

function networkOf(
  layers: readonly Layer[],
  sets: readonly string[] | undefined,
  sizes: ConditionerSizes,
): ConditionerNetwork {
  const { inputs } = sizes;
  const masking = maskingOf(sets, sizes);
  const input: Units = {
    count: inputs,
    sets:
      masking && Array.from({ length: inputs }, (_, i) => `${"0".repeat(i)}1${"0".repeat(inputs - 1 - i)}`),
  };
  const { parameters, run } = sequence(layers, input, masking, sizes);
  const passes = sets && sizes.autoregressive ? passesOf(layers, sets, sizes.autoregressive) : undefined;
  return { parameters, passes, run: (x, p) => run(x, p, x) };
}

/** Layers one after another; only those of the whole network have `sizes`, which the last one needs. */
function sequence(
  layers: readonly Layer[],
  input: Units,
  masking: Masking | undefined,
  sizes: ConditionerSizes | undefined,
): SizedLayer {
  let units = input;
  const parts = layers.map((layer, i) => {
    const part =
      sizes && i === layers.length - 1 && layer.kind === "linear"
        ? linear(layer, units, outputUnits(layer, masking, sizes), true)
        : sizedLayer(layer, units, masking);
    units = part.units;
    return { part, name: String(i) };
  });
  if (sizes && units.count !== sizes.outputs)
    throw new ShapeError({
      where,
      subject: "the last layer",
      expected: `of ${sizes.outputs} units, as the transform has so many parameters`,
      received: `${units.count}`,
    });
  return {
    units,
    parameters: Object.fromEntries(
      parts.flatMap(({ part, name }) =>
        Object.keys(part.parameters).length > 0 ? [[name, part.parameters]] : [],
      ),
    ),
    run: (x, p, whole) =>
      parts.reduce((value, { part, name }) => part.run(value, subtreeOf(p, name), whole), x),
  };
}

function sizedLayer(layer: Layer, input: Units, masking: Masking | undefined): SizedLayer {
  switch (layer.kind) {
    case "linear":
      return linear(
        layer,
        input,
        { count: layer.outputs!, sets: setsOf(layer, layer.outputs!, masking) },
        false,
      );
    case "activation": {
      const { kind: _, ...activation } = layer;
      return { units: input, parameters: {}, run: activationOf(where, activation) };
    }
    case "normalize":
      if (masking) refuse(where, "a layer", "none that normalizes, as the network is masked", layer.kind);
      return { units: input, parameters: {}, run: (x) => normalized(x, layer.epsilon) };
    case "scale":
      return {
        units: input,
        parameters: { scale: trained([input.count], 1), shift: trained([input.count]) },
        run: (x, p) => g.add(g.mul(x, leafOf(p, "scale")), leafOf(p, "shift")),
      };
    case "shift":
    case "gate":
      return ofInputs(layer, input, masking);
    case "multiply":
      return { units: input, parameters: {}, run: (x) => g.mul(x, layer.factor) };
    case "periodic":
      return periodic(layer, input);
    case "circle":
      return circle(layer, input);
    case "parallel":
    case "pick":
      if (masking) refuse(where, "a layer", "none that moves units, as the network is masked", layer.kind);
      return layer.kind === "pick" ? pick(layer, input) : parallel(layer.branches, input);
    case "residual": {
      const block = sequence(layer.layers, input, masking, undefined);
      const sameSets = (input.sets ?? []).every((set, i) => set === block.units.sets?.[i]);
      if (block.units.count !== input.count || !sameSets)
        throw new ShapeError({
          where,
          subject: "a residual block",
          expected: `of as many units as its input has, ${input.count}, with the same sets`,
          received: `${block.units.count} units`,
        });
      return {
        units: input,
        parameters: block.parameters,
        run: (x, p, whole) => g.add(x, block.run(x, p, whole)),
      };
    }
  }
}

/** @throws ShapeError for places that the units before do not have. */
function checkWithin(places: readonly number[], { count }: Units): void {
  if (places.every((place) => place < count)) return;
  throw new ShapeError({
    where,
    subject: "places",
    expected: `below ${count}, as the layer before has so many units`,
    received: `[${places.join(", ")}]`,
  });
}

function periodic({ places, frequencies }: Extract<Layer, { kind: "periodic" }>, input: Units): SizedLayer {
  checkWithin(places, input);
  const others = Int32Array.from({ length: input.count }, (_, i) => (places.includes(i) ? -1 : i));
  const back = Int32Array.from({ length: input.count }, (_, i) => places.indexOf(i));
  const count = places.length;
  return {
    units: input,
    parameters: { sine: trained([count], 1), cosine: trained([count], 1) },
    run(x, p) {
      const turned = g.mul(g.gather(x, places, [count]), g.constant(frequencies));
      const waves = g.add(g.mul(leafOf(p, "sine"), g.sin(turned)), g.mul(leafOf(p, "cosine"), g.cos(turned)));
      return g.add(g.gather(x, others, [input.count]), g.gather(waves, back, [input.count]));
    },
  };
}

function circle({ places }: Extract<Layer, { kind: "circle" }>, input: Units): SizedLayer {
  checkWithin(places, input);
  const from = Array.from({ length: input.count }, (_, i) => (places.includes(i) ? [i, i] : [i])).flat();
  const count = from.length;
  const isAngle = from.map((i) => (places.includes(i) ? 1 : 0));
  // The sine is the cosine of a quarter turn less: one function for both.
  const quarters = from.map((i, k) => (isAngle[k] === 1 && i === from[k - 1] ? -0.5 * Math.PI : 0));
  return {
    units: { count, sets: input.sets && from.map((i) => input.sets![i]!) },
    parameters: {},
    run(x) {
      const doubled = g.gather(x, from, [count]);
      const around = g.cos(g.add(doubled, g.constant(quarters)));
      return places.length === input.count ? around : g.select(g.constant(isAngle), around, doubled);
    },
  };
}

function parallel(branches: readonly (readonly Layer[])[], input: Units): SizedLayer {
  const parts = branches.map((layers) => sequence(layers, input, undefined, undefined));
  return {
    units: { count: parts.reduce((sum, { units }) => sum + units.count, 0) },
    parameters: Object.fromEntries(parts.map(({ parameters }, i) => [String(i), parameters])),
    run: (x, p, whole) => g.concatenate(parts.map((part, i) => part.run(x, subtreeOf(p, String(i)), whole))),
  };
}

function pick({ places, factors }: Extract<Layer, { kind: "pick" }>, input: Units): SizedLayer {
  checkWithin(places, input);
  return {
    units: { count: places.length },
    parameters: {},
    run(x) {
      const picked = g.gather(x, places, [places.length]);
      return factors ? g.mul(picked, g.constant(factors)) : picked;
    },
  };
}

/** A shift or a gate, which reads inputs of the whole network. */
function ofInputs(
  { kind, inputs: [from, to], activation }: Extract<Layer, { kind: "shift" | "gate" }>,
  units: Units,
  masking: Masking | undefined,
): SizedLayer {
  if (masking && to > masking.context)
    refuse(
      where,
      `inputs of a ${kind}`,
      `of the context, up to ${masking.context}`,
      to,
      "the network is masked",
    );
  const bound = 1 / Math.sqrt(to - from);
  const activate = activation ? activationOf(where, activation) : (x: Expr): Expr => x;
  return {
    units,
    parameters: {
      weight: trainedUniform([units.count, to - from], bound),
      bias: trained([units.count]),
    },
    run(x, p, whole) {
      const read = g.linear(g.slice(whole, from, to), leafOf(p, "weight"), leafOf(p, "bias"));
      return kind === "gate" ? g.mul(x, g.sigmoid(read)) : g.add(x, activate(read));
    },
  };
}

/** The sets of a layer's units. */
function setsOf(
  layer: LinearLayer,
  count: number,
  masking: Masking | undefined,
): readonly string[] | undefined {
  if (!masking) {
    if (layer.units !== undefined) refuse(where, "units", "left out, as there are no sets", layer.units);
    return undefined;
  }
  const { sets } = masking;
  const units = masking.unitsOf(layer, count);
  if (units?.length !== count || units.some((place) => sets[place] === undefined))
    throw new ShapeError({
      where,
      subject: "units of a linear layer",
      expected: `${count} places in the ${sets.length} sets`,
      received: JSON.stringify(units ?? "none"),
    });
  return units.map((place) => sets[place]!);
}

/** The outputs of the whole network, those of one feature adjacent. */
function outputUnits(
  layer: LinearLayer,
  masking: Masking | undefined,
  { inputs, outputs, autoregressive }: ConditionerSizes,
): Units {
  const features = autoregressive?.features ?? layer.units?.length ?? outputs;
  const ofFeatures = setsOf(layer, features, masking);
  const context = inputs - features;
  ofFeatures?.forEach((set, i) => {
    if (!autoregressive || !set.slice(context + i).includes("1")) return;
    throw new ShapeError({
      where,
      subject: `the set of feature ${i}`,
      expected: "of the context and of features before it",
      received: set,
    });
  });
  return {
    count: outputs,
    sets: ofFeatures?.flatMap((set) => new Array<string>(outputs / features).fill(set)),
  };
}

function linear(layer: LinearLayer, input: Units, units: Units, isLast: boolean): SizedLayer {
  const { bias = true } = layer;
  const bound = 1 / Math.sqrt(input.count);
  const start = (shape: readonly number[]): ParameterSpec =>
    isLast ? trained(shape) : trainedUniform(shape, bound);
  // Made when first used: a description that a file claims must not allocate before its tensors were compared.
  let mask: Expr | undefined;
  return {
    units,
    parameters: {
      weight: start([units.count, input.count]),
      ...(bias ? { bias: start([units.count]) } : {}),
    },
    run(x, p) {
      const weight = leafOf(p, "weight");
      if (units.sets) mask ??= maskOf(input.sets!, units.sets);
      return g.linear(x, mask ? g.mul(weight, mask) : weight, bias ? leafOf(p, "bias") : undefined);
    },
  };
}

/** 1 where the set of a unit (rows) has all of the set of what it is connected to (columns). */
function maskOf(from: readonly string[], to: readonly string[]): Expr {
  const isPart = new Map<string, boolean>();
  const data = new Float64Array(to.length * from.length);
  to.forEach((set, o) => {
    from.forEach((part, i) => {
      const key = `${part} ${set}`;
      let known = isPart.get(key);
      if (known === undefined) {
        known = true;
        for (let letter = 0; letter < part.length && known; letter++)
          known = part[letter] === "0" || set[letter] === "1";
        isPart.set(key, known);
      }
      if (known) data[o * from.length + i] = 1;
    });
  });
  return g.constant(data, [to.length, from.length]);
}

function normalized(x: Expr, epsilon: number): Expr {
  const units = sizeOf(x.shape);
  const centered = g.sub(x, g.div(g.sum(x), units));
  const variance = g.div(g.sum(g.square(centered)), units - 1);
  return g.div(centered, g.sqrt(g.add(variance, epsilon)));
}
