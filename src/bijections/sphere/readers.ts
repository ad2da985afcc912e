/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import type { Readers } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { onSphereFromJson } from "./onSphere.ts";

/** One for each line of the index. */
export const readers: Readers<Bijection> = { onSphere: onSphereFromJson };
