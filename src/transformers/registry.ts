/**
 * The transformers by type: how a saved description becomes a transformer again.
 *
 * @module
 */

import { FormatError } from "../errors.ts";
import { type Reader, Registry } from "../registry.ts";
import { affineTransformer } from "./affineTransformer.ts";
import { chainTransformer } from "./chainTransformer.ts";
import { rationalQuadraticFromJson } from "./rationalQuadraticTransformer.ts";
import { sinhArcsinh } from "./sinhArcsinh.ts";
import type { Transformer } from "./transformer.ts";

/** One row per type. */
const readers: Readonly<Record<string, Reader<Transformer>>> = {
  affine: () => affineTransformer(),
  chain: ({ parts }, read) => {
    if (!Array.isArray(parts))
      throw new FormatError("The model holds a chain of transformers without parts.");
    return chainTransformer(parts.map(read));
  },
  rationalQuadratic: rationalQuadraticFromJson,
  sinhArcsinh: () => sinhArcsinh(),
};

/** All transformers that a model file may hold, those that users have registered among them. */
export const transformerRegistry: Registry<Transformer> = /* @__PURE__ */ new Registry(
  "transformer",
  "transformers",
  readers,
);

/**
 * The transformer that a description stands for.
 * @throws FormatError for an unknown type or a bad option.
 */
export function transformerFromJson(json: unknown): Transformer {
  return transformerRegistry.read(json);
}
