/**
 * How saved descriptions become conditioners of angles again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Conditioner } from "../conditionerContract.ts";
import * as makers from "./makers.ts";

/** One for each line of the index. */
export const readers: Readers<Conditioner> = /* @__PURE__ */ readersByName<Conditioner>(
  makers,
  "Conditioner",
);
