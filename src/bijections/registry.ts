/**
 * The bijections by type: how a saved description becomes a bijection again. Their readers are in the file `readers.ts` of each
 * family. Those that every model has are here from the start; other families are loaded with the first model that holds one.
 *
 * @module
 */

import { type Family, Registry } from "../registry.ts";
import type { Bijection } from "./bijection.ts";
import { readers as combinators } from "./combinators/readers.ts";
import { readers as linear } from "./linear/readers.ts";

const families: Readonly<Record<string, Family<Bijection>>> = {
  autoregressive: {
    types: ["coupling", "elementwise", "marginalSpline", "maskedAutoregressive", "slicedSpline"],
    load: () => import("./autoregressive/readers.ts"),
  },
  continuous: {
    types: ["continuous"],
    load: () => import("./continuous/readers.ts"),
  },
  domains: {
    types: ["additiveLogistic", "bounded", "heavyTails"],
    load: () => import("./domains/readers.ts"),
  },
  piecewise: {
    types: ["absoluteValue"],
    load: () => import("./piecewise/readers.ts"),
  },
  residual: {
    types: ["directionalMap", "planar", "radial", "radialMap", "residual", "sylvester"],
    load: () => import("./residual/readers.ts"),
  },
};

/** All bijections that a model file may hold, those that users have registered among them. */
export const bijectionRegistry: Registry<Bijection> = /* @__PURE__ */ new Registry(
  "bijection",
  "bijections",
  { ...combinators, ...linear },
  families,
);
