/**
 * What a fit gives.
 *
 * @module
 */

import type { Flow } from "../models/flow.ts";
import type { LeftOutColumn } from "../tables/columnRecord.ts";
import type { FitProgress } from "./fitOptions.ts";

/** What should be known of a fit, or of an approximation, and does not stop it. */
export interface ReportWarning {
  /** One line for people; it may change. */
  readonly message: string;
}

/** What a fit reports beside the flow: plain data. */
export interface FitReport {
  /** Why the kind was taken, in half a sentence, where none was named. */
  readonly chosen?: string | undefined;
  /** Columns that have a density, in order. */
  readonly columns: readonly string[];
  /** Columns that the density is conditioned on. */
  readonly given: readonly string[];
  /** Rows used, training and validation together. */
  readonly rows: number;
  /** How many of them were held out. */
  readonly heldOut: number;
  /** Rows left out for missing values. */
  readonly dropped: number;
  /** Columns of the table that are not used, with the reason and the remedy; empty where columns were named. */
  readonly leftOut: readonly LeftOutColumn[];
  /** What `onWarning` was told, in order. */
  readonly warnings: readonly ReportWarning[];
  /** One entry a validation, in order. */
  readonly history: readonly FitProgress[];
  /**
   * Mean log-densities of the training rows and the held-out rows, in nats and data units. The held-out rows have
   * chosen the epoch and, where they are fewer than a hundred, taught the mixture of small tables: for a score that
   * nothing has seen, keep rows back yourself.
   */
  readonly trainLogProb: number;
  /** The same of the held-out rows; of the training rows where none were held out. */
  readonly validationLogProb: number;
  /** With `from`: the same of the model that training started at. */
  readonly startLogProb?: number | undefined;
  /** Epochs run. */
  readonly epochs: number;
  /**
   * Whether the held-out log-likelihood still rose when the training ended: by more than 0.01 nats in the last cycle, or, of a
   * single cycle, by more than 0.03 in its second half while the training rows score no better. Of `columns` with a budget, or
   * with fewer epochs than by default, alone: its usual training gained nothing from more. False for kinds without gradients.
   */
  readonly stillImproving: boolean;
  /** Number of trained parameters. */
  readonly parameters: number;
  /** Whether the signal fired before the end, and the model is the best until then; only with `keepOnAbort`. */
  readonly interrupted: boolean;
}

/** What a fit gives, whatever is fitted. */
export interface FitResult {
  /** The fitted flow; of a training, with the weights of the best validation. */
  readonly flow: Flow;
  /** How the fit went, and how good the flow is. */
  readonly report: FitReport;
}
