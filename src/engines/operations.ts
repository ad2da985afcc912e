/**
 * Operations of an executable: one after another, until it is disposed of.
 *
 * @module
 */

import { AbortedError, UsageError } from "../errors.ts";

/** The operations of one executable. */
export class Operations {
  readonly #disposal = new AbortController();
  #queue: Promise<unknown> = Promise.resolve();

  /** Fires when the executable is disposed of. */
  get disposal(): AbortSignal {
    return this.#disposal.signal;
  }

  /** Begins an operation when those before it have ended. Rejects if the executable is disposed of by then. */
  inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const outcome = this.#queue.then(() => {
      this.checkDisposed();
      return operation();
    });
    this.#queue = outcome.catch(() => undefined);
    return outcome;
  }

  /** @throws UsageError if the executable is disposed of. */
  checkDisposed(): void {
    if (this.#disposal.signal.aborted)
      throw new UsageError({
        problem: "the executable was disposed of",
        expected: "an executable in use",
        received: "one that was disposed of",
        remedy: "compile the program again",
      });
  }

  /**
   * @throws UsageError if the executable is disposed of.
   * @throws AbortedError if the signal has fired.
   */
  checkAborted(signal: AbortSignal | undefined): void {
    this.checkDisposed();
    if (signal?.aborted) throw new AbortedError("The computation was aborted.");
  }

  /** Rejects all that has not ended, and cleans up once what is running has stopped. */
  dispose(cleanUp: () => void): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort();
    this.#queue = this.#queue.then(cleanUp);
  }
}
