/**
 * How saved descriptions become transformers of this family again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Transformer } from "../transformer.ts";
import * as makers from "./makers.ts";

/** Each is read by its own function, which takes the options that it describes itself by. */
export const readers: Readers<Transformer> = /* @__PURE__ */ readersByName<Transformer>(
  makers,
  "Transformer",
);
