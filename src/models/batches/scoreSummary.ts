/**
 * What is said of log-densities, put together batch by batch.
 *
 * @module
 */

import { RunningMean } from "../../numerics/meanAndError.ts";
import type { Contributions } from "../scores/contributions.ts";
import type { ScoredBatch } from "./scoreBatches.ts";

/** What is said of log-densities, in nats. */
export interface LogProbSummary {
  /** Rows, those without a score among them. */
  readonly rows: number;
  /** Minus infinity where a row is impossible: see {@link possible}. */
  readonly meanLogProb: number;
  /** Of the mean; NaN for fewer than two rows, or where the mean is not finite. */
  readonly standardError: number;
  /** The least score; NaN where there is none. */
  readonly minimum: number;
  /** Rows without a score, most of which miss a value: the other numbers are of the rest. */
  readonly missing: number;
  /** Rows whose density is 0. */
  readonly outsideSupport: number;
  /** Mean over the rows whose density is not 0, and its standard error. */
  readonly possible: {
    /** Mean over these rows. */
    readonly meanLogProb: number;
    /** Of this mean. */
    readonly standardError: number;
  };
}

/** What columns add on average, over the possible rows. */
export interface ColumnMeans {
  /** Mean log-density where values on a grid count as densities. */
  readonly meanLogDensity: number;
  /** What each column adds, in the order of the model. */
  readonly columns: readonly (Omit<Contributions["columns"][number], "outcome" | "value"> & {
    /** What its outcome adds: missing, an atom or a value; where it has several. */
    readonly meanOutcome?: number;
    /** What its value adds. */
    readonly meanValue: number;
  })[];
}

/** Mean, standard error, minimum and impossible rows of scores that come in batches, and what columns add on average. */
export class ScoreSummary {
  readonly #possible = new RunningMean();
  #rows = 0;
  #missing = 0;
  #outside = 0;
  #minimum = Number.POSITIVE_INFINITY;
  readonly #logDensity = new RunningMean();
  #columns: { readonly measure: object; readonly outcome?: RunningMean; readonly value: RunningMean }[] = [];

  /** Adds the scores of a batch, which may leave rows out. */
  add({ table, logProb, contributions }: ScoredBatch): void {
    this.#rows += table.rows;
    this.#missing += table.rows - logProb.length;
    for (const value of logProb) {
      if (Number.isNaN(value)) {
        this.#missing++;
        continue;
      }
      this.#minimum = Math.min(this.#minimum, value);
      if (value === Number.NEGATIVE_INFINITY) this.#outside++;
      else this.#possible.add(value);
    }
    if (contributions) this.#addColumns(contributions);
  }

  #addColumns({ columns, logProb, logDensity }: Contributions): void {
    if (this.#columns.length === 0)
      this.#columns = columns.map(({ outcome, value: _, ...measure }) => ({
        measure,
        ...(outcome ? { outcome: new RunningMean() } : {}),
        value: new RunningMean(),
      }));
    logProb.forEach((score, row) => {
      if (!Number.isFinite(score)) return;
      this.#logDensity.add(logDensity[row]!);
      columns.forEach(({ outcome, value }, j) => {
        const means = this.#columns[j]!;
        if (outcome) means.outcome!.add(outcome[row]!);
        means.value.add(value[row]!);
      });
    });
  }

  /** Of all rows so far. */
  get scores(): LogProbSummary {
    const scored = this.#rows - this.#missing;
    const possible = { meanLogProb: this.#possible.mean, standardError: this.#possible.standardError };
    const isImpossible = this.#outside > 0;
    return {
      rows: this.#rows,
      missing: this.#missing,
      meanLogProb: isImpossible ? Number.NEGATIVE_INFINITY : possible.meanLogProb,
      standardError: isImpossible ? Number.NaN : possible.standardError,
      minimum: scored > 0 ? this.#minimum : Number.NaN,
      outsideSupport: this.#outside,
      possible,
    };
  }

  /** The means of columns; undefined where scores were not taken apart. */
  get byColumn(): ColumnMeans | undefined {
    if (this.#columns.length === 0) return undefined;
    return {
      meanLogDensity: this.#logDensity.mean,
      columns: this.#columns.map(({ measure, outcome, value }) => ({
        ...(measure as ColumnMeans["columns"][number]),
        ...(outcome ? { meanOutcome: outcome.mean } : {}),
        meanValue: value.mean,
      })),
    };
  }
}
