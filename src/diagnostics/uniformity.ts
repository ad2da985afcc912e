/**
 * Whether ranks are uniform on 0, 1, ..., draws: the chi-square test, and the distribution function within a band.
 *
 * The band holds the empirical distribution function of uniform ranks at all its points at once with a given probability.
 * At a point z the count of ranks below it is binomial; the band cuts the same probability off the tails of each of these
 * laws. How much, follows from the counts' own law: along the points they are a Markov chain with binomial steps, and the
 * probability to stay inside is summed exactly.
 *
 * T. Säilynoja, P.-C. Bürkner, A. Vehtari, "Graphical test for discrete uniformity and its applications in goodness-of-fit
 * evaluation and multiple sample comparison", Statistics and Computing 32 (2022), section 2.2,
 * https://arxiv.org/abs/2103.10522
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { normalCdf } from "../numerics/special.ts";
import { anyNumber, checkArgument, checkCount, numbers, refuse } from "../options.ts";

/** Points at which the distribution function is compared, at most: more cost time and see hardly more. */
const mostPoints = 50;
/** Bins of the chi-square test at most, and ranks that each must expect. */
const mostBins = 20;
const expectedInBin = 5;

/** Chi-square test of a histogram of ranks. */
export interface ChiSquareTest {
  /** Ranks in each bin; bins are of equal width, or of widths that differ by one rank. */
  readonly counts: readonly number[];
  /** Ranks that each bin would have on average. */
  readonly expected: readonly number[];
  /** Sum of (count - expected)² / expected. */
  readonly statistic: number;
  /** Probability of a statistic at least as large, were the ranks uniform. */
  readonly pValue: number;
}

/** A simultaneous band for the distribution function of ranks. */
export interface RankBand {
  /** Places z in (0, 1): shares of the values that ranks can have. */
  readonly points: readonly number[];
  /** Least share of ranks below z * (draws + 1), inclusive. */
  readonly lower: readonly number[];
  /** Largest such share, inclusive. */
  readonly upper: readonly number[];
}

/** Probability that a chi-square variable exceeds `statistic`; `degrees` at least 1. */
export function chiSquareTail(statistic: number, degrees: number): number {
  const y = statistic / 2;
  if (!(y > 0)) return 1;
  // Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1), from Q(1, y) = e^-y or Q(1/2, y) = erfc(sqrt(y)): all terms are positive.
  const isEven = degrees % 2 === 0;
  let a = isEven ? 1 : 0.5;
  let tail = isEven ? Math.exp(-y) : 2 * normalCdf(-Math.sqrt(2 * y));
  let term = isEven ? Math.exp(-y) * y : (Math.exp(-y) * Math.sqrt(y)) / (Math.sqrt(Math.PI) / 2);
  for (; a + 0.5 < degrees / 2; a++) {
    tail += term;
    term *= y / (a + 1);
  }
  return Math.min(1, tail);
}

/**
 * Chi-square test that ranks are uniform on 0, ..., draws, in at most 20 bins of at least 5 expected ranks each.
 * @throws UsageError if there are fewer than 10 ranks, or one is not a whole number in that range.
 */
export function chiSquareTest(ranks: ArrayLike<number>, draws: number): ChiSquareTest {
  const values = checkRanks(ranks, draws);
  const bins = Math.min(mostBins, values, Math.floor(ranks.length / expectedInBin));
  if (bins < 2)
    throw new UsageError({
      where: "chiSquareTest",
      subject: "ranks",
      expected: `at least ${2 * expectedInBin} ranks`,
      received: String(ranks.length),
    });
  // Rank r is in bin floor(r * bins / values).
  const firstOf = (bin: number): number => Math.ceil((bin * values) / bins);
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < ranks.length; i++) counts[Math.floor((ranks[i]! * bins) / values)]!++;
  const expected = counts.map((_, bin) => (ranks.length * (firstOf(bin + 1) - firstOf(bin))) / values);
  const statistic = counts.reduce(
    (sum, count, bin) => sum + (count - expected[bin]!) ** 2 / expected[bin]!,
    0,
  );
  return { counts, expected, statistic, pValue: chiSquareTail(statistic, bins - 1) };
}

/**
 * Probability that the distribution function of `ranks.length` uniform ranks leaves at some point the smallest band that
 * holds that of these ranks: a test that sees shifts and wrong widths better than a histogram. Exact at its points, 50 at most.
 * @throws UsageError if there are no ranks, or one is not a whole number in 0, ..., draws.
 */
export function bandTest(ranks: ArrayLike<number>, draws: number): number {
  const values = checkRanks(ranks, draws);
  const chain = countsOf(ranks.length, values);
  const histogram = new Float64Array(values);
  for (let i = 0; i < ranks.length; i++) histogram[ranks[i]!]!++;
  let below = 0;
  let from = 0;
  let cut = Number.POSITIVE_INFINITY;
  chain.forEach(({ end, tails }) => {
    for (; from < end; from++) below += histogram[from]!;
    cut = Math.min(cut, tails[below]!);
  });
  // The probability is a sum, which rounding may take above 1.
  return Math.max(0, 1 - probabilityInside(chain, ranks.length, values, cut));
}

/**
 * The band that the distribution function of uniform ranks stays within at all its points with at least this probability.
 * @param count - Number of ranks.
 * @param draws - Ranks are in 0, ..., draws.
 * @param level - In (0, 1) (default 0.95).
 * @throws UsageError if the level is outside, or a count is not a positive integer.
 */
export function rankBand(count: number, draws: number, level = 0.95): RankBand {
  for (const [name, value] of Object.entries({ count, draws, level }))
    checkArgument("rankBand", name, value, anyNumber);
  checkCount("rankBand", "count", count);
  checkCount("rankBand", "draws", draws);
  if (!(level > 0 && level < 1)) refuse("rankBand", "level", "above 0 and below 1", level);
  const values = draws + 1;
  const chain = countsOf(count, values);
  // The largest cut that keeps enough inside, to a thousandth of itself.
  let [low, high] = [0, 1];
  while (high - low > 1e-3 * low && high > 1e-12) {
    const middle = (low + high) / 2;
    if (probabilityInside(chain, count, values, middle) >= level) low = middle;
    else high = middle;
  }
  const bounds = chain.map(({ tails }) => inside(tails, low));
  return {
    points: chain.map(({ end }) => end / values),
    lower: bounds.map(([first]) => first / count),
    upper: bounds.map(([, last]) => last / count),
  };
}

/** The count of ranks below a value: for each count its two-sided tail probability. */
interface Point {
  readonly end: number;
  readonly tails: Float64Array;
}

/** The points, and the laws of the counts there. */
function countsOf(count: number, values: number): Point[] {
  const points = Math.min(mostPoints, values - 1);
  const logs = logFactorialsTo(count);
  return Array.from({ length: points }, (_, j) => {
    const end = Math.round(((j + 1) * values) / (points + 1));
    const mass = binomial(logs, count, end / values, 0, count);
    const tails = new Float64Array(count + 1);
    let sum = 0;
    for (let k = 0; k <= count; k++) tails[k] = sum += mass[k]!;
    sum = 0;
    for (let k = count; k >= 0; k--) tails[k] = 2 * Math.min(tails[k]!, (sum += mass[k]!));
    return { end, tails };
  });
}

/** The first and the last count whose tail is above the cut. */
function inside(tails: Float64Array, cut: number): readonly [first: number, last: number] {
  // Equal up to rounding counts as cut off.
  const isInside = (tail: number): boolean => tail > cut * (1 + 1e-9);
  return [tails.findIndex(isInside), tails.findLastIndex(isInside)];
}

/** Probability that all counts of uniform ranks have tails above the cut. */
function probabilityInside(chain: readonly Point[], count: number, values: number, cut: number): number {
  const logs = logFactorialsTo(count);
  let law = Float64Array.of(1);
  let first = 0;
  let from = 0;
  for (const { end, tails } of chain) {
    const [lower, upper] = inside(tails, cut);
    if (lower < 0) return 0;
    const next = new Float64Array(upper - lower + 1);
    const share = (end - from) / (values - from);
    for (let i = 0; i < law.length; i++) {
      const rest = count - first - i;
      const step = binomial(logs, rest, share, lower - first - i, upper - first - i);
      for (let j = 0; j < step.length; j++) next[j]! += law[i]! * step[j]!;
    }
    [law, first, from] = [next, lower, end];
  }
  return law.reduce((sum, probability) => sum + probability, 0);
}

/** Logarithms of 0!, ..., n!. */
function logFactorialsTo(n: number): Float64Array {
  const out = new Float64Array(n + 1);
  for (let k = 1; k <= n; k++) out[k] = out[k - 1]! + Math.log(k);
  return out;
}

/** Probabilities of from, ..., to successes of n; 0 where there can be no such count. */
function binomial(logs: Float64Array, n: number, share: number, from: number, to: number): Float64Array {
  const out = new Float64Array(to - from + 1);
  const [hit, miss] = [Math.log(share), Math.log1p(-share)];
  for (let k = Math.max(0, from); k <= Math.min(n, to); k++)
    out[k - from] = Math.exp(logs[n]! - logs[k]! - logs[n - k]! + k * hit + (n - k) * miss);
  return out;
}

/** The number of values that ranks can have. */
function checkRanks(ranks: ArrayLike<number>, draws: number): number {
  checkArgument("ranks", "they", ranks, numbers);
  checkArgument("ranks", "draws", draws, anyNumber);
  checkCount("ranks", "draws", draws);
  if (ranks.length === 0)
    throw new UsageError({ subject: "ranks", expected: "at least one rank", received: "none" });
  for (let i = 0; i < ranks.length; i++)
    if (!(Number.isInteger(ranks[i]) && ranks[i]! >= 0 && ranks[i]! <= draws))
      throw new UsageError({
        subject: "ranks",
        expected: `whole numbers from 0 to ${draws}`,
        received: `${ranks[i]}`,
      });
  return draws + 1;
}
