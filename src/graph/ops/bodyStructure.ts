/**
 * The structure of the bodies of maps: what is done to a body is done once for all that are written alike, as those of twenty splines are.
 *
 * @module
 */

import { type Expr, topologicalOrder } from "../expr.ts";
import type { ScalarBody } from "./maps.ts";

/** What {@link structureOfBody} has found. Bodies never change. */
const structures = new WeakMap<ScalarBody, string>();

/**
 * Equal for bodies that are written alike, node by node, and for no others: one of them may stand for another, since a body reads nothing but
 * its own slots. O(nodes) at the first request.
 */
export function structureOfBody(body: ScalarBody): string {
  let text = structures.get(body);
  if (text === undefined) structures.set(body, (text = written(body)));
  return text;
}

function written({ slots, results }: ScalarBody): string {
  let text = "";
  const numbers = new Map<Expr, number>();
  for (const block of slots) {
    text += `${block.length}|`;
    for (const slot of block) numbers.set(slot, numbers.size);
  }
  const order = topologicalOrder(results.flat(), numbers);
  // Counted: each node is met once, in a process that has not run long, where an iterator would cost more than what is done with a node.
  for (let i = 0; i < order.length; i++) {
    const node = order[i]!;
    if (numbers.has(node)) continue;
    if (node.op === "constant") text += Object.is(node.data[0], -0) ? "-0" : node.data[0];
    else if (node.op === "elementwise") {
      text += node.name;
      for (let k = 0; k < node.inputs.length; k++) text += ` ${numbers.get(node.inputs[k]!)!}`;
    } else throw new Error(`the body of a map has ${node.op}, which is not scalar`);
    text += ";";
    numbers.set(node, numbers.size);
  }
  for (const result of results) {
    text += "|";
    for (const scalar of result) text += ` ${numbers.get(scalar)!}`;
  }
  return text;
}

/** Bodies of which one stands for all that are written alike. */
export class BodyTable<Value> {
  readonly #values = new Map<string, Value>();

  /** What is known of bodies written like this one, and `beside`; made once. */
  of(body: ScalarBody, beside: string, make: () => Value): Value {
    const key = `${beside}#${structureOfBody(body)}`;
    let value = this.#values.get(key);
    if (value === undefined) this.#values.set(key, (value = make()));
    return value;
  }
}
