/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { chain } from "./chain.ts";
import { invert } from "./invert.ts";
import { repeatedFromJson } from "./repeated.ts";

/** One row per type. */
export const readers: Readers<Bijection> = {
  chain: (json, read) => chain((json.parts as unknown[]).map(read)),
  invert: (json, read) => invert(read(json.inner)),
  repeated: repeatedFromJson,
};
