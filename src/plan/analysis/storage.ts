/**
 * Which values own memory, and which are only views of another: a reshape, or a run of adjacent elements.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { stopGradient } from "../../graph/ops/arithmetic.ts";
import type { Unit } from "./fusion.ts";

/** A value as a run of elements of the value that owns the memory. */
export interface View {
  readonly owner: Expr;
  /** In elements. */
  readonly offset: number;
}

/** Whether a gather reads adjacent elements in order. */
export function isRun(indices: Int32Array): boolean {
  const start = indices[0]!;
  return start >= 0 && indices.every((index, i) => index === start + i);
}

/** What {@link viewOf} has found of moves. Nodes never change, and every stage asks. */
const views = new WeakMap<Expr, View>();

/** The view that a value is; most values own themselves. */
export function viewOf(value: Expr): View {
  if (value.op !== "reshape" && value.op !== "gather" && !("part" in value))
    return { owner: value, offset: 0 };
  let view = views.get(value);
  if (!view) views.set(value, (view = findView(value)));
  return view;
}

function findView(value: Expr): View {
  let owner = value;
  let offset = 0;
  for (;;) {
    if (owner.op === "reshape") owner = owner.inputs[0]!;
    else if (owner.op === "gather" && isRun(owner.indices)) {
      offset += owner.indices[0]!;
      owner = owner.inputs[0]!;
    } else if ("part" in owner) {
      offset += owner.part!.start;
      owner = owner.part!.of;
    } else return { owner, offset };
  }
}

/**
 * A value in memory of its own: one that is a parameter as it stands, or a part of one, is copied first. As a sum, or as a new value, it
 * would be read when other updates have been written.
 */
export function apartFromParameters(value: Expr): Expr {
  return viewOf(value).owner.op === "parameter" ? stopGradient(value) : value;
}

/** Owners of what a node reads from memory. */
export function ownersRead(node: Expr): Expr[] {
  return node.inputs.map((input) => viewOf(input).owner);
}

/** Whether a node is read by another unit than its own, or afterwards. */
export function readOutside(
  units: readonly Unit[],
  outputs: readonly Expr[],
  reads: (node: Expr) => readonly Expr[] = ownersRead,
): (node: Expr) => boolean {
  const unitOf = new Map<Expr, Unit>();
  for (const unit of units) for (const node of unit.nodes) unitOf.set(node, unit);
  const read = new Set<Expr>(outputs.map((output) => viewOf(output).owner));
  for (const unit of units)
    for (const node of unit.nodes)
      for (const owner of reads(node)) {
        if (unitOf.get(owner) !== unit) read.add(owner);
      }
  return (node) => read.has(node);
}
