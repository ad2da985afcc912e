/**
 * The rows of a table, held against rows that a flow draws, and against its density.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { FittedRows } from "../../models/batches/fittedRows.ts";
import type { Flow } from "../../models/flow.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import { countingRows } from "../../tables/batches/rowNumbers.ts";
import type { TableBatches } from "../../tables/batches/tableBatches.ts";
import { cellsOf, tableOfCells } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { checkTable, type Table } from "../../tables/table.ts";
import type { Anomalies, AnomaliesOptions, Anomaly } from "./anomalies.ts";
import { anomalyRows, checkFinite, rankingOf } from "./anomalyRows.ts";
import { discoveries, splitConformal } from "./conformal.ts";
import { Neighbours, type RowStrangeness } from "./neighbours.ts";
import { Rarity } from "./rarity.ts";
import { surpriseBeside } from "./surprise.ts";

/** Rows that a flow draws, to be held against, and as many to compare with. */
const drawnReference = 2000;
/** Nearest reference rows: none that a flow draws is strange. */
const nearestDrawn = 10;

/** Options of a table alone. */
const ofTable = ["columns", "exclude", "kinds", "schema", "folds", "trim", "logProb"] as const;

/** Rows of a table, held against rows that a flow draws, and against its density. */
export async function besideFlow(
  flow: Flow,
  batches: TableBatches,
  options: AnomaliesOptions,
): Promise<Anomalies> {
  const { calibration, fdr, seed = 0, signal, onWarning } = options;
  const tableOption = ofTable.find((name) => options[name] !== undefined);
  if (tableOption !== undefined)
    throw new UsageError({
      where: "anomalies",
      problem: `${tableOption} means nothing beside a flow, which has its own columns and has seen its rows`,
      expected: `no ${tableOption}`,
      received: "both",
      remedy: `leave ${tableOption} out`,
    });
  if (flow.given.length > 0)
    throw new UsageError({
      where: "anomalies",
      problem: "a flow that is given columns draws no rows of its own to hold others against",
      expected: "a flow of the joint density",
      received: `one that is given ${flow.given.join(", ")}`,
      remedy: "fit one without given columns",
    });
  if (calibration !== undefined) {
    checkTable("anomalies", calibration);
    if (flow.wasFittedTo(calibration))
      onWarning?.("the flow was fitted to the calibration rows: p-values of new rows are too small");
  }
  const schema =
    flow.description.schema?.columns ??
    flow.columns.map((name): ColumnSchema => ({ name, kind: "continuous", use: "fit" }));
  const key = split(randomKey(seed), "anomalies");
  const drawnTable = await flow.sample(2 * drawnReference, { seed: split(key, "drawn").k0, signal });
  const { cells: drawnCells } = cellsOf(drawnTable, schema);
  const rowsBetween = (from: number, to: number) => drawnCells.map((column) => column.subarray(from, to));
  const judge = await Judge.of(
    flow,
    schema,
    rowsBetween(0, drawnReference),
    rowsBetween(drawnReference, 2 * drawnReference),
    signal,
  );
  const scores = new Float64Array(batches.rows);
  const strangeness: { readonly byRow: readonly RowStrangeness[]; readonly logProb: Float64Array }[] = [];
  const fitted = new FittedRows(flow);
  let impossible = "";
  let impossibleRows = 0;
  for await (const batch of batches) {
    const { rowsBefore = 0 } = batch;
    const rows = await countingRows(batch, async () => {
      await fitted.add(batch, signal);
      return await judge.rows(batch);
    });
    scores.set(rows.scores, rowsBefore);
    strangeness.push(rows);
    const count = rows.logProb.filter((value) => value === Number.NEGATIVE_INFINITY).length;
    if (impossibleRows === 0 && count > 0) {
      const [first] = await flow.impossibleRows(batch, { missing: "empty", signal });
      impossible = `the first is row ${rowsBefore + first!.row}: ${first!.reason}`;
    }
    impossibleRows += count;
  }
  if (fitted.areThose)
    onWarning?.("the flow was fitted to these very rows: what is strange in them may be ordinary to it");
  if (impossibleRows > 0)
    onWarning?.(
      `${impossibleRows} of ${batches.rows} rows cannot be by the flow, with log-density minus infinity; ${impossible}`,
    );
  const calibrationScores = calibration ? (await judge.rows(calibration)).scores : judge.drawnScores;
  const pValues = splitConformal(scores, calibrationScores, new RandomStream(split(key, "ties")));
  const isDiscovery = fdr === undefined ? undefined : discoveries(pValues, fdr);
  let rowsBefore = 0;
  const rows = strangeness.flatMap(({ byRow, logProb }) => {
    const from = rowsBefore;
    rowsBefore += byRow.length;
    const places = [from, rowsBefore] as const;
    return anomalyRows(schema, byRow, scores.subarray(...places), pValues.subarray(...places), logProb).map(
      (anomaly, i): Anomaly => ({
        ...anomaly,
        row: from + anomaly.row,
        ...(isDiscovery ? { isDiscovery: isDiscovery[from + i]! } : {}),
      }),
    );
  });
  return {
    rows,
    ranking: rankingOf(rows),
    columns: flow.columns,
    measures: flow.description.measures,
    against: calibration ? "calibration" : "drawn",
    calibrationRows: calibrationScores.length,
    ...(isDiscovery ? { discoveries: isDiscovery.filter(Boolean).length } : {}),
  };
}

/** Scores rows by a flow, one by one. */
class Judge {
  readonly drawnScores: Float64Array;
  readonly #schema: readonly ColumnSchema[];
  readonly #neighbours: Neighbours;
  readonly #rarity: Rarity;
  readonly #distanceSurprise: (score: number) => number;
  readonly #raritySurprise: (rarity: number) => number;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    schema: readonly ColumnSchema[],
    neighbours: Neighbours,
    rarity: Rarity,
    distances: Float64Array,
    rarities: Float64Array,
    signal: AbortSignal | undefined,
  ) {
    this.#schema = schema;
    this.#neighbours = neighbours;
    this.#rarity = rarity;
    this.#signal = signal;
    this.#distanceSurprise = surpriseBeside(distances);
    this.#raritySurprise = surpriseBeside(rarities.filter(Number.isFinite));
    this.drawnScores = this.#scores(distances, rarities);
  }

  static async of(
    flow: Flow,
    schema: readonly ColumnSchema[],
    reference: readonly Float64Array[],
    calibrationCells: readonly Float64Array[],
    signal: AbortSignal | undefined,
  ): Promise<Judge> {
    const neighbours = new Neighbours(schema, reference, nearestDrawn);
    const distances = await neighbours.scores(calibrationCells, signal);
    const drawnTable = tableOfCells(schema, calibrationCells);
    const rarity = await Rarity.of(flow, drawnTable, signal);
    const { rarity: rarities } = await rarity.rows(drawnTable);
    return new Judge(schema, neighbours, rarity, distances, rarities, signal);
  }

  /** The power mean, of exponent 1/2, of both surprises: neither alone makes a row strange beyond all measure. */
  #scores(distances: Float64Array, rarities: Float64Array): Float64Array {
    return distances.map((distance, row) => {
      const distanceSurprise = this.#distanceSurprise(distance);
      const rarity = rarities[row]!;
      // Of a row without a density only the distance is known.
      if (Number.isNaN(rarity)) return distanceSurprise;
      return ((Math.sqrt(distanceSurprise) + Math.sqrt(this.#raritySurprise(rarity))) / 2) ** 2;
    });
  }

  /** What is strange about the rows of a table. */
  async rows(table: Table): Promise<{
    readonly byRow: readonly RowStrangeness[];
    readonly logProb: Float64Array;
    readonly scores: Float64Array;
  }> {
    const { cells } = cellsOf(table, this.#schema);
    checkFinite(this.#schema, cells);
    const byRow = await this.#neighbours.explain(cells, this.#signal);
    const { logProb, rarity } = await this.#rarity.rows(table);
    const distances = Float64Array.from(byRow, ({ score }) => score);
    return { byRow, logProb, scores: this.#scores(distances, rarity) };
  }
}
