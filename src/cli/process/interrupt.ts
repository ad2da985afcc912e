/**
 * Ctrl-C, and requests to terminate. As long as nobody listens, the system ends the process at once, whatever it computes; a listener
 * is not heard before the event loop has its turn. So nobody listens but who has something to keep, to say or to clear away, and only
 * while the event loop runs. Files are written whole or not at all, so that any moment will do.
 *
 * @module
 */

import { constants } from "node:os";
import { createInterface } from "node:readline";
import { removeTemporaryFiles, watchTemporaryFiles } from "../../entries/files.ts";

const names = ["SIGINT", "SIGTERM"] as const;

/** The exit code of a program that a signal ended, as a shell gives it. */
const exitCodeOf = (name: NodeJS.Signals): number => 128 + constants.signals[name];

/** Milliseconds that work has to stop, after which the process ends whatever it waits for. */
const grace = 300;

let heard: NodeJS.Signals | undefined;

/** The exit code of a command that was aborted. */
export const interruptedCode = (): number => exitCodeOf(heard ?? "SIGINT");

/** A listener for both signals that comes and goes. */
function listener(hear: (name: NodeJS.Signals) => void): (isListening: boolean) => void {
  return (isListening) => {
    for (const name of names) {
      process.off(name, hear);
      if (isListening) process.on(name, hear);
    }
  };
}

/** The signals, for a command that stops by itself. */
export interface Interrupts {
  /** Fires at the first signal that is heard, with its name as the reason. From then on the system ends the process at the next one. */
  readonly signal: AbortSignal;
  /** Whether signals are heard from now on (at first they are not). Long work that the event loop waits for goes without. */
  hear(isHearing: boolean): void;
}

/**
 * Makes it possible to stop a command.
 * @param lingers Whether the work has something to do after it, such as writing what it has: it takes its time.
 * @param ending What is said where the work does not stop by itself.
 */
export function interrupts({
  lingers,
  ending,
}: {
  readonly lingers: boolean;
  readonly ending: () => string;
}): Interrupts {
  const controller = new AbortController();
  const hear = listener((name) => {
    hear(false);
    heard = name;
    controller.abort(name);
    const end = (): never => {
      process.stderr.write(`${ending()}\n`);
      process.exit(exitCodeOf(name));
    };
    if (!lingers) setTimeout(end, grace).unref();
  });
  return {
    signal: controller.signal,
    hear: (isHearing) => hear(isHearing && !controller.signal.aborted),
  };
}

/** Sees to it that a process which ends while it writes a file leaves nothing beside it. */
export function clearAwayAtEnd(): void {
  const hear = listener((name) => {
    // Who else listens decides when the process ends.
    if (process.listenerCount(name) > 1) return;
    hear(false);
    removeTemporaryFiles();
    process.kill(process.pid, name);
  });
  watchTemporaryFiles((count) => hear(count > 0));
  process.on("exit", removeTemporaryFiles);
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
