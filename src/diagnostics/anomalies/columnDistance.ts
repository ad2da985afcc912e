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

import { countBelow } from "../../numerics/countBelow.ts";
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
  const presentCells = reference.filter((cell) => !Number.isNaN(cell));
  const missing = reference.length - presentCells.length;
  // A column that is never missing here says nothing about a cell that is: it counts for nothing.
  const missingDistance = missing === 0 ? 0 : distanceOfPair(shareOfPairs([missing, presentCells.length]));
  const valueDistances =
    presentCells.length === 0 ? undefined : betweenValues(schema, reference, presentCells);
  const isMissing = Uint8Array.from(reference, (cell) => Number(Number.isNaN(cell)));
  return {
    distances(cell, out, start) {
      if (Number.isNaN(cell)) {
        for (let i = 0; i < reference.length; i++) out[start + i] = isMissing[i] ? 0 : missingDistance;
        return;
      }
      valueDistances?.(cell, out, start);
      if (missing > 0)
        for (let i = 0; i < reference.length; i++) if (isMissing[i]) out[start + i] = missingDistance;
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
  presentCells: Float64Array,
): BetweenValues | undefined {
  const { kind, levels = [] } = schema;
  // Two values are levels whatever they are called: 0 and 1, no and yes, 0 and 1000.
  if (kind === "categorical" || kind === "boolean") return betweenLevels(reference, presentCells);
  if (kind === "angle") return betweenAngles(schema, reference, presentCells);
  if (kind !== "ordinal" || !levels.every((level) => typeof level === "number"))
    return betweenNumbers(reference, presentCells);
  // Few numbers in unequal steps: in other units they may be whole numbers, and no levels.
  const numberOf = (cell: number): number => levels[cell] as number;
  const valueDistances = betweenNumbers(reference.map(numberOf), presentCells.map(numberOf));
  const levelDistances = betweenLevels(reference, presentCells);
  // Of a number that is none of the levels nothing is known but that.
  return (cell, out, start) =>
    cell === unknownLevel ? levelDistances(cell, out, start) : valueDistances(numberOf(cell), out, start);
}

function countsOf(values: Float64Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** The value that occurs most often; of several the smallest. */
function mostFrequent(values: Float64Array): number {
  let [bestValue, mostCount] = [Number.NaN, 0];
  for (const [value, count] of countsOf(values))
    if (count > mostCount || (count === mostCount && value < bestValue))
      [bestValue, mostCount] = [value, count];
  return bestValue;
}

/** The distance of chi-square: two levels that differ are the farther apart, the rarer they are. Of two levels it is that of numbers. */
function betweenLevels(reference: Float64Array, presentCells: Float64Array): BetweenValues {
  const counts = countsOf(presentCells);
  const rarity = (level: number): number =>
    1 / Math.max((counts.get(level) ?? 0) / presentCells.length, rarestPair / 2);
  const scale = meanSquare / (2 * Math.max(1, counts.size - 1));
  const rarities = reference.map(rarity);
  return (level, out, start) => {
    const levelRarity = rarity(level);
    for (let i = 0; i < reference.length; i++)
      out[start + i] = reference[i] === level ? 0 : Math.sqrt(scale * (levelRarity + rarities[i]!));
  };
}

/** Chords of the circle. */
function betweenAngles(
  { period = 360 }: ColumnSchema,
  reference: Float64Array,
  presentCells: Float64Array,
): BetweenValues {
  const turn = (2 * Math.PI) / period;
  const cosines = reference.map((angle) => Math.cos(turn * angle));
  const sines = reference.map((angle) => Math.sin(turn * angle));
  const { length } = presentCells;
  const cosine = presentCells.reduce((sum, angle) => sum + Math.cos(turn * angle) / length, 0);
  const sine = presentCells.reduce((sum, angle) => sum + Math.sin(turn * angle) / length, 0);
  const scale = distanceOfPair(2 * (1 - cosine ** 2 - sine ** 2));
  return (angle, out, start) => {
    const [x, y] = [Math.cos(turn * angle), Math.sin(turn * angle)];
    for (let i = 0; i < reference.length; i++)
      out[start + i] = scale * ((x - cosines[i]!) ** 2 + (y - sines[i]!) ** 2);
  };
}

function betweenNumbers(reference: Float64Array, presentCells: Float64Array): BetweenValues {
  const sorted = presentCells.slice().sort();
  const n = sorted.length;
  const middle = sorted[n >> 1]!;
  const mean = sorted.reduce((sum, value) => sum + (value - middle) / n, middle);
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2 / n, 0));
  if (!(deviation > 0) || !Number.isFinite(deviation)) return betweenLevels(reference, presentCells);
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
