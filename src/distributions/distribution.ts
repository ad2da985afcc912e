/**
 * Distributions as descriptions: what a flow pushes forward.
 *
 * @module
 */

import type { Bound, ParameterTree } from "../bijections/bijection.ts";
import { FormatError } from "../errors.ts";
import type { Expr } from "../graph/expr.ts";
import { diagonalNormal } from "./diagonalNormal.ts";
import { gaussianMixture } from "./gaussianMixture.ts";
import { kernelDensity } from "./kernelDensity.ts";
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
  /** Numbers of standard normal noise that one sample takes: `features`, and more where a choice is drawn. */
  readonly noise: number;
  /** What it needs besides its argument, by name; empty for a fixed base. */
  readonly parameters: ParameterTree;
  /** Log-density in nats, a scalar. */
  logProb(x: Expr, parameters: Bound): Expr;
  /** A sample as a function of independent standard normal noise, a vector of {@link noise} numbers. */
  sample(noise: Expr, parameters: Bound): Expr;
  /** The description that a model file holds. */
  toJSON(): DistributionJson;
}

type Reader = (json: DistributionJson & { readonly features: number }) => Distribution;

/** The distributions that a model file may hold, by type. */
export const distributionReaders: Readonly<Record<string, Reader>> = {
  standardNormal: ({ features }) => standardNormal({ features }),
  diagonalNormal: ({ features }) => diagonalNormal({ features }),
  gaussianMixture: ({ features, components }) =>
    gaussianMixture({ features, components: components as number }),
  kernelDensity: ({ features, points }) => kernelDensity({ features, points: points as number }),
};

/**
 * The distribution that a description stands for.
 * @throws {@link FormatError} for an unknown type.
 */
export function distributionFromJson(json: unknown): Distribution {
  const type = (json as DistributionJson | null)?.type;
  const reader =
    typeof type === "string" && Object.hasOwn(distributionReaders, type)
      ? distributionReaders[type]
      : undefined;
  if (!reader)
    throw new FormatError(
      `The model holds a base of type ${JSON.stringify(type)}, which this version does not know.`,
    );
  return reader(json as Parameters<Reader>[0]);
}
