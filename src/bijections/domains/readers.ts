/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { type AdditiveLogisticOptions, additiveLogistic } from "./additiveLogistic.ts";
import { type BoundedOptions, bounded } from "./bounded.ts";
import { type HeavyTailsOptions, heavyTails } from "./heavyTails.ts";

/** One row per type. */
export const readers: Readers<Bijection> = {
  additiveLogistic: (json) => additiveLogistic(json as unknown as AdditiveLogisticOptions),
  bounded: (json) => bounded(json as unknown as BoundedOptions),
  heavyTails: (json) => heavyTails(json as unknown as HeavyTailsOptions),
};
