/**
 * The log-density of a mixture of components as an expression, of several columns at once.
 *
 * @module
 */

import type { Expr } from "../../../graph/expr.ts";
import * as g from "../../../graph/ops.ts";
import { columnsOf, logSum } from "./logSums.ts";

/** Logarithms of the scales are at least this. */
export const leastLogScale = -7;
/** Logarithms of the scales are at most this. */
export const largestLogScale = 5;

/** How far a row moves and stretches the components at most: e to the power of this. */
export const largestFactor = 5;

/** Logarithm of the mass of a point mass at other places: none, but a number that float32 has. */
const logNothing = -1e30;

/**
 * log sum_m e^(logit_m + term_m) - log sum_m e^logit_m over the components and the point masses, the columns side by side. All components
 * of all columns go through one program, and what sums them through another: written out for each component they would be several times as
 * much to derive and to compile.
 */
export function mixed(
  targets: Expr,
  parameters: Expr,
  components: number,
  term: (target: readonly Expr[], mean: Expr, logScale: Expr, inverse: Expr) => Expr,
  largestStretch: number,
  masses: number = 0,
): Expr {
  const [columns, targetNumbers] = targets.shape as [number, number];
  const [, numbers] = parameters.shape as [number, number];
  const logits = components + masses;
  /** Numbers of each row of a matrix for each of the components, `[columns components, places]`. */
  const ofComponents = (source: Expr, width: number, places: (m: number) => readonly number[]): Expr => {
    const indices = Array.from({ length: columns * components }, (_, i) =>
      places(i % components).map((place) => Math.floor(i / components) * width + place),
    );
    return g.gather(source, indices.flat(), [indices.length, indices[0]!.length]);
  };
  const terms = Array.from({ length: targetNumbers - masses }, (_, k) => k);
  const [values] = g.mapFeatures(
    [
      ofComponents(targets, targetNumbers, () => terms),
      ofComponents(parameters, numbers, (m) => [
        logits,
        logits + 1,
        logits + 2 + m,
        logits + 2 + components + m,
      ]),
    ],
    (target, [shift, raw, place, rawScale]) => {
      const factor = g.clamp(raw!, -largestFactor, largestStretch);
      const mean = g.add(shift!, g.mul(g.exp(factor), place!));
      const logScale = g.clamp(g.add(rawScale!, factor), leastLogScale, largestLogScale);
      return [[term(target, mean, logScale, g.exp(g.neg(logScale)))]];
    },
  );
  const [logProb] = g.mapFeatures(
    [
      g.reshape(values!, [columns, components]),
      columnsOf(parameters, 0, logits),
      ...(masses > 0 ? [columnsOf(targets, targetNumbers - masses, masses)] : []),
    ],
    (componentTerms, componentLogits, marks = []) => [
      [
        g.sub(
          logSum([
            ...componentTerms.map((value, m) => g.add(componentLogits[m]!, value)),
            ...marks.map((mark, k) => g.select(mark, componentLogits[components + k]!, logNothing)),
          ]),
          logSum(componentLogits),
        ),
      ],
    ],
  );
  return logProb!;
}
