/**
 * The grid of the base as lines that are carried along: with more points where a map stretches them, so that they stay curves.
 *
 * @module
 */

import type { Evaluator } from "./evaluator.ts";
import type { Lines, Square } from "./protocol.ts";

/** Lines between the middle of the lattice, which reaches four standard deviations, and its rim; those of three are drawn. */
const lines = { all: 8, drawn: 6 } as const;
/** Lines of a direction; that through the middle is in the middle of them. */
export const linesOfDirection: number = 2 * lines.drawn + 1;

/** No chord within the picture is longer than this share of half its side, as far as so many points and rounds suffice. */
const longestChord = 0.02;
const mostPoints = 9000;
const rounds = 5;
/** Parts of a chord that is too long, at most, in a round. */
const mostParts = 8;

/** Indexes of the points of each line in a lattice of the base. */
function indexesOf(side: number): number[][] {
  const middle = (side - 1) / 2;
  const everyLine = middle / lines.all;
  const most = everyLine * lines.drawn;
  return [false, true].flatMap((isColumn) =>
    Array.from({ length: linesOfDirection }, (_, line) => {
      const across = middle + (line - lines.drawn) * everyLine;
      return Array.from({ length: 2 * most + 1 }, (_, i) => {
        const along = middle - most + i;
        return isColumn ? along * side + across : across * side + along;
      });
    }),
  );
}

/** Lines by the indexes of their points. */
function gathered(stops: readonly Float64Array[], indexes: readonly (readonly number[])[]): Lines {
  const starts = [0];
  for (const line of indexes) starts.push(starts[starts.length - 1]! + line.length);
  const all = indexes.flat();
  return {
    starts,
    stops: stops.map((stop) =>
      Float32Array.from({ length: 2 * all.length }, (_, i) => stop[2 * all[i >> 1]! + (i & 1)]!),
    ),
  };
}

/** The lines with the points of a lattice alone. */
export const straightLines = (stops: readonly Float64Array[], side: number): Lines =>
  gathered(stops, indexesOf(side));

/** The lines with points between those of the lattice, so that what is in the picture at any stop has no long chords. */
export async function refinedLines(
  evaluator: Evaluator,
  lattice: readonly Float64Array[],
  side: number,
  view: Square,
): Promise<Lines> {
  let stops = lattice;
  let indexes = indexesOf(side);
  const base: Square = { x: 0, y: 0, half: 4 };
  /** Length of a chord where it is longest; 0 where it is out of the picture. */
  const lengthOf = (a: number, b: number): number =>
    Math.max(
      ...stops.map((stop, k) => {
        const { x, y, half } = k === stops.length - 1 ? view : base;
        const [ax, ay] = [(stop[2 * a]! - x) / half, (stop[2 * a + 1]! - y) / half];
        const [bx, by] = [(stop[2 * b]! - x) / half, (stop[2 * b + 1]! - y) / half];
        const isOut =
          Math.min(ax, bx) > 1 || Math.max(ax, bx) < -1 || Math.min(ay, by) > 1 || Math.max(ay, by) < -1;
        return isOut ? 0 : Math.hypot(bx - ax, by - ay);
      }),
    );
  let count = indexes.flat().length;
  for (let round = 0; round < rounds && count < mostPoints; round++) {
    const added: number[] = [];
    const from = stops[0]!;
    const first = from.length / 2;
    indexes = indexes.map((line) =>
      line.flatMap((b, i) => {
        if (i === 0) return [b];
        const a = line[i - 1]!;
        const parts = Math.min(mostParts, Math.ceil(lengthOf(a, b) / longestChord));
        const between: number[] = [];
        for (let part = 1; part < parts && count < mostPoints; part++, count++) {
          const share = part / parts;
          between.push(first + added.length / 2);
          for (const axis of [0, 1]) {
            const start = from[2 * a + axis]!;
            added.push(start + share * (from[2 * b + axis]! - start));
          }
        }
        return [...between, b];
      }),
    );
    if (added.length === 0) break;
    const more = await evaluator.forward(Float64Array.from(added));
    stops = stops.map((stop, k) => {
      const joined = new Float64Array(stop.length + added.length);
      joined.set(stop);
      joined.set(more.stops[k]!, stop.length);
      return joined;
    });
  }
  return gathered(stops, indexes);
}
