/**
 * Fusion: element-wise operations, maps, and the sums over features that end them, that run over the same features
 * become one unit, for one kernel. Everything else is a unit of its own.
 *
 * @module
 */

import { type Expr, sizeOf } from "../../graph/expr.ts";
import { type Pieces, visitsApart } from "../../platform/pieces.ts";
import { IndexSet } from "./indexSet.ts";
import { viewOf } from "./storage.ts";

/** Nodes that run as one kernel, in order; a unit that is not fused has one node. */
export interface Unit {
  readonly nodes: Expr[];
  /** Loop count of a fused unit; undefined for any other. */
  readonly features: number | undefined;
}

/** Pointers that a unit's kernel may take: a function has at most 1000 parameters in V8. */
const maximumPointers = 900;

/** Numbers of a feature from which on a map is taken to be a long one: those of a spline, and not those of a shift and a scale. */
const manySlots = 12;

/**
 * The most pointers that nodes add to a kernel: their operands', where none is in a register, and their own. A long map counts as more than
 * half of all: a kernel of one such map is that of all transforms, one of two would be another for each pair.
 */
function pointersOf(nodes: readonly Expr[]): number {
  return nodes.reduce((total, node) => {
    const isLong = node.op === "map" && node.body.slots.flat().length >= manySlots;
    return total + node.inputs.length + 1 + (isLong ? maximumPointers / 2 : 0);
  }, 0);
}

/** Whether a sum adds up all its elements to a scalar. */
export function isTotal(node: Expr): boolean {
  return node.op === "sum" && node.outer === 1 && node.inner === 1;
}

/** The loop count of a node that can be fused, or undefined. */
export function loopCount(node: Expr): number | undefined {
  if (node.op === "elementwise") return sizeOf(node.shape);
  if (node.op === "map") return node.features;
  return undefined;
}

/**
 * The units of a set of nodes, in an order in which they can run.
 * @param nodes - In topological order; views among them get no unit.
 * @param reads - What a node reads, as owners (for an iteration: what its body reads too).
 * @param options - `totals`: whether a sum of all elements joins the kernel that makes them; `apart`: nodes that are not
 *   to be fused.
 */
export function* fuse(
  nodes: readonly Expr[],
  reads: (node: Expr) => readonly Expr[],
  options: { readonly totals: boolean; readonly apart?: { has(node: Expr): boolean } },
): Pieces<Unit[]> {
  const unitOf = new Map<Expr, number>();
  const units: {
    readonly nodes: Expr[];
    readonly features: number | undefined;
    readonly ancestors: IndexSet;
    pointers: number;
  }[] = [];

  /** Without repetitions. */
  const operandUnits = (node: Expr): number[] => {
    const indices: number[] = [];
    for (const operand of reads(node)) {
      const unit = unitOf.get(operand);
      if (unit !== undefined && !indices.includes(unit)) indices.push(unit);
    }
    return indices;
  };
  /** Lets a unit, and all that come after it, know what it reads. */
  const addAncestors = (unit: number, gained: IndexSet): void => {
    // All that come after the unit know what it knows.
    if (gained.firstOutside(units[unit]!.ancestors) === undefined) return;
    for (let index = 0; index < units.length; index++) {
      const { ancestors } = units[index]!;
      if (index === unit || ancestors.has(unit)) ancestors.addAll(gained);
    }
  };
  /** Units and all that comes before them. */
  const closureOf = (roots: Iterable<number>): IndexSet => {
    const closure = new IndexSet();
    for (const unit of roots) {
      closure.add(unit);
      closure.addAll(units[unit]!.ancestors);
    }
    return closure;
  };
  const merge = (from: number, into: number): void => {
    const [merged, target] = [units[from]!, units[into]!];
    for (const node of merged.nodes) unitOf.set(node, into);
    target.nodes.push(...merged.nodes);
    target.pointers += merged.pointers;
    target.ancestors.addAll(merged.ancestors);
    // What comes after the one now comes after all that the other came after.
    for (const { ancestors } of units) {
      if (ancestors.delete(from)) ancestors.add(into);
      if (ancestors.has(into)) ancestors.addAll(target.ancestors);
    }
    units[from] = { nodes: [], features: undefined, ancestors: new IndexSet(), pointers: 0 };
  };
  for (const node of nodes) {
    if (viewOf(node).owner !== node) continue;
    if (units.length % visitsApart === 0) yield;
    if (node.op === "project") {
      // A result of a map lives in its kernel.
      unitOf.set(node, unitOf.get(node.inputs[0]!)!);
      const mapUnit = units[unitOf.get(node)!]!;
      mapUnit.nodes.push(node);
      mapUnit.pointers++;
      continue;
    }
    const operands = operandUnits(node);
    const total = options.totals && isTotal(node);
    const isApart = options.apart?.has(node) ?? false;
    const features = total ? sizeOf(node.inputs[0]!.shape) : isApart ? undefined : loopCount(node);
    const joined =
      features === undefined
        ? undefined
        : operands.find((unit) => {
            const candidate = units[unit]!;
            if (candidate.features !== features || candidate.pointers + pointersOf([node]) > maximumPointers)
              return false;
            if (!readsWithin(node, unit)) return false;
            return operands.every((other) => other === unit || !units[other]!.ancestors.has(unit));
          });
    if (joined === undefined) {
      const ancestors = closureOf(operands);
      unitOf.set(node, units.length);
      units.push({
        nodes: [node],
        features: total ? undefined : features,
        ancestors,
        pointers: pointersOf([node]),
      });
      continue;
    }
    // Independent units that one node reads become one: it takes all its operands from registers.
    for (const other of operands)
      if (
        other !== joined &&
        units[other]!.features === features &&
        units[other]!.pointers + units[joined]!.pointers + pointersOf([node]) <= maximumPointers &&
        !units[other]!.ancestors.has(joined) &&
        !units[joined]!.ancestors.has(other) &&
        // Nor may a further operand come after the one and before the node.
        operands.every((third) => !units[third]!.ancestors.has(other)) &&
        readsWithin(node, other)
      )
        merge(other, joined);
    unitOf.set(node, joined);
    const unit = units[joined]!;
    unit.nodes.push(node);
    unit.pointers += pointersOf([node]);
    addAncestors(joined, closureOf(operandUnits(node).filter((other) => other !== joined)));
  }
  // Order units so that each comes after its ancestors: fewer ancestors first would do, a depth-first walk keeps
  // producers near their consumers.
  const order: Unit[] = [];
  const seen = new IndexSet();
  // An explicit stack: a chain of thousands of units would overflow the call stack. `next`: the ancestors before it have been entered.
  const stack: { readonly unit: number; next: number }[] = [];
  const enter = (unit: number): void => {
    seen.add(unit);
    stack.push({ unit, next: 0 });
  };
  for (let first = 0; first < units.length; first++) {
    if (first % visitsApart === 0) yield;
    if (!seen.has(first)) enter(first);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = units[top.unit]!.ancestors.firstOutside(seen, top.next);
      if (next !== undefined) {
        top.next = next + 1;
        enter(next);
        continue;
      }
      const { nodes: unitNodes, features } = units[top.unit]!;
      order.push({ nodes: unitNodes, features });
      stack.pop();
    }
  }
  return order.filter(({ nodes: unitNodes }) => unitNodes.length > 0);

  /** Whether a node can take its operands in that kernel from lanes: no sum of the kernel is read within it. */
  function readsWithin(node: Expr, unit: number): boolean {
    return node.inputs.every((operand) => {
      const { owner } = viewOf(operand);
      if (unitOf.get(owner) !== unit) return true;
      return !isTotal(owner) && sameLayout(node, operand, owner);
    });
  }
}

/** Whether an operand, made in the same kernel, has for each feature the scalars that the reader wants of it. */
export function sameLayout(reader: Expr, operand: Expr, owner: Expr): boolean {
  if (sizeOf(operand.shape) !== sizeOf(owner.shape)) return false;
  const width = owner.op === "project" ? owner.shape[1]! : 1;
  if (reader.op === "map") return reader.body.slots[reader.inputs.indexOf(operand)]!.length === width;
  return width === 1;
}
