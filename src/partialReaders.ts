/**
 * Readers of the families that are loaded by the models that have one of their types.
 *
 * @module
 */

import type { Family, Readers } from "./registry.ts";

/** The readers of the families that list a type of a set; of all where none does, or without a set. */
export async function partialReaders<Part>(
  families: readonly Family<Part>[],
  types?: ReadonlySet<string>,
): Promise<{ readonly readers: Readers<Part> }> {
  const listing = families.filter((family) => family.types?.some((type) => types?.has(type)));
  const loaded = await Promise.all((listing.length > 0 ? listing : families).map(({ load }) => load()));
  return { readers: Object.assign({}, ...loaded.map(({ readers }) => readers)) };
}
