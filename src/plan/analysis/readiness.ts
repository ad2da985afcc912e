/**
 * When each element of an iteration's body is known. Where every element of the state depends on others that are
 * known before it, as in a masked autoregressive map, nothing has to be iterated: step s computes what became known
 * at s, once, and all steps together cost about one pass over the body instead of one per feature.
 *
 * Nobody writes the order down; it is read off the graph, the zeros of masked weights above all.
 *
 * @module
 */

import { type Expr, type FixedPointExpr, sizeOf } from "../../graph/expr.ts";
import { rulesOf } from "../../graph/graphRules.ts";

/** Adjacent elements `start` to `end`. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** By node of a body: the step at which each element (of a map: each feature) can be computed. */
export type Readiness = ReadonlyMap<Expr, Int32Array>;

/**
 * The steps of a body's elements, or undefined if some element depends on itself, or on a chain longer than the
 * iterations: then the state after them is not a fixed point that could be computed once.
 *
 * @param nodes - The nodes of the body that depend on the state, in topological order.
 * @param kernels - Nodes that one kernel computes, feature by feature: a feature of all of them is known when it is of
 *   the last.
 */
export function readinessOf(
  node: FixedPointExpr,
  nodes: readonly Expr[],
  kernels: readonly { readonly nodes: readonly Expr[]; readonly features: number }[],
): Readiness | undefined {
  if (!nodes.includes(node.result)) return undefined;
  const size = sizeOf(node.shape);
  const resultsOf = (ready: Readiness): Int32Array => ready.get(node.result)!.map((step) => step + 1);
  const isSame = (a: Int32Array, b: Int32Array): boolean => a.every((step, i) => step === b[i]);
  // Where each element depends on all up to one before it, in the order of the elements or in the reverse one, that one says its step, and
  // is seen at once. What settles is right wherever it began: no element depends on itself, so that there is one solution.
  for (const reversed of size > node.iterations ? [] : [false, true]) {
    const elementOf = (rank: number): number => (reversed ? size - rank : rank - 1);
    const ranks = Int32Array.from({ length: size }, (_, i) => (reversed ? size - i : i + 1));
    const last = roundFrom(ranks, node, nodes, kernels).get(node.result)!;
    const guess = new Int32Array(size);
    const latest = new Int32Array(size + 1);
    for (let rank = 1; rank <= size; rank++) {
      const element = elementOf(rank);
      guess[element] = 1 + latest[last[element]!]!;
      latest[rank] = Math.max(latest[rank - 1]!, guess[element]!);
    }
    const ready = roundFrom(guess, node, nodes, kernels);
    if (isSame(resultsOf(ready), guess)) return ready;
  }
  let state: Int32Array = new Int32Array(size);
  const known = { floors: new Map(), computations: new Map() };
  // Each round settles the elements that are one step further; a chain has at most as many steps as iterations.
  for (let round = 0; round <= node.iterations; round++) {
    const ready = roundFrom(state, node, nodes, kernels, known);
    const nextState = resultsOf(ready);
    if (isSame(nextState, state)) return ready;
    state = nextState;
  }
  return undefined;
}

/** What rounds know of each other, where the steps of the state only grow. */
interface Known {
  /** Steps before which a node is not known, since others of its kernel are not. */
  readonly floors: Map<Expr, Int32Array>;
  /** What a node was found to be the last time, and of what. */
  readonly computations: Map<
    Expr,
    { readonly of: readonly (Int32Array | undefined)[]; readonly steps: Int32Array }
  >;
}

/** The steps of the nodes that follow from those of the state. */
function roundFrom(
  state: Int32Array,
  node: FixedPointExpr,
  nodes: readonly Expr[],
  kernels: Parameters<typeof readinessOf>[2],
  { floors, computations }: Known = { floors: new Map(), computations: new Map() },
): Readiness {
  let ready: Map<Expr, Int32Array>;
  do {
    ready = new Map([[node.slot as Expr, state]]);
    for (const inner of nodes) {
      const floor = floors.get(inner);
      const of = [floor, ...inner.inputs.map((operand) => ready.get(operand))];
      const last = computations.get(inner);
      if (last && of.every((steps, i) => steps === last.of[i])) {
        ready.set(inner, last.steps);
        continue;
      }
      let steps = stepsOf(inner, ready);
      if (floor) steps = steps.map((step, i) => Math.max(step, floor[i]!));
      // The same array for the same steps, so that what follows need not be computed again.
      if (last && steps.every((step, i) => step === last.steps[i])) steps = last.steps;
      computations.set(inner, { of, steps });
      ready.set(inner, steps);
    }
  } while (raise(kernels, ready, floors));
  return ready;
}

/** Lets the nodes of one kernel be known together; says whether that has changed anything. */
function raise(
  kernels: readonly { readonly nodes: readonly Expr[]; readonly features: number }[],
  ready: Readiness,
  floors: Map<Expr, Int32Array>,
): boolean {
  let changed = false;
  for (const { nodes, features } of kernels) {
    const last = new Int32Array(features);
    const featureOf = (steps: Int32Array, i: number): number => Math.floor((i * features) / steps.length);
    for (const node of nodes)
      ready.get(node)!.forEach((step, i, steps) => {
        const feature = featureOf(steps, i);
        last[feature] = Math.max(last[feature]!, step);
      });
    for (const node of nodes) {
      const steps = ready.get(node)!;
      const floor = steps.map((_, i) => last[featureOf(steps, i)]!);
      if (floor.some((step, i) => step !== steps[i])) changed = true;
      const earlierFloor = floors.get(node);
      if (!earlierFloor || floor.some((step, i) => step !== earlierFloor[i])) floors.set(node, floor);
    }
  }
  return changed;
}

/** The runs of elements that become known at each step, from the first. */
export function runsOf(steps: Int32Array): Run[][] {
  const runs: Run[][] = [];
  for (let i = 0; i < steps.length; i++) {
    const [start, step] = [i, steps[i]!];
    while (steps[i + 1] === step) i++;
    (runs[step] ??= []).push({ start, end: i + 1 });
  }
  return runs;
}

function stepsOf(node: Expr, ready: Readiness): Int32Array {
  return rulesOf(node).steps(node, {
    of: (operand) => ready.get(operand),
    at: (operand, element) => ready.get(operand)?.[element] ?? 0,
    latest(operand, from, to) {
      const steps = ready.get(operand);
      let last = 0;
      if (steps) for (let i = from; i < to; i++) last = Math.max(last, steps[i]!);
      return last;
    },
  });
}
