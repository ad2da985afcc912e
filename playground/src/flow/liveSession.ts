/**
 * A training, live: the flow of a choice on some points, with a picture as often as there is time for one.
 *
 * @module
 */

import type { Training } from "pushforward/architectures";
import { type Bijection, chain, standardization } from "pushforward/bijections";
import { type Distribution, pushforwardLogProb } from "pushforward/distributions";
import { wasmEngine } from "pushforward/engines";
import { flowOf, minimize, type Objective, type Rows, trainedLeaves } from "pushforward/fitting";
import { type Bound, bindTree, initialValues, ops, type ParameterValues } from "pushforward/graph";
import { RandomStream, randomKey } from "pushforward/random";
import { architectureOfChoice } from "./architectures.ts";
import type { Judgment } from "./protocol.ts";
import { type Beginning, columns, EnergyError, Session, withoutPrefix } from "./session.ts";
import { type Step, stepsOf } from "./steps.ts";

type Asked = Extract<Beginning, { type: "train" }>;

function meanAndScale(points: Float64Array): { readonly mean: number[]; readonly scale: number[] } {
  const count = points.length / 2;
  const mean = [0, 1].map((axis) => {
    let sum = 0;
    for (let i = axis; i < points.length; i += 2) sum += points[i]!;
    return sum / count;
  });
  const scale = [0, 1].map((axis) => {
    let sum = 0;
    for (let i = axis; i < points.length; i += 2) sum += (points[i]! - mean[axis]!) ** 2;
    // Points on one line have no spread across it.
    return Math.sqrt(sum / count) || 1;
  });
  return { mean, scale };
}

/** What is minimized, on what rows, and in what units. */
interface Problem {
  readonly objective: Pick<Objective, "loss" | "validation" | "draws">;
  readonly train: Rows;
  readonly heldOut: Rows;
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  /** What is shown of a loss: a log-density, or minus a divergence. */
  shown(loss: number): number;
  /** Told when the training is over. */
  judge?(): Promise<void>;
  dispose?(): void;
}

/** Rows of a step, more or less: by a third at most, so that whole epochs make as many steps as were chosen. */
const usualBatch = 256;

function stepsAnEpoch(rows: number, steps: number): number {
  const usual = Math.max(1, Math.round(rows / usualBatch));
  for (let away = 0; away <= usual / 3; away++)
    for (const count of [usual + away, usual - away]) if (steps % count === 0) return count;
  return usual;
}

/** How often held-out points are judged, where that is dear. */
const validations = 40;

/** An architecture bound to its parameters. */
interface BoundFlow {
  readonly base: Distribution;
  readonly bijection: Bijection;
  readonly bound: { readonly base: Bound; readonly bijection: Bound };
}

/** Maximum likelihood on points, or what an architecture has in its place; held-out points are judged by their likelihood. */
function likelihoodOf(
  { base, bijection, bound }: BoundFlow,
  train: Float64Array,
  heldOut: Float64Array,
  own: Training | undefined,
): Problem {
  const { mean, scale } = meanAndScale(train);
  const rows = (of: Float64Array): Rows => ({
    rows: of.length / 2,
    inputs: { data: of.map((value, i) => (value - mean[i & 1]!) / scale[i & 1]!) },
  });
  const offset = -Math.log(scale[0]! * scale[1]!);
  const point = ops.input("data", [2]);
  const logProb = own?.logProb?.(point, bound) ?? pushforwardLogProb(base, bijection, point, bound);
  return {
    objective: {
      loss: own?.loss(point, bound) ?? ops.neg(logProb),
      validation: ops.neg(logProb),
    },
    train: rows(train),
    heldOut: rows(heldOut),
    mean,
    scale,
    shown: (loss) => offset - loss,
  };
}

/** Samples of a step, times the steps of a round, for flows that learn an energy; and those that judge. */
const roundRows = 1792;
const judgedRows = 2000;
/** What the base is scaled by, to reach what lies within the window. */
const spread = 1.7;

/** Mean of samples, and its standard error. */
function meanWithError(values: Float64Array): Judgment["divergence"] {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (count - 1) / count) };
}

/** The reverse divergence from an energy, which is brought in over the first half of the training. */
async function divergenceOf(
  session: LiveSession,
  { base, bijection, bound }: BoundFlow,
  text: string,
): Promise<Problem> {
  // What reads formulas is loaded when there is one.
  const { logDensityOf, targetOf, weighed } = await import("./energy.ts");
  const engine = wasmEngine({ threads: session.training.threads, precision: "float64" });
  const target = await targetOf(text, engine, session.stopped).catch((error: unknown) => {
    const line = error instanceof Error ? error.message : String(error);
    // The formula is in its box, above what is said of it.
    throw new EnergyError(line.replace(/^formula "(?:[^"\\]|\\.)*", (?=column \d)/, "At "));
  });
  session.aim(target.points);
  const start = ops.randomNormal([2], "base");
  const { value, logAbsDet } = bijection.forward(start, bound.bijection);
  const logDensity = ops.sub(ops.sub(base.logProb(start, bound.base), logAbsDet), 2 * Math.log(spread));
  const height = logDensityOf(text, ops.mul(spread, value));
  const { steps } = session.training;
  return {
    objective: {
      loss: ops.sub(logDensity, ops.mul(ops.sub(1, ops.stepInput("cool")), height)),
      draws: { cool: (_, step) => Math.max(0, 0.9 * (1 - step / (0.5 * steps))) },
    },
    train: { rows: roundRows, inputs: {} },
    heldOut: { rows: judgedRows, inputs: {} },
    mean: [0, 0],
    scale: [spread, spread],
    shown: (loss) => -(loss + target.logIntegral),
    async judge() {
      const stream = new RandomStream(randomKey(5));
      const noise = Float64Array.from({ length: 2 * judgedRows }, () => stream.normal());
      const { points, logProb } = await session.scoredSamples(noise);
      const heights = await target.heightAt(points);
      const { logIntegral } = target;
      const logRatios = heights.map((each, i) => each - logProb[i]!);
      session.say({
        ...weighed(logRatios),
        logIntegral,
        divergence: meanWithError(logRatios.map((ratio) => logIntegral - ratio)),
      });
    },
    dispose: () => target.dispose(),
  };
}

/** See the head of this file. */
export class LiveSession extends Session {
  /** What was asked for. */
  get training(): Asked {
    return this.request as Asked;
  }

  get stopped(): AbortSignal {
    return this.signal;
  }

  /** Takes points of a target for those of the data. */
  aim(points: Float64Array): void {
    this.points = points;
    this.send({ type: "target", run: this.request.run, points });
  }

  /** Says how the flow is judged. */
  say(judgment: Judgment): void {
    this.send({ type: "judged", run: this.request.run, judgment });
  }

  override async begin(): Promise<void> {
    const { run, points, energy, flow: choice, steps, seed } = this.training;
    const named = await architectureOfChoice(choice);
    if (!named) throw new Error(`${choice.kind} is not trained by gradients.`);
    this.send({ type: "phase", run, phase: "compiling" });
    const { architecture, learningRate, hasOwnLoss } = named;
    const { base, bijection } = architecture;
    const tree = { base: base.parameters, bijection: bijection.parameters };
    const bound = { base: bindTree(tree.base, "base."), bijection: bindTree(tree.bijection, "bijection.") };
    const flow = { base, bijection, bound };
    const problem =
      energy === undefined
        ? likelihoodOf(flow, this.train, this.heldOut, hasOwnLoss && architecture.training)
        : await divergenceOf(this, flow, energy);
    const { train, heldOut, mean, scale } = problem;
    const engine = wasmEngine({ threads: this.training.threads });
    const initial = initialValues(tree, randomKey(seed));
    const whole = chain([bijection, standardization({ features: 2 })]);
    const stepsAt = (values: ParameterValues): Step[] =>
      stepsOf(whole, {
        ...Object.fromEntries(
          Object.entries(withoutPrefix(values, "bijection.")).map(([name, data]) => [`0.${name}`, data]),
        ),
        "1.mean": Float64Array.from(mean),
        "1.scale": Float64Array.from(scale),
      });
    const show = (values: ParameterValues, isLast = false): Promise<void> =>
      this.show(withoutPrefix(values, "base."), stepsAt(values), isLast);
    let current = initial;
    let progress = { trainLogProb: Number.NaN, heldOutLogProb: Number.NaN, epochs: 0 };
    this.toBytes = async () =>
      (
        await flowOf(architecture, current, {
          columns,
          mean,
          scale,
          fitted: {
            rows: energy === undefined ? points.length / 2 : 0,
            seed,
            epochs: progress.epochs,
            ...(energy === undefined
              ? { trainLogProb: progress.trainLogProb, validationLogProb: progress.heldOutLogProb }
              : {}),
          },
        })
      ).toBytes();
    await this.prepare(base, stepsAt(initial), engine);
    await show(initial);
    const perEpoch = stepsAnEpoch(train.rows, steps);
    const batch = Math.round(train.rows / perEpoch);
    const epochs = Math.max(1, Math.floor(steps / perEpoch));
    // A likelihood that training does not need costs as much as many of its steps.
    const validateEvery = hasOwnLoss ? Math.ceil(epochs / validations) : 1;
    let shownAt = performance.now();
    let cost = performance.now();
    let trained = 0;
    // The first round is not counted: it has waited for what compiles the training.
    let since = Number.NaN;
    this.isTraining = true;
    this.send({ type: "phase", run, phase: "training" });
    const result = await minimize(
      { ...problem.objective, parameters: trainedLeaves(tree, bound) },
      train,
      initial,
      {
        engine,
        key: randomKey(seed),
        epochs,
        batch,
        learningRate,
        weightDecay: 1e-4,
        averaging: 0.98,
        patience: epochs,
        validateEvery,
        validation: heldOut,
        signal: this.signal,
        onEpoch: async (record, state) => {
          const isFirst = Number.isNaN(since);
          if (!isFirst) trained += performance.now() - since;
          progress = {
            // Before the energy is there in full, the loss of training is that of another target; and a loss of its own is no likelihood.
            trainLogProb: energy === undefined && !hasOwnLoss ? problem.shown(record.trainLoss) : Number.NaN,
            heldOutLogProb: problem.shown(record.validationLoss),
            epochs: record.epoch,
          };
          this.send({
            type: "progress",
            run,
            progress: {
              step: record.epoch * perEpoch,
              steps: epochs * perEpoch,
              trainLogProb: progress.trainLogProb,
              heldOutLogProb: progress.heldOutLogProb,
              rate: (1000 * (record.epoch - validateEvery) * perEpoch) / trained,
            },
          });
          // At most a third of the time is for pictures.
          const isDue = performance.now() - shownAt > Math.max(60, 2 * cost);
          if (isDue || isFirst) {
            const begin = performance.now();
            current = { ...initial, ...(await state()).best };
            await show(current);
            shownAt = performance.now();
            cost = shownAt - begin;
          }
          await this.pause();
          since = performance.now();
        },
      },
    );
    current = result.values;
    this.isTraining = false;
    await show(current, true);
    await problem.judge?.();
    problem.dispose?.();
    this.send({ type: "phase", run, phase: "done" });
  }
}
