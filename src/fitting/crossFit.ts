/**
 * Scores of rows that a fit has not seen, for every row of a table: the rows are dealt into folds, and each fold is
 * scored by a fit to the others.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { checkedOptions, type OptionTable, wholeNumber } from "../options.ts";
import { inPieces } from "../platform/pieces.ts";
import { type RandomKey, RandomStream, randomKey, split } from "../random/philox.ts";
import { leftOutLines } from "../tables/columnRecord.ts";
import { pickRows } from "../tables/picks.ts";
import { closedTable } from "../tables/simplex.ts";
import {
  checkTable,
  column,
  selectColumns,
  type Table,
  tableFromColumns,
  tableFromRows,
} from "../tables/table.ts";
import { rowKeys } from "../tables/tableDigest.ts";
import { fit } from "./fit.ts";
import { fitData } from "./fitData.ts";
import { type FitOptions, type FitProgress, fitOptionTable } from "./fitOptions.ts";
import { checkFormerOptions } from "./flowOption.ts";

/** Where a cross-fit stands. */
export interface CrossFitProgress {
  /** The fold that is held out, from 1. */
  readonly fold: number;
  /** How many folds there are. */
  readonly folds: number;
  /** Progress of this fit; undefined at its start. */
  readonly fit?: FitProgress | undefined;
}

/** Options of {@link crossFit}: those of a fit of any kind, each fold's the same, and the folds. */
export interface CrossFitOptions
  extends Omit<FitOptions, "from" | "checkpoint" | "resume" | "onProgress" | "keepOnAbort"> {
  /** Number of folds, 2 or more (default 5): as many fits, each to all rows but one in so many. */
  readonly folds?: number | undefined;
  /** Called at the start of each fit, and while it goes on. */
  readonly onProgress?: ((progress: CrossFitProgress) => void) | undefined;
}

/** A training that can be gone on with, or cut short, is one fit's; a model to start at may have seen all rows. */
const { from: _, checkpoint: __, resume: ___, keepOnAbort: ____, ...common } = fitOptionTable;
const crossFitOptionTable: OptionTable<CrossFitOptions> = {
  ...common,
  folds: wholeNumber("a whole number from 2", 2),
};

/** What a cross-fit gives. */
export interface CrossFit {
  /**
   * Log-density of each row of the table, in its order, in nats and data units, by the fit that has not seen it; NaN for a
   * row that was left out for a missing value.
   */
  readonly logProb: Float64Array;
  /** The fold of each row, from 1, in the table's order: the one that it was held out with; 0 for a row left out. */
  readonly fold: Int32Array;
  /** Mean of {@link logProb}, weighted where the rows are, of the rows that were not left out. */
  readonly mean: number;
  /** Standard error of {@link mean} over rows, as if they and their fits were independent. */
  readonly standardError: number;
  /** Number of folds. */
  readonly folds: number;
  /** Columns that have a density. */
  readonly columns: readonly string[];
  /** Columns that it is conditioned on. */
  readonly given: readonly string[];
  /** Rows that have a score. */
  readonly rows: number;
  /** Rows left out for missing values. */
  readonly dropped: number;
}

/**
 * The log-density of each row by a fit that has not seen it. A fit that has seen a row may
 * know it by heart, and finds nothing strange in it.
 *
 * Rows are dealt into folds at random, by the seed. Rows that repeat each other in all used columns are held out together,
 * so that no row is scored by a fit that has seen its twin. Rows that belong together in another way (of one
 * person, neighbors in time) are not known to. All fits have the same options and seed; each holds out a part of its own rows as usual, to
 * choose by. Costs `folds` fits.
 *
 * Scores of different folds come from different fits, whose level differs by chance a little.
 * @throws {@link UsageError} for options that do not fit or more folds than different rows, DataError for data that
 *   cannot be used, AbortedError if the signal fires; as {@link fit} otherwise.
 * @example const { logProb } = await crossFit(table, { folds: 5, flow: "mixture", seed: 1 });
 */
export async function crossFit(table: Table, options: CrossFitOptions = {}): Promise<CrossFit> {
  checkFormerOptions("crossFit", options);
  const checked = checkedOptions("crossFit", options, crossFitOptionTable);
  checkTable("crossFit", table);
  const { folds = 5, onProgress, ...own } = checked;
  const { weights, onWarning, signal, threads, wide, engine, precision } = checked;
  const key = split(randomKey(checked.seed ?? 0), "cross-fit");
  const rest = await withKind(table, own);
  // Columns, steps and warnings of the whole table, once.
  const { columns, given, complete, keys, rowsOf, schema } =
    rest.flow === "columns" ? await mixedRows(table, rest, key) : rowsOfNumbers(table, rest, key);
  const fold = dealt(table.rows, keys, complete, folds, new RandomStream(key));
  warnOfTwins(keys, complete, onWarning);
  const seen = new Set<string>();
  const logProb = new Float64Array(table.rows).fill(Number.NaN);
  for (let part = 1; part <= folds; part++) {
    onProgress?.({ fold: part, folds });
    const { flow } = await fit(rowsOf(complete.filter((row) => fold[row] !== part)), {
      ...rest,
      ...schema,
      columns,
      given,
      onProgress: (fit) => onProgress?.({ fold: part, folds, fit }),
      onColumns: undefined,
      // What is said of the whole table is not said again of its parts, nor of each part.
      onWarning(line) {
        if (!columns.some((name) => line.startsWith(`column "${name}"`)) && !seen.has(line))
          onWarning?.(line);
        seen.add(line);
      },
    });
    const partRows = complete.filter((row) => fold[row] === part);
    // How far a row may be from the total is decided by the rows that are there, and these are others.
    const { simplex } = flow.description;
    const scored = simplex ? closedTable(rowsOf(partRows), simplex) : rowsOf(partRows);
    const scores = await flow.logProb(scored, { signal, threads, wide, engine, precision });
    partRows.forEach((row, i) => {
      logProb[row] = scores[i]!;
    });
  }
  const rowWeights = weights === undefined ? undefined : column(table, weights);
  return {
    logProb,
    fold,
    ...meanOf(complete, logProb, rowWeights),
    folds,
    columns,
    given,
    rows: complete.length,
    dropped: table.rows - complete.length,
  };
}

/** The options with a kind: where none is named, that of the whole table, without the columns that it leaves out. */
async function withKind(table: Table, options: FitOptions): Promise<FitOptions> {
  if (options.flow !== undefined) return options;
  const { usualKind } = await import("./usualKind.ts");
  const { kind, unfitted } = usualKind(table, options);
  for (const line of leftOutLines(unfitted)) options.onWarning?.(line);
  if (unfitted.length === 0) return { ...options, flow: kind };
  return {
    ...options,
    flow: kind,
    exclude: [...(options.exclude ?? []), ...unfitted.map((record) => record.column)],
  };
}

/** The rows of a table that are dealt, and how to take some of them. */
interface DealtRows {
  readonly columns: readonly string[];
  readonly given: readonly string[];
  /** The rows that have a score. */
  readonly complete: readonly number[];
  /** One text for each row of the table, the same for rows that repeat. */
  readonly keys: readonly string[];
  rowsOf(rows: readonly number[]): Table;
  /** Options of each fit that the whole table decides. */
  readonly schema?: Pick<FitOptions, "schema" | "kinds"> | undefined;
}

function rowsOfNumbers(table: Table, options: FitOptions, key: RandomKey): DealtRows {
  const { tableColumns: columns, given } = fitData(table, { ...options, validation: 0 }, key);
  const { weights } = options;
  const names = [...given, ...columns, ...(weights === undefined ? [] : [weights])];
  const { values } = selectColumns(table, names);
  const rowAt = (row: number): Float64Array => values.subarray(row * names.length, (row + 1) * names.length);
  return {
    columns,
    given,
    complete: Array.from({ length: table.rows }, (_, row) => row).filter(
      (row) => !rowAt(row).some(Number.isNaN),
    ),
    keys: rowKeys(table, [...given, ...columns]),
    rowsOf: (rows) => tableFromRows(names, rows.map(rowAt)),
  };
}

/** Rows of cells. What a column is, and its levels, is decided by the whole table: it says nothing of how often they come. */
async function mixedRows(table: Table, options: FitOptions, key: RandomKey): Promise<DealtRows> {
  const { columnsData } = await import("./columns/columnsData.ts");
  const { cellsOf } = await import("../tables/schema/cells.ts");
  const data = await inPieces(
    columnsData(table, { ...options, validation: 0 }, key),
    options.signal,
    "The fit",
  );
  const all = [...data.given, ...data.columns];
  const { cells } = cellsOf(table, all);
  const { missing } = options;
  const isComplete = (row: number): boolean =>
    (missing !== "drop" && missing !== "error") || cells.every((cells) => !Number.isNaN(cells[row]!));
  const names = all.map(({ name }) => name);
  // A missing cell is like another missing cell.
  const whole = cells.map((cells) => cells.map((cell) => (Number.isNaN(cell) ? Number.MAX_VALUE : cell)));
  return {
    columns: data.columns.map(({ name }) => name),
    given: data.given.map(({ name }) => name),
    complete: Array.from({ length: table.rows }, (_, row) => row).filter(isComplete),
    keys: rowKeys(tableFromColumns(names.map((name, i) => [name, whole[i]!] as const)), names),
    rowsOf: (rows) => pickRows(table, rows),
    schema: { schema: { columns: all }, kinds: undefined },
  };
}

/**
 * A fold for each of the rows, from 1, in sizes as equal as groups allow; 0 for the others.
 * @param keys - Rows whose keys agree go together.
 */
function dealt(
  count: number,
  keys: readonly string[],
  rows: readonly number[],
  folds: number,
  stream: RandomStream,
): Int32Array {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const key = keys[row]!;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  if (groups.size < folds)
    throw new UsageError({
      where: "crossFit",
      subject: "folds",
      expected: `at most the number of different rows, ${groups.size}`,
      received: `${folds}`,
      remedy: "rows that repeat are held out together",
    });
  const lists = [...groups.values()];
  const order = [...stream.permutation(lists.length)].map((i) => lists[i]!);
  // Large groups first, each to the fold that has fewest rows yet.
  order.sort((a, b) => b.length - a.length);
  const sizes = new Array<number>(folds).fill(0);
  const fold = new Int32Array(count);
  for (const group of order) {
    let least = 0;
    for (let i = 1; i < folds; i++) if (sizes[i]! < sizes[least]!) least = i;
    sizes[least]! += group.length;
    for (const row of group) fold[row] = least + 1;
  }
  return fold;
}

function warnOfTwins(
  keys: readonly string[],
  rows: readonly number[],
  onWarning: ((line: string) => void) | undefined,
): void {
  const twins = rows.length - new Set(rows.map((row) => keys[row])).size;
  if (twins > 0)
    onWarning?.(
      `${twins} of ${rows.length} rows repeat others in all used columns: rows that repeat are held out together`,
    );
}

function meanOf(
  rows: readonly number[],
  values: Float64Array,
  weights: Float64Array | undefined,
): Pick<CrossFit, "mean" | "standardError"> {
  const weight = (row: number): number => weights?.[row] ?? 1;
  const total = rows.reduce((sum, row) => sum + weight(row), 0);
  // A row of weight 0 counts for nothing, even where its density is 0.
  const counted = rows.filter((row) => weight(row) > 0);
  const mean = counted.reduce((sum, row) => sum + (weight(row) / total) * values[row]!, 0);
  const squares = counted.reduce((sum, row) => sum + ((weight(row) / total) * (values[row]! - mean)) ** 2, 0);
  return { mean, standardError: Math.sqrt((squares * counted.length) / (counted.length - 1)) };
}
