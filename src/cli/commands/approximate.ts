/**
 * `pushforward approximate`: a flow for a density that is known up to a constant.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import Table from "cli-table3";
import type { Command } from "commander";
import { UsageError } from "../../entries/errors.ts";
import { approximateOptionTable } from "../../entries/options.ts";
import type {
  ApproximateOptions,
  Approximation,
  ApproximationReport,
  DerivedQuantities,
  LogDensity,
  ParameterDescriptions,
} from "../../index.ts";
import { approximateFlags } from "../flags/approximateFlags.ts";
import { addOptionFlags, chosenOptions } from "../flags/optionFlags.ts";
import { formulaDensity, parseParameters } from "../formulaDensity.ts";
import { defined, positiveInteger } from "../options.ts";
import {
  checkOutput,
  checkTableOutput,
  formatCount,
  formatFacts,
  formatLogProb,
  formatSeconds,
  print,
  printJson,
  warn,
} from "../output.ts";
import { resolveOwnPackage } from "../ownPackage.ts";

interface ApproximateFlags extends Omit<ApproximateOptions, "parameters" | "logDensity"> {
  readonly density?: string | undefined;
  readonly parameters?: string | undefined;
  readonly data?: string | undefined;
  readonly out?: string | undefined;
  readonly samples?: string | undefined;
  readonly n?: number | undefined;
  readonly json?: boolean | undefined;
}

interface DensityModule {
  readonly parameters: ParameterDescriptions;
  readonly logDensity: LogDensity;
  readonly derived?: DerivedQuantities | undefined;
}

const description = `Approximate a density that is known up to a constant, such as a posterior, by a flow.

MODULE is a JavaScript file (or see --density) that exports \`parameters\`, an object of names, and \`logDensity(parameters, ops)\`, which
writes the logarithm of the density with the operations that it is given. A parameter is "real", "positive" or
{ size, above, below }. Data are read or written down in the module, which may import "pushforward" wherever it lies. If it exports \`derived(parameters, ops)\`, an object of
expressions, those are reported, too.

The module runs as a program of yours, with all your rights: it can read, write and send what you can. Run only modules that you
have read or trust.

Whether the result can be relied on is said in the end, and why if not: a k-hat of 0.7 or more, tails heavier than those of the flow,
places where the density is not a number. A density without an integral is refused.`;

const example = `
Example, eight-schools.mjs:
  const y = [28, 8, -3, 7, -1, 1, 18, 12];
  const sigma = [15, 10, 16, 11, 9, 11, 10, 18];
  export const parameters = { mu: "real", tau: "positive", eta: { size: 8 } };
  export function logDensity({ mu, tau, eta }, { add, sub, mul, div, square, sum, log1p, constant }) {
    const theta = add(mu, mul(tau, eta));
    const residual = div(sub(constant(y), theta), constant(sigma));
    const squares = add(add(sum(square(residual)), sum(square(eta))), square(div(mu, 5)));
    return sub(mul(-0.5, squares), log1p(square(div(tau, 5))));
  }

  pushforward approximate eight-schools.mjs --samples posterior.csv

Without a module, for a table with a column y (^ is a power; sum, log, exp, ... as in the module):
  pushforward approximate --density "sum(-(y - mu)^2 / (2 * sigma^2) - log(sigma)) - mu^2 / 200 - sigma" \\
    --parameters "mu=real, sigma=positive" --data y.csv`;

/** A module that is not one of a density. */
function unusableModule(path: string, problem: string, expected: string, received?: unknown): UsageError {
  const what = received === undefined ? "nothing of the kind" : `a value of type ${typeof received}`;
  return new UsageError({ problem: `${path} ${problem}`, expected, received: what });
}

async function loadDensity(path: string): Promise<DensityModule> {
  const file = resolve(path);
  if (!existsSync(file))
    throw new UsageError({
      where: path,
      problem: "there is no such file",
      expected: "a module",
      received: "nothing",
    });
  resolveOwnPackage(import.meta.url);
  let loaded: Record<string, unknown>;
  try {
    loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw unusableModule(
      path,
      `cannot be run as a module: ${(error as Error).message}`,
      "a module that runs",
    );
  }
  const own = (
    loaded.logDensity === undefined ? (loaded.default ?? loaded) : loaded
  ) as Partial<DensityModule>;
  if (typeof own.logDensity !== "function")
    throw unusableModule(
      path,
      "exports no function logDensity(parameters, ops)",
      "a function logDensity(parameters, ops)",
      own.logDensity,
    );
  if (typeof own.parameters !== "object" || own.parameters === null)
    throw unusableModule(
      path,
      'exports no object of parameters, such as { mu: "real", tau: "positive" }',
      'an object such as { mu: "real", tau: "positive" }',
      own.parameters,
    );
  if (own.derived !== undefined && typeof own.derived !== "function")
    throw unusableModule(
      path,
      "exports derived, which is not a function of (parameters, ops)",
      "a function of (parameters, ops)",
      own.derived,
    );
  return own as DensityModule;
}

/** The density of a module, or that of `--density`. */
async function densityOf(path: string | undefined, flags: ApproximateFlags): Promise<DensityModule> {
  if (flags.density === undefined) {
    for (const flag of ["parameters", "data"] as const)
      if (flags[flag] !== undefined)
        throw new UsageError({
          problem: `--${flag} belongs to --density "FORMULA"`,
          expected: `--density beside --${flag}`,
          received: "no --density",
          remedy: "give both",
        });
    if (path === undefined)
      throw new UsageError({
        problem:
          'what is to be approximated? Name a module, or write --density "FORMULA" --parameters "mu=real, tau=positive"',
        expected: "a module or --density",
        received: "neither",
      });
    return await loadDensity(path);
  }
  if (path !== undefined)
    throw new UsageError({
      problem: `${path} and --density are two densities`,
      expected: "one density",
      received: "two",
      remedy: "give one",
    });
  if (flags.parameters === undefined)
    throw new UsageError({
      problem: '--density needs its parameters: --parameters "mu=real, tau=positive"',
      expected: "--parameters beside --density",
      received: "no --parameters",
    });
  const parameters = parseParameters(flags.parameters);
  const { formula, readTable } = await import("../../index.ts");
  const data = flags.data === undefined ? undefined : await readTable(flags.data);
  return { parameters, logDensity: formulaDensity(flags.density, parameters, data, formula) };
}

async function run(path: string | undefined, flags: ApproximateFlags): Promise<void> {
  if (flags.out !== undefined) checkOutput(flags.out, [".safetensors"], "a model");
  if (flags.samples !== undefined)
    checkTableOutput(
      flags.samples,
      [path, flags.data].filter((file) => file !== undefined),
    );
  if (flags.n !== undefined && flags.samples === undefined)
    throw new UsageError({
      problem: "-n is the number of samples that --samples FILE holds",
      expected: "--samples beside -n",
      received: "no --samples",
      remedy: "name the file",
    });
  const started = performance.now();
  const { parameters, logDensity, derived } = await densityOf(path, flags);
  const library = await import("../../index.ts");
  let tenth = -1;
  const result = await library.approximate({
    parameters,
    logDensity,
    ...defined({ derived }),
    ...chosenOptions<Omit<ApproximateOptions, "parameters" | "logDensity">>(flags, approximateFlags),
    onProgress: ({ step, steps: all, bound }) => {
      const now = Math.floor((10 * step) / all);
      if (now === tenth) return;
      tenth = now;
      process.stderr.write(`step ${step}/${all}: bound ${formatLogProb(bound)} nats\n`);
    },
    onWarning: warn,
  });
  if (flags.out !== undefined) await result.flow.save(flags.out);
  if (flags.samples !== undefined) await writeSamples(result, flags, flags.samples);
  const { report } = result;
  if (!report.reliable) warn("these numbers are not reliable; the warnings above say why");
  const seconds = (performance.now() - started) / 1000;
  if (flags.json)
    return await printJson({
      ...report.diagnostics,
      kHat: report.kHat,
      effectiveSampleSize: report.effectiveSampleSize,
      reliable: report.reliable,
      warnings: report.warnings,
      steps: report.steps,
      converged: report.isConverged,
      seconds: Math.round(seconds * 1000) / 1000,
      parameters: report.summary,
    });
  await print(formatReport(path === undefined ? "the formula" : basename(path), report, seconds, flags));
}

async function writeSamples(result: Approximation, flags: ApproximateFlags, file: string): Promise<void> {
  const { tableFromColumns, writeTable } = await import("../../index.ts");
  const { table, logWeights } = await result.sample(flags.n ?? 1000, defined({ seed: flags.seed }));
  const weight = weightColumn(table.columns);
  if (weight !== "weight")
    process.stderr.write(`note: ${file} has a column "weight" of its own; the weights are in "${weight}"\n`);
  const columns = table.columns.map((name, i): [string, Float64Array] => [
    name,
    Float64Array.from({ length: table.rows }, (_, row) => table.values[row * table.columns.length + i]!),
  ]);
  await writeTable(tableFromColumns([...columns, [weight, logWeights.map(Math.exp)]]), file);
}

/** A name for the column of weights that no parameter has. */
function weightColumn(usedNames: readonly string[]): string {
  const names = ["weight", "importance_weight"];
  for (let i = 2; names.every((name) => usedNames.includes(name)); i++) names.push(`importance_weight_${i}`);
  return names.find((name) => !usedNames.includes(name))!;
}

function formatReport(
  name: string,
  report: ApproximationReport,
  seconds: number,
  flags: ApproximateFlags,
): string {
  const { diagnostics, summary } = report;
  const digits = (value: number): string => {
    if (!Number.isFinite(value)) return String(value);
    const places = Math.max(0, 3 - Math.floor(Math.log10(Math.max(1e-6, Math.abs(value)))));
    return value.toFixed(Math.min(8, places));
  };
  const table = new Table({
    head: ["parameter", "mean", "sd", "5%", "50%", "95%", "error of the mean"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
    chars: Object.fromEntries(
      [
        ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
        ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
      ].map((part) => [part, part === "middle" ? " " : ""]),
    ),
  });
  for (const { name: parameter, mean, sd, q5, median, q95, meanError } of summary)
    table.push([parameter, ...[mean, sd, q5, median, q95, meanError].map(digits)]);
  const files = [flags.out, flags.samples].filter((file) => file !== undefined);
  const [trusted, end] = [
    report.reliable ? "yes" : `no: ${report.warnings.map(({ code }) => code).join(", ")}`,
    report.isConverged ? "samples are about as good as exact ones" : "the last step",
  ];
  return `approximated the density of ${name}\n${formatFacts([
    ["reliable", trusted],
    [
      "log evidence",
      `${formatLogProb(diagnostics.logEvidence)} +- ${formatLogProb(diagnostics.logEvidenceError)} nats`,
    ],
    [
      "bound",
      Number.isFinite(diagnostics.bound)
        ? `${formatLogProb(diagnostics.bound)} +- ${formatLogProb(diagnostics.boundError)} nats`
        : "none: some samples are without mass",
    ],
    ["k-hat", diagnostics.k.toFixed(2)],
    [
      "effective",
      `${formatCount(Math.round(diagnostics.effectiveSamples))} of ${formatCount(diagnostics.samples)} samples`,
    ],
    ["steps", `${formatCount(report.steps)}, until ${end}`],
    ["time", formatSeconds(seconds)],
    ...(files.length > 0 ? [["written", files.join(", ")] as const] : []),
  ])}\n${table.toString()}\n`;
}

/** Adds the command. */
export function addApproximate(program: Command): void {
  const command = program
    .command("approximate")
    .summary("approximate a density that is known up to a constant")
    .description(description)
    .argument("[module]", "JavaScript file with the density")
    .option("--density <formula>", "the density as a formula, in place of a module")
    .option("--parameters <list>", 'its parameters, such as "mu=real, tau=positive, p=0:1, eta[8]=real"')
    .option("--data <table>", "table whose columns are vectors in the formula")
    .option("--out <file>", "model to write (.safetensors)")
    .option("--samples <file>", "table of samples with weights to write")
    .option("-n <rows>", "number of samples to write (default: 1000)", positiveInteger("-n"))
    .option("--json", "print one JSON document")
    .addHelpText("after", example)
    .action(run);
  addOptionFlags(command, approximateFlags, approximateOptionTable);
}
