/**
 * Which of two flows is ahead, and whether the points could show it.
 *
 * @module
 */

/** A difference in nats, with its standard error. */
export interface Difference {
  /** Of the first over the second. */
  readonly ahead: number;
  readonly standardError: number;
  /** Whether it is more than two standard errors, and can be read. */
  readonly isShown: boolean;
}

/** Nats below which a difference is written as 0.000. */
const leastWritten = 0.0005;

const differenceOf = (ahead: number, standardError: number): Difference => ({
  ahead,
  standardError,
  isShown: Math.abs(ahead) > 2 * standardError && Math.abs(ahead) >= leastWritten,
});

/**
 * The mean difference of the log-densities that two flows give the same points, point by point: what makes a point hard for both falls out, and
 * the error is much smaller than that of either score. Undefined where the points are not the same, or too few.
 */
export function pairedDifference(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): Difference | undefined {
  const count = first.length;
  if (count < 2 || second.length !== count) return undefined;
  const each = Array.from({ length: count }, (_, i) => first[i]! - second[i]!);
  const mean = each.reduce((sum, value) => sum + value, 0) / count;
  const variance = each.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return Number.isFinite(mean) ? differenceOf(mean, Math.sqrt(variance / count)) : undefined;
}

/** A mean of samples, with its standard error. */
interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

/** The difference of two means of samples that have nothing to do with each other. */
export const differenceOfMeans = (first: Estimate, second: Estimate): Difference =>
  differenceOf(first.mean - second.mean, Math.hypot(first.standardError, second.standardError));
