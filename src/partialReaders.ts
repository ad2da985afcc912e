/**
 * Readers of the families that are loaded by the models that have one of their types.
 *
 * @module
 */

import type { Family, Readers } from "./registry.ts";

/** The readers of the families that list a type of a set; where none does, of those without a list, or of all; without a set of all. */
export async function partialReaders<Part>(
  families: readonly Family<Part>[],
  types?: ReadonlySet<string>,
): Promise<{ readonly readers: Readers<Part> }> {
  const listing = families.filter((family) => family.types?.some((type) => types?.has(type)));
  const others = listing.length > 0 ? listing : families.filter((family) => types && !family.types);
  const loaded = await Promise.all((others.length > 0 ? others : families).map(({ load }) => load()));
  return { readers: Object.assign({}, ...loaded.map(({ readers }) => readers)) };
}
