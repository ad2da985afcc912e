#!/usr/bin/env node
/**
 * The command line: `pushforward describe | fit | logprob | sample | inspect | information | plot | compare | approximate`. Exit codes: 0 done, 1 the work
 * failed, 2 the call was wrong, 130 interrupted. An error is one line on standard error; PUSHFORWARD_DEBUG=1 adds the stack.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { isOutOfMemory, reasonOf } from "../platform/platform.ts";
import { addApproximate } from "./commands/approximate.ts";
import { addCompare } from "./commands/compare.ts";
import { addDescribe } from "./commands/describe.ts";
import { addFit } from "./commands/fit.ts";
import { addInformation } from "./commands/information.ts";
import { addInspect } from "./commands/inspect.ts";
import { addLogprob } from "./commands/logprob.ts";
import { addPlot } from "./commands/plot.ts";
import { addSample } from "./commands/sample.ts";
import { withFlags } from "./flags.ts";
import { interruptedCode } from "./interrupt.ts";

/** The version in package.json, which lies beside the folder of the built module. */
function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}

function buildProgram(): Command {
  const program = new Command("pushforward")
    .description(
      "Normalizing flows: fit a density to a table or approximate a posterior, score rows, draw samples.",
    )
    .version(version(), "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText(
      "after",
      `
Example:
  pushforward fit galaxies.csv --out galaxies.safetensors --seed 1

Exit codes: 0 done, 1 the work failed, 2 the call was wrong, 130 interrupted.`,
    );
  // Before the commands, which inherit both.
  program.exitOverride().configureOutput({ outputError: () => undefined, writeErr: () => undefined });
  for (const add of [
    addDescribe,
    addFit,
    addLogprob,
    addSample,
    addInspect,
    addInformation,
    addPlot,
    addCompare,
    addApproximate,
  ])
    add(program);
  return program;
}

/** What the end of a run says and returns. */
interface Failure {
  readonly line: string;
  readonly exitCode: number;
}

/** The code of an error, which tells it apart in whichever bundle its class was built. */
const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | null)?.code;

/** commander's message as one line: without its `error:`, with the way to the help. */
function usageLine(message: string, program: Command): string {
  const line = message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const command = process.argv[2] ?? "";
  const known = program.commands.some((each) => each.name() === command);
  return `${line}; see pushforward ${known ? `${command} ` : ""}--help`;
}

function failureOf(error: unknown, program: Command): Failure | undefined {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined;
    if (error.code === "commander.help") {
      const names = program.commands.map((command) => command.name()).join(", ");
      return { line: `no command given; the commands are ${names}: see pushforward --help`, exitCode: 2 };
    }
    return { line: usageLine(error.message, program), exitCode: 2 };
  }
  const message = withFlags(error instanceof Error ? error.message : String(error));
  switch (codeOf(error)) {
    case "PUSHFORWARD_USAGE":
      return { line: message, exitCode: 2 };
    case "PUSHFORWARD_ABORTED":
      return { line: `${message.replace(/\.$/, "")}; no output file was changed`, exitCode: interruptedCode };
  }
  const code = String(codeOf(error));
  if (code.startsWith("PUSHFORWARD_")) return { line: message, exitCode: 1 };
  // What the machine refuses: memory, files, threads.
  if (isOutOfMemory(error) || /^E[A-Z]+$/.test(code)) {
    const { path } = error as NodeJS.ErrnoException;
    return { line: `${path === undefined ? "" : `${path}: `}${reasonOf(error)}`, exitCode: 1 };
  }
  const remedy = "this should not happen; PUSHFORWARD_DEBUG=1 shows where it did";
  return { line: `unexpected error: ${message}; ${remedy}`, exitCode: 1 };
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

async function fail(error: unknown, program: Command): Promise<void> {
  if (isFailing) return;
  isFailing = true;
  const failure = failureOf(error, program);
  if (!failure) return await finish(0);
  process.stderr.write(`${failure.line.replaceAll(/\s*[\r\n]+\s*/g, " ")}\n`);
  if (process.env.PUSHFORWARD_DEBUG === "1" && error instanceof Error) {
    process.stderr.write(`${error.stack ?? "no stack"}\n`);
  }
  return await finish(failure.exitCode);
}

// A reader that has seen enough (`| head`) is no failure; a disk that is full is one.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`cannot write to standard output: ${reasonOf(error)}\n`);
  process.exit(1);
});
// Progress and warnings that nobody reads any more are no reason to stop, and each further one fails in the same way.
process.stderr.on("error", () => undefined);

const program = buildProgram();
process.on("uncaughtException", (error) => void fail(error, program));
try {
  await program.parseAsync();
  await finish(Number(process.exitCode ?? 0));
} catch (error) {
  await fail(error, program);
}
