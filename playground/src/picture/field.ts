/**
 * The density that is drawn, at any place of the slider: exact at the data, and before that the lattice of the base as far as it has
 * been pushed forward, or that of the data as far as it has been sent back: each where it is the finer one.
 *
 * @module
 */

import { contours } from "d3-contour";
import type { Snapshot, Square } from "../flow/protocol.ts";

/** Log-densities on a square grid over a view. */
export interface Field {
  readonly values: Float32Array;
  readonly size: number;
  readonly view: Square;
}

/** What the base is seen in: four standard deviations to each side. */
const baseView: Square = { x: 0, y: 0, half: 4 };

/** Between two numbers. */
const between = (a: number, b: number, share: number): number => a + (b - a) * share;

/** Number of stops behind the first. */
export const lastStop = ({ lattice }: Snapshot): number => lattice.length - 1;

/** Whether there is more than the density: the way of the points through all stops. */
export const isWhole = ({ side }: Snapshot): boolean => side > 0;

/** What is in view at a place, which counts stops: the last step alone leads to the units of the data. */
export function viewAt(snapshot: Snapshot, place: number): Square {
  const share = Math.max(0, place - lastStop(snapshot) + 1);
  const { view } = snapshot;
  return {
    x: between(baseView.x, view.x, share),
    y: between(baseView.y, view.y, share),
    half: between(baseView.half, view.half, share),
  };
}

/** Points at a place between two stops: on the straight line from the one to the other. */
export function pointsAt(stops: readonly Float32Array[], place: number): Float32Array {
  const stop = Math.min(Math.floor(place), stops.length - 1);
  const share = place - stop;
  const from = stops[stop]!;
  if (share === 0) return from;
  const to = stops[stop + 1]!;
  return from.map((value, i) => between(value, to[i]!, share));
}

/** The density at a place. */
export function fieldAt(snapshot: Snapshot, place: number): Field {
  const { density, size, view, sentBack } = snapshot;
  if (place >= lastStop(snapshot)) return { values: density, size, view };
  const at = viewAt(snapshot, place);
  const values = new Float32Array(size * size).fill(Number.NEGATIVE_INFINITY);
  const lengths = new Float32Array(size * size).fill(Number.POSITIVE_INFINITY);
  for (const { lattice, heights, side } of [snapshot, ...(sentBack ? [sentBack] : [])])
    paintLattice(pointsAt(lattice, place), pointsAt(heights, place), side, size, at, values, lengths);
  return { values, size, view: at };
}

/** Paints triangles of a lattice onto a grid with the heights of their corners, wherever none is there that is shorter. */
function paintLattice(
  points: Float32Array,
  heights: Float32Array,
  side: number,
  size: number,
  { x, y, half }: Square,
  values: Float32Array,
  lengths: Float32Array,
): void {
  const scale = size / (2 * half);
  const columns = new Float32Array(side * side);
  const rows = new Float32Array(side * side);
  for (let i = 0; i < columns.length; i++) {
    columns[i] = (points[2 * i]! - x + half) * scale - 0.5;
    rows[i] = (y + half - points[2 * i + 1]!) * scale - 0.5;
  }
  const paint = (a: number, b: number, c: number): void => {
    const [ax, ay, bx, by, cx, cy] = [columns[a]!, rows[a]!, columns[b]!, rows[b]!, columns[c]!, rows[c]!];
    const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
    if (!(Math.abs(area) > 1e-9)) return;
    // A triangle that is torn apart is long, however small its area.
    const length = Math.max(
      (bx - ax) ** 2 + (by - ay) ** 2,
      (cx - ax) ** 2 + (cy - ay) ** 2,
      (cx - bx) ** 2 + (cy - by) ** 2,
    );
    const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx)));
    const right = Math.min(size - 1, Math.floor(Math.max(ax, bx, cx)));
    const top = Math.max(0, Math.ceil(Math.min(ay, by, cy)));
    const bottom = Math.min(size - 1, Math.floor(Math.max(ay, by, cy)));
    for (let row = top; row <= bottom; row++)
      for (let column = left; column <= right; column++) {
        const v = ((column - ax) * (cy - ay) - (cx - ax) * (row - ay)) / area;
        const w = ((bx - ax) * (row - ay) - (column - ax) * (by - ay)) / area;
        if (v < -1e-6 || w < -1e-6 || v + w > 1 + 1e-6) continue;
        const at = row * size + column;
        if (length >= lengths[at]!) continue;
        const height = heights[a]! + v * (heights[b]! - heights[a]!) + w * (heights[c]! - heights[a]!);
        if (Number.isNaN(height)) continue;
        values[at] = height;
        lengths[at] = length;
      }
  };
  for (let row = 0; row + 1 < side; row++)
    for (let column = 0; column + 1 < side; column++) {
      const at = row * side + column;
      paint(at, at + 1, at + side);
      paint(at + 1, at + side + 1, at + side);
    }
}

/** Shares of the probability that contours hold. */
export const shares: readonly number[] = [0.25, 0.5, 0.75, 0.95];

/** A contour, in places of the grid. */
export interface Contour {
  readonly share: number;
  readonly rings: readonly (readonly (readonly number[])[])[];
}

/** Densities, what counts as full color, and the contours of {@link shares}. */
export interface Relief {
  readonly densities: Float32Array;
  readonly full: number;
  readonly contours: readonly Contour[];
}

/** Heights are told apart by so many parts of a nat, over 16 nats. */
const binsPerNat = 200;
const bins = 16 * binsPerNat;

/** The regions of highest density: the smallest that hold their share of all probability. */
export function reliefOf({ values, size, view }: Field, hasContours: boolean): Relief {
  const densities = new Float32Array(values.length);
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) top = Math.max(top, values[i]!);
  const cell = ((2 * view.half) / size) ** 2;
  // Mass by height, from the top down: finer than a line is wide, and without sorting at each frame.
  const masses = new Float64Array(bins);
  for (let i = 0; i < values.length; i++) {
    const density = Math.exp(values[i]!);
    densities[i] = density;
    const bin = Math.floor((top - values[i]!) * binsPerNat);
    if (bin < bins) masses[bin]! += density * cell;
  }
  let [mass, bin] = [0, 0];
  const levelOf = (share: number): number | undefined => {
    while (bin < bins) {
      mass += masses[bin++]!;
      if (mass >= share) return Math.exp(top - (bin - 0.5) / binsPerNat);
    }
    return undefined;
  };
  const full = levelOf(0.04) ?? Math.exp(top);
  if (!hasContours) return { densities, full, contours: [] };
  const trace = contours().size([size, size]);
  return {
    densities,
    full,
    contours: shares.flatMap((share) => {
      const level = levelOf(share);
      if (level === undefined || !(level > 0)) return [];
      return [{ share, rings: trace.contour(densities as unknown as number[], level).coordinates.flat() }];
    }),
  };
}

/** Where, among the data, a point is that is at some place now; undefined outside of the lattice. */
export function throughTo(
  snapshot: Snapshot,
  place: number,
  [px, py]: readonly [number, number],
): readonly [number, number] | undefined {
  const { lattice, side } = snapshot;
  const points = pointsAt(lattice, place);
  const images = lattice[lattice.length - 1]!;
  const within = (a: number, b: number, c: number): readonly [number, number] | undefined => {
    const [ax, ay] = [points[2 * a]!, points[2 * a + 1]!];
    const [bx, by] = [points[2 * b]! - ax, points[2 * b + 1]! - ay];
    const [cx, cy] = [points[2 * c]! - ax, points[2 * c + 1]! - ay];
    const area = bx * cy - cx * by;
    const v = ((px - ax) * cy - cx * (py - ay)) / area;
    const w = (bx * (py - ay) - (px - ax) * by) / area;
    if (!(v >= 0 && w >= 0 && v + w <= 1)) return undefined;
    const [x, y] = [0, 1].map(
      (axis) => (1 - v - w) * images[2 * a + axis]! + v * images[2 * b + axis]! + w * images[2 * c + axis]!,
    );
    return [x!, y!];
  };
  for (let row = 0; row + 1 < side; row++)
    for (let column = 0; column + 1 < side; column++) {
      const at = row * side + column;
      const found = within(at, at + 1, at + side) ?? within(at + 1, at + side + 1, at + side);
      if (found) return found;
    }
  return undefined;
}
