import type { Expr } from "../expr.ts";
import { mul, select } from "../ops/arithmetic.ts";
import { type ElementwiseExpr, elementwise, isComparison } from "../ops/elementwise.ts";
import { broadcastTo } from "../ops/movement.ts";
import type { Push } from "../rules.ts";
import { mulOrZero } from "./mulOrZero.ts";

/** How a tangent goes through an element-wise operation. */
export const pushForwardElementwise = (
  node: ElementwiseExpr,
  { tangent, orZero, sum }: Omit<Push, "jvp">,
): Expr => {
  const [a, b, c] = node.inputs as [Expr, Expr, Expr];
  if (node.name === "select") return broadcastTo(select(a, orZero(b), orZero(c)), node.shape);
  const terms = node.inputs.map((operand, i) => {
    const operandTangent = tangent(operand);
    const partial = elementwise[node.name].partials[i];
    if (!operandTangent || !partial) return undefined;
    const value = partial(node, a, b, c);
    if (isComparison(value)) return select(value, operandTangent, 0);
    // The tangent of the first is of no account where the second is 0, either.
    return node.name === "mulOrZero" && i === 0
      ? mulOrZero(operandTangent, value)
      : mul(value, operandTangent);
  });
  return broadcastTo(sum(...terms), node.shape);
};
