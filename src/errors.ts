/**
 * The errors that the library throws on purpose. `code` is stable and meant for programs; `message` is one
 * line meant for people: it names the thing, its value, what was expected and what to do, and may change.
 *
 * @module
 */

/** Messages of more characters than this are shortened: a name in them may have ten thousand. */
const LONGEST_MESSAGE = 800;

/** A message with long quoted names cut, and its middle left out where it is still too long. */
function brief(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  const cut = message.replaceAll(/"([^"]{40})[^"]{20,}"/g, '"$1..."');
  if (cut.length <= LONGEST_MESSAGE) return cut;
  return `${cut.slice(0, LONGEST_MESSAGE - 310)} ... ${cut.slice(-300)}`;
}

/** Base of all errors thrown on purpose; `code` is stable, `message` may change. */
export abstract class PushforwardError extends Error {
  /** Stable name of the kind of error, for programs. */
  abstract readonly code: string;
  constructor(message: string, options?: ErrorOptions) {
    super(brief(message), options);
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

/** Data that cannot be used: text where a number is expected, a missing value, a constant column, too few rows. */
export class DataError extends PushforwardError {
  /** Name of the class. */
  override readonly name = "DataError";
  readonly code = "PUSHFORWARD_DATA";
  /** Name of the column at fault, where there is one. */
  readonly column: string | undefined;
  /** Row at fault, counted from 1 without the header, where there is one. */
  readonly row: number | undefined;
  constructor(message: string, where: { column?: string; row?: number } = {}) {
    super(message);
    this.column = where.column;
    this.row = where.row;
  }
}

/** A file that is absent, unreadable, truncated, corrupt, or of a version that this release does not read. */
export class FormatError extends PushforwardError {
  /** Name of the class. */
  override readonly name = "FormatError";
  readonly code = "PUSHFORWARD_FORMAT";
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
