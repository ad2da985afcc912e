/**
 * A conditioner from its description, at once: all are at hand here, and a page that takes this takes them all.
 *
 * @module
 */

import { readers as circularReaders } from "./circular/readers.ts";
import type { Conditioner } from "./conditionerContract.ts";
import { readers as convolutionReaders } from "./convolution/readers.ts";
import { readers } from "./readers.ts";
import { conditionerRegistry } from "./registry.ts";

/** Lets the registry read all conditioners. */
export function provideConditioners(): void {
  conditionerRegistry.provide(readers);
  conditionerRegistry.provide(circularReaders);
  conditionerRegistry.provide(convolutionReaders);
}

/**
 * The conditioner that a description stands for.
 * @throws FormatError for an unknown type.
 */
export function conditionerFromJson(json: unknown): Conditioner {
  provideConditioners();
  return conditionerRegistry.read(json);
}
