/**
 * Draws a flow at a place of the slider onto a canvas.
 *
 * @module
 */

import type { Probed, Snapshot, Square } from "../flow/protocol.ts";
import type { LayerName } from "../state.ts";
import { fieldAt, isWhole, lastStop, pointsAt, type Relief, reliefOf, viewAt } from "./field.ts";

/** The colors of the page, as they are in its theme. */
export interface Colors {
  readonly data: string;
  readonly model: string;
  readonly base: string;
  readonly paper: string;
  readonly text: string;
  readonly faint: string;
}

/** The colors of the theme that the page has now. */
export function colorsOf(element: Element): Colors {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    data: color("data"),
    model: color("model"),
    base: color("base"),
    paper: color("paper"),
    text: color("text"),
    faint: color("faint"),
  };
}

/** What is drawn. */
export interface Scene {
  readonly snapshot: Snapshot | undefined;
  /** The points as they are, before there is a flow. */
  readonly points: Float64Array;
  readonly view: Square;
  /** Where the slider is, from 0 to 1. */
  readonly at: number;
  readonly shown: readonly LayerName[];
  readonly probed: Probed | undefined;
  /** Where the keyboard would draw. */
  readonly brush?: readonly [number, number] | undefined;
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
export type ToScreen = (x: number, y: number) => readonly [number, number];

/** What lines and letters are drawn with; part of what a canvas has. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | "globalAlpha"
  | "lineWidth"
  | "strokeStyle"
  | "fillStyle"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "arc"
  | "closePath"
  | "stroke"
  | "fill"
  | "fillRect"
  | "fillText"
  | "strokeText"
>;

/** What a scene is drawn on. */
export interface Sheet {
  readonly pen: Pen;
  /** A small picture over all of the square. */
  image(picture: OffscreenCanvas, side: number): void;
  /** Points as dots, x and y in turn. */
  dots(
    points: Float32Array | Float64Array,
    toScreen: ToScreen,
    radius: number,
    color: string,
    opacity: number,
  ): void;
}

/** Draws a scene onto a square canvas of so many pixels of the page. */
export function draw(context: Context, scene: Scene, side: number, colors: Colors): void {
  const density = context.canvas.width / side;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, side, side);
  const sheet: Sheet = {
    pen: context,
    image(picture) {
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      context.drawImage(picture, 0, 0, side, side);
    },
    dots: (...given) => drawPoints(context, ...given),
  };
  drawScene(sheet, heatOf(context.canvas), scene, side, colors);
}

/** Draws a scene; `heat` is a small canvas for the density, a pixel per cell. */
export function drawScene(
  sheet: Sheet,
  heat: OffscreenCanvas,
  scene: Scene,
  side: number,
  colors: Colors,
): void {
  const { at, shown, probed, brush } = scene;
  // Of a density alone nothing is known before the data.
  const snapshot = scene.snapshot && (isWhole(scene.snapshot) || at === 1) ? scene.snapshot : undefined;
  const context = sheet.pen;
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, side, side);
  const place = snapshot ? at * lastStop(snapshot) : 0;
  const view = snapshot ? viewAt(snapshot, place) : scene.view;
  const scale = side / (2 * view.half);
  const toScreen: ToScreen = (x, y) => [(x - view.x + view.half) * scale, (view.y + view.half - y) * scale];
  const has = (layer: LayerName): boolean => shown.includes(layer);
  const hasGrid = snapshot && isWhole(snapshot) && has("grid");
  if (snapshot && (has("density") || has("contours"))) {
    const field = fieldAt(snapshot, place);
    const relief = reliefOf(field, has("contours"));
    if (has("density")) {
      paintHeat(heat, relief, field.size, colors);
      sheet.image(heat, side);
    }
    if (hasGrid) drawLattice(context, pointsAt(snapshot.lattice, place), snapshot.side, toScreen, colors);
    if (has("contours")) drawContours(context, relief, side / field.size, colors);
  } else if (hasGrid)
    drawLattice(context, pointsAt(snapshot.lattice, place), snapshot.side, toScreen, colors);
  const radius = Math.max(1.2, side / 420);
  if (has("data")) {
    const points = snapshot ? pointsAt(snapshot.data, place) : scene.points;
    sheet.dots(points, toScreen, radius, colors.data, 0.75);
  }
  if (snapshot && has("samples"))
    sheet.dots(pointsAt(snapshot.samples, place), toScreen, radius, colors.model, 0.8);
  drawTicks(context, view, side, toScreen, colors);
  if (probed && snapshot && probed.path.length === lastStop(snapshot) + 1)
    drawProbe(context, probed, place, scale, toScreen, side, colors);
  if (brush) {
    context.strokeStyle = colors.data;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(...toScreen(...brush), 10, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** Red, green and blue of a color such as #12ab34. */
export function channels(color: string): readonly [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const heats = new WeakMap<Context["canvas"], OffscreenCanvas>();

/** The small canvas that belongs to a canvas, for pictures of a pixel per cell. */
function heatOf(canvas: Context["canvas"]): OffscreenCanvas {
  const heat = heats.get(canvas) ?? new OffscreenCanvas(1, 1);
  heats.set(canvas, heat);
  return heat;
}

function paintHeat(heat: OffscreenCanvas, { densities, full }: Relief, size: number, colors: Colors): void {
  if (heat.width !== size) heat.width = heat.height = size;
  const paper = heat.getContext("2d")!;
  const image = paper.createImageData(size, size);
  const [red, green, blue] = channels(colors.model);
  for (let i = 0, at = 0; i < densities.length; i++) {
    const share = Math.min(1, densities[i]! / full);
    image.data[at++] = red;
    image.data[at++] = green;
    image.data[at++] = blue;
    image.data[at++] = 190 * Math.sqrt(share);
  }
  paper.putImageData(image, 0, 0);
}

/** Lines between the middle of the lattice, which reaches four standard deviations, and its rim; those of three are drawn. */
const lines = { all: 8, drawn: 6 } as const;

function drawLattice(
  context: Pen,
  points: Float32Array,
  side: number,
  toScreen: ToScreen,
  colors: Colors,
): void {
  const middle = (side - 1) / 2;
  const everyLine = middle / lines.all;
  const most = everyLine * lines.drawn;
  context.strokeStyle = colors.base;
  for (const isColumn of [false, true])
    for (let offset = -most; offset <= most; offset += everyLine) {
      context.globalAlpha = offset === 0 ? 0.95 : 0.5;
      context.lineWidth = offset === 0 ? 1.4 : 0.9;
      context.beginPath();
      for (let along = -most; along <= most; along++) {
        const [row, column] = isColumn
          ? [middle + along, middle + offset]
          : [middle + offset, middle + along];
        const at = 2 * (row * side + column);
        context.lineTo(...toScreen(points[at]!, points[at + 1]!));
      }
      context.stroke();
    }
  context.globalAlpha = 1;
}

function drawContours(context: Pen, { contours }: Relief, scale: number, colors: Colors): void {
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { share, rings } of contours) {
    context.strokeStyle = colors.model;
    context.lineWidth = 1.5;
    context.beginPath();
    let highest: readonly [number, number] | undefined;
    for (const ring of rings) {
      ring.forEach(([x, y], i) => {
        if (i === 0) context.moveTo(x! * scale, y! * scale);
        else context.lineTo(x! * scale, y! * scale);
        if (!highest || y! < highest[1]) highest = [x!, y!];
      });
    }
    context.stroke();
    // Where lines are close, their labels would lie on each other.
    if (!highest || (share !== 0.5 && share !== 0.95)) continue;
    const label = `${Math.round(100 * share)} %`;
    const [x, y] = [highest[0] * scale, Math.max(9, highest[1] * scale)];
    context.lineWidth = 4;
    context.strokeStyle = colors.paper;
    context.strokeText(label, x, y);
    context.fillStyle = colors.model;
    context.fillText(label, x, y);
  }
}

const dots = new Map<string, ImageBitmap>();

/**
 * A dot of a color, drawn once: a thousand paths a frame would cost more than all else. It is a bitmap, as a canvas is looked at
 * anew each time that another takes from it.
 */
function dotOf(radius: number, color: string): ImageBitmap {
  const name = `${radius} ${color}`;
  const known = dots.get(name);
  if (known) return known;
  // A window that is drawn wider and wider leaves dots of many sizes.
  if (dots.size > 50) dots.clear();
  const side = 2 * Math.ceil(radius) + 2;
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d")!;
  context.fillStyle = color;
  context.beginPath();
  context.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
  context.fill();
  const dot = canvas.transferToImageBitmap();
  dots.set(name, dot);
  return dot;
}

/** Points as dots, x and y in turn. */
export function drawPoints(
  context: Context,
  points: Float32Array | Float64Array,
  toScreen: ToScreen,
  radius: number,
  color: string,
  opacity: number,
): void {
  const density = context.getTransform().a;
  const dot = dotOf(Math.round(radius * density * 10) / 10, color);
  const half = dot.width / 2;
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = opacity;
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [x, y] = toScreen(points[i]!, points[i + 1]!);
    context.drawImage(dot, Math.round(x * density - half), Math.round(y * density - half));
  }
  context.restore();
}

/** Numbers along the left and the lower edge. */
function drawTicks(
  context: Pen,
  { x, y, half }: Square,
  side: number,
  toScreen: ToScreen,
  colors: Colors,
): void {
  const rough = (2 * half) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough)! * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colors.faint;
  context.strokeStyle = colors.faint;
  context.lineWidth = 1;
  const text = (value: number): string => value.toFixed(digits).replace("-", "−");
  context.textAlign = "center";
  context.textBaseline = "bottom";
  for (let value = Math.ceil((x - half) / step) * step; value <= x + half; value += step) {
    const [at] = toScreen(value, 0);
    if (at < 28 || at > side - 12) continue;
    line(context, at, side, at, side - 4);
    context.fillText(text(value), at, side - 6);
  }
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (let value = Math.ceil((y - half) / step) * step; value <= y + half; value += step) {
    const [, at] = toScreen(0, value);
    if (at < 12 || at > side - 24) continue;
    line(context, 0, at, 4, at);
    context.fillText(text(value), 7, at);
  }
}

function line(context: Pen, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** Jacobian and position of the probe at a place. */
export function probeAt(
  { path, jacobians }: Probed,
  place: number,
): {
  readonly point: readonly [number, number];
  readonly jacobian: readonly [number, number, number, number];
} {
  const stop = Math.min(Math.floor(place), path.length - 1);
  const next = Math.min(stop + 1, path.length - 1);
  const mix = (a: number, b: number): number => a + (b - a) * (place - stop);
  const [from, to] = [jacobians[stop]!, jacobians[next]!];
  return {
    point: [mix(path[stop]![0], path[next]![0]), mix(path[stop]![1], path[next]![1])],
    jacobian: [mix(from[0], to[0]), mix(from[1], to[1]), mix(from[2], to[2]), mix(from[3], to[3])],
  };
}

/** A square of area 1 around the probe in the base, as the map carries it along; its tangent, so that its area is exact. */
function drawProbe(
  context: Pen,
  probed: Probed,
  place: number,
  scale: number,
  toScreen: ToScreen,
  side: number,
  colors: Colors,
): void {
  const {
    point,
    jacobian: [a, b, c, d],
  } = probeAt(probed, place);
  const [x, y] = toScreen(...point);
  context.lineWidth = 2;
  context.strokeStyle = colors.text;
  context.fillStyle = colors.base;
  context.beginPath();
  for (const [u, v] of [
    [-0.5, -0.5],
    [0.5, -0.5],
    [0.5, 0.5],
    [-0.5, 0.5],
  ] as const)
    context.lineTo(x + (a * u + b * v) * scale, y - (c * u + d * v) * scale);
  context.closePath();
  // A square that is stretched over the whole picture must not hide it.
  const covered = (Math.abs(a * d - b * c) * scale ** 2) / side ** 2;
  context.globalAlpha = 0.25 * Math.min(1, 0.08 / covered);
  context.fill();
  context.globalAlpha = 1;
  context.stroke();
  context.beginPath();
  context.arc(x, y, 6, 0, 2 * Math.PI);
  context.fillStyle = colors.paper;
  context.fill();
  context.stroke();
  context.beginPath();
  context.arc(x, y, 2.5, 0, 2 * Math.PI);
  context.fillStyle = colors.text;
  context.fill();
}
