/**
 * Rules of reverse mode for nodes with a body: maps, fixed points and scans.
 *
 * @module
 */

import { type Expr, type FixedPointExpr, type MapExpr, topologicalOrder } from "../expr.ts";
import { add } from "../ops/arithmetic.ts";
import { mapOfBody } from "../ops/bodies.ts";
import type { BodyTable } from "../ops/bodyStructure.ts";
import { fixedPoint } from "../ops/iteration.ts";
import { constant, slot } from "../ops/leaves.ts";
import type { ScalarBody } from "../ops/maps.ts";
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

/** The derivative of a map's body, as bodies of maps of its blocks, its cotangents, and the conditions that `conditionsRead` says. */
interface BodyDerivative {
  readonly gradients: DerivedBody;
  /** Where the gradients are live, undefined where they are everywhere. Made when asked for. */
  readonly conditions: () => DerivedBody | undefined;
}

interface DerivedBody {
  readonly body: ScalarBody;
  /** By cotangent: whether its condition is a block. */
  readonly conditionsRead: readonly boolean[];
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
  // The conditions of the cotangents are blocks too, where the derivative of the body has a use for them.
  const arguments_ = cotangents.flatMap((cotangent, result) => {
    if (!cotangent) return [];
    const condition = cotangent.live();
    const isOne = condition?.on.shape.length === 0;
    const liveCount = condition ? (isOne ? 1 : body.results[result]!.length) : 0;
    const liveBlock =
      condition && (isOne ? broadcastTo(numberOf(condition), [features]) : numberOf(condition));
    return { result, liveCount, block: settled(cotangent), liveBlock };
  });
  const beside = `${arguments_.map(({ result, liveCount }) => `${result}:${liveCount}`)}`;
  const { gradients, conditions } = derivatives.of(body, beside, () =>
    derivativeOf(body, arguments_, pulledBack),
  );
  const mapped = ({ body: derived, conditionsRead }: DerivedBody): Expr[] => {
    const blocks = [
      ...node.inputs,
      ...arguments_.map(({ block }) => block),
      ...arguments_.flatMap(({ liveBlock }, i) => (liveBlock && conditionsRead[i] ? [liveBlock] : [])),
    ];
    return mapOfBody(blocks, features, derived).map((value, k) => reshape(value, node.inputs[k]!.shape));
  };
  let where: readonly Expr[] | undefined;
  /** Where each element of a block's cotangent is live. */
  const liveOf = (k: number): Condition | undefined => {
    const derived = conditions();
    if (!derived) return undefined;
    where ??= mapped(derived);
    return { on: where[k]!, when: true };
  };
  const values = mapped(gradients);
  // The derivative is that of all blocks, so that one serves all maps of the body; what nothing reads is not computed.
  node.inputs.forEach((input, k) => {
    if (active.has(input)) send(input, { value: values[k]!, live: () => liveOf(k) });
  });
}

/**
 * The derivative of a body.
 * @param arguments_ - The results that have a cotangent, and how many scalars its condition has: 0 where there is none.
 */
function derivativeOf(
  { slots, results }: ScalarBody,
  arguments_: readonly { readonly result: number; readonly liveCount: number }[],
  pulledBack: Reversal["pulledBack"],
): BodyDerivative {
  const cotangentSlots = arguments_.map(({ result }) => results[result]!.map(() => slot([], "row")));
  const liveSlots = arguments_.map(({ liveCount }) =>
    Array.from({ length: liveCount }, () => slot([], "row")),
  );
  const pulled = pulledBack(
    arguments_.flatMap(({ result }) => results[result]!),
    cotangentSlots.flatMap((list, i) =>
      list.map((value, k): Cotangent => {
        const on = liveSlots[i]![liveSlots[i]!.length === 1 ? 0 : k];
        return { value, live: () => on && { on, when: true } };
      }),
    ),
    slots.flat(),
  );
  /** A body of some scalars, one list an input. */
  const derived = (scalar: (cotangent: Cotangent | undefined) => Expr): DerivedBody => {
    let next = 0;
    const lists = slots.map((block) => block.map(() => scalar(pulled[next++])));
    const read = new Set(topologicalOrder(lists.flat()));
    const conditionsRead = liveSlots.map((members) => members.some((member) => read.has(member)));
    const liveRead = liveSlots.filter((_, i) => conditionsRead[i]);
    // Scalars, as what they are derived of.
    return { body: { slots: [...slots, ...cotangentSlots, ...liveRead], results: lists }, conditionsRead };
  };
  let conditions: { readonly derived: DerivedBody | undefined } | undefined;
  return {
    gradients: derived((cotangent) => (cotangent ? settled(cotangent) : constant(0))),
    conditions: () => {
      conditions ??= {
        derived: pulled.every((cotangent) => cotangent && !cotangent.live())
          ? undefined
          : derived((cotangent) => {
              const condition = cotangent?.live();
              return condition ? numberOf(condition) : constant(cotangent ? 1 : 0);
            }),
      };
      return conditions.derived;
    },
  };
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
