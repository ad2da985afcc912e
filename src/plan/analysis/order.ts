/**
 * The order in which a tile computes its values.
 *
 * @module
 */

import { type Expr, isSumOverRows, topologicalOrder } from "../../graph/expr.ts";

/**
 * All nodes that the outputs depend on, each after its inputs, in an order that keeps few values at a time: first the way to the sum over
 * rows that has the longest; what other sums need beside it follows what they read, so that it is not kept for them. Of a node's inputs
 * the one with the longest way comes first: what is quickly made is made when it is needed. So the values of a stretch of a scan are
 * computed once more for the way back through it, and gone before those of the stretch before it come.
 */
export function sparingOrder(outputs: readonly Expr[]): Expr[] {
  const all = topologicalOrder(outputs);
  const sums = all.filter(isSumOverRows);
  // Without a way back little is kept in any order.
  if (sums.length === 0) return all;
  const { lengthOf, inputsOf } = waysOf(all);
  sums.sort((a, b) => lengthOf(a) - lengthOf(b));
  /** What has been placed: after which node of the main way, by number. */
  const places = new Map<Expr, number>();
  const unplaced = (root: Expr): Expr[] => orderBehind(root, inputsOf, places);
  const main = unplaced(sums.pop()!);
  main.forEach((node, i) => {
    places.set(node, i);
  });
  const followers = main.map((): Expr[] => []);
  const rest: Expr[] = [];
  for (const root of [...sums, ...outputs]) {
    const nodes = unplaced(root);
    let place = isSumOverRows(root) ? 0 : main.length;
    for (const node of nodes)
      for (const input of node.inputs) place = Math.max(place, places.get(input) ?? 0);
    for (const node of nodes) places.set(node, place);
    (followers[place] ?? rest).push(...nodes);
  }
  return [...main.flatMap((node, i) => [node, ...followers[i]!]), ...rest];
}

/** The longest way behind each node, in steps, and its inputs, those with the longest first. */
function waysOf(nodes: readonly Expr[]): {
  readonly lengthOf: (node: Expr) => number;
  readonly inputsOf: (node: Expr) => readonly Expr[];
} {
  const lengths = new Map<Expr, number>();
  const sorted = new Map<Expr, readonly Expr[]>();
  const lengthOf = (node: Expr): number => lengths.get(node)!;
  for (const node of nodes) {
    const { inputs } = node;
    let isSorted = true;
    let longest = 0;
    for (let i = 0; i < inputs.length; i++) {
      const length = lengthOf(inputs[i]!);
      if (i > 0 && length > lengthOf(inputs[i - 1]!)) isSorted = false;
      longest = Math.max(longest, length);
    }
    lengths.set(node, longest + 1);
    if (!isSorted)
      sorted.set(
        node,
        [...inputs].sort((a, b) => lengthOf(b) - lengthOf(a)),
      );
  }
  return { lengthOf, inputsOf: (node) => sorted.get(node) ?? node.inputs };
}

/** A node and what is behind it, but for what is placed, each after its inputs. */
function orderBehind(
  root: Expr,
  inputsOf: (node: Expr) => readonly Expr[],
  placed: Pick<ReadonlyMap<Expr, number>, "has">,
): Expr[] {
  const order: Expr[] = [];
  if (placed.has(root)) return order;
  const seen = new Set<Expr>([root]);
  // An explicit stack: a way may have thousands of steps.
  const stack = [{ node: root, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const input = inputsOf(top.node)[top.next++];
    if (!input) {
      order.push(top.node);
      stack.pop();
    } else if (!seen.has(input) && !placed.has(input)) {
      seen.add(input);
      stack.push({ node: input, next: 0 });
    }
  }
  return order;
}
