/**
 * The comparison itself, whether its rows are in memory or come in batches: each kind is fitted to the same rows, and scores the same others.
 *
 * @module
 */

import type { ModelKind } from "../../architectures/kinds.ts";
import { AbortedError } from "../../errors.ts";

import type { FitOptions } from "../../fitting/fitOptions.ts";
import type { FitResult } from "../../fitting/fitReport.ts";
import type { Flow } from "../../models/flow.ts";
import type { CheckedComparison, CompareOptions } from "./compare.ts";
import { type ComparedFlow, type ComparedKind, ComparedScores } from "./comparedScores.ts";

/** Rows that score. */
export interface HeldOutRows {
  /** Cells of the columns, row by row. */
  readonly values: Float64Array;
  /** One a row; undefined where all are 1. */
  readonly weights: Float64Array | undefined;
  /** What each row adds to the log-densities of all kinds; undefined for nothing. */
  readonly logAbsDets?: Float64Array | undefined;
}

/** The rows of a comparison, divided. */
export interface ComparedRows {
  /** Columns that are compared. */
  readonly columns: readonly string[];
  /** How often rows are held out; 1 for a single split. */
  readonly folds: number;
  /** Fits a kind to the rows that a fold, from 0, does not hold out. */
  fit(fold: number, options: FittedKindOptions): Promise<FitResult>;
  /** The rows that a fold holds out, some at a time. */
  heldOut(fold: number): AsyncIterable<HeldOutRows>;
}

/** How one kind is fitted. */
export type FittedKindOptions = FitOptions & { readonly flow: ModelKind };

/**
 * Fits and scores all kinds, fold by fold.
 * @returns The best first, those that failed last.
 */
export async function compareKinds(rows: ComparedRows, options: CheckedComparison): Promise<ComparedFlow[]> {
  const kinds = options.flows.map((flow) => new ScoredKind(flow, rows, options));
  const scores = new ComparedScores(kinds.length);
  for (let fold = 0; fold < rows.folds; fold++) {
    for (const kind of kinds) await kind.fit(fold);
    for await (const heldOut of rows.heldOut(fold)) {
      const found: (Float64Array | undefined)[] = [];
      for (const kind of kinds) found.push(await kind.score(heldOut));
      const count = heldOut.values.length / rows.columns.length;
      scores.add(found, heldOut.weights ?? new Float64Array(count).fill(1));
    }
  }
  return scores.ranked(kinds);
}

/** A kind that is fitted, and scores. Where it has failed it does neither. */
class ScoredKind implements ComparedKind {
  readonly flow: ModelKind;
  readonly #rows: ComparedRows;
  readonly #options: CompareOptions;
  #fitted: Flow | undefined;
  seconds = 0;
  parameters: number | undefined;
  fittedRows: number | undefined;
  error: string | undefined;

  constructor(flow: ModelKind, rows: ComparedRows, options: CompareOptions) {
    this.flow = flow;
    this.#rows = rows;
    this.#options = options;
  }

  /** Fits it to the rows that a fold, from 0, does not hold out. */
  async fit(fold: number): Promise<void> {
    this.#fitted = undefined;
    const { onProgress } = this.#options;
    const at = { flow: this.flow, fold: fold + 1, folds: this.#rows.folds };
    await this.#timed(async () => {
      onProgress?.(at);
      const options = this.#fitOptions();
      const { flow, report } = await this.#rows.fit(fold, {
        ...options,
        onProgress: (fit) => onProgress?.({ ...at, fit }),
      });
      this.#fitted = flow;
      this.parameters = flow.parameterCount;
      this.fittedRows = report.rows;
    });
  }

  /** How it is fitted, as all others are. */
  #fitOptions(): FittedKindOptions {
    const { columns } = this.#rows;
    const { weights, seed, threads, wide, signal } = this.#options;
    return {
      flow: this.flow,
      columns,
      weights,
      seed,
      threads,
      wide,
      signal,
      // The measure that the other kinds have.
      ...(this.flow === "columns"
        ? { kinds: Object.fromEntries(columns.map((name) => [name, "continuous"] as const)) }
        : {}),
    };
  }

  /** Log-densities of rows; undefined where the kind has failed. */
  async score({ values, logAbsDets }: HeldOutRows): Promise<Float64Array | undefined> {
    const { threads, wide, signal } = this.#options;
    return await this.#timed(async () => {
      const scores = await this.#fitted?.logProb(values, { threads, wide, signal });
      return logAbsDets ? scores?.map((score, row) => score + logAbsDets[row]!) : scores;
    });
  }

  /** @throws What says that the signal has fired. */
  async #timed<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    if (this.error !== undefined) return undefined;
    const started = performance.now();
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof AbortedError) throw thrown;
      this.error = thrown instanceof Error ? thrown.message : String(thrown);
      return undefined;
    } finally {
      this.seconds += (performance.now() - started) / 1000;
    }
  }
}
