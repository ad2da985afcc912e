/**
 * The table of all distributions: what a model file may hold as a base.
 *
 * @module
 */

import { FormatError } from "../errors.ts";
import { diagonalNormal } from "./diagonalNormal.ts";
import type { Distribution, DistributionJson } from "./distribution.ts";
import { gaussianMixture } from "./gaussianMixture.ts";
import { kernelDensity } from "./kernelDensity.ts";
import { standardNormal } from "./standardNormal.ts";
import { tailedNormal } from "./tailedNormal.ts";

type Reader = (json: DistributionJson & { readonly features: number }) => Distribution;

/** The distributions that a model file may hold, by type. */
export const distributionReaders: Readonly<Record<string, Reader>> = {
  standardNormal: ({ features }) => standardNormal({ features }),
  diagonalNormal: ({ features }) => diagonalNormal({ features }),
  gaussianMixture: ({ features, components }) =>
    gaussianMixture({ features, components: components as number }),
  kernelDensity: ({ features, points }) => kernelDensity({ features, points: points as number }),
  tailedNormal: ({ features, share }) => tailedNormal({ features, share: share as number }),
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
