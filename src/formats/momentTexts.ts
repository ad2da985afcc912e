/**
 * Moments of typed files as texts of ISO 8601, with as many digits as they need, and back.
 *
 * @module
 */

import type { TimeUnit } from "./storedType.ts";

/** Digits behind the second. */
const unitDigits: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 3, us: 6, ns: 9 };

/** What stands for a moment that no calendar has. */
export const invalidDate = "an invalid date";

const millisecondsPerDay = 86_400_000;

/** Digits behind the second without the zeros at their end. */
const fractionText = (fraction: bigint, digits: number): string => {
  const text = digits === 0 ? "" : String(fraction).padStart(digits, "0").replace(/0+$/, "");
  return text === "" ? "" : `.${text}`;
};

/** A day, by its number since 1970-01-01. */
export function dayText(days: number): string {
  const date = new Date(days * millisecondsPerDay);
  return Number.isNaN(date.getTime()) ? invalidDate : date.toISOString().split("T")[0]!;
}

/** A moment, by its number of units since 1970; `zoned` says that it is of UTC, not of no zone. */
export function momentText(value: bigint, unit: TimeUnit, zoned: boolean): string {
  const digits = unitDigits[unit];
  const perSecond = 10n ** BigInt(digits);
  const rest = ((value % perSecond) + perSecond) % perSecond;
  const date = new Date(Number((value - rest) / perSecond) * 1000);
  if (Number.isNaN(date.getTime())) return invalidDate;
  return `${date.toISOString().replace(/\.000Z$/, "")}${fractionText(rest, digits)}${zoned ? "Z" : ""}`;
}

/** A time of day, by its number of units since midnight. */
export function timeText(value: bigint, unit: TimeUnit): string {
  const digits = unitDigits[unit];
  const perSecond = 10n ** BigInt(digits);
  const second = Number(value / perSecond);
  const parts = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
  return `${parts.map((part) => String(part).padStart(2, "0")).join(":")}${fractionText(value % perSecond, digits)}`;
}

/** The number of units that so many digits behind the second stand for; undefined where they say more. */
function unitsOf(fraction: string, unit: TimeUnit): bigint | undefined {
  const digits = unitDigits[unit];
  const exact = fraction.padEnd(9, "0");
  return /^0*$/.test(exact.slice(digits)) ? BigInt(exact.slice(0, digits) || "0") : undefined;
}

const fractionPattern = /(?<=:\d{2})[.,](\d{1,9})/;

/**
 * The number of units that a text stands for; undefined where it stands for none.
 * @param seconds - What reads the text without what is behind its second.
 */
export function unitsOfText(
  text: string,
  unit: TimeUnit,
  seconds: (text: string) => number | undefined,
): bigint | undefined {
  const whole = seconds(text.replace(fractionPattern, ""));
  const rest = unitsOf(fractionPattern.exec(text)?.[1] ?? "", unit);
  if (whole === undefined || rest === undefined || !Number.isSafeInteger(whole)) return undefined;
  return BigInt(whole) * 10n ** BigInt(unitDigits[unit]) + rest;
}
