/**
 * What a conditioner is: a family of networks that give the parameters of a transform, of whatever sizes it has.
 *
 * @module
 */

import type { Expr, Shape } from "../graph/expr.ts";
import type { Bound, ParameterTree } from "../graph/parameters.ts";
import { type OptionKind, refuse } from "../options.ts";

/** Sizes that a transform asks a conditioner for. */
export interface ConditionerSizes {
  /** Size of the input: the context, then the features that condition. */
  readonly inputs: number;
  /** Size of the output: the parameters of the transformed features, those of one feature adjacent. */
  readonly outputs: number;
  /**
   * For an autoregressive map: the outputs of feature i may depend on the context and on the features before i, and on nothing
   * else. The input is the context and then all features in their order. A conditioner that cannot do so must throw.
   */
  readonly autoregressive?: {
    /** Number of features. */
    readonly features: number;
    /** Number of context values, 0 where unconditional. */
    readonly context: number;
  };
  /**
   * For a coupling of features that have a shape: `[height, width, channels]` or `[positions, channels]`, and the places in it, row by row, of what
   * conditions and of what is transformed. The input is the values that condition, then the context.
   */
  readonly over?: {
    /** The shape of a sample. */
    readonly shape: Shape;
    /** Places of the features that condition, in the order of the input. */
    readonly conditions: readonly number[];
    /** Places of the transformed features, in the order of the output. */
    readonly transformed: readonly number[];
  };
}

/** A network that a conditioner has made. */
export interface ConditionerNetwork {
  /** What it needs, by name. To start as the identity, let the last layer start at zero. */
  readonly parameters: ParameterTree;
  /** Of an autoregressive map: passes after which features that are made one from another are final (default: as many as there are features). */
  readonly passes?: number | undefined;
  /** The output `[outputs]` for an input `[inputs]`. */
  run(input: Expr, parameters: Bound): Expr;
}

/** Plain data that describes a conditioner. */
export interface ConditionerJson {
  /** Name by which a description finds it again. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** A family of networks; see the head of this file. */
export interface Conditioner {
  /** Name by which a description finds it again. */
  readonly type: string;
  /** A network of some sizes. */
  network(sizes: ConditionerSizes): ConditionerNetwork;
  /** The description that a model file holds; no option of it may be called `features`. */
  toJSON(): ConditionerJson;
}

/** What a conditioner is, for checks of arguments. */
export const aConditioner: OptionKind = {
  expected: "a conditioner, with type, network and toJSON",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    typeof (value as Conditioner).type === "string" &&
    typeof (value as Conditioner).network === "function" &&
    typeof (value as Conditioner).toJSON === "function",
};

/**
 * The conditioner that two options say: one of its own, or the sizes of the hidden layers of the usual one.
 * @param dense - The usual one.
 * @throws UsageError for both, or neither.
 */
export function chosenConditioner(
  where: string,
  {
    hidden,
    conditioner,
  }: { readonly hidden?: readonly number[] | undefined; readonly conditioner?: Conditioner | undefined },
  dense: (options: { readonly hidden: readonly number[] }) => Conditioner,
): Conditioner {
  if (conditioner === undefined && hidden === undefined)
    refuse(where, "hidden", "an array of sizes, such as [64, 64]", hidden, "or give a conditioner");
  if (conditioner !== undefined && hidden !== undefined)
    refuse(where, "hidden", "left out", hidden, "the conditioner that is given has its own layers");
  return conditioner ?? dense({ hidden: hidden! });
}

/** How a description tells its conditioner: by `hidden` for the usual one. */
export function conditionerOptions(
  conditioner: Conditioner,
): { readonly hidden: unknown } | { readonly conditioner: ConditionerJson } {
  const json = conditioner.toJSON();
  return json.type === "dense" ? { hidden: json.hidden } : { conditioner: json };
}
