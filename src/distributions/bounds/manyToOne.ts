/**
 * What a surjection makes of a flow, as a distribution: rounded numbers, the largest of several, some of many, or what a decoder draws. Its log-density is not known, but a
 * lower bound of it.
 *
 *     y = s(f(x)),  x of the base
 *     log p(y) >= E log (1/K sum over K draws and their branches of p_flow(x) p(y | x) / q(x | y))
 *
 * Nielsen et al. (2020), "SurVAE Flows"; with several draws the bound of Burda et al. (2016). In a training draws are new in each step. Where rows are
 * scored they are the points of a lattice (Roberts 2018, "The Unreasonable Effectiveness of Quasirandom Sequences"), moved by an amount that the row
 * itself determines: a row has one score, wherever it stands. The score of a row may be above its log-density by chance; the mean of many is below
 * theirs.
 *
 * @see https://arxiv.org/abs/2007.02731, https://arxiv.org/abs/1509.00519
 * @module
 */

import { aBijection } from "../../bijections/bijection.ts";
import { bijectionRegistry } from "../../bijections/registry.ts";
import { aSurjection } from "../../bijections/surjections/surjection.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import { checkedOptions, type OptionTable, required, wholeNumber } from "../../options.ts";
import { pushforwardSample } from "../density.ts";
import { aDistribution, type Distribution, type DrawnBound } from "../distribution.ts";
import { checkDrawnParts, type DrawnParts, drawnBound } from "./drawnBound.ts";
import { surjectionFromJson } from "./surjectionFromJson.ts";

/** Options of {@link manyToOne}. */
export interface ManyToOneOptions extends DrawnParts {
  /** Draws of preimages for each row, from 1 to 64 (default 8): with more the bound is tighter, and the cost in proportion. */
  readonly draws?: number | undefined;
}

/** A distribution that knows what it is made of. */
export interface ManyToOne extends Distribution, DrawnParts {
  /** How often it draws, and the step of its values. */
  readonly bound: DrawnBound;
}

/** Whether a distribution is what a surjection makes of a flow. */
export function isManyToOne(base: Distribution): base is ManyToOne {
  return base.type === where;
}

const where = "manyToOne";
const optionTable: OptionTable<ManyToOneOptions> = {
  base: required(aDistribution),
  bijection: required(aBijection),
  surjection: required(aSurjection),
  draws: wholeNumber("an integer from 1 to 64", 1, 64),
};

/**
 * The distribution of what a surjection makes of a flow. `logProb` is a lower bound; a model of it says so. `surjectiveFlow` of
 * `pushforward/architectures` makes a flow of it that `fit` trains.
 *
 * @throws ShapeError for parts of different sizes or contexts, UsageError for `draws` out of their range, and for a base that has a bound itself.
 * @cost density `draws` times that of the flow, for each branch; sample that of the flow
 * @example
 * const base = manyToOne({ base: standardNormal({ features: 2 }), bijection: affine({ features: 2 }), surjection: rounding({ features: 2 }) });
 */
export function manyToOne(options: ManyToOneOptions): ManyToOne {
  const { base, bijection, surjection, draws = 8 } = checkedOptions(where, options, optionTable);
  const parts = { base, bijection, surjection };
  const context = checkDrawnParts(where, parts);
  const { forwardNoise = 0 } = surjection;
  const boundOf = (p: Bound) => ({
    base: subtreeOf(p, "base"),
    bijection: subtreeOf(p, "bijection"),
    surjection: subtreeOf(p, "surjection"),
  });
  return {
    ...parts,
    type: where,
    features: surjection.features,
    context,
    noise: base.noise + forwardNoise,
    parameters: {
      base: base.parameters,
      bijection: bijection.parameters,
      surjection: surjection.parameters,
    },
    bound: { draws, step: surjection.step },
    logProb: (y, p, c) => drawnBound(y, boundOf(p), parts, draws, c),
    sample(noise, p, c) {
      const bound = boundOf(p);
      const own = forwardNoise > 0 ? g.slice(noise, 0, base.noise) : noise;
      const value = pushforwardSample(base, bijection, own, bound, c);
      const more = forwardNoise > 0 ? g.slice(noise, base.noise, base.noise + forwardNoise) : undefined;
      return surjection.forward(value, more, bound.surjection, c);
    },
    toJSON: () => ({
      type: where,
      latent: surjection.latent,
      base: base.toJSON(),
      bijection: bijection.toJSON(),
      surjection: surjection.toJSON(),
      draws,
    }),
  };
}

/** Reads {@link manyToOne} back. */
export function manyToOneFromJson(
  { base, bijection, surjection, draws }: { readonly [option: string]: unknown },
  read: (json: unknown) => Distribution,
): Distribution {
  return manyToOne({
    base: read(base),
    bijection: bijectionRegistry.read(bijection),
    surjection: surjectionFromJson(surjection, read),
    draws: draws as number,
  });
}
