/**
 * How saved descriptions become the transformers of the usual flows again.
 *
 * @module
 */

import { unreadable } from "../errors.ts";
import { type Readers, readersByName } from "../registry.ts";
import { chainTransformer } from "./chainTransformer.ts";
import { invertTransformer } from "./invertTransformer.ts";
import * as makers from "./makers.ts";
import { rationalQuadraticFromJson } from "./rationalQuadraticTransformer.ts";
import type { Transformer } from "./transformer.ts";

/** What takes the options that it describes itself by is read by its own function; the others have a row here. */
export const readers: Readers<Transformer> = {
  .../* @__PURE__ */ readersByName<Transformer>(makers, "Transformer"),
  chain: ({ parts }, read) => {
    if (!Array.isArray(parts))
      throw unreadable("The model", "holds a chain of transformers without parts", {
        expected: "a list of transformers",
        received: typeof parts,
      });
    return chainTransformer(parts.map(read));
  },
  invert: ({ inner }, read) => invertTransformer(read(inner)),
  rationalQuadratic: rationalQuadraticFromJson,
};
