/**
 * Parts of one's own in model files.
 *
 * @module
 */

import { registerKind } from "../architectures/registeredKinds.ts";
import type { Bijection } from "../bijections/bijection.ts";
import { bijectionRegistry } from "../bijections/registry.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { distributionRegistry } from "../distributions/registry.ts";
import type { Conditioner } from "../networks/conditionerContract.ts";
import { conditionerRegistry } from "../networks/registry.ts";
import { anObject, checkedOptions, listOf, type OptionTable, text } from "../options.ts";
import type { Reader, Registry } from "../registry.ts";
import { transformerRegistry } from "../transformers/registry.ts";
import type { Transformer } from "../transformers/transformer.ts";

/** Readers by type, a family each, and names; see {@link register}. */
export interface RegisterOptions {
  /** Readers of bijections. */
  readonly bijections?: Readonly<Record<string, Reader<Bijection>>> | undefined;
  /** Readers of transformers. */
  readonly transformers?: Readonly<Record<string, Reader<Transformer>>> | undefined;
  /** Readers of distributions, as bases. */
  readonly distributions?: Readonly<Record<string, Reader<Distribution>>> | undefined;
  /** Readers of conditioners. */
  readonly conditioners?: Readonly<Record<string, Reader<Conditioner>>> | undefined;
  /** Names of architectures, the `kind` of each: what they consist of is in the file. */
  readonly architectures?: readonly string[] | undefined;
}

const registerOptionTable: OptionTable<RegisterOptions> = {
  bijections: anObject,
  transformers: anObject,
  distributions: anObject,
  conditioners: anObject,
  architectures: listOf(text, 'an array of names, such as ["shear"]'),
};

/**
 * Makes types of your own known, so that models which hold them can be saved and loaded. Each reader gets what `toJSON` gave,
 * without `type`, and returns the part. Call it once, before the first such model is saved or loaded, in every program that does
 * so: a model file holds names and numbers, never code. Registering the same reader again changes nothing.
 *
 * An architecture has a name of its own by `ownArchitecture`, and is made known by that name alone.
 *
 * @throws {@link UsageError} for a type or a name that is one of the library's, or that has been registered with another reader.
 * @example
 * register({ transformers: { cubic: (options) => cubic({ strength: options.strength }) } });
 */
export function register(options: RegisterOptions): void {
  const checked = checkedOptions("register", options, registerOptionTable);
  const add = <Part>(
    registry: Registry<Part>,
    readers: Readonly<Record<string, Reader<Part>>> = {},
  ): void => {
    for (const [type, reader] of Object.entries(readers)) registry.add(type, reader);
  };
  add(bijectionRegistry, checked.bijections);
  add(transformerRegistry, checked.transformers);
  add(distributionRegistry, checked.distributions);
  add(conditionerRegistry, checked.conditioners);
  for (const kind of checked.architectures ?? []) registerKind(kind);
}
