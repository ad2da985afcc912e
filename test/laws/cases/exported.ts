/**
 * Names of what the library exports, by what it makes. A table of cases has one key for each; what is exported without a
 * row does not compile.
 *
 * @module
 */

import type { Architecture } from "../../../src/architectures/architecture.ts";
import type { Bijection } from "../../../src/bijections/bijection.ts";
import type { Distribution } from "../../../src/distributions/distribution.ts";
import type { Expr } from "../../../src/graph/expr.ts";
import type * as library from "../../../src/index.ts";
import type { Conditioner } from "../../../src/networks/conditionerContract.ts";
import type { Network } from "../../../src/networks/network.ts";
import type { Transformer } from "../../../src/transformers/transformer.ts";

/** Names of the functions of a module that return something of the type `Made`. */
export type MakersOf<Made, Module> = {
  [Name in keyof Module]: Module[Name] extends (...options: never) => Made ? Name : never;
}[keyof Module];

/** Exported functions that make a bijection. */
export type BijectionName = Exclude<MakersOf<Bijection, typeof library>, "bijectionFromJson">;
/** Exported functions that make a transformer. */
export type TransformerName = Exclude<MakersOf<Transformer, typeof library>, "transformerFromJson">;
/** Exported functions that make a distribution. */
export type DistributionName = Exclude<MakersOf<Distribution, typeof library>, "distributionFromJson">;
/** Exported functions that make an architecture; `variationalArchitecture` chooses among the others. */
export type ArchitectureName = Exclude<MakersOf<Architecture, typeof library>, "variationalArchitecture">;
/** Exported functions that make a network. */
export type NetworkName = MakersOf<Network, typeof library>;
/** Exported functions that make a conditioner. */
export type ConditionerName = Exclude<MakersOf<Conditioner, typeof library>, "conditionerFromJson">;
/** Functions of `ops` that give an expression. */
export type OperationName = MakersOf<Expr, typeof library.ops>;
