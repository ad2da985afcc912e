/**
 * One cell of text: a number, a missing value, or text.
 *
 * @module
 */

/** Digits with at most one point and a decimal exponent; no hexadecimal, no thousands separators. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;
const MISSING = /^(?:na|n\/a|null|none|nan)?$/i;

/** `1,5`, `1.234,56`, `1,234.50`: a number in a notation that is not read. */
const FOREIGN_NUMBER = /^[+-]?\d[\d.,' ]*,\d+(?:\.\d+)?$/;

/**
 * The number that a cell holds: NaN if it is missing (empty, NA, N/A, null, none, nan; capitals do not
 * matter), an infinity for `inf` and `Infinity`, undefined if it is text. Blanks around it are ignored.
 * Numbers are read strictly: `1e-3`, `+1`, `.5` and `5.` are numbers; `12abc`, `0x10` and `1,000` are not.
 */
export function parseCell(cell: string): number | undefined {
  const text = cell.trim();
  if (NUMBER.test(text)) return Number(text);
  if (MISSING.test(text)) return Number.NaN;
  const infinity = INFINITY.exec(text);
  if (infinity) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return undefined;
}

/** Whether text looks like a number with a decimal comma or thousands separators. */
export function looksLikeForeignNumber(text: string): boolean {
  return FOREIGN_NUMBER.test(text.trim());
}

/** A cell for a message: quoted, on one line, at most 40 characters of it. */
export function quoteCell(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  return JSON.stringify(short);
}
