/**
 * What depends on a slot, and what a body reads from outside of it.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { type Expr, isSumOverRows, topologicalOrder } from "./expr.ts";

/** What {@link slotsOf} has found. Nodes never change, so that it is found once. */
const slotsBehind = new WeakMap<Expr, ReadonlySet<Expr>>();
const noSlots: ReadonlySet<Expr> = new Set();

/** The slots that a node depends on, other than those of bodies behind it. */
function slotsOf(node: Expr): ReadonlySet<Expr> {
  const slots = slotsBehind.get(node);
  if (slots) return slots;
  for (const inner of topologicalOrder([node], slotsBehind))
    if (!slotsBehind.has(inner))
      slotsBehind.set(inner, inner.op === "slot" ? new Set([inner]) : slotsOfInputs(inner));
  return slotsBehind.get(node)!;
}

function slotsOfInputs(node: Expr): ReadonlySet<Expr> {
  let all = noSlots;
  for (const input of node.inputs) {
    const slots = slotsBehind.get(input)!;
    // Nearly always one has them all, and is shared.
    const [smaller, larger] = slots.size < all.size ? [slots, all] : [all, slots];
    all = [...smaller].every((slot) => larger.has(slot)) ? larger : new Set([...larger, ...smaller]);
  }
  return all;
}

/**
 * The nodes among `outputs`' ancestors that depend on one of `sources`, themselves included. Where sources are slots the cost
 * is that of those nodes, however large the graph is behind them.
 */
export function dependents(outputs: readonly Expr[], ...sources: readonly Expr[]): Set<Expr> {
  const nodes = new Set<Expr>(sources);
  for (const node of topologicalOrder(outputs, apartFrom(sources)))
    if (node.inputs.some((input) => nodes.has(input))) nodes.add(node);
  return nodes;
}

/** Nodes of which it is known that they depend on none of some sources. */
function apartFrom(sources: readonly Expr[]): Pick<ReadonlySet<Expr>, "has"> | undefined {
  if (!sources.every((source) => source.op === "slot")) return undefined;
  return {
    has(node) {
      const slots = slotsOf(node);
      return slots.size === 0 || !sources.some((source) => slots.has(source));
    },
  };
}

/** What a body that depends on its slots reads of values that do not; a sum over rows that it gives is inside in any case. */
export function outerValues(results: readonly Expr[], ...slots: readonly Expr[]): Expr[] {
  const innerNodes = dependents(results, ...slots);
  for (const result of results) if (isSumOverRows(result)) innerNodes.add(result);
  const outer = new Set<Expr>();
  for (const node of innerNodes)
    for (const operand of node.inputs) if (!innerNodes.has(operand)) outer.add(operand);
  return [...outer];
}

/**
 * Refuses a body that sums over rows: what is applied to each row knows no others.
 * @throws {@link ShapeError}
 */
export function checkInside(where: string, result: Expr, ...slots: readonly Expr[]): void {
  for (const node of dependents([result], ...slots))
    if (isSumOverRows(node))
      throw new ShapeError({
        where,
        problem: "the body cannot sum over rows",
        expected: "a body of one row",
        received: "a sum over rows",
        remedy: "do that outside of it",
      });
}
