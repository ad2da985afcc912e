/**
 * A conditioner of angles: dense layers with rectifiers that see cosine and sine of some of their inputs, so that what they say of an angle
 * has no seam (Rezende et al. 2020, section 2.1); masked where the map is autoregressive (MADE, Germain et al. 2015).
 *
 * @see https://arxiv.org/abs/2002.02428, https://arxiv.org/abs/1502.03509
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { anyNumber, checkedOptions, listOf, type OptionTable, refuse, required } from "../../options.ts";
import { autoregressiveMasks, checkHidden, networkParameters, runNetwork } from "../conditioner.ts";
import type { Conditioner } from "../conditionerContract.ts";

/** Options of {@link circularConditioner}. */
export interface CircularConditionerOptions {
  /** Sizes of the hidden layers; `[]` for a linear network. */
  readonly hidden: readonly number[];
  /** Places of the angles among the inputs, in radians: the context comes first, then the features in their order. */
  readonly angles: readonly number[];
}

const where = "circularConditioner";

const circularConditionerOptionTable: OptionTable<CircularConditionerOptions> = {
  hidden: required(listOf(anyNumber, "an array of sizes, such as [64, 64]")),
  angles: required(listOf(anyNumber, "an array of places, such as [0, 1]")),
};

/**
 * Dense layers with rectifiers, of cosine and sine of each angle and of all other inputs, which are clamped to 10 units; the last one starts
 * at zero. Cost: as of `denseConditioner`, with one input more for each angle.
 * @throws ShapeError if a size is not a positive integer, or a place is beyond the inputs; UsageError for what is not a place.
 */
export function circularConditioner(options: CircularConditionerOptions): Conditioner {
  const { hidden, angles } = checkedOptions(where, options, circularConditionerOptionTable);
  checkHidden(where, hidden);
  if (!angles.every((place) => Number.isSafeInteger(place) && place >= 0) || angles.length === 0)
    refuse(where, "angles", "places of inputs, from 0 on, one at least", angles);
  return {
    type: "circular",
    network({ inputs, outputs, autoregressive }) {
      if (!angles.every((place) => place < inputs))
        throw new ShapeError({
          where,
          subject: "angles",
          expected: `below ${inputs}, as the network has so many inputs`,
          received: `[${angles.join(", ")}]`,
        });
      /** Of each unit that the layers see, its input: an angle twice. */
      const from = Array.from({ length: inputs }, (_, i) => (angles.includes(i) ? [i, i] : [i])).flat();
      const isAngle = from.map((i) => Number(angles.includes(i)));
      // The sine is the cosine of a quarter turn less: one function for both.
      const quarters = from.map((i, k) => (isAngle[k] && i === from[k - 1] ? -0.5 * Math.PI : 0));
      // Made when first used: a description that a file claims must not allocate before its tensors were compared.
      let masks: readonly Expr[] | undefined;
      return {
        parameters: networkParameters(from.length, hidden, outputs),
        run(x, parameters) {
          if (autoregressive) {
            const { features, context } = autoregressive;
            masks ??= autoregressiveMasks(features, context, hidden, outputs / features, from);
          }
          const doubled = g.gather(x, from, [from.length]);
          const around = g.cos(g.add(doubled, g.constant(quarters)));
          const seen = isAngle.includes(0) ? g.select(g.constant(isAngle), around, doubled) : around;
          return runNetwork(seen, parameters, hidden.length + 1, masks);
        },
      };
    },
    toJSON: () => ({ type: "circular", hidden, angles }),
  };
}
