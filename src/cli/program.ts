/**
 * The commands of the command line, and what it says of an error: all of it but the process itself.
 *
 * @module
 */

import { Command, CommanderError } from "commander";
import { checkAddressLimit, isOutOfMemory, oneLine, reasonOf } from "../entries/errors.ts";
import { addAnomalies } from "./commands/anomalies.ts";
import { addApproximate } from "./commands/approximate.ts";
import { addCompare } from "./commands/compare.ts";
import { addDescribe } from "./commands/describe.ts";
import { addDivergence } from "./commands/divergence.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addExport } from "./commands/export.ts";
import { addFit } from "./commands/fit.ts";
import { addImport } from "./commands/import.ts";
import { addInformation } from "./commands/information.ts";
import { addInspect } from "./commands/inspect.ts";
import { addLogprob } from "./commands/logprob.ts";
import { addPlot } from "./commands/plot.ts";
import { addCdf } from "./commands/questions/cdf.ts";
import { addImpute } from "./commands/questions/impute.ts";
import { addMarginal } from "./commands/questions/marginal.ts";
import { addQuantile } from "./commands/questions/quantile.ts";
import { addSample } from "./commands/sample.ts";
import { addServe } from "./commands/serve.ts";
import { addVerify } from "./commands/verify.ts";
import { withFlags } from "./flags.ts";
import { interruptedCode } from "./process/interrupt.ts";

/** Text whose paragraphs, which blank lines part, are lines of their own: help is wrapped at the width of the terminal. */
function inParagraphs(text: string): string {
  return text.replaceAll(/([^\n])\n(?!\n)/g, "$1 ");
}

/** The commands; `parseAsync` throws where a call is wrong, and ends no process. */
export function buildProgram(version: string): Command {
  const program = new Command("pushforward")
    .description(
      "Normalizing flows: fit a density to a table or approximate a posterior, score rows, draw samples.",
    )
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText(
      "after",
      `
Example:
  pushforward fit galaxies.csv --out galaxies.safetensors --seed 1

Exit codes: 0 done, 1 the work failed, 2 the call was wrong, 130 interrupted.`,
    );
  // Before the commands, which inherit all of it.
  program.configureHelp({ commandDescription: (command) => inParagraphs(command.description()) });
  program.exitOverride().configureOutput({ outputError: () => undefined, writeErr: () => undefined });
  program.hook("preAction", checkAddressLimit);
  for (const add of [
    addDescribe,
    addFit,
    addLogprob,
    addSample,
    addEvaluate,
    addAnomalies,
    addDivergence,
    addMarginal,
    addQuantile,
    addCdf,
    addImpute,
    addImport,
    addExport,
    addVerify,
    addServe,
    addInspect,
    addInformation,
    addPlot,
    addCompare,
    addApproximate,
  ])
    add(program);
  return program;
}

/** What is said of a run that failed, one line, and its exit code. */
export interface Failure {
  readonly line: string;
  readonly exitCode: number;
}

/** The code of an error, which tells it apart in whichever bundle its class was built. */
const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | null)?.code;

/** Sentences of commander, and what is said in their place, as other errors say it. */
const sentences: readonly (readonly [RegExp, string])[] = [
  [/^required option '(.*)' not specified/, "$1 is required"],
  [/^option '(.*)' argument missing/, "$1 needs a value"],
  [/^missing required argument '(.*?)'/, 'the argument "$1" is missing'],
  [
    /^too many arguments for '(.*?)'\. Expected (\d+) arguments? but got (\d+)/,
    'too many arguments for "$1": expected $2, got $3',
  ],
  [/^unknown option '(.*?)'/, "there is no option $1"],
  [/^unknown command '(.*?)'/, 'there is no command "$1"'],
  [/ \(Did you mean /, " (did you mean "],
];

/** What people type for a command of another name. */
const otherWords: Readonly<Record<string, string>> = {
  score: "logprob",
  density: "logprob",
  explain: "logprob --by-column, or anomalies",
  detect: "anomalies",
  outliers: "anomalies",
  train: "fit",
  generate: "sample",
  synthesize: "sample",
  condition: "sample --given, or marginal --given",
  conditional: "sample --given, or marginal --given",
  predict: "quantile --given, or impute",
  kl: "divergence",
  entropy: "information",
  info: "inspect, or describe for a table",
  show: "inspect, or describe for a table",
  schema: "describe --out",
};

/** commander's message as one line: without its `error:`, with the way to the help. */
function usageLine(message: string, program: Command, args: readonly string[]): string {
  const line = sentences.reduce(
    (text, [sentence, ours]) => text.replace(sentence, ours),
    message
      .replace(/^error: /, "")
      .replaceAll(/\s*\n\s*/g, " ")
      .replace(/\.$/, ""),
  );
  const command = args[0] ?? "";
  const known = program.commands.some((each) => each.name() === command);
  const meant =
    known || !Object.hasOwn(otherWords, command) ? "" : ` (what you look for may be ${otherWords[command]})`;
  return `${line}${meant}; see pushforward ${known ? `${command} ` : ""}--help.`;
}

/**
 * What is said of an error, and the exit code; undefined where help or version was all that was asked for.
 * @param args what was typed after the program's name.
 */
export function failureOf(error: unknown, program: Command, args: readonly string[]): Failure | undefined {
  const failure = describedFailure(error, program, args);
  return failure && { ...failure, line: oneLine(failure.line.replaceAll(/\s*[\r\n]+\s*/g, " ")) };
}

function describedFailure(error: unknown, program: Command, args: readonly string[]): Failure | undefined {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined;
    if (error.code === "commander.help") {
      const names = program.commands.map((command) => command.name()).join(", ");
      return { line: `no command given; the commands are ${names}; see pushforward --help.`, exitCode: 2 };
    }
    return { line: usageLine(error.message, program, args), exitCode: 2 };
  }
  const message = withFlags(error instanceof Error ? error.message : String(error));
  switch (codeOf(error)) {
    case "PUSHFORWARD_USAGE":
      return { line: message, exitCode: 2 };
    case "PUSHFORWARD_ABORTED":
      return {
        line: `${message.replace(/\.$/, "")}; no output file was changed`,
        exitCode: interruptedCode(),
      };
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
