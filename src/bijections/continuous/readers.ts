/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { continuousFromJson } from "./continuous.ts";

/** One row per type. */
export const readers: Readers<Bijection> = { continuous: continuousFromJson };
