/**
 * The distributions by type: what a model file may hold as a base. The standard normal, which most models have, is here from the
 * start; the readers of others are loaded with the first model that holds one.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import type { Distribution } from "./distribution.ts";
import { standardNormal } from "./standardNormal.ts";

/** All distributions that a model file may hold as a base, those that users have registered among them. */
export const distributionRegistry: Registry<Distribution> = /* @__PURE__ */ new Registry<Distribution>(
  "distribution",
  "distributions",
  { standardNormal: (json) => standardNormal(json as unknown as { features: number }) },
  [
    { isPartial: true, load: () => import("./readers.ts") },
    {
      types: ["uniform"] satisfies readonly (keyof typeof import("./uniform/makers.ts"))[],
      load: () => import("./uniform/readers.ts"),
    },
    {
      types: ["mixtureOf", "pushforward"] satisfies readonly (keyof typeof import("./composed/makers.ts"))[],
      load: () => import("./composed/readers.ts"),
    },
    // Without lists of their types: a page that needs none of them has none.
    { load: () => import("./independent/readers.ts") },
    { load: () => import("./joint/readers.ts") },
  ],
);
