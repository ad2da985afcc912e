/**
 * Rules of reverse mode for nodes with a body: maps, fixed points and scans.
 *
 * @module
 */

import { type Expr, type FixedPointExpr, type MapExpr, topologicalOrder } from "../expr.ts";
import { add } from "../ops/arithmetic.ts";
import { mapOf } from "../ops/bodies.ts";
import { fixedPoint } from "../ops/iteration.ts";
import { constant, slot } from "../ops/leaves.ts";
import { broadcastTo } from "../ops/movement.ts";
import { reshape } from "../ops/moves.ts";
import { substitute } from "../rebuild.ts";
import {
  anyLive,
  type Condition,
  type Cotangent,
  numberOf,
  type Reversal,
  settled,
  through,
} from "./cotangent.ts";

/** Cotangents of a map's blocks: a map of the derivative of its body, which recomputes what it needs. */
export function pullBackMap(
  node: MapExpr,
  cotangents: readonly (Cotangent | undefined)[],
  { active, send, pulledBack }: Reversal,
): void {
  const { slots, results } = node.body;
  const { features } = node;
  const resultCotangents = cotangents.flatMap((cotangent, i) =>
    cotangent ? [{ cotangent, scalars: results[i]! }] : [],
  );
  const activeInputs = node.inputs.map((_, i) => i).filter((i) => active.has(node.inputs[i]!));
  // The conditions of the cotangents are blocks too, where the derivative of the body has a use for them.
  const arguments_ = resultCotangents.map(({ cotangent, scalars }) => {
    const condition = cotangent.live();
    const isOne = condition?.on.shape.length === 0;
    const count = isOne ? 1 : scalars.length;
    return {
      slots: scalars.map(() => slot([], "row")),
      block: settled(cotangent),
      liveSlots: condition ? Array.from({ length: count }, () => slot([], "row")) : [],
      liveBlock: condition && (isOne ? broadcastTo(numberOf(condition), [features]) : numberOf(condition)),
    };
  });
  const pulled = pulledBack(
    resultCotangents.flatMap(({ scalars }) => scalars),
    arguments_.flatMap((argument) =>
      argument.slots.map((value, k): Cotangent => {
        const on = argument.liveSlots[argument.liveSlots.length === 1 ? 0 : k];
        return { value, live: () => on && { on, when: true } };
      }),
    ),
    activeInputs.flatMap((i) => slots[i]!),
  );
  /** A map of some scalars, one list an input. */
  const mapped = (scalar: (cotangent: Cotangent | undefined) => Expr): Expr[] => {
    let next = 0;
    const lists = activeInputs.map((i) => slots[i]!.map(() => scalar(pulled[next++])));
    const read = new Set(topologicalOrder(lists.flat()));
    const blocks = [
      ...node.inputs.map((block, k) => ({ block, members: slots[k]! })),
      ...arguments_.map(({ block, slots: members }) => ({ block, members })),
      ...arguments_.flatMap(({ liveBlock, liveSlots: members }) =>
        liveBlock && members.some((member) => read.has(member)) ? [{ block: liveBlock, members }] : [],
      ),
    ];
    const values = mapOf(
      blocks.map(({ block }) => block),
      features,
      blocks.map(({ members }) => members),
      lists,
    );
    return values.map((value, k) => reshape(value, node.inputs[activeInputs[k]!]!.shape));
  };
  let conditions: (Expr | undefined)[] | undefined;
  /** Where each element of a block's cotangent is live. */
  const liveOf = (k: number): Condition | undefined => {
    if (!conditions) {
      const pulledConditions = pulled.map((cotangent) => cotangent?.live());
      const isAnywhere = pulledConditions.every((condition, i) => pulled[i] && !condition);
      conditions = isAnywhere
        ? activeInputs.map(() => undefined)
        : mapped((cotangent) => {
            const condition = cotangent?.live();
            return condition ? numberOf(condition) : constant(cotangent ? 1 : 0);
          });
    }
    const on = conditions[k];
    return on && { on, when: true };
  };
  const gradients = mapped((cotangent) => (cotangent ? settled(cotangent) : constant(0)));
  activeInputs.forEach((i, k) => send(node.inputs[i]!, { value: gradients[k]!, live: () => liveOf(k) }));
}

/**
 * Implicit function theorem at y = g(y, u): the cotangent of y is the fixed point of l = c + (dg/dy)^T l, after
 * which each outer value u gets (dg/du)^T l.
 */
export function pullBackFixedPoint(
  node: FixedPointExpr,
  cotangent: Cotangent,
  { active, send, pulledBack, vjp }: Reversal,
): void {
  const outer = node.inputs.slice(1).filter((input) => active.has(input));
  if (outer.length === 0) return;
  const [atSolution] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const adjoint = through({ ...cotangent, live: anyLive(cotangent) }, (c) =>
    fixedPoint(c, node.iterations, (l) => add(c, vjp([atSolution!], [l], [node])[0]!)),
  );
  const gradients = pulledBack([atSolution!], [adjoint], [node, ...outer]).slice(1);
  // A shared outer value's gradient is already a sum over rows.
  outer.forEach((input, i) => {
    const gradient = gradients[i];
    if (gradient) send(input, gradient, true);
  });
}
