/** Whether a column can be held at what somebody has written: said at once, not after rows were drawn for it. */

import type { ColumnSchema } from "pushforward/tables";
import type { Range } from "./angles.ts";

const numeric = new Set(["continuous", "positive", "interval", "integer", "angle"]);

/** Levels that are named in a message. */
const mostNamed = 8;

/** A number as somebody writes it, with a decimal point or a comma; NaN for what is none. */
function numberOf(value: string): number {
  const text = value.trim().replace("−", "-");
  return text === "" ? Number.NaN : Number(/^[+-]?\d+,\d+$/.test(text) ? text.replace(",", ".") : text);
}

/** What is written, as a number where the column has numbers. */
export function heldValue({ kind, levels }: ColumnSchema, value: string): number | string {
  const number = numberOf(value);
  const isNumber = levels ? levels.every((level) => typeof level === "number") : numeric.has(kind);
  return isNumber && !Number.isNaN(number) ? number : value.trim();
}

/** Why a column cannot be held at a value, as a sentence; undefined where it can. */
export function whyNotHeld(column: ColumnSchema, value: string): string | undefined {
  const { name, kind, levels, lower, upper } = column;
  if (value.trim() === "") return `Write a value to hold ${name} at, or hold nothing.`;
  const held = heldValue(column, value);
  const not = (reason: string): string => `${name} cannot be ${value.trim()}: ${reason}.`;
  if (levels) {
    if (levels.some((level) => String(level) === String(held))) return undefined;
    const more = levels.length > mostNamed ? `, and ${levels.length - mostNamed} more` : "";
    return not(`its levels are ${levels.slice(0, mostNamed).join(", ")}${more}`);
  }
  if (!numeric.has(kind)) return undefined;
  if (typeof held !== "number" || !Number.isFinite(held)) return not("it is a column of numbers");
  if (kind === "integer" && !Number.isInteger(held)) return not("it has whole numbers only");
  if (kind === "positive" && held < 0) return not("it has no numbers below 0");
  if (kind === "angle") return undefined;
  if (lower !== undefined && held < lower) return not(`it has no numbers below ${lower}`);
  if (upper !== undefined && held > upper) return not(`it has no numbers above ${upper}`);
  return undefined;
}

/** A number in few letters. */
const short = (value: number): string =>
  Number(value.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 }).replace("-", "−");

/** What there is to say of a value that no row of the table comes near; undefined where some do. */
export function whyFar(column: ColumnSchema, value: string, range: Range | undefined): string | undefined {
  const held = heldValue(column, value);
  if (!range || typeof held !== "number" || column.levels || column.kind === "angle") return undefined;
  const { low, high } = range;
  const beyond = Math.max(low - held, held - high);
  if (!(beyond > 0)) return undefined;
  const far = beyond > high - low ? "far outside" : "outside";
  return `In the table ${column.name} goes from ${short(low)} to ${short(high)}: ${short(held)} is ${far}, and rows for it are a guess of the flow, which has seen none.`;
}
