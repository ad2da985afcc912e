/**
 * Ordinary differential equations: fixed steps, which are differentiated through; and adaptive ones, each row with steps of
 * its own, whose derivative is that of the adjoint equation (Chen et al. 2018, https://arxiv.org/abs/1806.07366).
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import {
  dormandPrince,
  dormandPrinceError,
  type RungeKutta,
  type RungeKuttaName,
  rungeKuttaMethods,
} from "../../numerics/ode/rungeKutta.ts";
import {
  anObject,
  anything,
  callback,
  checkArgument,
  checkedOptions,
  type OptionTable,
  required,
} from "../../options.ts";
import { type Expr, formatShape, sameShape } from "../expr.ts";
import {
  abs,
  add,
  div,
  exp,
  less,
  lessEqual,
  log,
  max,
  min,
  mul,
  select,
  sign,
  sqrt,
  square,
  stopGradient,
  sub,
} from "../ops/arithmetic.ts";
import { scan } from "../ops/bodies.ts";
import { odeSolutionOf } from "../ops/bodyNodes.ts";
import { iterate, roundingUnit } from "../ops/iteration.ts";
import { asExpr, checkExpressions, constant, rowMark, slot, type Value } from "../ops/leaves.ts";
import { concatenate, reshape, slice } from "../ops/moves.ts";
import { sum } from "../ops/sums.ts";

/** How a differential equation is solved. */
export type OdeMethod =
  | {
      /** Steps of equal length. */
      readonly kind: "fixed";
      /** The method of each step. */
      readonly order: RungeKuttaName;
      /** Number of steps of equal length, at least 1. */
      readonly steps: number;
    }
  | {
      /** Steps as long as the tolerance lets them be. */
      readonly kind: "adaptive";
      /**
       * Largest error of a step (root mean square over the state), absolute below 1 and relative above; never less than 16
       * rounding units of the engine.
       */
      readonly tolerance: number;
      /** Most steps, rejected ones included (default 1000). */
      readonly most?: number | undefined;
    };

/** No tolerance is below so many rounding units of the engine. */
export const leastTolerance = 16;

/** Options of {@link solveOde}. */
export interface OdeOptions {
  /** Time of the first state: a number, or a scalar expression with an adaptive method. */
  readonly from: Value;
  /** Time of the last state; may lie before `from`. */
  readonly to: Value;
  /** Steps, and the derivative of the solution that goes with them. */
  readonly method: OdeMethod;
}

/** What {@link solveOde} finds. */
export interface OdeSolution {
  /** The state at time `to`; NaN in rows whose solution did not get there within the tolerance and the steps. */
  readonly state: Expr;
  /** How often the derivative was evaluated; a scalar. */
  readonly evaluations: Expr;
}

const odeOptionTable: OptionTable<OdeOptions> = {
  from: required(anything),
  to: required(anything),
  method: required(anObject),
};

/**
 * Solves dz/dt = derivative(t, z).
 *
 * Fixed steps are one scan, and the derivative of the result is that of the steps (discretize, then optimize). Adaptive steps are those
 * of Dormand and Prince, each row with its own; the derivative of the result solves the adjoint equation to the same
 * tolerance, without anything being kept on the way, and integrates the gradient of outer values by Gauss-Legendre
 * quadrature along it.
 *
 * @param initial - First state, a vector.
 * @param derivative - Of a scalar time and a state; it may use any outer value.
 * @throws ShapeError if the derivative has not the shape of the state.
 */
export function solveOde(
  initial: Expr,
  derivative: (time: Expr, state: Expr) => Expr,
  options: OdeOptions,
): OdeSolution {
  checkExpressions("solveOde", initial);
  checkArgument("ops.solveOde", "derivative", derivative, callback);
  const { from, to, method } = checkedOptions("ops.solveOde", options, odeOptionTable);
  if (initial.shape.length !== 1)
    throw new ShapeError({
      where: "solveOde",
      subject: "the state",
      expected: "a vector",
      received: formatShape(initial.shape),
    });
  if (method.kind === "fixed") {
    if (typeof from !== "number" || typeof to !== "number")
      throw new ShapeError({
        where: "solveOde",
        subject: "the times of fixed steps",
        expected: "numbers",
        received: "expressions",
      });
    return solveFixed(initial, derivative, from, to, method);
  }
  const { tolerance, most: maximumSteps = 1000 } = method;
  const [timeSlot, state] = [slot([], "row"), slot(initial.shape, "row")];
  const result = derivative(timeSlot, state);
  if (!sameShape(result.shape, initial.shape))
    throw new ShapeError({
      where: "solveOde",
      subject: "the derivative",
      expected: formatShape(initial.shape),
      received: formatShape(result.shape),
    });
  const times = [asExpr(from), asExpr(to)] as const;
  const solution = solveAdaptive(initial, derivative, times, tolerance, maximumSteps);
  return {
    state: odeSolutionOf(stopGradient(solution.state), [initial, ...times], {
      timeSlot,
      slot: state,
      result,
      tolerance,
      most: maximumSteps,
    }),
    evaluations: stopGradient(solution.evaluations),
  };
}

function solveFixed(
  initial: Expr,
  derivative: (time: Expr, state: Expr) => Expr,
  from: number,
  to: number,
  { order, steps }: Extract<OdeMethod, { kind: "fixed" }>,
): OdeSolution {
  const method = rungeKuttaMethods[order];
  const step = (to - from) / steps;
  const times = constant(Float64Array.from({ length: steps }, (_, i) => from + i * step));
  const start = initial.space === "row" ? initial : mul(rowMark(), initial);
  const state = scan(start, steps, [times], (z, [time]) => {
    const slopes = slopesOf(method, derivative, time!, step, z, derivative(time!, z));
    return add(z, mul(step, weighted(method.weights, slopes)!));
  });
  return { state, evaluations: constant(steps * method.weights.length) };
}

/** All slopes of a step, from the first. */
function slopesOf(
  method: RungeKutta,
  derivative: (time: Expr, state: Expr) => Expr,
  time: Expr,
  step: Value,
  state: Expr,
  first: Expr,
): Expr[] {
  const slopes = [first];
  method.stages.forEach((weights, stage) => {
    const stageState = add(state, mul(step, weighted(weights, slopes)!));
    slopes.push(derivative(add(time, mul(method.nodes[stage]!, step)), stageState));
  });
  return slopes;
}

/** Sum of weights times slopes; undefined if all weights are 0. */
function weighted(weights: readonly number[], slopes: readonly Expr[]): Expr | undefined {
  return weights
    .map((weight, i) => (weight === 0 ? undefined : mul(weight, slopes[i]!)))
    .filter((term) => term !== undefined)
    .reduce<Expr | undefined>((total, term) => (total ? add(total, term) : term), undefined);
}

/** Root mean square of a vector. */
function norm(value: Expr): Expr {
  return sqrt(div(sum(square(value)), value.shape[0]!));
}

function solveAdaptive(
  initial: Expr,
  derivative: (time: Expr, state: Expr) => Expr,
  [from, to]: readonly [Expr, Expr],
  tolerance: number,
  maximumSteps: number,
): OdeSolution {
  const size = initial.shape[0]!;
  const scalar = (value: Expr): Expr => reshape(value, [1]);
  const allowed = max(tolerance, mul(leastTolerance, roundingUnit()));
  const span = sub(to, from);
  const shortest = mul(mul(4, roundingUnit()), max(abs(span), max(abs(from), abs(to))));
  const firstSlope = derivative(from, initial);
  // A first step whose error is of the order of the tolerance for a solution that changes as fast as it does here.
  const guess = div(mul(tolerance ** 0.2, max(1, norm(initial))), max(1e-6, norm(firstSlope)));
  const start = concatenate([
    scalar(from),
    scalar(mul(sign(span), min(abs(span), select(lessEqual(guess, 1e30), guess, 0.01)))),
    scalar(mul(rowMark(), 1)),
    initial,
    firstSlope,
  ]);
  const finalState = iterate(start, maximumSteps, (all) => {
    const [time, step, evaluations] = [0, 1, 2].map((i) => reshape(slice(all, i, i + 1), [])) as [
      Expr,
      Expr,
      Expr,
    ];
    const state = slice(all, 3, 3 + size);
    const slope = slice(all, 3 + size, 3 + 2 * size);
    const left = sub(to, time);
    const isLast = lessEqual(abs(left), abs(step));
    const stepSize = select(isLast, left, step);
    const slopes = slopesOf(dormandPrince, derivative, time, stepSize, state, slope);
    const nextState = add(state, mul(stepSize, weighted(dormandPrince.weights, slopes)!));
    const arrival = select(isLast, to, add(time, stepSize));
    const nextSlope = derivative(arrival, nextState);
    const difference = mul(stepSize, weighted(dormandPrinceError, [...slopes, nextSlope])!);
    const scale = mul(allowed, max(1, max(abs(state), abs(nextState))));
    const error = norm(div(difference, scale));
    // A NaN must not pass as small.
    const isAccepted = lessEqual(error, 1);
    const growth = min(5, max(0.2, mul(0.9, exp(mul(-0.2, log(max(error, 1e-10)))))));
    const next = mul(stepSize, select(lessEqual(error, 1e30), growth, 0.1));
    const isStuck = mul(sub(1, isAccepted), less(abs(next), shortest));
    return {
      state: concatenate([
        scalar(select(isAccepted, arrival, time)),
        scalar(next),
        scalar(add(evaluations, 6)),
        select(isAccepted, nextState, state),
        select(isAccepted, nextSlope, slope),
      ]),
      done: max(mul(isAccepted, isLast), isStuck),
    };
  });
  const isThere = lessEqual(abs(sub(to, reshape(slice(finalState, 0, 1), []))), 0);
  // Lanes without a row do not move; what they hold must stay harmless in sums over rows.
  return {
    state: select(max(isThere, sub(1, rowMark())), slice(finalState, 3, 3 + size), Number.NaN),
    evaluations: reshape(slice(finalState, 2, 3), []),
  };
}
