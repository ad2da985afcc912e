/**
 * Training that starts at a model: an imported one, or one that was fitted here by gradient. Structure, preparation, columns and
 * values are those of the model, so that there are no preparations to try, and no mixture to learn from before the rows say
 * more. The model is scored on the held-out rows first, and is the result where no epoch does better.
 *
 * @module
 */

import type { Architecture, NeuralSplineFlowOptions } from "../../architectures/architecture.ts";
import type { architectureOf } from "../../architectures/architectureOf.ts";
import { kindOf, madeAs } from "../../architectures/kindOf.ts";
import { hasMixedColumns, statisticalKinds } from "../../architectures/kinds.ts";
import type { Chain } from "../../bijections/combinators/chain.ts";
import { closestName, listNames } from "../../closestName.ts";
import { ofRows } from "../../counted.ts";
import { DataError, UsageError } from "../../errors.ts";
import { Flow, flowOfModel, load } from "../../models/flow.ts";
import type { Model } from "../../models/model.ts";
import { describeValue } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import { digestOf } from "../../random/digest.ts";
import { allColumns, type Table } from "../../tables/table.ts";
import { type FitData, type FitRows, joinedRows } from "../fitData.ts";
import type { FitOptions } from "../fitOptions.ts";
import { weightedMean } from "../rowWeights.ts";
import type { TrainingStart } from "./fitByGradient.ts";
import type { Recipe } from "./recipe.ts";
import { trainedNumbers } from "./trainingPlan.ts";

/**
 * Peak of the learning rate. The rates of a new flow are mostly several times as high, for the way from the Gaussian: at a trained
 * model, whose optimizer has no moments yet, their first steps undo what it has learnt. See docs/fitting.md for what was measured.
 */
export const startedRate = 2e-3;

/** Options that say what a model says itself. */
const structural = [
  "flow",
  "columns",
  "given",
  "parents",
  "simplex",
  "transforms",
  "hidden",
  "embedding",
  "base",
] as const;

type MakeArchitecture = typeof architectureOf;

/** A model that training starts at, before the rows are known. */
export interface GivenModel {
  readonly architecture: Architecture;
  /** Those of the fit, with what the model decides. */
  readonly options: FitOptions;
  /** What of the recipe differs from that of a new flow. */
  readonly recipe: Partial<Recipe>;
  /**
   * The model that is trained on these rows.
   * @throws DataError for shares of another total, and for rows where the model has no density.
   */
  on(data: FitData): Promise<TrainingStart>;
}

/**
 * The model that `from` of {@link FitOptions} says.
 * @param make - The architecture of a kind by name: passed, as a bundler keeps what is imported here.
 * @throws UsageError for a model that is not trained by gradient, or an option that its structure decides; DataError for a table that
 *   lacks its columns.
 */
export async function givenModel(
  table: Table,
  asked: FitOptions,
  make: MakeArchitecture,
): Promise<GivenModel> {
  checkStructure(asked);
  const flow = asked.from instanceof Flow ? asked.from : await load(asked.from!);
  checkTrainable(flow);
  checkColumns(table, flow);
  const { model } = flow;
  const shares = model.simplex?.shares;
  const options: FitOptions = {
    ...asked,
    columns: flow.columns,
    given: flow.given,
    precision: asked.precision ?? model.precision,
    ...(shares ? { simplex: shares } : {}),
  };
  const architecture = await architectureAt(model, make);
  if (trainedNumbers(architecture) === 0) throw notTrained(model.kind, "has nothing that is trained");
  return {
    architecture,
    options,
    recipe: { learningRate: startedRate, mixtureShare: 0 },
    async on(data) {
      checkTotal(model, data);
      const start = startOf(model, architecture, data, options);
      return {
        model: start,
        digest: digestOf([flow.toBytes()]),
        logProb: await scoreStart(start, data, options),
      };
    },
  };
}

/** @throws {@link UsageError} for an option that a model decides. */
function checkStructure(options: FitOptions): void {
  const name = structural.find((option) => options[option] !== undefined);
  if (name === undefined) return;
  throw new UsageError({
    where: "fit",
    problem: `${name} is the model's own: training that starts at a model keeps its structure and its columns`,
    expected: `no ${name} beside ${optionText("from")}`,
    received: describeValue(options[name]),
    remedy: `leave out ${optionText(name)}, or leave out ${optionText("from")} and fit anew`,
  });
}

function notTrained(kind: string, why: string): UsageError {
  return new UsageError({
    where: "fit",
    problem: `a model of kind ${kind} ${why}, so that no training starts at it`,
    expected: "a model that was trained by gradient, or an imported one",
    received: kind,
    remedy: "fit it anew to all rows",
  });
}

/** @throws {@link UsageError} for a model that has no gradients, or another treatment of its rows. */
function checkTrainable({ description }: Flow): void {
  const { kind, fitted } = description;
  if (hasMixedColumns(kind))
    throw notTrained(kind, "has tables of levels, grids and marginals that are those of its rows");
  if ((statisticalKinds as readonly string[]).includes(kind))
    throw notTrained(kind, "is fitted without gradients");
  if (Object.keys(fitted.dequantized).length > 0)
    throw notTrained(kind, "was fitted before version 0.2 to columns with noise");
}

/** @throws {@link DataError} that names the columns of the model that a table lacks. */
function checkColumns(table: Table, { columns, given }: Flow): void {
  const known = allColumns(table);
  const needed = [...given, ...columns];
  const missing = needed.filter((name) => !known.includes(name));
  const [first] = missing;
  if (first === undefined) return;
  const others = known.filter((name) => !needed.includes(name));
  const closest = closestName(first, others);
  throw new DataError(
    {
      where: "fit",
      problem: `the table lacks ${missing.length > 1 ? "columns" : "the column"} ${listNames(missing)} of the model${closest === undefined ? "" : ` (did you mean "${closest}"?)`}`,
      expected: `columns ${listNames(needed)}`,
      received: listNames(known),
      remedy: `the columns are ${listNames(known)}: name them as the model does; an imported model has the names that its import gives it`,
    },
    { column: first },
  );
}

/** @throws {@link DataError} for shares of another total. */
function checkTotal({ simplex }: Model, data: FitData): void {
  if (!simplex || Math.abs(simplex.total - data.simplex!.total) <= simplex.tolerance) return;
  throw new DataError({
    where: "fit",
    problem: `the shares sum to ${data.simplex!.total}, those of the model to ${simplex.total}`,
    expected: `a sum of ${simplex.total}`,
    received: `${data.simplex!.total}`,
    remedy: "give them in the units of the model",
  });
}

/** What tells a bijection and its base from others. */
const descriptionOf = ({ base, bijection }: Pick<Model, "base" | "bijection">): string =>
  JSON.stringify([base.toJSON(), bijection.toJSON()]);

/** Sizes and settings of a part, as its `toJSON` gives them. */
type PartJson = Readonly<Record<string, unknown>> & { readonly solver?: { readonly tolerance?: number } };

/** Of kinds that have a training of their own, the options of their architecture; undefined of all others. */
function optionsOf({ kind, bijection }: Model): object | undefined {
  if (kind === "cnf" || kind === "flow-matching") {
    const { hidden, activation, waves, frequencies, solver } = bijection.toJSON() as PartJson;
    const { tolerance } = solver ?? {};
    return { hidden, activation, waves, frequencies, tolerance };
  }
  if (kind !== "residual" || bijection.type !== "chain") return undefined;
  const blocks = (bijection as Chain).parts.filter(({ type }) => type === "residual");
  const { hidden, lipschitz, activation, norm, logDet, tolerance, iterations } = (blocks[0]?.toJSON() ??
    {}) as PartJson;
  return { transforms: blocks.length, hidden, lipschitz, activation, norm, logDet, tolerance, iterations };
}

/**
 * The architecture of a model. Continuous and residual flows are made anew by their sizes, which gives them the training of their kind;
 * all others are trained by their own log-density.
 */
async function architectureAt(model: Model, make: MakeArchitecture): Promise<Architecture> {
  const { kind, base, bijection, given } = model;
  const { features } = bijection;
  const settings = optionsOf(model);
  const sizes = { features, context: given.length, ...(kind === "flow-matching" ? {} : { base }) };
  if (settings) {
    const made = await make(kind, { ...sizes, ...settings } as NeuralSplineFlowOptions);
    if (descriptionOf(made) === descriptionOf(model)) return made;
  }
  // The pace of a solver, whatever the model is called.
  const isContinuous = JSON.stringify(bijection.toJSON()).includes('"type":"continuous"');
  const { context } = sizes;
  madeAs({ kind, bijection });
  return {
    kind: isContinuous ? "cnf" : kind,
    features,
    context,
    transforms: 1,
    hidden: [],
    base,
    bijection,
    // Behind what many points share there is nothing but the data.
    ...(base.bound ? { preparation: "none" } : {}),
  };
}

/** The model that training starts at: with the parts of its architecture, and of shares the flow of their log-ratios. */
function startOf(model: Model, architecture: Architecture, data: FitData, options: FitOptions): Model {
  const { simplex, schema, preparation, values, fitted } = model;
  const { imported, keep, rows, epochs, digest, earlier = [] } = fitted;
  const { base, bijection } = architecture;
  const isRounded = options.precision === "float32";
  return {
    kind: kindOf(architecture),
    base,
    bijection,
    preparation: simplex ? (preparation as Chain).parts[0]! : preparation,
    contextPreparation: model.contextPreparation,
    columns: data.columns,
    given: data.given,
    schema,
    precision: options.precision!,
    values: Object.fromEntries(
      Object.entries(values).map(([name, numbers]) => [
        // The map onto the shares has no parameters.
        simplex ? name.replace(/^preparation\.0\./, "preparation.") : name,
        // As a file holds them: of the trained part in its precision.
        isRounded && /^(base|bijection)\./.test(name) ? numbers.map(Math.fround) : numbers,
      ]),
    ),
    fitted: {
      rows: data.rows,
      seed: options.seed ?? 0,
      epochs: 0,
      dequantized: {},
      ...(imported === undefined ? {} : { imported }),
      ...(keep === undefined ? {} : { keep }),
      ...(rows > 0 ? { earlier: [...earlier, { rows, epochs, ...(digest ? { digest } : {}) }] } : {}),
    },
  };
}

/**
 * Mean log-density of the held-out rows under a model, or of all where none are held out.
 * @throws {@link DataError} for rows that have none: they give no gradient, and the mean would be minus infinity.
 */
async function scoreStart(model: Model, data: FitData, options: FitOptions): Promise<number> {
  const { engine, threads, wide, signal } = options;
  const flow = await flowOfModel(model);
  const names = [...data.given, ...data.columns];
  const score = async (rows: FitRows): Promise<number> => {
    const values = joinedRows(rows, data);
    const scores = await flow.logProb(values, { engine, threads, wide, signal });
    const impossible = scores.filter((value) => !Number.isFinite(value)).length;
    if (impossible === 0) return weightedMean(scores, rows.weights) + rows.logAbsDet;
    const at = scores.findIndex((value) => !Number.isFinite(value)) * names.length;
    throw new DataError({
      where: "fit",
      problem: `${ofRows(impossible, rows.rows, "have")} no density under the model, such as ${names.map((name, i) => `${name} ${describeValue(values[at + i])}`).join(", ")}`,
      expected: "rows where the model has a density",
      received: `${impossible} others`,
      remedy: "leave them out, or fit a new flow",
    });
  };
  const ofTraining = await score(data.train);
  return data.validation ? await score(data.validation) : ofTraining;
}
