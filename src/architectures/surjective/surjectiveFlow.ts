/**
 * Flows of which the data are an image that many points share: rounded, the largest of some, some of many (Nielsen et al. 2020, "SurVAE Flows",
 * https://arxiv.org/abs/2007.02731).
 *
 * @module
 */

import { chain } from "../../bijections/combinators/chain.ts";
import { permutation } from "../../bijections/linear/permutation.ts";
import { actNorm } from "../../bijections/normalization/actNorm.ts";
import type { Surjection } from "../../bijections/surjections/surjection.ts";
import { manyToOne } from "../../distributions/bounds/manyToOne.ts";
import { ShapeError } from "../../errors.ts";
import { anObject, callback, checkArgument, count, type OptionTable, required } from "../../options.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureSizes,
  architectureOptionTable,
  neuralSplineFlow,
  sized,
} from "../architecture.ts";

/** Options of {@link surjectiveFlow}. */
export interface SurjectiveFlowOptions {
  /** Numbers of the data. */
  readonly features: number;
  /** Size of what it is conditioned on (default 0: nothing). */
  readonly context?: number | undefined;
  /** What is made of the numbers of the flow, or a function of the sizes of the data and of the given columns, `{ features, context }`, that gives it. */
  readonly surjection: Surjection | ((sizes: ArchitectureSizes) => Surjection);
  /** The flow, of as many numbers as the surjection takes (default: autoregressive neural splines). */
  readonly flow?: ArchitectureMaker | undefined;
  /** Draws of preimages for each row, from 1 to 64 (default 8): with more the bound is tighter, and the cost in proportion. */
  readonly draws?: number | undefined;
}

const { features, context } = architectureOptionTable;
const optionTable: OptionTable<SurjectiveFlowOptions> = {
  features,
  context,
  surjection: required({
    expected: "a surjection such as rounding({ features: 2 }), or a function of { features } that gives one",
    accepts: (value) => anObject.accepts(value) || callback.accepts(value),
  }),
  flow: callback,
  draws: count,
};

/**
 * A flow whose numbers go through a surjection. It is trained by a lower bound of its log-density, and all that it gives as log-densities is that bound:
 * its description says `bound`. Columns are taken as they are; behind the flow is a shift and a scale of each number, which start from the data.
 *
 * @throws UsageError for an option out of its domain, ShapeError for a surjection that does not give as many numbers as there are columns.
 * @example
 * await fit(table, { flow: surjectiveFlow({ surjection: ({ features }) => rounding({ features }) }) });
 */
export function surjectiveFlow(options: SurjectiveFlowOptions): Architecture;
export function surjectiveFlow(
  options: Omit<SurjectiveFlowOptions, "features" | "context">,
): ArchitectureMaker;
export function surjectiveFlow(
  options: SurjectiveFlowOptions | Omit<SurjectiveFlowOptions, "features" | "context">,
): Architecture | ArchitectureMaker {
  return sized("surjectiveFlow", options as SurjectiveFlowOptions, optionTable, (checked) => {
    const { features, context = 0, flow = neuralSplineFlow({ autoregressive: true }), draws } = checked;
    const sizes = { features, context };
    const surjection =
      typeof checked.surjection === "function" ? checked.surjection(sizes) : checked.surjection;
    checkArgument("surjectiveFlow", "surjection", surjection, anObject);
    if (surjection.features !== features)
      throw new ShapeError({
        where: "surjectiveFlow",
        subject: "surjection",
        expected: `one that gives ${features} numbers, as there are columns`,
        received: `${surjection.type}, which gives ${surjection.features}`,
      });
    const own = surjection.context ?? 0;
    if (own !== 0 && own !== context)
      throw new ShapeError({
        where: "surjectiveFlow",
        subject: `context of ${surjection.type}`,
        expected: `0 or ${context}, as there are given columns`,
        received: `${own}`,
      });
    const { base, bijection, transforms, hidden } = flow({ features: surjection.latent, context });
    const behind = chain([bijection, actNorm({ features: surjection.latent })]);
    return {
      kind: "custom",
      ...sizes,
      transforms,
      hidden,
      base: manyToOne({ base, bijection: behind, surjection, draws }),
      bijection: permutation(Array.from({ length: features }, (_, i) => i)),
      preparation: "none",
    };
  });
}
