/**
 * The families of transformers beside the usual ones: which types each has, and where its readers are.
 *
 * @module
 */

import { partialReaders } from "../partialReaders.ts";
import type { Family, Readers } from "../registry.ts";
import type { Transformer } from "./transformer.ts";

/** Types of a family: its lines, without "Transformer" at the end. */
type TypesOf<Makers> = readonly (keyof Makers extends infer Name
  ? Name extends `${infer Type}Transformer`
    ? Type
    : Name
  : never)[];

/** A model that holds a type of a list loads that family. */
const families: readonly Family<Transformer>[] = [
  {
    types: ["circularShift"] satisfies TypesOf<typeof import("./circular/makers.ts")>,
    load: () => import("./circular/readers.ts"),
  },
  {
    types: [
      "arcsinh",
      "distributionFunction",
      "elu",
      "exponential",
      "leakyRelu",
      "leakyTanh",
      "logTanh",
      "shift",
      "sigmoid",
      "softClip",
      "softplus",
      "tanh",
    ] satisfies TypesOf<typeof import("./elementary/makers.ts")>,
    load: () => import("./elementary/readers.ts"),
  },
  // Without a list: loaded where no family lists a type.
  { load: () => import("./formula/readers.ts") },
  {
    types: ["mixture"] satisfies TypesOf<typeof import("./mixtures/makers.ts")>,
    load: () => import("./mixtures/readers.ts"),
  },
  {
    types: ["unconstrainedMonotonicNetwork"] satisfies TypesOf<typeof import("./integrals/makers.ts")>,
    load: () => import("./integrals/readers.ts"),
  },
  {
    types: ["denseSigmoidal", "monotonicNetwork"] satisfies TypesOf<typeof import("./neural/makers.ts")>,
    load: () => import("./neural/readers.ts"),
  },
  {
    types: ["bernstein", "sumOfSquares"] satisfies TypesOf<typeof import("./polynomials/makers.ts")>,
    load: () => import("./polynomials/readers.ts"),
  },
  {
    types: ["positiveAffine", "positiveSpline"] satisfies TypesOf<typeof import("./positive/makers.ts")>,
    load: () => import("./positive/readers.ts"),
  },
  {
    types: ["boxCox", "power", "yeoJohnson"] satisfies TypesOf<typeof import("./powers/makers.ts")>,
    load: () => import("./powers/readers.ts"),
  },
  {
    types: ["cubicSpline", "linearRationalSpline", "linearSpline", "quadraticSpline"] satisfies TypesOf<
      typeof import("./splines/makers.ts")
    >,
    load: () => import("./splines/readers.ts"),
  },
  {
    types: ["each"] satisfies TypesOf<typeof import("./structure/makers.ts")>,
    load: () => import("./structure/readers.ts"),
  },
  {
    types: ["lambertW", "sinhArcsinh", "tailTransform"] satisfies TypesOf<typeof import("./tails/makers.ts")>,
    load: () => import("./tails/readers.ts"),
  },
];

/** The readers of the families that list a type of a set; of all where none does, or without a set. */
export function readersOf(types?: ReadonlySet<string>): Promise<{ readonly readers: Readers<Transformer> }> {
  return partialReaders(families, types);
}
