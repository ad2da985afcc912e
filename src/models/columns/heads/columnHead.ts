/**
 * What a head is: the conditional distribution of one column's values (those that are neither missing nor atoms), by numbers that a
 * network gives.
 *
 * A head lives twice: its log-density as an expression, which engines run and differentiate, and its distribution function in float64,
 * which samples and maps to the base.
 *
 * @module
 */

import type { Expr } from "../../../graph/expr.ts";

/** The distribution of one cell, its parameters given. Probabilities are passed as logits, log F - log(1 - F), exact in both tails. */
export interface ValueDistribution {
  /**
   * Logits of the distribution function just below a value and at it: equal for a continuous column. The order of the values is the
   * head's own.
   */
  interval(value: number): readonly [number, number];
  /** The value whose interval holds a logit. */
  quantile(logit: number): number;
}

/** Plain data that describes a head. */
export interface ColumnHeadJson {
  /** Its type. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** The head of one column. */
export interface ColumnHead {
  /** Heads of one group have parameters and targets of one size, and one program for all. */
  readonly group: string;
  /** Numbers of the distribution: those that the network gives for a row, then those that are the same in all rows. */
  readonly parameters: number;
  /** How many of them are the same in all rows; trained, too. */
  readonly shared: number;
  /** Numbers that the log-density reads of a value. */
  readonly targets: number;
  /** Numbers that later columns see of a value; all are 0 where it is missing or an atom. */
  readonly features: number;
  /** The first of the features that are 1 for one value alone, and how many there are; none where values have no such features. */
  readonly indicators?: readonly [first: number, count: number] | undefined;
  /** Probability of a level that no row of the fit had, where levels are asked about that are none of the column's. */
  readonly unseen?: number | undefined;
  /** Parameters of the column's own distribution, whatever the other columns are. */
  readonly start: Float64Array;
  /**
   * Writes what the log-density reads of a value, and what later columns see.
   * @param counted - What the row counts in the shares that the head was made of (default 0: it is none of theirs): then the log-density
   *   reads what it would if the head had been made of the other rows.
   * @returns What is to be added to the log-density; minus infinity for a value that is impossible, of which nothing is written.
   */
  encode(
    value: number,
    targets: Float64Array,
    targetStart: number,
    features: Float64Array,
    featureStart: number,
    counted?: number,
  ): number;
  /** Writes targets that are possible, for cells without a value. */
  encodeNothing(targets: Float64Array, targetStart: number): void;
  /**
   * Log-densities of n columns of a group, `[n]`.
   * @param targets - `[n, targets]`.
   * @param parameters - `[n, parameters]`.
   */
  logProb(targets: Expr, parameters: Expr): Expr;
  /** The mean of the distributions for some parameters, one array per member, with weights that add up to 1. */
  distribution(members: readonly Float64Array[], weights: readonly number[]): ValueDistribution;
  /** The description that a model file holds. */
  toJSON(): ColumnHeadJson;
}
