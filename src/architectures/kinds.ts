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
  "nice",
  "iaf",
  "naf",
  "sospf",
  "bpf",
  "unaf",
  "bnaf",
  "ncsf",
  "gf",
  "ttf",
  "mixture-of-flows",
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

/** Names of the models of mixed columns: numbers, levels, dates and missing cells. */
export const mixedKinds = ["columns"] as const;

/** Name of a model of mixed columns. */
export type MixedKind = (typeof mixedKinds)[number];

/**
 * What flows are that have no name of their own: couplings or masked autoregressive maps with another transformer than the
 * named ones, and architectures that a user has put together. They are saved under these names, and fitted by what describes
 * them alone.
 */
export const otherKinds = ["coupling", "autoregressive", "custom"] as const;

/** Name of a flow that has no name of its own. */
export type OtherKind = (typeof otherKinds)[number];

/** Name of a model that can be fitted by name. */
export type ModelKind = FlowKind | MixedKind | StatisticalKind;

/** What a fitted model may be; a string of another kind is the name of a user's own architecture. */
export type FittedKind = ModelKind | OtherKind | (string & Record<never, never>);

/** All that can be fitted by name, in the order in which help shows them. */
export const modelKinds: readonly ModelKind[] = [...flowKinds, ...mixedKinds, ...statisticalKinds];

/** Kinds that `compare` fits unless others are named: statistics, and the default flow. */
export const comparedKinds: readonly ModelKind[] = [...statisticalKinds, "nsf-ar"];

/** Whether a kind is trained by gradient, in epochs. */
export function isTrained(kind: string): kind is FlowKind {
  return (flowKinds as readonly string[]).includes(kind);
}

/** Whether a kind is of mixed columns: then any columns can be given, and each has a contribution to the density. */
export function hasMixedColumns(kind: string): kind is MixedKind {
  return (mixedKinds as readonly string[]).includes(kind);
}

/** Whether a fitted model of this kind was trained in epochs, by gradient. */
export function hasEpochs(kind: string): boolean {
  return !(statisticalKinds as readonly string[]).includes(kind);
}

/** Kinds that draw samples with their log-densities in one pass, in the order in which help shows them. */
export const variationalKinds = ["nsf", "realnvp", "planar", "radial", "sylvester"] as const;

/** Name of such a kind. */
export type VariationalKind = (typeof variationalKinds)[number];
