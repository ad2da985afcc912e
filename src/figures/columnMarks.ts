/**
 * The marks of one column of any kind: bars and outlines.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { type DrawnColumn, type RowSet, sharesOf } from "./drawnColumn.ts";
import type { PlotAxis } from "./plotAxis.ts";

/** Which way a panel lies: `upright` has the column's axis below. */
export type Side = "upright" | "sideways";

interface Box {
  readonly from: number;
  readonly to: number;
  readonly height: number;
}

/** Options of a mark. */
export type Style = Readonly<Record<string, unknown>>;

function rects(boxes: readonly Box[], side: Side, style: Style): Plot.Markish {
  const along = { from: (box: Box) => box.from, to: (box: Box) => box.to, height: (box: Box) => box.height };
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
