/**
 * Cotangents on their way back through a graph, and where they can be other than zero.
 *
 * A cotangent that comes from a branch not taken is zero, but zero times the derivative of what that branch computes is NaN
 * where the derivative is not finite: sqrt and log at 0. So each cotangent knows its condition, and what such a derivative has
 * multiplied is set to zero by it. In a chain of element-wise operations that is done once, at the end.
 *
 * @module
 */

import { type Expr, sizeOf } from "../expr.ts";
import { add, max, mul, select } from "../ops/arithmetic.ts";
import { constant, rowMark } from "../ops/leaves.ts";
import { reshape } from "../ops/moves.ts";
import { sum, sumRows } from "../ops/sums.ts";

/** Holds where `on` is not 0, or, with `when` false, where it is 0; `on` is a scalar or has the shape of what it is about. */
export interface Condition {
  readonly on: Expr;
  readonly when: boolean;
}

/** A cotangent. */
export interface Cotangent {
  readonly value: Expr;
  /** Where it counts: elsewhere it is zero, whatever `value` is. Undefined: everywhere. */
  readonly pending?: Condition | undefined;
  /** Where it can be other than zero; undefined: anywhere. Made when asked for, as it seldom is. */
  readonly live: () => Condition | undefined;
}

const anywhere = (): undefined => undefined;

/** A cotangent that counts everywhere. */
export function plain(value: Expr): Cotangent {
  return { value, live: anywhere };
}

/** A function that is called once, when its result is first wanted. */
function lazily<T>(make: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => {
    result ??= { value: make() };
    return result.value;
  };
}

/** 1 where a condition holds, else 0. */
export function numberOf({ on, when }: Condition): Expr {
  if (!when) return select(on, 0, 1);
  const isNumber = on.op === "elementwise" && (on.name === "less" || on.name === "lessEqual");
  return isNumber ? on : select(on, 1, 0);
}

function keep({ on, when }: Condition, value: Expr): Expr {
  return when ? select(on, value, 0) : select(on, 0, value);
}

function both(a: Condition | undefined, b: Condition | undefined): Condition | undefined {
  if (!a || !b) return a ?? b;
  if (a.on === b.on) return a.when === b.when ? a : { on: constant(0), when: true };
  return { on: keep(a, numberOf(b)), when: true };
}

function either(a: Condition | undefined, b: Condition | undefined): Condition | undefined {
  if (!a || !b) return undefined;
  if (a.on === b.on) return a.when === b.when ? a : undefined;
  return { on: max(numberOf(a), numberOf(b)), when: true };
}

/** The cotangent as an expression. */
export function settled({ value, pending }: Cotangent): Expr {
  return pending ? keep(pending, value) : value;
}

/** What is left of a cotangent where a condition holds. */
export function restricted({ value, pending, live }: Cotangent, condition: Condition): Cotangent {
  return { value, pending: both(pending, condition), live: lazily(() => both(live(), condition)) };
}

/** A cotangent times a partial derivative. */
export function scaled({ value, pending, live }: Cotangent, partial: Expr): Cotangent {
  return { value: mul(partial, value), pending: isAlwaysFinite(partial) ? pending : live(), live };
}

/** The same as an expression made of the value, which may not be finite where the cotangent is zero. */
export function through({ live, ...cotangent }: Cotangent, f: (value: Expr) => Expr): Cotangent {
  return { value: f(settled({ live, ...cotangent })), pending: live(), live };
}

/** Constants that were found finite: a mask is long, and each transform that has it asks. */
const finiteOnes = new WeakSet<Float64Array>();

/** A loop takes a fraction of the time of a call for each number. */
function areFinite(numbers: Float64Array): boolean {
  if (finiteOnes.has(numbers)) return true;
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
  finiteOnes.add(numbers);
  return true;
}

/** Whether a partial derivative is finite whatever it is computed from. */
function isAlwaysFinite(partial: Expr): boolean {
  switch (partial.op) {
    case "constant":
      return areFinite(partial.data);
    case "reshape":
    case "gather":
      return isAlwaysFinite(partial.inputs[0]!);
    case "elementwise":
      return (
        partial.name === "less" ||
        partial.name === "lessEqual" ||
        partial.name === "sign" ||
        (partial.name === "neg" && isAlwaysFinite(partial.inputs[0]!))
      );
    default:
      return false;
  }
}

/** The sum of two cotangents of one value. */
export function joined(a: Cotangent, b: Cotangent): Cotangent {
  const live = lazily(() => either(a.live(), b.live()));
  if (a.pending?.on === b.pending?.on) {
    if (!a.pending || a.pending.when === b.pending!.when)
      return { value: add(a.value, b.value), pending: a.pending, live };
    const [on, off] = a.pending.when ? [a, b] : [b, a];
    return { value: select(a.pending.on, on.value, off.value), live };
  }
  return { value: add(settled(a), settled(b)), live };
}

/** A cotangent whose elements are moved, or added up: its condition goes with them. */
export function moved(cotangent: Cotangent, move: (value: Expr) => Expr): Cotangent {
  const live = lazily((): Condition | undefined => {
    const condition = cotangent.live();
    if (!condition || condition.on.shape.length === 0) return condition;
    return { on: move(numberOf(condition)), when: true };
  });
  return { value: move(settled(cotangent)), live };
}

/** Where any element of some cotangents is live: a scalar. */
export function anyLive(...cotangents: readonly Cotangent[]): () => Condition | undefined {
  return lazily(() =>
    cotangents
      .map(({ live }): Condition | undefined => {
        const condition = live();
        if (!condition) return undefined;
        // One number may have axes, which what follows need not have.
        return sizeOf(condition.on.shape) > 1
          ? { on: sum(numberOf(condition)), when: true }
          : { ...condition, on: reshape(condition.on, []) };
      })
      .reduce(either),
  );
}

/** A condition on rows, for what is summed over them: where it holds in any. */
export function inAnyRow(live: () => Condition | undefined): () => Condition | undefined {
  return lazily(() => {
    const condition = live();
    return condition?.on.space === "row"
      ? { on: sumRows(mul(rowMark(), numberOf(condition))), when: true }
      : condition;
  });
}

/**
 * Hands a cotangent to an input of the node at hand. What flows from a node of each row to a shared input is summed
 * over the rows, unless `summed` says that it already is.
 */
export type Send = (input: Expr, cotangent: Cotangent, summed?: boolean) => void;

/** What the rules of reverse mode work with, beside a node and its cotangent. */
export interface Reversal {
  /** Nodes that depend on what the derivative is taken of; to others nothing has to be sent. */
  readonly active: ReadonlySet<Expr>;
  readonly send: Send;
  /** Reverse mode itself, for nodes with a body; from and to cotangents with their conditions. */
  readonly pulledBack: (
    outputs: readonly Expr[],
    cotangents: readonly Cotangent[],
    wrt: readonly Expr[],
  ) => (Cotangent | undefined)[];
  /** Reverse mode itself, from and to plain cotangents. */
  readonly vjp: (outputs: readonly Expr[], cotangents: readonly Expr[], wrt: readonly Expr[]) => Expr[];
  /** What can be done to a cotangent; see the functions of these names. Here, so that operations do not stand on what stands on them. */
  readonly settled: typeof settled;
  readonly moved: typeof moved;
  readonly scaled: typeof scaled;
  readonly restricted: typeof restricted;
  readonly anyLive: typeof anyLive;
  /** What mixes the elements: live where any of them is. */
  readonly mixed: (cotangent: Cotangent, f: (value: Expr) => Expr) => Cotangent;
}
