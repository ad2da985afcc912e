/**
 * One call for every kind of model: networks trained by gradient, and statistics.
 *
 * @module
 */

import {
  flowKinds,
  hasMixedColumns,
  isTrained,
  type MixedKind,
  type ModelKind,
  type StatisticalKind,
} from "../architectures/kinds.ts";
import { listNames } from "../closestName.ts";
import { AbortedError, UsageError } from "../errors.ts";
import { checkedOptions, describeValue } from "../options.ts";
import { optionText } from "../optionText.ts";
import { leftOutLines } from "../tables/columnRecord.ts";
import { checkTable, type Table } from "../tables/table.ts";
import type { FinishedFit } from "./finishFit.ts";
import { type ColumnNote, type FitOptions, fitOptionTable } from "./fitOptions.ts";
import type { FitResult, ReportWarning } from "./fitReport.ts";
import { checkFormerCall, checkFormerOptions } from "./flowOption.ts";
import { fitByGradient } from "./gradient/fitByGradient.ts";
import type { ChosenKind } from "./usualKind.ts";

/** A method of fitting. */
type Method = (table: Table, options: FitOptions) => Promise<FinishedFit>;

/** How each kind is fitted that is not an architecture; loaded where it is asked for. */
const methods: Readonly<Record<MixedKind | StatisticalKind, () => Promise<Method>>> = {
  columns: async () => (await import("./columns/fitColumnsTable.ts")).fitColumnsTable,
  gaussian: async () => (await import("./statistics/fitGaussian.ts")).fitGaussian,
  mixture: async () => (await import("./statistics/fitMixture.ts")).fitMixture,
  kde: async () => (await import("./statistics/fitKernelDensity.ts")).fitKernelDensity,
  gaussianization: async () => (await import("./gaussianization/fitGaussianization.ts")).fitGaussianization,
  sliced: async () => (await import("./gaussianization/fitGaussianization.ts")).fitSliced,
  "dual-ascent": async () => (await import("./dualAscent/fitDualAscent.ts")).fitDualAscent,
};

/**
 * Fits a flow of any kind to a table: the density of the columns, or of some given others, by maximum likelihood or the
 * kind's own method. The data are standardized and prepared inside the model, so that all log-densities are in nats and data
 * units. Kind and size follow from the data unless they are given: a table whose columns are all real numbers gets `nsf-ar`, any
 * other `columns`, which takes text, levels, dates, counts and missing cells as they are. With `from` training goes on where a model is.
 *
 * @throws {@link UsageError} for options that are not understood, that mean nothing for the kind, or do not fit the table,
 *   DataError for data that cannot be used, NumericalError if the loss leaves the finite numbers for good, AbortedError if
 *   the signal fires (see `keepOnAbort`).
 * @example
 * const { flow, report } = await fit(table, { seed: 1 });
 * const mixture = await fit(table, { flow: "mixture", components: 3 });
 * const own = await fit(table, { flow: (sizes) => neuralSplineFlow({ ...sizes, bins: 16 }) });
 * const further = await fit(newTable, { from: flow });
 */
export async function fit(table: Table, options: FitOptions = {}): Promise<FitResult> {
  const asked = askedFit(table, options);
  // What changes after the call is not looked at: nothing is waited for unless a kind is to be chosen.
  return await fitAsked(table, asked instanceof Promise ? await asked : asked, fitByGradient);
}

/** What a fit was asked for, and what follows from the table. */
export interface AskedFit {
  readonly checked: FitOptions;
  /** The kind, and why, where none was named. */
  readonly choice?: ChosenKind | undefined;
  /** What is fitted; of training from a model undefined. */
  readonly flow: FitOptions["flow"];
  /** Whether it is trained by gradient. */
  readonly isByGradient: boolean;
}

/**
 * Checks what is asked for, and chooses a kind where none is named.
 * @throws As {@link fit} does before it fits.
 */
export function askedFit(table: Table, options: FitOptions): AskedFit | Promise<AskedFit> {
  checkFormerCall("fit", table, options, "fit(table, { flow: architecture, ... })");
  const checked = checkedFitOptions(table, options);
  if (checked.signal?.aborted) throw new AbortedError("fit: the signal had fired before the fit began.");
  const of = (choice?: ChosenKind): AskedFit => {
    if (choice) checkKind(choice.kind, checked);
    const flow = checked.flow ?? choice?.kind;
    return { checked, choice, flow, isByGradient: typeof flow !== "string" || isTrained(flow) };
  };
  return checked.flow === undefined && checked.from === undefined ? choose(table, checked).then(of) : of();
}

/** Fits what was asked for; `byGradient` is how trainings go. */
export async function fitAsked(
  table: Table,
  { checked, choice, flow: asked, isByGradient }: AskedFit,
  byGradient: Method,
): Promise<FitResult> {
  const { flow: _, ...rest } = checked;
  const warnings: ReportWarning[] = [];
  const unfitted = choice?.unfitted ?? [];
  const heard: FitOptions = {
    ...rest,
    ...(unfitted.length > 0
      ? { exclude: [...(rest.exclude ?? []), ...unfitted.map(({ column }) => column)] }
      : {}),
    ...(choice && checked.onColumns
      ? { onColumns: (columns: readonly ColumnNote[]) => checked.onColumns!(columns, choice.reason) }
      : {}),
    onWarning(message) {
      warnings.push({ message });
      checked.onWarning?.(message);
    },
  };
  for (const line of leftOutLines(unfitted)) heard.onWarning?.(line);
  const { flow, report } = isByGradient
    ? await byGradient(table, { ...heard, flow: asked })
    : await (await methods[asked as MixedKind | StatisticalKind]())(table, heard);
  return {
    flow,
    report: {
      ...report,
      ...(choice ? { chosen: choice.reason } : {}),
      leftOut: [...unfitted, ...report.leftOut],
      warnings,
    },
  };
}

/** The kind for a table, where none is named; what it is chosen by is loaded then. */
async function choose(table: Table, options: FitOptions): Promise<ChosenKind> {
  return (await import("./usualKind.ts")).usualKind(table, options);
}

/** Options that say what an architecture says itself. */
const sizesOfNamed = ["transforms", "hidden", "embedding", "base"] as const;

function checkedFitOptions(table: Table, options: FitOptions): FitOptions {
  checkFormerOptions("fit", options);
  const checked = checkedOptions("fit", options, fitOptionTable);
  checkTable("fit", table);
  const { flow, from } = checked;
  if (flow !== undefined || from !== undefined)
    checkKind(typeof flow === "string" ? flow : undefined, checked);
  const twice =
    flow === undefined || typeof flow === "string"
      ? undefined
      : sizesOfNamed.find((name) => checked[name] !== undefined);
  if (twice !== undefined)
    throw new UsageError({
      where: "fit",
      problem: `${twice} is for a flow that is named; an architecture has its own`,
      expected: `no ${twice} beside an architecture`,
      received: "both",
      remedy: `give ${twice} where it is made`,
    });
  if (checked.resume && checked.checkpoint === undefined)
    throw new UsageError({
      where: "fit",
      problem: "resume needs the checkpoint to go on from",
      expected: "a checkpoint",
      received: "none",
      remedy: "name it as checkpoint",
    });
  if (checked.budget !== undefined && checked.epochs !== undefined)
    throw new UsageError({
      where: "fit",
      problem: "budget and epochs both say how long to train",
      expected: "one of budget and epochs",
      received: "both",
      remedy: "leave one of them out",
    });
  return checked;
}

/**
 * Refuses options that mean nothing for a kind; undefined stands for an architecture, which is trained.
 * @throws UsageError that names the option.
 */
function checkKind(kind: ModelKind | undefined, options: FitOptions): void {
  const like = kind ?? flowKinds[0];
  const isMixed = hasMixedColumns(like);
  if (!isTrained(like) && !isMixed && options.given?.length)
    throw new UsageError({
      where: "fit",
      problem: `${like} fits the joint density of all its columns and cannot condition on some`,
      expected: `no given columns for ${like}`,
      received: (options.given ?? []).join(", "),
      remedy: "given needs a flow that is trained, such as nsf-ar",
    });
  const { missing } = options;
  if (!isMixed && (missing === "marginal" || missing === "outcome"))
    throw new UsageError({
      where: "fit",
      problem: `${like} has no probability for rows with missing cells`,
      expected: `missing: error or drop for ${kind ?? "an architecture"}`,
      received: missing,
      remedy: `leave the rows out with ${optionText("missing", "drop")}, or fit ${optionText("flow", "columns")}`,
    });
  for (const [name, value] of Object.entries(options)) {
    const { kinds } = fitOptionTable[name as keyof FitOptions];
    // What is switched off, or empty, asks for nothing.
    const isIdle = value === false || (Array.isArray(value) && value.length === 0);
    // An architecture may be one of any trained kind.
    const isOwn = kind === undefined ? kinds?.some(isTrained) : kinds?.includes(kind);
    if (!kinds || isOwn || isIdle) continue;
    if (name === "parents" && isMixed)
      throw new UsageError({
        where: "fit",
        problem:
          "parents makes a flow of numbers, and not all columns are: one of mixed columns finds out itself what a column depends on, among those before it",
        expected: `no parents for ${kind}`,
        received: describeValue(value),
        remedy: `name columns of numbers, as ${optionText("columns")}, and ${optionText("flow", "nsf-ar")}, or leave it out`,
      });
    const why =
      kinds.some(isTrained) && !isMixed && !(kind && isTrained(kind))
        ? ", which is fitted without gradients"
        : `: it is an option of ${listNames(kinds)}`;
    throw new UsageError({
      where: "fit",
      problem: `${name} means nothing for ${kind ?? "an architecture"}${why}`,
      expected: `no ${name} for ${kind ?? "an architecture"}`,
      received: describeValue(value),
      remedy: "leave it out",
    });
  }
}
