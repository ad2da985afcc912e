/**
 * The rows of a table, each held against rows of the other folds, and given a log-density by a fit to them.
 *
 * @module
 */

import { DataError, UsageError } from "../../errors.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { schemaOf } from "../../tables/schema/tableSchema.ts";
import type { Table } from "../../tables/table.ts";
import { anomaliesDefaults } from "../defaults.ts";
import type { Anomalies, AnomaliesOptions } from "./anomalies.ts";
import { anomalyRows, checkFinite, rankingOf } from "./anomalyRows.ts";
import { amongThemselves } from "./conformal.ts";
import { FoldDensity, type PartedRows } from "./foldDensity.ts";
import { Neighbours, type RowStrangeness } from "./neighbours.ts";

/** Rows that others are held against, at most: more cost time and hardly change a ranking. */
const mostReference = 1000;
/** Rows that a fit of one fold has, at most. */
const mostFitted = 20_000;
/** Nearest reference rows, at least so many and this share of them: a clump of strange rows must be less than half as large. */
const nearest = { least: 20, share: 0.05 } as const;

const cellsAtRows = (cells: readonly Float64Array[], rows: ArrayLike<number>): Float64Array[] =>
  cells.map((column) => Float64Array.from(rows, (row) => column[row]!));

/** Rows of a table, each held against rows of the other folds. */
export async function besideOthers(table: Table, options: AnomaliesOptions): Promise<Anomalies> {
  const { seed = anomaliesDefaults.seed, signal, logProb: isScored = true } = options;
  const { folds = anomaliesDefaults.folds, trim = anomaliesDefaults.trim } = options;
  if (options.fdr !== undefined)
    throw new UsageError({
      where: "anomalies",
      problem:
        "p-values of a table's rows among themselves are their places, of which a rate of false discoveries selects none",
      expected: "fdr with a flow, and ordinary rows as calibration",
      received: "fdr with a table alone",
      remedy: "fit a flow to ordinary rows: anomalies(flow, table, { calibration, fdr })",
    });
  if (options.calibration !== undefined)
    throw new UsageError({
      where: "anomalies",
      problem: "calibration is for a flow: the rows of a table alone are compared with each other",
      expected: "no calibration beside a table",
      received: "both",
      remedy: "fit a flow to ordinary rows, or leave it out",
    });
  const schema = chosenColumns(table, options);
  const { cells } = cellsOf(table, schema);
  checkFinite(schema, cells);
  if (table.rows < 2 * folds)
    throw new DataError({
      where: "anomalies",
      subject: "rows",
      expected: `at least ${2 * folds}, two for each of ${folds} folds`,
      received: `${table.rows}`,
    });
  const key = split(randomKey(seed), "anomalies");
  const order = new RandomStream(split(key, "folds")).permutation(table.rows);
  const strangeness = new Array<RowStrangeness>(table.rows);
  const density = isScored ? new FoldDensity(table, schema, options) : undefined;
  for (let fold = 0; fold < folds; fold++) {
    const foldRows = order.filter((_, i) => i % folds === fold);
    // The order is random: the first rows of the other folds are as good as any.
    const otherRows = order
      .filter((_, i) => i % folds !== fold)
      .subarray(0, density ? mostFitted : mostReference);
    const { reference, ...rows } = await partRows(cells, schema, otherRows, trim, signal);
    const neighbours = new Neighbours(schema, cellsAtRows(cells, reference), nearestOf(reference.length));
    const explained = await neighbours.explain(cellsAtRows(cells, foldRows), signal);
    foldRows.forEach((row, i) => {
      strangeness[row] = explained[i]!;
    });
    await density?.score(foldRows, rows);
  }
  const scores = Float64Array.from(strangeness, ({ score }) => score);
  const pValues = amongThemselves(scores, new RandomStream(split(key, "ties")));
  const rows = anomalyRows(schema, strangeness, scores, pValues, density?.logProb);
  return {
    rows,
    ranking: rankingOf(rows),
    columns: schema.map(({ name }) => name),
    ...(density ? { measures: density.measures } : {}),
    against: "themselves",
    calibrationRows: table.rows,
  };
}

const nearestOf = (rows: number): number =>
  Math.max(1, Math.min(Math.max(nearest.least, Math.floor(nearest.share * rows)), Math.floor(rows / 3)));

/** Rows, parted into ordinary ones and a share of strange ones: the first are held against each other, the rest against these. */
async function partRows(
  cells: readonly Float64Array[],
  schema: readonly ColumnSchema[],
  rows: Uint32Array,
  trim: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly reference: Uint32Array } & PartedRows> {
  const referenceRows = rows.subarray(0, mostReference);
  const furtherRows = rows.subarray(mostReference);
  if (Math.floor(trim * referenceRows.length) === 0)
    return { reference: referenceRows, ordinary: rows, strange: new Uint32Array(0) };
  const reference = cellsAtRows(cells, referenceRows);
  const neighbours = new Neighbours(schema, reference, nearestOf(referenceRows.length));
  const referenceParts = partByScore(referenceRows, await neighbours.scoresAmong(reference, signal), trim);
  if (furtherRows.length === 0) return { reference: referenceParts.ordinary, ...referenceParts };
  const furtherParts = partByScore(
    furtherRows,
    await neighbours.scores(cellsAtRows(cells, furtherRows), signal),
    trim,
  );
  return {
    reference: referenceParts.ordinary,
    ordinary: Uint32Array.from([...referenceParts.ordinary, ...furtherParts.ordinary]),
    strange: Uint32Array.from([...referenceParts.strange, ...furtherParts.strange]),
  };
}

/** Rows, and the share of them that scores highest. */
function partByScore(rows: Uint32Array, scores: Float64Array, share: number): PartedRows {
  const places = Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]! || a - b);
  const ordinary = rows.length - Math.floor(share * rows.length);
  const rowsAt = (from: number, to: number): Uint32Array =>
    Uint32Array.from(
      places.slice(from, to).sort((a, b) => a - b),
      (place) => rows[place]!,
    );
  return { ordinary: rowsAt(0, ordinary), strange: rowsAt(ordinary, rows.length) };
}

/** The columns of a table that are looked at. */
function chosenColumns(table: Table, options: AnomaliesOptions): readonly ColumnSchema[] {
  const { columns, exclude = [], kinds, schema, onWarning } = options;
  const all = schemaOf("anomalies", table, { kinds, schema, exclude }).columns;
  for (const { name, kind, use } of all)
    if (columns === undefined && use === "exclude" && !exclude.includes(name))
      onWarning?.(`column "${name}" is not looked at: it is ${wordsOf[kind] ?? "left out by its schema"}`);
  const chosen =
    columns === undefined
      ? all.filter(({ use }) => use === "fit")
      : columns.map((name) => {
          const wantedColumn = all.find((each) => each.name === name);
          if (wantedColumn && wordsOf[wantedColumn.kind] === undefined) return wantedColumn;
          throw new UsageError({
            where: "anomalies",
            subject: "columns",
            expected: `columns of the table that have a kind: ${all
              .filter(({ kind }) => wordsOf[kind] === undefined)
              .map((each) => each.name)
              .join(", ")}`,
            received: wantedColumn ? `${name}, which is ${wordsOf[wantedColumn.kind]}` : name,
          });
        });
  if (chosen.length === 0)
    throw new DataError({
      where: "anomalies",
      problem: "there is no column to look at: all are constant, identifiers or text",
      expected: "one column at least",
      received: "none",
      remedy: "give a column a kind",
    });
  return chosen;
}

const wordsOf: Readonly<Record<string, string>> = {
  constant: "constant",
  identifier: "an identifier",
  text: "free text",
};
