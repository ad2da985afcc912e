/**
 * The log evidence by samples of two proposals: the flow, and the same flow on a wider base with heavy tails.
 *
 * Of n points from q and k from s, all are points of m = (n q + k s) / (n + k), and
 *
 *     Z = E_m p / m,  with the control variate (q - s) / m, whose mean is 0
 *
 * (A. Owen, Y. Zhou, "Safe and effective importance sampling", JASA 95 (2000)). Where p is Z q it is exact. Weights are bounded
 * where either proposal reaches, so that the tails that q alone would miss are part of the estimate and of its error.
 *
 * @module
 */

/** Points of both proposals, one element a point: logarithms of densities over the same space, in nats. */
export interface ProposedPoints {
  /** Of the density whose integral is wanted. */
  readonly target: Float64Array;
  /** Of the flow. */
  readonly flow: Float64Array;
  /** Of the wide proposal. */
  readonly wide: Float64Array;
  /** How many of the points, the first, are of the flow. */
  readonly ofFlow: number;
}

/** What they say. */
export interface Evidence {
  readonly logEvidence: number;
  /** Standard error, in nats. */
  readonly error: number;
  /** Share of the mass that lies where the flow has less than a twentieth of its part. */
  readonly missed: number;
  /** Share of the mass at each point, estimated; their sum is 1. */
  readonly shares: Float64Array;
}

/** Nats that roundings of densities may add up to: where the flow is exact, residuals alone are below what can be known. */
const roundings = 1e-6;
/** Parts of the mass below which the flow is said to miss it. */
const least = 1 / 20;

/** Estimates the evidence; points where the density is not a number count as without mass. */
export function evidenceOf({ target, flow, wide, ofFlow }: ProposedPoints): Evidence {
  const n = target.length;
  const share = ofFlow / n;
  const ratios = new Float64Array(n);
  const controls = new Float64Array(n);
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const high = Math.max(flow[i]!, wide[i]!);
    const [q, s] = [Math.exp(flow[i]! - high), Math.exp(wide[i]! - high)];
    const mixed = share * q + (1 - share) * s;
    controls[i] = (q - s) / mixed;
    const ratio = target[i]! - high - Math.log(mixed);
    ratios[i] = ratio < Number.POSITIVE_INFINITY ? ratio : Number.NEGATIVE_INFINITY;
    top = Math.max(top, ratios[i]!);
  }
  const values = ratios.map((ratio) => Math.exp(ratio - top));
  const mean = (of: Float64Array): number => of.reduce((sum, value) => sum + value, 0) / n;
  const [value, control] = [mean(values), mean(controls)];
  let [product, square] = [0, 0];
  for (let i = 0; i < n; i++) {
    product += (values[i]! - value) * (controls[i]! - control);
    square += (controls[i]! - control) ** 2;
  }
  const slope = square > 0 ? product / square : 0;
  const estimate = value - slope * control;
  let residual = 0;
  for (let i = 0; i < n; i++)
    residual += (values[i]! - value - slope * (controls[i]! - control)) ** 2 / (n - 1) / n;
  let missed = 0;
  for (let i = 0; i < n; i++)
    if (flow[i]! < target[i]! - top - Math.log(estimate) + Math.log(least)) missed += values[i]!;
  return {
    logEvidence: top + Math.log(estimate),
    error: Math.hypot(Math.sqrt(residual) / estimate, roundings),
    missed: missed / (n * value),
    shares: values.map((weight) => weight / (n * value)),
  };
}

/** Largest ratio of the mass of a stretch to that of the one before, half as long: 0.5 is that of 1 / s^2. */
const slowestFall = 0.7;

/**
 * Share of the mass beyond the reach of the numbers without bounds, estimated by how it falls off before: a parameter far from its
 * bounds, such as exp(300), is as far as it can be told, and a heavy tail goes on. Of a tail s^-a the mass from half the reach to
 * the reach is 2^a times that of the next such stretch, so that the rest is a geometric series. 0 where no mass is near the reach.
 *
 * @param unbounded - `rows x reach.length` numbers, row-major.
 * @param shares - Share of the mass at each row.
 * @param reach - Largest number told from others, for each column; infinite where there is no bound.
 */
export function shareBeyond(unbounded: Float64Array, shares: Float64Array, reach: readonly number[]): number {
  let beyond = 0;
  reach.forEach((farthest, column) => {
    if (farthest === Number.POSITIVE_INFINITY) return;
    let [inner, outer] = [0, 0];
    shares.forEach((share, row) => {
      const part = Math.abs(unbounded[row * reach.length + column]!) / farthest;
      if (part > 0.5 && part <= 1) outer += share;
      else if (part > 0.25 && part <= 0.5) inner += share;
    });
    if (outer === 0) return;
    const fall = Math.min(slowestFall, outer / inner);
    beyond += (outer * fall) / (1 - fall);
  });
  return beyond;
}
