/**
 * Options: for each function one table of what it takes, from which the checks and their messages follow. A value that is not
 * understood, and a name that is not known, is a UsageError: nothing is ignored.
 *
 * @module
 */

import { closestName, listNames } from "./closestName.ts";
import { oneLine, UsageError } from "./errors.ts";

/** What one option may be. */
export interface OptionKind {
  /** For a message, after "must be": `a positive integer`. */
  readonly expected: string;
  /** Whether it is that; anything may come. */
  accepts(value: unknown): boolean;
  /** Whether it may not be left out (default false). */
  readonly required?: boolean | undefined;
  /** How it is read from text: the command line's parser follows from it. Absent of what text cannot hold. */
  readonly type?: "number" | "numbers" | "text" | "names" | "flag" | undefined;
  /** The words that it may be, where they are few; of names, the words that stand for them. */
  readonly choices?: readonly string[] | undefined;
}

/** Options of which each has its value. */
export type Filled<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** One row for each option; an option without a row does not compile. */
export type OptionTable<Options> = { readonly [Name in keyof Required<Options>]: OptionKind };

/** Longest text of a value that a message repeats. */
const longest = 40;

/** A value, for a message: briefly, and whatever it is. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > longest
        ? `${JSON.stringify(value.slice(0, longest))}... (${value.length} letters)`
        : JSON.stringify(value);
    case "bigint":
      return `${String(value).slice(0, longest)}n`;
    case "symbol":
      return "a symbol";
    case "function":
      return "a function";
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  try {
    if (Array.isArray(value)) return describeArray(value);
    if (ArrayBuffer.isView(value) && "length" in value)
      return `${withArticle(value.constructor.name)} of ${String(value.length)} ${value.length === 1 ? "number" : "numbers"}`;
    const name = (value as object).constructor?.name ?? "";
    if (name === "Promise") return "a promise (await it first)";
    if (name === "" || name === "Object") return "an object";
    return withArticle(name.slice(0, longest));
  } catch {
    // A proxy, or what has been revoked.
    return "an object that cannot be looked at";
  }
}

const withArticle = (name: string): string => `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;

/** Most elements of an array that a message repeats. */
const mostElements = 4;

/** An array: its elements where they are few and plain, else what the first one is. */
function describeArray(value: readonly unknown[]): string {
  if (value.length === 0) return "an empty array";
  const isPlain = (element: unknown): boolean => typeof element === "number" || typeof element === "string";
  if (value.length <= mostElements && value.every(isPlain)) {
    const written = `[${value.map(describeValue).join(", ")}]`;
    if (written.length <= longest) return written;
  }
  return `an array of ${describeElement(value[0])}`;
}

const describeElement = (value: unknown): string =>
  Array.isArray(value)
    ? "arrays"
    : typeof value === "number"
      ? "numbers"
      : isRecord(value)
        ? "objects"
        : typeof value === "string"
          ? "strings"
          : describeValue(value);

/** Refuses a value, with what was expected and what came; `remedy` is a clause on what to do. */
export function refuse(where: string, name: string, expected: string, value: unknown, remedy = ""): never {
  const facts = { where, subject: name, expected, received: describeValue(value) };
  throw new UsageError(remedy === "" ? facts : { ...facts, remedy });
}

/** Whether a value can hold options: an object as one writes it, no list, map or promise. */
const holdsOptions = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === "[object Object]";

/** Whether a value is an object of any kind but a list. */
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/**
 * The options of a call, checked: a copy, so that what happens to the object meanwhile changes nothing. An option that is
 * undefined is one that was left out.
 *
 * @param where - The function, as its users write it.
 * @throws {@link UsageError} that names the function, the option, what was expected and what came; for an unknown option the
 *   one most like it.
 */
export function checkedOptions<Options extends object>(
  where: string,
  options: Options | undefined,
  table: OptionTable<Options>,
): Options {
  if (options === undefined && !Object.values<OptionKind>(table).some(({ required }) => required))
    return {} as Options;
  if (!holdsOptions(options)) refuse(where, "options", `an object such as ${example(table)}`, options);
  const checked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(table, name)) throw unknownOption(where, name, Object.keys(table));
    checkArgument(where, name, value, table[name as keyof Options]);
    checked[name] = Array.isArray(value) ? value.slice() : value;
  }
  // Names and cells in a warning may hold line breaks, and what a terminal obeys.
  const { onWarning } = checked;
  if (typeof onWarning === "function")
    checked.onWarning = (line: string, ...facts: unknown[]) => onWarning(oneLine(line), ...facts);
  for (const [name, { required, expected }] of Object.entries<OptionKind>(table))
    if (required && checked[name] === undefined) refuse(where, name, expected, undefined);
  return checked as Options;
}

function example(table: object): string {
  const rows: [string, OptionKind][] = Object.entries(table);
  const [name] = rows.find(([, { required }]) => required) ?? rows[0] ?? [];
  return name === undefined ? "{}" : `{ ${name}: ... }`;
}

/** The error for a name that is not one of those known, with the one most like it. */
export function unknownOption(where: string, name: string, known: readonly string[]): UsageError {
  const closest = name.length > longest ? undefined : closestName(name, known);
  const listed = known.length === 0 ? "there are none" : `the options are ${listNames(known)}`;
  const received = describeValue(name);
  return new UsageError({
    where,
    problem: `there is no option ${received}`,
    expected: known.length === 0 ? "no options" : `one of the options ${listNames(known)}`,
    received,
    remedy: closest === undefined ? listed : `did you mean ${JSON.stringify(closest)}?`,
  });
}

const kind = (
  expected: string,
  accepts: (value: unknown) => boolean,
  more?: Partial<OptionKind>,
): OptionKind => ({ expected, accepts, ...more });

/** The same, but it may not be left out. */
export const required = (own: OptionKind): OptionKind => ({ ...own, required: true });

/** A number that fits. */
export const numberOf = (expected: string, fits: (value: number) => boolean): OptionKind =>
  kind(expected, (value) => typeof value === "number" && fits(value), { type: "number" });

/** A whole number from `least` to `most`. */
export const wholeNumber = (
  expected: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): OptionKind =>
  numberOf(expected, (value) => Number.isSafeInteger(value) && value >= least && value <= most);

/** A positive integer. */
export const count: OptionKind = wholeNumber("a positive integer", 1);
/** A seed. */
export const integer: OptionKind = numberOf("an integer", Number.isSafeInteger);
/** A finite number above 0. */
export const positive: OptionKind = numberOf("a positive number", (x) => x > 0 && Number.isFinite(x));
/** A finite number from 0 on. */
export const notNegative: OptionKind = numberOf("0 or more", (x) => x >= 0 && Number.isFinite(x));
/** True or false. */
export const flag: OptionKind = kind("true or false", (value) => typeof value === "boolean", {
  type: "flag",
});
/** Text. */
export const text: OptionKind = kind("a string", (value) => typeof value === "string", { type: "text" });
/** A function. */
export const callback: OptionKind = kind("a function", (value) => typeof value === "function");
/** Any object: what is in it is checked by who uses it. */
export const anObject: OptionKind = kind("an object", isRecord);
/** A signal: anything that says whether it has fired, and tells who listens. */
export const signal: OptionKind = kind(
  "an AbortSignal, such as controller.signal",
  (value) =>
    isRecord(value) && typeof value.aborted === "boolean" && typeof value.addEventListener === "function",
);

/** A list of what is accepted. */
export const listOf = (element: OptionKind, expected: string): OptionKind =>
  kind(expected, (value) => Array.isArray(value) && value.every((own) => element.accepts(own)));

/** Names of columns. */
export const names: OptionKind = { ...listOf(text, 'an array of names, such as ["x", "y"]'), type: "names" };
/** Sizes of layers. */
export const sizes = (most: number = Number.MAX_SAFE_INTEGER): OptionKind => {
  const bound = most < Number.MAX_SAFE_INTEGER ? ` of at most ${most}` : "";
  const list = listOf(wholeNumber("", 1, most), `an array of positive integers${bound}, such as [64, 64]`);
  return { ...list, type: "numbers" };
};
/** One of a few words. */
export const oneOf = (choices: readonly string[]): OptionKind =>
  kind(
    choices.length === 1 ? JSON.stringify(choices[0]) : `one of ${choices.join(", ")}`,
    (value) => choices.includes(value as string),
    {
      type: "text",
      choices,
    },
  );
/** One of several kinds. */
export const either = (...kinds: readonly OptionKind[]): OptionKind =>
  kind(
    kinds.map(({ expected }) => expected).join(", or "),
    (value) => kinds.some(({ accepts }) => accepts(value)),
    { type: kinds[0]?.type, choices: kinds.flatMap(({ choices }) => choices ?? []) },
  );

/** A number, of which who uses it says which. */
export const anyNumber: OptionKind = kind("a number", (value) => typeof value === "number");
/** Anything: who uses it checks it. */
export const anything: OptionKind = kind("a value", () => true);
/** Float64 numbers. */
export const float64s: OptionKind = kind("a Float64Array", (value) => value instanceof Float64Array);
/** Numbers in any kind of list. */
export const numbers: OptionKind = kind(
  "an array of numbers",
  (value) =>
    (Array.isArray(value) && value.every((own) => typeof own === "number")) ||
    (ArrayBuffer.isView(value) && !(value instanceof DataView) && !/^Big/.test(value.constructor.name)),
);

/** Refuses an argument that is not what it must be. */
export function checkArgument(
  where: string,
  name: string,
  value: unknown,
  { expected, accepts, choices = [] }: OptionKind,
  remedy = "",
): void {
  if (accepts(value)) return;
  const closest = typeof value === "string" && value.length <= longest && closestName(value, choices);
  refuse(where, name, expected, value, closest ? `did you mean ${JSON.stringify(closest)}?` : remedy);
}

/**
 * Refuses a count that is not a positive integer.
 * @throws {@link UsageError}
 */
export function checkCount(where: string, name: string, value: number): void {
  checkArgument(where, name, value, count);
}

/**
 * Refuses a size of the context that is not 0 or a positive integer.
 * @throws {@link UsageError}
 */
export function checkContext(where: string, value: number): void {
  checkArgument(where, "context", value, wholeNumber("0 or a positive integer", 0));
}

/** Options of whatever computes with an engine. */
export const engineOptions: Readonly<Record<"engine" | "precision" | "threads" | "wide", OptionKind>> = {
  engine: oneOf(["wasm", "reference"]),
  precision: oneOf(["float32", "float64"]),
  threads: count,
  wide: flag,
};
