/**
 * The map that changes nothing, for models that consist of a base alone, and for what imported models do not do: prepare their data.
 *
 * @module
 */

import { permutation } from "../../bijections/linear/permutation.ts";
import { range } from "./matrices.ts";
import type { Part } from "./part.ts";

/** The identity of so many features. */
export function identityOf(features: number): Part {
  return { bijection: permutation(range(features)), values: {} };
}
