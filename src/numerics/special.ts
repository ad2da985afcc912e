/**
 * Float64 special functions that `Math` lacks: the values that every engine's kernels are tested against.
 *
 * @module
 */

/** Logistic function 1 / (1 + e^-x), without overflow for any x. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** log(1 + e^x), without overflow: max(x, 0) + log1p(e^-|x|). */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/**
 * Error function, absolute error below 4e-16 (measured against golden values).
 *
 * A Taylor series for |x| < 1 and the lower tail of the normal distribution beyond (Abramowitz & Stegun 7.1.6, 26.2.14).
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a >= 1) return Math.sign(x) * (1 - 2 * normalCdf(-a * Math.SQRT2));
  // 2/sqrt(pi) e^-x^2 sum 2^n x^(2n+1) / (2n+1)!!: all terms have one sign, so nothing cancels.
  let term = a;
  let sum = a;
  for (let n = 1; term > 1e-18 * sum; n++) {
    term *= (2 * a * a) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
}

/** Standard normal distribution function; the relative error is about eps x^2, that of e^(-x^2 / 2), in the lower tail too. */
export function normalCdf(x: number): number {
  if (x > -1) return 0.5 * (1 + erf(x / Math.SQRT2));
  return normalDensity(x) / (normalExcess(-x) - x);
}

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/**
 * By how much a standard normal number that is above x is above it on average: density over upper tail, less x. For x of 0
 * or more, 0 at infinity, NaN below. Relative error below 2e-15.
 *
 * A continued fraction evaluated from its tail, whose n-th approximant is off by about e^(-2 x sqrt n), but near 0.
 */
export function normalExcess(x: number): number {
  if (!(x >= 0)) return Number.NaN;
  if (x < 0.7) return normalDensity(x) / normalCdf(-x) - x;
  let fraction = 0;
  for (let k = 10 + Math.ceil(400 / (x * x)); k > 0; k--) fraction = k / (x + fraction);
  return fraction;
}

/**
 * Inverse of the standard normal distribution function on (0, 1); -Infinity at 0, Infinity at 1, NaN outside.
 *
 * A rational function of sqrt(-2 log p) (Abramowitz & Stegun 26.2.23, to 4.5e-4), and two of Halley's steps on the distribution function.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 0.5) return 0;
  // Up to 1/2 the distribution function has all its digits.
  if (p > 0.5) return -normalQuantile(1 - p);
  const root = Math.sqrt(-2 * Math.log(p));
  const below = 1 + root * (1.432788 + root * (0.189269 + root * 0.001308));
  let x = (2.515517 + root * (0.802853 + root * 0.010328)) / below - root;
  for (let step = 0; step < 2; step++) {
    const u = (normalCdf(x) - p) / normalDensity(x);
    x -= u / (1 + 0.5 * x * u);
  }
  return x;
}

const center = {
  top: [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ],
  bottom: [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
  ],
};
const tail = {
  top: [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ],
  bottom: [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1],
};

/**
 * Inverse of the distribution function on (0, 1), relative error below 1.2e-9: a tenth of the time of
 * {@link normalQuantile}, for what is estimated from rows (P. Acklam, "An algorithm for computing the inverse normal
 * cumulative distribution function", 2003).
 */
export function roughNormalQuantile(p: number): number {
  if (p > 0.5) return -roughNormalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(tail.top, q) / horner(tail.bottom, q);
  }
  const q = p - 0.5;
  return (q * horner(center.top, q * q)) / horner(center.bottom, q * q);
}

function horner(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (let i = 0; i < coefficients.length; i++) value = value * x + coefficients[i]!;
  return value;
}

const reach = 9;
const perUnit = 64;
let table: Float64Array | undefined;

/**
 * {@link normalCdf} by cubic interpolation in a table, for sums over bins: absolute error below 1e-10, made 0 or 1 beyond
 * 9 deviations.
 */
export function roughNormalCdf(x: number): number {
  if (x <= -reach) return 0;
  if (x >= reach) return 1;
  table ??= Float64Array.from({ length: 4 * reach * perUnit + 4 }, (_, i) => {
    const at = Math.floor(i / 2) / perUnit - reach;
    // Value and slope by turns.
    return i % 2 === 0 ? normalCdf(at) : normalDensity(at) / perUnit;
  });
  const place = (x + reach) * perUnit;
  const k = Math.floor(place);
  const z = place - k;
  const [v0, s0, v1, s1] = [table[2 * k]!, table[2 * k + 1]!, table[2 * k + 2]!, table[2 * k + 3]!];
  const rise = v1 - v0;
  return v0 + z * (s0 + z * (3 * rise - 2 * s0 - s1 + z * (s0 + s1 - 2 * rise)));
}
