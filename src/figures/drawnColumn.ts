/**
 * A column as it is drawn: its axis, its cells as places on it, and the bars of its distribution.
 *
 * @module
 */

import { cellsOf } from "../tables/schema/cells.ts";
import type { ColumnSchema, TableSchema } from "../tables/schema/columnSchema.ts";
import { secondsText } from "../tables/schema/dateTimes.ts";
import { inferSchema } from "../tables/schema/describe.ts";
import { cellColumns, column, type Table } from "../tables/table.ts";
import { levelAxis, momentAxis, numberAxis, type PlotAxis } from "./plotAxis.ts";

/** Rows of one origin: the data or the samples. */
export interface RowSet {
  readonly name: string;
  readonly color: string;
  readonly table: Table;
}

/** A column of one set of rows or of two. */
export interface DrawnColumn {
  readonly name: string;
  readonly axis: PlotAxis;
  /** Per set the place of each cell on the axis; not a number where it is missing. */
  readonly cells: readonly Float64Array[];
  /** Per set the share of cells that are missing. */
  readonly missing: readonly number[];
  /** Ends of the bars, in ascending order: one more than bars. */
  readonly edges: readonly number[];
  /** Whether each bar is a value or a level, and stands apart from its neighbors. */
  readonly isSeparate: boolean;
  /** Values with a probability of their own beside the bars. */
  readonly atoms: readonly number[];
}

/** The kinds of columns as a picture takes them: those of the schema; else numbers are numbers and text is what it looks like. */
export function drawnSchema(
  where: Table,
  names: readonly string[],
  schema: TableSchema | undefined,
): readonly ColumnSchema[] {
  const known = new Map(schema?.columns.map((column) => [column.name, column]));
  const texts = cellColumns(where).filter((column) => "text" in column && !known.has(column.name));
  if (texts.some(({ name }) => names.includes(name)))
    for (const column of inferSchema(where).columns)
      if (!known.has(column.name) && texts.some(({ name }) => name === column.name))
        known.set(column.name, column);
  return names.map((name): ColumnSchema => {
    const column = known.get(name);
    // What is not fitted is drawn all the same: as levels where it is text.
    if (column && (column.kind === "constant" || column.kind === "identifier" || column.kind === "text"))
      return {
        name,
        use: "fit",
        ...(isText(where, name)
          ? { kind: "categorical", levels: textLevels(where, name) }
          : { kind: "continuous" }),
      };
    return column ?? { name, kind: "continuous", use: "fit" };
  });
}

const isText = (table: Table, name: string): boolean =>
  table.texts?.some((text) => text.name === name) ?? false;
const textLevels = (table: Table, name: string): readonly string[] =>
  table.texts!.find((text) => text.name === name)!.levels;

const hasLevels = ({ kind }: ColumnSchema): boolean =>
  kind === "categorical" || kind === "ordinal" || kind === "boolean";

/** Levels by their numbers of rows, and as they are written; the rest is one level, "other". */
function drawnLevels(
  schema: ColumnSchema,
  cells: readonly Float64Array[],
  maximum: number,
): { labels: string[]; place: (cell: number) => number } {
  const levels = schema.levels ?? ["false", "true"];
  const counts = new Float64Array(levels.length);
  let isStrange = false;
  for (const cell of cells[0]!) if (cell >= 0) counts[cell]!++;
  for (const columnCells of cells) if (columnCells.some((cell) => cell < 0)) isStrange = true;
  const frequent = Array.from(levels.keys()).sort((a, b) => counts[b]! - counts[a]! || a - b);
  const shownLevels =
    levels.length + Number(isStrange) <= maximum ? frequent : frequent.slice(0, maximum - 1);
  if (schema.kind !== "categorical") shownLevels.sort((a, b) => a - b);
  const rest = levels.length - shownLevels.length;
  const labels = shownLevels.map((level) => String(levels[level]));
  if (rest > 0 || isStrange) labels.push(rest > 0 ? `${rest} others` : "other");
  const places = new Map(shownLevels.map((level, place) => [level, place]));
  return { labels, place: (cell) => places.get(cell) ?? shownLevels.length };
}

/** The step that values are recorded at, of a column that has one. */
function stepOf({ kind, step }: ColumnSchema): number | undefined {
  if (kind === "date-time") return undefined;
  return step ?? (kind === "integer" ? 1 : undefined);
}

/** Bars of a value each, where they are few, else of as many steps as make few. */
const mostSeparate = 32;

function barsOf(
  schema: ColumnSchema,
  axis: PlotAxis,
  rows: number,
  pixels: number,
): Pick<DrawnColumn, "edges" | "isSeparate"> & { low: number; high: number } {
  const barCount = Math.round(Math.max(12, Math.min(pixels / 5, 2.6 * Math.cbrt(rows))));
  const step = stepOf(schema);
  const steps = step === undefined ? 0 : Math.round((axis.high - axis.low) / step);
  if (step === undefined || steps > 20 * barCount) {
    const width = (axis.high - axis.low) / barCount;
    return {
      edges: Array.from({ length: barCount + 1 }, (_, i) => axis.low + i * width),
      isSeparate: false,
      low: axis.low,
      high: axis.high,
    };
  }
  const { from = 0 } = schema;
  const width = step * (steps <= Math.min(mostSeparate, pixels / 5) ? 1 : Math.ceil(steps / barCount));
  const first = from + step * (Math.ceil((axis.low - from) / step - 1e-9) - 0.5);
  const bars = Math.max(1, Math.ceil((axis.high - first) / width - 1e-9));
  const edges = Array.from({ length: bars + 1 }, (_, i) => first + i * width);
  return { edges, isSeparate: width === step, low: first, high: edges[bars]! };
}

/** A turn with four parts, or of a day with clock times. */
function angleAxis(name: string, { lower = 0, period = 360, written, step = 1 }: ColumnSchema): PlotAxis {
  const ticks = [0, 1, 2, 3, 4].map((quarter) => lower + (quarter * period) / 4);
  const format = (value: number): string =>
    written === "time-of-day"
      ? secondsText(((value % 86_400) + 86_400) % 86_400, step)
      : String(Number(value.toPrecision(6))).replace("-", "−");
  return { name, unit: "", low: lower, high: lower + period, ticks, format };
}

/** An angle, whole turns added or taken, where the turn of its column has it. */
function inTurn(cell: number, { lower = 0, period = 360 }: ColumnSchema): number {
  const turns = (cell - lower) / period;
  // The end of the turn, which is where it begins, is drawn where it is.
  return turns >= 0 && turns <= 1 ? cell : cell - period * Math.floor(turns);
}

/** What pictures of a column are made for. */
export interface ColumnSize {
  /** About how many ticks of numbers. */
  readonly ticks: number;
  /** Levels at most; the rest is one, "other". */
  readonly levels: number;
  readonly pixels: number;
}

/** A column of some sets of rows, the first of which decides its axis. */
export function drawnColumn(schema: ColumnSchema, sets: readonly RowSet[], size: ColumnSize): DrawnColumn {
  const { name } = schema;
  // A table of numbers may hold levels as numbers that the schema does not list.
  const cells = sets.map(({ table }) =>
    schema.kind === "continuous"
      ? column({ ...table, records: [] }, name)
      : cellsOf(table, [schema]).cells[0]!,
  );
  const missing = cells.map(
    (cells) =>
      cells.reduce((count, cell) => count + Number(Number.isNaN(cell)), 0) / Math.max(1, cells.length),
  );
  const levels = schema.levels ?? [];
  const isNumeric =
    schema.kind === "ordinal" &&
    levels.length > size.levels &&
    levels.every((level) => typeof level === "number");
  if (hasLevels(schema) && !isNumeric) {
    const { labels, place } = drawnLevels(schema, cells, size.levels);
    const axis = levelAxis(name, labels);
    return {
      name,
      axis,
      cells: cells.map((cells) => cells.map((cell) => (Number.isNaN(cell) ? cell : place(cell)))),
      missing,
      edges: Array.from({ length: labels.length + 1 }, (_, i) => i - 0.5),
      isSeparate: true,
      atoms: [],
    };
  }
  const values = isNumeric
    ? cells.map((cells) => cells.map((cell) => (cell >= 0 ? (levels[cell] as number) : Number.NaN)))
    : schema.kind === "angle"
      ? cells.map((cells) => cells.map((cell) => inTurn(cell, schema)))
      : cells;
  const axis =
    schema.kind === "date-time"
      ? momentAxis(name, values[0]!, size.ticks)
      : schema.kind === "angle"
        ? angleAxis(name, schema)
        : numberAxis(name, values[0]!, size.ticks);
  const rows = Math.min(...values.map((value) => value.length));
  const { edges, isSeparate, low, high } = barsOf(schema, axis, rows, size.pixels);
  const atoms =
    stepOf(schema) === undefined ? (schema.atoms ?? []).filter((atom) => atom >= low && atom <= high) : [];
  return { name, axis: { ...axis, low, high }, cells: values, missing, edges, isSeparate, atoms };
}

/** Per bar the share of a set's rows that it holds, and per atom; those outside the axis are in none. */
export function sharesOf(
  { cells, edges, atoms }: DrawnColumn,
  set: number,
): { readonly bars: Float64Array; readonly atoms: Float64Array } {
  const values = cells[set]!;
  const [low, high] = [edges[0]!, edges.at(-1)!];
  const bars = new Float64Array(edges.length - 1);
  const ofAtoms = new Float64Array(atoms.length);
  const width = (high - low) / bars.length;
  for (const value of values) {
    const atom = atoms.length > 0 ? atoms.indexOf(value) : -1;
    if (atom >= 0) ofAtoms[atom]! += 1 / values.length;
    else if (value >= low && value <= high)
      bars[Math.min(bars.length - 1, Math.floor((value - low) / width))]! += 1 / values.length;
  }
  return { bars, atoms: ofAtoms };
}
