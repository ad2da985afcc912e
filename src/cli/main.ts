#!/usr/bin/env node
/**
 * The command line: `pushforward describe | fit | logprob | sample | evaluate | anomalies | import | serve | inspect | information | plot | compare | approximate`. Exit codes: 0 done, 1 the work
 * failed, 2 the call was wrong, 130 interrupted (143 where it was asked to terminate). An error is one line on standard error; PUSHFORWARD_DEBUG=1 adds the stack.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { reasonOf } from "../entries/errors.ts";
import { clearAwayAtEnd } from "./process/interrupt.ts";
import { chooseWideSimd } from "./process/wideSimd.ts";
import { buildProgram, failureOf } from "./program.ts";

/** The version in package.json, which lies beside the folder of the built module. */
function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}

/** Ends the process once all that was written has been taken; threads that idle do not hold it up. */
async function finish(exitCode: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((done) => stream.write("", () => done()));
  }
  process.exit(exitCode);
}

/** Whether the process is about to end: a failure to tell of a failure is not one to tell of. */
let isFailing = false;

async function fail(error: unknown): Promise<void> {
  if (isFailing) return;
  isFailing = true;
  const failure = failureOf(error, program, process.argv.slice(2));
  if (!failure) return await finish(0);
  process.stderr.write(`${failure.line}\n`);
  if (process.env.PUSHFORWARD_DEBUG === "1" && error instanceof Error) {
    process.stderr.write(`${error.stack ?? "no stack"}\n`);
  }
  return await finish(failure.exitCode);
}

// A reader that has seen enough (`| head`) is not a failure; a disk that is full is one.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`cannot write to standard output: ${reasonOf(error)}\n`);
  process.exit(1);
});
// Progress and warnings that nobody reads any more are no reason to stop, and each further one fails in the same way.
process.stderr.on("error", () => undefined);

const program = buildProgram(version());
clearAwayAtEnd();
program.hook("preAction", (_, command) =>
  chooseWideSimd(command, { version: version(), library: new URL("./engines.js", import.meta.url) }),
);
process.on("uncaughtException", (error) => void fail(error));
try {
  await program.parseAsync();
  await finish(Number(process.exitCode ?? 0));
} catch (error) {
  await fail(error);
}
