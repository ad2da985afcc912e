/**
 * The way back through a scan, as a loop of its own: what the derivative of a scan is made of. Meant for graph transforms: `vjp` makes it.
 *
 * @module
 */

import { type Expr, isSumOverRows, type Node, type ScanExpr, sameShape } from "../expr.ts";
import { bodyRules } from "../ops/bodyNodes.ts";
import type { SlotExpr } from "../ops/leaves.ts";
import { rowSumRules } from "../ops/sums.ts";
import { copied, type Fault, type GraphRules, type PaddingScope } from "../rules.ts";

/**
 * What is left of a cotangent after the steps of a scan, from the last to the first. The body gets the state that the step began with, its
 * slices and the cotangent of the state after it, and gives that of the state before it. Beside the state's the cotangent may have others, of
 * values of rows that all steps read. `inputs` are the scan, the cotangent of its last state, the stacked values, and the outer values that
 * the body uses. It has no derivative of its own: one that goes through it writes the steps out.
 */
export interface ScanGradientExpr extends Node {
  readonly op: "scanGradient";
  /** The state that a step begins with. */
  readonly slot: SlotExpr;
  readonly cotangentSlot: SlotExpr;
  /** As those of a scan. */
  readonly slices: readonly SlotExpr[];
  /** The cotangent before the step. */
  readonly result: Expr;
  /** Sums over rows in the body: what {@link SumOfScanExpr} reads. */
  readonly sums: readonly Expr[];
  /** By sum, whether each step has one of its own; else all steps are added up. */
  readonly apart: readonly boolean[];
}

/** One of the sums over rows of the way back through a scan: over all steps, or `[steps, ...]`, in the order of the slices. */
export interface SumOfScanExpr extends Node {
  readonly op: "sumOfScan";
  readonly index: number;
}

/** The scan that a node is the way back through. */
export function scanOfGradient({ inputs }: ScanGradientExpr): ScanExpr {
  return inputs[0] as ScanExpr;
}

/** A sum of the way back through a scan. */
export function sumOfScan(gradient: ScanGradientExpr, index: number): Expr {
  const { shape } = gradient.sums[index]!;
  const { steps } = scanOfGradient(gradient);
  return {
    op: "sumOfScan",
    index,
    shape: gradient.apart[index] ? [steps, ...shape] : shape,
    space: "shared",
    inputs: [gradient],
  };
}

/** What is known of the slots of the body in lanes without a row, if the cotangent is 0 there. */
export function paddingOfSlots(
  { inputs, slot, cotangentSlot, slices }: ScanGradientExpr,
  { of }: Pick<PaddingScope, "of">,
  isZero: boolean,
): (readonly [Expr, { readonly zero: boolean; readonly asInRow: boolean }])[] {
  return [
    ...inputs.map((value) => [value, of(value)] as const),
    [slot, { zero: false, asInRow: of(inputs[0]!).asInRow }],
    [cotangentSlot, { zero: isZero, asInRow: false }],
    ...slices.map((slice) => [slice, { zero: false, asInRow: true }] as const),
  ];
}

export const scanGradientRules: GraphRules<ScanGradientExpr> = {
  ...bodyRules,
  isZero: (node, scope) =>
    scope.zero(node.inputs[1]) && scope.inBody([node.result], () => paddingOfSlots(node, scope, true)),
};

export const sumOfScanRules: GraphRules<SumOfScanExpr> = {
  ...rowSumRules,
  facts: ({ index }) => [index],
  withInputs: (node, inputs) => ({ ...copied(node, inputs), space: "shared" }),
};

export const faultOfScanGradient: Fault<ScanGradientExpr> = ({
  inputs,
  result,
  cotangentSlot,
  shape,
  sums,
}) => {
  if (inputs[0]?.op !== "scan") return "its first input is no scan";
  if (!sameShape(result.shape, cotangentSlot.shape) || !sameShape(result.shape, shape))
    return "its body gives another shape than it takes";
  return sums.every((sum) => isSumOverRows(sum) || sum.op === "constant")
    ? undefined
    : "what it sums is no sum over rows";
};

export const faultOfSumOfScan: Fault<SumOfScanExpr> = ({ inputs, index, space }, { takes }) =>
  takes(1) ??
  (inputs[0]!.op !== "scanGradient" || !inputs[0].sums[index]
    ? "it is of no way back through a scan"
    : space === "shared"
      ? undefined
      : "it is not shared");
