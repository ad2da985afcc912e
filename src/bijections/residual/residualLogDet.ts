/**
 * log det(I + J), J = dg/dx the Jacobian of a contraction g: exact, by a series, and by an estimate for training.
 *
 *     exact      log of the pivots of I + J, eliminated without exchanges of rows
 *     series     sum_k=1..n (-1)^(k+1) tr(J^k) / k,   off by at most  features (-log(1 - L) - sum_k=1..n L^k / k)
 *     estimate   sum_k=1..N (-1)^(k+1) c_k vᵀ J^k v / k,   N random, c_k = 1 / P(N >= k), E[v vᵀ] = I
 *
 * Elimination needs no exchanges: a principal submatrix of J has a norm below 1 as J has, in every p-norm, so that all
 * leading minors of I + J are positive, and each pivot is at least 1 - L.
 *
 * The estimate is unbiased, and so is its gradient, which is not that of the series but of
 *
 *     wᵀ J v,   w = sum_k=0..N (-1)^k c_k (Jᵀ)^k v   held fixed                       d log det(I + J) = tr((I + J)^-1 dJ)
 *
 * (Neumann's series for the inverse), so that the loop over k keeps nothing for the backward pass. wᵀ J v itself
 * estimates tr(J (I + J)^-1), another number: the value is the series', the gradient alone is this one's. Both are a value
 * of each row, so that whatever multiplies the log-determinant of a row multiplies its own gradient: weights of rows are
 * right.
 *
 * R. Chen, J. Behrmann, D. Duvenaud, J.-H. Jacobsen, "Residual Flows for Invertible Generative Modeling", NeurIPS 2019,
 * theorems 1 and 2, equations 6 to 8, https://arxiv.org/abs/1906.02735
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { zeroWithGradient } from "../../networks/inducedNorm.ts";
import type { Linearized } from "../../networks/lipschitzNetwork.ts";
import { checkArgument, count, numberOf, wholeNumber } from "../../options.ts";
import type { RandomStream } from "../../random/philox.ts";

/** Up to so many rows elimination goes row by row. */
const fewRows = 12;

/**
 * log det of a matrix whose leading minors are all positive, given its rows: about n³ / 3 multiplications. Few rows: in
 * n² / 2 steps on parts of rows, which are not copied; many, in n steps, which copy and compile in less time.
 */
export function logDetByElimination(rows: readonly Expr[]): Expr {
  const pivots = rows.length <= fewRows ? pivotsByRows(rows) : pivotsByMatrix(rows);
  return g.sum(g.log(g.concatenate(pivots)));
}

function pivotsByRows(matrix: readonly Expr[]): Expr[] {
  const pivots: Expr[] = [];
  let rows = matrix;
  while (rows.length > 0) {
    const [first, ...below] = rows as [Expr, ...Expr[]];
    const { length } = rows;
    const pivot = g.slice(first, 0, 1);
    pivots.push(pivot);
    if (below.length === 0) break;
    const rest = g.slice(first, 1, length);
    rows = below.map((row) => g.sub(g.slice(row, 1, length), g.mul(g.div(g.slice(row, 0, 1), pivot), rest)));
  }
  return pivots;
}

function pivotsByMatrix(rows: readonly Expr[]): Expr[] {
  const pivots: Expr[] = [];
  let rest = g.concatenate(rows);
  for (let size = rows.length; size > 0; size--) {
    const below = size - 1;
    const pick = (shape: readonly number[], index: (row: number, column: number) => number): Expr => {
      const [height, width] = [shape[0]!, shape[1]!];
      const indices = Int32Array.from({ length: height * width }, (_, i) =>
        index(Math.floor(i / width), i % width),
      );
      return g.gather(rest, indices, shape);
    };
    const pivot = pick([1, 1], () => 0);
    pivots.push(g.reshape(pivot, [1]));
    if (below === 0) break;
    const column = g.div(
      pick([below, 1], (row) => (row + 1) * size),
      g.reshape(pivot, []),
    );
    const row = pick([1, below], (_, column) => column + 1);
    const corner = pick([below, below], (row, column) => (row + 1) * size + column + 1);
    rest = g.sub(corner, g.mul(column, row));
  }
  return pivots;
}

/** log det(I + J) of a contraction at a point; costs n directional derivatives and an elimination. */
export function exactLogDet({ value, push }: Linearized): Expr {
  const n = value.shape[0]!;
  const unit = (k: number): Expr => g.constant(Float64Array.from({ length: n }, (_, i) => Number(i === k)));
  // Row k of the transpose is the derivative along x_k.
  return logDetByElimination(Array.from({ length: n }, (_, k) => g.add(push(unit(k)), unit(k))));
}

/**
 * The series up to J^terms, its traces estimated by probes v (`[n]` each, E[v vᵀ] = I). With the n unit vectors times √n
 * the traces are exact.
 */
export function seriesLogDet({ pull }: Linearized, terms: number, probes: readonly Expr[]): Expr {
  const sums = probes.map((probe) => {
    let power: Expr = probe;
    let sum: Expr = g.constant(0);
    for (let k = 1; k <= terms; k++) {
      power = pull(power);
      sum = g.add(sum, g.mul((k % 2 === 1 ? 1 : -1) / k, g.sum(g.mul(power, probe))));
    }
    return sum;
  });
  return g.mul(1 / probes.length, sums.reduce(g.add));
}

/** A bound of what a series of so many terms leaves out, in nats, for a Lipschitz constant below 1. */
export function seriesError(features: number, lipschitz: number, terms: number): number {
  checkArgument("seriesError", "features", features, count);
  checkArgument(
    "seriesError",
    "lipschitz",
    lipschitz,
    numberOf("above 0 and below 1", (x) => x > 0 && x < 1),
  );
  checkArgument("seriesError", "terms", terms, wholeNumber("a whole number up to 100,000", 0, 1e5));
  let left = -Math.log1p(-lipschitz);
  for (let k = 1; k <= terms; k++) left -= lipschitz ** k / k;
  return features * Math.max(0, left);
}

/** The law of the number of terms of an estimate: `exactTerms` and a geometric number more. */
export interface Roulette {
  /** Terms that are always there. */
  readonly exactTerms: number;
  /** Probability of stopping after each further term; 1 - stop is that of going on. */
  readonly stop: number;
}

/** Chen's own: 2 terms, and 1, 2, 3, ... more with probability 1/2, 1/4, 1/8, ... */
export const defaultRoulette: Roulette = { exactTerms: 2, stop: 0.5 };

/** No estimate has more terms: the probability that one would is below 1e-12. */
export function mostTerms({ exactTerms, stop }: Roulette): number {
  return exactTerms + Math.max(1, Math.ceil(Math.log(1e-12) / Math.log1p(-Math.min(stop, 1 - 1e-12))));
}

/** Draws a number of terms. */
export function drawTerms(roulette: Roulette, stream: RandomStream): number {
  const { exactTerms, stop } = roulette;
  const extraTerms = 1 + Math.floor(Math.log(stream.uniform()) / Math.log1p(-Math.min(stop, 1 - 1e-12)));
  return Math.min(mostTerms(roulette), exactTerms + extraTerms);
}

/**
 * The estimate of log det(I + J); see the head of the file. Costs a product with Jᵀ a term, and a directional
 * derivative that the gradient goes through; memory is that of two vectors, whatever the number of terms.
 *
 * @param probe - v `[n]`, random.
 * @param terms - N, a scalar, drawn by {@link drawTerms}.
 */
export function estimatedLogDet(
  { push, pull }: Linearized,
  probe: Expr,
  terms: Expr,
  roulette: Roulette,
): Expr {
  const n = probe.shape[0]!;
  const { exactTerms, stop } = roulette;
  const v = g.stopGradient(probe);
  // The state: (Jᵀ)^k v, w, the sum, and k, (-1)^k and c_k of the next term.
  const start = g.concatenate([v, v, g.constant(0), g.constant(1), g.constant(-1), g.constant(1)]);
  const initial = g.mul(g.rowMark(), start);
  const finalState = g.iterate(initial, mostTerms(roulette), (state) => {
    const [power, w, rest] = [
      [0, n],
      [n, 2 * n],
      [2 * n, 2 * n + 4],
    ].map(([from, to]) => g.slice(state, from!, to!)) as [Expr, Expr, Expr];
    const [sum, k, sign, c] = [0, 1, 2, 3].map((i) => g.slice(rest, i, i + 1)) as [Expr, Expr, Expr, Expr];
    const next = pull(power);
    const weight = g.mul(sign, c);
    const trace = g.sum(g.mul(next, v));
    return {
      state: g.concatenate([
        next,
        g.add(w, g.mul(g.reshape(weight, []), next)),
        g.sub(sum, g.div(g.mul(weight, trace), k)),
        g.add(k, 1),
        g.neg(sign),
        // P(N >= k) is 1 up to the first of the further terms, which is always there.
        g.select(g.lessEqual(k, exactTerms), 1, g.mul(c, 1 / (1 - stop))),
      ]),
      done: g.reshape(g.lessEqual(terms, k), []),
    };
  });
  const fixed = g.stopGradient(finalState);
  const w = g.slice(fixed, n, 2 * n);
  const sum = g.reshape(g.slice(fixed, 2 * n, 2 * n + 1), []);
  const product = push(v);
  return g.add(sum, zeroWithGradient(g.sum(g.mul(w, product))));
}
