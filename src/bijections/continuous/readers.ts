/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { continuousFromJson } from "./continuous.ts";
import * as makers from "./makers.ts";

/** What takes the options that it describes itself by is read by its own function; the others have a row here. */
export const readers: Readers<Bijection> = {
  .../* @__PURE__ */ readersByName<Bijection>(makers),
  continuous: continuousFromJson,
};
