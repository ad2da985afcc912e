/**
 * How good a fitted flow is on rows that it has not seen: what it says of them, and whether its samples can be told from them.
 *
 * @module
 */

import { hasMixedColumns } from "../../architectures/kinds.ts";
import { DataError } from "../../errors.ts";
import type { Flow } from "../../models/flow.ts";
import type { EvaluationOptions, GivenValue } from "../../models/flowOptions.ts";
import type { Contributions } from "../../models/scores/contributions.ts";
import { meanAndError } from "../../numerics/meanAndError.ts";
import { checkedOptions } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { type RandomKey, RandomStream, randomKey, split } from "../../random/philox.ts";
import { filtered } from "../../tables/filtered.ts";
import { pickRows } from "../../tables/picks.ts";
import { tableToObjects } from "../../tables/reading/tableFromObjects.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { checkTable, selectColumns, type Table } from "../../tables/table.ts";
import { evaluateDefaults, mostCompared, mostSamples } from "../defaults.ts";
import { type Associations, associations } from "./associations.ts";
import { type ClassifierTest, classifierTest } from "./classifierTest.ts";
import { type ClosestRecords, closestRecords } from "./closestRecords.ts";
import { type ComparedColumn, comparedColumns } from "./comparedColumns.ts";
import { evaluateOptionTable } from "./evaluateOptions.ts";
import { type MarginalDistance, marginalDistances } from "./marginalDistances.ts";

/** Options of {@link evaluate}. */
export interface EvaluateOptions extends EvaluationOptions {
  /** The rows of the fit: then samples are looked for among them. */
  readonly train?: Table | undefined;
  /** Number of samples (default: as many as there are held-out rows, at most 20,000). */
  readonly samples?: number | undefined;
  /** Seed of the samples and of every other random choice (default 0). */
  readonly seed?: number | undefined;
  /** Called with one line for what should be known. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/** A mean over held-out rows. */
export interface HeldOutScore {
  /** Mean log-density per row, in nats, of the rows whose density is not 0. */
  readonly mean: number;
  /** Of {@link mean}, over rows that are independent. */
  readonly standardError: number;
  /** Rows that it is the mean of. */
  readonly rows: number;
  /** Rows whose density is 0, such as those with a level that the model does not know: they are not in the mean. */
  readonly outsideSupport: number;
}

/** What {@link evaluate} found. */
export interface Evaluation {
  /** Kind of the flow. */
  readonly flow: string;
  /** What the columns are: the given ones first. */
  readonly columns: readonly ColumnSchema[];
  /** Columns that the density is conditioned on; samples are drawn at those of the held-out rows. */
  readonly given: readonly string[];
  /** Held-out rows. */
  readonly rows: number;
  /** Held-out rows, drawn at random, of which all but {@link logProb} and {@link contributions} is said; absent where that is all. */
  readonly sampledRows?: number | undefined;
  /** Of these, held-out rows that samples are not compared with: they miss a value that the model needs, or have a given level that it does not know. */
  readonly leftOut: number;
  /** Whether the held-out rows are the very rows of the fit: then nothing here is out of sample. */
  readonly fittedToTheseRows: boolean;
  /** What the flow says of the held-out rows. */
  readonly logProb: HeldOutScore;
  /** Set where the flow knows a lower bound of its log-densities alone: {@link logProb} is one, then. */
  readonly bound?: true | undefined;
  /** Contributions of the columns to it, in nats; absent of flows that have no contributions. */
  readonly contributions?:
    | readonly ({
        /** Name of the column. */
        readonly column: string;
      } & HeldOutScore)[]
    | undefined;
  /** Whether a classifier tells samples from held-out rows. */
  readonly classifier: ClassifierTest;
  /** How far the samples of each column are from the held-out cells. */
  readonly marginals: readonly MarginalDistance[];
  /** Whether pairs of columns go together in samples as in held-out rows. */
  readonly associations: Associations;
  /** What samples have to do with the rows of the fit; absent without `train`. */
  readonly closest?: ClosestRecords | undefined;
  /** The samples. */
  readonly samples: Table;
  /** The held-out rows that they were compared with. */
  readonly test: Table;
}

/** What no number here can show. */
export const privacyWarning: string =
  "Synthetic rows are no guarantee of privacy: these numbers find samples that copy rows of the fit, and cannot show that nothing of a person is given away.";

/** What is said where the held-out rows are those of the fit. */
export const fittedWarning: string =
  "the model was fitted to these very rows: what is said of them holds for no others, and flatters a model that has learnt rows by heart";

/** Rows that a classifier can be asked about. */
const fewestRows = 10;

/** A mean over the rows whose density is not 0. */
function heldOutScore(scores: Float64Array): HeldOutScore {
  const possible = filtered(scores, (score) => score !== Number.NEGATIVE_INFINITY);
  return {
    ...(possible.length > 0 ? meanAndError(possible) : { mean: Number.NaN, standardError: Number.NaN }),
    rows: possible.length,
    outsideSupport: scores.length - possible.length,
  };
}

/** Means of what the columns add, over the rows whose density is not 0: they add up to the mean of these rows. */
function contributionScores({ columns, logProb }: Contributions): NonNullable<Evaluation["contributions"]> {
  const rows = Array.from(logProb.keys()).filter((row) => Number.isFinite(logProb[row]!));
  return columns.map(({ column, outcome, value }) => ({
    column,
    ...heldOutScore(Float64Array.from(rows, (row) => (outcome?.[row] ?? 0) + value[row]!)),
    outsideSupport: value.reduce((count, each) => count + Number(each === Number.NEGATIVE_INFINITY), 0),
  }));
}

/** The columns of a flow; those of a flow of numbers are continuous. */
function columnsOf(flow: Flow): readonly ColumnSchema[] {
  return (
    flow.description.schema?.columns ??
    [...flow.given, ...flow.columns].map((name) => ({ name, kind: "continuous", use: "fit" }) as const)
  );
}

/** The rows that can be compared: those with a score whose given cells are there, and of levels that the model knows. */
function comparedRows(columns: readonly ComparedColumn[], given: number, scores: Float64Array): number[] {
  return Array.from(scores.keys()).filter(
    (row) =>
      !Number.isNaN(scores[row]!) &&
      columns
        .slice(0, given)
        .every(({ test, type }) => !Number.isNaN(test[row]!) && !(type === "levels" && test[row]! < 0)),
  );
}

/** Rows that samples are compared with, in their order, from 0: all, or some at random. */
function drawnRows(rows: number, key: RandomKey): Uint32Array | undefined {
  if (rows <= mostCompared) return undefined;
  return new RandomStream(split(key, "compared")).permutation(rows).slice(0, mostCompared).sort();
}

/** What as many samples are given, from rows of a table, again and again. */
function conditions(
  flow: Flow,
  test: Table,
  count: number,
): Readonly<Record<string, GivenValue>> | undefined {
  if (flow.given.length === 0) return undefined;
  const rows = tableToObjects(test);
  return Object.fromEntries(
    flow.given.map((name) => [
      name,
      Array.from({ length: count }, (_, i) => rows[i % rows.length]![name] as string | number | boolean),
    ]),
  );
}

/**
 * Says how good a flow is on held-out rows: its log-density, by column where the flow has contributions; whether boosted trees tell its
 * samples from the rows (cross-validated); how far the samples' columns are from the rows' one by one, and pair by pair; with the rows of the
 * fit, whether samples copy them. Of more than 100,000 rows as many are drawn at random for what is compared with samples, as `sampledRows` says.
 *
 * About a second for 2,000 rows of 15 columns; O(rows columns^2).
 * @param test - Rows that the flow has not seen, ten at least.
 * @throws DataError for a column that is not there, or fewer than ten rows; UsageError for options that do not fit;
 *   AbortedError if the signal fires.
 * @example
 * const { train, test } = splitTable(table, { test: 0.2, seed: 1 });
 * const { flow } = await fit(train, { flow: "columns", seed: 1 });
 * const { logProb, classifier } = await evaluate(flow, test, { train });
 */
export async function evaluate(flow: Flow, test: Table, given: EvaluateOptions = {}): Promise<Evaluation> {
  const options = checkedOptions("evaluate", given, evaluateOptionTable);
  checkTable("evaluate", test);
  if (options.train !== undefined) checkTable("evaluate: train", options.train);
  const { train, seed = evaluateDefaults.seed, onWarning, samples: wanted, ...how } = options;
  const columns = columnsOf(flow);
  const isMixed = hasMixedColumns(flow.description.kind);
  const parts = isMixed ? await flow.contributions(test, { ...how, missing: "empty" }) : undefined;
  const scores = parts?.logProb ?? (await flow.logProb(test, { ...how, missing: "empty" }));
  const key = split(randomKey(seed), "evaluate");
  const drawn = drawnRows(test.rows, key);
  const drawnTest = drawn ? pickRows(test, drawn) : test;
  const rows = comparedRows(
    comparedColumns(columns, drawnTest, drawnTest),
    flow.given.length,
    drawn ? Float64Array.from(drawn, (row) => scores[row]!) : scores,
  );
  if (rows.length < fewestRows)
    throw new DataError({
      where: "evaluate",
      subject: "test",
      expected: `at least ${fewestRows} rows that miss no value that the model needs`,
      received: String(rows.length),
    });
  const testRows = pickRows(
    isMixed
      ? drawnTest
      : selectColumns(
          drawnTest,
          columns.map(({ name }) => name),
        ),
    rows,
  );
  const count = wanted ?? Math.min(rows.length, mostSamples);
  const samples = await flow.sample(count, { ...how, seed, given: conditions(flow, testRows, count) });
  const compared = comparedColumns(columns, testRows, samples);
  const fitted = compared.slice(flow.given.length);
  const fittedToTheseRows = flow.wasFittedTo(test);
  if (fittedToTheseRows) onWarning?.(fittedWarning);
  if (train && flow.description.fitted.digest !== undefined && !flow.wasFittedTo(train))
    onWarning?.(`${optionText("train")} is not the table that the model was fitted to, or not all of it`);
  const closest = train && closestRecords(compared, cellsOf(train, columns).cells, split(key, "closest"));
  return {
    flow: flow.description.kind,
    columns,
    given: flow.given,
    rows: test.rows,
    ...(drawn ? { sampledRows: drawn.length } : {}),
    leftOut: drawnTest.rows - rows.length,
    fittedToTheseRows,
    logProb: heldOutScore(filtered(scores, (score) => !Number.isNaN(score))),
    ...(flow.description.bound ? { bound: true } : {}),
    ...(parts ? { contributions: contributionScores(parts) } : {}),
    classifier: classifierTest(compared, split(key, "classifier")),
    marginals: marginalDistances(fitted, split(key, "marginals")),
    associations: associations(compared, split(key, "associations")),
    ...(closest ? { closest } : {}),
    samples,
    test: testRows,
  };
}
