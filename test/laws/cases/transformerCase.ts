/**
 * What a row of the table of transformers says, and what several rows need.
 *
 * @module
 */

import type { Transformer } from "../../../src/transformers/transformer.ts";
import { type BijectionCase, clamped } from "./bijectionCase.ts";

/** One row: a transformer, and what its laws must know of it. */
export interface TransformerCase
  extends Pick<
    BijectionCase,
    "startsAsIdentity" | "largestParameter" | "edges" | "within" | "draws" | "hides"
  > {
  readonly transformer: Transformer;
  /** Whether parts that it has several of are equal where all parameters are zero (default false), as in those of other libraries. */
  readonly startsAlike?: boolean;
  /** Features that it is applied to (default 2). */
  readonly features?: number;
}

/** Rows by the name of the exported function, then by what is special about them. */
export type TransformerCases = Readonly<Record<string, TransformerCase>>;

/** Points for a map onto an interval: base numbers up to `reach`, and data inside of it. */
export function within(reach: number, [low, high]: readonly [number, number]): Pick<BijectionCase, "within"> {
  const inside = (y: number): number => {
    if (Number.isFinite(high)) return 0.5 * (low + high) + 0.45 * (high - low) * Math.sin(y);
    return low + Math.max(1e-3, Math.abs(y - low));
  };
  return {
    within: (direction, point) =>
      point.map((value) => (direction === "forward" ? clamped(value, reach) : inside(value))),
  };
}
