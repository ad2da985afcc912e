/**
 * The rule of reverse mode for scans: the way back is a loop, too, whose body is the derivative of one step. An engine keeps states every now
 * and then on the way forward, and computes the steps between two of them once more on the way back (Griewank and Walther, "Evaluating
 * Derivatives", 2008, chapter 12).
 *
 * @module
 */

import { inOnePiece } from "../../platform/pieces.ts";
import {
  type Expr,
  isSumOverRows,
  type ScanExpr,
  type ScanGradientExpr,
  type SumOfScanExpr,
  sizeOf,
  topologicalOrder,
} from "../expr.ts";
import { add } from "../ops/arithmetic.ts";
import { constant, slot, uniformConstant, zeros } from "../ops/leaves.ts";
import { broadcastTo } from "../ops/movement.ts";
import { concatenate, reshape, slice } from "../ops/moves.ts";
import { ofEachRow, sum } from "../ops/sums.ts";
import { scanGradientOf, substitute, substitution } from "../rebuild.ts";
import { dependents } from "../slots.ts";
import { sliceAt, stackedValue } from "../stackedValues.ts";
import { type Cotangent, mayBeZero, type Reversal, settled, whole } from "./cotangent.ts";
import { scanOfGradient, sumOfScan } from "./scanGradient.ts";

/** Cotangents of the first state, of the stacked values and of the outer values. */
export function pullBackScan(
  node: ScanExpr,
  cotangent: Cotangent,
  { active, send, pulledBack }: Reversal,
): void {
  const outerAt = 1 + node.slices.length;
  const [initial, ...rest] = node.inputs as [Expr, ...Expr[]];
  const [stacked, outer] = [rest.slice(0, outerAt - 1), rest.slice(outerAt - 1)];
  const slices = node.slices.filter((_, i) => active.has(stacked[i]!));
  const outerOfRows = outer.filter((value) => active.has(value) && value.space === "row");
  const shared = outer.filter((value) => active.has(value) && value.space !== "row");

  // One step back, on a stand-in for the cotangent.
  const after = slot(node.shape, "row");
  const targets = [node.slot, ...outerOfRows, ...slices, ...shared];
  const stepBack = (hasZeros: boolean): (Cotangent | undefined)[] =>
    pulledBack([node.result], [{ value: after, hasZeros }], targets);
  let pulled = stepBack(mayBeZero(cotangent));
  // Where a step's own cotangent has zeros, that of the step before it has them, too.
  const hasZeros = mayBeZero(cotangent) || (pulled[0] !== undefined && mayBeZero(pulled[0]));
  if (hasZeros && !mayBeZero(cotangent)) pulled = stepBack(true);
  const values = pulled.map((each) => each && settled(each));

  // The cotangent of the state, and those of outer values of rows, as one vector.
  const parts = [node.shape, ...outerOfRows.map(({ shape }) => shape)];
  const ends: number[] = [];
  for (const shape of parts) ends.push((ends.at(-1) ?? 0) + sizeOf(shape));
  const partOf = (whole: Expr, k: number): Expr =>
    reshape(slice(whole, ends[k]! - sizeOf(parts[k]!), ends[k]!), parts[k]!);
  const joinedParts = (list: readonly Expr[]): Expr =>
    concatenate(list.map((part, k) => reshape(part, [sizeOf(parts[k]!)])));
  const all = slot([ends.at(-1)!], "row");
  const before = joinedParts([
    values[0] ?? zeros(node.shape),
    ...outerOfRows.map((_, k) => {
      const sofar = partOf(all, 1 + k);
      const gained = values[1 + k];
      return gained ? add(sofar, gained) : sofar;
    }),
  ]);
  // Together, so that what they have in common stays one.
  const [result, ...replaced] = substitute(
    [before, ...values.map((value) => value ?? constant(0))],
    new Map([[after, partOf(all, 0)]]),
  );
  const last = joinedParts([ofEachRow(whole(cotangent)), ...outerOfRows.map(({ shape }) => zeros(shape))]);

  // What stacked and shared values gain is made of sums over rows, those of each step or of all.
  const way = new WayBack(node, all, result!, last, stacked);
  const sharedAt = 1 + outerOfRows.length + slices.length;
  const gains = pulled.map((each, k) =>
    each && k > outerOfRows.length ? way.gathered(replaced[k]!, targets[k]!.shape, k < sharedAt) : undefined,
  );
  const gradient = way.node();
  if (active.has(initial) && pulled[0]) send(initial, { value: partOf(gradient, 0), hasZeros });
  outerOfRows.forEach((value, k) => {
    const part = pulled[1 + k];
    if (part) send(value, { value: partOf(gradient, 1 + k), hasZeros: hasZeros || mayBeZero(part) });
  });
  const receivers = [...stacked.filter((value) => active.has(value)), ...shared];
  receivers.forEach((value, i) => {
    const gain = gains[1 + outerOfRows.length + i];
    if (!gain) return;
    // A step's own zeros are in what it gains, too.
    const ofStep = mayBeZero(pulled[1 + outerOfRows.length + i]!);
    send(value, { value: gain(gradient), hasZeros: hasZeros || ofStep }, true);
  });
}

/** The way back while it is made: sums are added to it as they are met. */
class WayBack {
  readonly #sums: Expr[] = [];
  readonly #apart: boolean[] = [];
  readonly #scan: ScanExpr;
  readonly #cotangentSlot: Expr;
  readonly #result: Expr;
  readonly #last: Expr;
  readonly #stacked: readonly Expr[];

  constructor(scan: ScanExpr, cotangentSlot: Expr, result: Expr, last: Expr, stacked: readonly Expr[]) {
    this.#scan = scan;
    this.#cotangentSlot = cotangentSlot;
    this.#result = result;
    this.#last = last;
    this.#stacked = stacked;
  }

  #add(node: Expr, isApart: boolean): number {
    const found = this.#sums.findIndex((other, i) => other === node && this.#apart[i] === isApart);
    if (found >= 0) return found;
    this.#apart.push(isApart);
    return this.#sums.push(node) - 1;
  }

  /** A value of a step that is made of sums over rows: of all steps one after another, or added up. */
  gathered(value: Expr, shape: readonly number[], isApart: boolean): (gradient: ScanGradientExpr) => Expr {
    const { slot: state, slices, steps } = this.#scan;
    const inner = dependents([value], state, this.#cotangentSlot, ...slices);
    const isLeaf = (node: Expr): boolean => !inner.has(node) || isSumOverRows(node);
    const order = topologicalOrder([value], { has: isLeaf });
    const sums = order.filter((node) => inner.has(node) && isSumOverRows(node));
    const made = order.filter((node) => !isLeaf(node));
    const isAdded = !isApart && inner.has(value) && made.every((node) => isLinear(node, inner));
    const indices = sums.map((node) => this.#add(node, !isAdded));
    return (gradient) => {
      const read = sums.map((node, i) => [node, sumOfScan(gradient, indices[i]!)] as const);
      if (isAdded) return substitute([value], new Map<Expr, Expr>(read))[0]!;
      const lifted = new Map<Expr, Expr>([
        ...read,
        ...slices.map((own, i) => [own, this.#stacked[i]!] as const),
      ]);
      for (const node of made) if (!lifted.has(node)) lifted.set(node, stackedValue(node, lifted, steps));
      const own = lifted.get(value) ?? value;
      const all = broadcastTo(
        reshape(own, [
          lifted.has(value) ? steps : 1,
          ...shape.slice(0, shape.length - value.shape.length).fill(1),
          ...value.shape,
        ]),
        [steps, ...shape],
      );
      return isApart ? all : sum(all, 0);
    };
  }

  node(): ScanGradientExpr {
    const { slot: state, slices } = this.#scan;
    return scanGradientOf(this.#scan, this.#last, {
      slot: state,
      cotangentSlot: this.#cotangentSlot as ScanGradientExpr["cotangentSlot"],
      slices,
      result: this.#result,
      sums: this.#sums,
      apart: this.#apart,
      stacked: this.#stacked,
    });
  }
}

/** Whether a node of sums over the rows of a step is, of sums over all steps, the sum of what it is of each. */
function isLinear(node: Expr, inner: ReadonlySet<Expr>): boolean {
  const others = node.inputs.filter((operand) => !inner.has(operand));
  switch (node.op) {
    case "reshape":
    case "gather":
    case "scatter":
    case "sum":
      return true;
    case "concatenate":
      return others.every((operand) => uniformConstant(operand) === 0);
    case "elementwise":
      switch (node.name) {
        case "neg":
        case "add":
        case "sub":
          return others.every((operand) => uniformConstant(operand) === 0);
        case "mul":
          return others.length === 1;
        case "div":
          return others.length === 1 && inner.has(node.inputs[0]!);
        default:
          return false;
      }
    default:
      return false;
  }
}

/** Operations that are written out before derivatives are taken; see {@link withoutScanGradients}. */
export type WrittenOut = "scanGradient" | "sumOfScan";

/** The outputs with ways back through scans written out step by step, so that derivatives of them can be taken. */
export function withoutScanGradients(outputs: readonly Expr[], sources: ReadonlySet<Expr>): readonly Expr[] {
  for (let written = outputs; ; ) {
    const order = topologicalOrder(written, sources);
    const active = dependents(written, ...sources);
    const gradients = order.filter(
      (node): node is ScanGradientExpr =>
        node.op === "scanGradient" && active.has(node) && !sources.has(node),
    );
    if (gradients.length === 0) return written;
    const replacements = new Map<Expr, Expr>([...sources].map((source) => [source, source]));
    const first = gradients[0]!;
    const { cotangent, sums } = writtenOut(first);
    replacements.set(first, cotangent);
    for (const node of order)
      if (node.op === "sumOfScan" && node.inputs[0] === first)
        replacements.set(node, sums[(node as SumOfScanExpr).index]!);
    written = inOnePiece(substitution(written, replacements));
  }
}

/** The steps of a way back, one after another: its meaning. */
function writtenOut(node: ScanGradientExpr): { readonly cotangent: Expr; readonly sums: readonly Expr[] } {
  const scan = scanOfGradient(node);
  const { steps, reversed } = scan;
  const count = node.slices.length;
  const placeOf = (step: number): number => (reversed ? steps - 1 - step : step);
  const slicesAt = (slices: readonly Expr[], stacked: readonly Expr[], step: number): [Expr, Expr][] =>
    slices.map((own, i) => [own, sliceAt(stacked[i]!, placeOf(step))]);
  const states = [ofEachRow(scan.inputs[0]!)];
  for (let step = 0; step < steps - 1; step++) {
    const slices = slicesAt(scan.slices, scan.inputs.slice(1), step);
    const replacements = new Map<Expr, Expr>([[scan.slot, states[step]!], ...slices]);
    states.push(substitute([scan.result], replacements)[0]!);
  }
  let cotangent = node.inputs[1]!;
  const sums = node.sums.map((): Expr[] => []);
  for (let step = steps - 1; step >= 0; step--) {
    const replacements = new Map<Expr, Expr>([
      [node.slot, states[step]!],
      [node.cotangentSlot, cotangent],
      ...slicesAt(node.slices, node.inputs.slice(2, 2 + count), step),
    ]);
    const [next, ...found] = substitute([node.result, ...node.sums], replacements) as [Expr, ...Expr[]];
    cotangent = next;
    found.forEach((each, i) => {
      sums[i]![placeOf(step)] = each;
    });
  }
  return {
    cotangent,
    sums: sums.map((list, i) =>
      node.apart[i]
        ? concatenate(list.map((each) => reshape(each, [1, ...each.shape])))
        : list.reduce((total, each) => add(total, each)),
    ),
  };
}
