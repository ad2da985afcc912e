/**
 * Maps of one number that FlowJAX's couplings and autoregressive maps have. A network gives their leaves, less what they start with.
 *
 * @module
 */

import { positiveAffineTransformer } from "../../../transformers/positive/positiveAffineTransformer.ts";
import { positiveSplineTransformer } from "../../../transformers/positive/positiveSplineTransformer.ts";
import type { Transformer } from "../../../transformers/transformer.ts";
import type { Call } from "../call.ts";

/** A map, and what is added to each of its parameters. */
export interface OffsetTransformer {
  readonly transformer: Transformer;
  readonly offsets: readonly number[];
}

/** The number whose softplus is x. */
const inverseSoftplus = (x: number): number => Math.log(-Math.expm1(-x)) + x;

/** `RationalQuadraticSpline`: the identity beyond, with free slopes at the ends. */
export function splineOf(knots: number, bound: number, leastSlope: number, leastWidth: number): Transformer {
  const least = leastWidth / (2 * bound);
  return positiveSplineTransformer({
    bins: knots + 1,
    bound,
    leastSlope,
    leastWidth: least,
    leastHeight: least,
    tails: "free",
  });
}

/** The map that `transformer` names: by default an affine one with a scale of 0.01 or more. */
export function transformerOf(call: Call | undefined): OffsetTransformer {
  const affine = (leastSlope: number): OffsetTransformer => ({
    transformer: positiveAffineTransformer({ leastSlope }),
    offsets: [0, inverseSoftplus(1 - leastSlope)],
  });
  switch (call?.name) {
    case undefined:
      return affine(0.01);
    case "Affine": {
      const own = call!.named(["loc", "scale"]);
      const [loc, scale] = [own.number("loc", 0), own.number("scale", 1)];
      own.done();
      if (!(scale > 0)) throw own.refusal("scale", "a positive number", String(scale));
      const { transformer } = affine(0);
      return { transformer, offsets: [loc, inverseSoftplus(scale)] };
    }
    case "RationalQuadraticSpline": {
      const own = call!.named([]);
      const knots = own.integer("knots", undefined, 1);
      const interval = Array.isArray(own.value("interval")) ? own.tensor("interval")!.data : undefined;
      const bound = interval ? interval[1]! : own.number("interval");
      if (interval && (interval.length !== 2 || interval[0] !== -bound))
        throw own.refusal("interval", "one around 0", `[${[...interval]}]`);
      const leastSlope = own.number("min_derivative", 1e-3);
      const leastWidth = own.number("min_width", 1e-3);
      own.done();
      const zeros = new Array<number>(2 * (knots + 1)).fill(0);
      return {
        transformer: splineOf(knots, bound, leastSlope, leastWidth),
        offsets: [...zeros, ...new Array<number>(knots + 2).fill(inverseSoftplus(1 - leastSlope))],
      };
    }
    default:
      throw call!.unknown(["Affine", "RationalQuadraticSpline"], "transformer");
  }
}
