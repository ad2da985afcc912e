/**
 * Rules of reverse mode for nodes with a body: maps, fixed points and scans.
 *
 * @module
 */

import type { Expr, FixedPointExpr, MapExpr } from "../expr.ts";
import { add } from "../ops/arithmetic.ts";
import { mapOfBody } from "../ops/bodies.ts";
import type { BodyTable } from "../ops/bodyStructure.ts";
import { fixedPoint } from "../ops/iteration.ts";
import { constant, slot } from "../ops/leaves.ts";
import type { ScalarBody } from "../ops/maps.ts";
import { broadcastTo } from "../ops/movement.ts";
import { reshape } from "../ops/moves.ts";
import { substitute } from "../rebuild.ts";
import { type Cotangent, mayBeZero, type Reversal, settled, whole } from "./cotangent.ts";

/** The derivative of a map's body, as the body of a map of its blocks and its cotangents. */
interface BodyDerivative {
  readonly body: ScalarBody;
  /** By block: whether its cotangent may be zero because a branch was not taken. */
  readonly hasZeros: readonly boolean[];
}

/** Derivatives of bodies: one for all that are written alike. */
export type BodyDerivatives = BodyTable<BodyDerivative>;

/** Cotangents of a map's blocks: a map of the derivative of its body, which recomputes what it needs. */
export function pullBackMap(
  node: MapExpr,
  cotangents: readonly (Cotangent | undefined)[],
  { active, send, pulledBack }: Reversal,
  derivatives: BodyDerivatives,
): void {
  const { body, features } = node;
  const arguments_ = cotangents.flatMap((cotangent, result) =>
    cotangent ? [{ result, hasZeros: mayBeZero(cotangent), block: whole(cotangent) }] : [],
  );
  const beside = `${arguments_.map(({ result, hasZeros }) => `${result}:${hasZeros}`)}`;
  const derivative = derivatives.of(body, beside, () => derivativeOf(body, arguments_, pulledBack));
  const blocks = [...node.inputs, ...arguments_.map(({ block }) => block)];
  const values = mapOfBody(blocks, features, derivative.body);
  // The derivative is that of all blocks, so that one serves all maps of the body; what nothing reads is not computed.
  node.inputs.forEach((input, k) => {
    if (active.has(input))
      send(input, { value: reshape(values[k]!, input.shape), hasZeros: derivative.hasZeros[k] });
  });
}

/**
 * The derivative of a body.
 * @param arguments_ - The results that have a cotangent.
 */
function derivativeOf(
  { slots, results }: ScalarBody,
  arguments_: readonly { readonly result: number; readonly hasZeros: boolean }[],
  pulledBack: Reversal["pulledBack"],
): BodyDerivative {
  const cotangentSlots = arguments_.map(({ result }) => results[result]!.map(() => slot([], "row")));
  const pulled = pulledBack(
    arguments_.flatMap(({ result }) => results[result]!),
    cotangentSlots.flatMap((list, i) =>
      list.map((value): Cotangent => ({ value, hasZeros: arguments_[i]!.hasZeros })),
    ),
    slots.flat(),
  );
  let next = 0;
  const lists = slots.map((block) => block.map(() => pulled[next++]));
  return {
    body: {
      slots: [...slots, ...cotangentSlots],
      results: lists.map((list) => list.map((each) => (each ? settled(each) : constant(0)))),
    },
    // What no path leads to is zero, too.
    hasZeros: lists.map((list) => list.some((each) => !each || mayBeZero(each))),
  };
}

/** The cotangent that the right-hand side of an equation sends back to its solution. */
export function backOnce(
  pulledBack: Reversal["pulledBack"],
  equation: Expr,
  cotangent: Cotangent,
  solution: Expr,
): Expr {
  const [back] = pulledBack([equation], [cotangent], [solution]);
  return back ? settled(back) : broadcastTo(constant(0), solution.shape);
}

/**
 * Implicit function theorem at y = g(y, u): the cotangent of y is the fixed point of l = c + (dg/dy)^T l, after
 * which each outer value u gets (dg/du)^T l.
 */
export function pullBackFixedPoint(
  node: FixedPointExpr,
  cotangent: Cotangent,
  { active, send, pulledBack }: Reversal,
): void {
  const outer = node.inputs.slice(1).filter((input) => active.has(input));
  if (outer.length === 0) return;
  const [atSolution] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const [c, hasZeros] = [whole(cotangent), mayBeZero(cotangent)];
  const next = (l: Expr): Expr => add(c, backOnce(pulledBack, atSolution!, { value: l, hasZeros }, node));
  const adjoint = { value: fixedPoint(c, node.iterations, next), hasZeros };
  const gradients = pulledBack([atSolution!], [adjoint], [node, ...outer]).slice(1);
  // A shared outer value's gradient is already a sum over rows.
  outer.forEach((input, i) => {
    const gradient = gradients[i];
    if (gradient) send(input, gradient, true);
  });
}
