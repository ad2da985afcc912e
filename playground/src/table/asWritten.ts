/** Rows and dates as a table has written them: with its delimiter, its decimal mark, and its order of day and month. */

import type { ColumnSchema } from "pushforward/tables";
import type { Cell } from "./protocol.ts";

/** How text was written. */
export interface Writing {
  readonly delimiter: string;
  /** Columns whose decimals follow a comma. */
  readonly decimalCommas: ReadonlySet<string>;
  /** Of columns of dates, what the dates are made like. */
  readonly dates: ReadonlyMap<string, (date: string) => string>;
}

/** A day or a month first, then the other, and perhaps a time. */
const turned = /^\d{1,2}([./-])\d{1,2}\1\d{4}(?:([ T])\d{1,2}:\S+)?$/;
/** In the order of the standard, but with a space before the time. */
const spaced = /^\d{4}-\d\d-\d\d \d{1,2}:/;

/** What makes a date of the standard, year first and a T before its time, one like an example of the table; nothing where that is not simple. */
export function datesLike(
  order: ColumnSchema["written"],
  example: Cell | undefined,
): ((date: string) => string) | undefined {
  if (typeof example !== "string") return undefined;
  const isTurned = order === "day-month-year" || order === "month-day-year";
  const [, mark, gap = " "] = (isTurned && turned.exec(example)) || [];
  if (mark === undefined && !spaced.test(example)) return undefined;
  return (date) => {
    const [whole, year, month, day, time] = /^(\d{4})-(\d\d)-(\d\d)(?:T(.+))?$/.exec(date) ?? [];
    if (whole === undefined) return date;
    const parts = order === "day-month-year" ? [day, month, year] : [month, day, year];
    const written = mark === undefined ? [year, month, day].join("-") : parts.join(mark);
    return time === undefined ? written : `${written}${gap}${time}`;
  };
}

/** The delimiter of a table's first line: the one that parts it into as many columns. */
export const delimiterOf = (line: string, columns: number): string =>
  [",", ";", "\t", "|"].find((mark) => line.split(mark).length === columns) ?? ",";

/** Rows as text that is written as the table is. */
export function textAsWritten(
  rows: readonly Readonly<Record<string, Cell>>[],
  { delimiter, decimalCommas, dates }: Writing,
): string {
  const names = Object.keys(rows[0] ?? {});
  const quoted = (text: string): string =>
    /["\r\n]|^[#%/]|^\s|\s$/.test(text) || text.includes(delimiter)
      ? `"${text.replaceAll('"', '""')}"`
      : text;
  const cell = (name: string, value: Cell | undefined): string => {
    if (value === null || value === undefined) return names.length === 1 ? '""' : "";
    if (typeof value === "string") return quoted(dates.get(name)?.(value) ?? value);
    return quoted(decimalCommas.has(name) ? String(value).replace(".", ",") : String(value));
  };
  const lines = rows.map((row) => names.map((name) => cell(name, row[name])).join(delimiter));
  return `${[names.map(quoted).join(delimiter), ...lines].join("\n")}\n`;
}
