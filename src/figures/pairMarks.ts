/**
 * The marks of two columns of any kinds: points, hexagons, tiles and boxes; see `mosaic.ts` for two columns of levels.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { RandomStream, randomKey } from "../random/philox.ts";
import type { Side, Style } from "./columnMarks.ts";
import type { DrawnColumn, RowSet } from "./drawnColumn.ts";
import { mosaic } from "./mosaic.ts";
import type { PlotAxis } from "./plotAxis.ts";

/** What a picture of two columns is drawn for. */
export interface PairSize {
  readonly side: number;
  readonly points: number;
}

/** A panel of two columns: its marks, and its axes. */
export interface PairPicture {
  readonly marks: Plot.Markish[];
  readonly x: PlotAxis;
  readonly y: PlotAxis;
}

/**
 * Two columns of a set of rows. Numbers: points, or hexagons where there are more rows than points, or tiles where values repeat, whose
 * hexagons would show the steps of both. Numbers by level: boxes. Levels: a mosaic.
 * @param first - Which axis the mosaic is split along first.
 */
export function pairPicture(
  x: DrawnColumn,
  y: DrawnColumn,
  sets: readonly RowSet[],
  set: number,
  size: PairSize,
  first: "x" | "y",
): PairPicture {
  const { color } = sets[set]!;
  const [isX, isY] = [x.axis.levels !== undefined, y.axis.levels !== undefined];
  if (isX && isY) return mosaic(x, y, set, color, first, size.side);
  const axes = { x: x.axis, y: y.axis };
  if (isX !== isY)
    return { ...axes, marks: boxes(isX ? x : y, isX ? y : x, set, color, isX ? "upright" : "sideways") };
  if (x.isSeparate || y.isSeparate) return { ...axes, marks: tiles(x, y, sets.length, set, color) };
  const isMany = sets.some(({ table }) => table.rows > size.points);
  return {
    ...axes,
    marks: [isMany ? hexagons(x, y, sets.length, set, color, size) : points(x, y, set, color, size)],
  };
}

/** The rows of a scatter plot: a random part of those inside the limits. */
function points(x: DrawnColumn, y: DrawnColumn, set: number, color: string, size: PairSize): Plot.Markish {
  const [xs, ys] = [x.cells[set]!, y.cells[set]!];
  const shown: [number, number][] = [];
  for (const row of new RandomStream(randomKey(1)).permutation(xs.length)) {
    const [at, height] = [xs[row]!, ys[row]!];
    // Also leaves out missing values.
    if (at >= x.axis.low && at <= x.axis.high && height >= y.axis.low && height <= y.axis.high)
      shown.push([at, height]);
    if (shown.length === size.points) break;
  }
  // Few points are drawn firmly, many faintly, so that dense regions stand out and do not saturate.
  const opacity = Math.min(0.75, Math.max(0.22, 18 / Math.sqrt(shown.length + 1)));
  const radius = size.side > 300 ? 1.5 : size.side > 180 ? 1.25 : 1.05;
  return Plot.dot(shown, {
    x: (point: [number, number]) => point[0],
    y: (point: [number, number]) => point[1],
    r: radius,
    fill: color,
    fillOpacity: opacity,
  });
}

/** Hexagons from side to side of a panel, and their least width in pixels. */
const hexagonsAcross = 30;
const leastHexagon = 5;

/** Shares of a set's rows by hexagon: its center in units of the axes. */
export function hexagonShares(
  { axis: x, cells: xs }: DrawnColumn,
  { axis: y, cells: ys }: DrawnColumn,
  set: number,
  { width, side }: { readonly width: number; readonly side: number },
): readonly { readonly x: number; readonly y: number; readonly share: number }[] {
  const [scaleX, scaleY] = [side / (x.high - x.low), side / (y.high - y.low)];
  const height = (width * Math.sqrt(3)) / 2;
  const shares = new Map<string, { x: number; y: number; share: number }>();
  xs[set]!.forEach((value, row) => {
    const [across, up] = [(value - x.low) * scaleX, (ys[set]![row]! - y.low) * scaleY];
    // Also leaves out missing values.
    if (!(across >= 0 && across <= side && up >= 0 && up <= side)) return;
    // The nearer of the two nearest centers: that in an even line, and that in an odd one, half a hexagon aside.
    const [even, odd] = [2 * Math.round(up / height / 2), 2 * Math.floor(up / height / 2) + 1];
    const centers = [
      [Math.round(across / width) * width, even * height],
      [(Math.floor(across / width) + 0.5) * width, odd * height],
    ] as const;
    const distances = centers.map(([cx, cy]) => (across - cx) ** 2 + (up - cy) ** 2);
    const [cx, cy] = centers[distances[0]! <= distances[1]! ? 0 : 1]!;
    const key = `${cx} ${cy}`;
    const hexagon = shares.get(key) ?? { x: x.low + cx / scaleX, y: y.low + cy / scaleY, share: 0 };
    hexagon.share += 1 / xs[set]!.length;
    shares.set(key, hexagon);
  });
  return [...shares.values()];
}

/** Hexagons whose strength says how many rows they hold, on one scale for all sets. */
function hexagons(
  x: DrawnColumn,
  y: DrawnColumn,
  sets: number,
  set: number,
  color: string,
  { side }: PairSize,
): Plot.Markish {
  const width = Math.max(leastHexagon, side / hexagonsAcross);
  const bySet = Array.from({ length: sets }, (_, each) => hexagonShares(x, y, each, { width, side }));
  const largest = bySet.flat().reduce((maximum, { share }) => Math.max(maximum, share), 0);
  return Plot.dot(bySet[set] as { x: number; y: number; share: number }[], {
    x: "x",
    y: "y",
    symbol: "hexagon",
    r: width / 2,
    fill: color,
    fillOpacity: ({ share }: { share: number }) => 0.06 + 0.9 * (share / largest) ** 0.4,
    clip: true,
  });
}

interface Tile {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
  readonly weight: number;
}

/** Shares of the rows in the bars of two columns, row-major by x. */
function jointShares(x: DrawnColumn, y: DrawnColumn, set: number): Float64Array {
  const [xs, ys] = [x.cells[set]!, y.cells[set]!];
  const place = ({ edges }: DrawnColumn, value: number): number => {
    const at = Math.floor((value - edges[0]!) / (edges[1]! - edges[0]!));
    return at >= 0 && at < edges.length - 1 ? at : -1;
  };
  const counts = new Float64Array((x.edges.length - 1) * (y.edges.length - 1));
  xs.forEach((value, row) => {
    const [i, j] = [place(x, value), place(y, ys[row]!)];
    if (i >= 0 && j >= 0) counts[i * (y.edges.length - 1) + j]! += 1 / xs.length;
  });
  return counts;
}

const drawTiles = (shown: readonly Tile[], style: Style): Plot.Markish =>
  Plot.rect(shown as Tile[], {
    x1: (tile: Tile) => tile.x1,
    x2: (tile: Tile) => tile.x2,
    y1: (tile: Tile) => tile.y1,
    y2: (tile: Tile) => tile.y2,
    ...style,
  });

/** The largest share of all sets: one scale for them. */
const largestShare = (x: DrawnColumn, y: DrawnColumn, sets: number): number =>
  Math.max(
    1e-12,
    ...Array.from({ length: sets }, (_, set) => jointShares(x, y, set).reduce((a, b) => Math.max(a, b), 0)),
  );

/** Tiles whose strength says how many rows they hold: for numbers that repeat, whose points would lie on each other. */
function tiles(x: DrawnColumn, y: DrawnColumn, sets: number, set: number, color: string): Plot.Markish[] {
  const largest = largestShare(x, y, sets);
  const height = y.edges.length - 1;
  const shown = Array.from(jointShares(x, y, set), (share, at): Tile => {
    const [i, j] = [Math.floor(at / height), at % height];
    return { x1: x.edges[i]!, x2: x.edges[i + 1]!, y1: y.edges[j]!, y2: y.edges[j + 1]!, weight: share };
  }).filter(({ weight }) => weight > 0);
  return [
    drawTiles(shown, {
      fill: color,
      fillOpacity: (tile: Tile) => 0.1 + 0.85 * Math.sqrt(tile.weight / largest),
    }),
  ];
}

/** Quantiles of a box: its whiskers hold 90 % of the rows, the box half of them. */
const boxShares = [0.05, 0.25, 0.5, 0.75, 0.95] as const;
/** Fewer rows are drawn as they are. */
const fewestForBox = 8;

/** A box of the numbers of each level. */
function boxes(
  levels: DrawnColumn,
  numbers: DrawnColumn,
  set: number,
  color: string,
  side: Side,
): Plot.Markish[] {
  const [codes, values] = [levels.cells[set]!, numbers.cells[set]!];
  const { low, high } = numbers.axis;
  const inside = (value: number): number => Math.min(high, Math.max(low, value));
  const whiskers: [number, number, number][] = [];
  const shown: { from: number; to: number; at: number; end: number }[] = [];
  const medians: { from: number; to: number; at: number; end: number }[] = [];
  const single: [number, number][] = [];
  for (let level = 0; level < levels.edges.length - 1; level++) {
    const levelValues = values.filter((value, row) => codes[row] === level && Number.isFinite(value)).sort();
    if (levelValues.length < fewestForBox) {
      for (const value of levelValues) if (value >= low && value <= high) single.push([level, value]);
      continue;
    }
    const [a, b, c, d, e] = boxShares.map((share) =>
      inside(levelValues[Math.round(share * (levelValues.length - 1))]!),
    ) as [number, number, number, number, number];
    const half = 0.32;
    whiskers.push([level, a, e]);
    shown.push({ from: level - half, to: level + half, at: b, end: d });
    const line = (high - low) / 360;
    medians.push({ from: level - half, to: level + half, at: c - line, end: c + line });
  }
  const isUpright = side === "upright";
  const rect = (data: typeof shown, style: Style): Plot.Markish =>
    Plot.rect(data, {
      [isUpright ? "x1" : "y1"]: "from",
      [isUpright ? "x2" : "y2"]: "to",
      [isUpright ? "y1" : "x1"]: "at",
      [isUpright ? "y2" : "x2"]: "end",
      ...style,
    });
  const level = (mark: [number, ...number[]]): number => mark[0];
  const from = (mark: [number, number, number]): number => mark[1];
  const to = (mark: [number, number, number]): number => mark[2];
  const value = (mark: [number, number]): number => mark[1];
  return [
    isUpright
      ? Plot.ruleX(whiskers, { x: level, y1: from, y2: to, stroke: color, strokeOpacity: 0.7 })
      : Plot.ruleY(whiskers, { y: level, x1: from, x2: to, stroke: color, strokeOpacity: 0.7 }),
    rect(shown, { fill: "#ffffff" }),
    rect(shown, { fill: color, fillOpacity: 0.28, stroke: color, strokeOpacity: 0.8, strokeWidth: 0.8 }),
    rect(medians, { fill: color }),
    Plot.dot(single, {
      [isUpright ? "x" : "y"]: level,
      [isUpright ? "y" : "x"]: value,
      r: 1.3,
      fill: color,
      fillOpacity: 0.7,
    }),
  ];
}
