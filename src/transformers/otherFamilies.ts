/**
 * The families of transformers beside the usual ones: which types each has, and where its readers are.
 *
 * @module
 */

import type { Readers } from "../registry.ts";
import type { Transformer } from "./transformer.ts";

/** Types of a family: its lines, without "Transformer" at the end. */
type TypesOf<Makers> = readonly (keyof Makers extends infer Name
  ? Name extends `${infer Type}Transformer`
    ? Type
    : Name
  : never)[];

/** A model that holds a type of a list loads that family. */
const families: Readonly<
  Record<
    string,
    {
      readonly types: readonly string[];
      readonly load: () => Promise<{ readonly readers: Readers<Transformer> }>;
    }
  >
> = {
  circular: {
    types: ["circularShift"] satisfies TypesOf<typeof import("./circular/makers.ts")>,
    load: () => import("./circular/readers.ts"),
  },
  elementary: {
    types: [
      "arcsinh",
      "elu",
      "exponential",
      "leakyRelu",
      "leakyTanh",
      "shift",
      "sigmoid",
      "softClip",
      "softplus",
      "tanh",
    ] satisfies TypesOf<typeof import("./elementary/makers.ts")>,
    load: () => import("./elementary/readers.ts"),
  },
  mixtures: {
    types: ["distributionFunction", "mixture"] satisfies TypesOf<typeof import("./mixtures/makers.ts")>,
    load: () => import("./mixtures/readers.ts"),
  },
  neural: {
    types: ["monotonicNetwork"] satisfies TypesOf<typeof import("./neural/makers.ts")>,
    load: () => import("./neural/readers.ts"),
  },
  polynomials: {
    types: ["bernstein", "sumOfSquares"] satisfies TypesOf<typeof import("./polynomials/makers.ts")>,
    load: () => import("./polynomials/readers.ts"),
  },
  positive: {
    types: ["positiveAffine", "positiveSpline"] satisfies TypesOf<typeof import("./positive/makers.ts")>,
    load: () => import("./positive/readers.ts"),
  },
  powers: {
    types: ["boxCox", "power", "yeoJohnson"] satisfies TypesOf<typeof import("./powers/makers.ts")>,
    load: () => import("./powers/readers.ts"),
  },
  splines: {
    types: ["cubicSpline", "linearRationalSpline", "linearSpline", "quadraticSpline"] satisfies TypesOf<
      typeof import("./splines/makers.ts")
    >,
    load: () => import("./splines/readers.ts"),
  },
  structure: {
    types: ["each"] satisfies TypesOf<typeof import("./structure/makers.ts")>,
    load: () => import("./structure/readers.ts"),
  },
  tails: {
    types: ["lambertW", "sinhArcsinh", "tailTransform"] satisfies TypesOf<typeof import("./tails/makers.ts")>,
    load: () => import("./tails/readers.ts"),
  },
};

/** The readers of the families that list a type of a set; of all where none does, or without a set. */
export async function readersOf(
  types?: ReadonlySet<string>,
): Promise<{ readonly readers: Readers<Transformer> }> {
  const all = Object.values(families);
  const listing = all.filter((family) => family.types.some((type) => types?.has(type)));
  const loaded = await Promise.all((listing.length > 0 ? listing : all).map(({ load }) => load()));
  return { readers: Object.assign({}, ...loaded.map(({ readers }) => readers)) };
}
