/**
 * From a table to the rows of a fit: columns chosen, checked and split.
 *
 * @module
 */

import { counted } from "../counted.ts";
import { DataError, UsageError } from "../errors.ts";
import { optionText } from "../optionText.ts";
import { each, inOnePiece, type Pieces, stride } from "../platform/pieces.ts";
import { permutationInPieces } from "../random/permutation.ts";
import { type RandomKey, RandomStream, split } from "../random/philox.ts";
import { checkForFitting, diagnosis, fewestRows } from "../tables/checks.ts";
import type { LeftOutColumn } from "../tables/columnRecord.ts";
import { type DependentColumn, dependenceLine, dependences } from "../tables/dependence.ts";
import { pickColumns, pickRows, sharedColumns } from "../tables/picks.ts";
import { readingLines, warningLines } from "../tables/reading/readingLines.ts";
import { columnNamed } from "../tables/schema/columnKind.ts";
import type { TableSchema } from "../tables/schema/columnSchema.ts";
import type { Simplex } from "../tables/simplex.ts";
import { allColumns, column, leftOutColumns, numericColumns, type Table } from "../tables/table.ts";
import { RowsDigest } from "../tables/tableDigest.ts";
import { fitDefaults } from "./defaults.ts";
import type { FitOptions } from "./fitOptions.ts";
import { checkShares, logRatios } from "./logRatios.ts";
import { scaledWeights, weightedMean } from "./rowWeights.ts";

/** Rows of one side of the split; `data` and `context` are row-major. */
export interface FitRows {
  readonly rows: number;
  readonly data: Float64Array;
  readonly context: Float64Array;
  readonly weights: Float64Array | undefined;
  /** Where shares are log-ratios: mean logarithm of what that adds to a log-density of `data`, in nats; else 0. */
  readonly logAbsDet: number;
  /** The same of each row; undefined where there are no shares. */
  readonly logAbsDetOfRows?: Float64Array | undefined;
}

/** What a fit works on. */
export interface FitData {
  /** What is fitted: {@link tableColumns}, of which the last share of a simplex has no part. */
  readonly columns: readonly string[];
  /** The columns of the table that have a density. */
  readonly tableColumns: readonly string[];
  readonly given: readonly string[];
  /** The shares, of which all but the last are log-ratios in the rows; undefined where there are none. */
  readonly simplex: Simplex | undefined;
  readonly train: FitRows;
  readonly validation: FitRows | undefined;
  readonly rows: number;
  /** Rows of the table, where {@link rows} are not all of them. */
  readonly tableRows?: number | undefined;
  readonly dropped: number;
  readonly leftOut: readonly LeftOutColumn[];
  /** Fitted columns that follow from others, given ones included, so that their density has no bound. */
  readonly dependent: readonly DependentColumn[];
  /** Of a flow of angles what its columns are, the given ones first; else undefined: columns are any numbers. */
  readonly schema?: TableSchema | undefined;
  /** Digest of the table's used columns as they were read; see `tableDigest`. */
  readonly digest: string;
}

/** Two arrays, one after the other. */
export function concatenated(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Some rows of one side of a split. */
export function partOf(
  rows: FitRows,
  { columns, given }: Pick<FitData, "columns" | "given">,
  from: number,
  to: number,
): FitRows {
  return {
    rows: to - from,
    data: rows.data.subarray(from * columns.length, to * columns.length),
    context: rows.context.subarray(from * given.length, to * given.length),
    weights: rows.weights?.subarray(from, to),
    logAbsDet: 0,
  };
}

/** Row-major rows of the given columns followed by the fitted ones; the first `most` of them. */
export function joinedRows(
  rows: FitRows,
  { columns, given }: Pick<FitData, "columns" | "given">,
  maximum: number = rows.rows,
): Float64Array {
  const count = Math.min(rows.rows, maximum);
  if (given.length === 0) return rows.data.subarray(0, count * columns.length);
  const width = columns.length + given.length;
  const out = new Float64Array(count * width);
  for (let row = 0; row < count; row++) {
    out.set(rows.context.subarray(row * given.length, (row + 1) * given.length), row * width);
    out.set(rows.data.subarray(row * columns.length, (row + 1) * columns.length), row * width + given.length);
  }
  return out;
}

/** Share of the rows that is held out for validation unless a kind of flow has another. */
export const usualValidation: number = fitDefaults.validation;

/**
 * The columns of a fit: those that are named, or else all of numbers that are not used otherwise.
 * @throws {@link DataError} for a column that cannot be used, {@link UsageError} for options that contradict.
 */
export function chosenColumns(
  table: Table,
  options: Pick<FitOptions, "columns" | "given" | "weights" | "exclude" | "keep">,
): { readonly columns: readonly string[]; readonly given: readonly string[] } {
  const given = options.given ?? [];
  const { weights } = options;
  for (const name of given) {
    if (options.columns?.includes(name))
      throw new UsageError({
        where: "fit",
        problem: `column "${name}" is both fitted and given`,
        expected: "each column in one role",
        received: `"${name}" in two`,
        remedy: `leave it out of one of ${optionText("columns")} and ${optionText("given")}`,
      });
    if (name === weights)
      throw new UsageError({
        where: "fit",
        problem: `column "${name}" is both given and the weights`,
        expected: "each column in one role",
        received: `"${name}" in two`,
        remedy: `leave it out of ${optionText("given")}`,
      });
  }
  if (weights !== undefined && options.columns?.includes(weights))
    throw new UsageError({
      where: "fit",
      problem: `column "${weights}" is both fitted and the weights`,
      expected: "each column in one role",
      received: `"${weights}" in two`,
      remedy: `leave it out of ${optionText("columns")}`,
    });
  for (const [option, names] of [
    ["columns", options.columns ?? []],
    ["given", given],
  ] as const) {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new UsageError({
        where: "fit",
        problem: `column "${twice}" is named twice in ${option}`,
        expected: "each column once",
        received: `"${twice}" twice`,
        remedy: "name it once",
      });
  }
  const others = [...(options.exclude ?? []), ...(options.keep ?? [])];
  checkOthers(table, options);
  const columns =
    options.columns ??
    numericColumns(others.length > 0 ? withoutColumns(table, others) : table).filter(
      (name) => !given.includes(name) && name !== weights,
    );
  if (columns.length === 0)
    throw new DataError({
      where: "fit",
      problem: "there is no column of numbers to fit",
      expected: "a column of numbers",
      received: "none",
      remedy: "name the columns, or give a table that has some",
    });
  return { columns, given };
}

/** Columns that are left out or kept are there, and have no other role. */
function checkOthers(
  table: Table,
  options: Pick<FitOptions, "columns" | "given" | "weights" | "exclude" | "keep">,
): void {
  const { columns = [], given = [], weights, exclude = [], keep = [] } = options;
  for (const [option, names, rest] of [
    ["exclude", exclude, [...columns, ...given, ...(weights === undefined ? [] : [weights]), ...keep]],
    ["keep", keep, [...columns, ...given, ...(weights === undefined ? [] : [weights])]],
  ] as const)
    for (const name of names) {
      columnNamed(table, name, optionText(option));
      if (rest.includes(name))
        throw new UsageError({
          where: "fit",
          problem: `column "${name}" is in ${optionText(option)} and has another role`,
          expected: "each column in one role",
          received: `"${name}" in two`,
          remedy: `leave it out of ${optionText(option)}`,
        });
    }
}

/** A table as if its source did not have some columns. */
function withoutColumns(table: Table, names: readonly string[]): Table {
  return pickColumns(
    table,
    allColumns(table).filter((name) => !names.includes(name)),
  );
}

/**
 * Prepares a table for a fit.
 * @param validationOf - The share held out where the options name none, by the rows that can be used.
 * @throws {@link DataError} for columns or rows that cannot be used, {@link UsageError} for options that contradict.
 */
export function fitData(
  table: Table,
  options: FitOptions,
  key: RandomKey,
  validationOf?: (rows: number) => number,
): FitData {
  return inOnePiece(fitDataInPieces(table, options, key, validationOf));
}

/** {@link fitData}, in pieces: of a million rows its parts take a second each. */
export function* fitDataInPieces(
  table: Table,
  options: FitOptions,
  key: RandomKey,
  validationOf: (rows: number) => number = () => usualValidation,
  isCounted = false,
): Pieces<FitData> {
  const { columns: tableColumns, given } = chosenColumns(table, options);
  const { weights, simplex: shares = [] } = options;
  if (options.simplex) checkShares(shares, tableColumns);
  const columns = tableColumns.filter((name) => name !== shares.at(-1));
  const names = [...given, ...tableColumns, ...(weights === undefined ? [] : [weights])];
  // Who names the columns leaves out the others on purpose.
  const others = [...names, ...(options.exclude ?? []), ...(options.keep ?? [])];
  const leftOut = options.columns ? [] : leftOutColumns(table, others);
  for (const line of readingLines(table, leftOut, names)) options.onWarning?.(line);
  const used = sharedColumns(table, names);
  const checked = checkForFitting(weights === undefined ? used : withVariedWeights(used, weights), {
    missing: options.missing === "drop" ? "drop" : "error",
  });
  const rowWeight =
    weights === undefined ? undefined : rowWeights(used, checked.table, weights, checked.dropped);
  let clean = rowWeight ? withoutWeightless(checked.table, rowWeight.all, weights!) : checked.table;
  yield;
  checkRange(clean);
  const digest = yield* digestOf(clean, [...given, ...tableColumns]);
  const ratios = options.simplex && logRatios(clean, shares, split(key, "shares"), options.onWarning);
  const isSpread = (name: string): boolean =>
    isCounted || (ratios?.simplex.step !== undefined && shares.includes(name));
  const discrete = (yield* diagnosis(sharedColumns(clean, tableColumns))).filter(
    (warning) => !isSpread(warning.column),
  );
  for (const line of warningLines(discrete)) options.onWarning?.(line);
  if (ratios) clean = ratios.table;

  const dependent = (yield* dependences(sharedColumns(clean, [...given, ...columns]))).filter((dependence) =>
    columns.includes(dependence.column),
  );
  for (const columnGroup of dependent) options.onWarning?.(dependenceLine(columnGroup));

  const order = yield* permutationInPieces(new RandomStream(split(key, "split")), clean.rows);
  const share = options.validation ?? validationOf(clean.rows);
  const validationRows =
    share === 0 ? 0 : Math.max(1, Math.min(clean.rows - 1, Math.round(share * clean.rows)));
  if (clean.rows - validationRows < fewestRows - 1)
    options.onWarning?.(
      `a validation share of ${share} leaves ${clean.rows - validationRows} of ${clean.rows} rows to fit: name a smaller ${optionText("validation")}`,
    );
  yield;
  function* pick(rows: Uint32Array): Pieces<FitRows> {
    function* take(names: readonly string[]): Pieces<Float64Array> {
      const width = names.length;
      const values = new Float64Array(rows.length * width);
      for (const [place, name] of names.entries()) {
        const own = column(clean, name);
        yield* each(rows.length, (i) => {
          values[i * width + place] = own[rows[i]!]!;
        });
      }
      return values;
    }
    const rowWeights = rowWeight && Float64Array.from(rows, (row) => rowWeight.positive[row]!);
    const logAbsDetOfRows = ratios && Float64Array.from(rows, (row) => ratios.logAbsDet[row]!);
    return {
      rows: rows.length,
      data: yield* take(columns),
      context: yield* take(given),
      weights: rowWeights,
      logAbsDet: logAbsDetOfRows ? weightedMean(logAbsDetOfRows, rowWeights) : 0,
      logAbsDetOfRows,
    };
  }
  return {
    columns,
    tableColumns,
    given,
    simplex: ratios?.simplex,
    train: yield* pick(order.subarray(validationRows)),
    validation: validationRows > 0 ? yield* pick(order.subarray(0, validationRows)) : undefined,
    rows: clean.rows,
    dropped: checked.dropped,
    leftOut,
    dependent,
    digest,
  };
}

/** The digest of a table of numbers, some rows at a time: their columns are copied. */
function* digestOf({ values, ...table }: Table, names: readonly string[]): Pieces<string> {
  const digest = new RowsDigest(names);
  const width = table.columns.length;
  for (let from = 0; from < table.rows; from += stride) {
    const rows = Math.min(stride, table.rows - from);
    yield* digest.adding({ ...table, rows, values: values.subarray(from * width, (from + rows) * width) });
  }
  return digest.text;
}

/** Weights may all be equal, which as a column would be refused as constant: an index stands in for the check. */
function withVariedWeights(table: Table, weights: string): Table {
  const place = table.columns.indexOf(weights);
  const width = table.columns.length;
  return {
    ...table,
    values: table.values.map((value, i) =>
      i % width === place && Number.isFinite(value) ? Math.floor(i / width) : value,
    ),
  };
}

/**
 * Squares of deviations must neither overflow nor vanish.
 * @throws {@link DataError} that names the column.
 */
function checkRange(table: Table): void {
  for (const name of table.columns) {
    const values = column(table, name);
    const range = values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
    if (range < 1e-140 || !(range < 1e140))
      throw new DataError(
        {
          problem: `column "${name}" spans ${range.toPrecision(3)}, too ${range < 1 ? "little" : "much"} to compute with`,
          expected: "a span that float64 numbers can tell apart",
          received: range.toPrecision(3),
          remedy: "give it in other units",
        },
        { column: name },
      );
  }
}

/**
 * A row of weight 0 is not a row: without it, no value of it reaches a statistic, and none is 0 times infinity.
 * @throws {@link DataError} if those that are left are too few, or constant in a column.
 */
function withoutWeightless(table: Table, weights: Float64Array, name: string): Table {
  if (weights.every((weight) => weight > 0)) return table;
  const weighedRows = Array.from(weights.keys()).filter((row) => weights[row]! > 0);
  if (weighedRows.length < fewestRows)
    throw new DataError(
      {
        where: `column "${name}"`,
        problem: `${counted(weighedRows.length, "row")} of a weight above 0`,
        expected: `at least ${fewestRows} rows`,
        received: `${weighedRows.length}`,
        remedy: `fitting needs at least ${fewestRows}`,
      },
      { column: name },
    );
  return checkForFitting(pickRows(table, weighedRows)).table;
}

/** The weights of the rows, and those above 0 alone, scaled to a mean of 1. */
function rowWeights(
  used: Table,
  clean: Table,
  name: string,
  dropped: number,
): { readonly all: Float64Array; readonly positive: Float64Array } {
  const all = column(used, name);
  // The stand-in is the row's number, so that dropped rows do not shift the weights.
  const rows = column(clean, name);
  const weights = dropped === 0 ? all : Float64Array.from(rows, (row) => all[row]!);
  return { all: weights, positive: scaledWeights(name, weights, rows) };
}
