/**
 * Derivatives of what was found by iteration, from the equation that it solves: fixed points and roots by the implicit
 * function theorem, solutions of differential equations by the adjoint equation.
 *
 * @module
 */

import { gaussLegendre } from "../../numerics/rungeKutta.ts";
import { anyLive, type Cotangent, through } from "../cotangent.ts";
import { type Expr, type ImplicitExpr, type OdeSolutionExpr, ownInputs } from "../expr.ts";
import { jvp } from "../forward.ts";
import * as ops from "../ops.ts";
import { substitute } from "../rebuild.ts";
import { pulledBack, type Send, vjp } from "../reverse.ts";

/** Nodes of the quadrature of an adjoint equation: its error falls geometrically with them where the equation is smooth. */
const quadratureNodes = 12;

function zerosLike(value: Expr): Expr {
  return ops.broadcastTo(ops.constant(0), value.shape);
}

function onesLike(value: Expr): Expr {
  return ops.broadcastTo(ops.constant(1), value.shape);
}

/** The cotangents of the outer values of an implicit value. */
export function pullBackImplicit(
  node: ImplicitExpr,
  cotangent: Cotangent,
  active: ReadonlySet<Expr>,
  send: Send,
): void {
  const outer = node.inputs.slice(1).filter((input) => active.has(input));
  if (outer.length === 0) return;
  const [at] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const { equation } = node;
  let adjoint: Cotangent;
  if (equation.kind === "diagonal")
    // 0 = F(y, u): the cotangent of u is -(dF/du)^T c / (dF/dy).
    adjoint = through(cotangent, (c) => ops.neg(ops.div(c, vjp([at!], [onesLike(node)], [node])[0]!)));
  else {
    // y = G(y, u): l = c + (dG/dy)^T l, a contraction as G is one; linear in c, so that its size can be taken out.
    const { tolerance, iterations } = equation;
    adjoint = through({ ...cotangent, live: anyLive(cotangent) }, (c) => {
      const unit = sizeOfCotangent(c);
      const scaled = ops.div(c, unit);
      const solved = ops.fixedPoint(scaled, iterations, (l) => ops.add(scaled, vjp([at!], [l], [node])[0]!), {
        tolerance,
      });
      return ops.mul(unit, solved);
    });
  }
  const gradients = pulledBack([at!], [adjoint], [node, ...outer]).slice(1);
  // A shared outer value's gradient is already a sum over rows.
  outer.forEach((input, i) => {
    const own = gradients[i];
    if (own) send(input, own, true);
  });
}

/** The largest element of a cotangent, without derivative; 1 where all are 0. */
function sizeOfCotangent(cotangent: Expr): Expr {
  const largest = ops.maximum(ops.abs(ops.reshape(cotangent, [cotangent.shape.reduce((a, b) => a * b, 1)])));
  return ops.stopGradient(ops.select(ops.less(0, largest), largest, 1));
}

/** The tangent of an implicit value. */
export function pushForwardImplicit(node: ImplicitExpr, tangent: (input: Expr) => Expr | undefined): Expr {
  const outer = node.inputs.slice(1).filter((input) => tangent(input));
  const [at] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const drive = jvp([at!], [node, ...outer], [zerosLike(node), ...outer.map((input) => tangent(input)!)])[0]!;
  const { equation } = node;
  if (equation.kind === "diagonal") return ops.neg(ops.div(drive, jvp([at!], [node], [onesLike(node)])[0]!));
  const { tolerance, iterations } = equation;
  const unit = sizeOfCotangent(drive);
  const scaled = ops.div(drive, unit);
  const solved = ops.fixedPoint(scaled, iterations, (t) => ops.add(scaled, jvp([at!], [node], [t])[0]!), {
    tolerance,
  });
  return ops.mul(unit, solved);
}

/** What an equation says at a time and a state. */
function derivativeAt(node: OdeSolutionExpr, time: Expr, state: Expr, result = node.result): Expr {
  const replacements = new Map<Expr, Expr>([
    [node.timeSlot, time],
    [node.slot, state],
  ]);
  return substitute([result], replacements)[0]!;
}

/**
 * The adjoint of dz/dt = f(t, z, u): da/dt = -(df/dz)^T a, solved backwards together with z from the last state; the
 * cotangent of u is the integral of (df/du)^T a over time, by quadrature at nodes that the solution stops at.
 */
export function pullBackOdeSolution(
  node: OdeSolutionExpr,
  cotangent: Expr,
  active: ReadonlySet<Expr>,
  send: (input: Expr, cotangent: Expr, summed?: boolean) => void,
): void {
  const [, initial, from, to] = node.inputs as [Expr, Expr, Expr, Expr];
  const outer = node.inputs.slice(ownInputs(node)).filter((input) => active.has(input));
  const size = node.shape[0]!;
  const span = ops.sub(to, from);
  // The equation is linear in the adjoint, so that its size can be taken out: tolerances are relative to it.
  const unit = sizeOfCotangent(cotangent);
  const adjointSlot = ops.slot(node.shape, true);
  const [backward, ...gradients] = vjp([node.result], [adjointSlot], [node.slot, ...outer]);
  const pair = (time: Expr, both: Expr): Expr => {
    const replacements = new Map<Expr, Expr>([
      [node.timeSlot, time],
      [node.slot, ops.slice(both, 0, size)],
      [adjointSlot, ops.slice(both, size, 2 * size)],
    ]);
    const [forward, back] = substitute([node.result, backward!], replacements);
    return ops.concatenate([forward!, ops.neg(back!)]);
  };
  const { nodes, weights } = gaussLegendre(outer.length > 0 ? quadratureNodes : 0);
  const count = nodes.length;
  const stops = [1, ...nodes.slice().reverse(), 0];
  const width = 2 * size;
  const last = ops.concatenate([node, ops.div(cotangent, unit)]);
  // State and adjoint, and behind them what both were at each node of the quadrature.
  const start =
    count > 0 ? ops.concatenate([last, ops.mul(ops.rowMark(), ops.zeros([count * width]))]) : last;
  const marks = Float64Array.from({ length: (count + 1) * Math.max(1, count) }, (_, i) =>
    Math.floor(i / Math.max(1, count)) === i % Math.max(1, count) && count > 0 ? 1 : 0,
  );
  const end = ops.scan(
    start,
    count + 1,
    [
      ops.constant(stops.slice(0, -1)),
      ops.constant(stops.slice(1)),
      ops.constant(marks, [count + 1, Math.max(1, count)]),
    ],
    (all, [first, second, mark]) => {
      const { state } = ops.solveOde(ops.slice(all, 0, width), pair, {
        from: ops.add(from, ops.mul(span, first!)),
        to: ops.add(from, ops.mul(span, second!)),
        method: { kind: "adaptive", tolerance: node.tolerance, most: node.most },
      });
      if (count === 0) return state;
      const kept = ops.reshape(ops.slice(all, width, width + count * width), [count, width]);
      const isHere = ops.reshape(mark!, [count, 1]);
      const next = ops.select(isHere, ops.reshape(state, [1, width]), kept);
      return ops.concatenate([state, ops.reshape(next, [count * width])]);
    },
  );
  const atStart = ops.mul(unit, ops.slice(end, size, width));
  const scalarProduct = (a: Expr, b: Expr): Expr => ops.sum(ops.mul(a, b));
  if (active.has(initial)) send(initial, atStart);
  if (active.has(from)) send(from, ops.neg(scalarProduct(atStart, derivativeAt(node, from, initial))));
  if (active.has(to)) send(to, scalarProduct(cotangent, derivativeAt(node, to, node)));
  const totals = outer.map((): Expr | undefined => undefined);
  nodes.forEach((fraction, k) => {
    const at = width * (1 + count - 1 - k);
    const replacements = new Map<Expr, Expr>([
      [node.timeSlot, ops.add(from, ops.mul(span, fraction))],
      [node.slot, ops.slice(end, at, at + size)],
      [
        adjointSlot,
        ops.mul(ops.mul(ops.mul(span, weights[k]!), unit), ops.slice(end, at + size, at + width)),
      ],
    ]);
    substitute(gradients, replacements).forEach((own, i) => {
      const before = totals[i];
      totals[i] = before ? ops.add(before, own) : own;
    });
  });
  outer.forEach((input, i) => send(input, totals[i]!, true));
}

/** The tangent of a solution: state and tangent solve one equation of twice the size. */
export function pushForwardOdeSolution(
  node: OdeSolutionExpr,
  tangent: (input: Expr) => Expr | undefined,
): Expr {
  const [, initial, from, to] = node.inputs as [Expr, Expr, Expr, Expr];
  const outer = node.inputs.slice(ownInputs(node)).filter((input) => tangent(input));
  const size = node.shape[0]!;
  const moving = ops.slot(node.shape, true);
  const [along] = jvp(
    [node.result],
    [node.slot, ...outer],
    [moving, ...outer.map((input) => tangent(input)!)],
  );
  const later = tangent(from);
  const shift = later && ops.neg(ops.mul(later, derivativeAt(node, from, initial)));
  const first = tangent(initial) ?? zerosLike(initial);
  const { state } = ops.solveOde(
    ops.concatenate([initial, shift ? ops.add(first, shift) : first]),
    (time, both) => {
      const replacements = new Map<Expr, Expr>([
        [node.timeSlot, time],
        [node.slot, ops.slice(both, 0, size)],
        [moving, ops.slice(both, size, 2 * size)],
      ]);
      return ops.concatenate(substitute([node.result, along!], replacements));
    },
    { from, to, method: { kind: "adaptive", tolerance: node.tolerance, most: node.most } },
  );
  const own = ops.slice(state, size, 2 * size);
  const end = tangent(to);
  return end ? ops.add(own, ops.mul(end, derivativeAt(node, to, node))) : own;
}
