/**
 * What an architecture truthfully is. A named architecture remembers the bijection that it has made: where that was replaced,
 * the flow is no longer of its kind, whatever `kind` says.
 *
 * @module
 */

import { aBijection, type Bijection } from "../bijections/bijection.ts";
import { UsageError } from "../errors.ts";
import { anObject, checkArgument, text } from "../options.ts";
import type { Architecture } from "./architecture.ts";
import type { FittedKind } from "./kinds.ts";
import { checkOwnKind } from "./registeredKinds.ts";

/** Which kind has made a bijection. */
const makers = new WeakMap<Bijection, FittedKind>();

/** The architecture, remembered as one of its kind. */
export function madeAs<Made extends { readonly kind: FittedKind; readonly bijection: Bijection }>(
  architecture: Made,
): Made {
  makers.set(architecture.bijection, architecture.kind);
  return architecture;
}

/**
 * An architecture of your own, with a name of its own. A flow that is fitted to it is of that `kind`, as long as its bijection is
 * the one given here; one that is not made by this is of the kind `custom`. The name is registered, by
 * `register({ architectures: ["..."] })`, where its models are saved or loaded.
 *
 * @throws UsageError for a `kind` that is one of the library's, or a bijection that another architecture has made.
 * @example
 * const shearFlow = ({ features, context }) =>
 *   ownArchitecture({ ...realNVP({ features, context }), kind: "shear", bijection: chain([affine({ features }), shear()]) });
 */
export function ownArchitecture(architecture: Architecture): Architecture {
  checkArgument("ownArchitecture", "architecture", architecture, anObject);
  checkArgument("ownArchitecture", "kind", architecture.kind, text);
  checkArgument("ownArchitecture", "bijection", architecture.bijection, aBijection);
  checkOwnKind("ownArchitecture", "kind", architecture.kind);
  const maker = makers.get(architecture.bijection);
  if (maker !== undefined && maker !== architecture.kind)
    throw new UsageError({
      where: "ownArchitecture",
      problem: `its bijection was made by the architecture ${JSON.stringify(maker)}`,
      expected: "a bijection of your own",
      received: `that of ${maker}`,
      remedy: "if it is all of yours, leave out ownArchitecture; else put it in a chain",
    });
  return madeAs({ ...architecture });
}

/** The kind that a model of this architecture is saved under: that of the function that made its bijection, or `custom`. */
export function kindOf({ bijection }: { readonly bijection: Bijection }): FittedKind {
  return makers.get(bijection) ?? "custom";
}
