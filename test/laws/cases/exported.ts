/**
 * Names of what the library exports, by what it makes. A table of cases has one key for each; what is exported without a
 * row does not compile.
 *
 * @module
 */

import type { Architecture } from "../../../src/architectures/architecture.ts";
import type { Bijection } from "../../../src/bijections/bijection.ts";
import type { Distribution } from "../../../src/distributions/distribution.ts";
import type * as architectures from "../../../src/entries/architectures.ts";
import type * as bijections from "../../../src/entries/bijections.ts";
import type * as distributions from "../../../src/entries/distributions.ts";
import type * as graph from "../../../src/entries/graph.ts";
import type * as networks from "../../../src/entries/networks.ts";
import type * as transformers from "../../../src/entries/transformers.ts";
import type { Expr } from "../../../src/graph/expr.ts";
import type { Conditioner } from "../../../src/networks/conditionerContract.ts";
import type { Network } from "../../../src/networks/network.ts";
import type { Transformer } from "../../../src/transformers/transformer.ts";

/** Names of the functions of a module that return something of the type `Made`. */
export type MakersOf<Made, Module> = {
  [Name in keyof Module]: Module[Name] extends (...options: never) => Made ? Name : never;
}[keyof Module];

/** Exported functions that make a bijection. */
export type BijectionName = Exclude<
  MakersOf<Bijection, typeof bijections>,
  // A graph is a chain, among whose rows it is.
  "bijectionFromJson" | "bijectionGraph"
>;
/** Exported functions that make a transformer. */
export type TransformerName = Exclude<MakersOf<Transformer, typeof transformers>, "transformerFromJson">;
/** Exported functions that make a distribution. */
export type DistributionName = Exclude<
  MakersOf<Distribution, typeof distributions>,
  // That of a surface has its laws in bijections/sphere.test.ts, what has a bound alone in distributions/manyToOne.test.ts.
  "distributionFromJson" | "manyToOne" | "uniformSphere"
>;
/** Exported functions that make an architecture. */
export type ArchitectureName = Exclude<MakersOf<Architecture, typeof architectures>, "ownArchitecture">;
/** Exported functions that make a network. */
export type NetworkName = MakersOf<Network, typeof networks>;
/** Exported functions that make a conditioner. */
export type ConditionerName = Exclude<
  MakersOf<Conditioner, typeof networks>,
  // That of a graph is a layered one, of the sizes of its graph.
  "conditionerFromJson" | "parentsConditioner"
>;
/** Functions of `ops` that give an expression. */
export type OperationName = MakersOf<Expr, typeof graph.ops>;
