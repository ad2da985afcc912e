/**
 * The base of each name, of so many features.
 *
 * @module
 */

import { permutation } from "../../bijections/linear/permutation.ts";
import { mixtureOf } from "../../distributions/composed/mixtureOf.ts";
import { pushforward } from "../../distributions/composed/pushforward.ts";
import { diagonalNormal } from "../../distributions/diagonalNormal.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { laplace, logistic, studentT } from "../../distributions/independent/locationScale.ts";
import { lowRankNormal } from "../../distributions/joint/lowRankNormal.ts";
import { resampled } from "../../distributions/joint/resampled.ts";
import { standardNormal } from "../../distributions/standardNormal.ts";
import { RandomStream, randomKey } from "../../random/philox.ts";
import type { BaseMaker } from "../architecture.ts";
import type { BaseName } from "./baseNames.ts";

/** Components of a mixture. */
const components = 4;

/** Normal laws that lie apart, each with means and scales of its own: those in one place would be trained alike. */
function mixture({ features }: { readonly features: number }): Distribution {
  const stream = new RandomStream(randomKey(0));
  const inPlace = permutation(Array.from({ length: features }, (_, i) => i));
  const part = (): Distribution =>
    pushforward({
      base: diagonalNormal({ features }),
      bijection: inPlace,
      place: Array.from({ length: features }, () => stream.normal()),
    });
  return mixtureOf({ parts: Array.from({ length: components }, part) });
}

/** Makes each. */
export const namedBases: Readonly<Record<BaseName, BaseMaker>> = {
  normal: standardNormal,
  "diagonal-normal": diagonalNormal,
  "low-rank-normal": lowRankNormal,
  "student-t": studentT,
  laplace,
  logistic,
  mixture,
  resampled,
};
