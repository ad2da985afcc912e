/**
 * What is answered to a request that cannot be served.
 *
 * @module
 */

/** Where the fault of a request is. */
export interface Fault {
  /** Row, from 1. */
  readonly row?: number | undefined;
  /** Column, by its name. */
  readonly column?: string | undefined;
  /** Elsewhere: the place in the body, such as `n`. */
  readonly field?: string | undefined;
  readonly message: string;
}

/** A request that cannot be served, with what is answered. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** Status of HTTP. */
  readonly status: number;
  /** Stable name, for programs. */
  readonly code: string;
  /** What is wrong with the content, the first faults of it. */
  readonly faults: readonly Fault[];

  constructor(status: number, code: string, message: string, faults: readonly Fault[]) {
    super(message);
    this.status = status;
    this.code = code;
    this.faults = faults;
  }

  /** The body of the answer. */
  get body(): object {
    const { code, message, faults } = this;
    return { error: { code, message, ...(faults.length > 0 ? { faults } : {}) } };
  }
}

/** Makes one. */
export const problem = (
  status: number,
  code: string,
  message: string,
  faults: readonly Fault[] = [],
): Problem => new Problem(status, code, message, faults);

/** A request that takes longer than it may. */
export const tooLate = (): Problem =>
  problem(504, "timeout", "the request took longer than the server allows");

/** Codes of the library's errors about what it was given, and their statuses. */
const statuses: Readonly<Record<string, readonly [status: number, code: string]>> = {
  PUSHFORWARD_USAGE: [400, "bad request"],
  PUSHFORWARD_DATA: [400, "bad rows"],
  PUSHFORWARD_SHAPE: [400, "bad rows"],
  PUSHFORWARD_FORMAT: [400, "bad body"],
  PUSHFORWARD_NUMERICAL: [422, "no answer"],
};

/** What is answered where something was thrown. What is not the fault of the request tells nothing of the machine. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { name, code, message, row, column } = error as Partial<Error & Fault & { code: string }>;
  if (name === "TimeoutError" || code === "PUSHFORWARD_ABORTED") return tooLate();
  const known = statuses[String(code)];
  if (!known) return problem(500, "internal error", "the server failed; its log says why");
  const isPlaced = row !== undefined || column !== undefined;
  return problem(...known, message!, isPlaced ? [{ row, column, message: message! }] : []);
}
