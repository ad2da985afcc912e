/**
 * The mean of independent numbers, with its standard error.
 *
 * @module
 */

/** The standard error is infinite where the numbers cannot tell it: of one number, and of a mean that is not finite. */
export function meanAndError(values: Float64Array): {
  readonly mean: number;
  readonly standardError: number;
} {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = Math.sqrt(square / (n - 1) / n);
  return { mean, standardError: Number.isNaN(standardError) ? Number.POSITIVE_INFINITY : standardError };
}
