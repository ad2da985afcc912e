/**
 * Cotangents on their way back through a graph, and where they are zero because a branch was not taken.
 *
 * A cotangent that comes from a branch not taken is zero, but zero times the derivative of what that branch computes is NaN
 * where the derivative is not finite: sqrt and log at 0. So the condition of a branch stays beside a cotangent, and is applied once, at
 * the end of a chain of element-wise operations: until then the value may be anything where it does not hold. A cotangent to which a
 * condition has been applied is multiplied by `mulOrZero`, in which its zeros win. Products of matrices have no such form: what comes of
 * them remembers what it was made of, and where all of that is zero it is brought back to zero before the next derivative that may not be finite.
 *
 * @module
 */

import { type Expr, sizeOf } from "../expr.ts";
import { abs, add, less, max, mul, select } from "../ops/arithmetic.ts";
import { rowMark } from "../ops/leaves.ts";
import { reshape } from "../ops/moves.ts";
import { sum, sumRows } from "../ops/sums.ts";
import { mulOrZero } from "./mulOrZero.ts";

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
  /**
   * Whether any element of `value` may be zero, where it counts, because a branch was not taken (default false). Then zero wins for all of them: a product
   * of 0 and infinity in a branch that is taken is 0, too.
   */
  readonly hasZeros?: boolean | undefined;
  /**
   * A scalar that is 0 where all that a product was made of is zero: there `value` is to be zero, and may be not a number, if what it was
   * multiplied by is not. Made when asked for, as it seldom is.
   */
  readonly origin?: (() => Expr) | undefined;
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
function numberOf({ on, when }: Condition): Expr {
  if (!when) return select(on, 0, 1);
  const isNumber = on.op === "elementwise" && (on.name === "less" || on.name === "lessEqual");
  return isNumber ? on : select(on, 1, 0);
}

function keep({ on, when }: Condition, value: Expr): Expr {
  return when ? select(on, value, 0) : select(on, 0, value);
}

const isSame = (a: Condition, b: Condition): boolean => a.on === b.on && a.when === b.when;

/** Whether a cotangent is zero somewhere because a branch was not taken. */
export function mayBeZero({ pending, hasZeros = false }: Cotangent): boolean {
  return hasZeros || pending !== undefined;
}

/** The cotangent as an expression. */
export function settled({ value, pending }: Cotangent): Expr {
  return pending ? keep(pending, value) : value;
}

/** A value, and zero in the place of what is not finite, as what is finite has derivatives even where its origin is zero. */
function cleaned(value: Expr, origin: (() => Expr) | undefined): Expr {
  if (!origin) return value;
  return select(origin(), value, select(less(abs(value), Number.POSITIVE_INFINITY), value, 0));
}

/** The cotangent as an expression that is zero wherever it does not count, for what cannot bring it back to zero. */
export function whole(cotangent: Cotangent): Expr {
  return cleaned(settled(cotangent), cotangent.origin);
}

/** What is left of a cotangent where a condition holds. */
export function restricted(cotangent: Cotangent, condition: Condition): Cotangent {
  const { pending } = cotangent;
  if (!pending) return { ...cotangent, pending: condition };
  if (isSame(pending, condition)) return cotangent;
  const on = keep(pending, numberOf(condition));
  return { ...cotangent, pending: { on, when: true } };
}

/** A cotangent times a partial derivative. */
export function scaled(cotangent: Cotangent, partial: Expr): Cotangent {
  const { value, hasZeros, origin } = cotangent;
  if (!hasZeros || isAlwaysFinite(partial)) return { ...cotangent, value: mul(partial, value) };
  return { ...cotangent, value: mulOrZero(partial, cleaned(value, origin)), origin: undefined };
}

/** What is made of a cotangent by moving its elements, or adding them up. Its condition is applied first; `f` must make zeros of zeros. */
export function mixed(cotangent: Cotangent, f: (value: Expr) => Expr): Cotangent {
  return { value: f(settled(cotangent)), hasZeros: mayBeZero(cotangent), origin: cotangent.origin };
}

/** What is made of a cotangent by products with other values: see {@link Cotangent.origin}. */
export function multiplied(cotangent: Cotangent, f: (value: Expr) => Expr): Cotangent {
  const { origin: before } = cotangent;
  const value = settled(cotangent);
  if (!mayBeZero(cotangent)) return { value: f(value) };
  const origin = lazily(() => {
    const any = sum(reshape(select(value, 1, 0), [sizeOf(value.shape)]));
    return before ? select(before(), any, 0) : any;
  });
  return { value: f(value), hasZeros: true, origin };
}

/** What is made of a cotangent of each row by a sum over the rows, which `value` is already. */
export function overRows(cotangent: Cotangent): Cotangent {
  const { origin } = cotangent;
  if (!origin) return cotangent;
  return {
    ...cotangent,
    origin: lazily(() => {
      const inRow = origin();
      return inRow.space === "row" ? sumRows(mul(rowMark(), select(inRow, 1, 0))) : inRow;
    }),
  };
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
  if (a.pending && b.pending && a.pending.on === b.pending.on) {
    if (a.pending.when === b.pending.when)
      return {
        value: add(a.value, b.value),
        pending: a.pending,
        hasZeros: a.hasZeros && b.hasZeros,
        origin: eitherOrigin(a, b),
      };
    const [on, off] = a.pending.when ? [a, b] : [b, a];
    return {
      value: select(a.pending.on, on.value, off.value),
      hasZeros: a.hasZeros || b.hasZeros,
      origin: eitherOrigin(a, b),
    };
  }
  return {
    value: add(settled(a), settled(b)),
    hasZeros: mayBeZero(a) && mayBeZero(b),
    origin: eitherOrigin(a, b),
  };
}

/** Where any of what two cotangents were made of is not zero. */
function eitherOrigin({ origin: a }: Cotangent, { origin: b }: Cotangent): Cotangent["origin"] {
  if (!a || !b || a === b) return a && b;
  return lazily(() => max(select(a(), 1, 0), select(b(), 1, 0)));
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
  readonly scaled: typeof scaled;
  readonly restricted: typeof restricted;
  readonly mixed: typeof mixed;
  readonly multiplied: typeof multiplied;
}
