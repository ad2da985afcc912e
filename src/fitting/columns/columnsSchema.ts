/**
 * Which columns of a table a fit of mixed columns takes, and for what.
 *
 * @module
 */

import { DataError, UsageError } from "../../errors.ts";
import { optionText } from "../../optionText.ts";
import { type LeftOutColumn, leftOutLines } from "../../tables/columnRecord.ts";
import { columnNamed } from "../../tables/schema/columnKind.ts";
import { type ColumnSchema, unfittedKinds } from "../../tables/schema/columnSchema.ts";
import type { Inferred } from "../../tables/schema/inferNumbers.ts";
import { inferring, schemaOf } from "../../tables/schema/tableSchema.ts";
import { allColumns, type CellColumn, cellColumns, checkNoSlip, type Table } from "../../tables/table.ts";
import type { ColumnNote, FitOptions } from "../fitOptions.ts";
import { unfittedColumn, unfittedWords } from "../unfittedColumn.ts";
import { cellsText, type Doubt, doubtOf } from "./columnNotes.ts";

/** The columns of a table, by what becomes of them. */
export interface ColumnsSchema {
  readonly columns: readonly ColumnSchema[];
  readonly given: readonly ColumnSchema[];
  readonly leftOut: readonly LeftOutColumn[];
  /** Columns that are carried along. */
  readonly keep: readonly string[];
  /** All columns of the table that have cells, in its order. */
  readonly all: readonly ColumnSchema[];
  /** Fitted and given columns that may be something else, by name. */
  readonly doubts: ReadonlyMap<string, Doubt>;
}

/** Numbers beside text are levels where there are no more than these. */
const mostMixedLevels = 30;

/** Finds out what a column is. */
type Infer = (cells: CellColumn) => Inferred;

/** A column of the schema that somebody has named. */
function namedColumn(
  table: Table,
  infer: Infer,
  schema: readonly ColumnSchema[],
  name: string,
  option: string,
): ColumnSchema {
  const cells = columnNamed(table, name, option);
  const own = schema.find((each) => each.name === name)!;
  if (!unfittedKinds.includes(own.kind)) return own;
  const { reason } = infer(cells);
  throw new DataError(
    {
      problem: `column "${name}" has no density: ${unfittedWords[own.kind]} (${reason})`,
      expected: "a column that has a density",
      received: `one of kind ${own.kind}`,
      remedy: `leave it out, or give it another kind, as in ${optionText("kinds", { [name]: "categorical" })}`,
    },
    { column: name },
  );
}

/** The columns of a fit, and those that are left out with the reason. */
function chosenColumns(
  table: Table,
  infer: Infer,
  all: readonly ColumnSchema[],
  options: FitOptions,
): Pick<ColumnsSchema, "columns" | "given" | "leftOut"> {
  const { weights } = options;
  const given = (options.given ?? []).map((name) =>
    namedColumn(table, infer, all, name, optionText("given")),
  );
  const isUsed = (name: string): boolean => name === weights || (options.given ?? []).includes(name);
  if (options.columns) {
    const twice = options.columns.find((name, i) => options.columns!.indexOf(name) !== i || isUsed(name));
    if (twice !== undefined)
      throw new UsageError({
        problem: `column "${twice}" is named twice, in ${optionText("columns")}, ${optionText("given")} or ${optionText("weights")}`,
        expected: "each column once",
        received: `${JSON.stringify(twice)} twice`,
        remedy: "name it once",
      });
    const columns = options.columns.map((name) =>
      namedColumn(table, infer, all, name, optionText("columns")),
    );
    return { columns, given, leftOut: [] };
  }
  const columns = all.filter(({ name, use }) => use === "fit" && !isUsed(name));
  const leftOut = cellColumns(table).flatMap((cells): LeftOutColumn[] => {
    const own = all.find(({ name }) => name === cells.name)!;
    if (own.use !== "exclude" || isUsed(own.name) || options.exclude?.includes(own.name)) return [];
    const { reason, doubt } = infer(cells);
    return [unfittedColumn(own, reason, doubt?.kind)];
  });
  if (columns.length === 0)
    throw new DataError({
      problem: "there is no column to fit: all are constant, identifiers or text",
      expected: "a column that has a density",
      received: "none",
      remedy: "give them a kind, or name the columns",
    });
  return { columns, given, leftOut };
}

/** Names in one role alone. @throws {@link UsageError} */
function checkRoles({ columns = [], given = [], weights, exclude = [], keep = [] }: FitOptions): void {
  const used = [...columns, ...given, ...(weights === undefined ? [] : [weights])];
  for (const [option, names, others] of [
    ["exclude", exclude, [...used, ...keep]],
    ["keep", keep, used],
  ] as const) {
    const twice = names.find((name) => others.includes(name));
    if (twice !== undefined)
      throw new UsageError({
        where: "fit",
        problem: `column "${twice}" is in ${optionText(option)} and has another role`,
        expected: "each column in one role",
        received: `"${twice}" in two`,
        remedy: `leave it out of ${optionText(option)}`,
      });
  }
}

/**
 * Chooses the columns.
 * @throws {@link DataError} for a column that cannot be used, or that mixes numbers and text by a slip; {@link UsageError} for names that
 *   are not there or contradict.
 */
export function columnsSchema(table: Table, options: FitOptions): ColumnsSchema {
  checkRoles(options);
  const infer = inferring(table);
  const { columns: all } = schemaOf("fit", table, options, infer);
  const { columns, given, leftOut } = chosenColumns(table, infer, all, options);
  const isSaid = (name: string): boolean =>
    options.kinds?.[name] !== undefined ||
    (options.schema?.columns.some((own) => own.name === name) ?? false);
  const fitted = [...given, ...columns].map(({ name }) => name);
  // A slip may make an identifier of a column of numbers.
  const names = [...fitted, ...leftOut.map(({ column }) => column)];
  for (const record of table.records) {
    if (!names.includes(record.name) || isSaid(record.name)) continue;
    const levels = table.texts?.find(({ name }) => name === record.name)?.levels.length ?? 0;
    const { leftOut: why } = record;
    // Numbers and text in a few levels are levels; in many, the text is a slip.
    if (why?.kind === "mixed" && levels <= Math.min(mostMixedLevels, table.rows / 20))
      options.onWarning?.(
        `column "${record.name}" (row ${why.row}): ${why.reason}, so that the column is taken for levels; ${why.remedy}`,
      );
    else
      checkNoSlip(
        record,
        // Who names the columns knows how to leave one out.
        options.columns ? [] : fitted.filter((name) => name !== record.name),
      );
  }
  const doubts = new Map<string, Doubt>();
  for (const own of [...given, ...columns]) {
    if (isSaid(own.name)) continue;
    const { schema, reason, doubt } = infer(columnNamed(table, own.name, "columns"));
    if (doubt) doubts.set(own.name, doubtOf(schema, reason, doubt));
  }
  const keep = all
    .filter(({ name, use }) => use === "keep" && !fitted.includes(name))
    .map(({ name }) => name);
  return { columns, given, leftOut, keep, all, doubts };
}

/**
 * What is said of each column of a table.
 * @param cells - Those of the given columns, then of the fitted ones.
 */
export function columnNotes(
  table: Table,
  { weights, exclude = [], columns: named }: FitOptions,
  { columns, given, leftOut, keep, all, doubts }: ColumnsSchema,
  cells: readonly Float64Array[],
): readonly ColumnNote[] {
  const fitted = [...given, ...columns];
  return allColumns(table).map((name): ColumnNote => {
    const place = fitted.findIndex((own) => own.name === name);
    const schema = all.find((own) => own.name === name);
    const { kind = "constant" } = fitted[place] ?? schema ?? {};
    if (place >= 0)
      return {
        name,
        kind,
        use: place < given.length ? "given" : "fit",
        values: cellsText(fitted[place]!, cells[place]!),
        ...doubts.get(name),
      };
    if (name === weights) return { name, kind, use: "weights", values: "weights of the rows" };
    if (keep.includes(name)) return { name, kind, use: "keep", values: "carried along, not fitted" };
    const why = leftOut.find(({ column }) => column === name);
    if (why)
      return {
        name,
        kind,
        use: "exclude",
        values: `left out: ${why.reason}`,
        remedy: why.remedy,
        warning: leftOutLines([why])[0]!,
      };
    const asked = named !== undefined || exclude.includes(name) ? "as asked for" : "it has no cells";
    return { name, kind, use: "exclude", values: `left out, ${asked}` };
  });
}
