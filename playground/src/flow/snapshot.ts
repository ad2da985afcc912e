/**
 * A flow as it is drawn: its density on a grid, and points that go through it.
 *
 * @module
 */

import { normals, uniforms } from "../data/random.ts";
import type { Evaluator, Passage } from "./evaluator.ts";
import { refinedLines, straightLines } from "./lines.ts";
import type { Probed, Sheet, Snapshot, Square } from "./protocol.ts";

/** Rows and columns of the grid of the density: at first, while there is more to come, and at the end. */
const sizes = { first: 64, live: 112, last: 176 } as const;
/** Points to a side of the lattice of the base, while there is more to come and at the end: a multiple of 16 and one. */
const sides = { live: 65, last: 97 } as const;
/** And of the lattice over the view that is sent back at the end. */
const sideSentBack = 113;
/** How far it reaches, in standard deviations. */
const reach = 4;
/** Samples, and points of the data at most. */
const sampleCount = 1200;
const mostPoints = 1500;

/** The points of the grid, row by row from the top. */
function gridOf({ x, y, half }: Square, size: number): Float64Array {
  const points = new Float64Array(2 * size * size);
  const cell = (2 * half) / size;
  for (let row = 0, at = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      points[at++] = x - half + (column + 0.5) * cell;
      points[at++] = y + half - (row + 0.5) * cell;
    }
  return points;
}

function latticeOf({ x, y, half }: Square, side: number): Float64Array {
  const points = new Float64Array(2 * side * side);
  for (let row = 0, at = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      points[at++] = x + half * ((2 * column) / (side - 1) - 1);
      points[at++] = y + half * ((2 * row) / (side - 1) - 1);
    }
  return points;
}

/** Log-densities at each stop, from that of the base and what each step takes away from it. */
function heightsOf(base: Float64Array, taken: readonly Float64Array[]): Float32Array[] {
  let height = base;
  return [base, ...taken.map((each) => (height = height.map((value, i) => value - each[i]!)))].map((all) =>
    Float32Array.from(all),
  );
}

/** A lattice over the view, on its way from the data to the base. */
async function sentBackOf(evaluator: Evaluator, view: Square): Promise<Sheet> {
  const { stops, logAbsDets, baseLogProb } = await evaluator.inverse(latticeOf(view, sideSentBack));
  return {
    lattice: light(stops),
    side: sideSentBack,
    heights: heightsOf(
      baseLogProb,
      logAbsDets.map((each) => each.map((value) => -value)),
    ),
  };
}

/** Noise of the samples, the same for each picture. */
function noiseOf(size: number): Float64Array {
  const normal = normals(uniforms(7));
  return Float64Array.from({ length: size * sampleCount }, () => normal());
}

const light = (stops: readonly Float64Array[]): Float32Array[] =>
  stops.map((stop) => Float32Array.from(stop));

/** Probability of the base whose image lies outside of the view; what the base has beyond the lattice is outside, too. */
function massOutside({ stops, baseLogProb }: Passage, { x, y, half }: Square): number {
  const spacing = ((2 * reach) / (Math.sqrt(baseLogProb.length) - 1)) ** 2;
  const images = stops[stops.length - 1]!;
  let inside = 0;
  baseLogProb.forEach((height, i) => {
    if (Math.abs(images[2 * i]! - x) <= half && Math.abs(images[2 * i + 1]! - y) <= half)
      inside += Math.exp(height) * spacing;
  });
  return Math.max(0, 1 - inside);
}

/** The density on a grid, and its integral over the view. */
async function densityOf(
  evaluator: Evaluator,
  view: Square,
  size: number,
): Promise<Pick<Snapshot, "density" | "size" | "view" | "inside">> {
  const density = await evaluator.logProb(gridOf(view, size));
  const cell = ((2 * view.half) / size) ** 2;
  const inside = density.reduce((sum, height) => sum + Math.exp(height) * cell, 0);
  return { density: Float32Array.from(density), size, view, inside };
}

/** What can be drawn as soon as there is a density: it, coarsely, and the points where they are. */
export async function takeFirstSnapshot(
  evaluator: Evaluator,
  points: Float64Array,
  view: Square,
): Promise<Snapshot> {
  return {
    ...(await densityOf(evaluator, view, sizes.first)),
    lattice: [new Float32Array(0)],
    side: 0,
    heights: [new Float32Array(0)],
    sentBack: undefined,
    lines: { stops: [new Float32Array(0)], starts: [0] },
    samples: [new Float32Array(0)],
    data: [Float32Array.from(points.slice(0, 2 * mostPoints))],
    outside: Number.NaN,
    heldOut: new Float64Array(0),
  };
}

/**
 * What is drawn of a flow as it is now.
 * @param isLast - Whether there is no other to come: then there is time for a finer one.
 * @param heldOut - Points that are scored one by one.
 */
export async function takeSnapshot(
  evaluator: Evaluator,
  points: Float64Array,
  view: Square,
  isLast: boolean,
  heldOut: Float64Array = new Float64Array(0),
): Promise<Snapshot> {
  const moment = isLast ? "last" : "live";
  const side = sides[moment];
  const density = await densityOf(evaluator, view, sizes[moment]);
  const lattice = await evaluator.forward(latticeOf({ x: 0, y: 0, half: reach }, side));
  const samples = await evaluator.forward(await evaluator.drawn(noiseOf(evaluator.noise)));
  // Of an opened model there may be no data here.
  const data =
    points.length > 0
      ? light((await evaluator.inverse(points.slice(0, 2 * mostPoints))).stops)
      : samples.stops.map(() => new Float32Array(0));
  return {
    ...density,
    lattice: light(lattice.stops),
    side,
    heights: heightsOf(lattice.baseLogProb, lattice.logAbsDets),
    sentBack: isLast ? await sentBackOf(evaluator, view) : undefined,
    lines: isLast
      ? await refinedLines(evaluator, lattice.stops, side, view)
      : straightLines(lattice.stops, side),
    samples: light(samples.stops),
    data,
    outside: massOutside(lattice, view),
    heldOut: heldOut.length > 0 ? await evaluator.logProb(heldOut) : heldOut,
  };
}

/** Distance over which the Jacobian at a point is taken. */
const step = 0.01;
/** Side of the square that is carried along, in standard deviations of the base, and points to a side of its rim. */
const square = { side: 0.4, points: 48 } as const;

/** The rim of the square around a point of the base, once around. */
function rimOf(x: number, y: number): number[] {
  const corners = [
    [-0.5, -0.5],
    [0.5, -0.5],
    [0.5, 0.5],
    [-0.5, 0.5],
  ] as const;
  return corners.flatMap(([u, v], i) => {
    const [nextU, nextV] = corners[(i + 1) % 4]!;
    return Array.from({ length: square.points }, (_, k) => {
      const share = k / square.points;
      return [x + square.side * (u + share * (nextU - u)), y + square.side * (v + share * (nextV - v))];
    }).flat();
  });
}

/** A point taken apart: its path, the terms of its log-density, the Jacobian and a small square on the way. */
export async function takeProbe(evaluator: Evaluator, point: readonly [number, number]): Promise<Probed> {
  const passage = await evaluator.inverse(Float64Array.from(point));
  const [logProb] = await evaluator.logProb(Float64Array.from(point));
  const [x, y] = passage.stops[0]! as unknown as [number, number];
  const around = await evaluator.forward(
    Float64Array.of(x + step, y, x - step, y, x, y + step, x, y - step, ...rimOf(x, y)),
  );
  return {
    point,
    path: passage.stops.map((stop) => [stop[0]!, stop[1]!]),
    jacobians: around.stops.map((stop) => {
      const difference = (a: number, b: number): number => (stop[a]! - stop[b]!) / (2 * step);
      return [difference(0, 2), difference(4, 6), difference(1, 3), difference(5, 7)];
    }),
    square: around.stops.map((stop) => Float32Array.from(stop.subarray(8))),
    baseLogProb: passage.baseLogProb[0]!,
    steps: passage.logAbsDets.map((values) => values[0]!),
    logProb: logProb!,
  };
}

/** What of a snapshot is handed over instead of copied. */
export function buffersOf({
  density,
  lattice,
  heights,
  sentBack,
  lines,
  samples,
  data,
}: Snapshot): Transferable[] {
  const { lattice: back = [], heights: heightsBack = [] } = sentBack ?? {};
  return [density, ...lattice, ...heights, ...back, ...heightsBack, ...lines.stops, ...samples, ...data].map(
    ({ buffer }) => buffer as ArrayBuffer,
  );
}
