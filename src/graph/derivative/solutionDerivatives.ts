/**
 * Derivatives of what was found by iteration, from the equation that it solves: fixed points and roots by the implicit
 * function theorem, solutions of differential equations by the adjoint equation.
 *
 * @module
 */

import type { ErrorFacts } from "../../errors.ts";
import { gaussLegendre } from "../../numerics/gaussLegendre.ts";
import { type Expr, firstOuterInput, type ImplicitExpr, type OdeSolutionExpr } from "../expr.ts";
import { maximum } from "../library/logSumExp.ts";
import { solveOde } from "../library/ode.ts";
import { abs, add, div, less, mul, neg, select, stopGradient, sub } from "../ops/arithmetic.ts";
import { scan } from "../ops/bodies.ts";
import { fixedPoint } from "../ops/iteration.ts";
import { constant, rowMark, slot, zeros } from "../ops/leaves.ts";
import { broadcastTo } from "../ops/movement.ts";
import { concatenate, reshape, slice } from "../ops/moves.ts";
import { sum } from "../ops/sums.ts";
import { substitute } from "../rebuild.ts";
import type { Push } from "../rules.ts";
import { backOnce } from "./bodyRules.ts";
import { type Cotangent, mayBeZero, type Reversal, whole } from "./cotangent.ts";
import { mulOrZero } from "./mulOrZero.ts";

/** Nodes of the quadrature of an adjoint equation: its error falls geometrically with them where the equation is smooth. */
const quadratureNodes = 12;

/** Why there is no derivative through a loop. */
export const withoutDerivative: ErrorFacts = {
  problem: "iterate has no derivative",
  expected: "operations that have one",
  received: "iterate",
  remedy: "use root, fixedPoint or solveOde, or stop the gradient at its result",
};

function zerosLike(value: Expr): Expr {
  return broadcastTo(constant(0), value.shape);
}

function onesLike(value: Expr): Expr {
  return broadcastTo(constant(1), value.shape);
}

/** The cotangents of the outer values of an implicit value. */
export function pullBackImplicit(
  node: ImplicitExpr,
  cotangent: Cotangent,
  { active, send, pulledBack, vjp }: Reversal,
): void {
  const outer = node.inputs.slice(1).filter((input) => active.has(input));
  if (outer.length === 0) return;
  const [at] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const { equation } = node;
  const [c, hasZeros] = [whole(cotangent), mayBeZero(cotangent)];
  let value: Expr;
  if (equation.kind === "diagonal") {
    // 0 = F(y, u): the cotangent of u is -(dF/du)^T c / (dF/dy).
    const [slope] = vjp([at!], [onesLike(node)], [node]) as [Expr];
    value = neg(hasZeros ? mulOrZero(div(1, slope), c) : div(c, slope));
  } else {
    // y = G(y, u): l = c + (dG/dy)^T l, a contraction as G is one; linear in c, so that its size can be taken out.
    const { tolerance, iterations } = equation;
    const unit = sizeOfCotangent(c);
    const scaled = div(c, unit);
    const next = (l: Expr): Expr => add(scaled, backOnce(pulledBack, at!, { value: l, hasZeros }, node));
    value = mul(unit, fixedPoint(scaled, iterations, next, { tolerance }));
  }
  const adjoint = { value, hasZeros };
  const gradients = pulledBack([at!], [adjoint], [node, ...outer]).slice(1);
  // A shared outer value's gradient is already a sum over rows.
  outer.forEach((input, i) => {
    const gradient = gradients[i];
    if (gradient) send(input, gradient, true);
  });
}

/** The largest element of a cotangent, without derivative; 1 where all are 0. */
function sizeOfCotangent(cotangent: Expr): Expr {
  const largest = maximum(abs(reshape(cotangent, [cotangent.shape.reduce((a, b) => a * b, 1)])));
  return stopGradient(select(less(0, largest), largest, 1));
}

/** The tangent of an implicit value. */
export function pushForwardImplicit(node: ImplicitExpr, { tangent, jvp }: Push): Expr {
  const outer = node.inputs.slice(1).filter((input) => tangent(input));
  const [at] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const drive = jvp([at!], [node, ...outer], [zerosLike(node), ...outer.map((input) => tangent(input)!)])[0]!;
  const { equation } = node;
  if (equation.kind === "diagonal") return neg(div(drive, jvp([at!], [node], [onesLike(node)])[0]!));
  const { tolerance, iterations } = equation;
  const unit = sizeOfCotangent(drive);
  const scaled = div(drive, unit);
  const solution = fixedPoint(scaled, iterations, (t) => add(scaled, jvp([at!], [node], [t])[0]!), {
    tolerance,
  });
  return mul(unit, solution);
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
  nodeCotangent: Cotangent,
  { active, vjp, send: sendOn, multiplied }: Reversal,
): void {
  const cotangent = whole(nodeCotangent);
  const send = (input: Expr, gradient: Expr, summed?: boolean): void =>
    sendOn(
      input,
      multiplied(nodeCotangent, () => gradient),
      summed,
    );
  const [, initial, from, to] = node.inputs as [Expr, Expr, Expr, Expr];
  const outer = node.inputs.slice(firstOuterInput(node)).filter((input) => active.has(input));
  const size = node.shape[0]!;
  const span = sub(to, from);
  // The equation is linear in the adjoint, so that its size can be taken out: tolerances are relative to it.
  const unit = sizeOfCotangent(cotangent);
  const adjointSlot = slot(node.shape, "row");
  const [backward, ...gradients] = vjp([node.result], [adjointSlot], [node.slot, ...outer]);
  const pair = (time: Expr, stateAndAdjoint: Expr): Expr => {
    const replacements = new Map<Expr, Expr>([
      [node.timeSlot, time],
      [node.slot, slice(stateAndAdjoint, 0, size)],
      [adjointSlot, slice(stateAndAdjoint, size, 2 * size)],
    ]);
    const [slope, adjointSlope] = substitute([node.result, backward!], replacements);
    return concatenate([slope!, neg(adjointSlope!)]);
  };
  const { nodes, weights } = gaussLegendre(outer.length > 0 ? quadratureNodes : 0);
  const count = nodes.length;
  const stops = [1, ...nodes.slice().reverse(), 0];
  const width = 2 * size;
  const last = concatenate([node, div(cotangent, unit)]);
  // State and adjoint, and behind them what both were at each node of the quadrature.
  const start = count > 0 ? concatenate([last, mul(rowMark(), zeros([count * width]))]) : last;
  const marks = Float64Array.from({ length: (count + 1) * Math.max(1, count) }, (_, i) =>
    Math.floor(i / Math.max(1, count)) === i % Math.max(1, count) && count > 0 ? 1 : 0,
  );
  const end = scan(
    start,
    count + 1,
    [
      constant(stops.slice(0, -1)),
      constant(stops.slice(1)),
      constant(marks, [count + 1, Math.max(1, count)]),
    ],
    (all, [first, second, mark]) => {
      const { state } = solveOde(slice(all, 0, width), pair, {
        from: add(from, mul(span, first!)),
        to: add(from, mul(span, second!)),
        method: { kind: "adaptive", tolerance: node.tolerance, most: node.most },
      });
      if (count === 0) return state;
      const nodeStates = reshape(slice(all, width, width + count * width), [count, width]);
      const isHere = reshape(mark!, [count, 1]);
      const next = select(isHere, reshape(state, [1, width]), nodeStates);
      return concatenate([state, reshape(next, [count * width])]);
    },
  );
  const atStart = mul(unit, slice(end, size, width));
  const scalarProduct = (a: Expr, b: Expr): Expr => sum(mul(a, b));
  if (active.has(initial)) send(initial, atStart);
  if (active.has(from)) send(from, neg(scalarProduct(atStart, derivativeAt(node, from, initial))));
  if (active.has(to)) send(to, scalarProduct(cotangent, derivativeAt(node, to, node)));
  const totals = outer.map((): Expr | undefined => undefined);
  nodes.forEach((fraction, k) => {
    const at = width * (1 + count - 1 - k);
    const replacements = new Map<Expr, Expr>([
      [node.timeSlot, add(from, mul(span, fraction))],
      [node.slot, slice(end, at, at + size)],
      [adjointSlot, mul(mul(mul(span, weights[k]!), unit), slice(end, at + size, at + width))],
    ]);
    substitute(gradients, replacements).forEach((gradient, i) => {
      const partialSum = totals[i];
      totals[i] = partialSum ? add(partialSum, gradient) : gradient;
    });
  });
  outer.forEach((input, i) => send(input, totals[i]!, true));
}

/** The tangent of a solution: state and tangent solve one equation of twice the size. */
export function pushForwardOdeSolution(node: OdeSolutionExpr, { tangent, jvp }: Push): Expr {
  const [, initial, from, to] = node.inputs as [Expr, Expr, Expr, Expr];
  const outer = node.inputs.slice(firstOuterInput(node)).filter((input) => tangent(input));
  const size = node.shape[0]!;
  const moving = slot(node.shape, "row");
  const [resultTangent] = jvp(
    [node.result],
    [node.slot, ...outer],
    [moving, ...outer.map((input) => tangent(input)!)],
  );
  const startTangent = tangent(from);
  const shift = startTangent && neg(mul(startTangent, derivativeAt(node, from, initial)));
  const first = tangent(initial) ?? zerosLike(initial);
  const { state } = solveOde(
    concatenate([initial, shift ? add(first, shift) : first]),
    (time, stateAndTangent) => {
      const replacements = new Map<Expr, Expr>([
        [node.timeSlot, time],
        [node.slot, slice(stateAndTangent, 0, size)],
        [moving, slice(stateAndTangent, size, 2 * size)],
      ]);
      return concatenate(substitute([node.result, resultTangent!], replacements));
    },
    { from, to, method: { kind: "adaptive", tolerance: node.tolerance, most: node.most } },
  );
  const stateTangent = slice(state, size, 2 * size);
  const end = tangent(to);
  return end ? add(stateTangent, mul(end, derivativeAt(node, to, node))) : stateTangent;
}
