/**
 * From a table to the rows of a fit of mixed columns: columns chosen by their schema, cells checked, split.
 *
 * @module
 */

import { DataError, UsageError } from "../../errors.ts";
import { describeValue } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { type RandomKey, RandomStream, split } from "../../random/philox.ts";
import { fewestRows } from "../../tables/checks.ts";
import type { LeftOutColumn } from "../../tables/columnRecord.ts";
import { dependenceLine, dependentColumns } from "../../tables/dependence.ts";
import { readingLines } from "../../tables/reading/readingLines.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import { columnNamed } from "../../tables/schema/columnKind.ts";
import { type ColumnSchema, unfittedKinds } from "../../tables/schema/columnSchema.ts";
import type { Inferred } from "../../tables/schema/inferNumbers.ts";
import { inferring, schemaOf } from "../../tables/schema/tableSchema.ts";
import {
  type CellColumn,
  cellColumns,
  checkNoSlip,
  column,
  type Table,
  tableFromColumns,
} from "../../tables/table.ts";
import { usualValidation } from "../fitData.ts";
import type { FitOptions } from "../fitOptions.ts";
import { scaledWeights } from "../rowWeights.ts";
import type { CellRows } from "./fitColumns.ts";

/** What a fit of mixed columns works on. */
export interface ColumnsData {
  readonly columns: readonly ColumnSchema[];
  readonly given: readonly ColumnSchema[];
  readonly train: CellRows;
  readonly validation: CellRows | undefined;
  readonly rows: number;
  readonly dropped: number;
  readonly leftOut: readonly LeftOutColumn[];
  /** Cells of all rows that are used, the given columns first. */
  readonly cells: readonly Float64Array[];
}

/** Numbers beside text are levels where there are no more than these. */
const mostMixedLevels = 30;

/** Words for a column that is not fitted. */
const unfittedWords: Readonly<Record<string, string>> = {
  constant: "the column is constant",
  identifier: "the column is an identifier",
  text: "the column is free text",
};

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
    `column "${name}" has no density: ${unfittedWords[own.kind]} (${reason}); leave it out, or give it another kind, as in ${optionText("kinds", { [name]: "categorical" })}`,
    { column: name },
  );
}

/** The columns of a fit, and those that are left out with the reason. */
function chosenSchema(
  table: Table,
  infer: Infer,
  options: FitOptions,
): Pick<ColumnsData, "columns" | "given" | "leftOut"> {
  const { weights } = options;
  const { columns: all } = schemaOf("fit", table, options, infer);
  const given = (options.given ?? []).map((name) =>
    namedColumn(table, infer, all, name, optionText("given")),
  );
  const isUsed = (name: string): boolean => name === weights || (options.given ?? []).includes(name);
  if (options.columns) {
    const twice = options.columns.find((name, i) => options.columns!.indexOf(name) !== i || isUsed(name));
    if (twice !== undefined)
      throw new UsageError(
        `Column "${twice}" is named twice, in ${optionText("columns")}, ${optionText("given")} or ${optionText("weights")}.`,
      );
    const columns = options.columns.map((name) =>
      namedColumn(table, infer, all, name, optionText("columns")),
    );
    return { columns, given, leftOut: [] };
  }
  const columns = all.filter(({ name, use }) => use === "fit" && !isUsed(name));
  const leftOut = cellColumns(table).flatMap((cells): LeftOutColumn[] => {
    const own = all.find(({ name }) => name === cells.name)!;
    if (own.use !== "exclude" || isUsed(own.name) || options.exclude?.includes(own.name)) return [];
    const { reason } = infer(cells);
    return [
      {
        column: own.name,
        kind: own.kind === "text" ? "text" : own.kind === "constant" ? "constant" : "identifier",
        reason: `${unfittedWords[own.kind] ?? "its schema says so"} (${reason})`,
        remedy: `to fit it, give it a kind, as in ${optionText("kinds", { [own.name]: "categorical" })}`,
      },
    ];
  });
  if (columns.length === 0)
    throw new DataError(
      "There is no column to fit: all are constant, identifiers or text; give them a kind, or name the columns.",
    );
  return { columns, given, leftOut };
}

/** Columns in doubt, one line each. */
function doubtLines(
  table: Table,
  infer: Infer,
  options: FitOptions,
  columns: readonly ColumnSchema[],
): string[] {
  return columns.flatMap(({ name }) => {
    const isSaid =
      options.kinds?.[name] !== undefined || options.schema?.columns.some((own) => own.name === name);
    if (isSaid) return [];
    const { schema, reason, doubt } = infer(columnNamed(table, name, "columns"));
    if (!doubt) return [];
    return [
      `column "${name}" is taken for ${schema.kind} (${reason}); ${doubt.text}, pass ${optionText("kinds", { [name]: doubt.kind })}`,
    ];
  });
}

/** @throws {@link DataError} for an infinite cell. */
function checkFinite(columns: readonly ColumnSchema[], cells: readonly Float64Array[]): void {
  columns.forEach(({ name }, i) => {
    const row = cells[i]!.findIndex(
      (cell) => cell === Number.POSITIVE_INFINITY || cell === Number.NEGATIVE_INFINITY,
    );
    if (row >= 0)
      throw new DataError(
        {
          where: `column "${name}" (row ${row + 1})`,
          subject: "a cell",
          expected: "a finite number",
          received: `${cells[i]![row]}`,
          remedy: "mend the cell or take out the row",
        },
        { column: name, row: row + 1 },
      );
  });
}

/** Continuous columns that follow from others: rows lie on a plane there, where the density has no bound. */
function dependenceLines(columns: readonly ColumnSchema[], cells: readonly Float64Array[]): string[] {
  const isContinuous = ({ kind, step, missing }: ColumnSchema): boolean =>
    ["continuous", "positive", "interval"].includes(kind) && step === undefined && !missing;
  const numbers = columns.flatMap((own, i) => (isContinuous(own) ? [[own.name, cells[i]!] as const] : []));
  return numbers.length < 2 ? [] : dependentColumns(tableFromColumns(numbers)).map(dependenceLine);
}

/** The rows without a missing cell in any column. */
function completeRows(
  columns: readonly ColumnSchema[],
  cells: readonly Float64Array[],
  policy: FitOptions["missing"],
): Uint32Array {
  const rows = Array.from(cells[0]!.keys());
  if (policy === undefined) return Uint32Array.from(rows);
  const complete = rows.filter((row) => cells.every((own) => !Number.isNaN(own[row]!)));
  if (policy === "error" && complete.length < rows.length) {
    const row = rows.find((each) => cells.some((own) => Number.isNaN(own[each]!)))!;
    const { name } = columns[cells.findIndex((own) => Number.isNaN(own[row]!))]!;
    throw new DataError(
      `column "${name}" (row ${row + 1}): the value is missing (${rows.length - complete.length} rows miss values); without ${optionText("missing")} a missing cell is an outcome like others`,
      { column: name, row: row + 1 },
    );
  }
  return Uint32Array.from(complete);
}

/**
 * Prepares a table for a fit of mixed columns.
 * @throws {@link DataError} for columns or rows that cannot be used, {@link UsageError} for options that contradict.
 */
export function columnsData(table: Table, options: FitOptions, key: RandomKey): ColumnsData {
  if (options.dequantize !== undefined && options.dequantize.length > 0)
    throw new UsageError({
      where: "fit",
      problem: "dequantize means nothing for columns, where a recorded step has a mass and takes no noise",
      expected: "no dequantize",
      received: describeValue(options.dequantize),
      remedy: "leave it out",
    });
  const infer = inferring(table);
  const { columns, given, leftOut } = chosenSchema(table, infer, options);
  const names = [...given, ...columns].map(({ name }) => name);
  const isSaid = (name: string): boolean =>
    options.kinds?.[name] !== undefined ||
    (options.schema?.columns.some((own) => own.name === name) ?? false);
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
        names.filter((name) => name !== record.name),
      );
  }
  for (const line of readingLines(table, leftOut, names)) options.onWarning?.(line);
  for (const line of doubtLines(table, infer, options, [...given, ...columns])) options.onWarning?.(line);
  const all = [...given, ...columns];
  const { cells, unknown } = cellsOf(table, all);
  const [strange] = unknown;
  if (strange)
    throw new DataError(
      `column "${strange.column}" (row ${strange.row}): ${JSON.stringify(strange.level)} is none of the levels of its schema; add it there, or mend the cell`,
      { column: strange.column, row: strange.row },
    );
  checkFinite(all, cells);
  let rows = completeRows(all, cells, options.missing);
  const dropped = table.rows - rows.length;
  let weights: Float64Array | undefined;
  if (options.weights !== undefined) {
    const own = column(table, options.weights);
    weights = scaledWeights(
      options.weights,
      Float64Array.from(rows, (row) => own[row]!),
      rows,
    );
    const counted = rows.filter((row) => own[row]! > 0);
    rows = counted;
  }
  if (rows.length < fewestRows)
    throw new DataError(
      `${rows.length} usable rows${dropped > 0 ? ` (${dropped} left out for missing values)` : ""}; fitting needs at least ${fewestRows}`,
    );
  const used = cells.map((own) => Float64Array.from(rows, (row) => own[row]!));
  const present = (own: ColumnSchema, i: number): ColumnSchema => {
    const { missing: _, ...rest } = own;
    return used[i]!.some(Number.isNaN) ? { ...rest, missing: true } : rest;
  };
  const schema = all.map(present);
  const order = new RandomStream(split(key, "split")).permutation(rows.length);
  const share = options.validation ?? usualValidation;
  const heldOut = share === 0 ? 0 : Math.max(1, Math.min(rows.length - 1, Math.round(share * rows.length)));
  const pick = (places: Uint32Array): CellRows => ({
    rows: places.length,
    cells: used.map((own) => Float64Array.from(places, (place) => own[place]!)),
    weights: weights && Float64Array.from(places, (place) => weights[place]!),
  });
  for (const line of dependenceLines(schema, used)) options.onWarning?.(line);
  return {
    given: schema.slice(0, given.length),
    columns: schema.slice(given.length),
    train: pick(order.subarray(heldOut)),
    validation: heldOut > 0 ? pick(order.subarray(0, heldOut)) : undefined,
    rows: rows.length,
    dropped,
    leftOut,
    cells: used,
  };
}
