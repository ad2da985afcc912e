/**
 * Distributions as descriptions: what a flow pushes forward.
 *
 * @module
 */

import type { Bound, ParameterTree } from "../bijections/bijection.ts";
import { FormatError } from "../errors.ts";
import type { Expr } from "../graph/expr.ts";
import { diagonalNormal } from "./diagonalNormal.ts";
import { standardNormal } from "./standardNormal.ts";

/** Plain data that describes a distribution. */
export interface DistributionJson {
  /** Name of the distribution. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** A distribution of which samples and density are known in closed form. */
export interface Distribution {
  /** Name by which a description finds it again. */
  readonly type: string;
  /** Size of one sample, at least 1. */
  readonly features: number;
  /** What it needs besides its argument, by name; empty for a fixed base. */
  readonly parameters: ParameterTree;
  /** Log-density in nats, a scalar. */
  logProb(x: Expr, parameters: Bound): Expr;
  /** A sample as a function of independent standard normal noise of the same size. */
  sample(noise: Expr, parameters: Bound): Expr;
  /** The description that a model file holds. */
  toJSON(): DistributionJson;
}

/**
 * The distribution that a description stands for.
 * @throws {@link FormatError} for an unknown type.
 */
export function distributionFromJson(json: unknown): Distribution {
  const { type, features } = (json ?? {}) as { type?: unknown; features?: number };
  if (type === "standardNormal") return standardNormal({ features: features! });
  if (type === "diagonalNormal") return diagonalNormal({ features: features! });
  throw new FormatError(
    `The model holds a base of type ${JSON.stringify(type)}, which this version does not know.`,
  );
}
