/**
 * The root of an increasing function, in a bracket.
 *
 * @module
 */

import {
  anyNumber,
  callback,
  checkArgument,
  checkedOptions,
  count,
  either,
  type OptionTable,
} from "../../options.ts";
import type { Expr } from "../expr.ts";
import { sizeOf } from "../expr.ts";
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
  sub,
} from "../ops/arithmetic.ts";
import { implicit, iterate, roundingUnit } from "../ops/iteration.ts";
import { anExpression, asExpr, checkExpressions, rowMark, type Value } from "../ops/leaves.ts";
import { broadcastTo } from "../ops/movement.ts";
import { concatenate, reshape, slice } from "../ops/moves.ts";
import { sum } from "../ops/sums.ts";

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

const rootOptionTable: OptionTable<RootOptions> = {
  iterations: count,
  slack: either(anyNumber, anExpression),
};

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
export function root(lower: Expr, upper: Expr, body: (y: Expr) => Expr, options: RootOptions = {}): Expr {
  checkExpressions("root", lower, upper);
  checkArgument("ops.root", "body", body, callback);
  const { iterations = 4000, slack = 0 } = checkedOptions("ops.root", options, rootOptionTable);
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
