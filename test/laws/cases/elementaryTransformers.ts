/**
 * Rows of transformers/elementary.
 *
 * @module
 */

import { arcsinh } from "../../../src/transformers/elementary/arcsinh.ts";
import { distributionFunction } from "../../../src/transformers/elementary/distributionFunction.ts";
import { elu } from "../../../src/transformers/elementary/elu.ts";
import { exponential } from "../../../src/transformers/elementary/exponential.ts";
import { leakyRelu } from "../../../src/transformers/elementary/leakyRelu.ts";
import { leakyTanh } from "../../../src/transformers/elementary/leakyTanh.ts";
import { logTanh } from "../../../src/transformers/elementary/logTanh.ts";
import { shiftTransformer } from "../../../src/transformers/elementary/shiftTransformer.ts";
import { sigmoidTransformer } from "../../../src/transformers/elementary/sigmoidTransformer.ts";
import { softClipTransformer } from "../../../src/transformers/elementary/softClipTransformer.ts";
import { softplusTransformer } from "../../../src/transformers/elementary/softplusTransformer.ts";
import { tanhTransformer } from "../../../src/transformers/elementary/tanhTransformer.ts";
import { type TransformerCases, within } from "./transformerCase.ts";

const positive = [0, Number.POSITIVE_INFINITY] as const;
const single = { features: 1, startsAsIdentity: false } as const;

/** Rows by the name of the exported function. */
export const elementaryTransformers: Readonly<
  Record<keyof typeof import("../../../src/transformers/elementary/makers.ts"), TransformerCases>
> = {
  arcsinh: { "one feature": { transformer: arcsinh(), ...single, edges: [-30, 0, 30] } },
  distributionFunction: {
    normal: { transformer: distributionFunction(), ...single, ...within(4, [0, 1]) },
    laplace: { transformer: distributionFunction({ law: "laplace" }), ...single, ...within(8, [0, 1]) },
    cauchy: { transformer: distributionFunction({ law: "cauchy" }), ...single, ...within(8, [0, 1]) },
    gumbel: {
      transformer: distributionFunction({ law: "gumbel" }),
      ...single,
      within: (direction, [at]) => [
        direction === "forward" ? Math.max(-2, Math.min(8, at!)) : 0.5 + 0.45 * Math.sin(at!),
      ],
    },
  },
  elu: {
    "one feature": {
      transformer: elu({ alpha: 1.5 }),
      ...single,
      ...within(12, [-1.5, Number.POSITIVE_INFINITY]),
    },
  },
  exponential: {
    "one feature": { transformer: exponential(), ...single, edges: [-30, 30], ...within(40, positive) },
  },
  leakyRelu: {
    learned: { transformer: leakyRelu(), features: 1, startsAsIdentity: true, edges: [0] },
    "of a slope": {
      transformer: leakyRelu({ slope: 0.01 }),
      ...single,
      edges: [0],
      // A hundredth of the least number is 0, and no longer below it.
      within: (_, [at]) => [Math.abs(at!) < 1e-300 ? 0 : at!],
    },
  },
  leakyTanh: { "one feature": { transformer: leakyTanh(), ...single, edges: [-3, 3, Math.tanh(3)] } },
  logTanh: {
    "one feature": { transformer: logTanh({ from: 1.5 }), ...single, edges: [-1.5, 1.5, Math.tanh(1.5)] },
    "of another slope": { transformer: logTanh({ growth: 0.3 }), ...single },
  },
  shiftTransformer: {
    "one feature": { transformer: shiftTransformer(), features: 1, startsAsIdentity: true },
  },
  sigmoidTransformer: {
    "one feature": { transformer: sigmoidTransformer(), ...single, ...within(12, [0, 1]) },
  },
  softClipTransformer: {
    "one feature": {
      transformer: softClipTransformer({ bound: 4 }),
      ...single,
      edges: [0],
      ...within(1e3, [-4, 4]),
    },
  },
  softplusTransformer: {
    "one feature": { transformer: softplusTransformer(), ...single, ...within(20, positive) },
  },
  tanhTransformer: { "one feature": { transformer: tanhTransformer(), ...single, ...within(6, [-1, 1]) } },
};
