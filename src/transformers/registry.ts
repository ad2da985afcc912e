/**
 * The transformers by type: how a saved description becomes a transformer again. The readers of each family are in the file
 * `readers.ts` of its folder, made of its index `makers.ts`, and are loaded with the first model that holds one of it.
 *
 * @module
 */

import { type Family, Registry } from "../registry.ts";
import type { Transformer } from "./transformer.ts";

/** Types of a family: its lines, without "Transformer" at the end. */
type TypesOf<Makers> = readonly (keyof Makers extends infer Name
  ? Name extends `${infer Type}Transformer`
    ? Type
    : Name
  : never)[];

/** A model that holds a type of a list loads that family alone; one that holds a type of no list loads all. */
const families: Readonly<Record<string, Family<Transformer>>> = {
  usual: {
    types: ["affine", "chain", "invert", "rationalQuadratic"] satisfies TypesOf<typeof import("./makers.ts")>,
    load: () => import("./readers.ts"),
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
  polynomials: {
    types: ["bernstein", "sumOfSquares"] satisfies TypesOf<typeof import("./polynomials/makers.ts")>,
    load: () => import("./polynomials/readers.ts"),
  },
  powers: {
    types: ["boxCox", "power", "yeoJohnson"] satisfies TypesOf<typeof import("./powers/makers.ts")>,
    load: () => import("./powers/readers.ts"),
  },
  tails: {
    types: ["lambertW", "sinhArcsinh", "tailTransform"] satisfies TypesOf<typeof import("./tails/makers.ts")>,
    load: () => import("./tails/readers.ts"),
  },
};

/** All transformers that a model file may hold, those that users have registered among them. */
export const transformerRegistry: Registry<Transformer> = /* @__PURE__ */ new Registry<Transformer>(
  "transformer",
  "transformers",
  {},
  families,
);
