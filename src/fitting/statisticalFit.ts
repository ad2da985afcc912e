/**
 * What all fits without gradients have in common: rows chosen, checked, split and standardized before, the model
 * assembled and measured after. What lies between is the method.
 *
 * @module
 */

import type { ModelKind } from "../architectures/kinds.ts";
import type { Bijection } from "../bijections/bijection.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { standardNormal } from "../distributions/standardNormal.ts";
import { Flow } from "../models/flow.ts";
import type { Model } from "../models/model.ts";
import type { ParameterValues } from "../models/parameters.ts";
import { stoppedModel } from "../models/stoppedModel.ts";
import { inPieces } from "../platform/pieces.ts";
import { type RandomKey, RandomStream, randomKey, split } from "../random/philox.ts";
import type { Table } from "../tables/table.ts";
import { type FinishedFit, finishFit, withPrefix } from "./finishFit.ts";
import { type FitRows, fitDataInPieces } from "./fitData.ts";
import type { FitOptions, FitProgress } from "./fitOptions.ts";
import { fitStandardization } from "./preparation/preparation.ts";
import { soundSteps } from "./soundSteps.ts";

/** Standardized rows, row-major, `columns` numbers each. */
export interface StandardizedRows {
  /** Number of rows. */
  readonly rows: number;
  /** `rows` times `columns` numbers: mean 0 and variance 1 over the training rows. */
  readonly data: Float64Array;
  /** One a row, above 0, of mean 1; undefined where all rows count the same. */
  readonly weights: Float64Array | undefined;
}

/** What a method works on. */
export interface StandardizedData {
  /** Numbers of a row. */
  readonly features: number;
  /** Names of the columns, `features` of them. */
  readonly columns: readonly string[];
  /** Rows to fit. */
  readonly train: StandardizedRows;
  /** Held-out rows, to choose by; undefined where none were held out. */
  readonly validation: StandardizedRows | undefined;
  /** Source of every random choice. */
  readonly key: RandomKey;
  /** Logarithm of the density of the standardization, in nats: added to a mean log-density of standardized rows. */
  readonly logAbsDet: number;
}

/** What a method found: the density of the standardized rows. */
export interface StatisticalModel {
  /** Base to standardized rows. */
  readonly bijection: Bijection;
  /** Its values, by dotted name. */
  readonly values: ParameterValues;
  /** What it pushes forward (default: independent standard normals), with its values. */
  readonly base?: { readonly distribution: Distribution; readonly values: ParameterValues };
  /** Steps, layers or iterations that the method took. */
  readonly steps: number;
  /** One entry each time held-out rows were looked at, in order; `epoch` and `step` count {@link steps}. */
  readonly history?: readonly FitProgress[] | undefined;
  /**
   * For a model that `flow.at` can stop: mean log-density of the first `rows` standardized training rows before the first
   * step and after each, which the finished flow must agree with.
   */
  readonly heights?: { readonly values: readonly number[]; readonly rows: number };
}

/** The rows, or of more than `most` as many, drawn without replacement, in their order. */
export function drawnRows(
  rows: StandardizedRows,
  maximum: number,
  features: number,
  key: RandomKey,
): StandardizedRows {
  if (rows.rows <= maximum) return rows;
  const chosen = new RandomStream(key).permutation(rows.rows).subarray(0, maximum).sort();
  const data = new Float64Array(maximum * features);
  chosen.forEach((row, i) => {
    data.set(rows.data.subarray(row * features, (row + 1) * features), i * features);
  });
  const { weights } = rows;
  return { rows: maximum, data, weights: weights && Float64Array.from(chosen, (row) => weights[row]!) };
}

/**
 * Fits a table by a method that works on standardized rows. The model's log-densities are in data units, and its numbers
 * are float64 unless `precision` says otherwise.
 * @throws DataError for data that cannot be used, AbortedError if the signal fires.
 */
export async function statisticalFit(
  kind: ModelKind,
  table: Table,
  options: FitOptions,
  method: (data: StandardizedData) => StatisticalModel | Promise<StatisticalModel>,
): Promise<FinishedFit> {
  const seed = options.seed ?? 0;
  const data = await inPieces(fitDataInPieces(table, options, randomKey(seed)), options.signal, "The fit");
  const features = data.columns.length;
  const preparation = fitStandardization(data.train.data, features, data.train.weights);
  const { mean, scale } = preparation.values as Record<"mean" | "scale", Float64Array>;
  const standardized = (rows: typeof data.train): StandardizedRows => ({
    rows: rows.rows,
    data: rows.data.map((value, i) => (value - mean[i % features]!) / scale[i % features]!),
    weights: rows.weights,
  });
  const logAbsDet = scale.reduce((sum, factor) => sum - Math.log(factor), data.train.logAbsDet);
  const train = standardized(data.train);
  const found = await method({
    features,
    columns: data.columns,
    train,
    validation: data.validation && standardized(data.validation),
    key: split(randomKey(seed), kind),
    logAbsDet,
  });
  const base = found.base ?? { distribution: standardNormal({ features }), values: {} };
  const model: Model = {
    kind,
    base: base.distribution,
    bijection: found.bijection,
    preparation: preparation.bijection,
    contextPreparation: undefined,
    columns: data.columns,
    given: [],
    precision: options.precision ?? "float64",
    fitted: {
      rows: data.rows,
      seed,
      epochs: found.steps,
      trainLogProb: 0,
      validationLogProb: 0,
      dequantized: {},
    },
    values: {
      ...withPrefix("base.", base.values),
      ...withPrefix("bijection.", found.values),
      ...withPrefix("preparation.", preparation.values),
    },
  };
  const history = found.history ?? [];
  const result = await finishFit(model, data, options, { history, epochs: found.steps });
  if (!found.heights) return result;
  const { rows, values } = found.heights;
  const { threads, wide, engine, signal } = options;
  const sound = await soundSteps(
    new Flow(model),
    firstTrainRows(data.train, features, rows),
    values.map((logProb) => logProb + logAbsDet - data.train.logAbsDet),
    rows === data.train.rows && model.precision === "float64"
      ? result.report.trainLogProb - data.train.logAbsDet
      : undefined,
    { threads, wide, engine, signal },
  );
  if (sound === found.steps) return result;
  options.onWarning?.(
    `${kind}: rows repeat, or columns determine each other, so that the density has no bound; stopped after ${sound} of ${found.steps} steps, beyond which it would be made of rounding.`,
  );
  const epochs = { history, epochs: sound };
  return finishFit(stoppedModel(model, sound), data, options, epochs);
}

function firstTrainRows(train: FitRows, features: number, rows: number): FitRows {
  return {
    ...train,
    rows,
    data: train.data.subarray(0, rows * features),
    weights: train.weights?.subarray(0, rows),
  };
}
