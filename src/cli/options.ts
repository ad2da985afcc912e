/**
 * Values of command-line options: read strictly, before any file is opened, with errors that name the option,
 * what it takes and what it got.
 *
 * @module
 */

import { closestName } from "../closestName.ts";
import { UsageError } from "../errors.ts";

/** What help says of an option that all commands that compute have. */
export const wideSimdHelp = "twice as wide registers, experimental in V8 (Node 22 or newer)";

/** Turns the text of an option into its value. */
export type OptionParser<Value> = (text: string) => Value;

const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function fail(option: string, expected: string, text: string): never {
  throw new UsageError(`${option} must be ${expected}, got ${JSON.stringify(text)}.`);
}

/** A number by the strict rules of a table's cells: no hexadecimal, no trailing letters; undefined otherwise. */
export function numberOf(text: string): number | undefined {
  const value = numberPattern.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** A number above 0. */
export function positiveNumber(option: string): OptionParser<number> {
  return (text) => {
    const value = numberOf(text);
    return value !== undefined && value > 0 ? value : fail(option, "a positive number", text);
  };
}

/** A span of time, such as 90s, 2m or 1h; seconds without a unit. */
export function duration(option: string): OptionParser<number> {
  return (text) => {
    const [, digits, unit = "s"] = /^(\d+\.?\d*|\.\d+)\s*(s|m|h)?$/.exec(text.trim()) ?? [];
    const seconds = Number(digits) * { s: 1, m: 60, h: 3600 }[unit as "s" | "m" | "h"];
    return seconds > 0 && Number.isFinite(seconds)
      ? seconds
      : fail(option, "a span of time such as 90s, 2m or 1h", text);
  };
}

/** A whole number from 1. */
export function positiveInteger(option: string): OptionParser<number> {
  return (text) => {
    const value = numberOf(text);
    if (value !== undefined && value >= 1 && Number.isSafeInteger(value)) return value;
    return fail(option, "a whole number from 1", text);
  };
}

/** A whole number of at most 53 bits, of either sign. */
export function wholeNumber(option: string): OptionParser<number> {
  return (text) => {
    const value = numberOf(text);
    return Number.isSafeInteger(value) ? value! : fail(option, "a whole number", text);
  };
}

/** A number from `low` (included where `withLow`) to below 1. */
export function fraction(option: string, withLow: boolean): OptionParser<number> {
  return (text) => {
    const value = numberOf(text);
    if (value !== undefined && value < 1 && (withLow ? value >= 0 : value > 0)) return value;
    return fail(option, withLow ? "a number from 0 to below 1" : "a number between 0 and 1", text);
  };
}

/** `a, b or c`. */
export const listOfWords = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** One of a few words. */
export function oneOf<Choice extends string>(
  option: string,
  choices: readonly Choice[],
): OptionParser<Choice> {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const closest = closestName(text, choices);
    const guess = closest === undefined ? "" : ` Did you mean ${closest}?`;
    throw new UsageError(`${option} must be ${listOfWords(choices)}, got ${JSON.stringify(text)}.${guess}`);
  };
}

/** Names with commas between, none empty, none twice. */
export function nameList(option: string): OptionParser<readonly string[]> {
  return (text) => {
    const names = text.split(",").map((name) => name.trim());
    if (names.some((name) => name === "")) fail(option, "names with a comma between two", text);
    const twice = names.find((name, place) => names.indexOf(name) !== place);
    if (twice !== undefined) throw new UsageError(`${option} names "${twice}" twice; name it once.`);
    return names;
  };
}

/** Whole numbers from 1 with commas between. */
export function integerList(option: string): OptionParser<readonly number[]> {
  return (text) => {
    const values = text.split(",").map(numberOf);
    if (values.every((value) => value !== undefined && value >= 1 && Number.isSafeInteger(value))) {
      return values as number[];
    }
    return fail(option, "whole numbers from 1 with a comma between two, such as 128,128", text);
  };
}

/** `name=number` with commas between; the name ends at the last `=`, so it may hold one itself. */
export function assignments(option: string): OptionParser<Readonly<Record<string, number>>> {
  return (text) => {
    const values = new Map<string, number>();
    for (const part of text.split(",")) {
      const at = part.lastIndexOf("=");
      const name = part.slice(0, Math.max(at, 0)).trim();
      const value = numberOf(part.slice(at + 1).trim());
      if (name === "" || value === undefined) fail(option, 'such as "c=1.5,d=2"', text);
      if (values.has(name)) throw new UsageError(`${option} sets "${name}" twice; set it once.`);
      values.set(name, value!);
    }
    return Object.fromEntries(values);
  };
}

/** The properties that are not undefined, for options that distinguish absent from undefined. */
export function defined<Options extends object>(
  options: Options,
): { [Key in keyof Options]?: Exclude<Options[Key], undefined> } {
  const kept = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [Key in keyof Options]?: Exclude<Options[Key], undefined> };
}
