/**
 * Text that is no table: what a failed download or another program's format holds.
 *
 * @module
 */

import { FormatError } from "../errors.ts";

/** How such text starts, what it is, and what to do. */
const OTHERS = [
  [/^\s*<(?:!doctype html|html|head|body)\b/i, "a web page (HTML)", "download or save the data themselves"],
  [/^\s*<\?xml\b/i, "XML", "save the data as CSV"],
  [
    /^\s*(?:\[\s*\{\s*"|\[\s*\[\s*["\d-]|\{\s*")/,
    "JSON",
    "write it with one object per line and the extension .jsonl",
  ],
] as const;

/**
 * Refuses text that is no table by its start.
 *
 * @param name what to call the source.
 * @throws FormatError that says what it is.
 */
export function refuseOtherText(name: string, start: string): void {
  for (const [pattern, what, remedy] of OTHERS)
    if (pattern.test(start)) throw new FormatError(`${name} is ${what}, not a table of text; ${remedy}`);
}
