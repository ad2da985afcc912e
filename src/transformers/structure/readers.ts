/**
 * How saved descriptions become transformers of this family again.
 *
 * @module
 */

import { unreadable } from "../../errors.ts";
import type { Readers } from "../../registry.ts";
import type { Transformer } from "../transformer.ts";
import { eachTransformer } from "./eachTransformer.ts";
import { movedTransformer } from "./movedTransformer.ts";

/** By type. */
export const readers: Readers<Transformer> = {
  each: ({ parts }, read) => {
    if (!Array.isArray(parts))
      throw unreadable("The model", "holds a transformer for each feature without a list of them", {
        expected: "a list of transformers",
        received: typeof parts,
      });
    return eachTransformer({ parts: parts.map((part) => (part === null ? null : read(part))) });
  },
  moved: ({ inner, by }, read) => movedTransformer({ inner: read(inner), by: by as number }),
};
