/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { embeddedFromJson } from "./embedded.ts";
import { partialFromJson } from "./partial.ts";

/** What takes other bijections is read by a function of its own. */
export const readers: Readers<Bijection> = { embedded: embeddedFromJson, partial: partialFromJson };
