/**
 * Upper bounds of the norms of a matrix, by which a network is kept a contraction.
 *
 * The spectral norm sigma of W: with A = WᵀW (or WWᵀ, whichever is smaller, k rows), whose largest eigenvalue is sigma²,
 *
 *     sigma <= (tr A^q)^(1/(2q)) <= k^(1/(2q)) sigma,        q = 2^(j+1) by j products of a matrix with itself
 *
 * so that a few small products give sigma from above, to a hundredth, whatever the spectrum. Power iteration, which the
 * papers use, gives it from below: a network that is normalized by it need not be a contraction, and its vectors are a state
 * that belongs to the weights. Here there is none, and the bound holds after every step and in every saved model.
 *
 * Between the norms with closed forms lies the rest, by the theorem of Riesz and Thorin: log ||W||_{p->q} is convex in
 * (1/p, 1/q). Real matrices obey it too, since the complex norm is not below the real one, and equal where it is
 * interpolated from.
 *
 * J. Behrmann, W. Grathwohl, R. Chen, D. Duvenaud, J.-H. Jacobsen, "Invertible Residual Networks", ICML 2019,
 * https://arxiv.org/abs/1811.00995; R. Chen, J. Behrmann, D. Duvenaud, J.-H. Jacobsen, "Residual Flows for Invertible
 * Generative Modeling", NeurIPS 2019, section 3.3 and appendix E (mixed norms), https://arxiv.org/abs/1906.02735
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";

/** The bound is above the spectral norm by less than this share. */
export const spectralSlack = 0.01;

/** Below every number of interest, and a number in float32. */
const tiny = 1e-30;

/**
 * Logarithm of an upper bound of the spectral norm of a shared matrix `[m, n]`, at most log(1.01) above it. Cost: about
 * 2 log2(log k / 0.04) products of k by k matrices, k the smaller of m and n, once per step. Its first derivatives are
 * exact, W P / tr(WᵀW P) with P = A^(q-1), and cost no product more; a second derivative is not there.
 */
export function logSpectralNorm(weights: Expr): Expr {
  const [m, n] = weights.shape as [number, number];
  const isTall = m >= n;
  const k = Math.min(m, n);
  const w = g.stopGradient(weights);
  const total = g.max(g.sum(g.square(w)), tiny);
  const scaled = g.div(w, g.sqrt(total));
  const flipped = g.transpose(scaled);
  // A^(2^i) = e^scale B_i, where tr B_i = 1: nothing overflows.
  let power = isTall ? g.matrixProduct(flipped, scaled) : g.matrixProduct(scaled, flipped);
  let product = power;
  let logScale: Expr = g.log(total);
  let exponent = 1;
  const squarings = Math.max(0, Math.ceil(Math.log2(Math.log(k) / Math.log1p(spectralSlack)) - 2));
  for (let i = 0; k > 1 && i <= squarings; i++) {
    // tr B_i² is the sum of squares, since B_i is symmetric: the last product need not be made.
    const trace = g.max(g.sum(g.square(power)), tiny);
    logScale = g.add(g.mul(2, logScale), g.log(trace));
    exponent *= 2;
    if (i === squarings) break;
    power = g.div(g.matrixProduct(power, power), trace);
    product = g.matrixProduct(product, power);
  }
  const value = g.mul(logScale, 1 / (2 * exponent));
  const direction =
    k === 1 ? scaled : isTall ? g.matrixProduct(scaled, product) : g.matrixProduct(product, scaled);
  const slope = g.div(direction, g.max(g.sum(g.mul(direction, w)), tiny));
  return g.add(g.stopGradient(value), zeroWithGradient(g.sum(g.mul(g.stopGradient(slope), weights))));
}

/** 0, with the derivatives of a value. */
export function zeroWithGradient(value: Expr): Expr {
  return g.sub(value, g.stopGradient(value));
}

/** Logarithm of the norm from 1-norm to 1-norm: the largest column sum. */
export function logOneNorm(weights: Expr): Expr {
  return g.log(g.max(g.maximum(g.sum(g.abs(weights), 0)), tiny));
}

/** Logarithm of the norm from maximum norm to maximum norm: the largest row sum. */
export function logInfinityNorm(weights: Expr): Expr {
  return g.log(g.max(g.maximum(g.sum(g.abs(weights), 1)), tiny));
}

/**
 * Logarithm of an upper bound of the norm from p to q of a shared matrix `[m, n]`, given a = 1/p and b = 1/q, shared
 * scalars in [0, 1].
 *
 * For q >= p, on the segment from (1, 0), where the norm is the largest element, to the diagonal point (t, t), which lies
 * between two of (0, 0), (1/2, 1/2) and (1, 1); for q < p through ||y||_q <= m^(b-a) ||y||_p.
 */
export function logMixedNorm(weights: Expr, a: Expr, b: Expr): Expr {
  const [m, n] = weights.shape as [number, number];
  const largest = g.log(g.max(g.maximum(g.abs(g.reshape(weights, [m * n]))), tiny));
  const share = g.max(g.sub(a, b), 0);
  // Where the diagonal point counts for nothing it may be any.
  const t = g.div(g.min(a, b), g.max(g.sub(1, share), 1e-6));
  // How far the diagonal point is from (1/2, 1/2), towards (0, 0) or (1, 1).
  const away = g.mul(2, g.abs(g.sub(t, 0.5)));
  const corner = g.select(g.less(t, 0.5), logInfinityNorm(weights), logOneNorm(weights));
  const diagonal = g.add(g.mul(g.sub(1, away), logSpectralNorm(weights)), g.mul(away, corner));
  const widened = g.mul(Math.log(m), g.max(g.sub(b, a), 0));
  return g.add(g.add(g.mul(share, largest), g.mul(g.sub(1, share), diagonal)), widened);
}
