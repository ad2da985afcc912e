/**
 * Flows of angles: of columns that come round (Rezende et al. 2020, https://arxiv.org/abs/2002.02428, section 2.1).
 *
 * @module
 */

import { uniform } from "../distributions/uniform/uniform.ts";
import { UsageError } from "../errors.ts";
import { circularConditioner } from "../networks/circular/circularConditioner.ts";
import { anyNumber, checkCount, type OptionTable } from "../options.ts";
import { chainTransformer } from "../transformers/chainTransformer.ts";
import { circularShift } from "../transformers/circular/circularShift.ts";
import { type Interval, isWithin, realLine, writtenInterval } from "../transformers/interval.ts";
import { rationalQuadraticTransformer } from "../transformers/rationalQuadraticTransformer.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  sized,
  type Unsized,
} from "./architecture.ts";
import { baseOf } from "./checkedParts.ts";
import { transformerFlow } from "./transformerFlow.ts";

/** Options of {@link circularSplineFlow}. */
export interface CircularSplineFlowOptions extends ArchitectureOptions {
  /** Bins of each spline (default 8). */
  readonly bins?: number | undefined;
}

const circularSplineFlowOptionTable: OptionTable<CircularSplineFlowOptions> = {
  ...architectureOptionTable,
  bins: anyNumber,
};

const circle: Interval = [-Math.PI, Math.PI];

/**
 * Circular neural spline flow (Rezende et al. 2020, https://arxiv.org/abs/2002.02428): masked autoregressive maps of angles, from -pi to pi. Each
 * is a rational-quadratic spline around the circle, whose slopes are equal where its ends meet, and a turn; both are functions of cosine
 * and sine of the angles before. The base is uniform on the circle (`base`: another one of angles), so that densities have no seam. Both
 * directions cost about one network pass per transform; default 3 transforms.
 *
 * A fit is told the period of each column, as in `kinds: { phi: "angle:360" }`, and brings it to radians; angles that differ by whole turns are
 * the same. Log-densities are those of one turn, in the units of the column.
 *
 * @throws UsageError if a size is not a positive integer, or for a base that has other numbers than angles.
 */
export function circularSplineFlow(options: CircularSplineFlowOptions): Architecture;
export function circularSplineFlow(options?: Unsized<CircularSplineFlowOptions>): ArchitectureMaker;
export function circularSplineFlow(
  options?: CircularSplineFlowOptions | Unsized<CircularSplineFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("circularSplineFlow", options, circularSplineFlowOptionTable, ({ bins = 8, ...rest }) => {
    const { features, context = 0 } = rest;
    checkCount("circularSplineFlow", "features", features);
    const ends = (end: number): number[] => new Array<number>(features).fill(end);
    const base = baseOf("ncsf", {
      features,
      base: rest.base ?? uniform({ lower: ends(circle[0]), upper: ends(circle[1]) }),
    });
    const { support = realLine } = base;
    if (!isWithin(support, circle))
      throw new UsageError({
        where: "circularSplineFlow",
        subject: "base",
        expected: `of angles, ${writtenInterval(circle)}`,
        received: `one of ${writtenInterval(support)}`,
      });
    return transformerFlow(
      { ...rest, base },
      {
        named: "ncsf",
        kind: "ncsf",
        isAutoregressive: true,
        interval: circle,
        transformer: chainTransformer([
          circularShift(),
          rationalQuadraticTransformer({ bins, bound: Math.PI, tails: "circular" }),
        ]),
        usualTransforms: 3,
        conditioner: (hidden) =>
          circularConditioner({
            hidden,
            angles: Array.from({ length: features }, (_, i) => context + i),
          }),
      },
    );
  });
}
