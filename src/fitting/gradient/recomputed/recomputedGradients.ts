/**
 * Gradients for which few values are kept: of each transform what it is given, and the rest is computed once more on the way back.
 *
 * @module
 */

import type { Bijection } from "../../../bijections/bijection.ts";
import { type Chain, chain } from "../../../bijections/combinators/chain.ts";
import { type Embedded, type EmbeddedOptions, embedded } from "../../../bijections/structure/embedded.ts";
import { type KeptTogether, vjpFromKept } from "../../../graph/derivative/recomputation.ts";
import type { Expr } from "../../../graph/expr.ts";
import { constant, slot } from "../../../graph/ops/leaves.ts";
import { substitution } from "../../../graph/rebuild.ts";
import type { CompiledObjective } from "../compileObjective.ts";

/**
 * The gradients of a loss of a bijection, for an objective: between the transforms of a chain values are kept, and of what a transform computes none.
 * @param lossOf - The loss, of the bijection that it is given.
 */
export function recomputedGradients(
  bijection: Bijection,
  lossOf: (bijection: Bijection) => Expr,
): NonNullable<CompiledObjective["gradients"]> {
  return function* (sumOf, joined) {
    const kept: KeptTogether[] = [];
    const loss = sumOf(lossOf(keeping(bijection, (together) => kept.push(together))));
    const [sum, ...values] = yield* substitution([loss, ...kept.flat().map(({ value }) => value)], joined);
    const marked = kept.map((together) =>
      together.map(({ standIn }) => ({ standIn, value: values.shift()! })),
    );
    const { outputs, gradients } = yield* vjpFromKept([sum!], [constant(1)], [...joined.values()], marked);
    return { sum: outputs[0]!, gradients };
  };
}

/** The same bijection, whose transforms are written on stand-ins for what they are given. */
export function keeping(bijection: Bijection, keep: (together: KeptTogether) => void): Bijection {
  switch (bijection.type) {
    case "chain":
      return chain((bijection as Chain).parts.map((part) => keeping(part, keep)));
    case "embedded": {
      const { context, embedding } = bijection.toJSON() as unknown as EmbeddedOptions;
      return embedded({ inner: keeping((bijection as Embedded).inner, keep), context, embedding });
    }
  }
  // Where features are moved there is nothing to save.
  if (Object.keys(bijection.parameters).length === 0) return bijection;
  const standingIn = (point: Expr, context: Expr | undefined): [point: Expr, context: Expr | undefined] => {
    const together = [point, ...(context ? [context] : [])].map((value) => ({
      standIn: slot(value.shape, value.space),
      value,
    }));
    keep(together);
    return [together[0]!.standIn, together[1]?.standIn];
  };
  return {
    ...bijection,
    forward(x, p, c) {
      const [point, context] = standingIn(x, c);
      return bijection.forward(point, p, context);
    },
    inverse(y, p, c) {
      const [point, context] = standingIn(y, c);
      return bijection.inverse(point, p, context);
    },
  };
}
