/**
 * What an architecture says of its training, where that is not by its own log-density.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import type { Bound } from "../graph/parameters.ts";
import type { RandomStream } from "../random/philox.ts";

/**
 * How an architecture is trained, where that is not by its own log-density: flow matching, an estimated log-determinant, a
 * regularizer. Epochs and preparations are still compared by log-density, and nothing else is ever reported.
 */
export interface Training {
  /**
   * What training minimizes for a row, prepared by standardization and the like: a scalar of each row. It may draw random numbers
   * (`randomNormal` and others), anew for each place of a batch and each step.
   */
  loss(y: Expr, parameters: ArchitectureParameters, context?: Expr): Expr;
  /** Whether the value of the loss is minus a log-density, or an unbiased estimate of it, so that it may be reported. */
  readonly isLogProb: boolean;
  /** What tells this training from others of the same bijection, as plain data: a fit is resumed only with the same. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Numbers that the host draws once per step, from a stream and the number of the step; the loss reads them as scalars,
   * `g.stepInput(name)`. The log-density must not read them.
   */
  readonly draws?: Readonly<Record<string, (stream: RandomStream, step: number) => number>> | undefined;
  /**
   * Values for each row of training, prepared ahead: inputs of the loss by name. They are made `companionSets` times, and
   * each epoch takes the next set in turn.
   */
  companions?(rows: PreparedTraining, stream: RandomStream): Readonly<Record<string, Float64Array>>;
  /** Sets of companions (default 1). */
  readonly companionSets?: number | undefined;
  /** The log-density by which epochs are compared and reported (default: that of the flow). */
  logProb?(y: Expr, parameters: ArchitectureParameters, context?: Expr): Expr;
  /** Validations of a training, about (default 60); fewer where the log-density is dear. */
  readonly validations?: number | undefined;
  /** How the preparation of the data is chosen, where not as for flows of transforms. */
  readonly preparation?: PreparationTrials | undefined;
}

/** Parameters of the parts of an architecture, bound. */
export interface ArchitectureParameters {
  readonly base: Bound;
  readonly bijection: Bound;
}

/** Rows that a training has prepared: what its loss sees as `data`. */
export interface PreparedTraining {
  /** Row-major values. */
  readonly data: Float64Array;
  /** Numbers of a row. */
  readonly features: number;
  /** Whether rows have weights of their own. */
  readonly isWeighted: boolean;
}

/** How the preparation of the data is chosen: short trainings, judged on rows that they have not seen. */
export interface PreparationTrials {
  /** What is tried; see `choosePreparation`. */
  readonly choices: readonly {
    readonly knots: number;
    readonly whiten: boolean;
  }[];
  /** Steps of a trial at most. */
  readonly steps: number;
  /** What a trial minimizes (default: the loss of the training). */
  loss?(y: Expr, parameters: ArchitectureParameters, context?: Expr): Expr;
}
