import type { Expr } from "../expr.ts";
import { mul, select } from "../ops/arithmetic.ts";
import { type ElementwiseExpr, elementwise, isComparison } from "../ops/elementwise.ts";
import { broadcastTo } from "../ops/movement.ts";
import type { Push } from "../rules.ts";

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
    return isComparison(value) ? select(value, operandTangent, 0) : mul(value, operandTangent);
  });
  return broadcastTo(sum(...terms), node.shape);
};
