/**
 * The transformers by type: how a saved description becomes a transformer again. The readers of each family are in the file
 * `readers.ts` of its folder, made of its index `makers.ts`, and are loaded with the first model that holds one of it.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import type { Transformer } from "./transformer.ts";

/** All transformers that a model file may hold, those that users have registered among them. */
export const transformerRegistry: Registry<Transformer> = /* @__PURE__ */ new Registry<Transformer>(
  "transformer",
  "transformers",
  {},
  [
    { types: ["affine", "chain", "invert", "rationalQuadratic"], load: () => import("./readers.ts") },
    // Which types these are is told where they are loaded: a page that needs none of them has no list.
    { isPartial: true, load: async (types) => (await import("./otherFamilies.ts")).readersOf(types) },
  ],
);
