/**
 * How large a network and how long a training a table of mixed columns gets unless the caller says otherwise.
 *
 * @module
 */

import { columnsDefaults } from "../defaults.ts";

/** Everything that a fit of columns needs to know beyond the table. */
export interface ColumnsRecipe {
  /** Sizes of the hidden layers of the network. */
  readonly hidden: readonly number[];
  /** Networks of these sizes whose distributions are averaged cell by cell, each with a training of its own, at most. */
  readonly members: number;
  /**
   * Whether the first network is the only one where its held-out score rises to its last steps: such columns determine one another, and
   * networks of which more is hidden stay far behind. It needs held-out rows.
   */
  readonly oneWhereRising: boolean;
  /** Components of the mixture of a column of numbers. */
  readonly components: number;
  /** Components of the mixture of an angle. */
  readonly angleComponents: number;
  /** Stretches of a column of numbers that later columns see, see `MixtureHeadOptions.knots`. */
  readonly knots: number;
  /** Steps of the first cycle of the learning rate. */
  readonly steps: number;
  /** Rows per step. */
  readonly batch: number;
  /** Peak of the schedule. */
  readonly learningRate: number;
  /** Decay of the optimizer's mean of squares, per step. */
  readonly beta2: number;
  /** Decay of weight matrices, per step, relative to the learning rate: of the first member and the others in turn. */
  readonly weightDecay: readonly number[];
  /** Decay of the moving average of the weights, per step. */
  readonly averaging: number;
  /**
   * Probability that a column does not see what another one is, in a step and row of training: of the first member and the others in
   * turn.
   */
  readonly hiddenColumns: readonly number[];
  /** Probability that a unit of the network is left out, in a step and row of training; in the same way. */
  readonly hiddenUnits: readonly number[];
  /**
   * Numbers of encoded rows that are in memory at a time, for training and for validation: of more rows each pass of training has others,
   * and the held-out rows are judged by as many.
   */
  readonly encodedNumbers: number;
  /** Share of the steps without a better held-out score after which a fit stops. */
  readonly patience: number;
}

/** The default recipe for a table of some rows. */
export function columnsRecipe(rows: number, own: Partial<ColumnsRecipe> = {}): ColumnsRecipe {
  return {
    ...columnsDefaults,
    components: 8,
    angleComponents: 12,
    knots: rows < 1000 ? 0 : 8,
    oneWhereRising: own.members === undefined && own.steps === undefined,
    steps: rows < 5000 ? 700 : 1100,
    batch: rows < 1000 ? 64 : 128,
    learningRate: 2e-2,
    // Of a training so short the usual 0.999 would remember the start to its end.
    beta2: 0.99,
    // How strongly a table's columns depend on one another decides which is better: held-out rows weigh them, column by column. The
    // decays differ for the same reason.
    hiddenColumns: [0.1, 0.35],
    hiddenUnits: [0, 0.2],
    encodedNumbers: 3e7,
    patience: 0.2,
    ...own,
  };
}

/** What differs for one network that answers any set of columns given any others: it has more to learn than one order. */
export function anyOrderRecipe(rows: number): Partial<ColumnsRecipe> {
  return {
    members: 1,
    steps: rows < 1000 ? 800 : rows < 5000 ? 1600 : 2500,
    batch: rows < 1000 ? 128 : 256,
    learningRate: 1.5e-2,
    beta2: 0.999,
    weightDecay: [1.5],
    patience: 0.3,
  };
}
