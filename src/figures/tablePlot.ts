/**
 * A picture of what `describe` says of a table: each column with its kind, its missing cells, its atoms and bounds.
 *
 * @module
 */

import { anything, checkedOptions, type OptionTable, text as words } from "../options.ts";
import { type ColumnDescription, describe, type TableDescription } from "../tables/schema/describe.ts";
import { checkTable, type Table } from "../tables/table.ts";
import { drawnSchema } from "./drawnColumn.ts";
import { dataColor, missingText } from "./pairPlot.ts";
import { faint, text } from "./plotPanel.ts";
import { multiplesWidth, type SmallPicture, smallMultiples } from "./smallMultiples.ts";
import { svgDocument } from "./svgDocument.ts";

/** Options of {@link tablePlot}. */
export interface TablePlotOptions {
  /** What `describe` found (default: it is asked). */
  readonly description?: TableDescription | undefined;
  /** What stands above (default: `A table`). */
  readonly title?: string | undefined;
}

const tablePlotOptionTable: OptionTable<TablePlotOptions> = { description: anything, title: words };

/** More columns than these are too many for one picture. */
const mostColumns = 60;
const margin = 32;

const count = (value: number): string => value.toLocaleString("en-US");

/** What is worth a line: missing cells, frequent values, bounds. */
function noteOf(
  { missing, atoms, onBounds, schema, distinct, outliers }: ColumnDescription,
  rows: number,
): string {
  const parts = [
    ...(missing.rows > 0 ? [`missing ${missingText(missing.rows / rows)}`] : []),
    ...(schema.use === "fit" ? [] : ["not fitted"]),
    ...atoms.slice(0, 2).map(({ value, rows: atomRows }) => `${value} in ${missingText(atomRows / rows)}`),
    ...(onBounds && onBounds.lower + onBounds.upper > 0
      ? [`${count(onBounds.lower + onBounds.upper)} on a bound`]
      : []),
    ...(outliers ? [`${count(outliers.rows)} far outside`] : []),
  ];
  return parts.length > 0 ? parts.join(", ") : `${count(distinct)} different`;
}

/**
 * A picture of each column of a table, in a grid, as SVG: bars of levels and of whole numbers, histograms of numbers, their atoms as
 * bars of their own, bounds as dashed lines; above each its kind and the share of its missing cells.
 *
 * Axes of numbers span the central 99 % of the rows, padded. At most 60 columns are drawn.
 * @throws UsageError for what is not a table, or options that do not fit.
 * @example await writeFigure(tablePlot(await readTable("people.csv")), "people.svg");
 */
export function tablePlot(table: Table, given: TablePlotOptions = {}): string {
  const { description = describe(table), title = "A table" } = checkedOptions(
    "tablePlot",
    given,
    tablePlotOptionTable,
  );
  checkTable("tablePlot", table);
  const { columns, rows } = description;
  const shown = columns.slice(0, mostColumns);
  const schemas = drawnSchema(
    table,
    shown.map(({ name }) => name),
    description.schema,
  );
  const pictures = shown.map((column, i): SmallPicture => {
    const { kind } = column.schema;
    const isEmpty = kind === "identifier" || kind === "text" || column.missing.rows === rows;
    return { schema: schemas[i]!, kind, note: noteOf(column, rows), isEmpty };
  });
  const sets = [{ name: "data", color: dataColor, table }];
  const { body, height } = smallMultiples(pictures, sets, margin, 92);
  const hidden = columns.length - shown.length;
  const facts = `${count(rows)} rows, ${count(columns.length)} columns${hidden > 0 ? `, the first ${mostColumns} of them drawn` : ""}; dashed lines are bounds, dark bars values with a probability of their own`;
  return svgDocument(multiplesWidth + 2 * margin - 20, 92 + height + 20, title, [
    text(margin, 38, title, { size: 17 }),
    text(margin, 60, facts, { size: 11, color: faint }),
    ...body,
  ]);
}
