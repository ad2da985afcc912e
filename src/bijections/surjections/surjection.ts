/**
 * Maps from base to data that many points share, by their ways back: each is drawn, and has a weight (Nielsen et al. 2020, "SurVAE Flows",
 * https://arxiv.org/abs/2007.02731).
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import type { Bound, ParameterTree } from "../../graph/parameters.ts";
import type { OptionKind } from "../../options.ts";
import type { DataRows, NamedValues } from "../bijection.ts";

/** A point on the side of the base that is mapped to y, and what it counts. */
export interface Lift {
  /** A preimage x, of the shape `[latent]`. */
  readonly value: Expr;
  /** log p(y | x) - log q(x | y), in nats; minus infinity where y has none. A scalar. */
  readonly logWeight: Expr;
}

/** Plain data that describes a surjection. */
export interface SurjectionJson {
  /** What it is called. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** A map from base to data that is not one to one, or is drawn itself, with draws of its preimages. */
export interface Surjection {
  /** What it is called. */
  readonly type: string;
  /** Size of y, on the side of the data. */
  readonly features: number;
  /** Size of x, on the side of the base. */
  readonly latent: number;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** Standard normal numbers that {@link Surjection.lifts} take. */
  readonly noise: number;
  /** Standard normal numbers that {@link Surjection.forward} takes (default 0: y is a function of x). */
  readonly forwardNoise?: number | undefined;
  /** What it needs besides its argument, by name. */
  readonly parameters: ParameterTree;
  /** Where y is on a grid, whose values have probabilities: its step (default: y has a density). */
  readonly step?: number | undefined;
  /** Base to data; noise, parameters and context are given where there are such. */
  forward(x: Expr, noise?: Expr, parameters?: Bound, context?: Expr): Expr;
  /** Draws of preimages of y, one of each branch: the mean of the sum of p(x) e^logWeight is p(y). */
  lifts(y: Expr, noise: Expr, parameters: Bound, context?: Expr): readonly Lift[];
  /** Values of its parameters that rows of data give before training, by name; the others keep theirs. */
  valuesFrom?(rows: DataRows): NamedValues | Promise<NamedValues>;
  /** The description that a model file holds. */
  toJSON(): SurjectionJson;
}

/** A surjection. */
export const aSurjection: OptionKind = {
  expected: "a surjection, such as rounding({ features: 2 })",
  accepts: (value) => {
    const { latent, forward, lifts } = (value ?? {}) as Partial<Surjection>;
    return typeof latent === "number" && typeof forward === "function" && typeof lifts === "function";
  },
};
