/**
 * What holds rows against a flow: rows that it draws, and its density. It is made once, and then scores any rows.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Flow } from "../../models/flow.ts";
import type { ColumnMeasure } from "../../models/scores/measure.ts";
import { checkedOptions, refuse } from "../../options.ts";
import { type RandomKey, RandomStream, randomKey, split } from "../../random/philox.ts";
import { cellsOf, tableOfCells } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { checkTable, type Table } from "../../tables/table.ts";
import type { Anomalies, AnomaliesOptions, Anomaly } from "./anomalies.ts";
import { anomaliesOptionTable } from "./anomaliesOptions.ts";
import { anomalyRows, checkFinite } from "./anomalyRows.ts";
import { discoveries, splitConformal } from "./conformal.ts";
import { Neighbours, type RowStrangeness } from "./neighbours.ts";
import { Rarity } from "./rarity.ts";
import { surpriseBeside } from "./surprise.ts";

/** Rows that a flow draws, to be held against, and as many to compare with. */
const drawnReference = 2000;
/** Nearest reference rows: none that a flow draws is strange. */
const nearestDrawn = 10;

/** What is made of a flow to score rows by it. */
export interface PreparedJudge {
  readonly schema: readonly ColumnSchema[];
  readonly key: RandomKey;
  readonly judge: Judge;
  /** Scores that p-values are against. */
  readonly calibrationScores: Float64Array;
}

/** Draws reference rows, and scores the calibration rows, or rows that are drawn in their place. */
export async function preparedJudge(
  flow: Flow,
  { calibration, seed = 0, signal, onWarning }: AnomaliesOptions,
): Promise<PreparedJudge> {
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
  const calibrationScores = calibration ? (await judge.rows(calibration)).scores : judge.drawnScores;
  return { schema, key, judge, calibrationScores };
}

/** Options of {@link anomalyScorer}. */
export type AnomalyScorerOptions = Pick<AnomaliesOptions, "calibration" | "seed" | "signal" | "onWarning">;

/** What {@link anomalyScorer} makes. */
export interface AnomalyScorer
  extends Pick<Anomalies, "columns" | "measures" | "against" | "calibrationRows"> {
  /**
   * What `anomalies` says of each row of a table, in its order. A row's answer does not depend on the others, but for `isDiscovery`.
   * @throws As `anomalies`.
   */
  rows(
    table: Table,
    options?: {
      /** Rate of false discoveries among these rows, between 0 and 1; rows are marked where there is one. */
      readonly fdr?: number | undefined;
    },
  ): Promise<readonly Anomaly[]>;
}

/**
 * What `anomalies(flow, table)` does, for rows that come one after the other, as a service gets them: the reference is drawn once.
 *
 * @throws As `anomalies`.
 * @example
 * const scorer = await anomalyScorer(flow);
 * const [{ pValue, blame }] = await scorer.rows(tableFromObjects([row]));
 */
export async function anomalyScorer(flow: Flow, options: AnomalyScorerOptions = {}): Promise<AnomalyScorer> {
  // A flow of another copy of this package is one, too.
  if (typeof (flow as Partial<Flow> | null | undefined)?.logProb !== "function")
    refuse("anomalyScorer", "flow", "a flow", flow, "`fit` and `load` give one");
  const { calibration, seed, signal, onWarning } = checkedOptions(
    "anomalyScorer",
    options,
    anomaliesOptionTable,
  );
  const { schema, key, judge, calibrationScores } = await preparedJudge(flow, {
    calibration,
    seed,
    signal,
    onWarning,
  });
  const measures: readonly ColumnMeasure[] = flow.description.measures;
  return {
    columns: flow.columns,
    measures,
    against: calibration ? "calibration" : "drawn",
    calibrationRows: calibrationScores.length,
    async rows(table, { fdr } = {}) {
      checkTable("anomalyScorer", table);
      checkedOptions("anomalyScorer", { fdr }, anomaliesOptionTable);
      const { byRow, logProb, scores } = await judge.rows(table);
      const pValues = splitConformal(scores, calibrationScores, new RandomStream(split(key, "ties")));
      const isDiscovery = fdr === undefined ? undefined : discoveries(pValues, fdr);
      const rows = anomalyRows(schema, byRow, scores, pValues, logProb);
      return isDiscovery ? rows.map((row, i) => ({ ...row, isDiscovery: isDiscovery[i]! })) : rows;
    },
  };
}

/** Scores rows by a flow, one by one. */
export class Judge {
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
