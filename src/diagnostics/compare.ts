/**
 * Several kinds of model on the same rows: which one says most about rows that it has not seen.
 *
 * All kinds are fitted to the same training rows and score the same held-out rows, so that the differences between kinds
 * are differences row by row, whose standard error is much smaller than that of a score.
 *
 * @module
 */

import type { ModelKind } from "../architectures/kinds.ts";
import { comparedKinds, modelKinds } from "../architectures/kinds.ts";
import { closestName } from "../closestName.ts";
import { AbortedError, UsageError } from "../errors.ts";
import { fit } from "../fitting/fit.ts";
import { type FitRows, fitData } from "../fitting/fitData.ts";
import type { FitOptions, FitProgress } from "../fitting/fitOptions.ts";
import { checkFormerOptions } from "../fitting/flowOption.ts";
import { checkedOptions, describeValue, refuse } from "../options.ts";
import { randomKey, split } from "../random/philox.ts";
import type { LeftOutColumn } from "../tables/columnRecord.ts";
import type { DependentColumn } from "../tables/dependence.ts";
import { checkTable, type Table, tableFromRows } from "../tables/table.ts";
import { compareOptionTable } from "./compareOptions.ts";
import { compareDefaults } from "./defaults.ts";

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

/** What one kind achieved. */
export interface ComparedFlow {
  /** The kind. */
  readonly flow: ModelKind;
  /** Mean log-density of the held-out rows, in nats per row and data units; undefined where the kind failed. */
  readonly logProb: number | undefined;
  /** Of {@link logProb}, over rows. */
  readonly standardError: number | undefined;
  /** {@link logProb} less that of the best kind, 0 or below. */
  readonly difference: number | undefined;
  /** Of {@link difference}, over rows: differences are taken row by row. */
  readonly differenceError: number | undefined;
  /** Seconds that all fits and scores of this kind took. */
  readonly seconds: number;
  /** Parameters of the model, of the last fold's. */
  readonly parameters: number | undefined;
  /** Why the kind failed. */
  readonly error: string | undefined;
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
  checkFormerOptions("compare", given);
  const options = checkedOptions("compare", given, compareOptionTable);
  checkTable("compare", table);
  const kinds = options.flows ?? comparedKinds;
  checkOptions(kinds, options);
  const seed = options.seed ?? 0;
  const { columns, weights, simplex, missing, onWarning } = options;
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
  const { usualKind } = await import("../fitting/usualKind.ts");
  const { kind: usual, reason } = usualKind(table, { ...(columns && { columns }), ...how });
  if (usual === "columns")
    onWarning?.(
      `compared are densities of ${data.columns.length === 1 ? "a column" : "columns"} of numbers: ${data.columns.join(", ")}; masses of levels, steps and missing cells, which \`fit\` gives this table (${reason}), cannot be held against densities`,
    );
  const isUnbounded = data.dependent.length > 0;
  const splits = splitsOf(data.train.rows, options);
  const entries: Entry[] = [];
  for (const kind of kinds) entries.push(await score(kind, data.train, data.columns, splits, options));
  const heldOut = splits.flatMap(({ test }) =>
    Array.from({ length: test.to - test.from }, (_, i) => test.from + i),
  );
  const rowWeights = Float64Array.from(heldOut, (row) => data.train.weights?.[row] ?? 1);
  const flows = ranked(entries, rowWeights);
  const [first] = flows;
  return {
    flows,
    best: first?.error === undefined && !isUnbounded ? first?.flow : undefined,
    tied: (isUnbounded ? [] : flows)
      .slice(1)
      .filter(({ difference, differenceError }) => -difference! <= Math.max(differenceError!, negligible))
      .map(({ flow }) => flow),
    dependent,
    columns: data.tableColumns,
    rows: data.rows,
    heldOut: heldOut.length,
    dropped: data.dropped,
    leftOut: data.leftOut,
    folds: splits.length,
  };
}

function checkOptions(kinds: readonly ModelKind[], { test, folds, simplex }: CompareOptions): void {
  if (kinds.length === 0)
    throw new UsageError({
      where: "compare",
      subject: "flows",
      expected: "at least one kind",
      received: "none",
    });
  const unknown = kinds.find((kind) => !modelKinds.includes(kind));
  if (unknown !== undefined) {
    const closest = typeof unknown === "string" ? closestName(unknown, modelKinds) : undefined;
    throw new UsageError({
      where: "compare",
      problem: `flows: there is no kind ${describeValue(unknown)}`,
      expected: `one of ${modelKinds.join(", ")}`,
      received: describeValue(unknown),
      remedy: closest === undefined ? `the kinds are ${modelKinds.join(", ")}` : `did you mean "${closest}"?`,
    });
  }
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) !== i);
  if (twice !== undefined)
    throw new UsageError({
      where: "compare",
      problem: `flows names ${twice} twice`,
      expected: "each kind once",
      received: `${twice} twice`,
      remedy: "name it once",
    });
  if (simplex && kinds.includes("columns"))
    throw new UsageError({
      where: "compare",
      problem: "simplex means nothing for columns, which would be compared by another density",
      expected: "kinds of flows that shares of a total can have",
      received: "columns",
      remedy: "leave columns out of flows, or leave simplex out",
    });
  if (test !== undefined && folds !== undefined)
    throw new UsageError({
      where: "compare",
      problem: "test and folds exclude each other",
      expected: "one of test and folds",
      received: "both",
      remedy: "folds hold out each row once: leave test out",
    });
}

/** Rows `from` to `to` are held out, all others are fitted. */
interface Split {
  readonly test: { readonly from: number; readonly to: number };
}

/** The rows are in random order already: held-out rows lie side by side. */
function splitsOf(rows: number, { test = compareDefaults.test, folds }: CompareOptions): Split[] {
  if (folds === undefined)
    return [{ test: { from: 0, to: Math.max(1, Math.min(rows - 1, Math.round(test * rows))) } }];
  if (folds > rows) refuse("compare", "folds", `at most the number of rows, ${rows}`, folds);
  return Array.from({ length: folds }, (_, fold) => ({
    test: { from: Math.round((fold * rows) / folds), to: Math.round(((fold + 1) * rows) / folds) },
  }));
}

interface Entry {
  readonly flow: ModelKind;
  /** Log-densities of the held-out rows, split by split; undefined where the kind failed. */
  readonly scores: Float64Array | undefined;
  readonly seconds: number;
  readonly parameters: number | undefined;
  readonly error: string | undefined;
}

/** Fits one kind to each split and scores what the split holds out. */
async function score(
  kind: ModelKind,
  rows: FitRows,
  columns: readonly string[],
  splits: readonly Split[],
  { weights, seed, threads, wide, signal, onProgress }: CompareOptions,
): Promise<Entry> {
  const started = performance.now();
  const width = columns.length;
  const scores: number[] = [];
  let parameters: number | undefined;
  let error: string | undefined;
  try {
    for (const [i, { test }] of splits.entries()) {
      const at = { flow: kind, fold: i + 1, folds: splits.length };
      onProgress?.(at);
      const { flow } = await fit(without(rows, columns, weights, test), {
        flow: kind,
        columns,
        weights,
        seed,
        threads,
        wide,
        signal,
        // The measure that the other kinds have.
        kinds:
          kind === "columns" ? Object.fromEntries(columns.map((name) => [name, "continuous"])) : undefined,
        onProgress: (fit) => onProgress?.({ ...at, fit }),
      });
      const testRows = rows.data.subarray(test.from * width, test.to * width);
      const found = await flow.logProb(testRows, { threads, wide, signal });
      found.forEach((value, row) => scores.push(value + (rows.logAbsDetOfRows?.[test.from + row] ?? 0)));
      parameters = flow.parameterCount;
    }
  } catch (thrown) {
    if (thrown instanceof AbortedError) throw thrown;
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  return {
    flow: kind,
    scores: error === undefined ? Float64Array.from(scores) : undefined,
    seconds: (performance.now() - started) / 1000,
    parameters,
    error,
  };
}

/** A table of all rows but some, the weights with them. */
function without(
  rows: FitRows,
  columns: readonly string[],
  weights: string | undefined,
  { from, to }: Split["test"],
): Table {
  const width = columns.length;
  const names = weights === undefined ? columns : [...columns, weights];
  const values = new Float64Array((rows.rows - (to - from)) * names.length);
  let at = 0;
  for (let row = 0; row < rows.rows; row++) {
    if (row >= from && row < to) continue;
    values.set(rows.data.subarray(row * width, (row + 1) * width), at);
    if (rows.weights) values[at + width] = rows.weights[row]!;
    at += names.length;
  }
  return tableFromRows(names, values);
}

/** Scores and differences, the best first; kinds that failed last, in their order. */
function ranked(entries: readonly Entry[], weights: Float64Array): ComparedFlow[] {
  const scored = entries
    .filter(({ scores }) => scores !== undefined)
    .map((entry) => ({ entry, ...meanOf(entry.scores!, weights) }))
    // Scores of minus infinity are equal, and their difference is not a number.
    .sort((a, b) => (a.mean === b.mean ? 0 : b.mean - a.mean));
  const best = scored[0]?.entry.scores;
  return [
    ...scored.map(({ entry: { flow, scores, seconds, parameters }, mean, error }) => {
      const kindMean = meanOf(
        scores!.map((value, i) => value - best![i]!),
        weights,
      );
      return {
        flow,
        logProb: mean,
        standardError: error,
        difference: scores === best ? 0 : kindMean.mean,
        differenceError: scores === best ? 0 : kindMean.error,
        seconds,
        parameters,
        error: undefined,
      };
    }),
    ...entries
      .filter(({ scores }) => scores === undefined)
      .map(({ flow, seconds, error }) => ({
        flow,
        logProb: undefined,
        standardError: undefined,
        difference: undefined,
        differenceError: undefined,
        seconds,
        parameters: undefined,
        error,
      })),
  ];
}

/** A weighted mean and its standard error, NaN for a single row. */
function meanOf(values: Float64Array, weights: Float64Array): { mean: number; error: number } {
  let total = 0;
  let mean = 0;
  values.forEach((value, i) => {
    total += weights[i]!;
    mean += weights[i]! * value;
  });
  mean /= total;
  const squares = values.reduce((sum, value, i) => sum + (weights[i]! * (value - mean)) ** 2, 0);
  const count = values.length;
  return { mean, error: (Math.sqrt(squares) / total) * Math.sqrt(count / (count - 1)) };
}
