/**
 * Minimization of a mean over rows: the one training loop. Maximum likelihood is one objective; a user's own loss is
 * another.
 *
 * @module
 */

import type { Engine, Executable } from "../../engines/engine.ts";
import { setKnownParameters } from "../../engines/setKnownParameters.ts";
import { AbortedError, NumericalError, UsageError } from "../../errors.ts";
import type { ParameterExpr } from "../../graph/expr.ts";
import type { Update } from "../../graph/program.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { optionText } from "../../optionText.ts";
import { inPieces } from "../../platform/pieces.ts";
import { permutationInPieces } from "../../random/permutation.ts";
import { RandomStream, split } from "../../random/philox.ts";
import { adamWSchedule, stateNames } from "./adamW.ts";
import { Batches } from "./batches.ts";
import {
  type CompiledObjective,
  compileObjective,
  type ObjectiveOptions,
  type ObjectivePrograms,
} from "./compileObjective.ts";
import { type Cycle, cycleAt, cycleValidations, following, hasGained, wasRising } from "./cycles.ts";
import { checkedMinimization } from "./minimizeOptions.ts";
import type {
  EpochRecord,
  MinimizeOptions,
  MinimizeResult,
  MinimizeState,
  Objective,
  Rows,
  StepDraw,
} from "./objective.ts";

export { stepsAnEpoch } from "./batches.ts";
export type * from "./objective.ts";

/** Consecutive epochs without a single finite step after which a fit gives up. */
const lostEpochs = 3;

/**
 * Minimizes a mean over rows by AdamW with warm-up, cosine decay, clipping and a moving average.
 *
 * @param initial - Values of all parameters of the objective's loss, trained or not.
 * @throws NumericalError if the loss is not finite at the start, or stays so.
 * @throws AbortedError if the signal fires; with `keepOnAbort` only where nothing was validated and no step was for the better.
 * @throws UsageError if there are no rows, or a draw has the name of a step input of the optimizer.
 */
export async function minimize(
  objective: Objective,
  rows: Rows,
  initial: ParameterValues,
  options: MinimizeOptions & { readonly engine: Engine },
): Promise<MinimizeResult> {
  const { own: checked, start, data, validation } = checkedMinimization(objective, rows, initial, options);
  const minimizer = await compileMinimizer(objective, checked.engine, checked);
  try {
    return await minimizer.run(data, start, { ...checked, validation });
  } finally {
    minimizer.dispose();
  }
}

/** An objective compiled once, for one or more minimizations from other starts or on other rows. */
export interface Minimizer {
  /** As {@link minimize}. Runs must not overlap. */
  run(rows: Rows, initial: ParameterValues, options: MinimizeOptions): Promise<MinimizeResult>;
  /** Gives memory and threads back. */
  dispose(): void;
}

function lossNotFinite(loss: number, problem: string, remedy?: string): NumericalError {
  return new NumericalError({ problem, expected: "a finite loss", received: `${loss}`, remedy });
}

/**
 * Compiles an objective, with the optimizer's updates in the program.
 * @throws UsageError if a draw has the name of a step input of the optimizer.
 * @throws AbortedError if the signal fires.
 */
export async function compileMinimizer(
  objective: CompiledObjective,
  engine: Engine,
  options: ObjectiveOptions = {},
): Promise<Minimizer> {
  const programs = await compileObjective(objective, engine, options);
  return {
    async run(rows, initial, runOptions) {
      if (rows.rows < 1)
        throw new UsageError({
          where: "minimize",
          subject: "rows",
          expected: "at least one row",
          received: "none",
        });
      return new Loop(programs, objective, rows, initial, runOptions).run();
    },
    dispose() {
      programs.training.dispose();
      programs.evaluation.dispose();
    },
  };
}

class Loop {
  readonly #training: Executable;
  readonly #evaluation: Executable;
  readonly #parameters: readonly ParameterExpr[];
  readonly #updates: readonly Update[];
  readonly #draws: Readonly<Record<string, StepDraw>>;
  readonly #rows: Rows;
  readonly #options: MinimizeOptions;
  readonly #initial: ParameterValues;
  readonly #primary: number;
  readonly #batches: Batches;
  #history: EpochRecord[] = [];
  #best: ParameterValues;
  #bestEpoch = 0;
  #bestLoss = Number.POSITIVE_INFINITY;
  #rateFactor = 1;
  #lost = 0;
  #isImproving = false;
  #order: { readonly epoch: number; readonly indices: Uint32Array } | undefined;

  constructor(
    { training, evaluation }: ObjectivePrograms,
    { parameters, state = [], draws }: Pick<Objective, "parameters" | "state" | "draws">,
    rows: Rows,
    initial: ParameterValues,
    options: MinimizeOptions,
  ) {
    this.#training = training;
    this.#evaluation = evaluation;
    this.#parameters = parameters;
    this.#updates = state;
    this.#draws = draws ?? {};
    this.#rows = rows;
    this.#options = options;
    this.#initial = initial;
    this.#best = initial;
    this.#primary = options.primaryRows ?? rows.rows;
    this.#batches = new Batches(this.#primary, options);
  }

  async run(): Promise<MinimizeResult> {
    let isInterrupted = false;
    try {
      await this.#run();
    } catch (error) {
      if (!(error instanceof AbortedError && this.#options.keepOnAbort)) throw error;
      await this.#keepStarted();
      if (this.#bestEpoch === 0 && this.#history.length === 0) throw error;
      isInterrupted = true;
    }
    return {
      values: { ...this.#initial, ...this.#best },
      bestEpoch: this.#bestEpoch,
      history: this.#history,
      interrupted: isInterrupted,
      stillImproving: this.#isImproving,
    };
  }

  async #run(): Promise<void> {
    const { resume, epochs, signal, validation, roundsAnEpoch = 1 } = this.#options;
    const { validateEvery = 1, validationNoise = 0 } = this.#options;
    await setKnownParameters(this.#training, { ...this.#initial, ...this.#stateAt(this.#initial) });
    await setKnownParameters(this.#evaluation, this.#initial);
    let epoch = 0;
    if (resume) {
      await setKnownParameters(this.#training, resume.values);
      epoch = resume.epoch;
      this.#history = resume.history.slice();
      this.#best = resume.best;
      this.#bestEpoch = resume.bestEpoch;
      this.#bestLoss = resume.bestLoss;
      this.#rateFactor = resume.rateFactor;
      this.#lost = resume.lost;
    } else if (validation) {
      const start = await this.#validate(validation, this.#initial);
      if (!Number.isFinite(start))
        throw lossNotFinite(
          start,
          "The loss is not finite before the first step: the data reach where the untrained flow has no density",
        );
      this.#bestLoss = start;
    }
    let loaded = this.#options.rowsOfEpoch ? undefined : this.#rows;
    if (loaded) await this.#training.load(loaded);
    let cycle = cycleAt(epoch, epochs, this.#options.cycles ?? []);
    // A fit that had stopped early was over.
    const isOver = resume && validation && this.#isPatienceOver(epoch, cycle);
    while (!isOver) {
      if (epoch === cycle.end) {
        const next = this.#nextCycle(cycle);
        if (!next) break;
        cycle = next;
        await setKnownParameters(this.#training, { ...this.#best, ...this.#stateAt(this.#best) });
      }
      if (signal?.aborted) throw new AbortedError("The fit was aborted.");
      const rows = (await this.#options.rowsOfEpoch?.(Math.floor(epoch / roundsAnEpoch))) ?? loaded;
      if (rows && rows !== loaded) await this.#training.load(rows);
      loaded = rows;
      const trainLoss = await this.#runEpoch(epoch, cycle);
      if (signal?.aborted) throw new AbortedError("The fit was aborted.");
      epoch++;
      const every = cycle.index === 0 ? validateEvery : cycleValidations(cycle);
      const isDue = (epoch - cycle.start) % every === 0 || epoch === cycle.end;
      const averaged = isDue ? await this.#averages() : undefined;
      const validationLoss = averaged && validation ? await this.#validate(validation, averaged) : trainLoss;
      this.#lost = Number.isFinite(trainLoss) && Number.isFinite(validationLoss) ? 0 : this.#lost + 1;
      if (this.#lost > 0) {
        if (this.#lost >= Math.min(lostEpochs, epochs))
          throw lossNotFinite(
            Number.isFinite(trainLoss) ? validationLoss : trainLoss,
            `The loss was not finite in epochs ${epoch - this.#lost + 1} to ${epoch}`,
            `try a smaller ${optionText("learningRate")}, or look for extreme values in the data`,
          );
        // Back to what was good, with nothing kept of the way that led off, and on with smaller steps.
        this.#rateFactor /= 4;
        await setKnownParameters(this.#training, { ...this.#best, ...this.#stateAt(this.#best) });
      }
      if (!averaged) continue;
      if (this.#lost === 0 && (!validation || validationLoss < this.#bestLoss + validationNoise)) {
        this.#best = averaged;
        this.#bestEpoch = epoch;
        this.#bestLoss = Math.min(this.#bestLoss, validationLoss);
      }
      const record = { epoch, trainLoss, validationLoss, bestEpoch: this.#bestEpoch };
      this.#history.push(record);
      await this.#options.onEpoch?.(record, () => this.#state(epoch));
      if (validation && this.#isPatienceOver(epoch, cycle)) break;
      if (await this.#options.isEnough?.({ ...this.#initial, ...this.#best })) break;
    }
    this.#isImproving = epoch === cycle.end && validation !== undefined && wasRising(this.#history, cycle);
  }

  /** The cycle after one that has ended, if it is worth it. */
  #nextCycle(cycle: Cycle): Cycle | undefined {
    const { cycles = [], validation } = this.#options;
    const isWorth = cycle.index < cycles.length && validation && hasGained(this.#history, cycle);
    return isWorth ? following(cycle, cycles) : undefined;
  }

  /** A later cycle goes on to its end: before, its rate is too high to tell. */
  #isPatienceOver(epoch: number, cycle: Cycle): boolean {
    return cycle.index === 0 && epoch - this.#bestEpoch >= this.#options.patience;
  }

  /**
   * After an abort: the averages so far, where no validation has found parameters that are better than the first ones. A first
   * epoch of a large table takes minutes.
   */
  async #keepStarted(): Promise<void> {
    const { validation } = this.#options;
    if (this.#bestEpoch > 0) return;
    const averaged = await this.#averages();
    const isMoved = Object.entries(averaged).some(([name, values]) =>
      values.some((value, i) => value !== this.#initial[name]![i]),
    );
    const areFinite = Object.values(averaged).every((values) => values.every(Number.isFinite));
    if (!isMoved || !areFinite) return;
    const loss = validation ? await this.#validate(validation, averaged, false) : Number.NaN;
    if (validation && !(loss < this.#bestLoss)) return;
    this.#best = averaged;
    this.#bestEpoch = 1 + (this.#history.at(-1)?.epoch ?? 0);
  }

  /** The optimizer's state at values that it starts from: moments of zero, averages of the values. */
  #stateAt(values: ParameterValues): ParameterValues {
    return Object.fromEntries(
      this.#parameters.flatMap(({ name }) => {
        const value = values[name]!;
        const zero = new Float64Array(value.length);
        return [
          [stateNames.mean(name), zero],
          [stateNames.square(name), zero],
          [stateNames.average(name), value],
        ];
      }),
    );
  }

  async #state(epoch: number): Promise<MinimizeState> {
    return {
      epoch,
      values: await this.#training.getParameters(),
      best: this.#best,
      bestEpoch: this.#bestEpoch,
      bestLoss: this.#bestLoss,
      history: this.#history,
      rateFactor: this.#rateFactor,
      lost: this.#lost,
    };
  }

  /** The moving averages of the trained parameters, under the parameters' names, and the state as it is. */
  async #averages(): Promise<ParameterValues> {
    const values = await this.#training.getParameters();
    return Object.fromEntries([
      ...this.#parameters.map(({ name }) => [name, values[stateNames.average(name)]!]),
      ...this.#updates.map(({ parameter: { name } }) => [name, values[name]!]),
    ]);
  }

  async #validate(validation: Rows, values: ParameterValues, isStoppable: boolean = true): Promise<number> {
    await setKnownParameters(this.#evaluation, values);
    // The same draws every time, so that differences are those of the parameters.
    const key = split(this.#options.key, "validation");
    const signal = isStoppable ? this.#options.signal : undefined;
    const { sums } = await this.#evaluation.run(validation, { signal, key });
    return sums.loss![0]! / sums.total![0]!;
  }

  /** One pass over the primary rows in a new order; the mean loss of its steps, NaN if none was finite. */
  async #runEpoch(round: number, cycle: Cycle): Promise<number> {
    const { roundsAnEpoch = 1, signal } = this.#options;
    const { from, to, counts } = this.#batches.ofRound(round);
    const indices = (await this.#rowsOf(Math.floor(round / roundsAnEpoch))).subarray(from, to);
    const firstStep = this.#batches.stepsBefore(round);
    const start = this.#batches.stepsBefore(cycle.start);
    const schedule = adamWSchedule(
      firstStep - start,
      firstStep - start + counts.length,
      this.#batches.stepsBefore(cycle.end) - start,
      this.#options,
    );
    schedule.rate = schedule.rate!.map((rate) => rate * this.#rateFactor);
    const drawn = Object.fromEntries(
      Object.entries(this.#draws).map(([name, draw]) => {
        const key = split(split(this.#options.key, "draws"), name);
        const at = (s: number): number => draw(new RandomStream(split(key, firstStep + s)), firstStep + s);
        return [name, Float64Array.from({ length: counts.length }, (_, s) => at(s))];
      }),
    );
    const sums = await this.#training.step({
      indices,
      counts,
      stepInputs: { ...schedule, ...drawn },
      signal,
      key: split(this.#options.key, "noise"),
      firstStep,
    });
    let loss = 0;
    let total = 0;
    sums.loss!.forEach((value, step) => {
      if (!Number.isFinite(value) || !Number.isFinite(sums.norm![step]!)) return;
      loss += value;
      total += sums.total![step]!;
    });
    return total > 0 ? loss / total : Number.NaN;
  }

  /** Numbers of the rows of an epoch, in its order. */
  async #rowsOf(epoch: number): Promise<Uint32Array> {
    if (this.#order?.epoch === epoch) return this.#order.indices;
    const { extraShare = 0 } = this.#options;
    const stream = new RandomStream(split(split(this.#options.key, "epoch"), epoch));
    const shuffling = permutationInPieces(stream, this.#primary);
    const indices = await inPieces(shuffling, this.#options.signal, "The fit");
    const extra = this.#rows.rows - this.#primary;
    if (extra > 0 && extraShare > 0)
      for (let i = 0; i < indices.length; i++)
        if (stream.uniform() < extraShare) indices[i] = this.#primary + stream.integerBelow(extra);
    this.#order = { epoch, indices };
    return indices;
  }
}
