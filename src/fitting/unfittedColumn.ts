/**
 * Columns that have no density: constants, identifiers and free text.
 *
 * @module
 */

import { optionText } from "../optionText.ts";
import type { LeftOutColumn } from "../tables/columnRecord.ts";
import type { ColumnSchema } from "../tables/schema/columnSchema.ts";

/** Words for a column that is not fitted. */
export const unfittedWords: Readonly<Record<string, string>> = {
  constant: "the column is constant",
  identifier: "the column is an identifier",
  text: "the column is free text",
};

/**
 * What is said of a column that is left out.
 * @param reason - Why it is taken for what it is.
 * @param other - The kind that it may be instead.
 */
export function unfittedColumn(
  { name, kind }: ColumnSchema,
  reason: string,
  other: string = "categorical",
): LeftOutColumn {
  const fitIt = `to fit it, give it a kind, as in ${optionText("kinds", { [name]: other })}; `;
  const keepIt = `to carry it along, pass ${optionText("keep", [name])}`;
  return {
    column: name,
    kind: kind === "text" ? "text" : kind === "constant" ? "constant" : "identifier",
    reason: `${unfittedWords[kind] ?? "its schema says so"} (${reason})`,
    remedy: `${kind === "constant" ? "" : fitIt}${keepIt}`,
  };
}
