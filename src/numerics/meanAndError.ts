/**
 * The mean of independent numbers, with its standard error: of all at once, or one by one.
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

/**
 * Mean and variance of numbers that come one by one.
 *
 * B. P. Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4 (1962)
 */
export class RunningMean {
  /** Numbers so far. */
  count: number = 0;
  #mean = 0;
  #squares = 0;

  /** Adds a number. */
  add(value: number): void {
    const difference = value - this.#mean;
    this.#mean += difference / ++this.count;
    this.#squares += difference * (value - this.#mean);
  }

  /** NaN of none. */
  get mean(): number {
    return this.count > 0 ? this.#mean : Number.NaN;
  }

  /** Of the mean; NaN of fewer than two. */
  get standardError(): number {
    return this.count > 1 ? Math.sqrt(this.#squares / (this.count - 1) / this.count) : Number.NaN;
  }
}

/**
 * Weighted mean of numbers that come one by one, with its standard error over numbers that are independent: the square root of the sum of
 * (w (x - mean))^2, over the sum of the weights, times sqrt(n / (n - 1)). Deviations are summed as by Welford, so that nothing cancels.
 */
export class WeightedRunningMean {
  /** Numbers so far. */
  count: number = 0;
  #sum = 0;
  #weight = 0;
  /** Mean by the squares of the weights, what these add up to, and the squares of what numbers are off it. */
  #center = 0;
  #squareWeight = 0;
  #squares = 0;

  /** Adds a number. */
  add(value: number, weight: number): void {
    this.count++;
    this.#weight += weight;
    this.#sum += weight * value;
    const square = weight * weight;
    if (square === 0) return;
    this.#squareWeight += square;
    const difference = value - this.#center;
    this.#center += (difference * square) / this.#squareWeight;
    this.#squares += square * difference * (value - this.#center);
  }

  /** NaN of none. */
  get mean(): number {
    return this.#sum / this.#weight;
  }

  /** Of the mean; NaN of fewer than two numbers, and where the mean is not finite. */
  get standardError(): number {
    const { mean, count } = this;
    const squares = this.#squares + this.#squareWeight * (this.#center - mean) ** 2;
    return (Math.sqrt(squares) / this.#weight) * Math.sqrt(count / (count - 1));
  }
}
