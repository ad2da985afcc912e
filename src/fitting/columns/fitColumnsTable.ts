/**
 * A flow of the mixed columns of a table.
 *
 * @module
 */

import type { DensityColumn, DensityKind } from "../../models/columns/column.ts";
import { ColumnsEvaluation } from "../../models/columns/columnsModel.ts";
import { contributionsOfRows } from "../../models/columns/contributions.ts";
import { ColumnsCore, cellsDigest } from "../../models/cores/columnsCore.ts";
import { Flow } from "../../models/flow.ts";
import type { FittedDescription } from "../../models/model.ts";
import { inPieces } from "../../platform/pieces.ts";
import { randomKey } from "../../random/philox.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import type { Table } from "../../tables/table.ts";
import type { FinishedFit } from "../finishFit.ts";
import type { FitOptions, FitProgress } from "../fitOptions.ts";
import { stepsAnEpoch } from "../gradient/minimize.ts";
import { improvingWarning } from "../gradient/trainingPlan.ts";
import { countsOf, weightedMean } from "../rowWeights.ts";
import { columnsData } from "./columnsData.ts";
import { anyOrderRecipe, type ColumnsRecipe, columnsRecipe } from "./columnsRecipe.ts";
import { type CellRows, fitColumns } from "./fitColumns.ts";

/** A column as the density knows it. */
function described({
  name,
  kind,
  step,
  from,
  lower,
  upper,
  period,
  levels,
  atoms,
  missing,
}: ColumnSchema): DensityColumn {
  const hasLevels = kind === "categorical" || kind === "ordinal";
  return {
    name,
    kind: kind as DensityKind,
    ...(step === undefined ? {} : { step }),
    ...(from === undefined ? {} : { from }),
    // Of an angle it says how the turn is written.
    ...(lower === undefined || kind === "angle" ? {} : { lower }),
    ...(upper === undefined ? {} : { upper }),
    ...(kind === "angle" ? { period: period! } : {}),
    ...(hasLevels ? { levels: levels!.length } : {}),
    ...(atoms === undefined ? {} : { atoms }),
    ...(missing === true ? { missing } : missing === "marginal" ? { masked: true } : {}),
  };
}

/** What of the recipe the options say. */
function recipeOf(rows: number, options: FitOptions): Partial<ColumnsRecipe> {
  const { hidden, members, batch, learningRate, weightDecay, averaging, epochs, patience } = options;
  const ofKind = options.anyOrder ? anyOrderRecipe(rows) : {};
  const usual = columnsRecipe(rows, { ...ofKind, ...(batch === undefined ? {} : { batch }) });
  const steps = epochs === undefined ? undefined : epochs * stepsAnEpoch(rows, usual.batch);
  const own = {
    hidden,
    members,
    batch,
    learningRate,
    weightDecay: weightDecay === undefined ? undefined : [weightDecay],
    averaging,
    steps,
    patience:
      patience === undefined
        ? undefined
        : (patience * stepsAnEpoch(rows, usual.batch)) / (steps ?? usual.steps),
  };
  return { ...ofKind, ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) };
}

/** Fits the mixed columns of a table. */
export async function fitColumnsTable(table: Table, options: FitOptions): Promise<FinishedFit> {
  const { seed = 0, engine, precision, threads, wide, signal, keepOnAbort } = options;
  const data = await inPieces(columnsData(table, options, randomKey(seed)), options.signal, "The fit");
  const { train, validation } = data;
  const asked = recipeOf(train.rows, options);
  const recipe = columnsRecipe(train.rows, asked);
  const steps = stepsAnEpoch(train.rows, recipe.batch);
  const epochs = Math.max(1, Math.round(recipe.steps / steps));
  const progress = (record: {
    readonly epoch: number;
    readonly trainLogProb: number;
    readonly validationLogProb: number;
    readonly bestEpoch?: number;
    readonly epochs?: number;
    readonly member?: number;
    readonly members?: number;
  }): FitProgress => ({
    epoch: record.epoch,
    epochs: record.epochs ?? epochs,
    step: Math.floor(record.epoch * steps),
    steps: Math.round((record.epochs ?? epochs) * steps),
    trainLogProb: record.trainLogProb,
    validationLogProb: record.validationLogProb,
    bestEpoch: record.bestEpoch ?? record.epoch,
    member: record.member,
    members: record.members,
  });
  const fitted = await fitColumns(data.columns.map(described), train, {
    given: data.given.map(described),
    validation,
    budget: options.budget,
    anyOrder: options.anyOrder,
    seed,
    recipe: asked,
    engine,
    precision,
    threads,
    wide,
    signal,
    keepOnAbort,
    checkpoint:
      options.checkpoint === undefined
        ? undefined
        : { path: options.checkpoint, resume: options.resume ?? false },
    onColumn: (done, total) => options.onPhase?.({ phase: "columns", done, total }),
    onTraining: () => options.onPhase?.({ phase: "training", done: 0, total: epochs }),
    onEpoch: (record) => options.onProgress?.(progress(record)),
  });
  const how = { engine, threads, wide, signal: keepOnAbort ? undefined : signal };
  const evaluation = new ColumnsEvaluation(fitted.model);
  const measure = async ({ rows, cells, weights }: CellRows): Promise<number> =>
    weightedMean(
      (await contributionsOfRows(evaluation, cells, { ...how, counted: countsOf(weights, rows) })).logProb,
      weights,
    );
  const trainLogProb = await measure(train);
  const validationLogProb = validation ? await measure(validation) : trainLogProb;
  evaluation.dispose();
  if (fitted.stillImproving && options.budget !== undefined)
    options.onWarning?.(improvingWarning(options.budget));
  const done = Math.ceil(fitted.history.at(-1)?.epoch ?? 0);
  const description: FittedDescription = {
    rows: data.rows,
    seed,
    epochs: done,
    trainLogProb,
    validationLogProb,
    dequantized: {},
    digest: cellsDigest([...data.given, ...data.columns], data.cells),
    ...(data.keep.length > 0 ? { keep: data.keep } : {}),
  };
  const flow = new Flow(
    new ColumnsCore({ columns: data.columns, given: data.given, model: fitted.model, fitted: description }),
  );
  return {
    flow,
    report: {
      columns: flow.columns,
      given: flow.given,
      rows: data.rows,
      heldOut: validation?.rows ?? 0,
      dropped: data.dropped,
      leftOut: data.leftOut,
      history: fitted.history.map((record) => progress({ ...record, epochs: fitted.epochs })),
      trainLogProb,
      validationLogProb,
      epochs: done,
      stillImproving: fitted.stillImproving,
      parameters: flow.parameterCount,
      interrupted: fitted.interrupted,
    },
  };
}
