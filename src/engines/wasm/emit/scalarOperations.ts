/**
 * One scalar operation as SIMD code: the wasm side of the table of element-wise operations.
 *
 * @module
 */

import type { ElementwiseName } from "../../../graph/ops/elementwise.ts";
import * as elementary from "./exponential.ts";
import type { Mask, Vector, VectorBuilder } from "./vector.ts";

/** A value in lanes: numbers, or the outcome of a comparison that nothing has read as a number yet. */
export type LaneValue = Vector | Mask;

/** Writes a call instead of an operation of one operand, which `emit` writes; undefined where it is to be written out. */
export type CallWriter = (v: VectorBuilder, name: string, operand: Vector, emit: Rule) => Vector | undefined;

/** Operations whose code is in modules of their own, as far as a program has them. */
export type RareFunctions = Partial<
  Record<"sin" | "cos" | "erf" | "normalExcess" | "normalQuantile", (v: VectorBuilder, x: Vector) => Vector>
>;

type Rule = (
  v: VectorBuilder,
  operands: readonly Vector[],
  constants: readonly (number | undefined)[],
) => LaneValue;

const rules: Readonly<Record<Exclude<ElementwiseName, "select">, Rule>> = {
  neg: (v, [a]) => v.neg(a!),
  abs: (v, [a]) => v.abs(a!),
  sign: (v, [a]) => {
    const zero = v.constant(0);
    return v.select(v.greater(a!, zero), v.constant(1), v.select(v.less(a!, zero), v.constant(-1), zero));
  },
  floor: (v, [a]) => v.floor(a!),
  sqrt: (v, [a]) => v.sqrt(a!),
  exp: (v, [a]) => elementary.exp(v, a!),
  log: (v, [a]) => elementary.log(v, a!),
  log1p: (v, [a]) => elementary.log1p(v, a!),
  expm1: (v, [a]) => elementary.expm1(v, a!),
  tanh: (v, [a]) => elementary.tanh(v, a!),
  sigmoid: (v, [a]) => elementary.sigmoid(v, a!),
  softplus: (v, [a]) => elementary.softplus(v, a!),
  sin: (v, [a]) => v.functions!.sin!(v, a!),
  cos: (v, [a]) => v.functions!.cos!(v, a!),
  erf: (v, [a]) => v.functions!.erf!(v, a!),
  normalExcess: (v, [a]) => v.functions!.normalExcess!(v, a!),
  normalQuantile: (v, [a]) => v.functions!.normalQuantile!(v, a!),
  stopGradient: (_, [a]) => a!,
  add: (v, [a, b]) => v.add(a!, b!),
  sub: (v, [a, b]) => v.sub(a!, b!),
  mul: (v, [a, b]) => v.mul(a!, b!),
  mulOrZero: (v, [a, b]) => v.keep(v.notEqual(b!, v.constant(0)), v.mul(a!, b!)),
  div: (v, [a, b]) => v.div(a!, b!),
  // The one-instruction forms keep a NaN of their first operand, which is enough where the second is a number.
  max: (v, [a, b], [, constant]) => (constant === undefined ? v.max(a!, b!) : v.pseudoMax(a!, b!)),
  min: (v, [a, b], [, constant]) => (constant === undefined ? v.min(a!, b!) : v.pseudoMin(a!, b!)),
  less: (v, [a, b]) => v.less(a!, b!),
  lessEqual: (v, [a, b]) => v.lessEqual(a!, b!),
};

const fastExp: Rule = (v, [a]) => elementary.fastExp(v, a!);

/** Reads a lane value as numbers: 1 or 0 for a comparison. */
export function asVector(v: VectorBuilder, value: LaneValue): Vector {
  return value.kind === "mask" ? v.toNumber(value) : value;
}

/**
 * Emits an operation on operands in lanes.
 * @param constants - The number of each operand that is one.
 * @param bound - The largest magnitude that the operand of an exponential can have, as far as is known.
 */
export function emitOperation(
  v: VectorBuilder,
  name: ElementwiseName,
  operands: readonly LaneValue[],
  constants: readonly (number | undefined)[],
  bound: number,
): LaneValue {
  if (name === "select") {
    const [condition, a, b] = operands as [LaneValue, LaneValue, LaneValue];
    const mask = condition.kind === "mask" ? condition : v.notEqual(condition, v.constant(0));
    const joined = joinedConditions(v, mask, [a, b], [constants[1], constants[2]]);
    if (joined) return joined;
    const [x, y] = [asVector(v, a), asVector(v, b)];
    if (constants[2] === 0) return v.keep(mask, x);
    if (constants[1] === 0) return v.clear(mask, y);
    return v.select(mask, x, y);
  }
  // The numbers 1 and 0 of comparisons: the larger of two says whether either holds.
  const [first, second] = operands;
  if (name === "max" && first!.kind === "mask" && second?.kind === "mask")
    return v.maskOr(first as Mask, second);
  const isFast = name === "exp" && bound <= elementary.fastExpRange[v.precision];
  const rule = isFast ? fastExp : rules[name];
  const vectors = operands.map((operand) => asVector(v, operand));
  return v.calls?.(v, isFast ? "fastExp" : name, vectors[0]!, rule) ?? rule(v, vectors, constants);
}

/** A selection that is itself a condition, of conditions and the numbers 1 and 0: what derivatives of nested selections make. */
function joinedConditions(
  v: VectorBuilder,
  mask: Mask,
  [a, b]: readonly [LaneValue, LaneValue],
  [x, y]: readonly [number | undefined, number | undefined],
): Mask | undefined {
  if (y === 0 && a.kind === "mask") return v.maskAnd(mask, a);
  if (x === 0 && b.kind === "mask") return v.maskAndNot(b, mask);
  if (x === 1 && y === 0) return mask;
  if (x === 0 && y === 1) return v.maskNot(mask);
  return undefined;
}
