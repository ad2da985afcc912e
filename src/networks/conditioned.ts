/**
 * Parameters that may depend on a context: each is a trained value of its own, plus, given a context, an output of a
 * network that starts at zero.
 *
 * @module
 */

import { type Expr, sizeOf } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import {
  type Bound,
  leafOf,
  type ParameterSpec,
  type ParameterTree,
  subtreeOf,
} from "../graph/parameters.ts";
import { checkContext } from "../options.ts";
import { checkHidden, networkParameters, runNetwork } from "./conditioner.ts";

/** Parameters by name, and how to read them for a context. */
export interface ConditionedParameters<Name extends string> {
  /** What a bijection declares. */
  readonly tree: ParameterTree;
  /** The values: shared without a context, of each row with one. */
  read(parameters: Bound, context: Expr | undefined): Readonly<Record<Name, Expr>>;
}

/**
 * Parameters that depend on a context of some size; with none, the specifications themselves.
 * @param hidden - Sizes of the network's hidden layers; `[]` for a linear dependence.
 * @throws UsageError if a size is not a positive integer, or the context's is negative.
 */
export function conditionedParameters<Name extends string>(
  where: string,
  specs: Readonly<Record<Name, ParameterSpec>>,
  context: number,
  hidden: readonly number[],
): ConditionedParameters<Name> {
  checkContext(where, context);
  checkHidden(where, hidden);
  const entries = Object.entries(specs) as [Name, ParameterSpec][];
  const outputs = entries.reduce((total, [, { shape }]) => total + sizeOf(shape), 0);
  return {
    tree: context > 0 ? { ...specs, network: networkParameters(context, hidden, outputs) } : specs,
    read(parameters, c) {
      const networkOutput =
        context > 0 ? runNetwork(c!, subtreeOf(parameters, "network"), hidden.length + 1) : undefined;
      let start = 0;
      const read = entries.map(([name, { shape }]) => {
        const value = leafOf(parameters, name);
        const end = start + sizeOf(shape);
        const change = networkOutput && g.reshape(g.slice(networkOutput, start, end), shape);
        start = end;
        return [name, change ? g.add(value, change) : value] as const;
      });
      return Object.fromEntries(read) as Record<Name, Expr>;
    },
  };
}
