/**
 * The page of all options is made of the tables that check them and give them flags. Where it is not current, this makes it anew:
 * `npx vitest run test/docs/optionTables.test.ts -u`.
 */

import { join } from "node:path";
import { expect, test } from "vitest";
import { modelKinds } from "../../src/architectures/kinds.ts";
import { anomaliesFlags } from "../../src/cli/flags/anomaliesFlags.ts";
import { approximateFlags } from "../../src/cli/flags/approximateFlags.ts";
import { densityRatioFlags, klDivergenceFlags } from "../../src/cli/flags/divergenceFlags.ts";
import { evaluateFlags } from "../../src/cli/flags/evaluateFlags.ts";
import {
  compareFlags,
  fitFlags,
  informationFlags,
  logProbFlags,
  sampleFlags,
} from "../../src/cli/flags/flagTables.ts";
import type { OptionFlag } from "../../src/cli/flags/optionFlags.ts";
import { cdfFlags, imputeFlags, marginalFlags, quantileFlags } from "../../src/cli/flags/questionFlags.ts";
import { readFlags } from "../../src/cli/flags/readFlags.ts";
import { anomaliesOptionTable } from "../../src/diagnostics/anomalies/anomaliesOptions.ts";
import { compareOptionTable } from "../../src/diagnostics/compare/compareOptions.ts";
import {
  densityRatioOptionTable,
  klDivergenceOptionTable,
} from "../../src/diagnostics/divergence/divergenceOptions.ts";
import { evaluateOptionTable } from "../../src/diagnostics/evaluate/evaluateOptions.ts";
import { informationOptionTable } from "../../src/diagnostics/informationOptions.ts";
import { fitOptionTable } from "../../src/fitting/fitOptions.ts";
import { approximateOptionTable } from "../../src/fitting/variational/approximateOptionTable.ts";
import {
  cdfOptionTable,
  imputeOptionTable,
  marginalOptionTable,
  quantileOptionTable,
} from "../../src/models/columns/questions/questionOptions.ts";
import { logProbOptionTable, sampleOptionTable } from "../../src/models/flowOptions.ts";
import type { OptionKind } from "../../src/options.ts";
import { readTableOptionTable } from "../../src/tables/readTableOptions.ts";

type Described = OptionKind & { readonly kinds?: readonly string[] | undefined };

const sections: readonly (readonly [
  title: string,
  words: string,
  options: Readonly<Record<string, Described>>,
  flags: Readonly<Record<string, OptionFlag | undefined>>,
])[] = [
  ["fit", "Options of `fit(table, options)` and flags of `pushforward fit`.", fitOptionTable, fitFlags],
  ["compare", "Options of `compare(table, options)`.", compareOptionTable, compareFlags],
  [
    "evaluate",
    "Options of `evaluate(flow, table, options)` of `pushforward/diagnostics`; `--train` names a file.",
    evaluateOptionTable,
    evaluateFlags,
  ],
  [
    "anomalies",
    "Options of `anomalies(table, options)` and `anomalies(flow, table, options)` of `pushforward/diagnostics`; `--calibration` names a file.",
    anomaliesOptionTable,
    anomaliesFlags,
  ],
  [
    "klDivergence",
    "Options of `klDivergence(p, q, options)` of `pushforward/diagnostics`; the command is `divergence`.",
    klDivergenceOptionTable,
    klDivergenceFlags,
  ],
  [
    "densityRatio",
    "Options of `densityRatio(p, q, rows, options)` of `pushforward/diagnostics`; the command is `divergence` with a table.",
    densityRatioOptionTable,
    densityRatioFlags,
  ],
  ["information", "Options of `information(table, options)`.", informationOptionTable, informationFlags],
  [
    "approximate",
    "Options of `approximate(options)`. On the command line a module or `--density` and `--parameters` stand for the two functions.",
    approximateOptionTable,
    approximateFlags,
  ],
  [
    "logProb",
    "Options of `flow.logProb(rows, options)` and `score`; the command is `logprob`.",
    logProbOptionTable,
    logProbFlags,
  ],
  ["sample", "Options of `flow.sample(n, options)`.", sampleOptionTable, sampleFlags],
  [
    "marginal",
    "Options of `flow.marginal(rows, options)`, of flows of the kind `columns`.",
    marginalOptionTable,
    marginalFlags,
  ],
  ["quantile", "Options of `flow.quantile(options)`.", quantileOptionTable, quantileFlags],
  ["cdf", "Options of `flow.cdf(options)`.", cdfOptionTable, cdfFlags],
  ["impute", "Options of `flow.impute(rows, options)`.", imputeOptionTable, imputeFlags],
  [
    "readTable",
    "Options of `readTable(source, options)`; every command that reads a table has the flags.",
    readTableOptionTable,
    readFlags,
  ],
];

/** What an option is that has no flag. */
const withoutFlag: Readonly<Record<string, string>> = {
  signal: "stops the work, with an AbortedError",
  onProgress: "called while the work goes on",
  onPhase:
    "called before each trial of a preparation, after the last one, behind each of mixed columns, and when the steps of the training begin",
  onColumns: "called when the columns are chosen, of mixed ones, with what each was taken for and why",
  onGiven: "called with how rows were drawn that are given other columns than those of the fit",
  onWarning: "called with one line for what should be known",
  parameters: "the parameters of the density, by name",
  logDensity: "the logarithm of the density, up to a constant",
  derived: "what else the summary and the samples hold",
  missing: "what to do with rows that miss a value",
  precision: "numbers of the computation",
  threads: "threads to use",
  seed: "taken, and not used: one object of options serves all methods",
  given: "values of the columns that the flow is given, where the rows do not hold them",
  engine: "wasm, or reference: float64 in plain TypeScript, slow",
  format: "the format, where the extension does not say it",
  name: "what to call the source in an error",
};

const trained = "trained kinds";

function kindsInWords(kinds: readonly string[] | undefined): string {
  if (!kinds) return "all";
  const ofFit: readonly string[] = fitOptionTable.epochs.kinds!;
  const others = kinds.filter((kind) => !ofFit.includes(kind));
  const absent = ofFit.filter((kind) => !kinds.includes(kind));
  if (absent.length > 1) return kinds.map(code).join(", ");
  const words = absent.length === 0 ? trained : `${trained} but ${absent.map(code).join(", ")}`;
  return [words, ...others.map(code)].join(", ");
}

const code = (text: string): string => `\`${text}\``;
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function page(): string {
  const parts = [
    "# All options\n",
    "Made of the tables from which the library checks its options and the command line its flags; do not edit by hand.",
    `An option that is left out, or undefined, has its default. ${trained[0]!.toUpperCase()}${trained.slice(1)} are ${fitOptionTable.epochs.kinds!.map(code).join(", ")}, and every architecture; the others of the ${modelKinds.length} kinds are fitted without gradients.`,
  ];
  for (const [title, words, options, flags] of sections) {
    const ofKinds = Object.values(options).some(({ kinds }) => kinds);
    const head = ["option", "flag", "what it may be", "default", ...(ofKinds ? ["of"] : []), "what it is"];
    const rows = Object.entries(options).map(([name, { expected, kinds, required }]) => {
      const { flag, help = withoutFlag[name], usual = "" } = flags[name] ?? {};
      if (help === undefined) throw new Error(`${title}: ${name} is not described`);
      const initial = required ? "must be given" : usual;
      const own = [code(name), flag === undefined ? "" : code(flag), cell(expected), cell(initial)];
      return [...own, ...(ofKinds ? [kindsInWords(kinds)] : []), cell(help)];
    });
    const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
    parts.push(`## ${title}`, words, [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n"));
  }
  return `${parts.join("\n\n").replace("\n\n\n", "\n\n")}\n`;
}

test("the page of all options is current", async () =>
  await expect(page()).toMatchFileSnapshot(join(import.meta.dirname, "../../docs/options.md")));
