/**
 * Ctrl-C as an AbortSignal: the work stops where it can, and files stay as they were.
 *
 * @module
 */

import { createInterface } from "node:readline";

/** The exit code of a program that Ctrl-C stopped: 128 + SIGINT. */
export const interruptedCode = 130;

/** Milliseconds that work has to stop, after which the process ends whatever it waits for. */
const grace = 3000;

/** What ends the process where the work does not: files are written whole or not at all, so any moment will do. */
function end(): never {
  process.stderr.write("Interrupted; no output file was changed\n");
  process.exit(interruptedCode);
}

/**
 * A signal that the first Ctrl-C (or a request to terminate) aborts, with the name of the system's signal as its reason; a
 * second one ends the process at once.
 *
 * @param lingers whether the work has something to do after it, such as writing what it has: it takes its time.
 */
export function interruptSignal({ lingers = false }: { readonly lingers?: boolean } = {}): AbortSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) end();
    controller.abort(name);
    if (!lingers) setTimeout(end, grace);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}

/**
 * Computes what lets no event be heard until it is done, and writes nothing: meanwhile the system ends the process by itself, at the
 * first Ctrl-C.
 */
export function interruptible<T>(compute: () => T): T {
  const names = ["SIGINT", "SIGTERM"] as const;
  const listeners = names.map((name) => process.listeners(name));
  for (const name of names) process.removeAllListeners(name);
  try {
    return compute();
  } finally {
    names.forEach((name, i) => {
      for (const listener of listeners[i]!) process.on(name, listener);
    });
  }
}

/** Whether somebody sits at a terminal who can be asked. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** Asks for a yes or no; no is what an end of the input says. */
export async function confirm(question: string): Promise<boolean> {
  // Not as a terminal: that would take Ctrl-C for itself, which here ends the process.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    return await new Promise<boolean>((resolve) => {
      lines.on("close", () => resolve(false));
      lines.question(`${question} [Y/n] `, (answer) => resolve(/^\s*(y|yes)?\s*$/i.test(answer)));
    });
  } finally {
    lines.close();
  }
}
