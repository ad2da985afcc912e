/**
 * Numbers in messages.
 *
 * @module
 */

/** `1 row`, `2 rows`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;

/** `1 of 30 rows has`, `2 of 30 rows have`; `is` and `are`. */
export const ofRows = (count: number, rows: number, verb: "are" | "have"): string =>
  `${count} of ${rows} rows ${count > 1 ? verb : verb === "are" ? "is" : "has"}`;

/**
 * A number with at most five digits, or as many as tell numbers apart that are spread over so much: moments in
 * microseconds within a second have thirteen digits in common.
 */
export function briefNumber(value: number, spread: number = Number.POSITIVE_INFINITY): string {
  const inCommon = Math.ceil(Math.log10(Math.abs(value) / spread));
  return String(Number(value.toPrecision(Math.min(17, Math.max(5, spread > 0 ? inCommon + 3 : 0)))));
}

/** `0.2 to 30.4`. */
export const rangeText = (least: number, largest: number): string =>
  `${briefNumber(least, largest - least)} to ${briefNumber(largest, largest - least)}`;
