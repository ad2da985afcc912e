/**
 * Several kinds of model on the same rows: which one says most about rows that it has not seen.
 *
 * All kinds are fitted to the same training rows and score the same held-out rows, so that the differences between kinds
 * are differences row by row, whose standard error is much smaller than that of a score.
 *
 * @module
 */

import type { ModelKind } from "../../architectures/kinds.ts";
import { comparedKinds, modelKinds } from "../../architectures/kinds.ts";
import { closestName } from "../../closestName.ts";
import { UsageError } from "../../errors.ts";
import { fit } from "../../fitting/fit.ts";
import { type FitData, type FitRows, fitData } from "../../fitting/fitData.ts";
import type { FitOptions, FitProgress } from "../../fitting/fitOptions.ts";
import type { FitResult } from "../../fitting/fitReport.ts";
import { checkFormerOptions } from "../../fitting/flowOption.ts";
import { checkedOptions, describeValue, refuse } from "../../options.ts";
import { randomKey, split } from "../../random/philox.ts";
import type { LeftOutColumn } from "../../tables/columnRecord.ts";
import type { DependentColumn } from "../../tables/dependence.ts";
import { checkTable, type Table, tableFromRows } from "../../tables/table.ts";
import { compareDefaults } from "../defaults.ts";
import type { ComparedFlow } from "./comparedScores.ts";
import { type ComparedRows, compareKinds, type HeldOutRows } from "./compareKinds.ts";
import { compareOptionTable } from "./compareOptions.ts";

/** Where a comparison stands. */
export interface CompareProgress {
  /** The kind that is being fitted, or has just been. */
  readonly flow: ModelKind;
  /** Its fold, from 1; 1 of 1 without cross-validation. */
  readonly fold: number;
  /** How many folds there are. */
  readonly folds: number;
  /** Progress of this fit; undefined at its start. */
  readonly fit?: FitProgress | undefined;
}

/** Options of {@link compare}. */
export interface CompareOptions
  extends Pick<
    FitOptions,
    "columns" | "weights" | "simplex" | "seed" | "threads" | "wide" | "signal" | "onWarning"
  > {
  /** What to do with rows that lack a value in a used column: an error (default), or leave them out and count them in `dropped`. */
  readonly missing?: "error" | "drop" | undefined;
  /** Kinds to compare (default: {@link comparedKinds}). */
  readonly flows?: readonly ModelKind[] | undefined;
  /** Share of the rows that are held out of all fits, in (0, 1) (default 0.2). Not with `folds`. */
  readonly test?: number | undefined;
  /** Folds of a cross-validation, 2 or more, instead of one split: each row is held out once. */
  readonly folds?: number | undefined;
  /** Called at the start of each fit, and while it goes on. */
  readonly onProgress?: ((progress: CompareProgress) => void) | undefined;
}

/** What a comparison found. */
export interface Comparison {
  /** The best first, those that failed last. */
  readonly flows: readonly ComparedFlow[];
  /** The kind of the best score; undefined where all failed, or where columns that follow from others were compared. */
  readonly best: ModelKind | undefined;
  /** Kinds whose difference to the best is within one standard error of the difference, or below 1e-4 nats. */
  readonly tied: readonly ModelKind[];
  /**
   * Columns that follow from others. They are not among {@link columns} unless these were named in the options: then their
   * density has no bound, scores say how far each kind went towards it, and no kind is the best.
   */
  readonly dependent: readonly DependentColumn[];
  /** Columns that were fitted. */
  readonly columns: readonly string[];
  /** Rows used, those that were fitted and those that were held out. */
  readonly rows: number;
  /** Rows that scored each kind; all of them in a cross-validation. */
  readonly heldOut: number;
  /** Rows left out for missing values. */
  readonly dropped: number;
  /** Columns of the table that are not used, with the reason and the remedy; empty where columns were named. */
  readonly leftOut: readonly LeftOutColumn[];
  /** 1 for a single split. */
  readonly folds: number;
}

/** Nats per row below which a difference is none, however sure: one model written in two ways. */
const negligible = 1e-4;

/**
 * Fits several kinds of model to the same rows and scores the same other rows. A kind that fails says so in its entry and
 * does not stop the rest.
 *
 * The split follows from the seed. Columns are chosen and rows checked before it. Weights
 * weigh the scores as well. Shares of a total, which `simplex` names, are compared by densities on their simplex; where they were
 * recorded in steps, they are spread over them once, for all kinds and scores. All kinds are densities of the same columns of numbers: `columns`, too, which is told that they are all
 * continuous, as masses of levels and steps beside densities would decide nothing. Each fit holds out a part of its own rows as usual, to choose by; no fit sees the rows that
 * it is scored on. Standard errors are those of a mean over rows that are independent: rows that repeat, or belong
 * together, make them too small.
 * @throws {@link UsageError} for options that do not fit, DataError for data that no kind could use, AbortedError if the
 *   signal fires.
 * @example const { best, flows } = await compare(table, { flows: ["gaussian", "mixture"], seed: 1 });
 */
export async function compare(table: Table, given: CompareOptions = {}): Promise<Comparison> {
  const options = checkedComparison("compare", given);
  checkTable("compare", table);
  return await comparisonInMemory(await comparedData(table, options), options);
}

/** The comparison of rows in memory. */
export async function comparisonInMemory(
  compared: ComparedData,
  options: CheckedComparison,
): Promise<Comparison> {
  const rows = new RowsInMemory(compared.data, options);
  return comparisonOf(await compareKinds(rows, options), compared, rows.heldOutRows, rows.folds);
}

/** Options of a comparison that were checked. */
export type CheckedComparison = CompareOptions & { readonly flows: readonly ModelKind[] };

/** @throws UsageError for options that do not fit. */
export function checkedComparison(where: string, given: CompareOptions): CheckedComparison {
  checkFormerOptions(where, given);
  const options = checkedOptions(where, given, compareOptionTable);
  const flows = options.flows ?? comparedKinds;
  checkOptions(where, flows, options);
  return { ...options, flows };
}

/** What is compared. */
export interface ComparedData {
  /** Rows and columns. */
  readonly data: FitData;
  /** Columns that follow from others, those that were left out for it among them. */
  readonly dependent: readonly DependentColumn[];
}

/**
 * The rows that are compared, in random order, and their columns: those of numbers without those that follow from others, unless they are named.
 * @throws DataError for data that no kind could use.
 */
export async function comparedData(
  table: Table,
  { columns, weights, simplex, missing, seed = 0, onWarning }: CompareOptions,
): Promise<ComparedData> {
  const lines: string[] = [];
  const key = split(randomKey(seed), "compare");
  const how = { weights, missing, validation: 0, ...(simplex && { simplex }) };
  let data = fitData(table, { ...how, columns, onWarning: (line) => lines.push(line) }, key);
  const { dependent } = data;
  for (const line of lines) onWarning?.(line);
  // Whose columns were not asked for by name: without those that follow from others, there is a density to compare.
  const without = dependent.map(({ column }) => column).filter((name) => !simplex?.includes(name));
  if (without.length > 0 && columns === undefined) {
    const fittedNames = data.tableColumns.filter((name) => !without.includes(name));
    data = fitData(table, { ...how, columns: fittedNames }, key);
    onWarning?.(`compared without ${without.join(", ")}; name the columns to compare with them all the same`);
  }
  const { usualKind } = await import("../../fitting/usualKind.ts");
  const { kind: usual, reason } = usualKind(table, { ...(columns && { columns }), ...how });
  if (usual === "columns")
    onWarning?.(
      `compared are densities of ${data.columns.length === 1 ? "a column" : "columns"} of numbers: ${data.columns.join(", ")}; masses of levels, steps and missing cells, which \`fit\` gives this table (${reason}), cannot be held against densities`,
    );
  return { data, dependent };
}

/** What a comparison found, of kinds in their order. */
export function comparisonOf(
  flows: readonly ComparedFlow[],
  { data: { dependent: fitted, tableColumns, rows, dropped, leftOut }, dependent }: ComparedData,
  heldOut: number,
  folds: number,
): Comparison {
  const [first] = flows;
  const isUnbounded = fitted.length > 0;
  return {
    flows,
    best: first?.error === undefined && !isUnbounded ? first?.flow : undefined,
    tied: (isUnbounded ? [] : flows)
      .slice(1)
      .filter(({ difference, differenceError }) => -difference! <= Math.max(differenceError!, negligible))
      .map(({ flow }) => flow),
    dependent,
    columns: tableColumns,
    rows,
    heldOut,
    dropped,
    leftOut,
    folds,
  };
}

function checkOptions(
  where: string,
  kinds: readonly ModelKind[],
  { test, folds, simplex }: CompareOptions,
): void {
  if (kinds.length === 0)
    throw new UsageError({
      where,
      subject: "flows",
      expected: "at least one kind",
      received: "none",
    });
  const unknown = kinds.find((kind) => !modelKinds.includes(kind));
  if (unknown !== undefined) {
    const closest = typeof unknown === "string" ? closestName(unknown, modelKinds) : undefined;
    throw new UsageError({
      where,
      problem: `flows: there is no kind ${describeValue(unknown)}`,
      expected: `one of ${modelKinds.join(", ")}`,
      received: describeValue(unknown),
      remedy: closest === undefined ? `the kinds are ${modelKinds.join(", ")}` : `did you mean "${closest}"?`,
    });
  }
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) !== i);
  if (twice !== undefined)
    throw new UsageError({
      where,
      problem: `flows names ${twice} twice`,
      expected: "each kind once",
      received: `${twice} twice`,
      remedy: "name it once",
    });
  if (simplex && kinds.includes("columns"))
    throw new UsageError({
      where,
      problem: "simplex means nothing for columns, which would be compared by another density",
      expected: "kinds of flows that shares of a total can have",
      received: "columns",
      remedy: "leave columns out of flows, or leave simplex out",
    });
  if (test !== undefined && folds !== undefined)
    throw new UsageError({
      where,
      problem: "test and folds exclude each other",
      expected: "one of test and folds",
      received: "both",
      remedy: "folds hold out each row once: leave test out",
    });
}

/** Rows `from` to `to` are held out, all others are fitted. */
export interface Split {
  readonly test: { readonly from: number; readonly to: number };
}

/** The rows are in random order already: held-out rows lie side by side. */
export function splitsOf(rows: number, { test = compareDefaults.test, folds }: CompareOptions): Split[] {
  if (folds === undefined)
    return [{ test: { from: 0, to: Math.max(1, Math.min(rows - 1, Math.round(test * rows))) } }];
  if (folds > rows) refuse("compare", "folds", `at most the number of rows, ${rows}`, folds);
  return Array.from({ length: folds }, (_, fold) => ({
    test: { from: Math.round((fold * rows) / folds), to: Math.round(((fold + 1) * rows) / folds) },
  }));
}

/** Rows that score at a time: they are copied on their way. */
const scoredRows = 2 ** 16;

/** Rows in memory, in random order. */
class RowsInMemory implements ComparedRows {
  readonly columns: readonly string[];
  readonly folds: number;
  /** Rows that are held out, of all folds. */
  readonly heldOutRows: number;
  readonly #rows: FitRows;
  readonly #splits: readonly Split[];
  readonly #weights: string | undefined;

  constructor({ columns, train }: FitData, options: CompareOptions) {
    this.columns = columns;
    this.#rows = train;
    this.#splits = splitsOf(train.rows, options);
    this.#weights = options.weights;
    this.folds = this.#splits.length;
    this.heldOutRows = this.#splits.reduce((sum, { test }) => sum + test.to - test.from, 0);
  }

  async fit(fold: number, options: FitOptions): Promise<FitResult> {
    return await fit(this.#without(fold), options);
  }

  /** A table of all rows but those that a fold holds out, the weights with them. */
  #without(fold: number): Table {
    const { from, to } = this.#splits[fold]!.test;
    const { rows, data, weights } = this.#rows;
    const width = this.columns.length;
    // Side by side they need no copy.
    if (!weights && (from === 0 || to === rows)) {
      const rest = from === 0 ? data.subarray(to * width) : data.subarray(0, from * width);
      return tableFromRows(this.columns, rest);
    }
    const names = this.#weights === undefined ? this.columns : [...this.columns, this.#weights];
    const values = new Float64Array((rows - (to - from)) * names.length);
    let at = 0;
    for (let row = 0; row < rows; row++) {
      if (row >= from && row < to) continue;
      values.set(data.subarray(row * width, (row + 1) * width), at);
      if (weights) values[at + width] = weights[row]!;
      at += names.length;
    }
    return tableFromRows(names, values);
  }

  async *heldOut(fold: number): AsyncGenerator<HeldOutRows> {
    const { from: first, to: last } = this.#splits[fold]!.test;
    const { data, weights, logAbsDetOfRows } = this.#rows;
    const width = this.columns.length;
    for (let from = first; from < last; from += scoredRows) {
      const to = Math.min(last, from + scoredRows);
      yield {
        values: data.subarray(from * width, to * width),
        weights: weights?.subarray(from, to),
        logAbsDets: logAbsDetOfRows?.subarray(from, to),
      };
    }
  }
}
