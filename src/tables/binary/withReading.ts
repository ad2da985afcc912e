/**
 * Tables of numbers, read as those of text are: loaded with the formats that hold numbers alone.
 *
 * @module
 */

import { inOnePiece } from "../../platform/pieces.ts";
import { type CellReading, columnParses, missingMarksOf, TableBuilder } from "../reading/tableBuilder.ts";
import type { Table } from "../table.ts";

/** A table of numbers as a builder would have read it: with marks of missing values, and columns that `parse` makes text. */
export function withReading(table: Table, reading: CellReading): Table {
  if (reading.parse === undefined && reading.missingMarks === undefined) return table;
  const builder = new TableBuilder(table.columns, reading);
  const width = table.columns.length;
  const parses = columnParses(reading);
  table.columns.forEach((name, place) => {
    const isText = parses.get(name)?.[0] === "text";
    for (let at = place; at < table.values.length; at += width) {
      if (isText) builder.setText(place, String(table.values[at]));
      else builder.setNumber(place, table.values[at]!);
    }
  });
  builder.endRow(table.rows);
  const builtTable = inOnePiece(builder.building());
  const recordsByName = new Map(builtTable.records.map((record) => [record.name, record]));
  const missingNumbers = missingMarksOf(reading.missingMarks)?.numbers;
  const records = table.records.map((record) => {
    const column = recordsByName.get(record.name);
    // What was found out from the file stays: it is not to be seen from the numbers.
    const { rounded } = record;
    return column && rounded && !missingNumbers?.has(rounded.value)
      ? { ...column, rounded }
      : (column ?? record);
  });
  return { ...builtTable, records };
}
