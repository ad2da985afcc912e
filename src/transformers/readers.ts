/**
 * How saved descriptions become transformers again.
 *
 * @module
 */

import { FormatError } from "../errors.ts";
import type { Readers } from "../registry.ts";
import { affineTransformer } from "./affineTransformer.ts";
import { chainTransformer } from "./chainTransformer.ts";
import { rationalQuadraticFromJson } from "./rationalQuadraticTransformer.ts";
import { sinhArcsinh } from "./sinhArcsinh.ts";
import type { Transformer } from "./transformer.ts";

/** One row per type. */
export const readers: Readers<Transformer> = {
  affine: () => affineTransformer(),
  chain: ({ parts }, read) => {
    if (!Array.isArray(parts))
      throw new FormatError("The model holds a chain of transformers without parts.");
    return chainTransformer(parts.map(read));
  },
  rationalQuadratic: rationalQuadraticFromJson,
  sinhArcsinh: () => sinhArcsinh(),
};
