/**
 * Zero blocks of masked weights: a matrix that is multiplied by a constant mask needs only the extents of what the
 * mask lets through. Nobody writes this down; it is read off the graph.
 *
 * @module
 */

import { type Extent, extentsOf } from "../../graph/masks.ts";

/** Rows `start` to `end` of a result, of which only the contributions `from` to `to` are not zero. */
export interface Band {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/** Rows a band has before a change of extents may end it: shorter ones cost more in calls than they save. */
const fewestRows = 12;

/** What {@link bandsOf} has found: a mask has one list of extents, and all transforms may have one mask. */
const bandsFound = new WeakMap<readonly Extent[], readonly Band[]>();

/**
 * The bands of a product, of rows whose contributions that are not zero are between these extents. Rows share a band, and the widest extent
 * in it, until it has `fewest` of them.
 */
export function bandsOf(extents: readonly Extent[], fewest?: number): readonly Band[] {
  // Of part of a layer they are asked for once.
  if (fewest) return findBands(extents, fewest);
  let bands = bandsFound.get(extents);
  if (!bands) bandsFound.set(extents, (bands = findBands(extents, fewestRows)));
  return bands;
}

function findBands(extents: readonly Extent[], fewest: number): Band[] {
  const bands: Band[] = [];
  let open: { start: number; from: number; to: number } | undefined;
  for (let row = 0; row < extents.length; row++) {
    const { 0: from, 1: to } = extents[row]!;
    if (open && (row - open.start < fewest || (from === open.from && to === open.to))) {
      open.from = Math.min(open.from, from);
      open.to = Math.max(open.to, to);
      continue;
    }
    if (open) bands.push({ ...open, end: row });
    open = { start: row, from, to };
  }
  if (open) bands.push({ ...open, end: extents.length });
  return bands.map((band) => (band.from < band.to ? band : { ...band, from: 0, to: 0 }));
}

/**
 * Extents of the rows of a matrix `[rows, columns]` that is read through several masks: what any of them lets through. Undefined, which is
 * all of it, where there is none, or a reader without one.
 */
export function unionOf(
  masks: readonly (Float64Array | undefined)[],
  rows: number,
  columns: number,
): readonly Extent[] | undefined {
  if (masks.length === 0 || masks.includes(undefined)) return undefined;
  const [first, ...others] = new Set(masks);
  return others.reduce(
    (all, mask) => {
      const more = extentsOf(mask, rows, columns, "rows");
      return all.map(([from, to], row): Extent => {
        const [otherFrom, otherTo] = more[row]!;
        return [Math.min(from, otherFrom), Math.max(to, otherTo)];
      });
    },
    extentsOf(first, rows, columns, "rows"),
  );
}
