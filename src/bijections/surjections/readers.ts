/**
 * How saved descriptions become surjections again.
 *
 * @module
 */

import { FormatError } from "../../errors.ts";
import type { Bijection } from "../bijection.ts";
import { bijectionRegistry } from "../registry.ts";
import { augmentation } from "./augmentation.ts";
import { largest } from "./largest.ts";
import { rounding } from "./rounding.ts";
import type { Surjection } from "./surjection.ts";

type Json = { readonly [option: string]: unknown };

/** Members of the name `bijection` are maps of the registry, whose code is loaded with the model. */
const mapOf = ({ bijection }: Json): Bijection | undefined =>
  bijection === undefined ? undefined : bijectionRegistry.read(bijection);

const readers: Readonly<Record<string, (json: Json) => Surjection>> = {
  augmentation: (json) =>
    augmentation({ features: json.kept as number, extra: json.extra as number, noise: mapOf(json) }),
  largest: (json) => largest({ of: json.of as number }),
  rounding: (json) =>
    rounding({ features: json.features as number, step: json.step as number, noise: mapOf(json) }),
};

/**
 * The surjection that a description stands for.
 * @throws FormatError for one that is not of the library.
 */
export function surjectionFromJson(json: unknown): Surjection {
  const { type } = (json ?? {}) as { readonly type?: unknown };
  const known = Object.keys(readers);
  if (typeof type !== "string" || !known.includes(type))
    throw new FormatError({
      problem: `The model holds a surjection of type ${JSON.stringify(type)}, which this version does not know`,
      expected: `one of ${known.join(", ")}`,
      received: JSON.stringify(type),
      remedy: "a surjection of your own is trained and scored in your program, and not saved",
    });
  return readers[type]!(json as Json);
}
