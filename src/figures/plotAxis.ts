/**
 * The axis of one column: robust limits, round ticks, and numbers short enough for a small panel.
 *
 * @module
 */

import { DataError } from "../errors.ts";
/** The axis of one column. */
export interface PlotAxis {
  /** The column. */
  readonly name: string;
  /** What follows the name where ticks are shortened: ` (10⁶)`, ` − 1700000000`; otherwise empty. */
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  /** Number of levels, which lie at 0, 1, ...; absent of numbers. */
  readonly levels?: number | undefined;
}

/** Quantile of sorted values, between neighbors by their distance. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

/** The central 99 % and a margin, but no more than a little beyond the extremes. */
function limits(sorted: Float64Array): [number, number] {
  const smallest = sorted[0]!;
  const largest = sorted[sorted.length - 1]!;
  const low = quantile(sorted, 0.005);
  const high = quantile(sorted, 0.995);
  const span = high - low || largest - smallest || Math.abs(low) || 1;
  const from = Math.max(low - 0.12 * span, smallest - 0.03 * span);
  const to = Math.min(high + 0.12 * span, largest + 0.03 * span);
  return from < to ? [from, to] : [low - span / 2, high + span / 2];
}

/** Step of 1, 2 or 5 times a power of ten that gives about `count` ticks. */
function roundStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const multiple = rough / power;
  return power * (multiple < 1.5 ? 1 : multiple < 3.5 ? 2 : multiple < 7.5 ? 5 : 10);
}

/** Steps that divide a turn, for limits that look like one in degrees. */
function step(low: number, high: number, count: number): number {
  const isTurn = low < -150 && low > -200 && high > 150 && high < 200;
  return isTurn ? (count >= 6 ? 60 : 90) : roundStep(high - low, count);
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

const superscript = (value: number): string =>
  [...String(value)].map((letter) => (letter === "-" ? "⁻" : superscripts[Number(letter)]!)).join("");

/** A typographic minus, and no more digits than a double holds. */
const plain = (value: number, decimals: number): string => value.toFixed(decimals).replace(/^-/, "−");

/** A number for an axis label: `1.7·10⁹`, where that is short. */
function brief(value: number): string {
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (power >= 5 && mantissa.length <= 4) return `${mantissa}·10${superscript(power)}`;
  return Number(value.toPrecision(12)).toString();
}

/** Ticks as they are, or divided by a power of ten, or less an offset: what keeps them at five characters. */
function numbers(ticks: readonly number[], gap: number): Pick<PlotAxis, "unit" | "format"> {
  const largest = Math.max(...ticks.map(Math.abs));
  const gapPower = Math.floor(Math.log10(gap) + 1e-9);
  const power = largest > 0 ? Math.floor(Math.log10(largest) + 1e-9) : 0;
  if (power - gapPower > 4) {
    // Values far from zero for their spread, such as time stamps.
    const grain = 10 ** (gapPower + 2);
    const offset = Math.round(ticks[Math.floor(ticks.length / 2)]! / grain) * grain;
    const rest = numbers(
      ticks.map((tick) => tick - offset),
      gap,
    );
    const unit = ` ${offset < 0 ? "+" : "−"} ${brief(Math.abs(offset))}${rest.unit}`;
    return { unit, format: (value) => rest.format(value - offset) };
  }
  const exponent = power >= 5 || power <= -4 ? power : 0;
  const decimals = Math.max(0, exponent - gapPower);
  const unit = exponent === 0 ? "" : ` (10${superscript(exponent)})`;
  return { unit, format: (value) => plain(value / 10 ** exponent, decimals) };
}

/**
 * The axis of a column of numbers.
 *
 * @param count about how many ticks.
 * @throws DataError if the column has no finite value.
 */
export function numberAxis(name: string, values: Float64Array, count: number): PlotAxis {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0)
    throw new DataError(
      {
        where: `column "${name}"`,
        problem: "there is no finite value to plot",
        expected: "a finite value",
        received: "none",
      },
      { column: name },
    );
  const [low, high] = limits(sorted);
  const gap = step(low, high, count);
  const first = Math.ceil(low / gap - 1e-9);
  const ticks: number[] = [];
  for (let i = first; i * gap <= high + 1e-9 * gap; i++) ticks.push(i * gap + 0);
  return { name, low, high, ticks, ...numbers(ticks, gap) };
}

/** The axis of levels: their names, long ones cut. */
export function levelAxis(name: string, labels: readonly string[]): PlotAxis {
  return {
    name,
    unit: "",
    low: -0.5,
    high: labels.length - 0.5,
    ticks: labels.map((_, level) => level),
    format: (level) => shortened(labels[level] ?? "", longestLabel),
    levels: labels.length,
  };
}

/** Letters of a level's name that have room. */
const longestLabel = 14;

/** A text of some letters at most. */
export const shortened = (text: string, letters: number): string =>
  text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1)).trimEnd()}…`;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Steps between moments: of clocks in milliseconds, of the calendar in months. */
const clockSteps = [
  second,
  5 * second,
  15 * second,
  minute,
  5 * minute,
  15 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  7 * day,
  14 * day,
];
const monthSteps = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200];

/** The axis of moments, in milliseconds since 1970 UTC: round ticks of clock and calendar. */
export function momentAxis(name: string, values: Float64Array, count: number): PlotAxis {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return numberAxis(name, values, count);
  const first = finite.reduce((a, b) => Math.min(a, b));
  const last = finite.reduce((a, b) => Math.max(a, b));
  const [low, high] = first < last ? [first, last] : [first - day, last + day];
  // A little finer than the count says: a span that the steps do not fit has few ticks else.
  const gap = (0.7 * (high - low)) / count;
  const iso = (moment: number): string => new Date(moment).toISOString();
  const clock = clockSteps.find((step) => step >= gap);
  const ticks: number[] = [];
  if (clock !== undefined) {
    for (let at = Math.ceil(low / clock) * clock; at <= high; at += clock) ticks.push(at);
    const isDay = clock >= day;
    const isOneYear = iso(low).slice(0, 4) === iso(high).slice(0, 4);
    return {
      name,
      unit: isOneYear ? ` (${isDay ? iso(low).slice(0, 4) : iso(low).slice(0, 10)})` : "",
      low,
      high,
      ticks,
      format: (at) =>
        isDay ? iso(at).slice(isOneYear ? 5 : 2, 10) : iso(at).slice(11, clock < minute ? 19 : 16),
    };
  }
  const months = monthSteps.find((step) => step * 30.4 * day >= gap) ?? 1200;
  const start = new Date(low).getUTCFullYear() * 12;
  for (let month = Math.floor(start / months) * months; ; month += months) {
    const date = new Date(0);
    date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    if (date.getTime() > high) break;
    if (date.getTime() >= low) ticks.push(date.getTime());
  }
  return { name, unit: "", low, high, ticks, format: (at) => iso(at).slice(0, months % 12 === 0 ? 4 : 7) };
}
