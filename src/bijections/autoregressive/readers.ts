/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import { couplingFromJson } from "./coupling.ts";
import { elementwiseFromJson } from "./elementwise.ts";
import * as makers from "./makers.ts";
import { maskedAutoregressiveFromJson } from "./maskedAutoregressive.ts";

/** What takes the options that it describes itself by is read by its own function; the others have a row here. */
export const readers: Readers<Bijection> = {
  .../* @__PURE__ */ readersByName<Bijection>(makers),
  coupling: couplingFromJson,
  elementwise: elementwiseFromJson,
  maskedAutoregressive: maskedAutoregressiveFromJson,
};
