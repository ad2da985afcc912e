/**
 * How saved descriptions become bijections of this family again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Bijection } from "../bijection.ts";
import * as makers from "./makers.ts";

/** Each is read by its own function, which takes the options that it describes itself by. */
export const readers: Readers<Bijection> = /* @__PURE__ */ readersByName<Bijection>(makers);
