/**
 * Options in messages. The library says "pass `missing: "drop"`"; the command line, which has flags in their place, turns each
 * such piece into `--missing drop`. So a message is written once.
 *
 * @module
 */

import { callback, checkArgument, text } from "./options.ts";

/** A value as one writes it in code. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([name, each]) => `${JSON.stringify(name)}: ${valueText(each)}`,
    );
    return `{ ${entries.join(", ")} }`;
  }
  return JSON.stringify(value);
}

/**
 * An option for a message, between backquotes: its name, or with a value what one would write in the call. Backquotes inside are
 * escaped, so that {@link replaceOptionTexts} finds the ends.
 */
export function optionText(name: string, value?: unknown): string {
  const text = value === undefined ? name : `${name}: ${valueText(value)}`;
  return `\`${text.replaceAll("`", "\\u0060")}\``;
}

/** Pieces that {@link optionText} writes: a name, and JSON after it. */
const optionPiece = /`([A-Za-z]+)(?:: ([^`]+))?`/g;

/** A message with each of its options written by `write`; those for which it gives nothing stay. */
export function replaceOptionTexts(
  message: string,
  write: (name: string, value: unknown) => string | undefined,
): string {
  checkArgument("replaceOptionTexts", "message", message, text);
  checkArgument("replaceOptionTexts", "write", write, callback);
  return message.replaceAll(optionPiece, (piece, name: string, json: string | undefined) => {
    if (json === undefined) return write(name, undefined) ?? piece;
    try {
      return write(name, JSON.parse(json)) ?? piece;
    } catch {
      // Somebody's own words between backquotes.
      return piece;
    }
  });
}
