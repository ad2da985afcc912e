/**
 * Rows of transformers/powers and transformers/tails.
 *
 * @module
 */

import { boxCox } from "../../../src/transformers/powers/boxCox.ts";
import { power } from "../../../src/transformers/powers/power.ts";
import { yeoJohnson } from "../../../src/transformers/powers/yeoJohnson.ts";
import { lambertWTransformer } from "../../../src/transformers/tails/lambertWTransformer.ts";
import { sinhArcsinh } from "../../../src/transformers/tails/sinhArcsinh.ts";
import { tailTransform } from "../../../src/transformers/tails/tailTransform.ts";
import { clamped } from "./bijectionCase.ts";
import type { TransformerCases } from "./transformerCase.ts";

const single = { features: 1, startsAsIdentity: false } as const;

/** Rows by the name of the exported function. */
export const powerTransformers: Readonly<
  Record<
    | keyof typeof import("../../../src/transformers/powers/makers.ts")
    | keyof typeof import("../../../src/transformers/tails/makers.ts"),
    TransformerCases
  >
> = {
  boxCox: {
    "one feature": {
      transformer: boxCox(),
      ...single,
      edges: [0.01, 1, 1e4],
      within: (direction, [at]) => [
        direction === "forward" ? clamped(at!, 1e4) : Math.max(1e-4, Math.abs(at!)),
      ],
    },
  },
  lambertWTransformer: { "one feature": { transformer: lambertWTransformer(), ...single, edges: [0] } },
  power: {
    learned: {
      transformer: power(),
      features: 1,
      startsAsIdentity: true,
      edges: [-(2 ** 13), -(2 ** -13), 0, 2 ** -13, 1, 2 ** 13],
    },
    "of an exponent": {
      transformer: power({ exponent: 1.5 }),
      ...single,
      edges: [-(2 ** 13), -(2 ** -13), 0],
    },
  },
  sinhArcsinh: {
    "two features": { transformer: sinhArcsinh(), startsAsIdentity: true, edges: [-10, 0, 10] },
  },
  tailTransform: { "one feature": { transformer: tailTransform(), ...single, edges: [-8, 0, 8] } },
  yeoJohnson: {
    "one feature": {
      transformer: yeoJohnson(),
      features: 1,
      startsAsIdentity: true,
      edges: [-1e4, 1e4],
      // At 0 its third derivative jumps, which differences see.
      within: (_, [at]) => [Math.abs(at!) < 1e-5 ? 1e-5 : at!],
    },
  },
};
