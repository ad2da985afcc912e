/**
 * A pair plot of data against samples, as SVG: marginals on the diagonal, data below it, samples above it.
 * Two columns are drawn side by side instead, in one orientation, with the marginals at the margins.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom/worker";
import { column, selectColumns, type Table } from "../data/table.ts";
import { RandomStream, randomKey } from "../random/philox.ts";
import { axisOf, type PlotAxis } from "./plotAxis.ts";

/** What to draw. */
export interface PairPlotOptions {
  /** Rows that the flow describes; without them the samples are drawn alone. */
  readonly data?: Table;
  readonly samples: Table;
  /** Columns, in order; at most {@link MOST_COLUMNS} are drawn. Default: those of the samples. */
  readonly columns?: readonly string[];
  readonly title?: string;
}

/** More columns than this make panels too small to read. */
export const MOST_COLUMNS = 6;

/** Seen equally well by the colour-blind (Okabe and Ito's blue and vermilion, the former a little darker). */
const DATA_COLOR = "#1f6fb4";
const SAMPLE_COLOR = "#d9540f";
const INK = "#2b2f36";
const FAINT = "#6d7480";
const FRAME = "#c9ced6";

const FONT = `"DejaVu Sans", Verdana, "Segoe UI", sans-serif`;

/** One set of points: the data or the samples. */
interface PointSet {
  readonly name: string;
  readonly color: string;
  readonly table: Table;
}

/** Lengths in pixels. */
interface Layout {
  /** Side of a panel. */
  readonly side: number;
  /** Space between panels. */
  readonly gap: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Points in a scatter plot at most. */
  readonly points: number;
}

const MARGINS = { left: 70, right: 70, top: 84, bottom: 76 } as const;

function layoutOf(columns: number): Layout {
  // Side, gap and points by the number of columns; one column has a panel of its own shape.
  const bySize: readonly (readonly [number, number, number])[] = [
    [420, 12, 0],
    [380, 14, 4000],
    [236, 12, 2000],
    [186, 10, 1400],
    [154, 9, 1000],
    [136, 8, 800],
  ];
  const [side, gap, points] = bySize[columns - 1]!;
  return { side, gap, points, ...MARGINS };
}

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

interface TextOptions {
  readonly size?: number;
  readonly color?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly rotate?: number;
}

function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { size = 12, color = INK, anchor = "start", rotate } = options;
  const turn = rotate === undefined ? "" : ` transform="rotate(${rotate} ${x} ${y})"`;
  return (
    `<text x="${x}" y="${y}" font-size="${size}" fill="${color}" text-anchor="${anchor}"${turn}>` +
    `${escapeText(content)}</text>`
  );
}

/** DejaVu Sans is this wide on average, in ems: what a label may hold follows from it. */
const LETTER_WIDTH = 0.61;

/** The axis' name and unit in `width` pixels: a long name is cut, the unit never. */
function labelOf(axis: PlotAxis, width: number, size: number): string {
  const letters = Math.max(4, Math.floor(width / (LETTER_WIDTH * size)) - axis.unit.length);
  const name = axis.name.length <= letters ? axis.name : `${axis.name.slice(0, letters - 1).trimEnd()}…`;
  return name + axis.unit;
}

/** Which sides of a panel carry tick labels. */
interface Ticks {
  readonly bottom?: boolean;
  readonly left?: boolean;
  readonly right?: boolean;
}

/** Room for tick labels inside a panel's own drawing. */
const TICK_ROOM = 52;

/** The part of Plot's options that a panel chooses. */
interface PanelOptions {
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly width: number;
  readonly height: number;
  readonly ticks: Ticks;
  /** Whether values are on the y axis; a marginal has no ticks there and none of the grid. */
  readonly gridX?: boolean;
  readonly gridY?: boolean;
  readonly marks: Plot.Markish[];
}

/** One panel as an SVG element placed so that its frame's upper left corner is at (left, top). */
function panel(left: number, top: number, options: PanelOptions): string {
  const { x, y, width, height, ticks, marks } = options;
  const { document } = parseHTML("<html><body></body></html>");
  const grid = { stroke: "#eceff3", strokeOpacity: 1 };
  const axis = { tickSize: 4, tickPadding: 4, color: FAINT, label: null, fontSize: 10.5 };
  const tickX = { ticks: x.ticks, tickFormat: x.format };
  const tickY = { ticks: y.ticks, tickFormat: y.format };
  const drawing = Plot.plot({
    document: document as unknown as Document,
    width: width + 2 * TICK_ROOM,
    height: height + 2 * TICK_ROOM,
    margin: TICK_ROOM,
    x: { domain: [x.low, x.high], axis: null, clamp: false },
    y: { domain: [y.low, y.high], axis: null, clamp: false },
    style: { background: "none" },
    marks: [
      options.gridX === false ? null : Plot.gridX(x.ticks, grid),
      options.gridY === false ? null : Plot.gridY(y.ticks, grid),
      ...marks,
      Plot.frame({ stroke: FRAME }),
      ticks.bottom ? Plot.axisX({ anchor: "bottom", ...axis, ...tickX }) : null,
      ticks.left ? Plot.axisY({ anchor: "left", ...axis, ...tickY }) : null,
      ticks.right ? Plot.axisY({ anchor: "right", ...axis, ...tickY }) : null,
    ],
  });
  drawing.querySelector("style")?.remove();
  drawing.setAttribute("x", String(left - TICK_ROOM));
  drawing.setAttribute("y", String(top - TICK_ROOM));
  drawing.setAttribute("overflow", "visible");
  drawing.removeAttribute("class");
  return compact(drawing.outerHTML);
}

/** Coordinates to two decimals: a hundredth of a pixel is not seen, and the file shrinks by half. Text stays. */
function compact(svg: string): string {
  const shorten = (number: string): string => String(Math.round(Number(number) * 100) / 100);
  return svg.replace(/<[^>]+>/g, (tag) => tag.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, shorten));
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

function scatter(set: PointSet, x: PlotAxis, y: PlotAxis, layout: Layout): Plot.Markish {
  const points = visiblePoints(set.table, x, y, layout.points);
  // Few points are drawn firmly, many faintly, so that dense regions stand out and do not saturate.
  const opacity = Math.min(0.75, Math.max(0.22, 18 / Math.sqrt(points.length + 1)));
  const radius = layout.side > 300 ? 1.5 : layout.side > 180 ? 1.25 : 1.05;
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

/** Marginals of all sets along one axis: the data filled, the samples as an outline. */
function marginal(sets: readonly PointSet[], axis: PlotAxis, pixels: number, upright: boolean) {
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

/** Title, legend and, where needed, a note, above the panels. */
function header(
  options: PairPlotOptions,
  sets: readonly PointSet[],
  layout: Layout,
  columns: number,
  hidden: number,
): string {
  const parts = [text(layout.left, 34, options.title ?? "Data and samples", { size: 17 })];
  let x = layout.left;
  for (const set of sets) {
    const label = `${set.name} (${set.table.rows.toLocaleString("en-US")} rows)`;
    parts.push(
      `<circle cx="${x + 5}" cy="57" r="5" fill="${set.color}"/>`,
      text(x + 16, 61, label, { size: 12 }),
    );
    // Over two columns, each entry stands above its own panels.
    x += columns === 2 ? layout.side + layout.gap : 32 + label.length * 12 * LETTER_WIDTH * 0.92;
  }
  if (hidden > 0) {
    const note = `the first ${MOST_COLUMNS} of ${MOST_COLUMNS + hidden} columns`;
    parts.push(text(x, 61, note, { size: 12, color: FAINT }));
  }
  return parts.join("");
}

function document(width: number, height: number, body: readonly string[], options: PairPlotOptions): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family='${FONT}' role="img"><title>${escapeText(options.title ?? "Data and samples")}</title>` +
    `<rect width="${width}" height="${height}" fill="#ffffff"/>${body.join("")}</svg>\n`
  );
}

/** Label under a panel, and beside one. */
function labelBelow(axis: PlotAxis, left: number, bottom: number, width: number): string {
  return text(left + width / 2, bottom + 40, labelOf(axis, width, 12.5), { size: 12.5, anchor: "middle" });
}

function labelBeside(axis: PlotAxis, x: number, top: number, height: number, rotate: number): string {
  const options: TextOptions = { size: 12.5, anchor: "middle", rotate };
  return text(x, top + height / 2, labelOf(axis, height, 12.5), options);
}

function footnote(width: number, height: number): string {
  const note = "axes span the central 99 % of the rows and a margin; densities are of all rows";
  return text(width - 14, height - 10, note, { size: 9.5, color: FAINT, anchor: "end" });
}

function oneColumn(axis: PlotAxis, sets: readonly PointSet[], layout: Layout): [number, number, string[]] {
  const width = 620;
  const { marks, heightAxis } = marginal(sets, axis, width, true);
  const left = 40;
  return [
    width + 2 * left,
    layout.top + layout.side + layout.bottom,
    [
      panel(left, layout.top, {
        x: axis,
        y: heightAxis,
        width,
        height: layout.side,
        ticks: { bottom: true },
        gridY: false,
        marks,
      }),
      labelBelow(axis, left, layout.top + layout.side, width),
    ],
  ];
}

/** Height of the marginals of two columns. */
const RIBBON = 74;

/** Data and samples side by side in the same orientation, so that the eye compares like with like. */
function twoColumns(
  axes: readonly PlotAxis[],
  sets: readonly PointSet[],
  layout: Layout,
): [number, number, string[]] {
  const [x, y] = axes as [PlotAxis, PlotAxis];
  const { side, gap } = layout;
  const top = layout.top + RIBBON + gap;
  const across = marginal(sets, x, side, true);
  const upward = marginal(sets, y, side, false);
  const body: string[] = [];
  sets.forEach((set, place) => {
    const left = layout.left + place * (side + gap);
    const ticks = { bottom: true, left: place === 0 };
    body.push(
      panel(left, layout.top, {
        x,
        y: across.heightAxis,
        width: side,
        height: RIBBON,
        ticks: {},
        gridY: false,
        marks: across.marks,
      }),
      panel(left, top, { x, y, width: side, height: side, ticks, marks: [scatter(set, x, y, layout)] }),
      labelBelow(x, left, top + side, side),
    );
  });
  const right = layout.left + sets.length * (side + gap);
  body.push(
    panel(right, top, {
      x: upward.heightAxis,
      y,
      width: RIBBON,
      height: side,
      ticks: {},
      gridX: false,
      marks: upward.marks,
    }),
    labelBeside(y, 20, top, side, -90),
  );
  return [right + RIBBON + 24, top + side + layout.bottom, body];
}

/** The square of panels: data below the diagonal, samples above it; with one set, below it alone. */
function square(
  axes: readonly PlotAxis[],
  sets: readonly PointSet[],
  layout: Layout,
): [number, number, string[]] {
  const { side, gap } = layout;
  const last = axes.length - 1;
  const lower = sets[0]!;
  const upper = sets[1];
  const body: string[] = [];
  axes.forEach((y, row) => {
    const top = layout.top + row * (side + gap);
    axes.forEach((x, place) => {
      const left = layout.left + place * (side + gap);
      const bottom = row === last;
      if (row === place) {
        const { marks, heightAxis } = marginal(sets, x, side, true);
        const ticks = { bottom };
        body.push(
          panel(left, top, { x, y: heightAxis, width: side, height: side, ticks, gridY: false, marks }),
        );
        return;
      }
      const set = place < row ? lower : upper;
      if (!set) return;
      const ticks = { bottom, left: place === 0, right: place === last };
      body.push(
        panel(left, top, { x, y, width: side, height: side, ticks, marks: [scatter(set, x, y, layout)] }),
      );
    });
    body.push(labelBelow(y, layout.left + row * (side + gap), layout.top + last * (side + gap) + side, side));
    if (row > 0) body.push(labelBeside(y, 16, top, side, -90));
    const edge = layout.left + axes.length * (side + gap) - gap;
    if (row < last && upper) body.push(labelBeside(y, edge + layout.right - 14, top, side, 90));
  });
  const inner = axes.length * (side + gap) - gap;
  return [layout.left + inner + layout.right, layout.top + inner + layout.bottom, body];
}

/**
 * The pair plot as a complete SVG document.
 *
 * Limits and ticks of a column are the same wherever it is drawn: the central 99 % of the data's rows (of the
 * samples', without data), padded. The points of a scatter plot are a random part of the rows (the same ones at
 * every call); marginals are histograms of all rows. Missing values are left out.
 *
 * @throws DataError if a column is in neither table, or there are no rows.
 */
export function pairPlot(options: PairPlotOptions): string {
  const all = options.columns ?? options.samples.columns;
  const columns = all.slice(0, MOST_COLUMNS);
  const samples: PointSet = {
    name: "samples",
    color: SAMPLE_COLOR,
    table: selectColumns(options.samples, columns),
  };
  const data: PointSet | undefined = options.data && {
    name: "data",
    color: DATA_COLOR,
    table: selectColumns(options.data, columns),
  };
  const sets = data ? [data, samples] : [samples];
  const layout = layoutOf(columns.length);
  const tickCount = layout.side > 300 ? 6 : layout.side > 180 ? 4 : 3;
  const axes = columns.map((name) => axisOf(sets[0]!.table, name, columns.length === 1 ? 8 : tickCount));
  const draw =
    columns.length === 1
      ? () => oneColumn(axes[0]!, sets, layout)
      : columns.length === 2
        ? twoColumns
        : square;
  const [width, height, body] = draw(axes, sets, layout);
  const hidden = all.length - columns.length;
  return document(
    width,
    height,
    [header(options, sets, layout, columns.length, hidden), ...body, footnote(width, height)],
    options,
  );
}
