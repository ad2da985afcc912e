/**
 * Parts of ours with their values, as importers make them.
 *
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import { chain } from "../../bijections/combinators/chain.ts";
import { invert } from "../../bijections/combinators/invert.ts";
import { partial } from "../../bijections/structure/partial.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import type { Conditioner } from "../../networks/conditionerContract.ts";

/** A bijection, from base to data, with its values by dotted name. */
export interface Part {
  readonly bijection: Bijection;
  readonly values: ParameterValues;
}

/** A base with its values. */
export interface BasePart {
  readonly base: Distribution;
  readonly values: ParameterValues;
}

/** A conditioner with the values of its network. */
export interface ConditionerPart {
  readonly conditioner: Conditioner;
  readonly values: ParameterValues;
}

/** What an importer makes of a model. */
export interface ImportedParts extends Part {
  readonly base: BasePart;
  /** Of a flow of angles in radians: where the turn of each feature begins. */
  readonly turnsFrom?: readonly number[] | undefined;
}

/** The values under names that begin with a prefix. */
export function under(prefix: string, values: ParameterValues): ParameterValues {
  return Object.fromEntries(Object.entries(values).map(([name, data]) => [`${prefix}.${name}`, data]));
}

/** Parts one after another, that of the base first; one alone stays what it is. */
export function chainOf(parts: readonly Part[]): Part {
  if (parts.length === 1) return parts[0]!;
  return {
    bijection: chain(parts.map(({ bijection }) => bijection)),
    values: Object.assign({}, ...parts.map(({ values }, i) => under(String(i), values))) as ParameterValues,
  };
}

/** A map of some of the features, the others passing; of all in their order what it is. */
export function placedAt(features: number, places: readonly number[], { bijection, values }: Part): Part {
  if (places.length === features && places.every((place, i) => place === i)) return { bijection, values };
  return { bijection: partial({ features, places, inner: bijection }), values: under("inner", values) };
}

/** The same map in the other direction. */
export function inverted({ bijection, values }: Part): Part {
  return { bijection: invert(bijection), values: under("inner", values) };
}
