/**
 * Maximum likelihood on a table: from columns to a fitted flow.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { architectureOf } from "../../architectures/architectureOf.ts";
import type { FlowKind } from "../../architectures/kinds.ts";
import { UsageError } from "../../errors.ts";
import type { Model } from "../../models/model.ts";
import { optionText } from "../../optionText.ts";
import { inPieces } from "../../platform/pieces.ts";
import { randomKey } from "../../random/philox.ts";
import type { Table } from "../../tables/table.ts";
import { type FinishedFit, finishFit } from "../finishFit.ts";
import { chosenColumns, type FitData, fitDataInPieces } from "../fitData.ts";
import type { FitOptions, FitProgress } from "../fitOptions.ts";
import { architectureOfOption } from "../flowOption.ts";
import { choosePreparation } from "../preparation/choosePreparation.ts";
import { weightedMean } from "../rowWeights.ts";
import { Batches } from "./batches.ts";
import { Likelihood } from "./likelihood.ts";
import type { EpochRecord, Rows } from "./minimize.ts";
import { defaultRecipe, defaultValidation, type Recipe } from "./recipe.ts";
import { improvingWarning, planTraining } from "./trainingPlan.ts";

/** A model that training starts at. */
export interface TrainingStart {
  readonly model: Model;
  /** Tells it from others: a fit is resumed only with the same. */
  readonly digest: string;
  /** Mean log-density of the held-out rows, of all where none are held out, in nats and data units. */
  readonly logProb: number;
}

/** Rows of a training that are more than are in memory; the table at hand is a sample of them. */
export interface RowStream {
  /** Looks through all rows, and says what is fitted: the sample, of which some rows are held out, beside counts of all rows. */
  begin(data: FitData): Promise<StreamedData>;
  /** What is fitted where the training goes through so many rows. */
  take(data: FitData, rows: number): FitData;
  /**
   * The windows of a training that starts at a model, one after another, each of so many rows; one epoch follows the other within a window.
   */
  windows(start: Model, likelihood: Likelihood, size: number): Promise<(window: number) => Promise<Rows>>;
}

/** What a fit works on where its rows are streamed. */
export interface StreamedData extends FitData {
  /** Rows that a training goes through in an epoch. */
  readonly streamed: number;
}

/**
 * Fits what is trained: a named kind, whose size follows from the table, an architecture, or a model further.
 * @param stream - The rows that the table is a sample of.
 */
export async function fitByGradient(
  table: Table,
  asked: FitOptions,
  stream?: RowStream,
): Promise<FinishedFit> {
  const from =
    asked.from === undefined
      ? undefined
      : await (await import("./givenModel.ts")).givenModel(table, asked, architectureOf);
  const options = from?.options ?? asked;
  const { columns, given } = chosenColumns(table, options);
  // The last share follows from the others, and has no feature.
  const features = columns.length - (options.simplex ? 1 : 0);
  const sizes = { features, context: given.length };
  const architecture =
    from?.architecture ??
    (options.parents
      ? (await import("../preparation/graphOfColumns.ts")).graphOfColumns(columns, given, options)
      : architectureOfOption("fit", options.flow, sizes));
  if (architecture && (architecture.features !== sizes.features || architecture.context !== sizes.context))
    throw new UsageError({
      where: "fit",
      problem: `the architecture has ${architecture.features} features and a context of ${architecture.context}; the table gives ${sizes.features} columns to fit and ${sizes.context} to condition on`,
      expected: `${sizes.features} features and a context of ${sizes.context}`,
      received: `${architecture.features} and ${architecture.context}`,
      remedy: "flow: (sizes) => neuralSplineFlow(sizes) makes one that fits",
    });
  const kind = (architecture?.kind ?? options.flow) as FlowKind;
  const key = randomKey(options.seed ?? 0);
  const isCounted = architecture?.base.bound?.step !== undefined;
  const pieces = fitDataInPieces(table, options, key, (rows) => defaultValidation(kind, rows), isCounted);
  const sampled = await inPieces(pieces, options.signal, "The fit");
  const rows = (await stream?.begin(sampled)) ?? sampled;
  const recipe = defaultRecipe(
    { rows: rows.rows, features: sizes.features },
    { ...from?.recipe, ...(options as Partial<Recipe>), flow: kind },
  );
  const { transforms, hidden, bins } = recipe;
  const base =
    options.base && (await import("../../architectures/bases/namedBase.ts")).namedBases[options.base];
  const asNamed = { ...sizes, transforms, hidden, bins, embedding: options.embedding };
  const made = architecture ?? (await architectureOf(kind, { ...asNamed, base }));
  // What names and sizes give is the same in each fit: an engine knows it again without a look.
  const structure = architecture ? undefined : JSON.stringify([kind, options.base, asNamed]);
  if (made.preparation === "none" || made.base.bound)
    (await import("../preparation/unprepared.ts")).checkUnprepared(rows, made);
  if (from && options.kinds)
    throw new UsageError({
      where: "fit",
      problem: `${optionText("kinds")} is that of the model that ${optionText("from")} names`,
      expected: `no ${optionText("kinds")}`,
      received: Object.keys(options.kinds).join(", "),
      remedy: "leave it out",
    });
  const hasTurns = !from && (made.kind === "ncsf" || options.kinds !== undefined);
  const schema = hasTurns
    ? (await import("../preparation/turns.ts")).turnsOf(table, rows, made, options)
    : undefined;
  const data = schema ? { ...rows, schema } : rows;
  return await fitPrepared({ made, structure }, data, recipe, options, await from?.on(data), stream);
}

/** Trains an architecture on rows: from initial values, with the preparation that does best in short trials, or from a model. */
async function fitPrepared(
  { made: architecture, structure }: { readonly made: Architecture; readonly structure: string | undefined },
  given: FitData | StreamedData,
  recipe: Recipe,
  options: FitOptions,
  from: TrainingStart | undefined,
  stream: RowStream | undefined,
): Promise<FinishedFit> {
  const { train, validation } = given;
  const trainRows = "streamed" in given ? given.streamed : train.rows;
  const plan = planTraining(architecture, recipe, trainRows, {
    epochs: options.epochs,
    budget: options.budget,
    canGrow: validation !== undefined,
  });
  const rounds = plan.more.reduce((sum, more) => sum + more, plan.first);
  const { batch, parts } = recipe;
  const { first, more: cycles, roundsAnEpoch } = plan;
  // Of a stream each round has a window of its own, and is an epoch to the minimization.
  const pass = stream
    ? { primaryRows: Math.ceil(trainRows / roundsAnEpoch), roundsAnEpoch: 1 }
    : { primaryRows: trainRows, roundsAnEpoch };
  const data = stream?.take(given, pass.primaryRows * rounds) ?? given;
  const lengths = { batch, parts, epochs: first, cycles, roundsAnEpoch: pass.roundsAnEpoch };
  const batches = new Batches(pass.primaryRows, lengths);
  const checkpoint =
    options.checkpoint === undefined
      ? undefined
      : (await import("./checkpoint.ts")).checkpointOf(options.checkpoint, {
          recipe,
          plan,
          architecture,
          data,
          seed: options.seed ?? 0,
          precision: options.precision ?? "float32",
          engine: options.engine,
          start: from?.digest,
          stream: stream && data.digest,
        });
  // Read first: a checkpoint of another fit is refused before anything is computed.
  const resume = options.resume ? await checkpoint?.read() : undefined;
  if (!options.resume) await checkpoint?.checkPath();
  const likelihood = await Likelihood.compile(architecture, data, recipe, plan, options, structure);
  try {
    const { training } = architecture;
    const prepare = async (): Promise<Model> =>
      await likelihood.model(
        await choosePreparation(data, {
          ...likelihood.search,
          onTrial: (done, total) => options.onPhase?.({ phase: "preparation", done, total }),
        }),
        train,
      );
    const unstarted = from?.model ?? (await prepare());
    const prepared = await likelihood.prepare(unstarted, train, true);
    const start = from ? unstarted : await likelihood.started(unstarted, prepared.rows, train.rows);
    const heldOut = validation && (await likelihood.prepare(start, validation, false));
    const offset = {
      train: train.logAbsDet + weightedMean(prepared.logAbsDet.subarray(0, train.rows), train.weights),
      heldOut:
        heldOut && validation
          ? validation.logAbsDet + weightedMean(heldOut.logAbsDet, validation.weights)
          : 0,
    };
    const toProgress = (record: EpochRecord): FitProgress => {
      // The value of a loss that is not a log-density is not reported.
      const isLogProb = training?.isLogProb ?? true;
      const trainLogProb = isLogProb ? offset.train - record.trainLoss : Number.NaN;
      return {
        epoch: record.epoch / roundsAnEpoch,
        epochs: rounds / roundsAnEpoch,
        step: batches.stepsBefore(record.epoch),
        steps: batches.stepsBefore(rounds),
        trainLogProb,
        validationLogProb: heldOut ? offset.heldOut - record.validationLoss : trainLogProb,
        bestEpoch: record.bestEpoch / roundsAnEpoch,
      };
    };
    options.onPhase?.({ phase: "training", done: 0, total: rounds / roundsAnEpoch });
    const result = await likelihood.maximize(start, prepared.rows, {
      ...pass,
      epochs: first,
      cycles,
      parts,
      averaging: recipe.averaging,
      patience: recipe.patience * roundsAnEpoch,
      // A validation costs about a third of an epoch: of many short epochs only some are validated.
      validateEvery: Math.max(1, Math.floor(first / (training?.validations ?? 60))),
      validation: heldOut?.rows,
      rowsOfEpoch: stream
        ? await stream.windows(start, likelihood, pass.primaryRows)
        : likelihood.rowsOfEpoch(prepared.rows),
      resume,
      keepOnAbort: options.keepOnAbort,
      async onEpoch(record, state) {
        options.onProgress?.(toProgress(record));
        if (checkpoint) await checkpoint.write(await state());
      },
    });
    const { interrupted } = result;
    if (heldOut && !from && result.bestEpoch === 0)
      options.onWarning?.(
        `no epoch did better on the held-out rows than the untrained flow: the model is the Gaussian of the prepared columns; if that is too little, try a smaller ${optionText("learningRate")} or more ${optionText("epochs")}`,
      );
    // What is kept is still to be measured, by a computation that the signal must not stop.
    const how = options.keepOnAbort ? { ...options, signal: undefined } : options;
    const trained = { ...start, values: { ...start.values, ...result.values } };
    const facts = {
      history: result.history.map(toProgress),
      epochs: Math.ceil((result.history[result.history.length - 1]?.epoch ?? 0) / roundsAnEpoch),
      interrupted,
    };
    // A model that training started at keeps its structure, and is the result where nothing is better.
    const model = from
      ? trained
      : await (await import("./widening.ts")).widened(trained, architecture, data, how);
    let finished = await finishFit(model, data, how, facts);
    if (from && heldOut && !(finished.report.validationLogProb > from.logProb)) {
      finished = await finishFit(start, data, how, facts);
      options.onWarning?.(
        `no epoch did better on the held-out rows than the model that training started at, which is the result: try a smaller ${optionText("learningRate")}, or more ${optionText("epochs")}`,
      );
    }
    const { flow } = finished;
    const report = { ...finished.report, ...(from ? { startLogProb: from.logProb } : {}) };
    // A flow that does better on what it has seen than on the rest has taken from the rows what it can, unless the budget
    // ended it before it could.
    const hasGap = report.trainLogProb - report.validationLogProb > widestGap;
    const stillImproving = result.stillImproving && (plan.more.length > 0 || plan.isShortened || !hasGap);
    if (stillImproving && plan.isBudgeted) options.onWarning?.(improvingWarning(options.budget));
    return { flow, report: { ...report, stillImproving } };
  } finally {
    likelihood.dispose();
  }
}

/** Nats per row, from training to held-out rows, above which longer training is not what is missing. */
const widestGap = 0.1;
