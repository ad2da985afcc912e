/**
 * The transformers by type: how a saved description becomes a transformer again. Their readers are loaded with the first model
 * that holds one.
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
  { transformers: { load: () => import("./readers.ts") } },
);
