import { pushForwardElementwise } from "../../graph/derivative/forwardElementwise.ts";
import { type Expr, topologicalOrder } from "../../graph/expr.ts";
import { add } from "../../graph/ops/arithmetic.ts";
import { constant } from "../../graph/ops/leaves.ts";

/**
 * The derivative of a scalar by a slot, of element-wise operations on scalars alone, as the body of a map has them. `jvp` knows all operations, and
 * a page that loads one formula would load what it knows of them.
 */
export function slopeOf(result: Expr, x: Expr): Expr {
  const tangents = new Map<Expr, Expr>([[x, constant(1)]]);
  const zero = constant(0);
  for (const node of topologicalOrder([result])) {
    if (node.op !== "elementwise" || !node.inputs.some((operand) => tangents.has(operand))) continue;
    const slope = pushForwardElementwise(node, {
      tangent: (operand) => tangents.get(operand),
      orZero: (operand) => tangents.get(operand) ?? zero,
      sum: (...terms) =>
        terms.filter((term) => term !== undefined).reduce<Expr>((sum, term) => add(sum, term), zero),
    });
    tangents.set(node, slope);
  }
  return tangents.get(result) ?? zero;
}
