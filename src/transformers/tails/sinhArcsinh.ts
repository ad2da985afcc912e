/**
 * The sinh-arcsinh transformation (Jones & Pewsey 2009, eq. 1 and section 2.1): two numbers for skewness and weight of tails.
 * The paper's S takes data x to normal Z; here data are y and the base x:
 *
 *     inverse   x = S(y) = sinh(delta asinh(y) - epsilon)        dx/dy = delta cosh(delta asinh(y) - epsilon) / sqrt(1 + y^2)
 *     forward   y = sinh((asinh(x) + epsilon) / delta)
 *
 * epsilon above 0 skews the data to the right; delta below 1 makes their tails heavier than normal ones, above 1 lighter.
 * From |y| = 10 on, S goes on straight with the slope that it has there: a sinh has an end of the numbers near, and what 10
 * deviations away should be, few rows have taught.
 *
 * Raw parameters: epsilon, clipped softly to +-3, and log delta, clipped softly to +-log 4, so that slopes stay below 10^6. All
 * zero is the identity. sinh and asinh are written with expm1 and log1p, and lose no digits near 0.
 *
 * M. C. Jones, A. Pewsey, "Sinh-arcsinh distributions", Biometrika 96 (2009), https://doi.org/10.1093/biomet/asp053
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import { asinh, logCosh, sinh } from "../../graph/library/hyperbolic.ts";
import { add, clamp, div, exp, log1p, mul, neg, square, sub, total } from "../../graph/ops.ts";
import { softClip } from "../softClip.ts";
import { straightBeyond } from "../straightBeyond.ts";
import type { Transformer } from "../transformer.ts";

/** Where the straight line begins, on the side of the data. */
const reach = 10;
const largestSkewness = 3;
const largestLogTail = Math.log(4);

/**
 * The sinh-arcsinh transformer: two parameters per feature, skewness and log weight of the tails.
 * @cost forward O(1), inverse O(1)
 * @example
 * const transformer = sinhArcsinh();
 */
export function sinhArcsinh(): Transformer {
  const read = ([skewness, logTail]: readonly Expr[]): { epsilon: Expr; logDelta: Expr; delta: Expr } => {
    const logDelta = softClip(logTail!, largestLogTail);
    return { epsilon: softClip(skewness!, largestSkewness), logDelta, delta: exp(logDelta) };
  };
  return {
    type: "sinhArcsinh",
    parameterCount: 2,
    forward(x, parameters) {
      const { epsilon, logDelta, delta } = read(parameters);
      const edge = Math.asinh(reach);
      const [low, high] = [-edge, edge].map((end) => sinh(sub(mul(delta, end), epsilon)));
      const clamped = clamp(x, low!, high!);
      const u = div(add(asinh(clamped), epsilon), delta);
      const logSlope = total(neg(logDelta), logCosh(u), mul(-0.5, log1p(square(clamped))));
      return straightBeyond(x, clamped, { value: sinh(u), logDerivative: logSlope });
    },
    inverse(y, parameters) {
      const { epsilon, logDelta, delta } = read(parameters);
      const clamped = clamp(y, -reach, reach);
      const u = sub(mul(delta, asinh(clamped)), epsilon);
      const logSlope = total(logDelta, logCosh(u), mul(-0.5, log1p(square(clamped))));
      return straightBeyond(y, clamped, { value: sinh(u), logDerivative: logSlope });
    },
    toJSON: () => ({ type: "sinhArcsinh" }),
  };
}
