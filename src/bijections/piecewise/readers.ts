/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { absoluteValue } from "./absoluteValue.ts";

/** One row per type. */
export const readers: Readers<Bijection> = {
  absoluteValue: (json) => absoluteValue(json as unknown as { features: number }),
};
