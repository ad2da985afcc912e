/**
 * Rows of checked cells as a table. The columns are those of the model, whatever the cells look like: "007" stays a text.
 *
 * @module
 */

import type { TextColumn } from "../../entries/tables.ts";
import type { Table } from "../../index.ts";
import type { Cell, MixedColumn, RowColumns } from "./rowSchemas.ts";

/** Whether the cells of a column are texts in a table, as texts that its kind reads. */
function isText({ kind, written }: MixedColumn): boolean {
  return (
    kind === "categorical" ||
    kind === "ordinal" ||
    kind === "boolean" ||
    kind === "date-time" ||
    (kind === "angle" && written !== undefined)
  );
}

/** How a cell is written, by what the column is. */
function textOf({ kind, levels = [] }: MixedColumn, cell: string | number | boolean): string {
  if (typeof cell === "string") return cell;
  if (typeof cell === "boolean") {
    const isPair = kind === "boolean" && levels.length === 2;
    return String(isPair ? levels[Number(cell)] : cell);
  }
  const isSame = (level: string | number): boolean =>
    typeof level === "number" ? level === cell : level.trim() !== "" && Number(level) === cell;
  return String(levels.find(isSame) ?? cell);
}

function textColumn(column: MixedColumn, rows: readonly (readonly Cell[])[], place: number): TextColumn {
  const codes = new Int32Array(rows.length);
  const places = new Map<string, number>();
  for (let row = 0; row < rows.length; row++) {
    const cell = rows[row]![place]!;
    if (cell === null) {
      codes[row] = -1;
      continue;
    }
    const text = textOf(column, cell);
    let code = places.get(text);
    if (code === undefined) {
      code = places.size;
      places.set(text, code);
    }
    codes[row] = code;
  }
  return { name: column.name, levels: [...places.keys()], codes };
}

/**
 * Makes tables of rows, whose cells are in the order of the columns and of the types that these take. What does not depend on the rows is
 * made once.
 */
export function tableMaker({ names, mixed }: RowColumns): (rows: readonly (readonly Cell[])[]) => Table {
  const textPlaces = names.flatMap((_, i) => (mixed && isText(mixed[i]!) ? [i] : []));
  const numberPlaces = names.flatMap((_, i) => (textPlaces.includes(i) ? [] : [i]));
  const columns = numberPlaces.map((place) => names[place]!);
  const records = names.map((name, i) => ({
    name,
    readAs: textPlaces.includes(i) ? ("text" as const) : ("numbers" as const),
    parse: [],
  }));
  return (rows) => {
    const values = new Float64Array(rows.length * numberPlaces.length);
    let at = 0;
    for (const row of rows)
      for (const place of numberPlaces) values[at++] = (row[place] as number | null) ?? Number.NaN;
    const texts = textPlaces.map((place) => textColumn(mixed![place]!, rows, place));
    return { columns, rows: rows.length, values, ...(texts.length > 0 ? { texts } : {}), records };
  };
}
