/**
 * Axes of the pair plot: where the cells of a column lie.
 *
 * @module
 */

import type { Cell } from "./protocol.ts";

/** Places along an axis, from 0 to 1; NaN for cells that have none. */
export interface Axis {
  readonly place: (cell: Cell, i: number) => number;
  readonly bins: number;
  readonly low: string;
  readonly high: string;
}

const mostLevels = 16;
/** Whole numbers that have a bin each. */
const mostWhole = 64;

/** A number in few letters. */
const short = (value: number): string => {
  const text =
    Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
      ? value.toExponential(1)
      : String(Number(value.toPrecision(4)));
  return text.replace("-", "−");
};

/** A number in [0, 1) that belongs to a row, and follows no order of rows. */
function scatter(row: number): number {
  let bits = Math.imul(row + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca77);
  return ((bits ^ (bits >>> 13)) >>> 0) / 2 ** 32;
}

/** Milliseconds of a day; NaN where there is no such month. */
const timeOfDay = (year: string, month: string, day: string): number =>
  Number(month) <= 12 ? Date.UTC(Number(year), Number(month) - 1, Number(day)) : Number.NaN;

/** Ways to write a date: which of its numbers stand where. A time behind it only matters where the year is first. */
const dates: readonly ((text: string) => number)[] = [
  (text) => {
    const [, day, time = ""] = /^(\d{4}-\d\d-\d\d)[T ]?(\d\d:\d\d(?::\d\d)?)?/.exec(text) ?? [];
    return day ? Date.parse(time ? `${day}T${time}Z` : day) : Number.NaN;
  },
  (text) => {
    const [, day, month, year] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})/.exec(text) ?? [];
    return year ? timeOfDay(year, month!, day!) : Number.NaN;
  },
  (text) => {
    const [, month, day, year] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})/.exec(text) ?? [];
    return year ? timeOfDay(year, month!, day!) : Number.NaN;
  },
  (text) => {
    const [, day, month, year] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})/.exec(text) ?? [];
    return year ? timeOfDay(year, month!, day!) : Number.NaN;
  },
];

const dayText = (time: number): string => new Date(time).toISOString().slice(0, 10);

const numberOf = (cell: Cell): number => (typeof cell === "number" ? cell : Number.NaN);
/** The flow writes dates with the year first, however the table has them. */
const readings: readonly ((cell: Cell) => number)[] = [
  numberOf,
  ...dates.map((timeOf) => (cell: Cell) => {
    if (typeof cell !== "string") return Number.NaN;
    return dates[0]!(cell) || timeOf(cell);
  }),
];

/** What most cells are, numbers or dates; undefined for levels. */
function readingOf(cells: readonly Cell[]): ((cell: Cell) => number) | undefined {
  const there = cells.filter((cell) => cell !== null);
  return readings.find(
    (read) =>
      there.length > 0 && 2 * there.filter((cell) => Number.isFinite(read(cell))).length >= there.length,
  );
}

/** Whether there is something to see in a column: numbers, dates, or few levels. */
export function isWorthSeeing(cells: readonly Cell[]): boolean {
  const levels = new Set(cells.filter((cell) => cell !== null));
  return levels.size > 1 && (readingOf(cells) !== undefined || levels.size <= mostLevels);
}

export function axisOf(cells: readonly Cell[]): Axis {
  const read = readingOf(cells);
  if (read) {
    const sorted = Float64Array.from(cells, read)
      .filter((value) => Number.isFinite(value))
      .sort();
    const [low, high] = [
      sorted[Math.floor(0.002 * sorted.length)]!,
      sorted[Math.ceil(0.998 * (sorted.length - 1))]!,
    ];
    if (read === numberOf && high - low < mostWhole && sorted.every(Number.isInteger))
      // A bin for each whole number: others would hold now one of them, now two.
      return {
        place: (cell) => (read(cell) - low + 0.5) / (high - low + 1),
        bins: high - low + 1,
        low: short(low),
        high: short(high),
      };
    const margin = 0.04 * (high - low) || 1;
    const text = read === numberOf ? short : dayText;
    return {
      place: (cell) => (read(cell) - low + margin) / (high - low + 2 * margin),
      bins: 24,
      low: text(low),
      high: text(high),
    };
  }
  const counts = new Map<string, number>();
  for (const cell of cells) if (cell !== null) counts.set(String(cell), (counts.get(String(cell)) ?? 0) + 1);
  const levels = [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, mostLevels)
    .map(([level]) => level);
  const at = new Map(levels.map((level, i) => [level, i]));
  return {
    // Apart from each other, the same for each row each time.
    place: (cell, i) => {
      const level = at.get(String(cell));
      return level === undefined ? Number.NaN : (level + 0.2 + 0.6 * scatter(i)) / levels.length;
    },
    bins: Math.max(1, levels.length),
    low: levels[0] ?? "",
    high: levels.length > 1 ? `${levels.length} levels` : "",
  };
}
