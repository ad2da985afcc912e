/**
 * `pushforward fit`: fits a flow to a table and writes the model.
 *
 * @module
 */

import { basename } from "node:path";
import type { Command } from "commander";
import { hasEpochs, isTrained, modelKinds } from "../../architectures/kinds.ts";
import { AbortedError, UsageError } from "../../errors.ts";
import type { FitPhase, ModelKind } from "../../index.ts";
import { isSameFile } from "../../platform/files.ts";
import { allColumns, checkDisjoint, checkKnown } from "../columnNames.ts";
import { describeArchitecture } from "../describe.ts";
import { canAsk, confirm, interruptSignal } from "../interrupt.ts";
import { checkTrainingFlags } from "../kinds.ts";
import {
  defined,
  duration,
  fraction,
  integerList,
  nameList,
  oneOf,
  positiveInteger,
  positiveNumber,
  wholeNumber,
  wideSimdHelp,
} from "../options.ts";
import {
  checkOutput,
  checkWritable,
  formatCount,
  formatFacts,
  formatLogProb,
  formatSeconds,
  print,
  printJson,
} from "../output.ts";
import { progressDisplay } from "../progress.ts";
import { addTableOptions, namingTable, parsedColumns, readData, type TableFlags } from "../tableOptions.ts";

interface FitFlags extends TableFlags {
  readonly out: string;
  readonly flow?: ModelKind;
  readonly columns?: readonly string[];
  readonly given?: readonly string[];
  readonly weights?: string;
  readonly transforms?: number;
  readonly hidden?: readonly number[];
  readonly epochs?: number;
  readonly budget?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly validation?: number;
  readonly patience?: number;
  readonly ema?: number;
  readonly missing?: "error" | "drop";
  readonly dequantize?: readonly string[];
  readonly checkpoint?: string;
  readonly resume?: boolean;
  readonly keep?: boolean;
  readonly seed?: number;
  readonly threads?: number;
  readonly wideSimd?: boolean;
  readonly precision?: "float32" | "float64";
  readonly engine?: "wasm" | "reference";
  readonly json?: boolean;
}

const DESCRIPTION = `Fit a normalizing flow to a table.

DATA is a .csv, .tsv, .jsonl, .npy or .parquet file (also .gz), or - for CSV on standard input.
Without options, the flow and its size follow from the data.`;

const EXAMPLE = `
Example:
  pushforward fit galaxies.csv --out galaxies.safetensors --seed 1`;

/** Checks that need no file but those that are written. */
function checkFlags(flags: FitFlags): void {
  checkTrainingFlags(flags.flow ?? "nsf-ar", flags);
  checkDisjoint(["--columns", flags.columns], ["--given", flags.given]);
  const weights = flags.weights === undefined ? undefined : [flags.weights];
  checkDisjoint(["--columns", flags.columns], ["--weights", weights]);
  checkDisjoint(["--given", flags.given], ["--weights", weights]);
  if (flags.budget !== undefined && flags.epochs !== undefined)
    throw new UsageError("--budget and --epochs both say how long to train; leave one of them out.");
  if (flags.resume && flags.checkpoint === undefined) {
    throw new UsageError("--resume needs --checkpoint FILE, the file to go on from.");
  }
  checkOutput(flags.out, [".safetensors"], "a model");
  if (flags.checkpoint === undefined) return;
  checkWritable("--checkpoint", flags.checkpoint);
  if (isSameFile(flags.checkpoint, flags.out))
    throw new UsageError(`--checkpoint and --out both name "${flags.out}"; give them two names.`);
}

/** The end of a fit that was stopped and wrote no model, with what helps the next time. */
function stopped({ keep, checkpoint }: FitFlags, isTraining: boolean): AbortedError {
  if (!isTraining) return new AbortedError("The fit was aborted");
  const resume =
    checkpoint === undefined
      ? "--checkpoint and --resume go on where it stopped"
      : "--resume goes on from the checkpoint";
  const how = keep
    ? `The fit was aborted before it had a model to keep (${resume})`
    : `The fit was aborted (--keep writes the best model so far; ${resume})`;
  return new AbortedError(how);
}

async function run(data: string, flags: FitFlags): Promise<void> {
  checkFlags(flags);
  const started = performance.now();
  const { fit } = await import("../../index.ts");
  const isTraining = isTrained(flags.flow ?? "nsf-ar");
  const keepOnAbort = isTraining && (flags.keep || canAsk()) ? true : undefined;
  const signal = interruptSignal({ lingers: keepOnAbort === true });
  const table = await readData(data, flags, signal);
  const source = data === "-" ? "standard input" : basename(data);
  const known = allColumns(table);
  const everything = flags.dequantize?.length === 1 && flags.dequantize[0] === "all";
  checkKnown("--columns", flags.columns, known, source);
  checkKnown("--given", flags.given, known, source);
  checkKnown("--weights", flags.weights === undefined ? [] : [flags.weights], known, source);
  if (!everything) checkKnown("--dequantize", flags.dequantize, known, source);
  const display = progressDisplay(isTraining ? "epoch" : "step");
  const onPhase = ({ phase, done, total }: FitPhase): void => {
    if (phase === "preparation") display.prepare(`choosing the preparation ${done + 1}/${total}`);
  };
  const { columns, given, weights, flow, transforms, hidden, epochs, batch, validation, patience } = flags;
  const { missing, checkpoint, resume, seed, threads, precision, engine, wideSimd: wide } = flags;
  try {
    const { flow: fitted, report } = await fit(table, {
      ...defined({ columns, given, weights, flow, transforms, hidden, epochs, batch, validation, patience }),
      ...defined({ missing, checkpoint, resume, seed, threads, precision, engine, wide }),
      ...defined({ keepOnAbort }),
      ...defined({ learningRate: flags.lr, averaging: flags.ema, budget: flags.budget }),
      ...defined({ dequantize: everything ? ("all" as const) : flags.dequantize }),
      signal,
      onProgress: (progress) => display.update(progress),
      // What is fitted without gradients has no phases.
      ...(isTraining ? { onPhase } : {}),
      onWarning: (line) => display.warn(line),
    });
    display.stop();
    const { interrupted } = report;
    if (interrupted && !flags.keep) {
      // A request to terminate is nobody to answer.
      const question = `Interrupted after ${formatCount(report.epochs)} epochs. Write the best model so far to ${flags.out}?`;
      if (signal.reason !== "SIGINT" || !(await confirm(question))) throw stopped(flags, isTraining);
    }
    await fitted.save(flags.out);
    const seconds = (performance.now() - started) / 1000;
    const { trainLogProb, validationLogProb, parameters } = report;
    if (flags.json) {
      const rounded = Math.round(seconds * 1000) / 1000;
      await printJson({
        trainLogProb,
        validationLogProb,
        epochs: report.epochs,
        stillImproving: report.stillImproving,
        seconds: rounded,
        parameters,
        interrupted,
        leftOut: report.leftOut,
        parsed: parsedColumns(table, [...fitted.columns, ...fitted.given]),
        out: flags.out,
      });
      return;
    }
    const trained = hasEpochs(fitted.description.kind);
    const dropped = report.dropped > 0 ? `, ${formatCount(report.dropped)} left out for missing values` : "";
    const condition: [string, string][] = fitted.given.length > 0 ? [["given", fitted.given.join(", ")]] : [];
    const end = interrupted
      ? `, interrupted after ${formatCount(report.epochs)} epochs: the best model so far`
      : "";
    await print(
      `fitted ${formatCount(report.rows)} rows of ${source}${dropped}${end}\n${formatFacts([
        ["columns", fitted.columns.join(", ")],
        ...condition,
        ["architecture", describeArchitecture(fitted.description)],
        ["parameters", formatCount(parameters)],
        ["train", `${formatLogProb(trainLogProb)} nats a row`],
        ["validation", `${formatLogProb(validationLogProb)} nats a row`],
        ["time", formatSeconds(seconds) + (trained ? `, ${formatCount(report.epochs)} epochs` : "")],
        ...(report.stillImproving
          ? ([["at the end", "still improving: train longer (--budget, --epochs)"]] as [string, string][])
          : []),
        ["model", flags.out],
      ])}`,
    );
  } catch (error) {
    throw (error as { code?: unknown }).code === "PUSHFORWARD_ABORTED" ? stopped(flags, isTraining) : error;
  } finally {
    display.stop();
  }
}

/** Adds the command. */
export function addFit(program: Command): void {
  const command = program
    .command("fit")
    .summary("fit a flow to a table")
    .description(DESCRIPTION)
    .argument("<data>", "table to fit; - for CSV on standard input")
    .requiredOption("--out <file>", "model to write (.safetensors)")
    .option(
      "--flow <kind>",
      `${modelKinds.slice(0, -1).join(", ")} or ${modelKinds[modelKinds.length - 1]}`,
      oneOf("--flow", modelKinds),
    )
    .option(
      "--columns <names>",
      "columns to fit, such as a,b (default: all numeric ones)",
      nameList("--columns"),
    )
    .option("--given <names>", "columns to condition on, such as c,d", nameList("--given"))
    .option("--weights <name>", "column of row weights")
    .option("--transforms <n>", "number of transforms", positiveInteger("--transforms"))
    .option("--hidden <sizes>", "hidden layers, such as 128,128", integerList("--hidden"))
    .option("--epochs <n>", "passes over the data at most", positiveInteger("--epochs"))
    .option(
      "--budget <time>",
      "time to train at most, on two cores: 90s, 2m (default: 2m)",
      duration("--budget"),
    )
    .option("--batch <rows>", "rows a step", positiveInteger("--batch"))
    .option("--lr <rate>", "learning rate", positiveNumber("--lr"))
    .option(
      "--validation <share>",
      "share of rows held out for early stopping",
      fraction("--validation", false),
    )
    .option("--patience <n>", "epochs without improvement before stopping", positiveInteger("--patience"))
    .option("--ema <decay>", "decay of the average of the weights", fraction("--ema", true))
    .option(
      "--missing <policy>",
      "error, or drop rows with missing values",
      oneOf("--missing", ["error", "drop"]),
    )
    .option("--dequantize <names>", "spread values recorded in steps: a,b or all", nameList("--dequantize"))
    .option("--checkpoint <file>", "file to save the state of the fit to")
    .option("--resume", "go on from the checkpoint")
    .option("--keep", "on Ctrl-C write the best model so far, and end with exit code 0")
    .option("--seed <n>", "seed of every random choice", wholeNumber("--seed"))
    .option("--threads <n>", "threads to use", positiveInteger("--threads"))
    .option("--wide-simd", wideSimdHelp)
    .option("--precision <type>", "float32 or float64", oneOf("--precision", ["float32", "float64"]))
    .option("--engine <name>", "wasm or reference", oneOf("--engine", ["wasm", "reference"]))
    .option("--json", "print one JSON document")
    .addHelpText("after", EXAMPLE)
    .action(namingTable(0, run));
  addTableOptions(command);
}
