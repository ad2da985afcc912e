/**
 * The bijections by type: how a saved description becomes a bijection again. Their readers are in the file `readers.ts` of each
 * family, made of its index `makers.ts`. The chain, which every model has, is here from the start; families are loaded with the first
 * model that holds one.
 *
 * @module
 */

import { type Family, Registry } from "../registry.ts";
import type { Bijection } from "./bijection.ts";
import { chain } from "./combinators/chain.ts";

/** Types of a family, each a line of its index. */
type TypesOf<Makers> = readonly (keyof Makers & string)[];

/** A model that holds a type of a list loads that family alone; one that holds a type of no list loads all. */
const families: readonly Family<Bijection>[] = [
  {
    types: [
      "coupling",
      "elementwise",
      "marginalSpline",
      "maskedAutoregressive",
      "slicedSpline",
    ] satisfies TypesOf<typeof import("./autoregressive/makers.ts")>,
    load: () => import("./autoregressive/readers.ts"),
  },
  {
    types: ["invert", "repeated"] satisfies TypesOf<typeof import("./combinators/makers.ts")>,
    load: () => import("./combinators/readers.ts"),
  },
  {
    types: [
      "affine",
      "luAffine",
      "permutation",
      "rotation",
      "standardization",
      "triangularAffine",
    ] satisfies TypesOf<typeof import("./linear/makers.ts")>,
    load: () => import("./linear/readers.ts"),
  },
  {
    types: ["directionalMap", "planar", "radial", "radialMap", "residual", "sylvester"] satisfies TypesOf<
      typeof import("./residual/makers.ts")
    >,
    load: () => import("./residual/readers.ts"),
  },
  // Which types these are is told where they are loaded: a page that needs none of them has no list.
  { isPartial: true, load: async (types) => (await import("./otherFamilies.ts")).readersOf(types) },
];

/** All bijections that a model file may hold, those that users have registered among them. */
export const bijectionRegistry: Registry<Bijection> = /* @__PURE__ */ new Registry(
  "bijection",
  "bijections",
  { chain: ({ parts }, read) => chain((parts as unknown[]).map(read)) },
  families,
);
