/**
 * What is not a table of text: what a failed download or another program's format holds.
 *
 * @module
 */

import { type FormatError, unreadable } from "../../errors.ts";

const workbook = "open it in a spreadsheet and save the sheet as CSV";

/** How such bytes start, as characters, what they are, and what to do. */
const otherBytes = [
  ["PK\x03\x04", "a zip archive or an Excel workbook", `unpack it, or ${workbook}`],
  ["\xd0\xcf\x11\xe0", "an old Excel workbook", workbook],
  ["PAR1", "a Parquet file", "give its name the extension .parquet"],
  ["ARROW1", "an Arrow file", "give its name the extension .arrow"],
  ["\x93NUMPY", "an array of NumPy", "give its name the extension .npy"],
  ["%PDF-", "a PDF document", "save its table as CSV"],
] as const;

function notText(name: string, what: string, remedy: string): FormatError {
  return unreadable(name, `is ${what}, not a table of text`, {
    expected: "a table of text",
    received: what,
    remedy,
  });
}

/**
 * Refuses bytes that are not text by their start.
 *
 * @param name what to call the source.
 * @throws FormatError that says what they are.
 */
export function refuseOtherBytes(name: string, bytes: Uint8Array): void {
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  for (const [magic, what, remedy] of otherBytes)
    if (start.startsWith(magic)) throw notText(name, what, remedy);
}

/** How such text starts, what it is, and what to do. */
const others = [
  [/^\s*<(?:!doctype html|html|head|body)\b/i, "a web page (HTML)", "download or save the data themselves"],
  [/^\s*<\?xml\b/i, "XML", "save the data as CSV"],
  [
    /^\s*(?:\[\s*\{\s*"|\[\s*\[\s*["\d-]|\{\s*")/,
    "JSON",
    "give the file the extension .json, or pass the format json to readTable",
  ],
] as const;

/**
 * Refuses text that is not a table by its start.
 *
 * @param name what to call the source.
 * @throws FormatError that says what it is.
 */
export function refuseOtherText(name: string, start: string): void {
  for (const [pattern, what, remedy] of others) if (pattern.test(start)) throw notText(name, what, remedy);
}
