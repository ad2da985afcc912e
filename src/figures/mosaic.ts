/**
 * The mosaic of two columns of levels: widths are the shares of one column's levels, heights those of the other's within each, so that
 * areas are the shares of the pairs. Where the columns are independent all cuts are in one line.
 *
 * J. A. Hartigan, B. Kleiner, "Mosaics for contingency tables", Computer Science and Statistics 13 (1981).
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import type { DrawnColumn } from "./drawnColumn.ts";
import type { PlotAxis } from "./plotAxis.ts";
import { isTurned, letterWidth, tickSize } from "./plotPanel.ts";

/** A part of a mosaic, in parts of its sides: from the left, and from the top. */
export interface MosaicPart {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
  /** Level of the second column, which has the same strength wherever it is. */
  readonly level: number;
}

/** Pieces of a line of length 1 by shares: where each begins and ends. Without any share all are empty. */
function pieces(shares: readonly number[]): readonly (readonly [start: number, end: number])[] {
  const total = shares.reduce((sum, share) => sum + share, 0) || 1;
  let end = 0;
  return shares.map((share) => {
    const start = end;
    end += share / total;
    return [start, end] as const;
  });
}

/** Rows by level of two columns, of those that have both. */
function countsOf(first: DrawnColumn, second: DrawnColumn, set: number): readonly (readonly number[])[] {
  const counts = Array.from({ length: first.axis.levels! }, () =>
    new Array<number>(second.axis.levels!).fill(0),
  );
  first.cells[set]!.forEach((level, row) => {
    const other = second.cells[set]![row]!;
    if (level >= 0 && other >= 0) counts[level]![other]!++;
  });
  return counts;
}

/**
 * The parts of a mosaic that is split along x by the first column, and within each part along y by the second.
 * @returns The parts, and where each level of the first column begins and ends.
 */
export function mosaicParts(
  first: DrawnColumn,
  second: DrawnColumn,
  set: number,
): { readonly parts: readonly MosaicPart[]; readonly columns: readonly (readonly [number, number])[] } {
  const counts = countsOf(first, second, set);
  const columns = pieces(counts.map((column) => column.reduce((sum, count) => sum + count, 0)));
  const parts = counts.flatMap((column, i) =>
    pieces(column).map(([y1, y2], level): MosaicPart => {
      const [x1, x2] = columns[i]!;
      return { x1, x2, y1, y2, level };
    }),
  );
  return { parts: parts.filter(({ x1, x2, y1, y2 }) => x2 > x1 && y2 > y1), columns };
}

/** A level's name stands beside a part that is so many pixels wide at least. */
const leastTick = 11;

/** Where a level begins and ends along a side of the mosaic, in parts of it. */
type Stretch = readonly [start: number, end: number, level: number];

/** The axis of a panel whose levels lie where the mosaic has them. Names below parts are turned, or left out where they do not fit. */
function placedAxis(axis: PlotAxis, stretches: readonly Stretch[], side: number, isBelow: boolean): PlotAxis {
  const turns = isBelow && isTurned(axis, side);
  const isShown = ([start, end, level]: Stretch): boolean => {
    const room = (end - start) * side;
    const width = axis.format(level).length * letterWidth * tickSize;
    return room >= leastTick && (turns || !isBelow || width <= room + 6);
  };
  const shown = stretches.filter(isShown);
  const names = new Map(shown.map(([start, end, level]) => [(start + end) / 2, axis.format(level)]));
  return {
    ...axis,
    low: 0,
    high: 1,
    ticks: [...names.keys()],
    format: (tick) => names.get(tick) ?? "",
    // Names are turned where levels are narrower than names.
    levels: turns ? side : 1,
  };
}

/**
 * The mosaic of a panel.
 * @param along - Which axis is split first: the cuts across it go through the whole panel.
 */
export function mosaic(
  x: DrawnColumn,
  y: DrawnColumn,
  set: number,
  color: string,
  along: "x" | "y",
  side: number,
): { readonly marks: Plot.Markish[]; readonly x: PlotAxis; readonly y: PlotAxis } {
  const isAcross = along === "x";
  const [first, second] = isAcross ? [x, y] : [y, x];
  const { parts, columns } = mosaicParts(first, second, set);
  // Names of the second column stand where ticks are: on the left those of the first part, on the right those of the last.
  const outer = (isAcross ? parts[0] : parts.at(-1))?.x1;
  const ofOuter = parts.filter(({ x1 }) => x1 === outer).map(({ y1, y2, level }): Stretch => [y1, y2, level]);
  const firstAxis = placedAxis(
    first.axis,
    columns.map(([start, end], level): Stretch => [start, end, level]),
    side,
    isAcross,
  );
  const secondAxis = placedAxis(second.axis, ofOuter, side, !isAcross);
  const ends = isAcross
    ? { x1: "x1", x2: "x2", y1: "y1", y2: "y2" }
    : { x1: "y1", x2: "y2", y1: "x1", y2: "x2" };
  const levels = second.axis.levels!;
  return {
    marks: [
      // Lines of the grid do not show through.
      Plot.rect([{ x1: 0, x2: 1, y1: 0, y2: 1 }], { ...ends, fill: "#ffffff" }),
      Plot.rect(parts as MosaicPart[], {
        ...ends,
        fill: color,
        // The first level is the strongest; few levels are far apart.
        fillOpacity: ({ level }: MosaicPart) => 0.8 - (0.68 * level) / Math.max(1, levels - 1),
        stroke: "#ffffff",
        strokeWidth: 1.2,
      }),
    ],
    ...(isAcross ? { x: firstAxis, y: secondAxis } : { x: secondAxis, y: firstAxis }),
  };
}
