/**
 * What a minimization is given, what it keeps, and what it finds.
 *
 * @module
 */

import type { Expr, ParameterExpr } from "../../graph/expr.ts";
import type { Update } from "../../graph/program.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import type { RandomKey, RandomStream } from "../../random/philox.ts";
import type { AdamWOptions } from "./adamW.ts";
import type { BatchParts } from "./batches.ts";

/** What is minimized. */
export interface Objective {
  /**
   * Batched scalar; its mean over the rows, weighted by `weight`, is minimized. It may draw random numbers (`randomNormal`
   * and others): anew in each step, for each place of the batch, whichever row is there.
   */
  readonly loss: Expr;
  /**
   * Batched scalar by whose mean the parameters are judged on validation rows (default: the loss). Its random numbers are
   * the same each time.
   */
  readonly validation?: Expr | undefined;
  /** Batched scalar input, or undefined for equal weights. */
  readonly weight?: Expr | undefined;
  /** The parameters that move; others keep their values. */
  readonly parameters: readonly ParameterExpr[];
  /** New values of parameters after each step that no gradient moves, such as running means: shared, from sums over the batch. */
  readonly state?: readonly Update[] | undefined;
  /**
   * Numbers drawn once per step, by name of the scalar step input (`g.stepInput(name)`) that holds them: a random depth, a
   * temperature. Validation sees zeros. The names of AdamW's own step inputs are taken.
   */
  readonly draws?: Readonly<Record<string, StepDraw>> | undefined;
}

/** A number for a step, a function of its arguments alone: a stream of the step's own, and its number from 0. */
export type StepDraw = (stream: RandomStream, step: number) => number;

/** Rows by name of input, row-major. */
export interface Rows {
  /** Number of rows, at least 1. */
  readonly rows: number;
  /** By name of input: `rows` times its size. */
  readonly inputs: Readonly<Record<string, Float64Array>>;
}

/** State of a minimization after an epoch; all that is needed to go on. */
export interface MinimizeState {
  /** Epochs done. */
  readonly epoch: number;
  /** Parameters, moments of the optimizer and averages, by name. */
  readonly values: ParameterValues;
  /** Averaged parameters of the best validation, by name. */
  readonly best: ParameterValues;
  /** Epoch of the best validation; 0 for the initial values. */
  readonly bestEpoch: number;
  /** Its validation loss. */
  readonly bestLoss: number;
  /** One entry a validation, in order. */
  readonly history: readonly EpochRecord[];
  /** Factor of the learning rate, below 1 after epochs whose loss was not finite, and how many such there were last. */
  readonly rateFactor: number;
  /** Consecutive epochs, up to this one, without a finite step. */
  readonly lost: number;
}

/** Means over an epoch, in the units of the loss. */
export interface EpochRecord {
  /** Epochs done. */
  readonly epoch: number;
  /** Mean over the steps of the epoch. */
  readonly trainLoss: number;
  /** Mean over the validation rows under the averaged parameters; `trainLoss` without such rows. */
  readonly validationLoss: number;
  /** Epoch with the least validation loss so far. */
  readonly bestEpoch: number;
}

/** Options of {@link minimize}. */
export interface MinimizeOptions extends AdamWOptions {
  /** Source of the order of the rows. */
  readonly key: RandomKey;
  /** Passes over the rows at most. */
  readonly epochs: number;
  /**
   * Parts of an epoch that count as one each, here and in everything that counts epochs (default 1): where a pass over the
   * rows is long.
   */
  readonly roundsAnEpoch?: number | undefined;
  /**
   * Epochs of further cycles of the schedule, each from the best parameters so far (default none). One begins where the
   * cycle before has lowered the validation loss by more than `leastGain`.
   */
  readonly cycles?: readonly number[] | undefined;
  /** Rows per step. */
  readonly batch: number;
  /**
   * Into how many steps each batch is cut at the beginning of a cycle, by the share of its epochs before which that holds, in
   * order (default none): `[{ until: 0.3, parts: 4 }, { until: 0.7, parts: 2 }]`.
   */
  readonly parts?: readonly BatchParts[] | undefined;
  /** Peak of the schedule: linear warm-up over a tenth of the steps, then half a cosine down to 0. */
  readonly learningRate: number;
  /** Decay of the moving average of the parameters, in [0, 1); the average is what is validated and returned. */
  readonly averaging: number;
  /** Epochs without a better validation loss after which to stop. */
  readonly patience: number;
  /**
   * Rows from `primaryRows` on are extra ones: each place of a batch holds one of them with this probability. Without
   * them (default) all rows are gone through once per epoch.
   */
  readonly primaryRows?: number | undefined;
  /** Probability, in [0, 1], that a place of a batch holds an extra row (default 0). */
  readonly extraShare?: number | undefined;
  /** Epochs between validations (default 1). */
  readonly validateEvery?: number | undefined;
  /** Asked after each validation: whether the best parameters so far are good enough to stop. */
  readonly isEnough?: ((best: ParameterValues) => Promise<boolean>) | undefined;
  /** Rows to choose the best parameters by; without them the last are returned. */
  readonly validation?: Rows | undefined;
  /** Differences of validation losses that are noise, so that of two the later counts as the better (default 0). */
  readonly validationNoise?: number | undefined;
  /** The rows of each epoch, counted from 0, in the place of those given: as many, with other inputs. */
  readonly rowsOfEpoch?: ((epoch: number) => Rows | Promise<Rows>) | undefined;
  /** Stops the minimization, with an AbortedError unless `keepOnAbort`. */
  readonly signal?: AbortSignal | undefined;
  /** Returns the best parameters so far where the signal fires after a validation, or a step that was for the better (default false). */
  readonly keepOnAbort?: boolean | undefined;
  /** State to go on from, as `onEpoch` gave it. */
  readonly resume?: MinimizeState | undefined;
  /** Called after each validation; `state` copies what is needed to go on. */
  readonly onEpoch?:
    | ((record: EpochRecord, state: () => Promise<MinimizeState>) => void | Promise<void>)
    | undefined;
}

/** What {@link minimize} found. */
export interface MinimizeResult {
  /** Values with the best validation loss, or the last without validation. */
  readonly values: ParameterValues;
  /** Epoch after which they were reached; 0 for the initial values. */
  readonly bestEpoch: number;
  /** One entry a validation, in order. */
  readonly history: readonly EpochRecord[];
  /** Whether the signal fired before the end; only with `keepOnAbort`. */
  readonly interrupted: boolean;
  /**
   * Whether the validation loss still fell at the end of the last cycle: by more than `leastGain` since the cycle
   * before, or in the second half of the only one by three times as much.
   */
  readonly stillImproving: boolean;
}
