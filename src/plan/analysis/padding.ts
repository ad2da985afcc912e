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

import { paddingOfSlots } from "../../graph/derivative/scanGradient.ts";
import {
  type Expr,
  firstOuterInput,
  resultsOf,
  type ScanExpr,
  type ScanGradientExpr,
  topologicalOrder,
} from "../../graph/expr.ts";
import { rulesOf, withInputs } from "../../graph/graphRules.ts";
import * as g from "../../graph/ops.ts";
import { scanGradientOf, substitution } from "../../graph/rebuild.ts";
import type { Padding, PaddingScope } from "../../graph/rules.ts";
import { inOnePiece, type Pieces, visitsApart } from "../../platform/pieces.ts";

/** The outputs, with a selection by row mark in front of every sum over rows that might see padding. */
export function guardPadding(outputs: readonly Expr[]): Expr[] {
  return inOnePiece(guardingPadding(outputs));
}

/** {@link guardPadding}, a node at a time. */
export function* guardingPadding(outputs: readonly Expr[]): Pieces<Expr[]> {
  // One mark for all, or each would be a kernel and a line of its own.
  const mark = topologicalOrder(outputs).find(({ op }) => op === "rowMark") ?? g.rowMark();
  return yield* guarding(outputs, mark, () => []);
}

/** @param known - What is known of slots and of what comes from outside, in a body. */
function* guarding(
  outputs: readonly Expr[],
  mark: Expr,
  known: () => Iterable<readonly [Expr, Padding]>,
): Pieces<Expr[]> {
  const look = function* (roots: readonly Expr[]): Pieces<{ lanes: Paddings; order: Expr[] }> {
    const lanes = new Paddings(known());
    const order = topologicalOrder(roots, new Map(lanes.known)).filter((node) => !lanes.known.has(node));
    for (const node of order) {
      lanes.find(node);
      if (lanes.known.size % visitsApart === 0) yield;
    }
    return { lanes, order };
  };
  let roots = outputs;
  let { lanes, order } = yield* look(roots);
  if (order.some(({ op }) => op === "scanGradient")) {
    // Bodies first: what is summed outside may come from them.
    const outside = lanes;
    const inBody = (node: Expr): Expr =>
      node.op === "scanGradient" ? guardedBody(node, outside, mark) : node;
    roots = yield* substitution(roots, new Map([...known()].map(([value]) => [value, value])), inBody);
    ({ lanes, order } = yield* look(roots));
  }
  const guards = new Map<Expr, Expr>();
  for (const node of order) {
    if (node.op !== "sumRows") continue;
    const [summed] = node.inputs as [Expr];
    if (!lanes.known.get(summed)!.zero) guards.set(node, withInputs(node, [g.select(mark, summed, 0)]));
  }
  return yield* substitution(roots, guards);
}

/** A way back through a scan whose body has its sums guarded. */
function guardedBody(node: ScanGradientExpr, lanes: Paddings, mark: Expr): Expr {
  const known = { of: (operand: Expr): Padding => lanes.known.get(operand)! };
  const isZero = lanes.known.get(node)!.zero;
  const results = inOnePiece(guarding(resultsOf(node), mark, () => paddingOfSlots(node, known, isZero)));
  const [result, ...sums] = results as [Expr, ...Expr[]];
  const [scan, cotangent, ...stacked] = node.inputs.slice(0, firstOuterInput(node)) as [ScanExpr, Expr];
  return scanGradientOf(scan, cotangent, { ...node, result, sums, stacked });
}

/** What is known of values, and of those in the bodies of maps that have been looked at, by what was known of their slots. */
class Paddings implements PaddingScope {
  readonly known: Map<Expr, Padding>;
  readonly #inBodies = new Map<object, Map<string, Paddings>>();

  constructor(known: Iterable<readonly [Expr, Padding]>) {
    this.known = new Map(known);
  }

  // Rules take these apart.
  readonly of = (operand: Expr): Padding => this.known.get(operand)!;
  readonly zero = (operand: Expr | undefined): boolean => operand !== undefined && this.of(operand).zero;

  readonly inBody: PaddingScope["inBody"] = (results, slots, key) => {
    let inner = key && this.#inBodies.get(key.body)?.get(key.facts);
    if (!inner) {
      inner = new Paddings(slots());
      if (key) {
        const looks = this.#inBodies.get(key.body) ?? new Map<string, Paddings>();
        this.#inBodies.set(key.body, looks.set(key.facts, inner));
      }
    }
    for (const value of topologicalOrder(results, inner.known))
      if (!inner.known.has(value)) inner.find(value);
    return results.every((result) => inner.of(result).zero);
  };

  /** Finds what is to be known of a node, whose inputs are known. */
  find(node: Expr): void {
    // What a body reads is among its inputs.
    const isComputed = node.op !== "rowMark" && node.op !== "slot";
    const asInRow =
      node.space !== "row" || (isComputed && node.inputs.every((operand) => this.of(operand).asInRow));
    this.known.set(node, { asInRow, zero: rulesOf(node).isZero(node, this) });
  }
}
