/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { readers as sphere } from "../sphere/readers.ts";
import * as makers from "./makers.ts";

/**
 * Each is read by its own function, which takes the options that it describes itself by. Maps of the sphere, as rare as these, are loaded with them: a
 * page of another kind has no line for them.
 */
export const readers: Readers<Bijection> = {
  .../* @__PURE__ */ readersByName<Bijection>(makers),
  ...sphere,
};
