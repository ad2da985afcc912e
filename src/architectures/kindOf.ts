/**
 * What an architecture truthfully is. A named architecture remembers the bijection that it has made: where that was replaced,
 * the flow is no longer of its kind, whatever `kind` says.
 *
 * @module
 */

import type { Bijection } from "../bijections/bijection.ts";
import type { FittedKind } from "./kinds.ts";

/** Which kind has made a bijection. */
const makers = new WeakMap<Bijection, FittedKind>();

/** The architecture, remembered as one of its kind. */
export function madeAs<Made extends { readonly kind: FittedKind; readonly bijection: Bijection }>(
  architecture: Made,
): Made {
  makers.set(architecture.bijection, architecture.kind);
  return architecture;
}

/** The kind that a model of this architecture is saved under: that of the function that made its bijection, or `custom`. */
export function kindOf({ bijection }: { readonly bijection: Bijection }): FittedKind {
  return makers.get(bijection) ?? "custom";
}
