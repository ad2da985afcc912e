/**
 * The marks of columns of any kinds: bars and outlines of one, points, tiles, boxes and squares of two.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { RandomStream, randomKey } from "../random/philox.ts";
import { type DrawnColumn, type RowSet, sharesOf } from "./drawnColumn.ts";
import type { PlotAxis } from "./plotAxis.ts";

/** Which way a panel lies: `upright` has the column's axis below. */
type Side = "upright" | "sideways";

interface Box {
  readonly from: number;
  readonly to: number;
  readonly height: number;
}

type Style = Readonly<Record<string, unknown>>;

function rects(boxes: readonly Box[], side: Side, style: Style): Plot.Markish {
  const along = { from: (own: Box) => own.from, to: (own: Box) => own.to, height: (own: Box) => own.height };
  return side === "upright"
    ? Plot.rect(boxes as Box[], { x1: along.from, x2: along.to, y1: 0, y2: along.height, ...style })
    : Plot.rect(boxes as Box[], { y1: along.from, y2: along.to, x1: 0, x2: along.height, ...style });
}

/** Marks of a marginal and the axis of its heights. */
export interface Marginal {
  readonly marks: Plot.Markish[];
  readonly heightAxis: PlotAxis;
}

/** A bar more than so many times as high as the others is cut, and its share written beside it. */
const tallest = 2.5;

/** Where bars are cut, so that one tall bar does not flatten the others: above the highest of the others. */
function cutOf(heights: readonly number[]): number {
  const sorted = heights.toSorted((a, b) => b - a);
  const high = sorted.findIndex((height, i) => i > 0 && sorted[i - 1]! > tallest * height && i <= 2);
  const second = high > 0 && sorted.length > 8 ? sorted[high]! : 0;
  return second > 0 ? 1.4 * second : sorted[0]!;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Marginals of all sets: the first filled, the second as an outline. Heights are shares of the rows. */
export function marginal(column: DrawnColumn, sets: readonly RowSet[], side: Side): Marginal {
  const { edges, isSeparate, atoms, axis } = column;
  const shares = sets.map((_, set) => sharesOf(column, set));
  const isNumber = axis.levels === undefined;
  const byBar = Array.from(shares[0]!.bars, (_, bar) => Math.max(...shares.map(({ bars }) => bars[bar]!)));
  const byAtom = atoms.map((_, atom) => Math.max(...shares.map((share) => share.atoms[atom]!)));
  const cut = isNumber ? cutOf([...byBar, ...byAtom]) : Math.max(...byBar, 1e-9);
  const top = cut * 1.12 || 1;
  const width = edges[1]! - edges[0]!;
  const gap = isSeparate ? (isNumber ? 0.06 : 0.12) * width : 0;
  const thin = (axis.high - axis.low) / 90;
  const marks = sets.flatMap(({ color }, set): Plot.Markish[] => {
    const { bars, atoms: ofAtoms } = shares[set]!;
    const isFilled = set === 0;
    const fill = { fill: color, fillOpacity: 0.28 };
    const stroke = { fill: "none", stroke: color, strokeWidth: 1.4 };
    const atomBoxes = atoms.map(
      (atom, i): Box => ({ from: atom - thin / 2, to: atom + thin / 2, height: Math.min(top, ofAtoms[i]!) }),
    );
    const atomMarks =
      atoms.length > 0 ? [rects(atomBoxes, side, isFilled ? { ...fill, fillOpacity: 0.75 } : stroke)] : [];
    if (isSeparate) {
      const boxes = Array.from(
        bars,
        (height, bar): Box => ({
          from: edges[bar]! + gap,
          to: edges[bar + 1]! - gap,
          height: Math.min(top, height),
        }),
      );
      return [rects(boxes, side, isFilled ? fill : stroke), ...atomMarks];
    }
    const outline: [number, number][] = [[edges[0]!, 0]];
    bars.forEach((height, bar) =>
      outline.push([edges[bar]!, Math.min(top, height)], [edges[bar + 1]!, Math.min(top, height)]),
    );
    outline.push([edges.at(-1)!, 0]);
    const along = (point: [number, number]): number => point[0];
    const height = (point: [number, number]): number => point[1];
    const area =
      side === "upright"
        ? Plot.areaY(outline, { x: along, y1: 0, y2: height, ...fill })
        : Plot.areaX(outline, { y: along, x1: 0, x2: height, ...fill });
    const line = { stroke: color, strokeWidth: isFilled ? 0.8 : 1.5, strokeOpacity: isFilled ? 0.5 : 1 };
    const edge =
      side === "upright"
        ? Plot.line(outline, { x: along, y: height, ...line })
        : Plot.line(outline, { y: along, x: height, ...line });
    return [...(isFilled ? [area] : []), edge, ...atomMarks];
  });
  return {
    marks: [...marks, ...cutLabels()],
    heightAxis: { name: "", unit: "", low: 0, high: top, ticks: [], format: String },
  };

  /** Shares of the bars that are cut, beside their ends. */
  function cutLabels(): Plot.Markish[] {
    const places = [
      ...byBar.map((share, bar) => ({
        share,
        at: (edges[bar]! + edges[bar + 1]!) / 2,
        of: (set: number) => shares[set]!.bars[bar]!,
      })),
      ...byAtom.map((share, atom) => ({
        share,
        at: atoms[atom]!,
        of: (set: number) => shares[set]!.atoms[atom]!,
      })),
    ].filter(({ share }) => share > top);
    return places.flatMap(({ at, of }) =>
      sets.map(({ color }, set) => {
        const isRight = at > (axis.low + axis.high) / 2;
        const label = { text: [percent(of(set))], fill: color, fontSize: 9.5 };
        return side === "upright"
          ? Plot.text([at], {
              x: [at],
              y: [top],
              dy: 24 + 11 * set,
              dx: isRight ? -6 : 6,
              textAnchor: isRight ? "end" : "start",
              ...label,
            })
          : Plot.text([at], {
              y: [at],
              x: [top],
              dx: -4,
              dy: (isRight ? 10 : -10) * (1 + set),
              textAnchor: "end",
              ...label,
            });
      }),
    );
  }
}

/** What a picture of two columns is drawn for. */
export interface PairSize {
  readonly side: number;
  readonly points: number;
}

/** Two columns of each set: points of numbers, tiles where their values repeat, boxes of numbers by level, squares of levels. */
export function pairMarks(
  x: DrawnColumn,
  y: DrawnColumn,
  sets: readonly RowSet[],
  set: number,
  size: PairSize,
): Plot.Markish[] {
  const { color } = sets[set]!;
  const [isX, isY] = [x.axis.levels !== undefined, y.axis.levels !== undefined];
  if (isX && isY) return squares(x, y, sets.length, set, color);
  if (isX !== isY) return boxes(isX ? x : y, isX ? y : x, set, color, isX ? "upright" : "sideways");
  return x.isSeparate || y.isSeparate
    ? tiles(x, y, sets.length, set, color)
    : [points(x, y, set, color, size)];
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

/** Squares whose areas are the shares of the pairs of levels. */
function squares(x: DrawnColumn, y: DrawnColumn, sets: number, set: number, color: string): Plot.Markish[] {
  const largest = largestShare(x, y, sets);
  const height = y.edges.length - 1;
  const shown = Array.from(jointShares(x, y, set), (share, at): Tile => {
    const [i, j] = [Math.floor(at / height), at % height];
    const half = 0.46 * Math.sqrt(share / largest);
    return { x1: i - half, x2: i + half, y1: j - half, y2: j + half, weight: share };
  }).filter(({ weight }) => weight > 0);
  return [drawTiles(shown, { fill: color, fillOpacity: 0.55, stroke: color, strokeWidth: 0.6 })];
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
