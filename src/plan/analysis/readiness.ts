/**
 * When each element of an iteration's body is known. Where every element of the state depends on others that are
 * known before it, as in a masked autoregressive map, nothing has to be iterated: step s computes what became known
 * at s, once, and all steps together cost about one pass over the body instead of one per feature.
 *
 * Nobody writes the order down; it is read off the graph, the zeros of masked weights above all.
 *
 * @module
 */

import { type Expr, type FixedPointExpr, type LinearExpr, sizeOf, unreachable } from "../../graph/expr.ts";
import { extentOf, maskOf } from "./sparsity.ts";

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
  let state = new Int32Array(sizeOf(node.shape));
  // Each round settles the elements that are one step further; a chain has at most as many steps as iterations.
  const floors = new Map<Expr, Int32Array>();
  /** What a node was found to be the last time, and of what. */
  const computations = new Map<
    Expr,
    { readonly of: readonly (Int32Array | undefined)[]; readonly steps: Int32Array }
  >();
  for (let round = 0; round <= node.iterations; round++) {
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
    const nextState = ready.get(node.result)!.map((step) => step + 1);
    if (nextState.every((step, i) => step === state[i])) return ready;
    state = nextState;
  }
  return undefined;
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

/** The runs of elements that become known at a step. */
export function runsAt(steps: Int32Array, step: number): Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < steps.length; i++) {
    if (steps[i] !== step) continue;
    const start = i;
    while (steps[i + 1] === step) i++;
    runs.push({ start, end: i + 1 });
  }
  return runs;
}

/** What {@link contributions} has found; a layer never changes, and each step of an iteration asks. */
const contributionCache = new WeakMap<LinearExpr, readonly (readonly [number, number])[]>();

/** Of each row of a dense layer, the first and one past the last input that its mask lets through. */
export function contributions(node: LinearExpr): readonly (readonly [number, number])[] {
  let extents = contributionCache.get(node);
  if (!extents) {
    const weights = node.inputs[1]!;
    const [rows, columns] = weights.shape as [number, number];
    const extent = extentOf(maskOf(weights), rows, columns, node.transposed ? "columns" : "rows");
    extents = Array.from({ length: sizeOf(node.shape) }, (_, row) => extent(row));
    contributionCache.set(node, extents);
  }
  return extents;
}

function stepsOf(node: Expr, ready: Readiness): Int32Array {
  const size = sizeOf(node.shape);
  const stepOf = (operand: Expr, element: number): number => ready.get(operand)?.[element] ?? 0;
  const latest = (operand: Expr, from: number, to: number): number => {
    const steps = ready.get(operand);
    let last = 0;
    if (steps) for (let i = from; i < to; i++) last = Math.max(last, steps[i]!);
    return last;
  };
  const each = (count: number, step: (element: number) => number): Int32Array =>
    Int32Array.from({ length: count }, (_, element) => step(element));
  switch (node.op) {
    case "elementwise": {
      const out = new Int32Array(size);
      for (const operand of node.inputs) {
        const steps = ready.get(operand);
        if (!steps) continue;
        const isScalar = steps.length === 1;
        for (let i = 0; i < size; i++) out[i] = Math.max(out[i]!, steps[isScalar ? 0 : i]!);
      }
      return out;
    }
    case "map": {
      const out = new Int32Array(node.features);
      for (const [k, operand] of node.inputs.entries()) {
        const steps = ready.get(operand);
        const width = node.body.slots[k]!.length;
        for (let i = 0; i < (steps?.length ?? 0); i++) {
          const feature = Math.floor(i / width);
          out[feature] = Math.max(out[feature]!, steps![i]!);
        }
      }
      return out;
    }
    case "project": {
      const width = node.shape[1]!;
      return each(size, (i) => stepOf(node.inputs[0]!, Math.floor(i / width)));
    }
    case "reshape":
      return ready.get(node.inputs[0]!) ?? new Int32Array(size);
    case "gather":
      return each(size, (i) => (node.indices[i]! < 0 ? 0 : stepOf(node.inputs[0]!, node.indices[i]!)));
    case "concatenate":
      return Int32Array.from(
        node.inputs.flatMap((part) => Array.from({ length: sizeOf(part.shape) }, (_, i) => stepOf(part, i))),
      );
    case "linear": {
      const steps = ready.get(node.inputs[0]!);
      const extents = contributions(node);
      // Sorted degrees, the usual case: the last contribution is the latest.
      const isSorted = steps?.every((step, i) => i === 0 || step >= steps[i - 1]!) ?? true;
      return each(size, (row) => {
        const [from, to] = extents[row]!;
        return isSorted
          ? latest(node.inputs[0]!, Math.max(from, to - 1), to)
          : latest(node.inputs[0]!, from, to);
      });
    }
    case "sum":
      return each(size, (i) => {
        const [outer, inner] = [Math.floor(i / node.inner), i % node.inner];
        let last = 0;
        for (let k = 0; k < node.count; k++)
          last = Math.max(last, stepOf(node.inputs[0]!, (outer * node.count + k) * node.inner + inner));
        return last;
      });
    case "scatter":
    case "solveTriangular":
    case "matrixProduct":
    case "sumRows":
    case "sumOuter":
    case "fixedPoint":
    case "scan":
    case "iterate":
    case "implicit":
    case "odeSolution": {
      // All at once, when the last of what it reads is known.
      let last = 0;
      for (const operand of node.inputs) last = Math.max(last, latest(operand, 0, sizeOf(operand.shape)));
      return each(size, () => last);
    }
    case "input":
    case "parameter":
    case "stepInput":
    case "constant":
    case "slot":
    case "rowMark":
    case "random":
      return new Int32Array(size);
    default:
      return unreachable(node);
  }
}
