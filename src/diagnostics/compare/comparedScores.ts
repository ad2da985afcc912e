/**
 * Scores of several kinds on the same rows, put together as they come: means, and differences row by row.
 *
 * @module
 */

import type { ModelKind } from "../../architectures/kinds.ts";
import { WeightedRunningMean } from "../../numerics/meanAndError.ts";

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
  /** Rows that the model, the last fold's, was fitted to; undefined where the kind failed. */
  readonly fittedRows: number | undefined;
  /** Why the kind failed. */
  readonly error: string | undefined;
}

/** What is known of a kind beside its scores. */
export type ComparedKind = Pick<ComparedFlow, "flow" | "seconds" | "parameters" | "fittedRows" | "error">;

/** Means of scores, and of the differences of each two kinds. */
export class ComparedScores {
  readonly #means: readonly WeightedRunningMean[];
  /** Of a kind less each before it. */
  readonly #differences: readonly (readonly WeightedRunningMean[])[];

  constructor(kinds: number) {
    this.#means = Array.from({ length: kinds }, () => new WeightedRunningMean());
    this.#differences = this.#means.map((_, kind) =>
      Array.from({ length: kind }, () => new WeightedRunningMean()),
    );
  }

  /** Adds scores of the same rows, those of a kind in one array; undefined of a kind that failed. */
  add(scores: readonly (Float64Array | undefined)[], weights: Float64Array): void {
    scores.forEach((own, kind) => {
      if (!own) return;
      const mean = this.#means[kind]!;
      for (const [row, weight] of weights.entries()) mean.add(own[row]!, weight);
      for (const [other, difference] of this.#differences[kind]!.entries()) {
        const others = scores[other];
        if (others)
          for (const [row, weight] of weights.entries()) difference.add(own[row]! - others[row]!, weight);
      }
    });
  }

  /** The best kind first; those that failed last, in their order. */
  ranked(kinds: readonly ComparedKind[]): ComparedFlow[] {
    const order = Array.from(kinds.keys()).filter((kind) => kinds[kind]!.error === undefined);
    const meanOf = (kind: number): number => this.#means[kind]!.mean;
    // Scores of minus infinity are equal, and their difference is not a number.
    order.sort((a, b) => (meanOf(a) === meanOf(b) ? 0 : meanOf(b) - meanOf(a)));
    const best = order[0];
    const scored = order.map((kind): ComparedFlow => {
      const isBest = kind === best;
      const isLater = kind > best!;
      const apart = isLater ? this.#differences[kind]![best!]! : this.#differences[best!]![kind];
      const { flow, seconds, parameters, fittedRows, error } = kinds[kind]!;
      return {
        flow,
        logProb: meanOf(kind),
        standardError: this.#means[kind]!.standardError,
        difference: isBest ? 0 : (isLater ? 1 : -1) * apart!.mean,
        differenceError: isBest ? 0 : apart!.standardError,
        seconds,
        parameters,
        fittedRows,
        error,
      };
    });
    const failed = kinds
      .filter(({ error }) => error !== undefined)
      .map(
        ({ flow, seconds, error }): ComparedFlow => ({
          flow,
          logProb: undefined,
          standardError: undefined,
          difference: undefined,
          differenceError: undefined,
          seconds,
          parameters: undefined,
          fittedRows: undefined,
          error,
        }),
      );
    return [...scored, ...failed];
  }
}
