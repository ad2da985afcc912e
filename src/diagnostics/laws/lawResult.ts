/**
 * What came of one law, and how it is collected over points.
 *
 * @module
 */

/** What came of one law. */
export interface LawResult {
  /** The law, in words. */
  readonly law: string;
  /** Whether it holds; undefined where it cannot be tried. */
  readonly holds: boolean | undefined;
  /** The largest error over what is allowed there: it holds up to 1. NaN where there is none. */
  readonly worst: number;
  /** Where it failed and with what numbers, or why it was not tried; empty where it holds. */
  readonly detail: string;
}

/** The largest share of what is allowed, with what is said of it. */
export class Worst {
  share = 0;
  detail = "";

  /** @param detail - Written only where it is the largest, and too large. */
  take(error: number, allowed: number, detail: () => string): void {
    const share = Number.isNaN(error) || Number.isNaN(allowed) ? Number.POSITIVE_INFINITY : error / allowed;
    if (!(share > this.share)) return;
    this.share = share;
    this.detail = share > 1 ? detail() : "";
  }

  result(law: string): LawResult {
    return { law, holds: this.share <= 1, worst: this.share, detail: this.detail };
  }
}

/** A law that cannot be tried, and why. */
export const untried = (law: string, detail: string): LawResult => ({
  law,
  holds: undefined,
  worst: Number.NaN,
  detail,
});

/** The Euclidean length of a vector. */
export const lengthOf = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

/** A point in six digits. */
export const pointText = (values: Float64Array): string =>
  `[${Array.from(values, (v) => Number(v.toPrecision(6))).join(", ")}]`;
