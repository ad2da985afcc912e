/**
 * Maximum likelihood on a table: from columns to a fitted flow.
 *
 * @module
 */

import { bindTree, flattenTree, subtreeOf } from "../bijections/bijection.ts";
import type { Table } from "../data/table.ts";
import { UsageError } from "../errors.ts";
import { type Architecture, architectureOf } from "../flows/architecture.ts";
import { pushforwardLogProb } from "../flows/density.ts";
import { engineOf } from "../flows/evaluation.ts";
import { Flow } from "../flows/flow.ts";
import { type Model, parameterTree } from "../flows/model.ts";
import { initialValues } from "../flows/parameters.ts";
import type { ParameterExpr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { randomKey, split } from "../random/philox.ts";
import { Checkpoint } from "./checkpoint.ts";
import { choosePreparation } from "./choosePreparation.ts";
import { type FitData, fitData } from "./fitData.ts";
import { checkFitOptions, type FitOptions, type FitProgress, type FitResult, type FitTableOptions } from "./fitOptions.ts";
import { type EpochRecord, minimize, type MinimizeState, type Rows, stepsAnEpoch } from "./minimize.ts";
import { mixtureRows } from "./mixtureRows.ts";
import { fitStandardization } from "./preparation.ts";
import { defaultRecipe, type Recipe } from "./recipe.ts";

/**
 * Fits an architecture to a table by maximum likelihood. The data are standardized and prepared inside the model, so
 * that all log-densities are in nats and data units.
 *
 * @param architecture - Its features and context must be the numbers of fitted and given columns.
 * @throws {@link UsageError} for options that do not fit, DataError for data that cannot be used, NumericalError if
 *   the loss leaves the finite numbers for good, AbortedError if the signal fires.
 */
export async function fit(architecture: Architecture, table: Table, options: FitOptions = {}): Promise<FitResult> {
  checkFitOptions(options);
  const data = fitData(table, options, randomKey(options.seed ?? 0));
  if (architecture.features !== data.columns.length || architecture.context !== data.given.length)
    throw new UsageError(
      `The architecture has ${architecture.features} features and a context of ${architecture.context}; the table gives ${data.columns.length} columns to fit and ${data.given.length} to condition on.`,
    );
  const recipe = recipeFor(data, { ...options, flow: architecture.kind });
  return fitPrepared(architecture, data, recipe, options);
}

/**
 * Fits a flow to a table, with kind and size chosen from the data unless they are given: what the command line does.
 * @throws As {@link fit}.
 */
export async function fitTable(table: Table, options: FitTableOptions = {}): Promise<FitResult> {
  checkFitOptions(options);
  const data = fitData(table, options, randomKey(options.seed ?? 0));
  const recipe = recipeFor(data, options);
  const architecture = architectureOf(recipe.flow, {
    features: data.columns.length,
    context: data.given.length,
    transforms: recipe.transforms,
    hidden: recipe.hidden,
    bins: recipe.bins,
  });
  return fitPrepared(architecture, data, recipe, options);
}

function recipeFor(data: FitData, options: FitTableOptions): Recipe {
  const chosen = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return defaultRecipe({ rows: data.rows, features: data.columns.length }, chosen as Partial<Recipe>);
}

async function fitPrepared(
  architecture: Architecture,
  data: FitData,
  recipe: Recipe,
  options: FitOptions,
): Promise<FitResult> {
  const key = randomKey(options.seed ?? 0);
  const { train, validation } = data;
  const precision = options.precision ?? "float32";
  const width = data.columns.length;
  const preparation = await choosePreparation(data);
  const contextPreparation =
    data.given.length > 0 ? fitStandardization(train.context, data.given.length, train.weights) : undefined;
  const parts = {
    base: architecture.base,
    bijection: architecture.bijection,
    preparation: preparation.bijection,
    contextPreparation: contextPreparation?.bijection,
  };
  const values = {
    ...initialValues(parameterTree(parts), split(key, "initial")),
    ...withPrefix("preparation.", preparation.values),
    ...withPrefix("context.", contextPreparation?.values ?? {}),
  };
  const start: Model = {
    ...parts,
    kind: architecture.kind,
    columns: data.columns,
    given: data.given,
    precision,
    values,
    fitted: {
      rows: data.rows,
      seed: options.seed ?? 0,
      epochs: 0,
      trainLogProb: 0,
      validationLogProb: 0,
      dequantized: data.dequantized,
    },
  };

  // ---- rows, prepared in float64 once
  const extra = recipe.mixtureShare > 0 && !train.weights ? await mixtureRows(data, split(key, "mixture")) : undefined;
  const prepare = (rows: Float64Array, context: Float64Array): Promise<PreparedRows> =>
    prepareRows(start, rows, context, options);
  const prepared = await prepare(
    extra ? concatenated(train.data, extra.data) : train.data,
    extra ? concatenated(train.context, extra.context) : train.context,
  );
  const held = validation && (await prepare(validation.data, validation.context));
  const asRows = (rows: PreparedRows, weights: Float64Array | undefined): Rows => ({
    rows: rows.data.length / width,
    inputs: {
      data: rows.data,
      ...(architecture.context > 0 ? { context: rows.context } : {}),
      ...(weights ? { weight: weights } : {}),
    },
  });

  // ---- maximum likelihood
  const bound = bindTree(parameterTree(parts));
  const context = architecture.context > 0 ? g.input("context", [architecture.context]) : undefined;
  const weight = train.weights ? g.input("weight", []) : undefined;
  const logProb = pushforwardLogProb(
    architecture.base,
    architecture.bijection,
    g.input("data", [width]),
    { base: subtreeOf(bound, "base"), bijection: subtreeOf(bound, "bijection") },
    context,
  );
  const parameters = trainedLeaves(parts, bound);
  const steps = stepsAnEpoch(train.rows, recipe.batch);
  const offsets = {
    train: weightedMean(prepared.logAbsDet.subarray(0, train.rows), train.weights),
    validation: held ? weightedMean(held.logAbsDet, validation?.weights) : Number.NaN,
  };
  const toProgress = (record: EpochRecord): FitProgress => ({
    epoch: record.epoch,
    epochs: recipe.epochs,
    step: record.epoch * steps,
    steps: recipe.epochs * steps,
    trainLogProb: offsets.train - record.trainLoss,
    validationLogProb: held ? offsets.validation - record.validationLoss : offsets.train - record.trainLoss,
    bestEpoch: record.bestEpoch,
  });
  const checkpoint =
    options.checkpoint === undefined
      ? undefined
      : new Checkpoint(options.checkpoint, { recipe, architecture, data, seed: options.seed ?? 0, precision, engine: options.engine });
  const resume: MinimizeState | undefined = options.resume ? await checkpoint?.read() : undefined;
  const result = await minimize(
    { loss: g.neg(logProb), weight, parameters },
    asRows(prepared, train.weights),
    values,
    {
      engine: engineOf({ engine: options.engine, precision, threads: options.threads }),
      key: split(key, "minimize"),
      epochs: recipe.epochs,
      batch: recipe.batch,
      learningRate: recipe.learningRate,
      averaging: recipe.averaging,
      patience: recipe.patience,
      primaryRows: train.rows,
      extraShare: extra ? recipe.mixtureShare : 0,
      // A validation costs about a third of an epoch: of many short epochs only some are validated.
      validateEvery: Math.max(1, Math.floor(recipe.epochs / 60)),
      validation: held && asRows(held, validation?.weights),
      signal: options.signal,
      resume,
      async onEpoch(record, state) {
        options.onProgress?.(toProgress(record));
        if (checkpoint) await checkpoint.write(await state());
      },
    },
  );

  // ---- the fitted flow
  const last = result.history[result.history.length - 1];
  const model = { ...start, values: { ...values, ...result.values } };
  const measured = new Flow(model);
  const all = { engine: options.engine, precision, threads: options.threads, signal: options.signal };
  const trainLogProb = weightedMean(await measured.logProb(joined(train, data), all), train.weights);
  const validationLogProb = validation
    ? weightedMean(await measured.logProb(joined(validation, data), all), validation.weights)
    : trainLogProb;
  const epochs = last?.epoch ?? 0;
  const flow = new Flow({ ...model, fitted: { ...start.fitted, epochs, trainLogProb, validationLogProb } });
  return {
    flow,
    history: result.history.map(toProgress),
    trainLogProb,
    validationLogProb,
    epochs,
    parameters: flow.parameterCount,
    rows: data.rows,
    dropped: data.dropped,
  };
}

interface PreparedRows {
  readonly data: Float64Array;
  readonly context: Float64Array;
  readonly logAbsDet: Float64Array;
}

/** Rows on the base side of the preparation. */
async function prepareRows(
  model: Model,
  data: Float64Array,
  context: Float64Array,
  options: FitOptions,
): Promise<PreparedRows> {
  const width = model.columns.length;
  const engine = engineOf({ engine: options.engine, precision: "float64", threads: options.threads });
  const bound = bindTree(parameterTree(model));
  const mapped = model.preparation.inverse(g.input("data", [width]), subtreeOf(bound, "preparation"));
  const contextRows = model.contextPreparation?.inverse(
    g.input("context", [model.given.length]),
    subtreeOf(bound, "context"),
  ).value;
  const executable = await engine.compile({
    rows: { data: mapped.value, logAbsDet: mapped.logAbsDet, ...(contextRows ? { context: contextRows } : {}) },
  });
  try {
    await executable.setParameters(model.values);
    const inputs = contextRows ? { data, context } : { data };
    const { rows } = await executable.run({ rows: data.length / width, inputs }, { signal: options.signal });
    return { data: rows.data!, logAbsDet: rows.logAbsDet!, context: rows.context ?? new Float64Array(0) };
  } finally {
    executable.dispose();
  }
}

/** The trained leaves of bound parts, under the names that {@link flattenTree} gives. */
function trainedLeaves(parts: Parameters<typeof parameterTree>[0], bound: ReturnType<typeof bindTree>): ParameterExpr[] {
  return Array.from(flattenTree(parameterTree(parts))).flatMap(([name, spec]): ParameterExpr[] => {
    if (spec.kind !== "trained") return [];
    const path = name.split(".");
    const leaf = path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], bound);
    return [leaf as ParameterExpr];
  });
}

function withPrefix(prefix: string, values: Readonly<Record<string, Float64Array>>): Record<string, Float64Array> {
  return Object.fromEntries(Object.entries(values).map(([name, data]) => [prefix + name, data]));
}

function concatenated(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Rows of the given columns followed by the fitted ones. */
function joined(rows: FitData["train"], { columns, given }: FitData): Float64Array {
  if (given.length === 0) return rows.data;
  const width = columns.length + given.length;
  const out = new Float64Array(rows.rows * width);
  for (let row = 0; row < rows.rows; row++) {
    out.set(rows.context.subarray(row * given.length, (row + 1) * given.length), row * width);
    out.set(rows.data.subarray(row * columns.length, (row + 1) * columns.length), row * width + given.length);
  }
  return out;
}

function weightedMean(values: Float64Array, weights: Float64Array | undefined): number {
  let sum = 0;
  let total = 0;
  values.forEach((value, i) => {
    const weight = weights?.[i] ?? 1;
    if (weight === 0) return;
    sum += weight * value;
    total += weight;
  });
  return sum / total;
}
