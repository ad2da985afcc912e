/**
 * The errors that the library throws on purpose. `code` is stable and meant for programs; `message` is one
 * line meant for people: it names the thing, its value, what was expected and what to do, and may change.
 *
 * @module
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
const controls = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** `\n`, `\t` or `\u001b`, as JavaScript and JSON write them. */
function escaped(letter: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[letter];
  return short ?? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function checkText(where: string, text: unknown): void {
  if (typeof text === "string") return;
  throw new UsageError({ where, subject: "text", expected: "a string", received: `${typeof text}` });
}

/**
 * Text in which line breaks, control characters, and letters that are not seen or turn the direction of writing are escapes, such as
 * `\u001b`: one line that is what it looks like. Names of columns and files, and cells, may hold what a terminal would obey.
 * @throws {@link UsageError} for what is not a string.
 */
export function oneLine(text: string): string {
  checkText("oneLine", text);
  return text.replace(controls, escaped);
}

/** The same of text with lines of its own: line feeds stay. */
export function plainLines(text: string): string {
  checkText("plainLines", text);
  return text.replace(controls, (letter) => (letter === "\n" ? letter : escaped(letter)));
}

/** Messages of more characters than this are shortened: a name in them may have ten thousand. */
const longestMessage = 800;

/** A message with long quoted names cut, and its middle left out where it is still too long. */
function brief(message: string): string {
  if (message.length <= longestMessage) return message;
  const cut = message.replaceAll(/"([^"]{40})[^"]{20,}"/g, '"$1..."');
  if (cut.length <= longestMessage) return cut;
  return `${cut.slice(0, longestMessage - 310)} ... ${cut.slice(-300)}`;
}

/** What an error is about, as text for people; the message is made of it. */
export interface ErrorFacts {
  /** The function, file, column or row that met the fault: `fit`, `column "age" (row 17)`. */
  readonly where?: string | undefined;
  /** The argument, option or value at fault: `epochs`. */
  readonly subject?: string | undefined;
  /** What was expected, after "must be": `a positive integer`. */
  readonly expected: string;
  /** What came instead. */
  readonly received: string;
  /** What to do, where there is a way out. */
  readonly remedy?: string | undefined;
  /** The sentence on what is wrong, where "subject must be expected, got received" does not say it. */
  readonly problem?: string | undefined;
}

/** `where: subject must be expected, got received; remedy.` */
function messageOf({ where, subject = "it", expected, received, remedy, problem }: ErrorFacts): string {
  const sentence = problem ?? `${subject} must be ${expected}, got ${received}`;
  const end = remedy === undefined ? "" : `; ${remedy}`;
  return `${where === undefined ? "" : `${where}: `}${sentence}${end}${remedy?.endsWith("?") ? "" : "."}`;
}

/** The sentence of a message, without the remedy and the full stop that end it. */
export function withoutRemedy(message: string, remedy: string | undefined): string {
  const end = remedy === undefined ? -1 : message.lastIndexOf(`; ${remedy}`);
  return end < 0 ? message.replace(/\.$/, "") : message.slice(0, end);
}

/** Base of all errors thrown on purpose; `code` is stable, `message` may change. */
export abstract class PushforwardError extends Error {
  /** Stable name of the kind of error, for programs. */
  abstract readonly code: string;
  /** The function, file, column or row that met the fault, where one is known. */
  readonly where: string | undefined;
  /** What was expected; undefined where there is no one thing, as for a file that is absent. */
  readonly expected: string | undefined;
  /** What came instead. */
  readonly received: string | undefined;
  /** What to do, where there is a way out. */
  readonly remedy: string | undefined;
  /** @param place - What `where` is if the facts do not say it, for errors whose message names the place by itself. */
  constructor(about: string | ErrorFacts, options?: ErrorOptions, place?: string) {
    super(brief(oneLine(typeof about === "string" ? about : messageOf(about))), options);
    const facts: Partial<ErrorFacts> = typeof about === "string" ? {} : about;
    this.where = facts.where ?? place;
    this.expected = facts.expected;
    this.received = facts.received;
    this.remedy = facts.remedy;
  }
}

/** A call that cannot be carried out as written: an unknown option, a value outside its domain. */
export class UsageError extends PushforwardError {
  /** Name of the class. */
  override readonly name = "UsageError";
  readonly code = "PUSHFORWARD_USAGE";
}

/** Two shapes, or a shape and a length, that do not fit together. */
export class ShapeError extends PushforwardError {
  /** Name of the class. */
  override readonly name = "ShapeError";
  readonly code = "PUSHFORWARD_SHAPE";
}

/** `column "age" (row 17)`, or what of it is known. */
function placeOf(column: string | undefined, row: number | undefined): string | undefined {
  if (column === undefined) return row === undefined ? undefined : `row ${row}`;
  return row === undefined ? `column "${column}"` : `column "${column}" (row ${row})`;
}

/** Data that cannot be used: text where a number is expected, a missing value, a constant column, too few rows. */
export class DataError extends PushforwardError {
  /** Name of the class. */
  override readonly name = "DataError";
  readonly code = "PUSHFORWARD_DATA";
  /** Name of the column at fault, where there is one. */
  readonly column: string | undefined;
  /** Row at fault, counted from 1 without the header, where there is one. */
  readonly row: number | undefined;
  /** @param place - Where it is; the name of the file for a message that begins with it. */
  constructor(
    about: string | ErrorFacts,
    { column, row, file }: { column?: string; row?: number; file?: string } = {},
  ) {
    super(about, undefined, placeOf(column, row) ?? file);
    this.column = column;
    this.row = row;
  }
}

/** A cell that cannot be used: `column "age" (row 17): PROBLEM; REMEDY.` */
export function badCell(column: string, row: number, facts: Omit<ErrorFacts, "where">): DataError {
  return new DataError({ where: placeOf(column, row), ...facts }, { column, row });
}

/** An error about data behind the name of where they are from: `PLACE: MESSAGE`, with its facts. */
export function dataErrorOf(place: string, error: DataError): DataError {
  const { message, column, row, remedy, expected = "data that can be used", received = message } = error;
  const problem = withoutRemedy(message, remedy);
  // A message that was shortened may have lost its remedy.
  const endsWithRemedy = problem.length < message.length - 1;
  return new DataError(
    { problem: `${place}: ${problem}`, expected, received, remedy: endsWithRemedy ? remedy : undefined },
    { ...(column === undefined ? {} : { column }), ...(row === undefined ? {} : { row }), file: place },
  );
}

/** A file that is absent, unreadable, truncated, corrupt, or of a version that this release does not read. */
export class FormatError extends PushforwardError {
  /** Name of the class. */
  override readonly name = "FormatError";
  readonly code = "PUSHFORWARD_FORMAT";
}

/**
 * A file, or a part of one, that cannot be used: `NAME PROBLEM; REMEDY.`
 * @param problem - The sentence, which goes on from the name: `is not a zip archive`.
 */
export function unreadable(
  name: string,
  problem: string,
  facts: Pick<ErrorFacts, "expected" | "received" | "remedy">,
): FormatError {
  return new FormatError({ ...facts, problem: `${name} ${problem}` }, undefined, name);
}

/** A file that is not as its writer made it: `NAME is damaged: FAULT; copy or write it again.` */
export function damaged(
  name: string,
  fault: string,
  expected = "a file as it was written",
  received: string = fault,
): FormatError {
  return unreadable(name, `is damaged: ${fault}`, { expected, received, remedy: "copy or write it again" });
}

/** A computation that left the finite numbers and could not be brought back. */
export class NumericalError extends PushforwardError {
  /** Name of the class. */
  override readonly name = "NumericalError";
  readonly code = "PUSHFORWARD_NUMERICAL";
}

/** Thrown when an `AbortSignal` stops a computation. */
export class AbortedError extends PushforwardError {
  /** Name of the class. */
  override readonly name = "AbortedError";
  readonly code = "PUSHFORWARD_ABORTED";
}
