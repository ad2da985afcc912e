/**
 * Numbers of things in messages.
 *
 * @module
 */

/** `1 row`, `2 rows`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;

/** `1 of 30 rows has`, `2 of 30 rows have`; `is` and `are`. */
export const ofRows = (count: number, rows: number, verb: "are" | "have"): string =>
  `${count} of ${rows} rows ${count > 1 ? verb : verb === "are" ? "is" : "has"}`;
