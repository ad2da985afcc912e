/**
 * How far two cells of a column are apart, in a measure that is the same for all columns, whatever their kind and units.
 *
 * Of numbers it is the mean of two differences, both of which have the mean square 2 over pairs of rows that are drawn at random: that in
 * standard deviations, and that of the normal scores of mid-ranks, `z(x) = Φ⁻¹((below + half of those equal) / n)`. The first knows how
 * far out a value is; the second does not care how a column was transformed, nor who is far out beside it. Of levels, and of whether a
 * cell is missing, a pair that differs is the farther apart the rarer its levels are, with the same mean square. So a column counts as much
 * as another, and its units cancel.
 *
 * @module
 */

import { normalQuantile } from "../../numerics/special.ts";
import { unknownLevel } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";

/** Distances from one cell to those of the reference rows. */
export interface ColumnDistance {
  /** Writes the distance of each reference row's cell from a cell: `out[start + i]` of row i. */
  distances(cell: number, out: Float64Array, start: number): void;
  /**
   * What to expect in the place of a cell where some reference rows are alike in all else: the median of their cells, the level that most
   * of them have; not a number where most are missing.
   * @param rows - Places of the reference rows, one at least.
   */
  typical(rows: Uint32Array): number;
}

/** Mean square of a distance over pairs of rows that are drawn at random. */
const meanSquare = 2;
/** A pair that differs is never farther apart than if 1 pair in 50 did: what hardly ever happens would else be all that counts. */
const rarestPair = 0.02;

/** The distance of two that differ, where this share of pairs does. */
const distanceOfPair = (share: number): number => Math.sqrt(meanSquare / Math.max(share, rarestPair));

/** Share of pairs that differ, of what occurs so many times. */
function shareOfPairs(counts: Iterable<number>): number {
  let total = 0;
  let squares = 0;
  for (const count of counts) {
    total += count;
    squares += count * count;
  }
  return total === 0 ? 0 : 1 - squares / total ** 2;
}

/**
 * The distances of a column's cells.
 * @param reference - Cells of the reference rows, as `cellsOf` gives them.
 */
export function columnDistance(schema: ColumnSchema, reference: Float64Array): ColumnDistance {
  const present = reference.filter((cell) => !Number.isNaN(cell));
  const missing = reference.length - present.length;
  // A column that is never missing here says nothing about a cell that is: it counts for nothing.
  const gap = missing === 0 ? 0 : distanceOfPair(shareOfPairs([missing, present.length]));
  const between = present.length === 0 ? undefined : betweenValues(schema, reference, present);
  const isMissing = Uint8Array.from(reference, (cell) => Number(Number.isNaN(cell)));
  return {
    distances(cell, out, start) {
      if (Number.isNaN(cell)) {
        for (let i = 0; i < reference.length; i++) out[start + i] = isMissing[i] ? 0 : gap;
        return;
      }
      between?.(cell, out, start);
      if (missing > 0) for (let i = 0; i < reference.length; i++) if (isMissing[i]) out[start + i] = gap;
    },
    typical(rows) {
      const cells = Float64Array.from(rows, (row) => reference[row]!).filter((cell) => !Number.isNaN(cell));
      if (2 * cells.length < rows.length) return Number.NaN;
      if (isOrdered(schema)) return cells.sort()[(cells.length - 1) >> 1]!;
      return mostFrequent(cells);
    },
  };
}

/** Writes distances of values from a value. */
type BetweenValues = (value: number, out: Float64Array, start: number) => void;

const isOrdered = ({ kind }: ColumnSchema): boolean => kind !== "categorical" && kind !== "angle";

function betweenValues(
  schema: ColumnSchema,
  reference: Float64Array,
  present: Float64Array,
): BetweenValues | undefined {
  const { kind, levels = [] } = schema;
  // Two values are levels whatever they are called: 0 and 1, no and yes, 0 and 1000.
  if (kind === "categorical" || kind === "boolean") return betweenLevels(reference, present);
  if (kind === "angle") return betweenAngles(schema, reference, present);
  if (kind !== "ordinal" || !levels.every((level) => typeof level === "number"))
    return betweenNumbers(reference, present);
  // Few numbers in unequal steps: in other units they may be whole numbers, and no levels.
  const numberOf = (cell: number): number => levels[cell] as number;
  const between = betweenNumbers(reference.map(numberOf), present.map(numberOf));
  const betweenOthers = betweenLevels(reference, present);
  // Of a number that is none of the levels nothing is known but that.
  return (cell, out, start) =>
    cell === unknownLevel ? betweenOthers(cell, out, start) : between(numberOf(cell), out, start);
}

function countsOf(values: Float64Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** The value that occurs most often; of several the smallest. */
function mostFrequent(values: Float64Array): number {
  let [best, most] = [Number.NaN, 0];
  for (const [value, count] of countsOf(values))
    if (count > most || (count === most && value < best)) [best, most] = [value, count];
  return best;
}

/** The distance of chi-square: two levels that differ are the farther apart, the rarer they are. Of two levels it is that of numbers. */
function betweenLevels(reference: Float64Array, present: Float64Array): BetweenValues {
  const counts = countsOf(present);
  const rarity = (level: number): number =>
    1 / Math.max((counts.get(level) ?? 0) / present.length, rarestPair / 2);
  const scale = meanSquare / (2 * Math.max(1, counts.size - 1));
  const rarities = reference.map(rarity);
  return (level, out, start) => {
    const own = rarity(level);
    for (let i = 0; i < reference.length; i++)
      out[start + i] = reference[i] === level ? 0 : Math.sqrt(scale * (own + rarities[i]!));
  };
}

/** Chords of the circle. */
function betweenAngles(
  { period = 360 }: ColumnSchema,
  reference: Float64Array,
  present: Float64Array,
): BetweenValues {
  const turn = (2 * Math.PI) / period;
  const cosines = reference.map((angle) => Math.cos(turn * angle));
  const sines = reference.map((angle) => Math.sin(turn * angle));
  const { length } = present;
  const cosine = present.reduce((sum, angle) => sum + Math.cos(turn * angle) / length, 0);
  const sine = present.reduce((sum, angle) => sum + Math.sin(turn * angle) / length, 0);
  const scale = distanceOfPair(2 * (1 - cosine ** 2 - sine ** 2));
  return (angle, out, start) => {
    const [x, y] = [Math.cos(turn * angle), Math.sin(turn * angle)];
    for (let i = 0; i < reference.length; i++)
      out[start + i] = scale * ((x - cosines[i]!) ** 2 + (y - sines[i]!) ** 2);
  };
}

function betweenNumbers(reference: Float64Array, present: Float64Array): BetweenValues {
  const sorted = present.slice().sort();
  const n = sorted.length;
  const middle = sorted[n >> 1]!;
  const mean = sorted.reduce((sum, value) => sum + (value - middle) / n, middle);
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2 / n, 0));
  if (!(deviation > 0) || !Number.isFinite(deviation)) return betweenLevels(reference, present);
  const score = (value: number): number =>
    normalQuantile(
      (0.5 * (countBelow(sorted, value, false) + countBelow(sorted, value, true)) + 0.5) / (n + 1),
    );
  const scores = sorted.map(score);
  const scoreDeviation = Math.sqrt(
    scores.reduce((sum, z) => sum + z ** 2 / n, 0) - scores.reduce((sum, z) => sum + z / n, 0) ** 2,
  );
  const ranks = reference.map((value) => score(value) / scoreDeviation);
  const places = reference.map((value) => (value - middle) / deviation);
  return (value, out, start) => {
    const rank = score(value) / scoreDeviation;
    const place = (value - middle) / deviation;
    for (let i = 0; i < reference.length; i++)
      out[start + i] = 0.5 * (Math.abs(place - places[i]!) + Math.abs(rank - ranks[i]!));
  };
}

/** How many of sorted values are below a value, or at most it. */
function countBelow(sorted: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
