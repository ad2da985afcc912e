/**
 * Rows as a flow takes them: the columns that it is given apart from those that have a density.
 *
 * @module
 */

import { DataError } from "../errors.ts";
import { refuse } from "../options.ts";
import { selectColumns, type Table } from "../tables/table.ts";
import type { Model } from "./model.ts";

/** Rows in two blocks of numbers, each row-major. */
export interface SplitRows {
  /** The columns that have a density. */
  readonly data: Float64Array;
  /** The given columns. */
  readonly context: Float64Array;
  /** Number of rows. */
  readonly count: number;
  /** 1 for each row whose values are all finite; in the others an infinite value stands as 0 in `data`. */
  readonly finite: Uint8Array;
}

/** Whether no value is infinite or missing. */
export function areFinite(values: Float64Array): boolean {
  // The difference is NaN for what is not finite; a loop without calls is several times as fast as `every`.
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! !== 0) return false;
  return true;
}

/**
 * The flow's columns out of a table, or out of numbers that have the given columns first.
 * @throws {@link DataError} for a missing column or value, an infinite given value, and numbers that are not whole rows.
 */
export function splitRows({ columns, given }: Model, rows: Table | Float64Array): SplitRows {
  const all = [...given, ...columns];
  let values: Float64Array;
  if (rows instanceof Float64Array) {
    if (rows.length % all.length !== 0)
      throw new DataError(
        `${rows.length} numbers are no whole rows of the ${all.length} columns ${all.join(", ")}.`,
      );
    // The caller may change or move the numbers while the engine is at work.
    values = rows.slice();
  } else if (Array.isArray(rows) || ArrayBuffer.isView(rows))
    refuse(
      "rows",
      "they",
      "a table or a Float64Array",
      rows,
      `tableFromRows([${all.map((name) => JSON.stringify(name)).join(", ")}], rows) makes a table of arrays`,
    );
  else values = selectColumns(rows, all).values;
  const count = values.length / all.length;
  const finite = new Uint8Array(count).fill(1);
  // The usual case, and large: nothing to copy or to mark.
  if (given.length === 0 && areFinite(values))
    return { data: values, context: new Float64Array(0), count, finite };
  const data = new Float64Array(count * columns.length);
  const context = new Float64Array(count * given.length);
  for (let row = 0; row < count; row++)
    for (let i = 0; i < all.length; i++) {
      let value = values[row * all.length + i]!;
      if (Number.isNaN(value))
        throw new DataError(
          `column "${all[i]}" (row ${row + 1}): the value is missing; fill it in, or give such rows an empty score (missing: "empty") or none ("drop").`,
          {
            column: all[i]!,
            row: row + 1,
          },
        );
      if (!Number.isFinite(value)) {
        if (i < given.length)
          throw new DataError(
            `column "${all[i]}" (row ${row + 1}): the model is given ${value}, not a finite number.`,
            {
              column: all[i]!,
              row: row + 1,
            },
          );
        finite[row] = 0;
        value = 0;
      }
      if (i < given.length) context[row * given.length + i] = value;
      else data[row * columns.length + i - given.length] = value;
    }
  return { data, context, count, finite };
}

/** Some rows, the given columns first: what {@link splitRows} takes. */
export function joinRows(
  chosen: readonly number[],
  { data, context, count }: Pick<SplitRows, "data" | "context" | "count">,
): Float64Array {
  const features = data.length / count;
  const conditions = context.length / count;
  const width = conditions + features;
  const joined = new Float64Array(chosen.length * width);
  chosen.forEach((row, i) => {
    joined.set(context.subarray(row * conditions, (row + 1) * conditions), i * width);
    joined.set(data.subarray(row * features, (row + 1) * features), i * width + conditions);
  });
  return joined;
}
