/**
 * What a reader takes at most: a small file can claim, or unpack to, more than any machine holds.
 *
 * @module
 */

import { UsageError, unreadable } from "../errors.ts";
import { refuse } from "../options.ts";
import { optionText } from "../optionText.ts";

/** Limits of reading a table. What is over one is a FormatError that names the limit and says how to raise it. */
export interface ReadLimits {
  /** Bytes that a compressed file, or a page or an array in it, unpacks to (default 2^32 - 1, which is 4 GiB). */
  readonly bytes?: number | undefined;
  /**
   * Bytes that are unpacked for each byte of the file, and bytes of table that it claims (default 200). Up to 256 MiB are
   * never too many.
   */
  readonly expansion?: number | undefined;
  /** Columns (default 100,000). */
  readonly columns?: number | undefined;
  /** Rows times columns (default 2^29, which takes 4 GiB). */
  readonly cells?: number | undefined;
  /** Characters of a line of text (default 2^24). */
  readonly lineLength?: number | undefined;
}

/** Name of a limit. */
export type LimitName = keyof ReadLimits;

/** Limits, each with a value. */
export type CheckedLimits = Readonly<Record<LimitName, number>>;

/** The limits where no others are given. */
export const defaultLimits: CheckedLimits = {
  bytes: 2 ** 32 - 1,
  expansion: 200,
  columns: 100_000,
  cells: 2 ** 29,
  lineLength: 2 ** 24,
};

/** So many bytes are never too many for the size of the file. */
const alwaysFine = 2 ** 28;

const units: Readonly<Record<LimitName, string>> = {
  bytes: "bytes after decompression",
  expansion: "bytes for each byte of the file",
  columns: "columns",
  cells: "cells (rows times columns)",
  lineLength: "characters in a line",
};

/**
 * The limits with their defaults.
 * @throws UsageError for a limit that there is not, or one that is not a positive number.
 */
export function checkLimits(limits: ReadLimits = {}): CheckedLimits {
  if (typeof limits !== "object" || limits === null)
    refuse("readTable", "limits", "an object such as { columns: 200000 }", limits);
  const checked: Record<LimitName, number> = { ...defaultLimits };
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaultLimits, name))
      throw new UsageError({
        where: "readTable",
        problem: `limits: there is no limit ${JSON.stringify(name.slice(0, 40))}`,
        expected: `one of ${Object.keys(defaultLimits).join(", ")}`,
        received: JSON.stringify(name.slice(0, 40)),
        remedy: `the limits are ${Object.keys(defaultLimits).join(", ")}`,
      });
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value >= 1))
      refuse("readTable", `limits.${name}`, "a number of 1 or more", value);
    checked[name as LimitName] = value;
  }
  return checked;
}

/**
 * Refuses what is over a limit.
 * @param name what to call the file.
 * @throws FormatError that names the limit and says how to raise it.
 */
export function checkLimit(name: string, limits: CheckedLimits, limit: LimitName, received: number): void {
  if (received <= limits[limit]) return;
  throw unreadable(name, `has ${received} ${units[limit]}, more than the limit of ${limits[limit]}`, {
    expected: `at most ${limits[limit]}`,
    received: String(received),
    remedy: `if that is right, raise it with ${optionText("limits", { [limit]: received })}`,
  });
}

/**
 * Refuses more bytes out of a file of `size` bytes than its limits allow; `what` says whose bytes they are.
 * @param bytes - Those that are in memory at a time.
 * @param all - Those that come out of the file one after the other.
 */
export function checkExpansion(
  what: string,
  limits: CheckedLimits,
  size: number,
  bytes: number,
  all: number = bytes,
): void {
  checkLimit(what, limits, "bytes", bytes);
  if (all > alwaysFine) checkLimit(what, limits, "expansion", Math.ceil(all / Math.max(1, size)));
}
