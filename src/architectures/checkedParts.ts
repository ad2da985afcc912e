/**
 * Checks of what all named architectures are made of: sizes, and the base.
 *
 * @module
 */

import { aDistribution, type Distribution } from "../distributions/distribution.ts";
import { standardNormal } from "../distributions/standardNormal.ts";
import { UsageError } from "../errors.ts";
import { checkArgument, checkContext, checkCount, type Filled } from "../options.ts";
import type { ArchitectureOptions } from "./architecture.ts";
import type { FlowKind } from "./kinds.ts";

/** The function that makes each kind, for messages. */
export const makers: Readonly<Record<FlowKind, string>> = {
  realnvp: "realNVP",
  maf: "maskedAutoregressiveFlow",
  nsf: "neuralSplineFlow",
  "nsf-ar": "neuralSplineFlow",
  planar: "planarFlow",
  radial: "radialFlow",
  sylvester: "sylvesterFlow",
  residual: "residualFlow",
  cnf: "continuousFlow",
  "flow-matching": "flowMatching",
  nice: "nice",
  iaf: "inverseAutoregressiveFlow",
  naf: "neuralAutoregressiveFlow",
  sospf: "sumOfSquaresFlow",
  bpf: "bernsteinFlow",
  unaf: "unconstrainedAutoregressiveFlow",
  bnaf: "blockNeuralAutoregressiveFlow",
  ncsf: "circularSplineFlow",
  gf: "gaussianizationFlow",
  ttf: "tailTransformFlow",
  "mixture-of-flows": "mixtureOfFlows",
};

/**
 * Refuses sizes that are not positive integers; a context may be 0.
 * @throws UsageError that names the size.
 */
export function checkArchitecture(
  kind: FlowKind,
  {
    context,
    hidden,
    ...sizes
  }: Filled<Pick<ArchitectureOptions, "context" | "hidden">> & {
    readonly features: number;
    readonly transforms: number;
  },
): void {
  const where = makers[kind];
  for (const [name, value] of Object.entries(sizes)) checkCount(where, name, value);
  hidden.forEach((size, i) => {
    checkCount(where, `hidden[${i}]`, size);
  });
  checkContext(where, context);
}

/** The base that is asked for. */
export function baseOf(
  kind: FlowKind,
  { base = standardNormal, features }: Pick<ArchitectureOptions, "base" | "features">,
): Distribution {
  const distribution = typeof base === "function" ? base({ features }) : base;
  checkArgument(makers[kind], "base", distribution, aDistribution);
  if (distribution.features !== features)
    throw new UsageError({
      where: makers[kind],
      subject: "base",
      expected: `of the ${features} features of the flow`,
      received: `${distribution.features}`,
    });
  return distribution;
}
