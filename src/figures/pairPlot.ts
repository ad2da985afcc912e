/**
 * A pair plot of data against samples, as SVG: marginals on the diagonal, data below it, samples above it.
 * Two columns are drawn side by side instead, in one orientation, with the marginals at the margins.
 *
 * @module
 */

import {
  anything,
  checkedOptions,
  names,
  type OptionTable,
  refuse,
  required,
  text as words,
} from "../options.ts";
import { checkTable, selectColumns, type Table } from "../tables/table.ts";
import { axisOf, type PlotAxis } from "./plotAxis.ts";
import {
  escapeText,
  faint,
  labelBelow,
  labelBeside,
  letterWidth,
  marginal,
  type PointSet,
  panel,
  scatter,
  text,
} from "./plotPanel.ts";

/** What to draw. */
export interface PairPlotOptions {
  /** Rows that the flow describes; without them the samples are drawn alone. */
  readonly data?: Table | undefined;
  /** Rows that are drawn above the diagonal, such as those that a flow has drawn; without data the only ones. */
  readonly samples: Table;
  /** Columns, in order; at most six are drawn. Default: those of the samples. */
  readonly columns?: readonly string[] | undefined;
  /** What stands above. Default: `Data and samples`. */
  readonly title?: string | undefined;
}

const pairPlotOptionTable: OptionTable<PairPlotOptions> = {
  data: anything,
  samples: required(anything),
  columns: names,
  title: words,
};

/** More columns than this make panels too small to read. */
export const mostColumns = 6;

/** Seen equally well by the color-blind (Okabe and Ito's blue and vermilion, the former a little darker). */
const dataColor = "#1f6fb4";
const sampleColor = "#d9540f";

const fontFamily = `"DejaVu Sans", Verdana, "Segoe UI", sans-serif`;

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

const panelMargins = { left: 70, right: 70, top: 84, bottom: 76 } as const;

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
  return { side, gap, points, ...panelMargins };
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
    x += columns === 2 ? layout.side + layout.gap : 32 + label.length * 12 * letterWidth * 0.92;
  }
  if (hidden > 0) {
    const note = `the first ${mostColumns} of ${mostColumns + hidden} columns`;
    parts.push(text(x, 61, note, { size: 12, color: faint }));
  }
  return parts.join("");
}

function document(width: number, height: number, body: readonly string[], options: PairPlotOptions): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family='${fontFamily}' role="img"><title>${escapeText(options.title ?? "Data and samples")}</title>` +
    `<rect width="${width}" height="${height}" fill="#ffffff"/>${body.join("")}</svg>\n`
  );
}

function footnote(width: number, height: number): string {
  const note = "axes span the central 99 % of the rows and a margin; densities are of all rows";
  return text(width - 14, height - 10, note, { size: 9.5, color: faint, anchor: "end" });
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
const ribbon = 74;

/** Data and samples side by side in the same orientation, so that the eye compares like with like. */
function twoColumns(
  axes: readonly PlotAxis[],
  sets: readonly PointSet[],
  layout: Layout,
): [number, number, string[]] {
  const [x, y] = axes as [PlotAxis, PlotAxis];
  const { side, gap } = layout;
  const top = layout.top + ribbon + gap;
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
        height: ribbon,
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
      width: ribbon,
      height: side,
      ticks: {},
      gridX: false,
      marks: upward.marks,
    }),
    labelBeside(y, 20, top, side, -90),
  );
  return [right + ribbon + 24, top + side + layout.bottom, body];
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
 * The pair plot as a complete SVG document. {@link writeFigure} makes a file of it.
 *
 * Limits and ticks of a column are the same wherever it is drawn: the central 99 % of the data's rows (of the
 * samples', without data), padded. The points of a scatter plot are a random part of the rows (the same ones at
 * every call); marginals are histograms of all rows. Missing values are left out.
 *
 * @throws UsageError for options that do not fit, DataError if a column is not in both tables, or there are no rows.
 * @example const svg = pairPlot({ data: table, samples: await flow.sample(2000, { seed: 1 }) });
 */
export function pairPlot(given: PairPlotOptions): string {
  const options = checkedOptions("pairPlot", given, pairPlotOptionTable);
  checkTable("pairPlot: samples", options.samples);
  if (options.data !== undefined) checkTable("pairPlot: data", options.data);
  if ((options.columns ?? options.samples.columns).length === 0)
    refuse("pairPlot", "columns", "at least one name", options.columns ?? []);
  const all = options.columns ?? options.samples.columns;
  const columns = all.slice(0, mostColumns);
  const samples: PointSet = {
    name: "samples",
    color: sampleColor,
    table: selectColumns(options.samples, columns),
  };
  const data: PointSet | undefined = options.data && {
    name: "data",
    color: dataColor,
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
