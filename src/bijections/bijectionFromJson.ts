/**
 * A bijection from its description, at once: all families are at hand here, and a page that takes this takes them all.
 *
 * @module
 */

import { provideConditioners } from "../networks/conditionerFromJson.ts";
import { transformerRegistry } from "../transformers/registry.ts";
import { everyReader } from "../transformers/transformerFromJson.ts";
import { readers as autoregressive } from "./autoregressive/readers.ts";
import type { Bijection } from "./bijection.ts";
import { readers as blocks } from "./blocks/readers.ts";
import { readers as combinators } from "./combinators/readers.ts";
import { readers as continuous } from "./continuous/readers.ts";
import { readers as domains } from "./domains/readers.ts";
import { readers as linear } from "./linear/readers.ts";
import { readers as matrices } from "./matrices/readers.ts";
import { readers as normalization } from "./normalization/readers.ts";
import { readers as orthogonal } from "./orthogonal/readers.ts";
import { readers as piecewise } from "./piecewise/readers.ts";
import { bijectionRegistry } from "./registry.ts";
import { readers as residual } from "./residual/readers.ts";
import { readers as sphere } from "./sphere/readers.ts";
import { readers as structure } from "./structure/readers.ts";

/** Makes all of our own bijections known, and the transformers and conditioners that they hold. */
export function provideBijections(): void {
  for (const readers of [
    autoregressive,
    combinators,
    continuous,
    domains,
    linear,
    matrices,
    blocks,
    normalization,
    orthogonal,
    piecewise,
    residual,
    sphere,
    structure,
  ])
    bijectionRegistry.provide(readers);
  provideConditioners();
  transformerRegistry.provide(everyReader);
}

/**
 * The bijection that a description stands for.
 * @throws FormatError for an unknown type.
 */
export function bijectionFromJson(json: unknown): Bijection {
  provideBijections();
  return bijectionRegistry.read(json);
}
