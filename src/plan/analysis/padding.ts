/**
 * Padding: a tile has lanes without a row. A sum over rows must not see them.
 *
 * They hold the inputs of the tile's last row once more, so that a value behind which no row mark is, is there what it is in
 * that row. Gradients start from the row mark, which is 0 there, and stay 0 as long as they are only multiplied by such values
 * and added up: where a factor is not finite, the row itself is lost too. Whatever is not known to be zero by this is made so
 * before it is summed. (Sums of outer products count the rows themselves.)
 *
 * @module
 */

import {
  type ElementwiseExpr,
  type Expr,
  type MapExpr,
  topologicalOrder,
  unreachable,
} from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { substitution } from "../../graph/rebuild.ts";
import { withInputs } from "../../graph/withInputs.ts";
import { inOnePiece, type Pieces } from "../../platform/pieces.ts";

/** The outputs, with a selection by row mark in front of every sum over rows that might see padding. */
export function guardPadding(outputs: readonly Expr[]): Expr[] {
  return inOnePiece(guardingPadding(outputs));
}

/** {@link guardPadding}, a node at a time. */
export function* guardingPadding(outputs: readonly Expr[]): Pieces<Expr[]> {
  const lanes: Paddings = { of: new Map(), inBodies: new Map() };
  const guards = new Map<Expr, Expr>();
  const order = topologicalOrder(outputs);
  // One mark for all, or each would be a kernel and a line of its own.
  const mark = order.find(({ op }) => op === "rowMark") ?? g.rowMark();
  for (const node of order) {
    yield;
    lanes.of.set(node, paddingOf(node, lanes));
    if (node.op !== "sumRows") continue;
    const [summed] = node.inputs as [Expr];
    if (!lanes.of.get(summed)!.zero) guards.set(node, withInputs(node, [g.select(mark, summed, 0)]));
  }
  return yield* substitution(outputs, guards);
}

/** What is known of a value in lanes without a row. */
interface Padding {
  /** It is 0 there, or not finite in a row either. */
  readonly zero: boolean;
  /** It is what it is in the tile's last row. */
  readonly asInRow: boolean;
}

/** What is known of values, and of those in the bodies of maps that have been looked at: each result of a map reads its body. */
interface Paddings {
  readonly of: Map<Expr, Padding>;
  readonly inBodies: Map<MapExpr, Paddings>;
}

function paddingOf(node: Expr, paddings: Paddings): Padding {
  const of = (operand: Expr): Padding => paddings.of.get(operand)!;
  // What a body reads is among its inputs.
  const isComputed = node.op !== "rowMark" && node.op !== "slot";
  const asInRow = node.space !== "row" || (isComputed && node.inputs.every((operand) => of(operand).asInRow));
  return { asInRow, zero: isZero(node, of, paddings.inBodies) };
}

function isZero(node: Expr, of: (operand: Expr) => Padding, inBodies: Map<MapExpr, Paddings>): boolean {
  const zero = (operand: Expr | undefined): boolean => operand !== undefined && of(operand).zero;
  const [a, b, c] = node.inputs;
  switch (node.op) {
    case "rowMark":
      return true;
    case "constant":
      return node.data.every((x) => x === 0);
    case "elementwise":
      return isElementwiseZero(node, of);
    case "reshape":
    case "gather":
    case "scatter":
    case "sum":
      return zero(a);
    case "concatenate":
      return node.inputs.every(zero);
    case "linear":
      return zero(a) && c === undefined;
    case "solveTriangular":
      return zero(b);
    case "project": {
      const map = node.inputs[0]!;
      if (map.op !== "map") return false;
      let inner = inBodies.get(map);
      if (!inner) {
        inner = { of: new Map(), inBodies: new Map() };
        for (const [k, block] of map.body.slots.entries())
          for (const slot of block) inner.of.set(slot, of(map.inputs[k]!));
        inBodies.set(map, inner);
      }
      const results = map.body.results[node.index]!;
      for (const scalar of topologicalOrder(results, inner.of))
        if (!inner.of.has(scalar)) inner.of.set(scalar, paddingOf(scalar, inner));
      return results.every((scalar) => inner.of.get(scalar)!.zero);
    }
    case "fixedPoint": {
      // The outer values are known: a body is not left, or a chain of iterations would be walked once for each way through.
      const outer = new Set(node.inputs);
      const inner: Paddings = {
        of: new Map(node.inputs.map((value) => [value, of(value)])),
        inBodies: new Map(),
      };
      inner.of.set(node.slot, { zero: true, asInRow: false });
      for (const value of topologicalOrder([node.result], outer))
        if (!inner.of.has(value)) inner.of.set(value, paddingOf(value, inner));
      return zero(node.inputs[0]) && inner.of.get(node.result)!.zero;
    }
    case "input":
    case "parameter":
    case "stepInput":
    case "slot":
    case "random":
    case "map":
    case "scan":
    case "iterate":
    case "implicit":
    case "odeSolution":
    case "sumRows":
    case "sumOuter":
    case "matrixProduct":
      return false;
    default:
      return unreachable(node);
  }
}

/**
 * Zero by linearity alone, so never of other operations: a function that makes a finite number of infinity would hide that the row is
 * lost.
 */
function isElementwiseZero(node: ElementwiseExpr, of: (operand: Expr) => Padding): boolean {
  const [a, b, c] = node.inputs.map(of) as [Padding, Padding, Padding];
  switch (node.name) {
    case "mul":
      return (a.zero && (b.zero || b.asInRow)) || (b.zero && a.asInRow);
    case "div":
      return a.zero && b.asInRow;
    case "add":
    case "sub":
      return a.zero && b.zero;
    case "neg":
    case "stopGradient":
      return a.zero;
    case "select":
      return (b.zero && c.zero && a.asInRow) || (node.inputs[0]!.op === "rowMark" && c.zero);
    default:
      return false;
  }
}
