/**
 * Decimals that single precision has rounded: 0.8 that stands in a table as 0.800000011920929 or 0.80000001.
 *
 * Such a column was recorded in steps, and its values are on their grid but for the rounding. It is told from measured numbers, which
 * may be of single precision as well, by chance: that a measured number v is the rounding of a decimal of step h has the probability
 * e(v) / h, with e(v) the distance of neighboring numbers of that form. All different values that rounding has changed must be such,
 * which for measured ones happens in one column of 10^12.
 *
 * @module
 */

import { decimalsOf } from "./grid.ts";

/**
 * How decimals are rounded in a table: `float32` as the nearest number of single precision; `float32-percent` by a hundred times the
 * decimal, rounded so, divided by 100; `float32-9-digits` and `float32-8-digits` with so many digits of the nearest number.
 */
export const singleForms = ["float32", "float32-percent", "float32-9-digits", "float32-8-digits"] as const;

/**
 * How decimals are rounded in a table: to single precision, a hundred times the decimal to single precision, or to some digits of that.
 */
export type SingleForm = (typeof singleForms)[number];

/** Decimals have at most so many digits behind the point: finer steps are not told from rounding. */
const mostDecimals = 6;

/** Logarithm of the probability that measured numbers are taken for rounded decimals. */
const logChance = -12 * Math.LN10;

/** Largest distance of a rounded number from its decimal, relative to it. */
const roundingShare = 2 ** -23;

/** What a table of a form has in the place of a decimal. */
export function roundedToSingle(decimal: number, form: SingleForm): number {
  if (form === "float32-percent") return Math.fround(Number((100 * decimal).toPrecision(15))) / 100;
  const single = Math.fround(decimal);
  return form === "float32" ? single : Number(single.toPrecision(form === "float32-9-digits" ? 9 : 8));
}

/** The decimal of so many digits behind the point that a number is the rounding of; a number that is not one stays. */
export function decimalOfSingle(value: number, decimals: number): number {
  const decimal = Number(value.toFixed(decimals));
  return Math.abs(decimal - value) <= roundingShare * Math.abs(value) ? decimal : value;
}

/** Digits behind the point that the values of a column have which was recorded in steps, or is written with some decimals. */
export const decimalsOfColumn = (column: {
  readonly step?: number | undefined;
  readonly from?: number | undefined;
  readonly decimals?: number | undefined;
}): number =>
  column.decimals ?? Math.min(100, Math.max(decimalsOf(column.step ?? 1), decimalsOf(column.from ?? 0)));

/** Distance of the numbers of a form around a value. */
function spacingOf(value: number, form: SingleForm): number {
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const float32 = 2 ** (exponent - 23);
  if (form === "float32-8-digits")
    return Math.max(float32, 10 ** (Math.floor(Math.log10(Math.abs(value))) - 7));
  // A hundredfold is of up to twice the spacing.
  return form === "float32-percent" ? 2 * float32 : float32;
}

/**
 * The form of single precision in which the values of a column are decimals, and how many digits these have behind the point; undefined
 * where they are not, or may be so by chance. O(n) for a column that is, some values for another one.
 * @param sorted - Finite values in ascending order.
 */
export function singlePrecisionOf(
  sorted: Float64Array,
): { readonly form: SingleForm; readonly decimals: number } | undefined {
  if (sorted.every(Number.isInteger)) return undefined;
  for (const form of singleForms) {
    const decimals = decimalsIn(sorted, form);
    if (decimals !== undefined) return { form, decimals };
  }
  return undefined;
}

/** The fewest digits behind the point of which all values are roundings of a form; undefined where there are none, or by chance. */
function decimalsIn(sorted: Float64Array, form: SingleForm): number | undefined {
  let decimals = 0;
  const isRounded = (value: number, i: number): boolean =>
    value === sorted[i - 1] || roundedToSingle(Number(value.toFixed(decimals)), form) === value;
  for (let i = 0; i < sorted.length; i++)
    while (!isRounded(sorted[i]!, i)) if (++decimals > mostDecimals) return undefined;
  // More digits than a large number has in single precision make it the rounding of another decimal.
  if (!sorted.every(isRounded)) return undefined;
  const step = 10 ** -decimals;
  let logProbability = 0;
  for (let i = 0; i < sorted.length && logProbability > logChance; i++) {
    const value = sorted[i]!;
    if (value !== sorted[i - 1] && Number(value.toFixed(decimals)) !== value)
      logProbability += Math.log(Math.min(1, spacingOf(value, form) / step));
  }
  return logProbability <= logChance ? decimals : undefined;
}
