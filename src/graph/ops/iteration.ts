/**
 * Iterations: loops with a stop test of each row, and the fixed points that they find, with the derivatives of the
 * equations that these solve. A row's result depends on that row alone.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { callback, checkArgument, checkedOptions, notNegative } from "../../options.ts";
import { type Expr, formatShape, sameShape, sizeOf } from "../expr.ts";
import { maximum } from "../library/logSumExp.ts";
import { abs, add, less, max, mul, select, stopGradient, sub } from "./arithmetic.ts";
import { fixedPointOf, implicitOf, iterateOf } from "./bodyNodes.ts";
import { checkExpressions, rowMark, slot } from "./leaves.ts";
import { concatenate, reshape, slice } from "./moves.ts";

/**
 * Half the distance from 1 to the next number, of the engine that runs the program: 2^-24 in float32 and 2^-53 in float64.
 * A scalar of each row.
 */
export function roundingUnit(): Expr {
  const one = rowMark();
  // Not a constant, so that the engine's own arithmetic decides.
  return select(sub(add(one, 2 ** -30), one), 2 ** -53, 2 ** -24);
}

/** What the body of {@link iterate} returns. */
export interface Iterated {
  /** The next state, of the shape of the state. */
  readonly state: Expr;
  /** Scalar: not 0 (or NaN) if the row is finished with this state. */
  readonly done: Expr;
}

/**
 * Applies `body` to a state until the row is finished, at most `most` times. Rows that are finished keep their state while
 * others go on; a row without end keeps its last. Cost: on an engine that works in tiles, the rounds of the slowest row of
 * each tile.
 *
 * It has no derivative: `vjp` and `jvp` refuse to go through it. Wrap the result in `stopGradient`, or give it a derivative
 * by {@link implicit}.
 *
 * @param initial - First state, `[n]`.
 * @throws ShapeError if the body's state has another shape, or `done` is not a scalar.
 */
export function iterate(initial: Expr, iterations: number, body: (state: Expr) => Iterated): Expr {
  checkExpressions("iterate", initial);
  checkArgument("ops.iterate", "body", body, callback);
  const [size] = initial.shape;
  if (initial.shape.length !== 1 || size === undefined)
    throw new ShapeError({
      where: "iterate",
      subject: "the state",
      expected: "a vector",
      received: formatShape(initial.shape),
    });
  const state = slot([1 + size], "row");
  const bodyState = slice(state, 1, 1 + size);
  const finished = reshape(slice(state, 0, 1), []);
  const next = body(bodyState);
  if (!sameShape(next.state.shape, initial.shape) || sizeOf(next.done.shape) !== 1)
    throw new ShapeError({
      where: "iterate",
      problem: `the body maps ${formatShape(initial.shape)} to ${formatShape(next.state.shape)}, with a stop test of ${formatShape(next.done.shape)}`,
      expected: `${formatShape(initial.shape)}, and a scalar as stop test`,
      received: `${formatShape(next.state.shape)} and ${formatShape(next.done.shape)}`,
    });
  const result = concatenate([
    reshape(select(finished, 1, select(reshape(next.done, []), 1, 0)), [1]),
    select(finished, bodyState, next.state),
  ]);
  // Lanes without a row have nothing to wait for.
  const start = concatenate([reshape(sub(1, rowMark()), [1]), initial]);
  return slice(iterateOf(start, iterations, state, result), 1, 1 + size);
}

/**
 * A solution, found by any means, with the derivative of the equation that it solves; the value stays as it is.
 *
 * @param solution - What was found, of any shape.
 * @param equation - Of y: for `diagonal`, a residual that is 0 at the solution, whose element i depends on y[i] alone and
 *   has a derivative other than 0; otherwise the image of y under a contraction whose fixed point the solution is.
 * @param solve - How the linear equation of the derivative is solved: by division, or by iteration until a change is
 *   within `tolerance`, at most `iterations` times.
 */
export function implicit(
  solution: Expr,
  equation: (y: Expr) => Expr,
  solve: "diagonal" | { readonly iterations: number; readonly tolerance: number },
): Expr {
  checkExpressions("implicit", solution);
  const y = slot(solution.shape, "row");
  const result = equation(y);
  if (!sameShape(result.shape, solution.shape))
    throw new ShapeError({
      where: "implicit",
      subject: "the residual of the equation",
      expected: formatShape(solution.shape),
      received: formatShape(result.shape),
    });
  const kind = solve === "diagonal" ? { kind: solve } : { kind: "contraction" as const, ...solve };
  return implicitOf(stopGradient(solution), y, result, kind);
}

/** Options of {@link fixedPoint}. */
export interface FixedPointOptions {
  /**
   * Stop, row by row, when no element changes by more than this times 1 + the largest size of an element, or than rounding
   * can resolve.
   */
  readonly tolerance?: number | undefined;
}

/**
 * The fixed point of `body`; its derivatives are those of the implicit function theorem.
 *
 * Without a tolerance, the state after exactly `iterations` applications, which must have reached it: a body that depends
 * on its state through a strictly triangular map of n features does in n. With one, `body` is a contraction, and each row
 * goes on until it changes no more, at most `iterations` times; a row that has not arrived by then keeps what it has, which
 * one more application shows. Derivatives iterate likewise.
 */
export function fixedPoint(
  initial: Expr,
  iterations: number,
  body: (state: Expr) => Expr,
  options: FixedPointOptions = {},
): Expr {
  checkExpressions("fixedPoint", initial);
  checkArgument("ops.fixedPoint", "body", body, callback);
  const { tolerance } = checkedOptions("ops.fixedPoint", options, { tolerance: notNegative });
  const y = slot(initial.shape, "row");
  const result = body(y);
  if (!sameShape(result.shape, initial.shape))
    throw new ShapeError({
      where: "fixedPoint",
      subject: "what the body gives",
      expected: formatShape(initial.shape),
      received: formatShape(result.shape),
    });
  if (tolerance === undefined) return fixedPointOf(initial, iterations, y, result);
  const size = sizeOf(initial.shape);
  const within = max(tolerance, mul(4, roundingUnit()));
  const finalState = iterate(reshape(initial, [size]), iterations, (state) => {
    const next = reshape(body(reshape(state, initial.shape)), [size]);
    const change = maximum(abs(sub(next, state)));
    // Not "at most": a row that is not a number is finished.
    return { state: next, done: sub(1, less(mul(within, add(1, maximum(abs(next)))), change)) };
  });
  const solution = stopGradient(reshape(finalState, initial.shape));
  return implicitOf(solution, y, result, { kind: "contraction", iterations, tolerance });
}
