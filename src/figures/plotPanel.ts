/**
 * The pieces that a pair plot is made of, as SVG: text, and panels with axes.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom/worker";
import { type PlotAxis, shortened } from "./plotAxis.ts";

/** Colors of text: what is read first, and what is read second. */
export const ink: string = "#2b2f36";
export const faint: string = "#6d7480";
const frameColor = "#c9ced6";

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
  return shortened(axis.name, letters) + axis.unit;
}

/** Which sides of a panel carry tick labels. */
export interface Ticks {
  readonly bottom?: boolean | undefined;
  readonly left?: boolean | undefined;
  readonly right?: boolean | undefined;
}

/** Room for tick labels inside a panel's own drawing. */
const tickRoom = 130;

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

/** Pixels of the longest label. */
const labelWidth = ({ ticks, format }: PlotAxis): number =>
  Math.max(0, ...ticks.map((tick) => format(tick).length * letterWidth * tickSize));

/** Size of tick labels. */
export const tickSize: number = 10.5;

/** Whether the names of levels do not stand side by side: then they are turned. */
export const isTurned = (axis: PlotAxis, width: number): boolean =>
  axis.levels !== undefined && labelWidth(axis) > width / axis.levels - 4;

/** Ticks whose labels do not touch: all, or every second one, ... */
function spacedTicks(axis: PlotAxis, width: number): readonly number[] {
  const { ticks, low, high, levels } = axis;
  if (levels !== undefined || ticks.length < 2) return ticks;
  const gap = (width * (ticks[1]! - ticks[0]!)) / (high - low);
  const every = Math.max(1, Math.ceil((labelWidth(axis) + 6) / gap));
  return ticks.filter((_, i) => (i - (ticks.length % every === 0 ? every - 1 : 0)) % every === 0);
}

const turned = (axis: PlotAxis, width: number): object =>
  isTurned(axis, width) ? { tickRotate: -40, textAnchor: "end", dx: 3 } : {};

/** Room below a panel that its ticks need, and beside it. */
export function tickRoomOf(
  axis: PlotAxis,
  width: number,
): { readonly below: number; readonly beside: number } {
  const room = labelWidth(axis);
  return {
    below: isTurned(axis, width) ? 14 + room * Math.sin((40 * Math.PI) / 180) : 22,
    beside: 10 + room,
  };
}

/** One panel as an SVG element placed so that its frame's upper left corner is at (left, top). */
export function panel(left: number, top: number, options: PanelOptions): string {
  const { x, y, width, height, ticks, marks } = options;
  const { document } = parseHTML("<html><body></body></html>");
  const grid = { stroke: "#eceff3", strokeOpacity: 1 };
  const axis = { tickSize: 4, tickPadding: 4, color: faint, label: null, fontSize: tickSize };
  const tickX = { ticks: spacedTicks(x, width), tickFormat: x.format };
  const tickY = { ticks: y.ticks, tickFormat: y.format };
  const drawing = Plot.plot({
    document: document as unknown as Document,
    width: width + 2 * tickRoom,
    height: height + 2 * tickRoom,
    margin: tickRoom,
    x: { domain: [x.low, x.high], axis: null, clamp: false },
    // The first level is on top, as one reads.
    y: { domain: y.levels === undefined ? [y.low, y.high] : [y.high, y.low], axis: null, clamp: false },
    style: { background: "none" },
    marks: [
      options.gridX === false ? null : Plot.gridX(x.ticks, grid),
      options.gridY === false ? null : Plot.gridY(y.ticks, grid),
      ...marks,
      Plot.frame({ stroke: frameColor }),
      ticks.bottom ? Plot.axisX({ anchor: "bottom", ...axis, ...tickX, ...turned(x, width) }) : null,
      ticks.left ? Plot.axisY({ anchor: "left", ...axis, ...tickY }) : null,
      ticks.right ? Plot.axisY({ anchor: "right", ...axis, ...tickY }) : null,
    ],
  });
  drawing.querySelector("style")?.remove();
  drawing.setAttribute("x", String(left - tickRoom));
  drawing.setAttribute("y", String(top - tickRoom));
  drawing.setAttribute("overflow", "visible");
  drawing.removeAttribute("class");
  // Plot numbers what it clips by, on and on: a panel's place makes the same picture of the same rows.
  const clip = `clip-${Math.round(left)}-${Math.round(top)}`;
  return compact(drawing.outerHTML.replaceAll(/plot-clip-\d+/g, clip));
}

/** Coordinates to two decimals: a hundredth of a pixel is not seen, and the file shrinks by half. Text stays. */
function compact(svg: string): string {
  const shorten = (number: string): string => String(Math.round(Number(number) * 100) / 100);
  return svg.replace(/<[^>]+>/g, (tag) => tag.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, shorten));
}

/** A column's name under a panel. */
export function labelBelow(axis: PlotAxis, left: number, bottom: number, width: number, below = 22): string {
  return text(left + width / 2, bottom + below + 18, labelOf(axis, width, 12.5), {
    size: 12.5,
    anchor: "middle",
  });
}

/** A column's name beside a panel, turned. */
export function labelBeside(axis: PlotAxis, x: number, top: number, height: number, rotate: number): string {
  const options: TextOptions = { size: 12.5, anchor: "middle", rotate };
  return text(x, top + height / 2, labelOf(axis, height, 12.5), options);
}
