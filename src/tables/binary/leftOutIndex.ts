/**
 * Why a column that pandas wrote its index into is left out.
 *
 * @module
 */

import { optionText } from "../../optionText.ts";
import type { LeftOut } from "../columnRecord.ts";

/** Why a column that pandas wrote its index into is left out. */
export const indexLeftOut: LeftOut = {
  kind: "row-numbers",
  reason: "pandas says that it is the index of the rows",
  remedy: `name it in ${optionText("columns")} to use it`,
};
