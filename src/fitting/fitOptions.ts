/**
 * What a fit can be told, and what it reports.
 *
 * @module
 */

import { type FlowKind, flowKinds } from "../architectures/kinds.ts";
import { UsageError } from "../errors.ts";
import type { Flow } from "../models/flow.ts";
import {
  callback,
  checkedOptions,
  count,
  either,
  engineOptions,
  flag,
  integer,
  names,
  notNegative,
  numberOf,
  type OptionTable,
  oneOf,
  positive,
  signal,
  sizes,
  text,
  wholeNumber,
} from "../options.ts";
import type { LeftOutColumn } from "../tables/columnRecord.ts";
import { checkTable } from "../tables/table.ts";

/** Where a fit stands; log-likelihoods are means in nats a row, in data units. */
export interface FitProgress {
  /** Epochs done; of an epoch of more than 500 steps, parts count. */
  readonly epoch: number;
  /** Epochs at most. */
  readonly epochs: number;
  /** Optimizer steps done. */
  readonly step: number;
  /** Optimizer steps at most. */
  readonly steps: number;
  /**
   * Of the rows trained on in this epoch; where a mixture teaches, its rows are among them. NaN where training minimizes
   * something else than minus a log-density.
   */
  readonly trainLogProb: number;
  /** Of the held-out rows, under the moving average of the weights; without such rows the same as `trainLogProb`. */
  readonly validationLogProb: number;
  /** Epoch whose weights would be returned now. */
  readonly bestEpoch: number;
}

/** What a fit is at, as it goes on to it. */
export interface FitPhase {
  /** Choosing the preparation of the columns by short trainings, or the training itself. */
  readonly phase: "preparation" | "training";
  /** Trials done, or epochs. */
  readonly done: number;
  /** Trials, or epochs at most. */
  readonly total: number;
}

/** Options of a fit. All have defaults; those of sizes and lengths follow from the table (see `defaultRecipe`). */
export interface FitOptions {
  /** Columns to fit (default: all columns of numbers that are not used otherwise). */
  readonly columns?: readonly string[] | undefined;
  /** Columns to condition on. */
  readonly given?: readonly string[] | undefined;
  /** Column of row weights, 0 or more. */
  readonly weights?: string | undefined;
  /**
   * Passes over the training rows at most, in one cycle of the learning rate (default: by table, see {@link defaultRecipe};
   * from 5,000 rows on more while the held-out score rises, within the budget).
   */
  readonly epochs?: number | undefined;
  /**
   * Seconds that the training may take on two cores (default 120, but never less than the recipe of the table). They are
   * turned into steps by a fixed cost, so that results repeat; a slower machine takes longer. Given, a small table goes on, too,
   * while its held-out score rises.
   */
  readonly budget?: number | undefined;
  /** Rows a step (default 128 for fewer than 1,000 rows, else 256). */
  readonly batch?: number | undefined;
  /** Peak of the one-cycle schedule (default by table, 0.003 to 0.02). */
  readonly learningRate?: number | undefined;
  /** Decay of weight matrices, a step, relative to the learning rate (default 1e-4, of flow matching 0.02); well below 1 / rate. */
  readonly weightDecay?: number | undefined;
  /**
   * Share of the rows held out for early stopping, in (0, 1), or 0 for none (default 0.1; 0.05 of continuous flows from 5,000
   * rows on).
   */
  readonly validation?: number | undefined;
  /** Epochs without a better held-out log-likelihood before the fit stops. */
  readonly patience?: number | undefined;
  /** Decay of the moving average of the weights, in [0, 1) (default 0.995). */
  readonly averaging?: number | undefined;
  /**
   * What to do with rows that lack a value in a used column: an error (default), or leave them out and count
   * them in `dropped`.
   */
  readonly missing?: "error" | "drop" | undefined;
  /** Columns to spread over their recorded resolution, or all that need it. */
  readonly dequantize?: readonly string[] | "all" | undefined;
  /** File to keep the state of the fit in (Node). */
  readonly checkpoint?: string | undefined;
  /** Go on from the checkpoint if there is one. */
  readonly resume?: boolean | undefined;
  /** Same seed, same model (default 0). */
  readonly seed?: number | undefined;
  /**
   * Threads of the wasm engine (default: those of the machine, at most 8). The result does not depend on it.
   */
  readonly threads?: number | undefined;
  /** Wide SIMD of the wasm engine, experimental in V8 (default false). The result does not depend on it. */
  readonly wide?: boolean | undefined;
  /** Numbers of the training (default `float32`); the preparation is always in float64. */
  readonly precision?: "float32" | "float64" | undefined;
  /** `wasm` (default), or `reference`, float64 in plain TypeScript, slow. */
  readonly engine?: "wasm" | "reference" | undefined;
  /** Stops the fit, with an AbortedError unless `keepOnAbort`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where the signal fires during training, give the best model so far, with `interrupted` in the result (default false). A fit
   * that has not yet learned anything ends in the AbortedError all the same.
   */
  readonly keepOnAbort?: boolean | undefined;
  /** Called after each validation. */
  readonly onProgress?: ((progress: FitProgress) => void) | undefined;
  /** Called before each trial of a preparation, and when the training begins. */
  readonly onPhase?: ((phase: FitPhase) => void) | undefined;
  /** Gets one line for each column that is left out, was read from another dress, or looks discrete. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/** Options of `fitTable`: a fit that chooses its architecture. */
export interface FitTableOptions extends FitOptions {
  /** Default `nsf-ar`. */
  readonly flow?: FlowKind | undefined;
  /** Number of transforms (default by kind and table; see {@link defaultRecipe}). */
  readonly transforms?: number | undefined;
  /** Sizes of the hidden layers of each conditioner (default 32, 32 below 500 rows, else 64, 64). */
  readonly hidden?: readonly number[] | undefined;
}

/** What a fit gives. */
export interface FitResult {
  /** The fitted flow, with the weights of the best validation. */
  readonly flow: Flow;
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
  /** Epochs run. */
  readonly epochs: number;
  /**
   * Whether the held-out log-likelihood still rose when the training ended: by more than 0.01 nats in the last cycle, or, of a
   * single cycle, by more than 0.03 in its second half while the training rows score no better. Absent of kinds without
   * gradients.
   */
  readonly stillImproving?: boolean;
  /** Number of trained parameters. */
  readonly parameters: number;
  /** Rows used, training and validation together. */
  readonly rows: number;
  /** Rows left out for missing values. */
  readonly dropped: number;
  /** Columns of the table that are not used, with the reason and the remedy; empty where columns were named. */
  readonly leftOut: readonly LeftOutColumn[];
  /** Whether the signal fired before the end, and the model is the best until then; only with `keepOnAbort`. */
  readonly interrupted: boolean;
}

/** Sizes beyond which a fit would only run out of memory, after a long while. */
const mostTransforms = 500;
const mostHidden = 8192;

/** What each option of a fit may be. */
export const fitOptionTable: OptionTable<FitOptions> = {
  columns: names,
  given: names,
  weights: text,
  epochs: count,
  budget: numberOf("a positive number of seconds", (x) => x > 0 && Number.isFinite(x)),
  batch: count,
  learningRate: positive,
  weightDecay: notNegative,
  validation: numberOf("a share of the rows, at least 0 and below 1", (x) => x >= 0 && x < 1),
  patience: count,
  averaging: numberOf("at least 0 and below 1", (x) => x >= 0 && x < 1),
  missing: oneOf(["error", "drop"]),
  dequantize: either(names, oneOf(["all"])),
  checkpoint: text,
  resume: flag,
  seed: integer,
  ...engineOptions,
  signal,
  keepOnAbort: flag,
  onProgress: callback,
  onPhase: callback,
  onWarning: callback,
};

/** What each option of a fit that chooses its architecture may be. */
export const fitTableOptionTable: OptionTable<FitTableOptions> = {
  ...fitOptionTable,
  flow: oneOf(flowKinds),
  transforms: wholeNumber(`a positive integer, at most ${mostTransforms}`, 1, mostTransforms),
  hidden: sizes(mostHidden),
};

/**
 * The options of a fit, checked; see {@link checkedOptions}.
 * @throws {@link UsageError} that names the option and its value.
 */
export function checkedFitOptions<Options extends FitOptions>(
  where: string,
  table: unknown,
  options: Options | undefined,
  descriptors: OptionTable<Options>,
): Options {
  const checked = checkedOptions(where, options, descriptors);
  checkTable(where, table);
  if (checked.resume && checked.checkpoint === undefined)
    throw new UsageError(`${where}: resume needs the checkpoint to go on from: name it as checkpoint.`);
  if (checked.budget !== undefined && checked.epochs !== undefined)
    throw new UsageError(`${where}: budget and epochs both say how long to train; leave one of them out.`);
  return checked;
}
