/**
 * Ctrl-C as an AbortSignal: the work stops where it can, and files stay as they were.
 *
 * @module
 */

/** The exit code of a program that Ctrl-C stopped: 128 + SIGINT. */
export const INTERRUPTED = 130;

/** A signal that the first Ctrl-C (or a request to terminate) aborts; a second one ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}
