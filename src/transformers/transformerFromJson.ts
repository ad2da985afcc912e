/**
 * A transformer from its description, at once: all are at hand here, and a page that takes this takes them all.
 *
 * @module
 */

import type { Readers } from "../registry.ts";
import { readers as circular } from "./circular/readers.ts";
import { readers as elementary } from "./elementary/readers.ts";
import { readers as formulas } from "./formula/readers.ts";
import { readers as integrals } from "./integrals/readers.ts";
import { readers as mixtures } from "./mixtures/readers.ts";
import { readers as neural } from "./neural/readers.ts";
import { readers as polynomials } from "./polynomials/readers.ts";
import { readers as positive } from "./positive/readers.ts";
import { readers as powers } from "./powers/readers.ts";
import { readers as usual } from "./readers.ts";
import { transformerRegistry } from "./registry.ts";
import { readers as splines } from "./splines/readers.ts";
import { readers as structure } from "./structure/readers.ts";
import { readers as tails } from "./tails/readers.ts";
import type { Transformer } from "./transformer.ts";

/** Readers by type, of every family. */
export const everyReader: Readers<Transformer> = {
  ...usual,
  ...circular,
  ...elementary,
  ...formulas,
  ...integrals,
  ...neural,
  ...mixtures,
  ...polynomials,
  ...positive,
  ...powers,
  ...splines,
  ...structure,
  ...tails,
};

/**
 * The transformer that a description stands for.
 * @throws FormatError for an unknown type or a bad option.
 */
export function transformerFromJson(json: unknown): Transformer {
  transformerRegistry.provide(everyReader);
  return transformerRegistry.read(json);
}
