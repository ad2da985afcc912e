/**
 * What a cell may be, short of its value: any value, a range of values, a range of levels.
 *
 * @module
 */

import { softplus } from "../../../numerics/special.ts";
import { atomsOf, boundsOf, hasLevels, levelsOf, stepOf } from "../column.ts";
import { type CellDistribution, logitBetween } from "../columnDistribution.ts";
import type { ColumnLayout } from "../columnsDensity.ts";

/** Ends of what a cell may be, as numbers of cells, both included; without an end all on that side. A missing cell is never in it. */
export interface CellRange {
  readonly least?: number | undefined;
  /** Of an angle it may be below `least`: then the range goes through the end of the turn. */
  readonly largest?: number | undefined;
}

/** A part of a column's distribution: logits below its first and at its last cell. */
interface Segment {
  readonly low: number;
  readonly high: number;
  /** The only cell in it, where there is one. */
  readonly cell?: number | undefined;
}

/** Whether every cell that the column can have is in the range. */
export function isWhole({ column }: ColumnLayout, { least, largest }: CellRange): boolean {
  return least === undefined && largest === undefined && column.missing !== true;
}

/** Whether a cell is in the range. */
export function isInRange({ column }: ColumnLayout, { least, largest }: CellRange, cell: number): boolean {
  if (Number.isNaN(cell)) return false;
  const isAbove = least === undefined || cell >= least;
  const isBelow = largest === undefined || cell <= largest;
  if (column.kind !== "angle" || least === undefined || largest === undefined) return isAbove && isBelow;
  const { period = 360 } = column;
  const withinTurn = (value: number): number => value - period * Math.floor(value / period);
  return withinTurn(cell - least) <= withinTurn(largest - least) * (1 + 1e-12);
}

/**
 * All cells that a column can have, a missing one among them.
 * @returns undefined where they are more than `most`, or not to be counted.
 */
export function allCells({ column }: ColumnLayout, mostCells: number): readonly number[] | undefined {
  const missing = column.missing ? [Number.NaN] : [];
  const count = (size: number): readonly number[] | undefined =>
    size + missing.length <= mostCells ? Array.from({ length: size }, (_, i) => i) : undefined;
  const cellsAt = (places: readonly number[] | undefined, at: (place: number) => number) =>
    places && [...missing, ...places.map(at)];
  if (hasLevels(column)) return cellsAt(count(levelsOf(column)), (place) => place);
  const step = stepOf(column);
  if (step === undefined) return undefined;
  const { from = 0, period = 360, kind } = column;
  // Without the digits that the product adds.
  const valueAt = (place: number): number => Number((from + step * place).toPrecision(15));
  if (kind === "angle") return cellsAt(count(Math.round(period / step)), valueAt);
  const [lower, upper] = boundsOf(column);
  const first = Math.ceil((lower - from) / step - 1e-6);
  const last = Math.floor((upper - from) / step + 1e-6);
  if (!Number.isFinite(last - first)) return undefined;
  return cellsAt(count(Math.max(0, last - first + 1)), (place) => valueAt(first + place));
}

/** The first value of the column from some number on, or the last up to it; undefined where no value is beyond. */
function nearestCell({ column }: ColumnLayout, value: number, isLeast: boolean): number | undefined {
  const step = stepOf(column);
  const [lower, upper] = boundsOf(column);
  const { from = 0 } = column;
  if (column.kind === "angle") {
    if (step === undefined) return value;
    const place = isLeast
      ? Math.ceil((value - from) / step - 1e-6)
      : Math.floor((value - from) / step + 1e-6);
    return Number((from + step * place).toPrecision(15));
  }
  if (isLeast ? value <= lower : value >= upper) return undefined;
  if (step === undefined) return value;
  const [first, last] = [Math.ceil((lower - from) / step - 1e-6), Math.floor((upper - from) / step + 1e-6)];
  const place = isLeast ? Math.ceil((value - from) / step - 1e-6) : Math.floor((value - from) / step + 1e-6);
  if (isLeast ? place <= first : place >= last) return undefined;
  return Number((from + step * place).toPrecision(15));
}

/** The parts of a distribution that a range has. */
function segmentsOf(layout: ColumnLayout, range: CellRange, distribution: CellDistribution): Segment[] {
  const { column } = layout;
  const { least, largest } = range;
  const segmentOfCell = (cell: number): Segment => {
    const [low, high] = distribution.interval(cell);
    return { low, high, cell };
  };
  const isAny = least === undefined && largest === undefined;
  if (hasLevels(column) && !isAny)
    return allCells(layout, Number.POSITIVE_INFINITY)!
      .filter((cell) => isInRange(layout, range, cell))
      .map(segmentOfCell);
  const atoms = atomsOf(column)
    .filter((cell) => isInRange(layout, range, cell))
    .map(segmentOfCell);
  const [first, last] = hasLevels(column)
    ? [undefined, undefined]
    : [
        least === undefined ? undefined : nearestCell(layout, least, true),
        largest === undefined ? undefined : nearestCell(layout, largest, false),
      ];
  const [lower, upper] = boundsOf(column);
  if (column.kind !== "angle" && ((least ?? -Infinity) > upper || (largest ?? Infinity) < lower))
    return atoms;
  const [low, high] = distribution.values(first, last);
  if (column.kind !== "angle" || isAny || low <= high) return low < high ? [...atoms, { low, high }] : atoms;
  const [begin, end] = distribution.values(undefined, undefined);
  return [...atoms, { low, high: end }, { low: begin, high }].filter((part) => part.low < part.high);
}

/** log(F(high) - F(low)) for the logits of both. */
export function logMassBetween(low: number, high: number): number {
  if (!(low < high)) return Number.NEGATIVE_INFINITY;
  return -softplus(-high) - softplus(low) + Math.log1p(-Math.exp(low - high));
}

/** A cell of a range. */
export interface RangeDraw {
  /** The cell; NaN where the range has no probability. */
  readonly cell: number;
  /** Logarithm of the range's probability. */
  readonly logMass: number;
}

/**
 * Draws a cell: from the part of a distribution that is in a range, or without one from all of it, where a cell may be missing.
 * @param uniform - A number between 0 and 1.
 */
export function drawCell(
  layout: ColumnLayout,
  range: CellRange | undefined,
  distribution: CellDistribution,
  uniform: number,
): RangeDraw {
  if (!range) return { cell: distribution.quantile(Math.log(uniform) - Math.log1p(-uniform)), logMass: 0 };
  const segments = segmentsOf(layout, range, distribution);
  const logs = segments.map(({ low, high }) => logMassBetween(low, high));
  const top = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (top === Number.NEGATIVE_INFINITY) return { cell: Number.NaN, logMass: top };
  const masses = logs.map((log) => Math.exp(log - top));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  const logMass = Math.min(0, top + Math.log(total));
  let remainingMass = uniform * total;
  let at = 0;
  while (at < masses.length - 1 && remainingMass >= masses[at]!) remainingMass -= masses[at++]!;
  const { low, high, cell } = segments[at]!;
  if (cell !== undefined) return { cell, logMass };
  const share = Math.max(2 ** -60, Math.min(1 - 2 ** -53, remainingMass / masses[at]!));
  const value = distribution.quantile(logitBetween(low, high, share));
  if (layout.column.kind === "angle" || hasLevels(layout.column)) return { cell: value, logMass };
  // Rounding may lead beyond an end.
  const [first, last] = [range.least, range.largest].map((end, i) =>
    end === undefined ? undefined : nearestCell(layout, end, i === 0),
  );
  return { cell: Math.min(last ?? value, Math.max(first ?? value, value)), logMass };
}

/**
 * Probability of the values of a column up to one, in the order of numbers and of levels, among those that are not missing.
 * @param largest - The value, included.
 */
export function probabilityUpTo(
  layout: ColumnLayout,
  distribution: CellDistribution,
  largest: number,
): number {
  const mass = (range: CellRange): number =>
    segmentsOf(layout, range, distribution).reduce(
      (sum, { low, high }) => sum + Math.exp(logMassBetween(low, high)),
      0,
    );
  const all = layout.column.missing ? mass({}) : 1;
  return Math.min(1, mass({ largest }) / all);
}
