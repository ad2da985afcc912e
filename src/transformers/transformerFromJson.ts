/**
 * A transformer from its description, at once: all are at hand here, and a page that takes this takes them all.
 *
 * @module
 */

import { everyReader } from "./everyReader.ts";
import { transformerRegistry } from "./registry.ts";
import type { Transformer } from "./transformer.ts";

/**
 * The transformer that a description stands for.
 * @throws FormatError for an unknown type or a bad option.
 */
export function transformerFromJson(json: unknown): Transformer {
  transformerRegistry.provide(everyReader);
  return transformerRegistry.read(json);
}
