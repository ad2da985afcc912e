/**
 * Rows of transformers/circular, integrals, mixtures, neural and polynomials.
 *
 * @module
 */

import { circularShift } from "../../../src/transformers/circular/circularShift.ts";
import { formulaTransformer } from "../../../src/transformers/formula/formulaTransformer.ts";
import { unconstrainedMonotonicNetwork } from "../../../src/transformers/integrals/unconstrainedMonotonicNetwork.ts";
import { mixtureTransformer } from "../../../src/transformers/mixtures/mixtureTransformer.ts";
import { denseSigmoidal } from "../../../src/transformers/neural/denseSigmoidal.ts";
import { monotonicNetwork } from "../../../src/transformers/neural/monotonicNetwork.ts";
import { bernstein } from "../../../src/transformers/polynomials/bernstein.ts";
import { sumOfSquares } from "../../../src/transformers/polynomials/sumOfSquares.ts";
import type { TransformerCases } from "./transformerCase.ts";

const single = { features: 1, startsAsIdentity: false } as const;
const solved = { ...single, draws: 10 } as const;

/** Rows by the name of the exported function. */
export const learnedTransformers: Readonly<
  Record<
    | keyof typeof import("../../../src/transformers/circular/makers.ts")
    | keyof typeof import("../../../src/transformers/formula/makers.ts")
    | keyof typeof import("../../../src/transformers/mixtures/makers.ts")
    | keyof typeof import("../../../src/transformers/integrals/makers.ts")
    | keyof typeof import("../../../src/transformers/neural/makers.ts")
    | keyof typeof import("../../../src/transformers/polynomials/makers.ts"),
    TransformerCases
  >
> = {
  circularShift: {
    given: {
      transformer: circularShift({ bound: 2, shift: 2 }),
      ...single,
      // Off the jump, at which the ends are one point.
      within: (_, [at]) => [0.9 + 0.8 * Math.sin(at!)],
    },
  },
  monotonicNetwork: {
    "one feature": {
      transformer: monotonicNetwork({ signal: 2, hidden: [4, 2] }),
      ...single,
      draws: 8,
      largestParameter: 20,
      edges: [0],
    },
  },
  unconstrainedMonotonicNetwork: {
    "one feature": {
      transformer: unconstrainedMonotonicNetwork({ signal: 1, hidden: [2], nodes: 10, reach: 0.5 }),
      features: 1,
      startsAsIdentity: true,
      draws: 4,
      largestParameter: 20,
      edges: [-0.5, 0, 0.5],
    },
  },
  bernstein: {
    "ends of the identity": { transformer: bernstein({ degree: 5, bound: 3 }), ...solved, edges: [-3, 3, 0] },
    "learned ends": {
      transformer: bernstein({ degree: 4, ends: "learned" }),
      ...solved,
      largestParameter: 20,
      edges: [-5, 5, 0],
    },
  },
  formulaTransformer: {
    "two parameters": {
      transformer: formulaTransformer({
        formula: "x + a * tanh(b * x)",
        parameters: { a: "positive", b: { above: 0, below: 5, start: 1 } },
        reach: 10,
      }),
      ...solved,
      edges: [-10, 10, 0],
    },
    "from numbers above 0 onto an interval": {
      transformer: formulaTransformer({
        formula: "1 - exp(-(x / s)^c)",
        parameters: { s: { above: 0, start: 2 }, c: { above: 0.5, below: 3 } },
        domain: [0, null],
        codomain: [0, 1],
      }),
      ...solved,
      within: (_, [at]) => [0.5 + 0.4 * Math.sin(at!)],
    },
  },
  denseSigmoidal: {
    "two layers": {
      transformer: denseSigmoidal({ units: 2 }),
      ...solved,
      edges: [-30, 30],
    },
  },
  mixtureTransformer: {
    logistic: {
      transformer: mixtureTransformer({ components: 3, spread: 0 }),
      startsAlike: true,
      ...solved,
      startsAsIdentity: true,
      edges: [-30, 30],
    },
    "sigmoidal flow": {
      transformer: mixtureTransformer({ components: 2, form: "slopes", spread: 0.6 }),
      ...solved,
      edges: [-30, 30],
    },
    "normal, of equal weights": {
      transformer: mixtureTransformer({ components: 2, law: "normal", weights: "equal" }),
      ...solved,
      draws: 3,
      edges: [-10, 10],
    },
    "without a least slope": {
      transformer: mixtureTransformer({ components: 3, law: "normal", leastSlope: 0, leastScale: 0.01 }),
      ...solved,
      draws: 3,
      edges: [-10, 10],
    },
  },
  sumOfSquares: {
    "two polynomials": {
      transformer: sumOfSquares({ polynomials: 2, degree: 2, scale: 3 }),
      ...solved,
      edges: [-30, 0, 30],
    },
  },
};
