/**
 * How saved descriptions become surjections again.
 *
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import { bijectionRegistry } from "../../bijections/registry.ts";
import { augmentation } from "../../bijections/surjections/augmentation.ts";
import { largest } from "../../bijections/surjections/largest.ts";
import { rounding } from "../../bijections/surjections/rounding.ts";
import type { Surjection } from "../../bijections/surjections/surjection.ts";
import { FormatError } from "../../errors.ts";
import type { Distribution } from "../distribution.ts";
import { type HamiltonianMonteCarloOptions, hamiltonianMonteCarlo } from "./hamiltonianMonteCarlo.ts";
import { type LangevinOptions, langevin } from "./langevin.ts";
import { surjectionChain } from "./surjectionChain.ts";
import { variationalAutoencoder } from "./variationalAutoencoder.ts";

type Json = { readonly [option: string]: unknown };
type ReadDistribution = (json: unknown) => Distribution;

/** Members of the name `bijection` are maps of the registry, whose code is loaded with the model. */
const mapOf = ({ bijection }: Json): Bijection | undefined =>
  bijection === undefined ? undefined : bijectionRegistry.read(bijection);

const readers: Readonly<Record<string, (json: Json, read: ReadDistribution) => Surjection>> = {
  augmentation: (json) =>
    augmentation({ features: json.kept as number, extra: json.extra as number, noise: mapOf(json) }),
  hamiltonianMonteCarlo: ({ target, ...json }, read) =>
    hamiltonianMonteCarlo({ ...(json as unknown as HamiltonianMonteCarloOptions), target: read(target) }),
  langevin: ({ target, ...json }, read) =>
    langevin({ ...(json as unknown as LangevinOptions), target: read(target) }),
  largest: (json) => largest({ of: json.of as number }),
  rounding: (json) =>
    rounding({ features: json.features as number, step: json.step as number, noise: mapOf(json) }),
  surjectionChain: ({ parts }, read) =>
    surjectionChain(
      (parts as readonly Json[]).map((part) =>
        part.type === "bijection" ? mapOf(part)! : surjectionFromJson(part, read),
      ),
    ),
  variationalAutoencoder: ({ decoder, encoder, context }, read) =>
    variationalAutoencoder({ decoder: read(decoder), encoder: read(encoder), context: context as number }),
};

/**
 * The surjection that a description stands for.
 * @param read - Of a distribution in it.
 * @throws FormatError for one that is not of the library.
 */
export function surjectionFromJson(json: unknown, read: ReadDistribution): Surjection {
  const { type, ...options } = (json ?? {}) as { readonly type?: unknown };
  const known = Object.keys(readers);
  if (typeof type !== "string" || !known.includes(type))
    throw new FormatError({
      problem: `The model holds a surjection of type ${JSON.stringify(type)}, which this version does not know`,
      expected: `one of ${known.join(", ")}`,
      received: JSON.stringify(type),
      remedy: "a surjection of your own is trained and scored in your program, and not saved",
    });
  return readers[type]!(options, read);
}
