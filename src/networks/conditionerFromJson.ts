/**
 * A conditioner from its description, at once: all are at hand here, and a page that takes this takes them all.
 *
 * @module
 */

import type { Conditioner } from "./conditionerContract.ts";
import { readers } from "./readers.ts";
import { conditionerRegistry } from "./registry.ts";

/**
 * The conditioner that a description stands for.
 * @throws FormatError for an unknown type.
 */
export function conditionerFromJson(json: unknown): Conditioner {
  conditionerRegistry.provide(readers);
  return conditionerRegistry.read(json);
}
