import type { Expr } from "../graph/expr.ts";
import { add, exp, mul, sub } from "../graph/ops.ts";
import type { ScalarMapped } from "./transformer.ts";

/**
 * A map that goes on straight outside of a box, with the slope that it has at its end: `inside` is what the map gives for `clamped`,
 * which is the value brought into the box.
 */
export function straightBeyond(value: Expr, clamped: Expr, inside: ScalarMapped): ScalarMapped {
  const { value: image, logDerivative } = inside;
  return { value: add(image, mul(exp(logDerivative), sub(value, clamped))), logDerivative };
}
