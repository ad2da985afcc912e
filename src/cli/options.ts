/**
 * Values of command-line options: read strictly, before any file is opened, with errors that name the option,
 * what it takes and what it got.
 *
 * @module
 */

import { UsageError } from "../entries/errors.ts";
import type { GivenRange } from "../entries/options.ts";
import { checkColumnParse, closestName } from "../entries/options.ts";
import type { ColumnParse } from "../entries/tables.ts";

/** Turns the text of an option into its value; `before` is that of the same option where it was given before. */
export type OptionParser<Value> = (text: string, before?: unknown) => Value;

const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function fail(option: string, expected: string, text: string): never {
  throw new UsageError({ subject: option, expected, received: JSON.stringify(text) });
}

/** A number by the strict rules of a table's cells: no hexadecimal, no trailing letters; undefined otherwise. */
export function numberOf(text: string): number | undefined {
  const value = numberPattern.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
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

/** A whole number from 0 up to another. */
export function wholeNumberUpTo(option: string, most: number): OptionParser<number> {
  return (text) => {
    const value = numberOf(text);
    if (value !== undefined && value >= 0 && value <= most && Number.isInteger(value)) return value;
    return fail(option, `a whole number from 0 to ${most}`, text);
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
    const match = choices.find((choice) => choice === text);
    if (match !== undefined) return match;
    const closest = closestName(text, choices);
    throw new UsageError({
      subject: option,
      expected: listOfWords(choices),
      received: JSON.stringify(text),
      remedy: closest === undefined ? undefined : `did you mean ${closest}?`,
    });
  };
}

/** Names with commas between, none empty, none twice. */
export function nameList(option: string): OptionParser<readonly string[]> {
  return (text) => {
    const names = text.split(",").map((name) => name.trim());
    if (names.some((name) => name === "")) fail(option, "names with a comma between two", text);
    const twice = names.find((name, place) => names.indexOf(name) !== place);
    if (twice !== undefined)
      throw new UsageError({
        problem: `${option} names "${twice}" twice`,
        expected: "each name once",
        received: `"${twice}" twice`,
        remedy: "name it once",
      });
    return names;
  };
}

/** `name=number` with commas between; the name ends at the last `=`, so it may hold one itself. */
export function assignments(
  option: string,
  example: string = '"c=1.5,d=2"',
): OptionParser<Readonly<Record<string, number>>> {
  return (text) => {
    const values = new Map<string, number>();
    for (const part of text.split(",")) {
      const at = part.lastIndexOf("=");
      const name = part.slice(0, Math.max(at, 0)).trim();
      const value = numberOf(part.slice(at + 1).trim());
      if (name === "" || value === undefined) fail(option, `such as ${example}`, text);
      if (values.has(name))
        throw new UsageError({
          problem: `${option} sets "${name}" twice`,
          expected: "each name once",
          received: `"${name}" twice`,
          remedy: "set it once",
        });
      values.set(name, value!);
    }
    return Object.fromEntries(values);
  };
}

/** `name=value` with commas between: numbers, and texts for levels and dates of mixed columns. */
export function givenValues(option: string): OptionParser<Readonly<Record<string, number | string>>> {
  return (text) => {
    const values = new Map<string, number | string>();
    for (const part of text.split(",")) {
      const at = part.lastIndexOf("=");
      const name = part.slice(0, Math.max(at, 0)).trim();
      const value = part.slice(at + 1).trim();
      if (name === "" || value === "") fail(option, 'such as "c=1.5,d=2"', text);
      if (values.has(name))
        throw new UsageError({
          problem: `${option} sets "${name}" twice`,
          expected: "each name once",
          received: `"${name}" twice`,
          remedy: "set it once",
        });
      values.set(name, numberOf(value) ?? value);
    }
    return Object.fromEntries(values);
  };
}

/** A table with one condition per row. */
export class GivenFile {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** What `--given` takes: values and ranges, or a table. */
export type GivenText = Readonly<Record<string, number | string | GivenRange>> | GivenFile;

/** A range such as `40..50`, `40..` or `..50`; undefined where the text is none. */
function rangeOf(text: string): GivenRange | undefined {
  const [, from = "", to = ""] = /^(.*?)\.\.(.*)$/.exec(text) ?? [];
  if (from === "" && to === "") return undefined;
  const end = (side: string): number | string => numberOf(side) ?? side.trim();
  return { ...(from === "" ? {} : { from: end(from) }), ...(to === "" ? {} : { to: end(to) }) };
}

/** `name=value` or `name=from..to` with commas between; what has no `=` is the name of a table. */
export function givenOrFile(option: string): OptionParser<GivenText> {
  return (text) => {
    // A condition without a value is a slip, and no table has such a name.
    if (!text.includes("=") && /[./\\]/.test(text)) return new GivenFile(text);
    return Object.fromEntries(
      Object.entries(givenValues(option)(text)).map(([name, value]) => [
        name,
        (typeof value === "string" ? rangeOf(value) : undefined) ?? value,
      ]),
    );
  };
}

/** `name=value` or `name=from..to` with commas between, or names of columns. */
export function givenOrNames(option: string): OptionParser<GivenText | readonly string[]> {
  return (text) => (text.includes("=") ? givenOrFile(option)(text) : nameList(option)(text));
}

/** Some of a few words, with commas between, each once. */
export function wordList(option: string, words: readonly string[]): OptionParser<readonly string[]> {
  const [list, word] = [nameList(option), oneOf(option, words)];
  return (text) => list(text).map((name) => word(name));
}

/** Lists of names with colons between. */
export const groupList = (flag: string): OptionParser<readonly (readonly string[])[]> => {
  const list = nameList(flag);
  return (text) => {
    const groups = text.split(":").map((group) => list(group));
    if (groups.length > 1) return groups;
    throw new UsageError({
      subject: flag,
      expected: "groups of columns such as a,b:c",
      received: JSON.stringify(text),
    });
  };
};

/** Marks with commas between; given twice, all of them. */
export const marks =
  (flag: string): OptionParser<readonly string[]> =>
  (text, before) => {
    const further = text.split(",").map((mark) => mark.trim());
    if (!further.includes("")) return [...((before as readonly string[] | undefined) ?? []), ...further];
    throw new UsageError({
      subject: flag,
      expected: 'marks of missing values with a comma between two, such as "?,."',
      received: JSON.stringify(text),
    });
  };

type Parses = Readonly<Record<string, readonly ColumnParse[]>>;

/** `price=currency,share=percent+decimal-comma`: the name ends at the last `=`; a part without one belongs to the next name. */
export const parses =
  (flag: string): OptionParser<Parses> =>
  (text, before) => {
    const parses = new Map(Object.entries((before as Parses | undefined) ?? {}));
    let open = "";
    for (const part of text.split(",")) {
      const whole = open + part;
      const at = whole.lastIndexOf("=");
      open = at < 0 ? `${whole},` : "";
      if (at < 0) continue;
      const name = whole.slice(0, at).trim();
      const kinds = whole
        .slice(at + 1)
        .split("+")
        .map((kind) => kind.trim());
      if (name === "") open = whole;
      else parses.set(name, checkColumnParse(name, [...(parses.get(name) ?? []), ...kinds]));
    }
    if (open === "") return Object.fromEntries(parses);
    throw new UsageError({
      subject: flag,
      expected: "such as price=currency,share=percent",
      received: JSON.stringify(text),
    });
  };

/** The properties that are not undefined, for options that distinguish absent from undefined. */
export function defined<Options extends object>(
  options: Options,
): { [Key in keyof Options]?: Exclude<Options[Key], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Options]?: Exclude<Options[Key], undefined> };
}
