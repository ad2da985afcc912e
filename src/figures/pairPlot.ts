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
import { checkSchema } from "../tables/schema/checkSchema.ts";
import type { TableSchema } from "../tables/schema/columnSchema.ts";
import { allColumns, cellColumns, checkTable, type Table } from "../tables/table.ts";
import { marginal } from "./columnMarks.ts";
import { type DrawnColumn, drawnColumn, drawnSchema, type RowSet } from "./drawnColumn.ts";
import { pairPicture } from "./pairMarks.ts";
import {
  escapeText,
  faint,
  labelBelow,
  labelBeside,
  letterWidth,
  panel,
  text,
  tickRoomOf,
} from "./plotPanel.ts";
import { svgDocument } from "./svgDocument.ts";

/** What to draw. */
export interface PairPlotOptions {
  /** Rows that the flow describes; without them the samples are drawn alone. */
  readonly data?: Table | undefined;
  /** Rows that are drawn above the diagonal, such as those that a flow has drawn; without data the only ones. */
  readonly samples: Table;
  /** Columns, in order; at most six are drawn. Default: those of the samples. */
  readonly columns?: readonly string[] | undefined;
  /**
   * What the columns are, such as `flow.description.schema`; of those that it does not name, numbers are drawn as numbers, and text as
   * levels, dates or times, whichever it looks like.
   */
  readonly schema?: TableSchema | undefined;
  /** What stands above. Default: `Data and samples`. */
  readonly title?: string | undefined;
}

const pairPlotOptionTable: OptionTable<PairPlotOptions> = {
  data: anything,
  samples: required(anything),
  columns: names,
  schema: anything,
  title: words,
};

/** More columns than this make panels too small to read. */
export const mostColumns = 6;

/** Seen equally well by the color-blind (Okabe and Ito's blue and vermilion, the former a little darker). */
export const dataColor: string = "#1f6fb4";
export const sampleColor: string = "#d9540f";

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

/** The least room around the panels. */
const panelMargins = { left: 70, right: 70, top: 84, bottom: 76 } as const;

/** Levels that are drawn, by the number of columns. */
const mostLevels = [14, 12, 8, 7, 6, 6] as const;

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

/** Room for the names of levels. */
function roomFor(layout: Layout, drawn: readonly DrawnColumn[]): Layout {
  const rooms = drawn.map(({ axis }) => tickRoomOf(axis, layout.side));
  const beside = Math.max(panelMargins.left, ...rooms.map((room) => room.beside + 30));
  const below = Math.max(...rooms.map((room) => room.below));
  return { ...layout, left: beside, right: beside, bottom: panelMargins.bottom + below - 22 };
}

/** Shares of missing cells, in the upper corner of a panel of a distribution. */
function missingNote({ missing }: DrawnColumn, sets: readonly RowSet[], right: number, top: number): string {
  if (missing.every((share) => share === 0)) return "";
  const words = sets.map(
    ({ color }, set) => `<tspan fill="${color}">${escapeText(missingText(missing[set]!))}</tspan>`,
  );
  return (
    `<text x="${right - 5}" y="${top + 13}" font-size="9.5" fill="${faint}" text-anchor="end" ` +
    `stroke="#ffffff" stroke-width="3" paint-order="stroke">missing ${words.join(" · ")}</text>`
  );
}

/** A share of cells, as briefly as can be. */
export const missingText = (share: number): string =>
  share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(100 * share)} %`;

/** Title, legend and, where needed, a note, above the panels. */
function header(
  options: PairPlotOptions,
  sets: readonly RowSet[],
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

function footnote(width: number, height: number): string {
  const note =
    "axes of numbers span the central 99 % of the rows; bars and areas are shares of rows, boxes the middle half, whiskers 90 %";
  return text(width - 14, height - 10, note, { size: 9.5, color: faint, anchor: "end" });
}

function oneColumn(column: DrawnColumn, sets: readonly RowSet[], layout: Layout): [number, number, string[]] {
  const width = 620;
  const { axis } = column;
  const { marks, heightAxis } = marginal(column, sets, "upright");
  const { below } = tickRoomOf(axis, width);
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
      missingNote(column, sets, left + width, layout.top),
      labelBelow(axis, left, layout.top + layout.side, width, below),
    ],
  ];
}

/** Height of the marginals of two columns. */
const ribbon = 74;

/** Data and samples side by side in the same orientation, so that the eye compares like with like. */
function twoColumns(
  drawn: readonly DrawnColumn[],
  sets: readonly RowSet[],
  layout: Layout,
): [number, number, string[]] {
  const [first, second] = drawn as [DrawnColumn, DrawnColumn];
  const [x, y] = [first.axis, second.axis];
  const { below } = tickRoomOf(x, layout.side);
  const { side, gap } = layout;
  const top = layout.top + ribbon + gap;
  const across = marginal(first, sets, "upright");
  const upward = marginal(second, sets, "sideways");
  const body: string[] = [];
  sets.forEach((_, place) => {
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
      panel(left, top, {
        ...pairPicture(first, second, sets, place, layout, "x"),
        width: side,
        height: side,
        ticks,
      }),
      missingNote(first, sets, left + side, layout.top),
      labelBelow(x, left, top + side, side, below),
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
    missingNote(second, sets, right + ribbon + 8, top - 16),
    labelBeside(y, 20, top, side, -90),
  );
  return [right + ribbon + 24, top + side + layout.bottom, body];
}

/** The square of panels: data below the diagonal, samples above it; with one set, below it alone. */
function square(
  drawn: readonly DrawnColumn[],
  sets: readonly RowSet[],
  layout: Layout,
): [number, number, string[]] {
  const { side, gap } = layout;
  const last = drawn.length - 1;
  const hasUpper = sets.length > 1;
  const below = Math.max(...drawn.map(({ axis }) => tickRoomOf(axis, side).below));
  const body: string[] = [];
  drawn.forEach((across, row) => {
    const y = across.axis;
    const top = layout.top + row * (side + gap);
    drawn.forEach((column, place) => {
      const x = column.axis;
      const left = layout.left + place * (side + gap);
      const bottom = row === last;
      if (row === place) {
        const { marks, heightAxis } = marginal(column, sets, "upright");
        const ticks = { bottom };
        body.push(
          panel(left, top, { x, y: heightAxis, width: side, height: side, ticks, gridY: false, marks }),
          missingNote(column, sets, left + side, top),
        );
        return;
      }
      const set = place < row ? 0 : 1;
      if (set === 1 && !hasUpper) return;
      const ticks = { bottom, left: place === 0, right: place === last };
      // A mosaic of samples mirrors that of the data: both are split first by the column that comes first.
      const picture = pairPicture(column, across, sets, set, layout, set === 0 ? "x" : "y");
      body.push(panel(left, top, { ...picture, width: side, height: side, ticks }));
    });
    body.push(
      labelBelow(y, layout.left + row * (side + gap), layout.top + last * (side + gap) + side, side, below),
    );
    if (row > 0) body.push(labelBeside(y, 16, top, side, -90));
    const edge = layout.left + drawn.length * (side + gap) - gap;
    if (row < last && hasUpper) body.push(labelBeside(y, edge + layout.right - 14, top, side, 90));
  });
  const inner = drawn.length * (side + gap) - gap;
  return [layout.left + inner + layout.right, layout.top + inner + layout.bottom, body];
}

/**
 * The pair plot as a complete SVG document. {@link writeFigure} makes a file of it.
 *
 * Limits and ticks of a column are the same wherever it is drawn: the central 99 % of the data's rows (of the
 * samples', without data), padded; of dates all. Levels have bars, the rare ones of many together. Two columns of numbers are points; of
 * more rows than points (4000 of two columns, fewer of more) hexagons, whose strength says how many rows they hold; tiles where numbers
 * repeat. Numbers by level are boxes. Two columns of levels are a mosaic: the column that comes first is cut by its shares, and each part
 * by the shares of the other within it, one strength a level, so that areas are shares of the rows; names stand at the outer parts.
 * Marginals are of all rows. Shares of missing cells are written beside them.
 *
 * @throws UsageError for options that do not fit, DataError if a column is not in both tables, or there are no rows.
 * @example const svg = pairPlot({ data: table, samples: await flow.sample(2000, { seed: 1 }) });
 */
export function pairPlot(given: PairPlotOptions): string {
  const options = checkedOptions("pairPlot", given, pairPlotOptionTable);
  checkTable("pairPlot: samples", options.samples);
  if (options.data !== undefined) checkTable("pairPlot: data", options.data);
  if (options.schema !== undefined) checkSchema("pairPlot", options.schema);
  if ((options.columns ?? allColumns(options.samples)).length === 0)
    refuse("pairPlot", "columns", "at least one name", options.columns ?? []);
  const all = options.columns ?? cellColumns(options.samples).map(({ name }) => name);
  const columns = all.slice(0, mostColumns);
  const samples: RowSet = { name: "samples", color: sampleColor, table: options.samples };
  const data: RowSet | undefined = options.data && { name: "data", color: dataColor, table: options.data };
  const sets = data ? [data, samples] : [samples];
  const layout = layoutOf(columns.length);
  const size = {
    ticks: columns.length === 1 ? 8 : layout.side > 300 ? 6 : layout.side > 180 ? 4 : 3,
    levels: mostLevels[columns.length - 1]!,
    pixels: columns.length === 1 ? 620 : layout.side,
  };
  const drawn = drawnSchema(sets[0]!.table, columns, options.schema).map((column) =>
    drawnColumn(column, sets, size),
  );
  const draw =
    columns.length === 1
      ? () => oneColumn(drawn[0]!, sets, roomFor(layout, drawn))
      : columns.length === 2
        ? twoColumns
        : square;
  const roomy = roomFor(layout, drawn);
  const [width, height, body] = draw(drawn, sets, roomy);
  const hidden = all.length - columns.length;
  return svgDocument(width, height, options.title ?? "Data and samples", [
    header(options, sets, roomy, columns.length, hidden),
    ...body,
    footnote(width, height),
  ]);
}
