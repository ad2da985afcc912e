/**
 * Derivatives as graphs: `vjp` (reverse mode) and `jvp` (forward mode). Their rules return expressions, so that
 * they apply to each other's results: second derivatives, exact Jacobians and traces need no special code.
 *
 * One rule ties batched to shared values: the cotangent that a batched value sends to a shared one is summed over
 * the rows. Hence `vjp` of a program of rows gives a program of sums.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { elementwise } from "./elementwise.ts";
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
} from "./expr.ts";
import * as ops from "./ops.ts";
import { substitute } from "./rebuild.ts";
import {
  pullBackImplicit,
  pullBackOdeSolution,
  pushForwardImplicit,
  pushForwardOdeSolution,
} from "./solutionDerivatives.ts";

/** Zero of the shape of a value. */
function zeroOf(value: Expr): Expr {
  return ops.broadcastTo(ops.constant(0), value.shape);
}

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
 * @param cotangents - One an output, of its shape.
 * @returns One expression a member of `wrt`, of its shape; zeros where no path leads.
 */
export function vjp(outputs: readonly Expr[], cotangents: readonly Expr[], wrt: readonly Expr[]): Expr[] {
  const sources = new Set(wrt);
  const order = topologicalOrder(outputs, sources);
  const active = activeNodes(order, sources);
  const cotangentOf = new Map<Expr, Expr>();
  const mapCotangents = new Map<Expr, (Expr | undefined)[]>();

  const accumulate = (to: Expr, cotangent: Expr, sumOverRows: boolean): void => {
    if (!active.has(to)) return;
    let own = sizeOf(to.shape) === 1 && sizeOf(cotangent.shape) > 1 ? ops.sum(cotangent) : cotangent;
    if (sumOverRows) own = ops.sumRows(own.batched ? own : ops.mul(ops.rowMark(), own));
    own = ops.reshape(
      ops.broadcastTo(own, sizeOf(own.shape) === sizeOf(to.shape) ? own.shape : to.shape),
      to.shape,
    );
    const before = cotangentOf.get(to);
    cotangentOf.set(to, before ? ops.add(before, own) : own);
  };

  outputs.forEach((output, i) => {
    const cotangent = cotangents[i]!;
    if (!sameShape(cotangent.shape, output.shape))
      throw new ShapeError(
        `vjp: a cotangent of ${formatShape(cotangent.shape)} for ${formatShape(output.shape)}.`,
      );
    accumulate(output, cotangent, false);
  });

  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    if (!active.has(node) || sources.has(node)) continue;
    if (node.op === "map") {
      const list = mapCotangents.get(node);
      if (list)
        mapVjp(node, list, active).forEach((own, k) => {
          const to = node.inputs[k]!;
          if (own) accumulate(to, own, node.batched && !to.batched);
        });
      continue;
    }
    const cotangent = cotangentOf.get(node);
    if (!cotangent) continue;
    if (node.op === "project") {
      const map = node.inputs[0] as MapExpr;
      const list = mapCotangents.get(map) ?? map.body.results.map(() => undefined);
      const before = list[node.index];
      list[node.index] = before ? ops.add(before, cotangent) : cotangent;
      mapCotangents.set(map, list);
      continue;
    }
    pullBack(node, cotangent, active, (to, own, summed = false) =>
      accumulate(to, own, node.batched && !to.batched && !summed),
    );
  }
  return wrt.map((source) => cotangentOf.get(source) ?? zeroOf(source));
}

/**
 * Hands a cotangent to an input of the node at hand. What flows from a batched node to a shared input is summed
 * over the rows, unless `summed` says that it already is.
 */
type Send = (input: Expr, cotangent: Expr, summed?: boolean) => void;

/** Sends the cotangent of a node to its inputs. */
function pullBack(node: Expr, c: Expr, active: ReadonlySet<Expr>, send: Send): void {
  const [a, b] = node.inputs;
  switch (node.op) {
    case "elementwise":
      return pullBackElementwise(node, c, active, send);
    case "reshape":
      return send(a!, ops.reshape(c, a!.shape));
    case "gather":
      return send(a!, ops.scatter(c, node.indices, a!.shape));
    case "scatter":
      return send(a!, ops.gather(c, node.indices, a!.shape));
    case "concatenate": {
      let start = 0;
      for (const input of node.inputs) {
        const end = start + input.shape[0]!;
        if (active.has(input)) send(input, ops.slice(c, start, end));
        start = end;
      }
      return;
    }
    case "sum":
      return send(a!, spread(node, c, a!));
    case "linear":
      return pullBackLinear(node, c, active, send);
    case "sumRows":
      return send(a!, ops.mul(ops.rowMark(), c));
    case "sumOuter":
      // d/dy of sum_rows y x^T against c is c x; d/dx is c^T y.
      send(a!, ops.mul(ops.rowMark(), ops.linear(b!, c)));
      return send(b!, ops.mul(ops.rowMark(), ops.linear(a!, c, undefined, { transposed: true })));
    case "matrixProduct":
      send(a!, ops.matrixProduct(c, ops.transpose(b!)));
      return send(b!, ops.matrixProduct(ops.transpose(a!), c));
    case "solveTriangular":
      return pullBackSolve(node, c, active, send);
    case "fixedPoint":
      return pullBackFixedPoint(node, c, active, send);
    case "scan":
      return pullBackScan(node, c, active, send);
    case "implicit":
      return pullBackImplicit(node, c, active, send);
    case "odeSolution":
      return pullBackOdeSolution(node, c, active, send);
    case "iterate":
      throw new ShapeError(withoutDerivative);
    default:
      return;
  }
}

const withoutDerivative =
  "iterate has no derivative: use root, fixedPoint or solveOde, or stop the gradient at its result.";

function pullBackElementwise(node: ElementwiseExpr, c: Expr, active: ReadonlySet<Expr>, send: Send): void {
  const [a, b, third] = node.inputs as [Expr, Expr, Expr];
  if (node.name === "select") {
    if (active.has(b)) send(b, ops.select(a, c, 0));
    if (active.has(third)) send(third, ops.select(a, 0, c));
    return;
  }
  node.inputs.forEach((input, i) => {
    const partial = elementwise[node.name].partials[i];
    if (!partial || !active.has(input)) return;
    const value = partial(node, a, b, third);
    const isComparison = value.op === "elementwise" && (value.name === "less" || value.name === "lessEqual");
    send(input, isComparison ? ops.select(value, c, 0) : ops.mul(value, c));
  });
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

function pullBackLinear(node: LinearExpr, c: Expr, active: ReadonlySet<Expr>, send: Send): void {
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  if (active.has(x)) send(x, ops.linear(c, weights, undefined, { transposed: !node.transposed }));
  if (bias && active.has(bias)) send(bias, c);
  if (!active.has(weights)) return;
  const [row, column] = node.transposed ? [x, c] : [c, x];
  if (!x.batched) {
    const outer = ops.mul(
      ops.reshape(row, [sizeOf(row.shape), 1]),
      ops.reshape(column, [1, sizeOf(column.shape)]),
    );
    return send(weights, outer);
  }
  const asBatched = (value: Expr): Expr => (value.batched ? value : ops.mul(ops.rowMark(), value));
  send(weights, ops.sumOuter(asBatched(row), asBatched(column)), true);
}

function pullBackSolve(node: SolveTriangularExpr, c: Expr, active: ReadonlySet<Expr>, send: Send): void {
  const [a, b] = node.inputs as [Expr, Expr];
  const n = sizeOf(node.shape);
  const bBar = ops.solveTriangular(a, c, { lower: node.lower, transposed: !node.transposed });
  if (active.has(b)) send(b, bBar);
  if (!active.has(a)) return;
  // A^T x = b swaps the roles of the two vectors in -bBar x^T.
  const [row, column] = node.transposed ? [node as Expr, bBar] : [bBar, node as Expr];
  const outer = node.batched
    ? ops.sumOuter(
        row.batched ? row : ops.mul(ops.rowMark(), row),
        column.batched ? column : ops.mul(ops.rowMark(), column),
      )
    : ops.mul(ops.reshape(row, [n, 1]), ops.reshape(column, [1, n]));
  send(a, ops.mul(triangle(n, node.lower), ops.neg(outer)), node.batched);
}

/** 1 in the lower (or upper) triangle with the diagonal, 0 elsewhere. */
function triangle(n: number, lower: boolean): Expr {
  const inside = (i: number): boolean => {
    const row = Math.floor(i / n);
    const column = i % n;
    return lower ? column <= row : column >= row;
  };
  return ops.constant(
    Float64Array.from({ length: n * n }, (_, i) => (inside(i) ? 1 : 0)),
    [n, n],
  );
}

/** Cotangents of a map's blocks: a map of the derivative of its body, which recomputes what it needs. */
function mapVjp(
  node: MapExpr,
  cotangents: readonly (Expr | undefined)[],
  active: ReadonlySet<Expr>,
): (Expr | undefined)[] {
  const { slots, results } = node.body;
  const used = cotangents.map((_, i) => i).filter((i) => cotangents[i] !== undefined);
  const cotangentSlots = used.map((i) => results[i]!.map(() => ops.slot([], true)));
  const wanted = node.inputs.map((_, i) => i).filter((i) => active.has(node.inputs[i]!));
  const flat = vjp(
    used.flatMap((i) => results[i]!),
    cotangentSlots.flat(),
    wanted.flatMap((i) => slots[i]!),
  );
  let next = 0;
  const gradients = wanted.map((i) => slots[i]!.map(() => flat[next++]!));
  const blocks = [...node.inputs, ...used.map((i) => cotangents[i]!)];
  const projected = mapOf(node, blocks, [...slots, ...cotangentSlots], gradients);
  const out: (Expr | undefined)[] = node.inputs.map(() => undefined);
  wanted.forEach((i, k) => {
    out[i] = ops.reshape(projected[k]!, node.inputs[i]!.shape);
  });
  return out;
}

function mapOf(
  node: MapExpr,
  blocks: readonly Expr[],
  slots: MapExpr["body"]["slots"],
  results: readonly (readonly Expr[])[],
): Expr[] {
  return ops.mapOf(blocks, node.features, slots, results);
}

/**
 * Implicit function theorem at y = g(y, u): the cotangent of y is the fixed point of l = c + (dg/dy)^T l, after
 * which each outer value u gets (dg/du)^T l.
 */
function pullBackFixedPoint(node: FixedPointExpr, c: Expr, active: ReadonlySet<Expr>, send: Send): void {
  const outer = node.inputs.slice(1).filter((input) => active.has(input));
  if (outer.length === 0) return;
  const [atSolution] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const adjoint = ops.fixedPoint(c, node.iterations, (l) => ops.add(c, vjp([atSolution!], [l], [node])[0]!));
  const gradients = vjp([atSolution!], [adjoint], [node, ...outer]).slice(1);
  // A shared outer value's gradient is already a sum over rows.
  outer.forEach((input, i) => send(input, gradients[i]!, true));
}

/** The derivative of the scan written out; what hundreds of steps have to keep is known only then. */
function pullBackScan(node: ScanExpr, c: Expr, active: ReadonlySet<Expr>, send: Send): void {
  // Slots stand for the inputs meanwhile: nothing merges them with what they are, and one node in two roles is two.
  const own = node.inputs.map((input, i) => ops.slot(input.shape, i === 0 || input.batched));
  const cotangent = ops.slot(c.shape, true);
  const outerAt = 1 + node.slices.length;
  const outer = node.inputs.slice(outerAt).map((value, i) => [value, own[outerAt + i]!] as const);
  const [result] = substitute([node.result], new Map<Expr, Expr>(outer));
  const unrolled = ops.unrolledScan({ ...node, result: result!, inputs: own });
  const asRows = (value: Expr): Expr => (value.batched ? value : ops.mul(ops.rowMark(), value));
  const values = own.map((slot, i) => [slot, i === 0 ? asRows(node.inputs[0]!) : node.inputs[i]!] as const);
  const gradients = substitute(
    vjp([unrolled], [cotangent], own),
    new Map<Expr, Expr>([[cotangent, asRows(c)], ...values]),
  );
  // A shared input's gradient is a sum over rows by now; that of a shared first state is not.
  node.inputs.forEach((input, i) => {
    if (active.has(input)) send(input, gradients[i]!, i > 0);
  });
}

/** State and tangent go through the steps together. */
function pushForwardScan(node: ScanExpr, tangent: (operand: Expr) => Expr): Expr {
  const size = sizeOf(node.shape);
  const flat = (value: Expr): Expr => ops.reshape(value, [size]);
  const count = node.slices.length;
  const [initial, ...rest] = node.inputs as [Expr, ...Expr[]];
  const [stacked, outer] = [rest.slice(0, count), rest.slice(count)];
  // On the slots, which nothing can merge with what stands for them in the end.
  const own: readonly Expr[] = [node.slot, ...node.slices];
  const moving = own.map((slot) => ops.slot(slot.shape, slot.batched));
  const [along] = jvp([node.result], [...own, ...outer], [...moving, ...outer.map(tangent)]);
  const pair = ops.scan(
    ops.concatenate([flat(initial), flat(tangent(initial))]),
    node.steps,
    [...stacked, ...stacked.map(tangent)],
    (both, slices) => {
      const [state, change] = [0, size].map((at) => ops.reshape(ops.slice(both, at, at + size), node.shape));
      const values = [state!, ...slices.slice(0, count), change!, ...slices.slice(count)];
      const replacements = new Map([...own, ...moving].map((slot, i) => [slot, values[i]!]));
      return ops.concatenate(substitute([node.result, along!], replacements).map(flat));
    },
    { reversed: node.reversed },
  );
  return ops.reshape(ops.slice(pair, size, 2 * size), node.shape);
}

/**
 * Jacobian-vector product: the tangents of the outputs when each of `inputs` moves along its tangent.
 * Members of `inputs` are cut points.
 */
export function jvp(outputs: readonly Expr[], inputs: readonly Expr[], tangents: readonly Expr[]): Expr[] {
  const tangentOf = new Map<Expr, Expr>();
  inputs.forEach((source, i) => tangentOf.set(source, tangents[i]!));
  const sources = new Set(inputs);
  const mapTangents = new Map<Expr, readonly Expr[]>();
  /** What moves with an iteration, which has no derivative; that is no harm where nothing reads the tangent. */
  const unknown = new Set<Expr>();
  for (const node of topologicalOrder(outputs, sources)) {
    if (
      sources.has(node) ||
      !node.inputs.some((operand) => tangentOf.has(operand) || mapTangents.has(operand))
    )
      continue;
    const read = node.op === "implicit" || node.op === "odeSolution" ? node.inputs.slice(1) : node.inputs;
    const isStopped = node.op === "elementwise" && node.name === "stopGradient";
    if (node.op === "iterate" || (!isStopped && read.some((operand) => unknown.has(operand)))) {
      unknown.add(node);
      tangentOf.set(node, zeroOf(node));
    } else if (node.op === "map") mapTangents.set(node, mapJvp(node, tangentOf));
    else if (node.op === "project") tangentOf.set(node, mapTangents.get(node.inputs[0]!)![node.index]!);
    else
      tangentOf.set(
        node,
        pushForward(node, (operand) => tangentOf.get(operand)),
      );
  }
  if (outputs.some((output) => unknown.has(output))) throw new ShapeError(withoutDerivative);
  return outputs.map((output) => tangentOf.get(output) ?? zeroOf(output));
}

/** The tangent of a node from those of its inputs; undefined stands for zero. */
function pushForward(node: Expr, tangent: (operand: Expr) => Expr | undefined): Expr {
  const [a, b] = node.inputs as [Expr, Expr];
  const orZero = (operand: Expr): Expr => tangent(operand) ?? zeroOf(operand);
  const addAll = (terms: readonly (Expr | undefined)[]): Expr =>
    terms
      .filter((term) => term !== undefined)
      .reduce<Expr | undefined>((sum, term) => (sum ? ops.add(sum, term) : term), undefined) ?? zeroOf(node);
  switch (node.op) {
    case "elementwise": {
      if (node.name === "select")
        return ops.broadcastTo(ops.select(a, orZero(b), orZero(node.inputs[2]!)), node.shape);
      const terms = node.inputs.map((operand, i) => {
        const own = tangent(operand);
        const partial = elementwise[node.name].partials[i];
        if (!own || !partial) return undefined;
        return ops.mul(partial(node, a, b, node.inputs[2]!), own);
      });
      return ops.broadcastTo(addAll(terms), node.shape);
    }
    case "reshape":
      return ops.reshape(orZero(a), node.shape);
    case "gather":
      return ops.gather(orZero(a), node.indices, node.shape);
    case "scatter":
      return ops.scatter(orZero(a), node.indices, node.shape);
    case "concatenate":
      return ops.concatenate(node.inputs.map(orZero));
    case "sum":
      return { ...node, batched: orZero(a).batched, inputs: [orZero(a)] };
    case "linear": {
      const options = { transposed: node.transposed };
      const bias = node.inputs[2] && tangent(node.inputs[2]);
      const x = tangent(a);
      const w = tangent(b);
      return addAll([
        x && ops.linear(x, b, undefined, options),
        w && ops.linear(a, w, undefined, options),
        bias,
      ]);
    }
    case "sumRows": {
      const own = orZero(a);
      return ops.sumRows(own.batched ? own : ops.mul(ops.rowMark(), own));
    }
    case "sumOuter": {
      const y = tangent(a);
      const x = tangent(b);
      return addAll([y && ops.sumOuter(y, b), x && ops.sumOuter(a, x)]);
    }
    case "matrixProduct": {
      const left = tangent(a);
      const right = tangent(b);
      return addAll([left && ops.matrixProduct(left, b), right && ops.matrixProduct(a, right)]);
    }
    case "solveTriangular": {
      // A dx = db - dA x.
      const { lower, transposed } = node;
      const da = tangent(a);
      const moved =
        da && ops.linear(node, ops.mul(triangle(sizeOf(node.shape), lower), da), undefined, { transposed });
      const right = addAll([tangent(b), moved && ops.neg(moved)]);
      return ops.solveTriangular(a, right, { lower, transposed });
    }
    case "fixedPoint": {
      // At y = g(y, u): dy = (dg/dy) dy + (dg/du) du, again a fixed point.
      const outer = node.inputs.slice(1).filter((operand) => tangent(operand));
      const [atSolution] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
      const drive = jvp([atSolution!], [node, ...outer], [zeroOf(node), ...outer.map(orZero)])[0]!;
      return ops.fixedPoint(drive, node.iterations, (t) =>
        ops.add(drive, jvp([atSolution!], [node], [t])[0]!),
      );
    }
    case "scan":
      return pushForwardScan(node, orZero);
    case "implicit":
      return pushForwardImplicit(node, tangent);
    case "odeSolution":
      return pushForwardOdeSolution(node, tangent);
    default:
      return zeroOf(node);
  }
}

function mapJvp(node: MapExpr, tangentOf: ReadonlyMap<Expr, Expr>): Expr[] {
  const { slots, results } = node.body;
  const moving = node.inputs.map((_, i) => i).filter((i) => tangentOf.has(node.inputs[i]!));
  const tangentSlots = moving.map((i) => slots[i]!.map(() => ops.slot([], true)));
  const flat = jvp(
    results.flat(),
    moving.flatMap((i) => slots[i]!),
    tangentSlots.flat(),
  );
  let next = 0;
  const tangents = results.map((result) => result.map(() => flat[next++]!));
  const blocks = [...node.inputs, ...moving.map((i) => tangentOf.get(node.inputs[i]!)!)];
  return mapOf(node, blocks, [...slots, ...tangentSlots], tangents);
}
