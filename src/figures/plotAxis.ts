/**
 * The axis of one column: robust limits, round ticks, and numbers short enough for a small panel.
 *
 * @module
 */

import { DataError } from "../errors.ts";
import { column, type Table } from "../tables/table.ts";

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
 * The axis of a column of a table.
 *
 * @param count about how many ticks.
 * @throws DataError if the column has no finite value.
 */
export function axisOf(table: Table, name: string, count: number): PlotAxis {
  const sorted = column(table, name).filter(Number.isFinite).sort();
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
