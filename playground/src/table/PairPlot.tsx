/** Columns against each other: rows of the table below the diagonal, rows of the flow above. */

import { useEffect, useRef } from "preact/hooks";
import { type Colors, colorsOf } from "../picture/draw.ts";
import { theme } from "../theme.ts";
import { type Axis, axisOf } from "./axis.ts";
import type { Cell, Columns, StrangeRow } from "./protocol.ts";

/** As much of a name as there is room for. */
function shortened(context: CanvasRenderingContext2D, name: string, room: number): string {
  if (context.measureText(name).width <= room) return name;
  const letters = [...name];
  while (letters.length > 1 && context.measureText(`${letters.join("")}…`).width > room) letters.pop();
  return `${letters.join("")}…`;
}

/** Paints the plot, panel by panel: pauses between them. */
function* painting(
  context: CanvasRenderingContext2D,
  names: readonly string[],
  rows: Columns,
  samples: Columns | undefined,
  marked: readonly StrangeRow["cells"][],
  side: number,
  colors: Colors,
): Generator<void> {
  const gap = 8;
  const cell = (side - gap * (names.length - 1)) / names.length;
  const axes: Axis[] = [];
  for (const name of names) {
    axes.push(axisOf(rows[name] ?? samples?.[name] ?? []));
    yield;
  }
  context.font = "600 12px system-ui, sans-serif";
  for (const [row, name] of names.entries()) {
    for (const [column, other] of names.entries()) {
      const [left, top] = [column * (cell + gap), row * (cell + gap)];
      context.strokeStyle = colors.faint;
      context.globalAlpha = 0.35;
      context.strokeRect(left + 0.5, top + 0.5, cell - 1, cell - 1);
      context.globalAlpha = 1;
      context.save();
      context.beginPath();
      context.rect(left, top, cell, cell);
      context.clip();
      if (row === column) {
        const axis = axes[row]!;
        const drawn = samples && sharesOf(axis, samples[name] ?? []);
        drawMarginals(context, [sharesOf(axis, rows[name] ?? []), drawn], left, top, cell, colors);
        context.fillStyle = colors.text;
        context.textBaseline = "top";
        context.textAlign = "left";
        context.fillText(shortened(context, name, cell - 12), left + 6, top + 6);
      } else if (row > column && !rows[name] && samples) {
        const shares = sharesOfPairs(
          [axes[column]!, axes[row]!],
          [samples[other] ?? [], samples[name] ?? []],
        );
        drawShares(context, shares, axes[column]!.bins, left, top, cell, colors);
      } else {
        const source = row > column ? rows : samples;
        if (source) {
          const [xs, ys] = [source[other] ?? [], source[name] ?? []];
          context.fillStyle = row > column ? colors.data : colors.model;
          context.globalAlpha = 0.55;
          const size = Math.max(1.5, Math.min(2.5, cell / 90));
          for (let i = 0; i < xs.length; i++) {
            const [x, y] = [axes[column]!.place(xs[i]!, i), axes[row]!.place(ys[i]!, i + xs.length)];
            if (Number.isNaN(x) || Number.isNaN(y)) continue;
            context.fillRect(
              left + atEdge(x) * cell - size / 2,
              top + (1 - atEdge(y)) * cell - size / 2,
              size,
              size,
            );
          }
          context.globalAlpha = 1;
          if (row > column) {
            context.strokeStyle = colors.text;
            context.lineWidth = 1.5;
            // A whole ring, also at the edge.
            const within = (at: number): number => Math.min(cell - ring, Math.max(ring, at));
            marked.forEach((cells) => {
              const i = placeAmong(xs, ys, cells[other] ?? null, cells[name] ?? null);
              const x = axes[column]!.place(cells[other] ?? null, i);
              const y = axes[row]!.place(cells[name] ?? null, i + xs.length);
              if (Number.isNaN(x) || Number.isNaN(y)) return;
              const [across, down] = [atEdge(x) * cell, (1 - atEdge(y)) * cell];
              context.fillRect(left + across - size / 2, top + down - size / 2, size, size);
              context.beginPath();
              context.arc(left + within(across), top + within(down), ring - 1.5, 0, 2 * Math.PI);
              context.stroke();
            });
            context.lineWidth = 1;
          }
        }
      }
      if (row === column) {
        context.font = "11px system-ui, sans-serif";
        context.fillStyle = colors.faint;
        context.textBaseline = "bottom";
        context.textAlign = "left";
        context.fillText(axes[column]!.low, left + 4, top + cell - 3, cell / 2 - 6);
        context.textAlign = "right";
        context.fillText(axes[column]!.high, left + cell - 4, top + cell - 3, cell / 2 - 6);
        context.font = "600 12px system-ui, sans-serif";
      }
      context.restore();
      yield;
    }
  }
}

/** Longest piece of painting, in milliseconds: what somebody does meanwhile is answered. */
const longestPiece = 8;

/** Does work in tasks of their own, and then what follows; gives what ends it before. */
function inTasks(work: Generator<void>, then: () => void): () => void {
  let timer = 0;
  const next = (): void => {
    const end = performance.now() + longestPiece;
    do if (work.next().done) return then();
    while (performance.now() < end);
    timer = window.setTimeout(next);
  };
  timer = window.setTimeout(next);
  return () => clearTimeout(timer);
}

/** Reach of a ring, with its line. */
const ring = 6.5;

/** Which of the rows shown has these two cells: its dot is where they are. One that is not shown is after all of them. */
function placeAmong(xs: readonly Cell[], ys: readonly Cell[], x: Cell, y: Cell): number {
  const i = xs.findIndex((each, row) => each === x && ys[row] === y);
  return i >= 0 ? i : 2 * xs.length;
}

/** What lies beyond an axis stands at its end. */
const atEdge = (place: number): number => Math.min(0.985, Math.max(0.015, place));

/** Share of the cells in each bin of an axis. */
function sharesOf(axis: Axis, cells: readonly Cell[]): Float64Array {
  const shares = new Float64Array(axis.bins);
  let all = 0;
  cells.forEach((cell, i) => {
    const place = axis.place(cell, i);
    if (!(place >= 0 && place < 1)) return;
    shares[Math.floor(place * axis.bins)]!++;
    all++;
  });
  return shares.map((count) => count / Math.max(1, all));
}

/** Share of the pairs of cells in each cell of the bins of two axes, row by row from the lowest. */
function sharesOfPairs(
  [across, up]: readonly [Axis, Axis],
  [xs, ys]: readonly [readonly Cell[], readonly Cell[]],
): Float64Array {
  const shares = new Float64Array(across.bins * up.bins);
  xs.forEach((x, i) => {
    const [column, row] = [across.place(x, i) * across.bins, up.place(ys[i]!, i + xs.length) * up.bins];
    if (column >= 0 && column < across.bins && row >= 0 && row < up.bins)
      shares[Math.floor(row) * across.bins + Math.floor(column)]! += 1 / xs.length;
  });
  return shares;
}

/** Shares as a heat map. */
function drawShares(
  context: CanvasRenderingContext2D,
  shares: Float64Array,
  columns: number,
  left: number,
  top: number,
  side: number,
  colors: Colors,
): void {
  const rows = shares.length / columns;
  // Borders on whole pixels: others would be seen between the cells.
  const x = (column: number): number => Math.round(left + (column * side) / columns);
  const y = (row: number): number => Math.round(top + side - (row * side) / rows);
  const most = Math.max(1e-9, ...shares);
  context.fillStyle = colors.model;
  shares.forEach((share, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    context.globalAlpha = 0.8 * Math.sqrt(share / most);
    context.fillRect(x(column), y(row + 1), x(column + 1) - x(column), y(row) - y(row + 1));
  });
  context.globalAlpha = 1;
}

/** Marginals of the table, filled, and of the flow, as a line, on one scale. */
function drawMarginals(
  context: CanvasRenderingContext2D,
  [rows, samples]: readonly [Float64Array, Float64Array | undefined],
  left: number,
  top: number,
  side: number,
  colors: Colors,
): void {
  const width = side / rows.length;
  const foot = top + side - 18;
  const scale = (side - 44) / Math.max(1e-9, ...rows, ...(samples ?? []));
  context.fillStyle = colors.data;
  context.globalAlpha = 0.45;
  rows.forEach((share, bin) => {
    context.fillRect(left + bin * width + 0.5, foot - share * scale, width - 1, share * scale);
  });
  context.globalAlpha = 1;
  if (!samples) return;
  context.strokeStyle = colors.model;
  context.lineWidth = 2;
  context.beginPath();
  samples.forEach((share, bin) => {
    context.lineTo(left + bin * width, foot - share * scale);
    context.lineTo(left + (bin + 1) * width, foot - share * scale);
  });
  context.stroke();
  context.lineWidth = 1;
}

export function PairPlot(props: {
  readonly names: readonly string[];
  readonly rows: Columns;
  readonly samples: Columns | undefined;
  /** Rows that are ringed. */
  readonly marked: readonly StrangeRow["cells"][];
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { names, rows, samples, marked } = props;
  const now = theme.value;
  useEffect(() => {
    const element = canvas.current!;
    let stop = (): void => undefined;
    const observer = new ResizeObserver(([entry]) => {
      stop();
      const side = entry!.contentRect.width;
      if (side === 0) return;
      const density = Math.min(3, devicePixelRatio);
      // What was seen before stays until the next is whole.
      const sheet = document.createElement("canvas");
      sheet.width = sheet.height = Math.round(side * density);
      const context = sheet.getContext("2d")!;
      context.setTransform(density, 0, 0, density, 0, 0);
      const colors = colorsOf(document.documentElement);
      stop = inTasks(painting(context, names, rows, samples, marked, side, colors), () => {
        element.width = element.height = sheet.width;
        element.getContext("2d")!.drawImage(sheet, 0, 0);
      });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      stop();
    };
  }, [names, rows, samples, marked, now]);
  return (
    <canvas
      ref={canvas}
      class="pairs"
      role="img"
      aria-label={`Pair plot of ${names.join(", ")}: ${names.every((name) => rows[name]) ? "rows of the table" : "the density of rows of the flow"} below the diagonal${samples ? ", rows of the flow above" : ""}`}
    />
  );
}
