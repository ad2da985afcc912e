/**
 * A conditioner of a graph between features: dense layers with rectifiers, masked so that the parameters of each feature depend on its parents and on
 * the context alone (MADE of Germain et al. 2015, for any graph as in Wehenkel & Louppe 2021, "Graphical Normalizing Flows").
 *
 * Each hidden unit has the parents of some feature, and sees units whose inputs are all among these.
 *
 * @see https://arxiv.org/abs/1502.03509, https://arxiv.org/abs/2006.02548
 * @module
 */

import { ShapeError } from "../../errors.ts";
import {
  anyNumber,
  checkContext,
  checkedOptions,
  listOf,
  type OptionTable,
  required,
} from "../../options.ts";
import { checkHidden, reach } from "../conditioner.ts";
import type { Conditioner } from "../conditionerContract.ts";
import { layeredConditioner } from "../layeredConditioner.ts";
import type { Layer } from "../layers.ts";
import { parentsOrder } from "./parentsOrder.ts";

/** Options of {@link parentsConditioner}. */
export interface ParentsConditionerOptions {
  /** For each feature, in the order of the map, those before it on which it depends, counted from 0. */
  readonly parents: readonly (readonly number[])[];
  /** Number of context values, which all features depend on (default 0). */
  readonly context?: number | undefined;
  /** Sizes of the hidden layers; one of fewer units than there are different sets of parents gets as many as these. */
  readonly hidden: readonly number[];
}

const where = "parentsConditioner";
const optionTable: OptionTable<ParentsConditionerOptions> = {
  parents: required(
    listOf(
      listOf(anyNumber, "features"),
      "an array with the parents of each feature, such as [[], [0], [0, 1]]",
    ),
  ),
  context: anyNumber,
  hidden: required(listOf(anyNumber, "an array of sizes, such as [64, 64]")),
};

/**
 * The `conditioner` of a `maskedAutoregressive` map of a graph; it is a `layeredConditioner`, and saved as one. Inputs are clamped to 10 units, the last
 * layer starts at zero. Cost: one dense layer for each of `hidden` and one more.
 * @throws UsageError for a parent that is no feature; ShapeError for one that does not come before its feature, or a size that is no positive integer.
 */
export function parentsConditioner(options: ParentsConditionerOptions): Conditioner {
  const { parents, context = 0, hidden } = checkedOptions(where, options, optionTable);
  checkContext(where, context);
  checkHidden(where, hidden);
  parentsOrder(where, parents);
  parents.forEach((own, i) => {
    const later = own.find((parent) => parent >= i);
    if (later !== undefined)
      throw new ShapeError({
        where,
        subject: `parents[${i}]`,
        expected: `features before ${i}; sort the features so that each comes after its parents`,
        received: `${later}`,
      });
  });
  const setOf = (own: readonly number[]): string =>
    "1".repeat(context) + parents.map((_, i) => (own.includes(i) ? "1" : "0")).join("");
  const ofFeatures = parents.map(setOf);
  // By the last parent, so that an engine that samples has those first that it needs first.
  const sets = [...new Set(ofFeatures)].sort(
    (a, b) => a.lastIndexOf("1") - b.lastIndexOf("1") || (a < b ? 1 : -1),
  );
  // A unit that sees nothing is a number, of which the bias after it is one.
  const seeing = sets.filter((set) => set.includes("1"));
  const groups = seeing.length > 0 ? seeing : sets;
  const layers = hidden.flatMap((size): Layer[] => {
    const outputs = Math.max(size, groups.length);
    const units = Array.from({ length: outputs }, (_, j) =>
      sets.indexOf(groups[Math.floor((j * groups.length) / outputs)]!),
    );
    return [
      { kind: "linear", outputs, units },
      { kind: "activation", activation: "relu" },
    ];
  });
  return layeredConditioner({
    layers: [
      { kind: "activation", activation: "hardTanh", low: -reach, high: reach },
      ...layers,
      { kind: "linear", units: ofFeatures.map((set) => sets.indexOf(set)) },
    ],
    sets,
  });
}
