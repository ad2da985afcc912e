/**
 * Training of a variational flow, in whitened coordinates.
 *
 * @module
 */

import type { Executable } from "../../engines/engine.ts";
import { setKnownParameters } from "../../engines/setKnownParameters.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { bindTree, trainedLeaves } from "../../graph/parameters.ts";
import { engineOf } from "../../models/evaluation.ts";
import { type Model, parameterTree } from "../../models/model.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { type RandomKey, split } from "../../random/philox.ts";
import { approximateDefaults } from "../defaults.ts";
import {
  compileMinimizer,
  type EpochRecord,
  type MinimizeResult,
  type Minimizer,
  type Objective,
} from "../gradient/minimize.ts";
import { type ApproximateOptions, isInverseCheap, orderOf } from "./approximateOptions.ts";
import { guardedDensity, guardedValue } from "./guardedDensity.ts";
import type { StartingFlow } from "./startingFlow.ts";
import { StoppingRule } from "./stoppingRule.ts";
import { variationalLoss } from "./variationalLoss.ts";

const stepsAnEpoch = 25;
/** Shares of effective samples from which on training goes by weights: a flow that is fitted to them alone may stay further from the density. */
const leastEffective = 0.5;
export const leastEffectiveByOrder = 0.05;
const validationDraws = 2048;
/** Nats that the bound of an almost exact flow is off on as many draws: a cruder one, by chance, may look better. */
const validationNoise = 2e-3;
/** Nats below the bound of the Gaussian beyond which samples are all the same: missed. */
const deepest = 1e4;

/** A flow on its way. */
export interface Trained {
  readonly model: Model;
  readonly history: readonly EpochRecord[];
  readonly epochs: number;
  readonly steps: number;
  /** Whether the rule of stopping is met. */
  readonly isMet: boolean;
  /**
   * Of an order of divergence that was asked for: the share of effective samples at the end, where that was too small for its weights, so that
   * the last steps were those of the reverse divergence. Else undefined.
   */
  readonly tooFewEffective?: number | undefined;
}

/** A training compiled once. */
export interface Training {
  /** The untrained flow. */
  readonly start: Trained;
  /** Epochs of the steps that were asked for. */
  readonly epochs: number;
  /** Whether the untrained flow is good enough already. */
  isExactAtStart(): Promise<boolean>;
  /** Goes on to that many times the epochs, or until the rule is met. */
  train(from: Trained, times: number): Promise<Trained>;
  dispose(): void;
}

/** What a training is told. */
export interface TrainingOptions extends ApproximateOptions {
  readonly key: RandomKey;
  readonly steps: number;
  readonly draws: number;
}

/** Compiles the training of a flow; programs are compiled when first needed. */
export function compileTraining(start: StartingFlow, options: TrainingOptions): Training {
  const { key, draws, steps } = options;
  const { flow, logDensity, model, gaussian } = start;
  const features = flow.features;
  const engine = engineOf(options);
  const bound = bindTree(parameterTree(model));
  const parts = { base: bound.base as typeof bound, bijection: bound.bijection as typeof bound };
  const mean = g.constant(gaussian.mean);
  const factor = g.constant(gaussian.factor, [features, features]);
  const whitened = (w: Expr): Expr => logDensity(g.linear(w, factor, mean));
  const gradient = options.gradient ?? (isInverseCheap(flow) ? "path" : "total");
  const annealing = options.annealing ?? approximateDefaults.annealing;
  const importanceSamples = options.importanceSamples ?? approximateDefaults.importanceSamples;
  let logDeterminant = 0;
  for (let i = 0; i < features; i++) logDeterminant += Math.log(gaussian.factor[i * features + i]!);
  const floor = gaussian.bound - logDeterminant - deepest;
  const judged = guardedValue(whitened, floor);
  const epochs = Math.max(1, Math.round(steps / stepsAnEpoch));
  let ratios: Promise<Executable> | undefined;
  const order = orderOf(options, gradient);
  const rule = new StoppingRule(
    async (values, rows, name) => {
      const ratio = (): Expr =>
        g.neg(variationalLoss(flow, judged, parts, { gradient: "total", samples: 1 }));
      ratios ??= engine.compile({ rows: { ratio: ratio() } }, { signal: options.signal });
      const executable = await ratios;
      await setKnownParameters(executable, values);
      const how = { signal: options.signal, key: split(key, name) };
      return (await executable.run({ rows, inputs: {} }, how)).rows.ratio! as Float64Array;
    },
    order === "symmetric" ? leastEffective : leastEffectiveByOrder,
  );
  const isWeighted = order !== 0;
  /** Steps of trainings before the one that runs. */
  let before = 0;
  let minimizer: Promise<Minimizer> | undefined;
  const compiled = (): Promise<Minimizer> => {
    const problem: Objective = {
      loss: variationalLoss(flow, guardedDensity(whitened, floor), parts, {
        gradient,
        samples: importanceSamples,
        temperature: annealing > 0 ? g.stepInput("temperature", []) : undefined,
        logEvidence: isWeighted ? g.stepInput("logEvidence", []) : undefined,
        alpha: order === "symmetric" ? undefined : order,
      }),
      validation: variationalLoss(flow, judged, parts, { gradient: "total", samples: importanceSamples }),
      // Components of a base are where modes are, and stay there.
      parameters: trainedLeaves(
        {
          ...(start.base.isStandard ? { base: flow.base.parameters } : {}),
          bijection: flow.bijection.parameters,
        },
        parts,
      ),
      draws: {
        ...(annealing > 0
          ? { temperature: (_, step) => Math.min(1, 0.01 + (before + step) / annealing) }
          : {}),
        ...(isWeighted ? { logEvidence: () => rule.logEvidence } : {}),
      },
    };
    minimizer ??= compileMinimizer(problem, engine, { signal: options.signal });
    return minimizer;
  };
  let isExact: boolean | undefined;
  return {
    start: { model, history: [], epochs: 0, steps: 0, isMet: false },
    epochs,
    async isExactAtStart() {
      if (isWeighted) isExact ??= await rule.isMet(model.values);
      return isExact ?? false;
    },
    async train(from, times) {
      const last = times * epochs;
      const done = from.epochs;
      before = done * stepsAnEpoch;
      let isMet = false;
      const run = async (values: ParameterValues): Promise<MinimizeResult> =>
        await (await compiled()).run({ rows: draws * stepsAnEpoch, inputs: {} }, values, {
          key: done > 0 ? split(key, `go on from ${done}`) : key,
          epochs: last - done,
          batch: draws,
          learningRate: options.learningRate ?? approximateDefaults.learningRate,
          averaging: 0.99,
          patience: last,
          validateEvery: Math.max(1, Math.round(epochs / 30)),
          // The bound says which parameters are best for KL(q||p), and of no other order: those of the end are kept.
          ...(order === "symmetric" || order === 0
            ? { validation: { rows: validationDraws, inputs: {} }, validationNoise }
            : {}),
          // One chance to stop early: who goes on goes to the end.
          isEnough: async (record) => {
            isMet = await rule.isMet(record);
            return isMet && done === 0;
          },
          signal: options.signal,
          onEpoch: ({ epoch, validationLoss }) =>
            options.onProgress?.({
              step: (done + epoch) * stepsAnEpoch,
              steps: last * stepsAnEpoch,
              bound: logDeterminant - validationLoss,
            }),
        });
      const result = await run(from.model.values);
      const history = [...from.history, ...result.history.map((entry) => countedFrom(done, entry))];
      const ran = history.at(-1)?.epoch ?? 0;
      return {
        model: {
          ...model,
          values: { ...model.values, ...result.values },
          fitted: { ...model.fitted, rows: ran * draws * stepsAnEpoch, epochs: ran },
        },
        history,
        epochs: ran,
        steps: ran * stepsAnEpoch,
        isMet,
        ...(typeof order === "number" && isWeighted ? { tooFewEffective: rule.tooFewEffective } : {}),
      };
    },
    dispose() {
      for (const program of [minimizer, ratios])
        program?.then((it: { dispose(): void }) => it.dispose()).catch(() => undefined);
    },
  };
}

/** A record of a training that others of some epochs came before. */
function countedFrom(done: number, record: EpochRecord): EpochRecord {
  return { ...record, epoch: done + record.epoch, bestEpoch: done + record.bestEpoch };
}
