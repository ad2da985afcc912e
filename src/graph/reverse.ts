/**
 * Reverse mode: the vector-Jacobian product as a graph. Rules return expressions, so that they apply to each other's results:
 * second derivatives, exact Jacobians and traces need no special code.
 *
 * One rule ties batched to shared values: the cotangent that a batched value sends to a shared one is summed over
 * the rows. Hence `vjp` of a program of rows gives a program of sums.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { checkArgument, listOf } from "../options.ts";
import {
  anyLive,
  type Condition,
  type Cotangent,
  inAnyRow,
  joined,
  moved,
  numberOf,
  plain,
  restricted,
  scaled,
  settled,
  through,
} from "./cotangent.ts";
import { pullBackImplicit, pullBackOdeSolution } from "./derivative/solutionDerivatives.ts";
import {
  type ElementwiseExpr,
  type Expr,
  type FixedPointExpr,
  formatShape,
  type LinearExpr,
  type MapExpr,
  type ScanExpr,
  type SolveTriangularExpr,
  type SumExpr,
  sameShape,
  sizeOf,
  topologicalOrder,
  unreachable,
} from "./expr.ts";
import { elementwise } from "./ops/elementwise.ts";
import { anExpression } from "./ops/leaves.ts";
import { layerOf, ofEachRow, productOf, triangle } from "./ops/products.ts";
import * as ops from "./ops.ts";
import { substitute } from "./rebuild.ts";

/** Nodes among `order` that depend on a member of `sources`. */
function activeNodes(order: readonly Expr[], sources: ReadonlySet<Expr>): Set<Expr> {
  const active = new Set<Expr>();
  for (const node of order)
    if (sources.has(node) || node.inputs.some((input) => active.has(input))) active.add(node);
  return active;
}

/**
 * Vector-Jacobian product: for each `wrt`, the sum over outputs of cotangent times d output / d wrt; a shared
 * `wrt` sums over rows as well. Members of `wrt` are cut points: nothing flows through them to each other.
 *
 * What a `select`, a `max` or a `min` has not taken sends nothing back, whatever its value and its derivatives are there.
 *
 * @param cotangents - One an output, of its shape.
 * @returns One expression a member of `wrt`, of its shape; zeros where no path leads.
 * @throws {@link ShapeError} if a cotangent has another shape, or a path leads through an iteration without derivative.
 */
export function vjp(outputs: readonly Expr[], cotangents: readonly Expr[], wrt: readonly Expr[]): Expr[] {
  for (const [name, list] of Object.entries({ outputs, cotangents, wrt }))
    checkArgument("vjp", name, list, listOf(anExpression, "an array of expressions"));
  if (outputs.length !== cotangents.length)
    throw new ShapeError(`vjp: ${outputs.length} outputs need as many cotangents, got ${cotangents.length}.`);
  return pulledBack(outputs, cotangents.map(plain), wrt).map((own, i) =>
    own ? settled(own) : ops.broadcastTo(ops.constant(0), wrt[i]!.shape),
  );
}

/** As {@link vjp}, from and to cotangents with their conditions; undefined where no path leads. */
export function pulledBack(
  outputs: readonly Expr[],
  cotangents: readonly Cotangent[],
  wrt: readonly Expr[],
): (Cotangent | undefined)[] {
  const sources = new Set(wrt);
  const order = topologicalOrder(outputs, sources);
  const active = activeNodes(order, sources);
  const cotangentOf = new Map<Expr, Cotangent>();
  const mapCotangents = new Map<Expr, (Cotangent | undefined)[]>();

  const accumulate = (to: Expr, cotangent: Cotangent, sumOverRows: boolean): void => {
    if (!active.has(to)) return;
    const size = sizeOf(to.shape);
    let own = cotangent;
    if (size === 1 && sizeOf(own.value.shape) > 1)
      own = { value: ops.sum(settled(own)), live: anyLive(cotangent) };
    if (sumOverRows) own = { value: ops.sumRows(ofEachRow(settled(own))), live: inAnyRow(own.live) };
    if (!sameShape(own.value.shape, to.shape)) {
      const move = (value: Expr): Expr =>
        sizeOf(value.shape) === size ? ops.reshape(value, to.shape) : ops.broadcastTo(value, to.shape);
      own = moved(own, move);
    }
    const before = cotangentOf.get(to);
    cotangentOf.set(to, before ? joined(before, own) : own);
  };

  outputs.forEach((output, i) => {
    const cotangent = cotangents[i]!;
    if (!sameShape(cotangent.value.shape, output.shape))
      throw new ShapeError(
        `vjp: a cotangent of ${formatShape(cotangent.value.shape)} for ${formatShape(output.shape)}.`,
      );
    accumulate(output, cotangent, false);
  });

  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    if (!active.has(node) || sources.has(node)) continue;
    const send: Send = (to, own, summed = false) =>
      accumulate(
        to,
        summed && !to.batched ? { ...own, live: inAnyRow(own.live) } : own,
        node.batched && !to.batched && !summed,
      );
    if (node.op === "map") {
      const list = mapCotangents.get(node);
      if (list) pullBackMap(node, list, active, send);
      continue;
    }
    const cotangent = cotangentOf.get(node);
    if (!cotangent) continue;
    if (node.op === "project") {
      const map = node.inputs[0] as MapExpr;
      const list = mapCotangents.get(map) ?? map.body.results.map(() => undefined);
      const before = list[node.index];
      list[node.index] = before ? joined(before, cotangent) : cotangent;
      mapCotangents.set(map, list);
      continue;
    }
    pullBack(node, cotangent, active, send);
  }
  return wrt.map((source) => cotangentOf.get(source));
}

/**
 * Hands a cotangent to an input of the node at hand. What flows from a batched node to a shared input is summed
 * over the rows, unless `summed` says that it already is.
 */
export type Send = (input: Expr, cotangent: Cotangent, summed?: boolean) => void;

/** Sends the cotangent of a node to its inputs. */
function pullBack(
  node: Exclude<Expr, MapExpr>,
  cotangent: Cotangent,
  active: ReadonlySet<Expr>,
  send: Send,
): void {
  const [a, b] = node.inputs as [Expr, Expr];
  /** What mixes the elements: live where any of them is. */
  const mixed = (f: (c: Expr) => Expr): Cotangent => ({
    value: f(settled(cotangent)),
    live: anyLive(cotangent),
  });
  switch (node.op) {
    case "elementwise":
      return pullBackElementwise(node, cotangent, active, send);
    case "reshape":
      return send(
        a,
        moved(cotangent, (c) => ops.reshape(c, a.shape)),
      );
    case "gather":
      return send(
        a,
        moved(cotangent, (c) => ops.scatter(c, node.indices, a.shape)),
      );
    case "scatter":
      return send(
        a,
        moved(cotangent, (c) => ops.gather(c, node.indices, a.shape)),
      );
    case "concatenate": {
      let start = 0;
      for (const input of node.inputs) {
        const [from, to] = [start, start + input.shape[0]!];
        if (active.has(input))
          send(
            input,
            moved(cotangent, (c) => ops.slice(c, from, to)),
          );
        start = to;
      }
      return;
    }
    case "sum":
      return send(
        a,
        moved(cotangent, (c) => spread(node, c, a)),
      );
    case "linear":
      return pullBackLinear(node, cotangent, active, send);
    case "sumRows":
      return send(a, { ...cotangent, value: ops.mul(ops.rowMark(), cotangent.value) });
    case "sumOuter":
      // d/dy of sum_rows y x^T against c is c x; d/dx is c^T y.
      send(
        a,
        mixed((c) => ops.mul(ops.rowMark(), layerOf(c, b))),
      );
      return send(
        b,
        mixed((c) => ops.mul(ops.rowMark(), layerOf(c, a, true))),
      );
    case "matrixProduct":
      send(
        a,
        mixed((c) => productOf(c, ops.transpose(b))),
      );
      return send(
        b,
        mixed((c) => productOf(ops.transpose(a), c)),
      );
    case "solveTriangular":
      return pullBackSolve(node, mixed, active, send);
    case "fixedPoint":
      return pullBackFixedPoint(node, cotangent, active, send);
    case "scan":
      return pullBackScan(node, cotangent, active, send);
    case "implicit":
      return pullBackImplicit(node, cotangent, active, send);
    case "odeSolution":
      return pullBackOdeSolution(node, settled(cotangent), active, (input, own, summed) =>
        send(
          input,
          mixed(() => own),
          summed,
        ),
      );
    case "iterate":
      throw new ShapeError(withoutDerivative);
    case "input":
    case "parameter":
    case "stepInput":
    case "constant":
    case "slot":
    case "rowMark":
    case "random":
    case "project":
      return;
    default:
      return unreachable(node);
  }
}

/** Why there is no derivative through a loop. */
export const withoutDerivative =
  "iterate has no derivative: use root, fixedPoint or solveOde, or stop the gradient at its result.";

function pullBackElementwise(
  node: ElementwiseExpr,
  c: Cotangent,
  active: ReadonlySet<Expr>,
  send: Send,
): void {
  const [a, b, third] = node.inputs as [Expr, Expr, Expr];
  if (node.name === "select") {
    if (active.has(b)) send(b, restricted(c, { on: a, when: true }));
    if (active.has(third)) send(third, restricted(c, { on: a, when: false }));
    return;
  }
  node.inputs.forEach((input, i) => {
    const partial = elementwise[node.name].partials[i];
    if (!partial || !active.has(input)) return;
    const value = partial(node, a, b, third);
    send(input, isComparison(value) ? restricted(c, { on: value, when: true }) : scaled(c, value));
  });
}

/** Whether a partial derivative is 1 in one case and 0 in the other, as those of a maximum are. */
export function isComparison(partial: Expr): boolean {
  return partial.op === "elementwise" && (partial.name === "less" || partial.name === "lessEqual");
}

/** The cotangent of a sum, repeated along the summed axis. */
function spread(node: SumExpr, c: Expr, input: Expr): Expr {
  const { count, inner } = node;
  const indices = Int32Array.from(
    { length: sizeOf(input.shape) },
    (_, i) => Math.floor(i / (count * inner)) * inner + (i % inner),
  );
  return ops.gather(c, indices, input.shape);
}

function pullBackLinear(node: LinearExpr, cotangent: Cotangent, active: ReadonlySet<Expr>, send: Send): void {
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  const c = settled(cotangent);
  const live = anyLive(cotangent);
  if (active.has(x))
    send(x, { value: ops.linear(c, weights, undefined, { transposed: !node.transposed }), live });
  if (bias && active.has(bias)) send(bias, { value: c, live: cotangent.live });
  if (!active.has(weights)) return;
  const [row, column] = node.transposed ? [x, c] : [c, x];
  if (!x.batched) {
    const outer = ops.mul(
      ops.reshape(row, [sizeOf(row.shape), 1]),
      ops.reshape(column, [1, sizeOf(column.shape)]),
    );
    return send(weights, { value: outer, live });
  }
  send(weights, { value: ops.sumOuter(ofEachRow(row), ofEachRow(column)), live }, true);
}

function pullBackSolve(
  node: SolveTriangularExpr,
  mixed: (f: (c: Expr) => Expr) => Cotangent,
  active: ReadonlySet<Expr>,
  send: Send,
): void {
  const [a, b] = node.inputs as [Expr, Expr];
  const n = sizeOf(node.shape);
  const solved = mixed((c) => ops.solveTriangular(a, c, { lower: node.lower, transposed: !node.transposed }));
  const bBar = solved.value;
  if (active.has(b)) send(b, solved);
  if (!active.has(a)) return;
  // A^T x = b swaps the roles of the two vectors in -bBar x^T.
  const [row, column] = node.transposed ? [node as Expr, bBar] : [bBar, node as Expr];
  const outer = node.batched
    ? ops.sumOuter(ofEachRow(row), ofEachRow(column))
    : ops.mul(ops.reshape(row, [n, 1]), ops.reshape(column, [1, n]));
  send(a, { ...solved, value: ops.mul(triangle(n, node.lower), ops.neg(outer)) }, node.batched);
}

/** Cotangents of a map's blocks: a map of the derivative of its body, which recomputes what it needs. */
function pullBackMap(
  node: MapExpr,
  cotangents: readonly (Cotangent | undefined)[],
  active: ReadonlySet<Expr>,
  send: Send,
): void {
  const { slots, results } = node.body;
  const { features } = node;
  const used = cotangents.flatMap((cotangent, i) => (cotangent ? [{ cotangent, scalars: results[i]! }] : []));
  const wanted = node.inputs.map((_, i) => i).filter((i) => active.has(node.inputs[i]!));
  // The conditions of the cotangents are blocks too, where the derivative of the body has a use for them.
  const arguments_ = used.map(({ cotangent, scalars }) => {
    const condition = cotangent.live();
    const isOne = condition?.on.shape.length === 0;
    const count = isOne ? 1 : scalars.length;
    return {
      slots: scalars.map(() => ops.slot([], true)),
      block: settled(cotangent),
      liveSlots: condition ? Array.from({ length: count }, () => ops.slot([], true)) : [],
      liveBlock:
        condition && (isOne ? ops.broadcastTo(numberOf(condition), [features]) : numberOf(condition)),
    };
  });
  const pulled = pulledBack(
    used.flatMap(({ scalars }) => scalars),
    arguments_.flatMap((own) =>
      own.slots.map((slot, k): Cotangent => {
        const on = own.liveSlots[own.liveSlots.length === 1 ? 0 : k];
        return { value: slot, live: () => on && { on, when: true } };
      }),
    ),
    wanted.flatMap((i) => slots[i]!),
  );
  /** A map of some scalars, one list an input. */
  const mapped = (scalar: (own: Cotangent | undefined) => Expr): Expr[] => {
    let next = 0;
    const lists = wanted.map((i) => slots[i]!.map(() => scalar(pulled[next++])));
    const read = new Set(topologicalOrder(lists.flat()));
    const blocks = [
      ...node.inputs.map((block, k) => ({ block, own: slots[k]! })),
      ...arguments_.map(({ block, slots: own }) => ({ block, own })),
      ...arguments_.flatMap(({ liveBlock, liveSlots: own }) =>
        liveBlock && own.some((slot) => read.has(slot)) ? [{ block: liveBlock, own }] : [],
      ),
    ];
    const made = ops.mapOf(
      blocks.map(({ block }) => block),
      features,
      blocks.map(({ own }) => own),
      lists,
    );
    return made.map((own, k) => ops.reshape(own, node.inputs[wanted[k]!]!.shape));
  };
  let conditions: (Expr | undefined)[] | undefined;
  /** Where each element of a block's cotangent is live. */
  const liveOf = (k: number): Condition | undefined => {
    if (!conditions) {
      const own = pulled.map((cotangent) => cotangent?.live());
      const isAnywhere = own.every((condition, i) => pulled[i] && !condition);
      conditions = isAnywhere
        ? wanted.map(() => undefined)
        : mapped((cotangent) => {
            const condition = cotangent?.live();
            return condition ? numberOf(condition) : ops.constant(cotangent ? 1 : 0);
          });
    }
    const on = conditions[k];
    return on && { on, when: true };
  };
  const gradients = mapped((own) => (own ? settled(own) : ops.constant(0)));
  wanted.forEach((i, k) => send(node.inputs[i]!, { value: gradients[k]!, live: () => liveOf(k) }));
}

/**
 * Implicit function theorem at y = g(y, u): the cotangent of y is the fixed point of l = c + (dg/dy)^T l, after
 * which each outer value u gets (dg/du)^T l.
 */
function pullBackFixedPoint(
  node: FixedPointExpr,
  cotangent: Cotangent,
  active: ReadonlySet<Expr>,
  send: Send,
): void {
  const outer = node.inputs.slice(1).filter((input) => active.has(input));
  if (outer.length === 0) return;
  const [atSolution] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const adjoint = through({ ...cotangent, live: anyLive(cotangent) }, (c) =>
    ops.fixedPoint(c, node.iterations, (l) => ops.add(c, vjp([atSolution!], [l], [node])[0]!)),
  );
  const gradients = pulledBack([atSolution!], [adjoint], [node, ...outer]).slice(1);
  // A shared outer value's gradient is already a sum over rows.
  outer.forEach((input, i) => {
    const own = gradients[i];
    if (own) send(input, own, true);
  });
}

/** The derivative of the scan written out; what hundreds of steps have to keep is known only then. */
function pullBackScan(node: ScanExpr, cotangent: Cotangent, active: ReadonlySet<Expr>, send: Send): void {
  // Slots stand for the inputs meanwhile: nothing merges them with what they are, and one node in two roles is two.
  const own = node.inputs.map((input, i) => ops.slot(input.shape, i === 0 || input.batched));
  const inner = ops.slot(node.shape, true);
  const condition = cotangent.live();
  const on = condition && ops.slot(condition.on.shape, true);
  const outerAt = 1 + node.slices.length;
  const outer = node.inputs.slice(outerAt).map((value, i) => [value, own[outerAt + i]!] as const);
  const [result] = substitute([node.result], new Map<Expr, Expr>(outer));
  const unrolled = ops.unrolledScan({ ...node, result: result!, inputs: own });
  const replacements = new Map<Expr, Expr>([
    [inner, ofEachRow(settled(cotangent))],
    ...own.map((slot, i) => [slot, i === 0 ? ofEachRow(node.inputs[0]!) : node.inputs[i]!] as const),
  ]);
  if (on) replacements.set(on, ofEachRow(numberOf(condition)));
  const replaced = (value: Expr): Expr => substitute([value], replacements)[0]!;
  const pulled = pulledBack([unrolled], [{ value: inner, live: () => on && { on, when: true } }], own);
  const gradients = substitute(
    pulled.map((value, i) => (value ? settled(value) : ops.zeros(own[i]!.shape))),
    replacements,
  );
  // A shared input's gradient is a sum over rows by now; that of a shared first state is not.
  node.inputs.forEach((input, i) => {
    if (!active.has(input)) return;
    const live = (): Condition | undefined => {
      const inside = pulled[i]?.live();
      return inside && { on: replaced(inside.on), when: inside.when };
    };
    send(input, { value: gradients[i]!, live }, i > 0);
  });
}
