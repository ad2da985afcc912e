/**
 * The pieces that a pair plot is made of, as SVG: text, panels with axes, scatter plots, marginals.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom/worker";
import { RandomStream, randomKey } from "../random/philox.ts";
import { column, type Table } from "../tables/table.ts";
import type { PlotAxis } from "./plotAxis.ts";

/** Colors of text: what is read first, and what is read second. */
export const ink: string = "#2b2f36";
export const faint: string = "#6d7480";
const frameColor = "#c9ced6";

/** One set of points: the data or the samples. */
export interface PointSet {
  readonly name: string;
  readonly color: string;
  readonly table: Table;
}

/** Text as it stands in XML. */
export const escapeText: (text: string) => string = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** How a line of text is set. */
export interface TextOptions {
  readonly size?: number | undefined;
  readonly color?: string | undefined;
  readonly anchor?: "start" | "middle" | "end" | undefined;
  readonly rotate?: number | undefined;
}

/** A line of text at a point, as SVG. */
export function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { size = 12, color = ink, anchor = "start", rotate } = options;
  const turn = rotate === undefined ? "" : ` transform="rotate(${rotate} ${x} ${y})"`;
  return (
    `<text x="${x}" y="${y}" font-size="${size}" fill="${color}" text-anchor="${anchor}"${turn}>` +
    `${escapeText(content)}</text>`
  );
}

/** DejaVu Sans is this wide on average, in ems: what a label may hold follows from it. */
export const letterWidth: number = 0.61;

/** The axis' name and unit in `width` pixels: a long name is cut, the unit never. */
function labelOf(axis: PlotAxis, width: number, size: number): string {
  const letters = Math.max(4, Math.floor(width / (letterWidth * size)) - axis.unit.length);
  const name = axis.name.length <= letters ? axis.name : `${axis.name.slice(0, letters - 1).trimEnd()}…`;
  return name + axis.unit;
}

/** Which sides of a panel carry tick labels. */
export interface Ticks {
  readonly bottom?: boolean | undefined;
  readonly left?: boolean | undefined;
  readonly right?: boolean | undefined;
}

/** Room for tick labels inside a panel's own drawing. */
const tickRoom = 52;

/** The part of Plot's options that a panel chooses. */
export interface PanelOptions {
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly width: number;
  readonly height: number;
  readonly ticks: Ticks;
  /** Whether values are on the y axis; a marginal has no ticks there and none of the grid. */
  readonly gridX?: boolean | undefined;
  readonly gridY?: boolean | undefined;
  readonly marks: Plot.Markish[];
}

/** One panel as an SVG element placed so that its frame's upper left corner is at (left, top). */
export function panel(left: number, top: number, options: PanelOptions): string {
  const { x, y, width, height, ticks, marks } = options;
  const { document } = parseHTML("<html><body></body></html>");
  const grid = { stroke: "#eceff3", strokeOpacity: 1 };
  const axis = { tickSize: 4, tickPadding: 4, color: faint, label: null, fontSize: 10.5 };
  const tickX = { ticks: x.ticks, tickFormat: x.format };
  const tickY = { ticks: y.ticks, tickFormat: y.format };
  const drawing = Plot.plot({
    document: document as unknown as Document,
    width: width + 2 * tickRoom,
    height: height + 2 * tickRoom,
    margin: tickRoom,
    x: { domain: [x.low, x.high], axis: null, clamp: false },
    y: { domain: [y.low, y.high], axis: null, clamp: false },
    style: { background: "none" },
    marks: [
      options.gridX === false ? null : Plot.gridX(x.ticks, grid),
      options.gridY === false ? null : Plot.gridY(y.ticks, grid),
      ...marks,
      Plot.frame({ stroke: frameColor }),
      ticks.bottom ? Plot.axisX({ anchor: "bottom", ...axis, ...tickX }) : null,
      ticks.left ? Plot.axisY({ anchor: "left", ...axis, ...tickY }) : null,
      ticks.right ? Plot.axisY({ anchor: "right", ...axis, ...tickY }) : null,
    ],
  });
  drawing.querySelector("style")?.remove();
  drawing.setAttribute("x", String(left - tickRoom));
  drawing.setAttribute("y", String(top - tickRoom));
  drawing.setAttribute("overflow", "visible");
  drawing.removeAttribute("class");
  return compact(drawing.outerHTML);
}

/** Coordinates to two decimals: a hundredth of a pixel is not seen, and the file shrinks by half. Text stays. */
function compact(svg: string): string {
  const shorten = (number: string): string => String(Math.round(Number(number) * 100) / 100);
  return svg.replace(/<[^>]+>/g, (tag) => tag.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, shorten));
}

/** What a scatter plot is drawn for. */
export interface ScatterSize {
  readonly side: number;
  readonly points: number;
}

/** The rows of a scatter plot: a random part of those inside the limits. */
function visiblePoints(table: Table, x: PlotAxis, y: PlotAxis, most: number): [number, number][] {
  const xs = column(table, x.name);
  const ys = column(table, y.name);
  const order = new RandomStream(randomKey(1)).permutation(table.rows);
  const found: [number, number][] = [];
  for (const row of order) {
    const at = xs[row]!;
    const height = ys[row]!;
    // Also leaves out missing values.
    if (at >= x.low && at <= x.high && height >= y.low && height <= y.high) found.push([at, height]);
    if (found.length === most) break;
  }
  return found;
}

/** A scatter plot of a set: at most `size.points` of its rows, for a panel of `size.side` pixels. */
export function scatter(set: PointSet, x: PlotAxis, y: PlotAxis, size: ScatterSize): Plot.Markish {
  const points = visiblePoints(set.table, x, y, size.points);
  // Few points are drawn firmly, many faintly, so that dense regions stand out and do not saturate.
  const opacity = Math.min(0.75, Math.max(0.22, 18 / Math.sqrt(points.length + 1)));
  const radius = size.side > 300 ? 1.5 : size.side > 180 ? 1.25 : 1.05;
  return Plot.dot(points, {
    x: (point: [number, number]) => point[0],
    y: (point: [number, number]) => point[1],
    r: radius,
    fill: set.color,
    fillOpacity: opacity,
  });
}

/** A histogram scaled to a density: the edges' left ends, the width of a bin, and the heights. */
interface Histogram {
  readonly edges: readonly number[];
  readonly step: number;
  readonly heights: Float64Array;
}

/** The density of all rows, of which those outside the limits are not shown. */
function histogram(set: PointSet, axis: PlotAxis, bins: number): Histogram {
  const values = column(set.table, axis.name);
  const step = (axis.high - axis.low) / bins;
  const heights = new Float64Array(bins);
  for (const value of values) {
    const bin = Math.floor((value - axis.low) / step);
    if (bin >= 0 && bin < bins) heights[bin]! += 1 / (values.length * step);
  }
  return { edges: Array.from(heights, (_, bin) => axis.low + bin * step), step, heights };
}

/** Bins of a marginal: more for more rows (cube root, as Scott's rule), as many as its pixels allow. */
function binCount(rows: number, pixels: number): number {
  return Math.round(Math.max(12, Math.min(pixels / 5, 2.6 * Math.cbrt(rows))));
}

/** Marks of a marginal and the axis of its heights. */
export interface Marginal {
  readonly marks: Plot.Markish[];
  readonly heightAxis: PlotAxis;
}

/** Marginals of all sets along one axis: the data filled, the samples as an outline. */
export function marginal(
  sets: readonly PointSet[],
  axis: PlotAxis,
  pixels: number,
  upright: boolean,
): Marginal {
  const rows = Math.min(...sets.map((set) => set.table.rows));
  const bins = binCount(rows, pixels);
  const histograms = sets.map((set) => histogram(set, axis, bins));
  const highest = Math.max(...histograms.map(({ heights }) => Math.max(...heights)));
  const marks = sets.flatMap((set, place) => {
    const { edges, step, heights } = histograms[place]!;
    const outline: [number, number][] = [[axis.low, 0]];
    edges.forEach((edge, bin) => outline.push([edge, heights[bin]!], [edge + step, heights[bin]!]));
    outline.push([axis.high, 0]);
    const along = (point: [number, number]): number => point[0];
    const height = (point: [number, number]): number => point[1];
    const filled = place === 0;
    const area = filled
      ? upright
        ? Plot.areaY(outline, { x: along, y1: 0, y2: height, fill: set.color, fillOpacity: 0.28 })
        : Plot.areaX(outline, { y: along, x1: 0, x2: height, fill: set.color, fillOpacity: 0.28 })
      : null;
    const line = { stroke: set.color, strokeWidth: filled ? 0.8 : 1.5, strokeOpacity: filled ? 0.5 : 1 };
    const edge = upright
      ? Plot.line(outline, { x: along, y: height, ...line })
      : Plot.line(outline, { y: along, x: height, ...line });
    return [area, edge];
  });
  const heightAxis: PlotAxis = {
    name: "",
    unit: "",
    low: 0,
    high: highest * 1.08 || 1,
    ticks: [],
    format: String,
  };
  return { marks, heightAxis };
}

/** A column's name under a panel. */
export function labelBelow(axis: PlotAxis, left: number, bottom: number, width: number): string {
  return text(left + width / 2, bottom + 40, labelOf(axis, width, 12.5), { size: 12.5, anchor: "middle" });
}

/** A column's name beside a panel, turned. */
export function labelBeside(axis: PlotAxis, x: number, top: number, height: number, rotate: number): string {
  const options: TextOptions = { size: 12.5, anchor: "middle", rotate };
  return text(x, top + height / 2, labelOf(axis, height, 12.5), options);
}
