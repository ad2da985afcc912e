/**
 * Operands of element-wise operations that repeat one number.
 *
 * @module
 */

import { type ElementwiseExpr, type Expr, sizeOf } from "../expr.ts";
import { constant, uniformConstant } from "./leaves.ts";
import { isAllZero, reshape } from "./moves.ts";

/** The scalar that a value repeats in every element, or undefined: engines read it once instead of moving copies. */
export function repeatedScalar(value: Expr): Expr | undefined {
  if (sizeOf(value.shape) === 1) return reshape(value, []);
  const uniform = uniformConstant(value);
  if (uniform !== undefined) return constant(uniform);
  const source = value.op === "reshape" ? value.inputs[0]! : value;
  if (source.op === "gather" && sizeOf(source.inputs[0]!.shape) === 1 && isAllZero(source.indices))
    return reshape(source.inputs[0]!, []);
  return undefined;
}

/** Whether `apply` would make the same operation of the operands as it reads them: most are, and are not made again. */
export function isApplied({ shape, inputs }: ElementwiseExpr): boolean {
  if (shape.length === 0) return inputs.every((input) => input.shape.length === 0);
  let isScalar = true;
  for (const input of inputs) {
    if (input.shape.length === 0) continue;
    if (repeatedScalar(input) !== undefined) return false;
    isScalar = false;
  }
  return !isScalar;
}
