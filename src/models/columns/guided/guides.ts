/**
 * Guides: where the cells of a column probably are, once later columns are known. The model draws a cell from those before it alone; a
 * column that a later, known one says to three digits is then hit by one draw of a thousand. A guide is fitted to weighted candidates and
 * proposes cells in the model's place, and weights by p / q keep what is drawn right, whatever the guide is:
 *
 *     q(cell | before) = (1 - a) p(cell | before) + a g(cell | before),   a = 0.8
 *
 * So no weight is more than 5 times what it would be without the guide (a defensive mixture; T. Hesterberg, "Weighted average importance
 * sampling and defensive mixture distributions", 1995). For levels g is a table of shares. For numbers it is a linear function of the
 * numbers before, those that were not known, plus an innovation whose distribution is a histogram.
 *
 * @module
 */

import { boundsOf, type DensityColumn, hasLevels, levelsOf, stepOf } from "../column.ts";
import type { ColumnLayout } from "../columnsDensity.ts";

/** Share of the cells that come from a guide: a in the head of this file. */
export const guidedShare = 0.8;
/** Nats that a guide must gain on the model's own distribution to be used. */
const leastGain = 0.2;
/** Histograms have so many bins, one for so many effective candidates. */
const binsOfHistogram = { least: 6, most: 32, candidates: 8 } as const;
/** Bins on both sides of a histogram, from the inside: widths in those of all others together, and shares. */
const tails = [
  { width: 0.3, share: 0.03 },
  { width: 2, share: 0.02 },
  { width: 20, share: 0.01 },
] as const;
/** Share of the candidates that are beyond the other bins, on each side. */
const beyondBins = 0.02;
/** Share of the levels that are proposed whatever the candidates say. */
const anyLevel = 0.1;
/** A number before counts where the share of the variance that it explains is so many times what chance explains. */
const beyondChance = 9;

/** By column in the order of the model: what a number is beyond what the numbers before say, by candidate. */
export type Innovations = readonly (Float64Array | undefined)[];

/** Proposes the cells of a column. */
export interface Guide {
  /** A cell, from a number between 0 and 1. */
  draw(row: number, innovations: Innovations, uniform: number): number;
  /** Logarithm of the density, or mass, of a cell; minus infinity where it proposes none such. */
  logDensity(row: number, innovations: Innovations, cell: number): number;
}

/** What is known of one column from weighted candidates. */
export interface ColumnGuide {
  /** Absent where the model's own distribution is as good. */
  readonly guide?: Guide | undefined;
  /** What a number is beyond what the numbers before say; absent of levels. 0 for a missing cell. */
  readonly innovation?: ((row: number, innovations: Innovations, cell: number) => number) | undefined;
}

/** A guide that was fitted. */
type Fitted = ColumnGuide & { readonly guide: Guide };

/** Candidates with weights. */
export interface WeightedCells {
  /** Of each column of the model's order the cells, where it is drawn. */
  readonly cells: readonly (Float64Array | undefined)[];
  /** Of those columns the logarithms of the model's density or mass. */
  readonly logProbs: readonly (Float64Array | undefined)[];
  /** They add up to 1. */
  readonly weights: Float64Array;
  /** As how many independent candidates they count. */
  readonly effectiveSize: number;
}

/** Logarithm of q in the head of this file. */
export function logMixture(logProb: number, logGuide: number): number {
  return Math.log((1 - guidedShare) * Math.exp(logProb) + guidedShare * Math.exp(logGuide));
}

/** Fits a guide to each column that is drawn, and keeps those that gain. */
export function fitGuides(
  columns: readonly ColumnLayout[],
  { cells, logProbs, weights, effectiveSize }: WeightedCells,
): readonly ColumnGuide[] {
  const innovations: (Float64Array | undefined)[] = [];
  return columns.map(({ column }, j) => {
    const own = cells[j];
    if (!own || column.kind === "angle") return {};
    const fitted: Fitted | undefined = hasLevels(column)
      ? { guide: levelGuide(levelsOf(column), own, weights) }
      : numberGuide(column, own, weights, innovations, effectiveSize);
    if (!fitted) return {};
    const { innovation } = fitted;
    if (innovation) innovations[j] = own.map((cell, row) => innovation(row, innovations, cell));
    let gain = 0;
    own.forEach((cell, row) => {
      if (weights[row] === 0) return;
      const logProb = logProbs[j]![row]!;
      gain +=
        weights[row]! * (logMixture(logProb, fitted.guide.logDensity(row, innovations, cell)) - logProb);
    });
    return gain > leastGain ? fitted : { innovation };
  });
}

/** Levels by their shares. */
function levelGuide(levels: number, cells: Float64Array, weights: Float64Array): Guide {
  const shares = new Float64Array(levels);
  cells.forEach((cell, row) => {
    if (!Number.isNaN(cell)) shares[cell]! += weights[row]!;
  });
  const all = shares.reduce((a, b) => a + b, 0);
  shares.forEach((share, level) => {
    shares[level] = ((1 - anyLevel) * share) / all + anyLevel / levels;
  });
  return {
    draw(_row, _innovations, uniform) {
      let rest = uniform;
      let level = 0;
      while (level < levels - 1 && rest >= shares[level]!) rest -= shares[level++]!;
      return level;
    },
    logDensity: (_row, _innovations, cell) => Math.log(shares[cell] ?? 0),
  };
}

/** Numbers by those before, and a histogram of what these do not say; undefined where all are one. */
function numberGuide(
  column: DensityColumn,
  cells: Float64Array,
  weights: Float64Array,
  before: Innovations,
  effectiveSize: number,
): Fitted | undefined {
  const there = cells.map((cell, row) => (Number.isNaN(cell) ? 0 : weights[row]!));
  const all = there.reduce((a, b) => a + b, 0);
  const mean = cells.reduce((sum, cell, row) => (there[row]! > 0 ? sum + there[row]! * cell : sum), 0) / all;
  const rest = cells.map((cell) => (Number.isNaN(cell) ? 0 : cell - mean));
  const meanSquare = (x: Float64Array): number =>
    x.reduce((sum, value, row) => (there[row]! > 0 ? sum + there[row]! * value ** 2 : sum), 0) / all;
  if (!(meanSquare(rest) > 0)) return undefined;
  // Innovations before do not depend on each other, so each has its slope for itself.
  const slopes: { readonly of: number; readonly slope: number }[] = [];
  before.forEach((innovation, of) => {
    const [square, spread] = [innovation ? meanSquare(innovation) : 0, meanSquare(rest)];
    if (!innovation || !(square > 0)) return;
    const slope =
      innovation.reduce(
        (sum, value, row) => (there[row]! > 0 ? sum + there[row]! * value * rest[row]! : sum),
        0,
      ) /
      all /
      square;
    if (!((slope ** 2 * square) / spread > beyondChance / effectiveSize)) return;
    slopes.push({ of, slope });
    for (let row = 0; row < rest.length; row++) rest[row]! -= slope * innovation[row]!;
  });
  const centerOf = (row: number, innovations: Innovations): number =>
    slopes.reduce((sum, { of, slope }) => sum + slope * innovations[of]![row]!, mean);
  const smallest = 1e-13 * (Math.abs(mean) + Math.sqrt(meanSquare(rest))) + Number.MIN_VALUE;
  const histogram = histogramOf(rest, there, effectiveSize, smallest);
  const step = stepOf(column);
  const { from = 0 } = column;
  const [lower, upper] = boundsOf(column);
  const half = (step ?? 0) / 2;
  /** Shares of the histogram that are within the column's bounds. */
  const within = (center: number): readonly [number, number] => [
    shareBelow(histogram, lower - half - center),
    shareBelow(histogram, upper + half - center),
  ];
  return {
    innovation: (row, innovations, cell) => (Number.isNaN(cell) ? 0 : cell - centerOf(row, innovations)),
    guide: {
      draw(row, innovations, uniform) {
        const center = centerOf(row, innovations);
        const [low, high] = within(center);
        const cell = center + valueAt(histogram, low + uniform * (high - low));
        if (step === undefined) return cell;
        // Without the digits that the product adds.
        return Number((from + step * Math.round((cell - from) / step)).toPrecision(15));
      },
      logDensity(row, innovations, cell) {
        if (Number.isNaN(cell)) return Number.NEGATIVE_INFINITY;
        const center = centerOf(row, innovations);
        const [low, high] = within(center);
        const at = cell - center;
        const density =
          step === undefined
            ? densityAt(histogram, at)
            : shareBelow(histogram, at + half) - shareBelow(histogram, at - half);
        return Math.log(density) - Math.log(high - low);
      },
    },
  };
}

/** A density that is constant between knots. */
interface Histogram {
  readonly knots: Float64Array;
  /** Shares below the knots, from 0 to 1. */
  readonly below: Float64Array;
}

/**
 * A histogram whose bins have equal shares of the weights, and tails on both sides: a value beyond all candidates, where the guide had
 * nothing, would weigh more than all of them.
 */
function histogramOf(
  values: Float64Array,
  weights: Float64Array,
  effectiveSize: number,
  smallest: number,
): Histogram {
  const { least, most, candidates } = binsOfHistogram;
  const bins = Math.round(Math.min(most, Math.max(least, effectiveSize / candidates)));
  const order = Array.from(values.keys())
    .filter((row) => weights[row]! > 0)
    .sort((a, b) => values[a]! - values[b]!);
  const all = order.reduce((sum, row) => sum + weights[row]!, 0);
  const inner = new Float64Array(bins + 1);
  let [reached, at] = [0, 0];
  for (let k = 0; k <= bins; k++) {
    const share = beyondBins + (1 - 2 * beyondBins) * (k / bins);
    while (at < order.length - 1 && reached + weights[order[at]!]! < share * all)
      reached += weights[order[at++]!]!;
    inner[k] = Math.max(values[order[at]!]!, k > 0 ? inner[k - 1]! + smallest : Number.NEGATIVE_INFINITY);
  }
  const size = inner[bins]! - inner[0]!;
  const core = 1 - 2 * tails.reduce((sum, { share }) => sum + share, 0);
  const knots = Array.from(inner);
  const shares = new Array<number>(bins).fill(core / bins);
  for (const { width, share } of tails) {
    knots.unshift(knots[0]! - width * size);
    knots.push(knots[knots.length - 1]! + width * size);
    shares.unshift(share);
    shares.push(share);
  }
  const below = new Float64Array(knots.length);
  shares.forEach((share, bin) => {
    below[bin + 1] = below[bin]! + share;
  });
  return { knots: Float64Array.from(knots), below: below.map((share) => share / below[shares.length]!) };
}

/** The last bin that begins at a number or below it, among numbers in ascending order. */
function binOf(begins: Float64Array, number: number): number {
  let [low, high] = [0, begins.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (begins[middle]! <= number) low = middle;
    else high = middle - 1;
  }
  return low;
}

function shareBelow({ knots, below }: Histogram, value: number): number {
  if (!(value > knots[0]!)) return 0;
  if (value >= knots[knots.length - 1]!) return 1;
  const bin = binOf(knots, value);
  const part = (value - knots[bin]!) / (knots[bin + 1]! - knots[bin]!);
  return below[bin]! + part * (below[bin + 1]! - below[bin]!);
}

function valueAt({ knots, below }: Histogram, share: number): number {
  const bin = binOf(below, share);
  const part = (share - below[bin]!) / (below[bin + 1]! - below[bin]!);
  return knots[bin]! + part * (knots[bin + 1]! - knots[bin]!);
}

function densityAt({ knots, below }: Histogram, value: number): number {
  if (!(value >= knots[0]! && value <= knots[knots.length - 1]!)) return 0;
  const bin = binOf(knots, value);
  return (below[bin + 1]! - below[bin]!) / (knots[bin + 1]! - knots[bin]!);
}
