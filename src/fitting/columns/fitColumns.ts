/**
 * Maximum likelihood of a density of mixed columns. Training starts from the product of the columns' own distributions, and ends with
 * the parameters that are best on held-out rows: by them it is never worse than that product.
 *
 * @module
 */

import { AbortedError, DataError, UsageError } from "../../errors.ts";
import { sizeOf } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { flattenTree } from "../../graph/parameters.ts";
import type { DensityColumn } from "../../models/columns/column.ts";
import {
  type ColumnsDensity,
  columnsDensity,
  type ModeledColumn,
} from "../../models/columns/columnsDensity.ts";
import type { ColumnsModel } from "../../models/columns/columnsModel.ts";
import { encoding } from "../../models/columns/encodeRows.ts";
import { type EngineOptions, engineOf } from "../../models/evaluation.ts";
import { initialValues } from "../../models/parameters.ts";
import { inOnePiece, inPieces, type Pieces, turnBetween } from "../../platform/pieces.ts";
import { bytesOf, digestOf } from "../../random/digest.ts";
import { randomKey, split } from "../../random/philox.ts";
import { Checkpoint } from "../gradient/checkpoint.ts";
import { type EpochRecord, type MinimizeResult, type Rows, stepsAnEpoch } from "../gradient/minimize.ts";
import { roundsOfBudget, stepsOfNumbers } from "../gradient/trainingPlan.ts";
import { countsOf, weightedMean } from "../rowWeights.ts";
import { type ColumnsRecipe, columnsRecipe } from "./columnsRecipe.ts";
import { findTies, startOfTies } from "./findTies.ts";
import { joinedMembers } from "./joinedMembers.ts";
import { compileMembers } from "./memberTraining.ts";
import { modelingColumn } from "./modelColumn.ts";
import { randomSets } from "./randomSets.ts";
import { joinedRows, rowBlocks } from "./rowBlocks.ts";

/** Rows of cells. */
export interface CellRows {
  /** Number of rows. */
  readonly rows: number;
  /** An array for each column, the given ones first; see `DensityColumn` for what a number stands for. */
  readonly cells: readonly Float64Array[];
  /** What each row counts; all the same where it is left out. */
  readonly weights?: Float64Array | undefined;
}

/** Options of {@link fitColumns}. */
export interface FitColumnsOptions extends EngineOptions {
  /** Columns that the density is given; it has none of them. */
  readonly given?: readonly DensityColumn[] | undefined;
  /** Rows to choose the best parameters by; without them the last are taken. */
  readonly validation?: CellRows | undefined;
  /**
   * The order of the columns (default: date-times first, which gave 0.2 to 1.6 nats per row on five tables; then those with fewer values
   * first, which on four tables was as good as the table's order or better by up to 0.1 nats per row).
   */
  readonly order?: readonly number[] | undefined;
  /**
   * Seconds of training on two cores, turned into steps by a fixed cost; with more than the recipe takes, the fit goes on while its
   * held-out score rises (default: the steps of the recipe, once).
   */
  readonly budget?: number | undefined;
  /** Same seed, same fit (default 0). */
  readonly seed?: number | undefined;
  /** Whether the network is trained for all sets of known columns; see `randomSets`. */
  readonly anyOrder?: boolean | undefined;
  /** What differs from the default recipe. */
  readonly recipe?: Partial<ColumnsRecipe> | undefined;
  /** Stops the fit. */
  readonly signal?: AbortSignal | undefined;
  /** Returns what is best so far where the signal fires (default false). */
  readonly keepOnAbort?: boolean | undefined;
  /** File to keep the state of the fit in (Node), and whether to go on from it. */
  readonly checkpoint?: { readonly path: string; readonly resume: boolean } | undefined;
  /** Called behind each column that was looked at by itself, with how many were, of how many. */
  readonly onColumn?: ((done: number, total: number) => void) | undefined;
  /** Called when all is prepared and the steps begin. */
  readonly onTraining?: (() => void) | undefined;
  /** Called after each validation, with log-densities per row in the columns' units, and the epochs that there are at most. */
  readonly onEpoch?:
    | ((
        progress: {
          readonly trainLogProb: number;
          readonly validationLogProb: number;
          readonly epochs: number;
          readonly member: number;
          readonly members: number;
        } & EpochRecord,
      ) => void)
    | undefined;
}

/** What a fit of columns gives. */
export interface FittedColumns {
  /** The density with its values. */
  readonly model: ColumnsModel;
  /** What was used. */
  readonly recipe: ColumnsRecipe;
  /** Mean log-densities per row, one entry a validation: of the steps of the epoch, dropout included, and of the held-out rows. */
  readonly history: readonly {
    readonly epoch: number;
    readonly trainLogProb: number;
    readonly validationLogProb: number;
    readonly member: number;
    readonly members: number;
  }[];
  /** Epochs at most. */
  readonly epochs: number;
  /** Epoch of the best member's parameters; 0 for the product of the columns' own distributions. */
  readonly bestEpoch: number;
  /** Whether the signal fired before the end. */
  readonly interrupted: boolean;
  /** Whether the held-out score of a member still rose at the end. */
  readonly stillImproving: boolean;
}

/**
 * Fits a density of mixed columns.
 * @throws {@link DataError} for a cell that the description of its column excludes.
 */
export async function fitColumns(
  columns: readonly DensityColumn[],
  train: CellRows,
  options: FitColumnsOptions = {},
): Promise<FittedColumns> {
  const { given = [], validation, seed = 0, precision = "float32" } = options;
  const described = [...given, ...columns];
  if (train.cells.length !== described.length)
    throw new UsageError({
      where: "fitColumns",
      problem: `${train.cells.length} columns of cells for ${described.length} descriptions`,
      expected: `${described.length} columns of cells`,
      received: `${train.cells.length}`,
    });
  if (train.rows < 1)
    throw new UsageError({
      where: "fitColumns",
      problem: "there are no rows",
      expected: "at least one row",
      received: "none",
    });
  const recipe = columnsRecipe(train.rows, options.recipe);
  const counted = validation ? joinedRows(train, validation) : train;
  const order = options.order ?? usualOrder(columns, train.cells.slice(given.length));
  const ties = findTies(described, train.cells, [
    ...given.keys(),
    ...order.map((place) => given.length + place),
  ]);
  const modeled: ModeledColumn[] = [];
  for (const [i, column] of described.entries()) {
    const sizes = { ...recipe, seesValues: ties.some(({ from }) => from === i) };
    const work = modelingColumn(column, counted.cells[i]!, counted.weights, sizes);
    modeled.push(await inPieces(work, options.signal, "The fit"));
    options.onColumn?.(modeled.length, described.length);
  }
  await turnBetween(options.signal, "The fit");
  const density = columnsDensity({
    given: modeled.slice(0, given.length),
    columns: modeled.slice(given.length),
    order,
    hidden: recipe.hidden,
    ...(ties.length > 0 ? { ties } : {}),
    ...(options.anyOrder ? { anyOrder: true } : {}),
  });
  const key = randomKey(seed);
  const most = Math.max(recipe.batch, Math.floor(recipe.encodedNumbers / density.width));
  const blocks = rowBlocks(train, most, split(key, "blocks"));
  // Rounds are parts of a pass over a block, so that long passes are validated on the way; they are reported as epochs of all rows.
  const steps = stepsAnEpoch(blocks[0]!.rows, recipe.batch);
  const roundsABlock = Math.ceil(steps / mostRoundSteps);
  const inRounds = (count: number): number => (count * roundsABlock) / steps;
  const usual = Math.max(1, Math.round(inRounds(recipe.steps)));
  const { budget } = options;
  // Members share the budget. Without one there is one cycle: a second gained nothing on two tables of 12,000 and 49,000 rows.
  const plan =
    budget === undefined
      ? { first: usual, more: [] }
      : roundsOfBudget(
          usual,
          Math.max(
            1,
            Math.floor(
              inRounds(stepsOfNumbers(budget / recipe.members, recipe.batch, trainedNumbers(density))),
            ),
          ),
          validation !== undefined,
        );
  const rounds = plan.first;
  const inEpochs = (round: number): number => round / (roundsABlock * blocks.length);
  const epochs = inEpochs(plan.more.reduce((sum, own) => sum + own, plan.first));
  const checkpoint =
    options.checkpoint &&
    new Checkpoint(
      options.checkpoint.path,
      {
        recipe,
        ...(budget === undefined ? {} : { plan }),
        density: density.options,
        rows: [digestOfRows(train), validation ? digestOfRows(validation) : "none"],
        seed,
        precision,
        engine: options.engine ?? "wasm",
      },
      density.parameters,
    );
  // Read first: a checkpoint of another fit is refused before anything is computed.
  const resume = options.checkpoint?.resume ? await checkpoint?.read() : undefined;
  const trainings: MinimizeResult[] = [...(resume?.finished ?? [])];
  if (!options.checkpoint?.resume) await checkpoint?.checkPath();
  const engine = engineOf({ ...options, precision });
  const encoded = g.input("encoded", [density.width]);
  const sets = options.anyOrder ? randomSets(density, encoded) : undefined;
  const weightsOfColumns = sets?.shares.map((share) => share / sets.meanShare);
  const inTurns = <T>(work: Pieces<T>): Promise<T> => inPieces(work, options.signal, "The fit");
  const trained = await inTurns(trainingRows(density, blocks[0]!, weightsOfColumns));
  const judged = validation && rowBlocks(validation, most, split(key, "held"))[0]!;
  const held = judged && (await inTurns(trainingRows(density, judged, weightsOfColumns)));
  let current = { block: 0, rows: trained.rows };
  const rowsOfPass = (pass: number): Rows => {
    const block = pass % blocks.length;
    if (block !== current.block)
      current = { block, rows: inOnePiece(trainingRows(density, blocks[block]!)).rows };
    return current.rows;
  };
  const inNats = ({ epoch, trainLoss, validationLoss }: EpochRecord, member: number) => {
    const trainLogProb = trained.offset - trainLoss;
    return {
      epoch: member * epochs + inEpochs(epoch),
      trainLogProb,
      validationLogProb: held ? held.offset - validationLoss : trainLogProb,
      member: member + 1,
      members: recipe.members,
    };
  };
  await turnBetween(options.signal, "The fit");
  const training =
    trainings.length < recipe.members
      ? await compileMembers(density, {
          recipe,
          engine,
          encoded,
          sets,
          isWeighted: train.weights !== undefined,
          signal: options.signal,
        })
      : undefined;
  const trainMember = async (member: number): Promise<MinimizeResult> => {
    const ofMember = member === 0 ? key : split(key, `member ${member + 1}`);
    return await training!.run(
      member,
      trained.rows,
      {
        ...initialValues(density.parameters, split(ofMember, "initial")),
        ...density.start,
        ...(ties.length > 0 ? { ties: startOfTies(density, train) } : {}),
      },
      {
        key: split(ofMember, "minimize"),
        epochs: rounds,
        roundsAnEpoch: roundsABlock,
        batch: recipe.batch,
        learningRate: recipe.learningRate,
        beta2: recipe.beta2,
        averaging: recipe.averaging,
        cycles: plan.more,
        patience: Math.max(1, Math.ceil(recipe.patience * rounds)),
        validateEvery: Math.max(1, Math.floor(rounds / validations)),
        rowsOfEpoch: blocks.length > 1 ? rowsOfPass : undefined,
        validation: held?.rows,
        signal: options.signal,
        keepOnAbort: options.keepOnAbort,
        resume: member === resume?.finished.length ? resume : undefined,
        async onEpoch(record, state) {
          options.onEpoch?.({
            ...record,
            ...inNats(record, member),
            bestEpoch: member * epochs + inEpochs(record.bestEpoch),
            epochs: recipe.members * epochs,
          });
          if (checkpoint) await checkpoint.write(await state(), trainings);
        },
      },
    );
  };
  /** Whether the first network was still getting better at the end of its steps; see the recipe. */
  const isEnough = ([first]: readonly MinimizeResult[]): boolean =>
    recipe.oneWhereRising &&
    budget === undefined &&
    held !== undefined &&
    first?.history.at(-1)?.epoch === rounds;
  let interrupted = false;
  options.onTraining?.();
  try {
    while (trainings.length < recipe.members && !interrupted && !isEnough(trainings)) {
      try {
        const result = await trainMember(trainings.length);
        interrupted = result.interrupted;
        trainings.push(result);
      } catch (error) {
        // The members that there are, are a model.
        if (!(error instanceof AbortedError && options.keepOnAbort && trainings.length > 0)) throw error;
        interrupted = true;
      }
    }
  } finally {
    training?.dispose();
  }
  const { best, ...together } = await joinedMembers(
    density,
    trainings.map(({ values }) => values),
    held?.rows,
    engine,
  );
  const { bestEpoch } = trainings[best]!;
  return {
    model: { ...together, precision },
    recipe,
    history: trainings.flatMap((own, member) => own.history.map((record) => inNats(record, member))),
    epochs: recipe.members * epochs,
    bestEpoch: bestEpoch === 0 ? 0 : best * epochs + inEpochs(bestEpoch),
    interrupted,
    // The falling rate raises every score to the end of a cycle: that of the recipe's own length says nothing of a longer one.
    stillImproving:
      (budget !== undefined || recipe.steps < columnsRecipe(train.rows).steps) &&
      trainings.some(({ stillImproving }) => stillImproving),
  };
}

/** The densities of the columns cost about as much as the network again. */
const densityFactor = 2;

/** Numbers that a row of a step goes through. */
function trainedNumbers({ parameters }: ColumnsDensity): number {
  let count = 0;
  for (const spec of flattenTree(parameters).values())
    if (spec.kind === "trained") count += sizeOf(spec.shape);
  return densityFactor * count;
}

function digestOfRows({ cells, weights }: CellRows): string {
  return digestOf([...cells, weights ?? new Float64Array(0)].map(bytesOf));
}

/** Rows by which values are counted. */
const countedRows = 20_000;

/**
 * Date-times first, as no head can say that a moment is some Monday, and their calendar says it of later columns; then by how many values
 * there are among the first rows, few before many. The table's order among equals.
 */
function usualOrder(columns: readonly DensityColumn[], cells: readonly Float64Array[]): number[] {
  const counts = cells.map((values) => new Set(values.subarray(0, countedRows)).size);
  const turnOf = (place: number): number => (columns[place]!.kind === "date-time" ? 0 : 1);
  return Array.from(cells.keys()).sort((a, b) => turnOf(a) - turnOf(b) || counts[a]! - counts[b]!);
}

/** Validations of a fit at most. */
const validations = 60;
/** Steps of a round at most. */
const mostRoundSteps = 500;

/**
 * Rows as training takes them, and the mean of what the encoding adds to their log-densities. Each is encoded as a row that the heads have
 * not counted: so rows of training say how far to trust the counts, and held-out rows may be among the counted.
 */
function* trainingRows(
  density: ColumnsDensity,
  { rows, cells, weights }: CellRows,
  weightsOfColumns?: Float64Array,
): Pieces<{ readonly rows: Rows; readonly offset: number }> {
  const { encoded, offsets } = yield* encoding(density, cells, 0, rows, countsOf(weights, rows));
  const count = density.columns.length;
  const sums = new Float64Array(rows);
  offsets.forEach((offset, i) => {
    if (offset === Number.NEGATIVE_INFINITY) {
      const { column } = density.columns[i % count]!;
      throw new DataError(
        {
          where: `column "${column.name}"`,
          problem: "a held-out row has a value that its description excludes",
          expected: "a value of the column's description",
          received: "another one",
        },
        { column: column.name },
      );
    }
    sums[Math.floor(i / count)]! += offset * (weightsOfColumns?.[i % count] ?? 1);
  });
  return {
    rows: { rows, inputs: { encoded, ...(weights ? { weight: weights } : {}) } },
    offset: weightedMean(sums, weights),
  };
}
