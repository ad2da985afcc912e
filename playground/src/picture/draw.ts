/**
 * Draws a flow at a place of the slider onto a canvas.
 *
 * @module
 */

import { linesOfDirection } from "../flow/lines.ts";
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
  | "quadraticCurveTo"
  | "arc"
  | "closePath"
  | "stroke"
  | "fill"
  | "fillRect"
  | "fillText"
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
    rim?: string,
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
  let relief: Relief | undefined;
  const drawGrid = ({ lines }: Snapshot): void =>
    drawLines(context, pointsAt(lines.stops, place), lines.starts, toScreen, colors);
  const hasGrid = snapshot && isWhole(snapshot) && has("grid");
  if (snapshot && (has("density") || has("contours"))) {
    const field = fieldAt(snapshot, place);
    relief = reliefOf(field, has("contours"));
    if (has("density")) {
      paintHeat(heat, relief, field.size, colors);
      sheet.image(heat, side);
    }
    if (hasGrid) drawGrid(snapshot);
    if (has("contours")) drawContours(context, relief, side / field.size, colors);
  } else if (hasGrid) drawGrid(snapshot);
  const radius = Math.max(1.2, side / 420);
  if (has("data")) {
    const points = snapshot ? pointsAt(snapshot.data, place) : scene.points;
    sheet.dots(points, toScreen, radius, colors.data, 0.75);
  }
  if (snapshot && has("samples"))
    sheet.dots(pointsAt(snapshot.samples, place), toScreen, radius, colors.model, 1, colors.paper);
  const isProbed = probed && snapshot && probed.path.length === lastStop(snapshot) + 1;
  // Upon the points, that they can be read, and beside the probe.
  if (relief) {
    const free = isProbed ? [toScreen(...probeAt(probed, place).point)] : [];
    drawLabels(context, relief, side / snapshot!.size, side, colors, free);
  }
  drawTicks(context, view, side, toScreen, colors);
  if (isProbed) drawProbe(context, probed, place, toScreen, colors);
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

function drawLines(
  context: Pen,
  points: Float32Array,
  starts: readonly number[],
  toScreen: ToScreen,
  colors: Colors,
): void {
  context.strokeStyle = colors.base;
  for (let line = 0; line + 1 < starts.length; line++) {
    const isMiddle = line % linesOfDirection === (linesOfDirection - 1) / 2;
    context.globalAlpha = isMiddle ? 0.95 : 0.5;
    context.lineWidth = isMiddle ? 1.4 : 0.9;
    context.beginPath();
    const [first, last] = [starts[line]!, starts[line + 1]! - 1];
    const at = (i: number): readonly [number, number] => toScreen(points[2 * i]!, points[2 * i + 1]!);
    context.moveTo(...at(first));
    // From the middle of a chord to that of the next: a curve has no corners, and stays within its chords.
    for (let i = first + 1; i < last; i++) {
      const [[x, y], [nextX, nextY]] = [at(i), at(i + 1)];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    context.lineTo(...at(last));
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawContours(context: Pen, { contours }: Relief, scale: number, colors: Colors): void {
  context.strokeStyle = colors.model;
  context.lineWidth = 1.5;
  for (const { rings } of contours) {
    context.beginPath();
    for (const ring of rings)
      ring.forEach(([x, y], i) => {
        if (i === 0) context.moveTo(x! * scale, y! * scale);
        else context.lineTo(x! * scale, y! * scale);
      });
    context.stroke();
  }
}

/** Size of the letters of a picture, in pixels of the page: larger on a large one. */
const lettersOf = (side: number): number => Math.round(Math.max(11, side / 58));

/** What contours hold, in a gap of their lines: at an end of each where no other label is, nor what is to be left free, or nowhere. */
function drawLabels(
  context: Pen,
  { contours }: Relief,
  scale: number,
  side: number,
  colors: Colors,
  free: readonly (readonly [number, number])[],
): void {
  const size = lettersOf(side);
  /** Half of the width and of the height that a label takes. */
  const plate = { width: 1.55 * size, height: 0.73 * size };
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const taken = [...free];
  const within = (value: number, margin: number): number => Math.min(side - margin, Math.max(margin, value));
  for (const { share, rings } of contours) {
    // Where lines are close, the labels of all would lie on each other.
    if (share !== 0.5 && share !== 0.95) continue;
    const corners = rings.flat();
    if (corners.length === 0) continue;
    const farthest = (axis: 0 | 1, sign: 1 | -1) =>
      corners.reduce((best, corner) => (sign * corner[axis]! > sign * best[axis]! ? corner : best));
    const at = [farthest(1, -1), farthest(1, 1), farthest(0, 1), farthest(0, -1)]
      .map(([x, y]) => [within(x! * scale, plate.width), within(y! * scale, plate.height)] as const)
      .find(([x, y]) =>
        taken.every(
          ([otherX, otherY]) =>
            Math.abs(x - otherX) > 2 * plate.width || Math.abs(y - otherY) > 2 * plate.height,
        ),
      );
    if (!at) continue;
    taken.push(at);
    const [x, y] = at;
    context.fillStyle = colors.paper;
    context.fillRect(x - plate.width, y - plate.height, 2 * plate.width, 2 * plate.height);
    context.fillStyle = colors.model;
    context.fillText(`${Math.round(100 * share)} %`, x, y);
  }
}

const dots = new Map<string, ImageBitmap>();

/**
 * A dot of a color, drawn once: a thousand paths a frame would cost more than all else. It is a bitmap, as a canvas is looked at
 * anew each time that another takes from it.
 */
function dotOf(radius: number, color: string, rim: string | undefined, rimWidth: number): ImageBitmap {
  const name = `${radius} ${color} ${rim}`;
  const known = dots.get(name);
  if (known) return known;
  // A window that is drawn wider and wider leaves dots of many sizes.
  if (dots.size > 50) dots.clear();
  const outer = radius + (rim ? rimWidth : 0);
  const side = 2 * Math.ceil(outer) + 2;
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d")!;
  const disk = (reach: number, fill: string): void => {
    context.fillStyle = fill;
    context.beginPath();
    context.arc(side / 2, side / 2, reach, 0, 2 * Math.PI);
    context.fill();
  };
  if (rim) disk(outer, rim);
  disk(radius, color);
  const dot = canvas.transferToImageBitmap();
  dots.set(name, dot);
  return dot;
}

/** Width of the rim that sets dots off from a density of their own color, in pixels of the page. */
export const rimOfDots = 0.9;

/** Points as dots, x and y in turn. */
export function drawPoints(
  context: Context,
  points: Float32Array | Float64Array,
  toScreen: ToScreen,
  radius: number,
  color: string,
  opacity: number,
  rim?: string,
): void {
  const density = context.getTransform().a;
  const dot = dotOf(Math.round(radius * density * 10) / 10, color, rim, rimOfDots * density);
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
  context.font = `${lettersOf(side)}px system-ui, sans-serif`;
  context.fillStyle = colors.faint;
  context.strokeStyle = colors.faint;
  context.lineWidth = 1;
  const text = (value: number): string => value.toFixed(digits).replace("-", "−");
  context.textAlign = "center";
  context.textBaseline = "bottom";
  // Multiples of the step, not sums of it: 0 is among them.
  for (let count = Math.ceil((x - half) / step); count * step <= x + half; count++) {
    const [at] = toScreen(count * step, 0);
    if (at < 28 || at > side - 12) continue;
    line(context, at, side, at, side - 4);
    context.fillText(text(count * step), at, side - 6);
  }
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (let count = Math.ceil((y - half) / step); count * step <= y + half; count++) {
    const [, at] = toScreen(0, count * step);
    if (at < 12 || at > side - 24) continue;
    // Short and away from its number, whose sign it would be.
    line(context, 0, at, 2, at);
    context.fillText(text(count * step), 9, at);
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

/** The probe, and what a small square around it in the base has become: its true image, however it is bent. */
function drawProbe(context: Pen, probed: Probed, place: number, toScreen: ToScreen, colors: Colors): void {
  const [x, y] = toScreen(...probeAt(probed, place).point);
  const rim = pointsAt(probed.square, place);
  context.lineWidth = 2;
  context.strokeStyle = colors.text;
  context.fillStyle = colors.base;
  context.beginPath();
  for (let i = 0; i < rim.length; i += 2) context.lineTo(...toScreen(rim[i]!, rim[i + 1]!));
  context.closePath();
  context.globalAlpha = 0.35;
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
