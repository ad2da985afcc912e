/**
 * What an export says about its columns: what they are, and how their cells become numbers.
 *
 * @module
 */

import type { Flow } from "../models/flow.ts";
import type { ColumnSchema } from "../tables/schema/columnSchema.ts";

/** A column, and how its cells enter. */
export interface ColumnNote extends Partial<ColumnSchema> {
  readonly name: string;
  /** How a cell becomes a number, in words. */
  readonly enters: string;
}

/** Whether what a file says about its columns is what we write, and not something else that is JSON. */
export function areColumnNotes(notes: unknown): notes is { readonly columns: readonly ColumnNote[] } {
  const { columns, given, precision } = (notes ?? {}) as Readonly<Record<string, unknown>>;
  const areNamed = (list: unknown): boolean =>
    Array.isArray(list) && list.every((column) => typeof (column as ColumnNote | null)?.name === "string");
  return areNamed(columns) && areNamed(given) && (precision === "float32" || precision === "float64");
}

/** Notes on the columns of a flow, and on those that it is given; `bound` where its log-densities are lower bounds. */
export function columnNotesOf(flow: Flow): {
  readonly columns: readonly ColumnNote[];
  readonly given: readonly ColumnNote[];
  readonly bound?: true | undefined;
} {
  const { bound, schema } = flow.description;
  const noteOf = (name: string): ColumnNote => {
    const column = schema?.columns.find((each) => each.name === name);
    return column ? columnNote(column) : { name, enters: "the number itself" };
  };
  return { columns: flow.columns.map(noteOf), given: flow.given.map(noteOf), ...(bound ? { bound } : {}) };
}

/** How the cells of a column of a table enter, in words. */
function columnNote(schema: ColumnSchema): ColumnNote {
  return { ...schema, enters: entersAs(schema) };
}

function entersAs({ kind, levels, missing, written, period }: ColumnSchema): string {
  const rest = missing ? "; a missing cell as not a number" : "";
  if (kind === "boolean") return `false as 0, true as 1${rest}`;
  if (levels) return `a level as its place among the levels, from 0; any other level as -1${rest}`;
  if (kind === "date-time") return `a moment as milliseconds since 1970-01-01 UTC${rest}`;
  if (kind === "angle" && written === "time-of-day") return `a time of day as seconds since midnight${rest}`;
  if (kind === "angle") return `the number itself; it comes round after ${period ?? 360}${rest}`;
  return `the number itself${rest}`;
}
