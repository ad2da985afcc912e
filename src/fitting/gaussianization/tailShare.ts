/**
 * The base of a Gaussianization: `tailedNormal`, with the share of wide components that held-out rows score best.
 *
 * Marginal maps end in straight lines, so that a row unlike those that were fitted keeps its distance on the way to the
 * base: beyond the others along a direction, or in a gap between clusters. Layers of many directions add such
 * distances up. Under a normal base a row at distance r costs r^2 / 2 nats, hundreds for one row in a thousand.
 *
 * @module
 */

import { tailExcesses, tailGain } from "../../distributions/tailedNormal.ts";
import { logDensities, type Moving, squaresOf } from "./gaussianizationLayers.ts";

/** Shares to choose from; an optimum between two of them is missed by less than its share, in nats per row. */
export const tailShares: readonly number[] = Array.from({ length: 8 }, (_, k) => 4 ** -(k + 1));

/**
 * What half a row far out adds to a mean log-density of so many rows, but for a constant: none seen so far does not say
 * never.
 */
export function halfRow(share: number, rows: number): number {
  return (0.5 * Math.log(share)) / rows;
}

/** Log-density of each row, as a function of the share of wide components in the base. */
export function densitiesUnder(rows: Moving): (share: number) => Float64Array {
  const excesses = tailExcesses(squaresOf(rows), rows.columns.length);
  const normal = logDensities(rows);
  return (share) => {
    const gain = tailGain(share);
    return normal.map((logDensity, row) => logDensity + gain(excesses[row]!));
  };
}
