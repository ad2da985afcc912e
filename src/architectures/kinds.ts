/**
 * The kinds of model by name, as on the command line. Nothing else is loaded with them.
 *
 * @module
 */

/** Names of the architectures that are trained by gradient, in the order in which help shows them. */
export const flowKinds = [
  "realnvp",
  "maf",
  "nsf",
  "nsf-ar",
  "planar",
  "radial",
  "sylvester",
  "residual",
  "cnf",
  "flow-matching",
] as const;

/** Name of an architecture that is trained by gradient. */
export type FlowKind = (typeof flowKinds)[number];

/** Names of the models that are fitted without gradients. */
export const statisticalKinds = [
  "gaussian",
  "mixture",
  "kde",
  "gaussianization",
  "sliced",
  "dual-ascent",
] as const;

/** Name of a model that is fitted without gradients. */
export type StatisticalKind = (typeof statisticalKinds)[number];

/** Name of a fitted model. */
export type ModelKind = FlowKind | StatisticalKind;

/** All names, in the order in which help shows them. */
export const modelKinds: readonly ModelKind[] = [...flowKinds, ...statisticalKinds];

/** Whether a kind is trained by gradient, in epochs. */
export function isTrained(kind: string): kind is FlowKind {
  return (flowKinds as readonly string[]).includes(kind);
}
