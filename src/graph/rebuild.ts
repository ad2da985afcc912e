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
import { scanOfGradient } from "./derivative/scanGradient.ts";
import {
  type BodyExpr,
  type Expr,
  firstOuterInput,
  hasBody,
  isSumOverRows,
  resultsOf,
  type ScanExpr,
  type ScanGradientExpr,
  type SlotExpr,
  topologicalOrder,
} from "./expr.ts";
import { withInputs } from "./graphRules.ts";
import { fixedPointOf, implicitOf, iterateOf, odeSolutionOf } from "./ops/bodyNodes.ts";
import { slot } from "./ops/leaves.ts";
import { checkInside, dependents, outerValues } from "./slots.ts";
import { sliceAt, stackedValue } from "./stackedValues.ts";

/** A node with a body whose inputs are replaced by `replace`, and what its body gives then by `body`; slots are kept. */
export function rebuildBody(
  node: BodyExpr,
  replace: (input: Expr) => Expr,
  body: (results: readonly Expr[], outer: readonly Expr[]) => readonly Expr[] = (results) => results,
  makeScan: typeof scanOf = scanOf,
): Expr {
  const outerAt = firstOuterInput(node);
  const outer = node.inputs.slice(outerAt);
  const outerReplacements = outer.map(replace);
  const results = substitute(
    resultsOf(node),
    new Map(outer.map((value, i) => [value, outerReplacements[i]!])),
  );
  const [next, ...sums] = body(results, outerReplacements) as [Expr, ...Expr[]];
  const [first, ...rest] = node.inputs.slice(0, outerAt).map(replace) as [Expr, ...Expr[]];
  switch (node.op) {
    case "fixedPoint":
      return fixedPointOf(first, node.iterations, node.slot, next);
    case "scan":
      return makeScan(first, { ...node, result: next, stacked: rest });
    case "scanGradient": {
      // Of a scan that is none any more the steps are still gone back.
      const scan = (
        first.op === "scan" ? first : rebuildBody(scanOfGradient(node), replace, undefined, wholeScan)
      ) as ScanExpr;
      const [cotangent, ...stacked] = rest as [Expr, ...Expr[]];
      return scanGradientOf(scan, cotangent, { ...node, result: next, sums, stacked });
    }
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

/** {@link substitute}, a node at a time. `revised`: what a node becomes before its inputs are replaced. */
export function* substitution(
  outputs: readonly Expr[],
  replacements: ReadonlyMap<Expr, Expr>,
  revised: (node: Expr) => Expr = (node) => node,
): Pieces<Expr[]> {
  const done = new Map<Expr, Expr>(replacements);
  for (const node of topologicalOrder(outputs, new Set(replacements.keys()))) {
    if (done.has(node)) continue;
    if (done.size % visitsApart === 0) yield;
    const inputs = node.inputs.map((input) => done.get(input)!);
    const next = revised(node);
    if (inputs.every((input, i) => input === node.inputs[i])) done.set(node, next);
    else if (hasBody(next))
      done.set(
        node,
        rebuildBody(next, (outer) => done.get(outer) ?? outer),
      );
    else done.set(node, withInputs(node, inputs));
  }
  return outputs.map((output) => done.get(output)!);
}

/** What a scan is made of, beside its first state. */
type ScanParts = Pick<ScanExpr, "steps" | "reversed" | "keptEvery" | "slot" | "slices" | "result"> & {
  readonly stacked: readonly Expr[];
};

/** A scan from ready slots and result. */
export function scanOf(initial: Expr, scan: ScanParts): Expr {
  const { steps, reversed, slot: state } = scan;
  if (!dependents([scan.result], state).has(scan.result)) {
    // The last step alone counts.
    const last = scan.slices.map(
      (slice, i) => [slice, sliceAt(scan.stacked[i]!, reversed ? 0 : steps - 1)] as const,
    );
    return substitute([scan.result], new Map<Expr, Expr>(last))[0]!;
  }
  return wholeScan(initial, scan);
}

function wholeScan(initial: Expr, scan: ScanParts): ScanExpr {
  const { steps, reversed, keptEvery, slot: state } = scan;
  const { results, slices, stacked } = liftSlices([scan.result], scan, steps);
  const result = results[0]!;
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
    inputs: [initial, ...stacked, ...outerValues([result], state, ...slices)],
  };
}

/** The way back through a scan from ready slots, result and sums; `cotangent` is that of the last state. */
export function scanGradientOf(
  scan: ScanExpr,
  cotangent: Expr,
  gradient: Pick<ScanGradientExpr, "slot" | "cotangentSlot" | "slices" | "result" | "sums" | "apart"> & {
    readonly stacked: readonly Expr[];
  },
): ScanGradientExpr {
  const { slot: state, cotangentSlot, apart } = gradient;
  const { results, slices, stacked } = liftSlices([gradient.result, ...gradient.sums], gradient, scan.steps);
  const [result, ...sums] = results as [Expr, ...Expr[]];
  return {
    op: "scanGradient",
    slot: state,
    cotangentSlot,
    slices,
    result,
    sums,
    apart,
    shape: cotangent.shape,
    space: "row",
    inputs: [scan, cotangent, ...stacked, ...outerValues(results, state, cotangentSlot, ...slices)],
  };
}

/** What a body reads step by step, and what it gives. */
interface SlicedBody {
  readonly results: readonly Expr[];
  readonly slices: readonly SlotExpr[];
  /** One a slice, of one more leading axis. */
  readonly stacked: readonly Expr[];
}

/** The same body, with everything that depends on slices alone taken out of it. */
function liftSlices(
  results: readonly Expr[],
  { slices, stacked }: Omit<SlicedBody, "results">,
  steps: number,
): SlicedBody {
  const innerNodes = dependents(results, ...slices);
  /** By node that depends on slices alone: its stacked value. */
  const lifted = new Map<Expr, Expr>(slices.map((slice, i) => [slice, stacked[i]!]));
  const isLifted = (node: Expr): boolean => lifted.has(node) || (node.op === "map" && node.space !== "row");
  for (const node of innerNodes)
    if (node.space !== "row" && !isSumOverRows(node) && !isLifted(node))
      lifted.set(node, stackedValue(node, lifted, steps));
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
    results: substitute(results, slotOf),
    slices: [...slotOf.values()],
    stacked: [...slotOf.keys()].map((node) => lifted.get(node)!),
  };
}
