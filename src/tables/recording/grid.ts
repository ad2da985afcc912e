/**
 * The values that a column recorded in steps can have, and the nearest of them to any number: the way back from a
 * column that a fit before 0.2 spread over its step.
 *
 * @module
 */

/** Values a whole number of steps apart, or a list of values where they are not. */
export type Grid =
  | {
      /** The least recorded value. */
      readonly from: number;
      /** The step between values, above 0. */
      readonly step: number;
      /** Steps from the least value to the largest. */
      readonly steps: number;
    }
  | {
      /** All recorded values, in order. */
      readonly values: readonly number[];
    };

/** The grid of a column by name. */
export type ColumnGrid = Grid & { readonly column: string };

/** A list of values is at most this long. */
export const mostListed = 4096;

/** Digits behind the point that a number has when it is written as short as it can be. */
export function decimalsOf(value: number): number {
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  return Math.max(0, (mantissa.split(".")[1]?.length ?? 0) - Number(exponent));
}

/** Moves numbers to the nearest values of a grid, in place; one beyond its ends goes to the end. */
export function snap(grid: Grid, data: Float64Array, start: number, stride: number): void {
  if ("values" in grid) {
    const { values } = grid;
    for (let at = start; at < data.length; at += stride) data[at] = nearest(values, data[at]!);
    return;
  }
  const { from, step, steps } = grid;
  const decimals = Math.max(decimalsOf(from), decimalsOf(step));
  for (let at = start; at < data.length; at += stride) {
    const place = Math.min(steps, Math.max(0, Math.round((data[at]! - from) / step)));
    const value = from + place * step;
    // 0.1 + 2 times 0.1 is 0.30000000000000004, the recorded value 0.3.
    data[at] = decimals <= 100 && Math.abs(value) < 1e21 ? Number(value.toFixed(decimals)) + 0 : value;
  }
}

function nearest(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= value) low = middle;
    else high = middle;
  }
  return Math.abs(value - values[low]!) <= Math.abs(values[high]! - value) ? values[low]! : values[high]!;
}
