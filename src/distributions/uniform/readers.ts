/**
 * How saved descriptions become distributions of this folder again.
 *
 * @module
 */

import { type Readers, readersByName } from "../../registry.ts";
import type { Distribution } from "../distribution.ts";
import * as makers from "./makers.ts";

/** One for each line of the index. */
export const readers: Readers<Distribution> = /* @__PURE__ */ readersByName<Distribution>(makers);
