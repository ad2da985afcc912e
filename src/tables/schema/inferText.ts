/**
 * What a column of text is, from its levels and its name.
 *
 * @module
 */

import { counted } from "../../counted.ts";
import { leadingZerosPattern } from "../reading/numberDress.ts";
import type { TextColumn } from "../textColumn.ts";
import type { ColumnSchema } from "./columnSchema.ts";
import { dateReading, momentOf, momentStep, secondsOfDay } from "./dateTimes.ts";
import type { Inferred } from "./inferNumbers.ts";

const falseWords = ["no", "false", "n", "f", "off", "absent", "negative"];
const trueWords = ["yes", "true", "y", "t", "on", "present", "positive"];

/** Levels in an order that everybody knows, in lower case. */
const knownOrders: readonly (readonly string[])[] = [
  ["very low", "low", "medium", "high", "very high"],
  ["very small", "small", "medium", "large", "very large"],
  ["xs", "s", "m", "l", "xl", "xxl"],
  ["very poor", "poor", "fair", "good", "very good", "excellent"],
  ["never", "rarely", "sometimes", "often", "always"],
  ["strongly disagree", "disagree", "neutral", "agree", "strongly agree"],
  ["none", "mild", "moderate", "severe"],
  ["first", "second", "third", "fourth"],
  ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
];

/** Shares of rows whose text no other row has: above the first it names the row, above the second it is prose if it has words. */
const identifierShare = 0.95;
const proseShare = 0.5;
const leastForIdentifier = 20;
/** Words from which a cell is prose. */
const proseWords = 4;

/** The first number of a level such as `10-19`, `<25`, `65+` or `3. Some college`; undefined where it does not begin with one. */
function leadingNumber(level: string): number | undefined {
  const match = /^(<=?|>=?|under |over |below |above )?\s*(\d+(?:\.\d+)?)/i.exec(level);
  if (!match) return undefined;
  const isBelow = /^(?:<|under|below)/i.test(level);
  const isAbove = /^(?:>|over|above)/i.test(level);
  return Number(match[2]) + (isBelow ? -0.5 : isAbove ? 0.5 : 0);
}

/** The levels in an order that they have by what they say; undefined where they have none. */
function orderedLevels(levels: readonly string[]): readonly string[] | undefined {
  if (levels.length < 3) return undefined;
  const known = knownOrders.find((order) =>
    levels.every((level) => order.includes(level.trim().toLowerCase())),
  );
  if (known) {
    const place = (level: string): number => known.indexOf(level.trim().toLowerCase());
    return [...levels].sort((a, b) => place(a) - place(b));
  }
  const numbers = levels.map(leadingNumber);
  // Zeros before a number are those of a code.
  const isCode = levels.some((level) => leadingZerosPattern.test(level));
  if (isCode || numbers.some((number) => number === undefined) || new Set(numbers).size < levels.length)
    return undefined;
  return Array.from(levels.keys())
    .sort((a, b) => numbers[a]! - numbers[b]!)
    .map((place) => levels[place]!);
}

/**
 * What a column of text is.
 * @param dictionary - That its file has it as levels, perhaps with an order.
 */
export function inferText(
  column: TextColumn,
  dictionary?: { readonly ordered?: readonly (string | number)[] | undefined },
): Inferred {
  const { name, levels, codes } = column;
  const counts = new Uint32Array(levels.length);
  for (const code of codes) if (code >= 0) counts[code]!++;
  return inferLevels({ name, levels, counts, rows: codes.length }, dictionary);
}

/** The texts of a column, and how many of its rows have each. */
export interface LevelCounts {
  readonly name: string;
  readonly levels: readonly string[];
  readonly counts: Uint32Array;
  /** Those that miss a text, too. */
  readonly rows: number;
}

/** {@link inferText}, of texts that have been counted. */
export function inferLevels(
  { name, levels, counts, rows }: LevelCounts,
  dictionary?: { readonly ordered?: readonly (string | number)[] | undefined },
): Inferred {
  const present = counts.reduce((sum, count) => sum + count, 0);
  const missing = present < rows;
  // Levels that no row has (any more) are none.
  const used = levels.filter((_, code) => counts[code]! > 0);
  const base = { name, use: "fit" as const, ...(missing ? { missing } : {}) };
  const excluded = { ...base, use: "exclude" as const };
  if (present === 0)
    return { schema: { ...excluded, kind: "constant" }, reason: "no row has a value", atoms: [] };
  if (used.length === 1)
    return { schema: { ...excluded, kind: "constant" }, reason: `"${used[0]}" in every row`, atoms: [] };
  const inFile = new Set(used);
  const order = dictionary?.ordered?.filter((level) => inFile.has(level as string));
  if (order?.length === used.length)
    return {
      schema: { ...base, kind: "ordinal", levels: order },
      reason: `${counted(used.length, "level")}, in the order in which the file has them`,
      atoms: [],
    };
  const dates = dictionary ? undefined : inferDates(base, used);
  if (dates) return dates;
  const boolean = booleanLevels(used);
  if (boolean)
    return {
      schema: { ...base, kind: "boolean", levels: boolean },
      reason: `${boolean[0]} and ${boolean[1]}`,
      atoms: [],
    };
  const share = used.length / present;
  const words = used.reduce((sum, level) => sum + level.split(/\s+/).length, 0) / used.length;
  if (!dictionary && share > proseShare && words >= proseWords && used.length > leastForIdentifier)
    return {
      schema: { ...excluded, kind: "text" },
      reason: `free text, ${used.length} different ones in ${present} rows`,
      atoms: [],
    };
  if (!dictionary && share > identifierShare && present >= leastForIdentifier)
    return {
      schema: { ...excluded, kind: "identifier" },
      reason: `${used.length === present ? "another text in each row" : `${used.length} different texts in ${present} rows`}`,
      doubt: { kind: "categorical", text: "if its texts are categories" },
      atoms: [],
    };
  const ordered = orderedLevels(used);
  if (ordered)
    return {
      schema: { ...base, kind: "ordinal", levels: ordered },
      reason: `${used.length} levels that have an order, from "${ordered[0]}" to "${ordered.at(-1)}"`,
      doubt: { kind: "categorical", text: "if they have no order" },
      atoms: [],
    };
  return {
    schema: { ...base, kind: "categorical", levels: [...used].sort() },
    reason: counted(used.length, "level"),
    ...(share > proseShare ? { doubt: { kind: "text", text: "if its texts are not categories" } } : {}),
    atoms: [],
  };
}

/** False and true, where two levels are the words for it. */
function booleanLevels(levels: readonly string[]): readonly [string, string] | undefined {
  if (levels.length !== 2) return undefined;
  const place = (level: string, words: readonly string[]): number =>
    words.indexOf(level.trim().toLowerCase());
  for (const [no, yes] of [levels, [...levels].reverse()] as [string, string][])
    if (place(no, falseWords) >= 0 && place(no, falseWords) === place(yes, trueWords)) return [no, yes];
  return undefined;
}

/** A column of dates, or of times of day. */
function inferDates(
  base: Pick<ColumnSchema, "name" | "use" | "missing">,
  levels: readonly string[],
): Inferred | undefined {
  const seconds = levels.map(secondsOfDay);
  if (seconds.every((value) => value !== undefined)) {
    const step = seconds.every((value) => value! % 60 === 0) ? 60 : 1;
    return {
      schema: {
        ...base,
        kind: "angle",
        period: 86_400,
        written: "time-of-day",
        ...(seconds.every(Number.isInteger) ? { step, from: 0 } : {}),
      },
      reason: "times of day, in seconds since midnight",
      doubt: { kind: "categorical", text: "if its times are levels" },
      atoms: [],
    };
  }
  const reading = dateReading(levels);
  if (!reading) return undefined;
  const moments = levels.map((level) => momentOf(level, reading.order)!);
  const step = momentStep(moments);
  const from = moments.reduce((least, moment) => Math.min(least, moment));
  const last = moments.reduce((latest, moment) => Math.max(latest, moment));
  const written = {
    "year-month-day": "year, month, day",
    "day-month-year": "day, month, year",
    "month-day-year": "month, day, year",
    "named-month": "the month by its name",
  };
  return {
    schema: { ...base, kind: "date-time", written: reading.order, step, from },
    reason: `dates (${written[reading.order]})${levels.some((level) => /[.,]\d{3}0*[1-9]/.test(level)) ? ", taken to the millisecond" : ""}`,
    moments: { first: from, last },
    ...(reading.isGuess
      ? { doubt: { kind: "date-time:day-month-year", text: "if the day comes first" } }
      : {}),
    atoms: [],
  };
}
