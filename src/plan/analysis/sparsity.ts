/**
 * Zero blocks of masked weights: a matrix that is multiplied by a constant mask needs only the extents of what the
 * mask lets through. Nobody writes this down; it is read off the graph.
 *
 * @module
 */

import { extentOf } from "../../graph/masks.ts";

/** Rows `start` to `end` of a result, of which only the contributions `from` to `to` are not zero. */
export interface Band {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/** Rows a band has before a change of extents may end it: shorter ones cost more in calls than they save. */
const fewestRows = 12;

/**
 * The bands of a product: `extent(row)` gives the first and one past the last contribution that is not zero. Rows share a
 * band, and the widest extent in it, until it has `fewest` of them.
 */
export function bandsOf(
  rows: number,
  extent: (row: number) => readonly [number, number],
  fewest: number = fewestRows,
): Band[] {
  const bands: Band[] = [];
  let open: { start: number; from: number; to: number } | undefined;
  for (let row = 0; row < rows; row++) {
    const { 0: from, 1: to } = extent(row);
    if (open && (row - open.start < fewest || (from === open.from && to === open.to))) {
      open.from = Math.min(open.from, from);
      open.to = Math.max(open.to, to);
      continue;
    }
    if (open) bands.push({ ...open, end: row });
    open = { start: row, from, to };
  }
  if (open) bands.push({ ...open, end: rows });
  return bands.map((band) => (band.from < band.to ? band : { ...band, from: 0, to: 0 }));
}

/**
 * Extents of the rows of a matrix `[rows, columns]` that is read through several masks: what any of them lets through. All of
 * it where there is none, or a reader without one.
 */
export function unionOf(
  masks: readonly (Float64Array | undefined)[],
  rows: number,
  columns: number,
): (row: number) => readonly [number, number] {
  if (masks.length === 0 || masks.includes(undefined)) return () => [0, columns];
  const extents = [...new Set(masks)].map((mask) => extentOf(mask, rows, columns, "rows"));
  return (row) => {
    let [first, end] = [columns, 0];
    for (const extent of extents) {
      const [from, to] = extent(row);
      first = Math.min(first, from);
      end = Math.max(end, to);
    }
    return [first, end];
  };
}
