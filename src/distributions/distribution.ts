/**
 * Distributions as descriptions: what a flow pushes forward.
 *
 * @module
 */

import type { Expr } from "../graph/expr.ts";
import type { Bound, ParameterTree } from "../graph/parameters.ts";
import type { OptionKind } from "../options.ts";
import type { Interval } from "../transformers/interval.ts";

/** Plain data that describes a distribution. */
export interface DistributionJson {
  /** Name of the distribution. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** What is known of a bound of a log-density. */
export interface DrawnBound {
  /** Draws for each row. */
  readonly draws: number;
  /** Where values are on a grid, and have probabilities: its step. */
  readonly step?: number | undefined;
}

/** A distribution of which samples and density are known in closed form. */
export interface Distribution {
  /** Name by which a description finds it again. */
  readonly type: string;
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** Numbers of standard normal noise that one sample takes: `features`, and more where a choice is drawn. */
  readonly noise: number;
  /** What it needs besides its argument, by name; empty for a fixed base. */
  readonly parameters: ParameterTree;
  /** Where each feature lies (default: anywhere). */
  readonly support?: Interval | undefined;
  /** What the features obey together, in words, where an interval does not say it: `unit vectors` (default: nothing). */
  readonly region?: string | undefined;
  /** Of a distribution whose `logProb` is a lower bound, by draws of `ops.randomUniform` (default: it is the log-density). */
  readonly bound?: DrawnBound | undefined;
  /** Log-density in nats, a scalar. */
  logProb(x: Expr, parameters: Bound, context?: Expr): Expr;
  /** The gradient of the log-density by x, `[features]`, where that is known in closed form: `langevin` goes along it. */
  slope?(x: Expr, parameters: Bound, context?: Expr): Expr;
  /** A sample as a function of independent standard normal noise, a vector of {@link Distribution.noise} numbers. */
  sample(noise: Expr, parameters: Bound, context?: Expr): Expr;
  /** The description that a model file holds. */
  toJSON(): DistributionJson;
}

/** What a distribution is, for checks of arguments. */
export const aDistribution: OptionKind = {
  expected: "a distribution",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    typeof (value as Distribution).logProb === "function" &&
    typeof (value as Distribution).sample === "function" &&
    typeof (value as Distribution).toJSON === "function" &&
    typeof (value as Distribution).features === "number",
};
