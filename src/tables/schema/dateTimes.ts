/**
 * Dates and times of day as they are written in tables.
 *
 * @module
 */

/** Ways to write dates: by numbers in some order, or with the month by its English name before or after the day. */
export const dateOrders = ["year-month-day", "month-day-year", "day-month-year", "named-month"] as const;

/** A way to write dates: the order of day and month where both are numbers. */
export type DateOrder = (typeof dateOrders)[number];

/** How the texts of a column are read as moments. */
export interface DateReading {
  readonly order: DateOrder;
  /** Whether no cell tells day and month apart: then the order is a guess. */
  readonly isGuess: boolean;
}

const time = String.raw`(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([AaPp])[Mm])?(Z|[+-]\d{2}:?\d{2})?)?`;
const isoPattern = new RegExp(String.raw`^([+-]?\d{4,6})([-/.])(\d{1,2})\2(\d{1,2})${time}$`);
const otherPattern = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})${time}$`);
const monthFirst = new RegExp(String.raw`^([A-Za-z]{3,9})\.?[- ](\d{1,2}),?[- ](\d{4})${time}$`);
const dayFirst = new RegExp(String.raw`^(\d{1,2})\.?[- ]([A-Za-z]{3,9})\.?,?[- ](\d{4})${time}$`);
const clockPattern = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/;

const millisecondsPerDay = 86_400_000;

/** Whole milliseconds: a double has no more digits for the moments of our time. */
const milliseconds = (digits: string | undefined): number =>
  Number((digits ?? "").slice(0, 3).padEnd(3, "0"));

/** Milliseconds of the zone `+02:00`; 0 for Z and none. */
function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const digits = zone.slice(1).replace(":", "");
  const size = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith("-") ? -size : size) * 60_000;
}

const months = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** Number of the month of a name, or of its first three letters, from 1; 0 for none. */
function monthOf(name: string): number {
  const letters = name.toLowerCase();
  return 1 + months.findIndex((month) => month === letters || month.slice(0, 3) === letters);
}

/** Year, month and day of a text, as it writes them, and the parts of its time; undefined for another text. */
function partsOf(
  text: string,
  order: DateOrder,
): { readonly date: readonly [number, number, number]; readonly time: readonly string[] } | undefined {
  if (order === "named-month") {
    const first = monthFirst.exec(text);
    if (first)
      return { date: [Number(first[3]), monthOf(first[1]!), Number(first[2])], time: first.slice(4) };
    const second = dayFirst.exec(text);
    return (
      (second && {
        date: [Number(second[3]), monthOf(second[2]!), Number(second[1])],
        time: second.slice(4),
      }) ??
      undefined
    );
  }
  const match = (order === "year-month-day" ? isoPattern : otherPattern).exec(text);
  if (!match) return undefined;
  const [first, , second, third] = match.slice(1, 5).map(Number) as [number, number, number, number];
  const time = match.slice(5);
  if (order === "year-month-day") return { date: [first, second, third], time };
  return { date: order === "day-month-year" ? [third, second, first] : [third, first, second], time };
}

/** The hour of a clock of twelve hours, or of one of 24 where there is no half; undefined for none. */
function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour <= 23 ? hour : undefined;
  return hour >= 1 && hour <= 12 ? (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0) : undefined;
}

/**
 * The moment that a text stands for, in whole milliseconds since 1970 UTC (a text without a zone is taken for UTC); undefined if it
 * is not a date in that order, or no day of the calendar.
 */
export function momentOf(text: string, order: DateOrder): number | undefined {
  const parts = partsOf(text, order);
  if (!parts) return undefined;
  const [year, month, day] = parts.date;
  const [hourText = "0", minute = "0", secondOfMinute = "0", digits, half, zone] = parts.time;
  const hour = hourOf(Number(hourText), half);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour === undefined || Number(minute) > 59 || Number(secondOfMinute) > 59) return undefined;
  const clock = (hour * 60 + Number(minute)) * 60_000 + Number(secondOfMinute) * 1000 + milliseconds(digits);
  return date.getTime() + clock - zoneOffset(zone);
}

/** How all of some texts are read as dates; undefined if they are not dates, or none. */
export function dateReading(texts: readonly string[]): DateReading | undefined {
  if (texts.length === 0) return undefined;
  const fitting = dateOrders.filter((order) => texts.every((text) => momentOf(text, order) !== undefined));
  const [order] = fitting;
  return order === undefined ? undefined : { order, isGuess: fitting.length > 1 };
}

/** Seconds since midnight that a text such as 14:30 stands for; undefined if it is not a time of day. */
export function secondsOfDay(text: string): number | undefined {
  const match = clockPattern.exec(text);
  if (!match) return undefined;
  const [hour, minute, second = "0", digits] = match.slice(1);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  return Number(hour) * 3600 + Number(minute) * 60 + Number(second) + Number(`0.${digits ?? 0}`);
}

/** The largest unit of time of which all moments are whole numbers: a day, hour, minute, second or millisecond. */
export function momentStep(moments: Iterable<number>): number {
  let units = [millisecondsPerDay, 3_600_000, 60_000, 1000, 1];
  for (const moment of moments) {
    units = units.filter((unit) => moment % unit === 0);
    if (units.length <= 1) break;
  }
  return units[0] ?? 1;
}

/** A moment as it is written in ISO 8601, no finer than its step. */
export function momentText(moment: number, step: number): string {
  const text = new Date(moment).toISOString();
  const isYearWide = text.indexOf("T");
  if (step % millisecondsPerDay === 0) return text.slice(0, isYearWide);
  if (step % 60_000 === 0) return text.slice(0, isYearWide + 6);
  return step % 1000 === 0 ? text.slice(0, isYearWide + 9) : text.slice(0, -1);
}

/** A time of day as it is written, no finer than its step in seconds. */
export function secondsText(seconds: number, step: number): string {
  const text = new Date(Math.round(1000 * seconds)).toISOString().slice(11, -1);
  if (step % 60 === 0) return text.slice(0, 5);
  return step % 1 === 0 ? text.slice(0, 8) : text;
}
