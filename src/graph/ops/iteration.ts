/**
 * Iterations: loops with a stop test of each row, and what they find, fixed points and roots, with the derivatives of the
 * equations that it solves. A row's result depends on that row alone.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, formatShape, sameShape, sizeOf } from "../expr.ts";
import { maximum } from "../library/logSumExp.ts";
import {
  abs,
  add,
  clamp,
  div,
  less,
  lessEqual,
  max,
  min,
  mul,
  neg,
  select,
  sign,
  square,
  stopGradient,
  sub,
} from "./arithmetic.ts";
import { fixedPointOf, implicitOf, iterateOf } from "./bodyNodes.ts";
import { asExpr, checkExpressions, rowMark, slot, type Value } from "./leaves.ts";
import { broadcastTo, concatenate, reshape, slice } from "./movement.ts";
import { sum } from "./products.ts";

/**
 * Half the distance from 1 to the next number, of the engine that runs the program: 2^-24 in float32 and 2^-53 in float64.
 * A batched scalar.
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
  const [size] = initial.shape;
  if (initial.shape.length !== 1 || size === undefined)
    throw new ShapeError({
      where: "iterate",
      subject: "the state",
      expected: "a vector",
      received: formatShape(initial.shape),
    });
  const state = slot([1 + size], true);
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
  const y = slot(solution.shape, true);
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
  { tolerance }: FixedPointOptions = {},
): Expr {
  checkExpressions("fixedPoint", initial);
  const y = slot(initial.shape, true);
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

/** Options of {@link root}. */
export interface RootOptions {
  /**
   * Most evaluations of the function (default 4000: any bracket of finite numbers can be halved down to its root by then).
   * An element that has not been found within them is NaN.
   */
  readonly iterations?: number | undefined;
  /**
   * By how much the function may be above 0 at `lower`, or below 0 at `upper`, by rounding (default 0); that end is then the
   * root.
   */
  readonly slack?: Value | undefined;
}

/**
 * The root of an increasing function of each element: element i of `body(y)` depends on y[i], and on outer values, alone.
 * Found to the rounding of the engine, by Chandrupatla's method (1997, doi:10.1016/s0965-9978(96)00051-8: inverse quadratic
 * interpolation where it is safe, else bisection), so that it never leaves the bracket; usually in 6 to 12 evaluations.
 * Derivatives are those of the implicit function theorem.
 *
 * @param lower - Where the function is not above 0; finite, of any shape.
 * @param upper - Where it is not below 0; finite, of the same shape.
 * @returns The root. NaN where there is none to be found: the function has one sign in the bracket, decreases, or is NaN.
 */
export function root(
  lower: Expr,
  upper: Expr,
  body: (y: Expr) => Expr,
  { iterations = 4000, slack = 0 }: RootOptions = {},
): Expr {
  checkExpressions("root", lower, upper);
  const { shape } = lower;
  const size = sizeOf(shape);
  const evaluate = (y: Expr): Expr => reshape(body(reshape(y, shape)), [size]);
  const [low, high] = [lower, upper].map((end) => reshape(end, [size])) as [Expr, Expr];
  const allowed = asExpr(slack);
  const margin = sizeOf(allowed.shape) === 1 ? reshape(allowed, []) : reshape(allowed, [size]);
  const unit = roundingUnit();
  const half = broadcastTo(mul(0.5, rowMark()), [size]);
  const [fLow, fHigh] = [evaluate(low), evaluate(high)];
  // Without a change of sign, by rounding, both ends are the one that is nearer to a root; there is none by mistake.
  const [isBelow, isAbove] = [less(0, fLow), less(fHigh, 0)];
  const isBracket = mul(lessEqual(fLow, margin), lessEqual(neg(margin), fHigh));
  const atEnd = select(isBracket, 0, Number.NaN);
  const isOutside = max(max(isBelow, isAbove), sub(1, isBracket));
  const [x1, x2] = [select(isBelow, low, high), select(isAbove, high, low)];
  const [f1, f2] = [select(isOutside, atEnd, fHigh), select(isOutside, atEnd, fLow)];
  // The state: two ends of a bracket, an end before, the function at each, and where to look next between the two.
  const initial = concatenate([x1, x2, x2, f1, f2, f2, half]);
  const parts = (state: Expr): Expr[] =>
    Array.from({ length: 7 }, (_, i) => slice(state, i * size, (i + 1) * size));
  const finalState = iterate(initial, iterations, (state) => {
    const [x1, x2, , f1, f2, , t] = parts(state) as [Expr, Expr, Expr, Expr, Expr, Expr, Expr];
    const x = add(x1, mul(t, sub(x2, x1)));
    const f = evaluate(x);
    const isSame = sub(1, abs(sign(sub(sign(f), sign(f1)))));
    const [x3, f3] = [select(isSame, x1, x2), select(isSame, f1, f2)];
    const [y2, g2] = [select(isSame, x2, x1), select(isSame, f2, f1)];
    const best = select(less(abs(f), abs(g2)), x, y2);
    const width = abs(sub(y2, x));
    // Half of the least step as a share of the bracket; none is left once that is half of it. The bracket may become narrower
    // than that step, also where the root is 0: what keeps it from 0 is below any step (and 0 in float32).
    const smallestStep = div(mul(unit, max(mul(2, abs(best)), 1e-30)), max(width, 1e-60));
    const isRootFound = max(less(0.5, smallestStep), lessEqual(min(abs(f), abs(g2)), 0));
    // A function that is not a number is not looked at again.
    const isLost = sub(1, mul(lessEqual(f, f), lessEqual(f1, f1)));
    const xi = div(sub(x, y2), sub(x3, y2));
    const phi = div(sub(f, g2), sub(f3, g2));
    const isSafe = mul(less(square(phi), xi), less(square(sub(1, phi)), sub(1, xi)));
    const quadratic = add(
      mul(div(f, sub(g2, f)), div(f3, sub(g2, f3))),
      mul(mul(div(sub(x3, x), sub(y2, x)), div(f, sub(f3, f))), div(g2, sub(f3, g2))),
    );
    const share = clamp(select(isSafe, quadratic, 0.5), smallestStep, sub(1, smallestStep));
    // An element that has its root looks at it again.
    const next = select(isRootFound, 0, share);
    const at = select(isRootFound, best, x);
    return {
      state: concatenate([
        at,
        select(isRootFound, best, y2),
        x3,
        select(isLost, Number.NaN, select(isRootFound, 0, f)),
        select(isRootFound, 0, g2),
        f3,
        next,
      ]),
      done: lessEqual(sum(sub(1, max(isRootFound, isLost))), 0),
    };
  });
  const [a, , , fa, fb] = parts(finalState) as [Expr, Expr, Expr, Expr, Expr];
  // Both ends of the bracket of what was found are it, with 0 for the function there.
  const isRootFound = lessEqual(add(abs(fa), abs(fb)), 0);
  return implicit(reshape(select(isRootFound, a, Number.NaN), shape), body, "diagonal");
}
