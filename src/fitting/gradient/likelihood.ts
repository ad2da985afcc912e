/**
 * The likelihood of an architecture on a table, compiled once for the training and for the trials before it.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { kindOf } from "../../architectures/kindOf.ts";
import type { Bijection } from "../../bijections/bijection.ts";
import type { ManyToOne } from "../../distributions/bounds/manyToOne.ts";
import { pushforwardLogProb } from "../../distributions/density.ts";
import { NumericalError, UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { bindTree, flattenTree, trainedLeaves } from "../../graph/parameters.ts";
import { engineOf } from "../../models/evaluation.ts";
import { type Model, parameterTree } from "../../models/model.ts";
import { named } from "../../models/namedModel.ts";
import { initialValues, isSingle, withoutPrefix } from "../../models/parameters.ts";
import { inPieces, type Pieces, turnBetween } from "../../platform/pieces.ts";
import { randomKey, split } from "../../random/philox.ts";
import { withPrefix } from "../finishFit.ts";
import { concatenated, type FitData, type FitRows } from "../fitData.ts";
import type { FitOptions } from "../fitOptions.ts";
import { type PreparationSearch, preparationChoices, type Trial } from "../preparation/choosePreparation.ts";
import {
  fittingGivenPreparation,
  fittingPreparation,
  type PreparationChoices,
} from "../preparation/preparation.ts";
import { prepareRows, withCompanions } from "../preparation/prepareRows.ts";
import { weightedMean } from "../rowWeights.ts";
import {
  compileMinimizer,
  type MinimizeOptions,
  type MinimizeResult,
  type Minimizer,
  type Rows,
  stepsAnEpoch,
} from "./minimize.ts";
import { mixtureRows, withoutFarRows } from "./mixtureRows.ts";
import type { Recipe } from "./recipe.ts";
import { type TrainingPlan, trainedNumbers } from "./trainingPlan.ts";

/** A short training, by which a preparation is judged. */
interface Look {
  /** Steps at most; no more than {@link lookShare} of the first cycle's epochs. */
  readonly steps: number;
  /** Rows of a step at most. */
  readonly batch: number;
  readonly averaging: number;
  readonly validations: number;
}

/** The first look at a preparation, and the closer one. */
const firstLook: Look = { steps: 100, batch: 64, averaging: 0.95, validations: 2 };
const closeLook: Look = { steps: 200, batch: 64, averaging: 0.98, validations: 3 };
const lookShare = 0.36;

/** Trained numbers from which on the first look decides: a closer one of many columns is dear and changes little. */
const manyNumbers = 300_000;

/** A model whose trained values have the digits that its file keeps: where no step is better than the start, the start is what is saved. */
function asStored(model: Model): Model {
  const values = { ...model.values };
  for (const [name, spec] of flattenTree(parameterTree(model)))
    if (isSingle(spec, model.precision)) values[name] = Float64Array.from(values[name]!, Math.fround);
  return { ...model, values };
}

/** The likelihood of an architecture, compiled once for all trainings of a fit. */
export class Likelihood {
  readonly #architecture: Architecture;
  readonly #structure: string | undefined;
  readonly #data: FitData;
  readonly #recipe: Recipe;
  readonly #plan: TrainingPlan;
  readonly #options: FitOptions;
  readonly #minimizer: Minimizer;
  /** Compiles what a trial minimizes, where that is another loss. */
  readonly #compileTrial: (() => Promise<Minimizer>) | undefined;
  #trialMinimizer: Promise<Minimizer> | undefined;
  readonly #extra: { readonly data: Float64Array; readonly context: Float64Array } | undefined;

  constructor(
    architecture: Architecture,
    structure: string | undefined,
    data: FitData,
    recipe: Recipe,
    plan: TrainingPlan,
    options: FitOptions,
    {
      minimizer,
      compileTrial,
    }: { minimizer: Minimizer; compileTrial: (() => Promise<Minimizer>) | undefined },
    extra: { readonly data: Float64Array; readonly context: Float64Array } | undefined,
  ) {
    this.#architecture = architecture;
    this.#structure = structure;
    this.#data = data;
    this.#recipe = recipe;
    this.#plan = plan;
    this.#options = options;
    this.#minimizer = minimizer;
    this.#compileTrial = compileTrial;
    this.#extra = extra;
  }

  /** @param structure - Says all of the architecture, where that is known; else what is compiled is looked at. */
  static async compile(
    architecture: Architecture,
    data: FitData,
    recipe: Recipe,
    plan: TrainingPlan,
    options: FitOptions,
    structure?: string,
  ): Promise<Likelihood> {
    const { base, bijection, features } = architecture;
    const bound = {
      base: bindTree(base.parameters, "base."),
      bijection: bindTree(bijection.parameters, "bijection."),
    };
    const context = architecture.context > 0 ? g.input("context", [architecture.context]) : undefined;
    const y = g.input("data", [features]);
    const { training } = architecture;
    const { signal } = options;
    const negLogProbOf = (map: Bijection): Expr =>
      g.neg(training?.logProb?.(y, bound, context) ?? pushforwardLogProb(base, map, y, bound, context));
    let written: Expr | undefined;
    const negLogProb = (): Expr => {
      written ??= negLogProbOf(bijection);
      return written;
    };
    if (options.recompute && training)
      throw new UsageError({
        where: "fit",
        problem: `recompute is for flows that are trained by their likelihood, and ${architecture.kind} has a loss of its own`,
        expected: "no recompute",
        received: "recompute",
        remedy: "leave it out",
      });
    const gradients = options.recompute
      ? (await import("./recomputed/recomputedGradients.ts")).recomputedGradients(bijection, negLogProbOf)
      : undefined;
    await turnBetween(signal, "The compilation");
    if (structure === undefined) {
      negLogProb();
      await turnBetween(signal, "The compilation");
    }
    const weight = data.train.weights ? g.input("weight", []) : undefined;
    const hasState = Array.from(flattenTree(bijection.parameters).values()).some(
      ({ kind }) => kind === "state",
    );
    const state = hasState
      ? (await import("./runningState.ts")).runningState(bijection, y, bound.bijection, context, weight)
      : undefined;
    const compile = (name: string, loss: () => Expr): Promise<Minimizer> =>
      compileMinimizer(
        {
          loss,
          validation: negLogProb,
          draws: training?.draws,
          weight,
          state,
          gradients,
          parameters: trainedLeaves({ base: base.parameters, bijection: bijection.parameters }, bound),
        },
        engineOf(options),
        {
          weightDecay: recipe.weightDecay,
          beta2: recipe.beta2,
          structure: structure && `${name} ${structure}`,
          signal,
        },
      );
    const minimizer = await compile(
      gradients ? "recomputed" : "fit",
      training ? () => training.loss(y, bound, context) : negLogProb,
    );
    const ofTrials = training?.preparation;
    const compileTrial = ofTrials?.loss && (() => compile("trial", () => ofTrials.loss!(y, bound, context)));
    const key = split(randomKey(options.seed ?? 0), "mixture");
    const extra =
      recipe.mixtureShare > 0 && !data.train.weights && !data.schema && architecture.preparation !== "none"
        ? await mixtureRows(data, key, signal)
        : undefined;
    return new Likelihood(
      architecture,
      structure,
      data,
      recipe,
      plan,
      options,
      { minimizer, compileTrial },
      extra,
    );
  }

  dispose(): void {
    this.#minimizer.dispose();
    this.#trialMinimizer?.then((minimizer) => minimizer.dispose()).catch(() => undefined);
  }

  /** An unfitted model whose preparation has the statistics of some rows. */
  async model(choice: PreparationChoices, rows: FitRows): Promise<Model> {
    const { base, bijection } = this.#architecture;
    const { columns, given, schema } = this.#data;
    const seed = this.#options.seed ?? 0;
    const inTurns = <T>(work: Pieces<T>): Promise<T> => inPieces(work, this.#options.signal, "The fit");
    const preparation = schema
      ? (await import("../preparation/turns.ts")).turnPreparation(schema)
      : this.#architecture.preparation === "none"
        ? (await import("../preparation/unprepared.ts")).unprepared(columns.length)
        : await inTurns(fittingPreparation(rows.data, columns.length, choice, rows.weights));
    const context =
      given.length > 0
        ? await inTurns(fittingGivenPreparation(rows.context, given.length, choice.given, rows.weights))
        : undefined;
    const parts = {
      base,
      bijection,
      preparation: preparation.bijection,
      contextPreparation: context?.bijection,
    };
    const model: Model = {
      ...parts,
      kind: kindOf(this.#architecture),
      columns,
      given,
      schema,
      precision: this.#options.precision ?? "float32",
      values: {
        ...initialValues(parameterTree(parts), split(randomKey(seed), "initial")),
        ...withPrefix("preparation.", preparation.values),
        ...withPrefix("context.", context?.values ?? {}),
      },
      fitted: {
        rows: this.#data.rows,
        seed,
        epochs: 0,
        trainLogProb: 0,
        validationLogProb: 0,
        dequantized: {},
      },
    };
    const prepared = [preparation.bijection.toJSON(), context?.bijection.toJSON()];
    return this.#structure ? named(model, JSON.stringify([this.#structure, prepared])) : model;
  }

  /** A model whose trained part has the values that prepared rows give it before training, where some of its parts take such. */
  async started(model: Model, { rows, inputs }: Rows, primaryRows: number = rows): Promise<Model> {
    const { base, bijection } = model;
    const first = (values: Float64Array | undefined): Float64Array | undefined =>
      values?.subarray(0, (values.length / rows) * primaryRows);
    const { startsFromData, startValues, startValuesOfBase } = await import(
      "../preparation/valuesFromData.ts"
    );
    if (!base.bound && !startsFromData(bijection)) return model;
    const given = { values: first(inputs.data)!, context: first(inputs.context), weights: inputs.weight };
    if (base.bound) {
      const values = await startValuesOfBase(
        base as ManyToOne,
        withoutPrefix(model.values, "base."),
        given,
        this.#options,
      );
      return asStored({ ...model, values: { ...model.values, ...withPrefix("base.", values) } });
    }
    const values = await startValues(
      bijection,
      withoutPrefix(model.values, "bijection."),
      given,
      this.#options,
    );
    return asStored({ ...model, values: { ...model.values, ...withPrefix("bijection.", values) } });
  }

  /** Rows on the base side of a model's preparation, in float64, those of the mixture behind them if asked for. */
  async prepare(
    model: Model,
    rows: FitRows,
    withExtra: boolean,
  ): Promise<{ rows: Rows; logAbsDet: Float64Array }> {
    const extra = withExtra ? this.#extra : undefined;
    const all = await prepareRows(
      model,
      extra ? concatenated(rows.data, extra.data) : rows.data,
      extra ? concatenated(rows.context, extra.context) : rows.context,
      this.#options,
    );
    const prepared = extra ? withoutFarRows(all, rows.rows, this.#recipe.mixtureReach) : all;
    const inputs = {
      data: prepared.data,
      ...(model.given.length > 0 ? { context: prepared.context } : {}),
      ...(rows.weights ? { weight: rows.weights } : {}),
    };
    return { rows: { rows: prepared.logAbsDet.length, inputs }, logAbsDet: prepared.logAbsDet };
  }

  /** Trains from a model's values. */
  maximize(
    model: Model,
    rows: Rows,
    options: Omit<MinimizeOptions, "key" | "batch" | "learningRate" | "beta2" | "extraShare" | "signal">,
    minimizer: Minimizer = this.#minimizer,
    batch: number = this.#recipe.batch,
  ): Promise<MinimizeResult> {
    return minimizer.run(rows, model.values, {
      ...options,
      key: split(randomKey(this.#options.seed ?? 0), "minimize"),
      batch,
      beta2: this.#recipe.beta2,
      learningRate: this.#recipe.learningRate,
      extraShare: this.#extra ? this.#recipe.mixtureShare : 0,
      signal: this.#options.signal,
    });
  }

  /** The rows of each epoch, where the loss has some values of them prepared ahead. */
  rowsOfEpoch(rows: Rows): ((epoch: number) => Rows) | undefined {
    const { training } = this.#architecture;
    return training?.companions && withCompanions(training, rows, this.#options.seed ?? 0);
  }

  /** Steps of a look at most. */
  #stepsOf({ steps, batch }: Look): number {
    const { first, roundsAnEpoch } = this.#plan;
    const anEpoch = stepsAnEpoch(this.#data.train.rows, Math.min(batch, this.#recipe.batch));
    return Math.min(steps, Math.ceil((lookShare * first * anEpoch) / roundsAnEpoch));
  }

  /** The look that decides: what the architecture says of it takes precedence. */
  get #decidingLook(): Look {
    const { batch } = this.#recipe;
    const steps = this.#architecture.training?.preparation?.steps;
    if (steps !== undefined) return { steps, batch, averaging: 0.98, validations: 5 };
    return trainedNumbers(this.#architecture) < manyNumbers ? closeLook : firstLook;
  }

  /** Steps of the training by which a preparation is chosen, at most. */
  get trialSteps(): number {
    return this.#stepsOf(this.#decidingLook);
  }

  /** How the preparation is chosen. */
  get search(): PreparationSearch {
    const { preparation } = this.#architecture.training ?? {};
    const { batch, whitened } = this.#recipe;
    const look = this.#decidingLook;
    return {
      choices:
        this.#data.schema || this.#architecture.preparation === "none"
          ? preparationChoices.slice(0, 1)
          : (preparation?.choices ??
            preparationChoices.filter(({ whiten }) =>
              this.#architecture.preparation === "columns" ? !whiten : whiten || !whitened,
            )),
      score: (choice, trial) => this.#look(choice, trial, look),
      firstLook: look === closeLook ? (choice, trial) => this.#look(choice, trial, firstLook) : undefined,
      mostRows: this.trialSteps * Math.min(look.batch, batch),
    };
  }

  /** Mean log-density of a trial's held-out rows after a short training. */
  async #look(choice: PreparationChoices, { train, heldOut }: Trial, look: Look): Promise<number> {
    const unstarted = await this.model(choice, train);
    const rows = await this.prepare(unstarted, train, true);
    const model = await this.started(unstarted, rows.rows, train.rows);
    const judged = await this.prepare(model, heldOut, false);
    const batch = Math.min(look.batch, this.#recipe.batch);
    const epochs = Math.max(1, Math.round(this.#stepsOf(look) / stepsAnEpoch(train.rows, batch)));
    try {
      if (this.#compileTrial) this.#trialMinimizer ??= this.#compileTrial();
      const { history } = await this.maximize(
        model,
        rows.rows,
        {
          epochs,
          averaging: look.averaging,
          patience: epochs,
          primaryRows: train.rows,
          validateEvery: Math.max(1, Math.ceil(epochs / look.validations)),
          validation: judged.rows,
          rowsOfEpoch: this.#compileTrial ? undefined : this.rowsOfEpoch(rows.rows),
        },
        await this.#trialMinimizer,
        batch,
      );
      const best = Math.min(...history.map(({ validationLoss }) => validationLoss));
      return weightedMean(judged.logAbsDet, heldOut.weights) - best;
    } catch (error) {
      // A preparation that training cannot live with is not chosen; if none will do, the fit itself says so.
      if (error instanceof NumericalError) return Number.NEGATIVE_INFINITY;
      throw error;
    }
  }
}
