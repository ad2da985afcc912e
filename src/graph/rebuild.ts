/**
 * Rebuilding a graph with other inputs. Substitution and simplification stand on it.
 *
 * What the body of a scan computes from its slices alone is computed of the stacked values, once for all steps and rows; the
 * body gets its slices. So a slice is only ever read where a row's own values are too. A replacement can bring more of that
 * about, and so scans are made here.
 *
 * @module
 */

import { inOnePiece, type Pieces, visitsApart } from "../platform/pieces.ts";
import {
  type BodyExpr,
  type Expr,
  firstOuterInput,
  hasBody,
  type ScanExpr,
  type SlotExpr,
  topologicalOrder,
} from "./expr.ts";
import { withInputs } from "./graphRules.ts";
import { fixedPointOf, implicitOf, iterateOf, odeSolutionOf } from "./ops/bodyNodes.ts";
import { slot } from "./ops/leaves.ts";
import { checkInside, dependents, outerValues } from "./slots.ts";
import { sliceAt, stackedValue } from "./stackedValues.ts";

/** A node with a body whose inputs are replaced by `replace`, and its body then by `body`; slots are kept. */
export function rebuildBody(
  node: BodyExpr,
  replace: (input: Expr) => Expr,
  body: (result: Expr, outer: readonly Expr[]) => Expr = (result) => result,
): Expr {
  const outerAt = firstOuterInput(node);
  const outer = node.inputs.slice(outerAt);
  const outerReplacements = outer.map(replace);
  const [result] = substitute(
    [node.result],
    new Map(outer.map((value, i) => [value, outerReplacements[i]!])),
  );
  const next = body(result!, outerReplacements);
  const [first, ...rest] = node.inputs.slice(0, outerAt).map(replace) as [Expr, ...Expr[]];
  switch (node.op) {
    case "fixedPoint":
      return fixedPointOf(first, node.iterations, node.slot, next);
    case "scan":
      return scanOf(first, { ...node, result: next, stacked: rest });
    case "iterate":
      return iterateOf(first, node.iterations, node.slot, next);
    case "implicit":
      return implicitOf(first, node.slot, next, node.equation);
    case "odeSolution":
      return odeSolutionOf(first, rest as [Expr, Expr, Expr], { ...node, result: next });
  }
}

/** The outputs with every node in `replacements` replaced, wherever it occurs. */
export function substitute(outputs: readonly Expr[], replacements: ReadonlyMap<Expr, Expr>): Expr[] {
  return inOnePiece(substitution(outputs, replacements));
}

/** {@link substitute}, a node at a time. */
export function* substitution(
  outputs: readonly Expr[],
  replacements: ReadonlyMap<Expr, Expr>,
): Pieces<Expr[]> {
  const done = new Map<Expr, Expr>(replacements);
  for (const node of topologicalOrder(outputs, new Set(replacements.keys()))) {
    if (done.has(node)) continue;
    if (done.size % visitsApart === 0) yield;
    const inputs = node.inputs.map((input) => done.get(input)!);
    if (inputs.every((input, i) => input === node.inputs[i])) done.set(node, node);
    else if (hasBody(node))
      done.set(
        node,
        rebuildBody(node, (outer) => done.get(outer) ?? outer),
      );
    else done.set(node, withInputs(node, inputs));
  }
  return outputs.map((output) => done.get(output)!);
}

/** A scan from ready slots and result. */
export function scanOf(
  initial: Expr,
  scan: Pick<ScanExpr, "steps" | "reversed" | "keptEvery" | "slot" | "slices" | "result"> & {
    readonly stacked: readonly Expr[];
  },
): Expr {
  const { steps, reversed, keptEvery, slot: state } = scan;
  if (!dependents([scan.result], state).has(scan.result)) {
    // The last step alone counts.
    const last = scan.slices.map(
      (slice, i) => [slice, sliceAt(scan.stacked[i]!, reversed ? 0 : steps - 1)] as const,
    );
    return substitute([scan.result], new Map<Expr, Expr>(last))[0]!;
  }
  const { result, slices, stacked } = liftSlices(scan, steps);
  checkInside("scan", result, state, ...slices);
  return {
    op: "scan",
    steps,
    reversed,
    keptEvery,
    slot: state,
    slices,
    result,
    shape: initial.shape,
    space: "row",
    inputs: [initial, ...stacked, ...outerValues(result, state, ...slices)],
  };
}

/** A scan's body and what it reads step by step. */
interface SlicedBody {
  readonly result: Expr;
  readonly slices: readonly SlotExpr[];
  /** One a slice, of one more leading axis. */
  readonly stacked: readonly Expr[];
}

/** The same body, with everything that depends on slices alone taken out of it. */
function liftSlices({ result, slices, stacked }: SlicedBody, steps: number): SlicedBody {
  const innerNodes = dependents([result], ...slices);
  /** By node that depends on slices alone: its stacked value. */
  const lifted = new Map<Expr, Expr>(slices.map((slice, i) => [slice, stacked[i]!]));
  const isLifted = (node: Expr): boolean => lifted.has(node) || (node.op === "map" && node.space !== "row");
  for (const node of innerNodes)
    if (node.space !== "row" && !isLifted(node)) lifted.set(node, stackedValue(node, lifted, steps));
  // Those that something else reads become slices; the rest has gone into them.
  const slotOf = new Map<Expr, SlotExpr>();
  for (const node of innerNodes)
    if (!isLifted(node))
      for (const operand of node.inputs)
        if (lifted.has(operand) && !slotOf.has(operand))
          slotOf.set(
            operand,
            slices.includes(operand as SlotExpr) ? (operand as SlotExpr) : slot(operand.shape, "step"),
          );
  return {
    result: substitute([result], slotOf)[0]!,
    slices: [...slotOf.values()],
    stacked: [...slotOf.keys()].map((node) => lifted.get(node)!),
  };
}
