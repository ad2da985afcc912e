/**
 * The readers of all families of transformers, for who reads a description at once.
 *
 * @module
 */

import type { Readers } from "../registry.ts";
import { readers as elementary } from "./elementary/readers.ts";
import { readers as mixtures } from "./mixtures/readers.ts";
import { readers as polynomials } from "./polynomials/readers.ts";
import { readers as powers } from "./powers/readers.ts";
import { readers as usual } from "./readers.ts";
import { readers as tails } from "./tails/readers.ts";
import type { Transformer } from "./transformer.ts";

/** Readers by type, of every family. */
export const everyReader: Readers<Transformer> = {
  ...usual,
  ...elementary,
  ...mixtures,
  ...polynomials,
  ...powers,
  ...tails,
};
