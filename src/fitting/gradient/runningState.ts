/**
 * What a training keeps beside what it trains: running statistics of batches.
 *
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import type { Chain } from "../../bijections/combinators/chain.ts";
import type { Embedded } from "../../bijections/structure/embedded.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, subtreeOf } from "../../graph/parameters.ts";
import type { Update } from "../../graph/program.ts";

/**
 * New values of the state of a bijection and of its parts after a step, from the rows of a batch on the side of the data.
 * @param weight - Of each row; without it all count the same.
 */
export function runningState(
  bijection: Bijection,
  y: Expr,
  parameters: Bound,
  context: Expr | undefined,
  weight: Expr | undefined,
): readonly Update[] {
  const total = g.sumRows(weight ?? g.rowMark());
  const mean = (value: Expr): Expr => g.div(g.sumRows(g.mul(weight ?? g.rowMark(), value)), total);
  const updates: Update[] = [];
  const walk = (part: Bijection, at: Expr, p: Bound, c: Expr | undefined): void => {
    const { parts, embed, inner } = part as Partial<Chain & Embedded>;
    if (embed && inner) walk(inner, at, subtreeOf(p, "inner"), embed(p, c!));
    if (parts) {
      let value = at;
      for (let i = parts.length - 1; i >= 0; i--) {
        const own = subtreeOf(p, String(i));
        walk(parts[i]!, value, own, c);
        value = parts[i]!.inverse(value, own, c).value;
      }
    }
    for (const [name, value] of Object.entries(part.nextState?.(at, p, mean) ?? {})) {
      const parameter = leafOf(p, name) as Update["parameter"];
      // A batch with a row that is lost says nothing.
      const isSound = g.lessEqual(g.abs(value), 1e30);
      updates.push({ parameter, value: g.select(isSound, value, parameter) });
    }
  };
  walk(bijection, y, parameters, context);
  return updates;
}
