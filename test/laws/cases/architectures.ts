/**
 * The table that drives the laws of fitted flows: one row for every kind, and for every exported architecture the kinds that it
 * makes. A kind or an export without a row does not compile.
 *
 * @module
 */

import type { FlowKind, ModelKind } from "../../../src/architectures/kinds.ts";
import type { FitOptions } from "../../../src/fitting/fitOptions.ts";
import type { ArchitectureName } from "./exported.ts";

/** One row: how small a fit of this kind is, and what its laws must know of it. */
export interface ArchitectureCase {
  /** Options of the fit. */
  readonly options: Omit<FitOptions, "flow">;
  /** Whether it can be given columns. */
  readonly isConditional: boolean;
  /** Nodes along each side of the grid of an integral (default 120); densities with sharp edges need more. */
  readonly side?: number;
  /** Where the grid of an integral lies, by column: one turn of an angle (default: about the samples). */
  readonly turns?: Readonly<Record<string, readonly [from: number, period: number]>>;
}

const trained: ArchitectureCase = {
  options: { transforms: 2, hidden: [6], epochs: 2 },
  isConditional: true,
};
const statistical: ArchitectureCase = { options: {}, isConditional: false };

/** Rows by kind. */
export const architectureCases: Readonly<Record<ModelKind, ArchitectureCase>> = {
  realnvp: trained,
  maf: trained,
  nsf: trained,
  "nsf-ar": trained,
  planar: trained,
  radial: trained,
  sylvester: trained,
  residual: trained,
  cnf: { ...trained, side: 60 },
  "flow-matching": { ...trained, side: 60 },
  nice: trained,
  iaf: trained,
  naf: trained,
  sospf: { ...trained, options: { transforms: 1, hidden: [6], epochs: 2 } },
  bpf: { ...trained, options: { transforms: 1, hidden: [6], epochs: 2 } },
  unaf: { ...trained, options: { transforms: 1, hidden: [6], epochs: 2 } },
  bnaf: { ...trained, options: { transforms: 1, hidden: [4], epochs: 2 } },
  ncsf: {
    options: { ...trained.options, kinds: { mass: "angle:400", gap: "angle:0.02" } },
    isConditional: true,
    turns: { mass: [0, 400], gap: [-0.01, 0.02] },
  },
  gf: { ...trained, options: { transforms: 2, hidden: [6], epochs: 2 } },
  ttf: { ...trained, options: { transforms: 1, hidden: [6], epochs: 2 } },
  "mixture-of-flows": { ...trained, options: { transforms: 1, hidden: [6], epochs: 2 } },
  columns: { options: { hidden: [16], epochs: 2 }, isConditional: true, side: 400 },
  gaussian: statistical,
  mixture: statistical,
  kde: statistical,
  gaussianization: { ...statistical, side: 300 },
  sliced: { ...statistical, side: 300 },
  "dual-ascent": { ...statistical, side: 300 },
};

/** The kinds that each exported architecture makes; each kind that is trained is made by one. */
export const architectureKinds: Readonly<Record<ArchitectureName, readonly FlowKind[]>> = {
  realNVP: ["realnvp"],
  maskedAutoregressiveFlow: ["maf"],
  neuralSplineFlow: ["nsf", "nsf-ar"],
  planarFlow: ["planar"],
  radialFlow: ["radial"],
  sylvesterFlow: ["sylvester"],
  residualFlow: ["residual"],
  continuousFlow: ["cnf"],
  flowMatching: ["flow-matching"],
  nice: ["nice"],
  inverseAutoregressiveFlow: ["iaf"],
  neuralAutoregressiveFlow: ["naf"],
  sumOfSquaresFlow: ["sospf"],
  bernsteinFlow: ["bpf"],
  unconstrainedAutoregressiveFlow: ["unaf"],
  blockNeuralAutoregressiveFlow: ["bnaf"],
  circularSplineFlow: ["ncsf"],
  gaussianizationFlow: ["gf"],
  tailTransformFlow: ["ttf"],
  mixtureOfFlows: ["mixture-of-flows"],
  // Has no name of its own, and laws of its own: fitting/parents.test.ts.
  graphicalFlow: [],
  // Of unit vectors: bijections/sphere.test.ts.
  sphereFlow: [],
  // Of another flow: fitting/givenColumns.test.ts.
  embeddedFlow: [],
  // Has a bound alone: distributions/manyToOne.test.ts.
  surjectiveFlow: [],
};
