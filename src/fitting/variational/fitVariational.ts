/**
 * Variational inference: a flow fitted to a density that is known up to a constant.
 *
 * @module
 */

import { bindTree } from "../../bijections/bijection.ts";
import { chain } from "../../bijections/chain.ts";
import { triangularAffine } from "../../bijections/triangularAffine.ts";
import { setKnownParameters } from "../../engines/setKnownParameters.ts";
import { UsageError } from "../../errors.ts";
import type { Architecture } from "../../flows/architecture.ts";
import { type EngineOptions, engineOf } from "../../flows/evaluation.ts";
import { Flow } from "../../flows/flow.ts";
import { type Model, parameterTree } from "../../flows/model.ts";
import { initialValues, type ParameterValues } from "../../flows/parameters.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { randomKey, split } from "../../random/philox.ts";
import { withPrefix } from "../finishFit.ts";
import { trainedLeaves } from "../training/fit.ts";
import {
  compileMinimizer,
  type EpochRecord,
  type MinimizeResult,
  type Objective,
} from "../training/minimize.ts";
import {
  type Approximation,
  type Diagnostics,
  diagnosticsOf,
  summaryOf,
  Weighing,
  type WeightedSamples,
} from "./approximation.ts";
import { type Gaussian, gaussianApproximation } from "./gaussianApproximation.ts";
import { guardedDensity, guardedValue } from "./guardedDensity.ts";
import { type ParameterDescriptions, type ParameterSpace, parameterSpace } from "./parameterSpace.ts";
import { StoppingRule } from "./stoppingRule.ts";
import { variationalArchitecture } from "./variationalArchitecture.ts";
import { type VariationalDivergence, type VariationalGradient, variationalLoss } from "./variationalLoss.ts";
import { type DerivedQuantities, densityOf, derivedOf, type LogDensity } from "./writtenDensity.ts";

/** Progress of {@link fitVariational}. */
export interface VariationalProgress {
  /** Steps done. */
  readonly step: number;
  /** Steps at most. */
  readonly steps: number;
  /** Lower bound of the log evidence at the averaged weights, in nats, on the same draws each time. */
  readonly bound: number;
}

/** Options of {@link fitVariational}. */
export interface VariationalOptions extends EngineOptions {
  /** The parameters of the density, by name. */
  readonly parameters: ParameterDescriptions;
  /** What else the summary and the samples hold, such as the effects that a hierarchy is about. */
  readonly derived?: DerivedQuantities | undefined;
  /** Seed of every random choice (default 0). */
  readonly seed?: number | undefined;
  /**
   * Steps of the optimizer at most; it stops where samples are about as good as exact ones. Default 1500, and 3000 more where their
   * weights cannot be relied on after those.
   */
  readonly steps?: number | undefined;
  /** Samples a step (default 256). */
  readonly draws?: number | undefined;
  /** Peak learning rate (default 0.005). */
  readonly learningRate?: number | undefined;
  /** Samples in each importance-weighted bound (default 1: the plain bound). */
  readonly importanceSamples?: number | undefined;
  /** Gradient along the path of the samples (default), or the total one; flows whose inverse is dear default to the latter. */
  readonly gradient?: VariationalGradient | undefined;
  /**
   * What is minimized: `symmetric` (default) is the mean of KL(q||p) and KL(p||q) once half of the samples are effective, and leaves
   * lighter tails to the weights; `reverse` is KL(q||p) alone, as in the literature, and the default with the total gradient, several
   * importance samples, or annealing.
   */
  readonly divergence?: VariationalDivergence | undefined;
  /** Steps over which the density's logarithm is brought in, from a hundredth of it (default 0: none). */
  readonly annealing?: number | undefined;
  /** Samples that the diagnostics and the summary are computed from (default 10000). */
  readonly diagnosticSamples?: number | undefined;
  /** Stops it with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each validation. */
  readonly onProgress?: ((progress: VariationalProgress) => void) | undefined;
  /** Called with one line for what does not stop the fit but should be known. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const stepsAnEpoch = 25;
const defaultSteps = 1500;
/** So many times the steps in all where the weights are not reliable after those. */
const moreTimes = 3;
const validationDraws = 2048;
/** Nats that the bound of an almost exact flow is off on as many draws: a cruder one, by chance, may look better. */
const validationNoise = 2e-3;
const diagnosticDraws = 10_000;
/** Weights beyond this shape are not reliable; of few samples, beyond a smaller one (Vehtari et al. 2024, section 3.2.4). */
const largestShape = 0.7;
/** Nats below the bound of the Gaussian beyond which samples are all the same: missed. */
const deepest = 1e4;

/**
 * Fits a flow to a density by the reverse Kullback-Leibler divergence (Rezende & Mohamed 2015,
 * https://arxiv.org/abs/1505.05770, equation 15), from where half of the samples are effective on by the mean of it and the
 * forward one, or by the importance-weighted bound; see `divergence`.
 *
 * It stops where weighted samples are about as good as exact ones, if those of the diagnostics agree; else it goes on to
 * the last step.
 *
 * First the nearest Gaussian is found, on parameters without bounds, by Newton's method; the flow bends it. The result is in
 * the parameters' own units. It is computed in float64 unless asked otherwise.
 *
 * @param architecture - Of as many features as there are numbers among the parameters, or null for the default of
 *   {@link variationalArchitecture}.
 * @param logDensity - In nats, up to a constant; a batched scalar. Data are constants in it.
 * @throws {@link UsageError} for options that do not fit, ShapeError if the log-density is no scalar, NumericalError if it is
 *   not finite where the fit starts or stays so, AbortedError if the signal fires.
 * @example
 * const { summary, diagnostics } = await fitVariational(
 *   null,
 *   ({ mu, tau }, ops) => ops.neg(ops.add(ops.square(ops.div(mu, tau)), tau)),
 *   { parameters: { mu: "real", tau: "positive" } },
 * );
 */
export async function fitVariational(
  architecture: Architecture | null,
  logDensity: LogDensity,
  options: VariationalOptions,
): Promise<Approximation> {
  const space = parameterSpace(options.parameters);
  const features = space.columns.length;
  const flow = architecture ?? variationalArchitecture("nsf", { features });
  const { steps, draws, samples } = checked(flow, features, options);
  const seed = options.seed ?? 0;
  const key = split(randomKey(seed), "variational");
  const engine = engineOf({ ...options, precision: options.precision ?? "float64" });
  const target = densityOf(logDensity, space);
  const unbounded = (u: Expr): Expr => {
    const { value, logAbsDet } = space.bijection.forward(u, {});
    return g.add(target(value), logAbsDet);
  };
  const gaussian = await gaussianApproximation(unbounded, features, {
    engine: engineOf({ ...options, precision: "float64" }),
    key,
    signal: options.signal,
  });
  const start = startingModel(flow, space, gaussian, {
    seed,
    precision: options.precision ?? "float64",
    samples,
  });
  const bound = bindTree(parameterTree(start));
  const parts = { base: bound.base as typeof bound, bijection: bound.bijection as typeof bound };
  const mean = g.constant(gaussian.mean);
  const factor = g.constant(gaussian.factor, [features, features]);
  const whitened = (w: Expr): Expr => unbounded(g.linear(w, factor, mean));
  const gradient = options.gradient ?? (isInverseCheap(flow) ? "path" : "total");
  const annealing = options.annealing ?? 0;
  const importanceSamples = options.importanceSamples ?? 1;
  let logDeterminant = 0;
  for (let i = 0; i < features; i++) logDeterminant += Math.log(gaussian.factor[i * features + i]!);
  const floor = gaussian.bound - logDeterminant - deepest;
  const judged = guardedValue(whitened, floor);
  const asItIs = { gradient: "total", samples: importanceSamples } as const;
  const epochs = Math.max(1, Math.round(steps / stepsAnEpoch));
  const ratios = await engine.compile({
    rows: { ratio: g.neg(variationalLoss(flow, judged, parts, { gradient: "total", samples: 1 })) },
  });
  const rule = new StoppingRule(async (values, rows, name) => {
    await setKnownParameters(ratios, values);
    const how = { signal: options.signal, key: split(key, name) };
    return (await ratios.run({ rows, inputs: {} }, how)).rows.ratio!;
  });
  const isSymmetric = isSymmetricChosen(options, gradient);
  if (isSymmetric) await rule.isMet(start.values);
  /** Steps of trainings before the one that runs. */
  let before = 0;
  const problem: Objective = {
    loss: variationalLoss(flow, guardedDensity(whitened, floor), parts, {
      gradient,
      samples: importanceSamples,
      temperature: annealing > 0 ? g.stepInput("temperature", []) : undefined,
      logEvidence: isSymmetric ? g.stepInput("logEvidence", []) : undefined,
    }),
    validation: variationalLoss(flow, judged, parts, asItIs),
    parameters: trainedLeaves({ base: flow.base.parameters, bijection: flow.bijection.parameters }, parts),
    draws: {
      ...(annealing > 0 ? { temperature: (_, step) => Math.min(1, 0.01 + (before + step) / annealing) } : {}),
      ...(isSymmetric ? { logEvidence: () => rule.logEvidence } : {}),
    },
  };
  const minimizer = await compileMinimizer(problem, engine);
  /** Trains from some values for what is left of the epochs, or until the rule is met. */
  const train = (values: ParameterValues, done: number, last: number): Promise<MinimizeResult> => {
    before = done * stepsAnEpoch;
    return minimizer.run({ rows: draws * stepsAnEpoch, inputs: {} }, values, {
      key: done > 0 ? split(key, `go on from ${done}`) : key,
      epochs: last - done,
      batch: draws,
      learningRate: options.learningRate ?? 5e-3,
      averaging: 0.99,
      patience: last,
      validateEvery: Math.max(1, Math.round(epochs / 30)),
      validation: { rows: validationDraws, inputs: {} },
      validationNoise,
      // One chance to stop early: who goes on goes to the end.
      isEnough: async (own) => (await rule.isMet(own)) && done === 0,
      signal: options.signal,
      onEpoch: ({ epoch, validationLoss }) =>
        options.onProgress?.({
          step: (done + epoch) * stepsAnEpoch,
          steps: last * stepsAnEpoch,
          bound: logDeterminant - validationLoss,
        }),
    });
  };
  const weighing = new Weighing(
    features,
    target,
    (x) => derivedOf(options.derived, space, x),
    engineOf({ ...options, precision: "float64" }),
  );
  try {
    // The first training may stop early by chance, which other samples tell; the last, where no number of steps is given,
    // is for a flow that is on its way but not near enough.
    const ends = [epochs, epochs, ...(options.steps === undefined ? [moreTimes * epochs] : [])];
    let model = start;
    let samples: WeightedSamples | undefined;
    let history: readonly EpochRecord[] = [];
    for (const end of ends) {
      const done = history.at(-1)?.epoch ?? 0;
      if (done === end) continue;
      const result = await train(model.values, done, end);
      history = [...history, ...result.history.map((own) => countedFrom(done, own))];
      model = modelOf(start, { ...result, history }, draws * stepsAnEpoch);
      samples = await diagnosticSamplesOf(model, weighing, options);
      if (isReliable(diagnosticsOf(samples))) break;
    }
    return wrapped(model, samples!, weighing, options, history);
  } finally {
    minimizer.dispose();
    ratios.dispose();
  }
}

/** A record of a training that others of some epochs came before. */
function countedFrom(done: number, record: EpochRecord): EpochRecord {
  return { ...record, epoch: done + record.epoch, bestEpoch: done + record.bestEpoch };
}

function modelOf(start: Model, { values, history }: MinimizeResult, drawsAnEpoch: number): Model {
  const epochs = history.at(-1)?.epoch ?? 0;
  return {
    ...start,
    values: { ...start.values, ...values },
    fitted: { ...start.fitted, rows: epochs * drawsAnEpoch, epochs },
  };
}

type How = Pick<VariationalOptions, "engine" | "threads" | "wide" | "signal">;
const howOf = ({ engine, threads, wide, signal }: VariationalOptions): How => ({
  engine,
  threads,
  wide,
  signal,
});

function diagnosticSamplesOf(
  model: Model,
  weighing: Weighing,
  options: VariationalOptions,
): Promise<WeightedSamples> {
  return weighing.sample(new Flow(model), options.diagnosticSamples ?? diagnosticDraws, {
    ...howOf(options),
    // Not the rows that a user draws with the same seed.
    seed: split(randomKey(options.seed ?? 0), "diagnostics").k0,
  });
}

const mostShape = (samples: number): number => Math.min(largestShape, 1 - 1 / Math.log10(samples));
const isReliable = ({ k, samples }: Diagnostics): boolean => !(k > mostShape(samples));

/** What a user gets, and is warned of. */
function wrapped(
  model: Model,
  first: WeightedSamples,
  weighing: Weighing,
  options: VariationalOptions,
  history: Approximation["history"],
): Approximation {
  const diagnostics = diagnosticsOf(first);
  const flow = new Flow({
    ...model,
    fitted: { ...model.fitted, trainLogProb: diagnostics.bound, validationLogProb: diagnostics.bound },
  });
  if (!isReliable(diagnostics))
    options.onWarning?.(
      `the importance weights have a heavy tail (k-hat ${diagnostics.k.toFixed(2)}, above ${Number(mostShape(diagnostics.samples).toFixed(2))}): the flow misses part of the density, and means and deviations are not to be relied on; try more steps, a larger flow, or parameters that depend on each other less, and see that every parameter has a prior or data`,
    );
  const without = first.logDensity.filter((own) => own === Number.NEGATIVE_INFINITY).length;
  if (without > 0)
    options.onWarning?.(
      `${without} of ${first.logDensity.length} samples of the flow lie where the log-density is minus infinity or no number, and count as without mass: give the parameters that end there their bounds, such as "positive"`,
    );
  return {
    flow,
    diagnostics,
    summary: summaryOf(first),
    history,
    sample: (n, own = {}) => weighing.sample(flow, n, { ...howOf(options), seed: options.seed ?? 0, ...own }),
  };
}

/** @throws UsageError if it is asked for where it cannot be. */
function isSymmetricChosen(options: VariationalOptions, gradient: VariationalGradient): boolean {
  const { divergence, importanceSamples = 1, annealing = 0 } = options;
  if (divergence !== undefined && divergence !== "reverse" && divergence !== "symmetric")
    throw new UsageError(`divergence must be reverse or symmetric, got ${JSON.stringify(divergence)}.`);
  const canBe = gradient === "path" && importanceSamples === 1 && annealing === 0;
  if (divergence === "symmetric" && !canBe)
    throw new UsageError(
      "The symmetric divergence takes the gradient along the path, one importance sample and no annealing.",
    );
  return canBe && divergence !== "reverse";
}

/** Whether the way from data to base costs about one pass of the networks. */
function isInverseCheap({ kind }: Architecture): boolean {
  return kind === "realnvp" || kind === "nsf";
}

function checked(
  architecture: Architecture,
  features: number,
  {
    steps = defaultSteps,
    draws = 256,
    importanceSamples = 1,
    annealing = 0,
    diagnosticSamples = diagnosticDraws,
  }: VariationalOptions,
): { readonly steps: number; readonly draws: number; readonly samples: number } {
  for (const [name, value] of Object.entries({ steps, draws, importanceSamples, diagnosticSamples }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new UsageError(`${name} must be a positive integer, got ${value}.`);
  if (!(annealing >= 0)) throw new UsageError(`annealing must be 0 or more steps, got ${annealing}.`);
  if (architecture.features !== features)
    throw new UsageError(
      `The architecture has ${architecture.features} features; the parameters are ${features} numbers.`,
    );
  if (architecture.context > 0)
    throw new UsageError("fitVariational needs an architecture without a context.");
  return { steps, draws, samples: steps * draws };
}

/** The Gaussian with the unfitted flow inside. */
function startingModel(
  architecture: Architecture,
  space: ParameterSpace,
  { mean, factor }: Gaussian,
  own: { readonly seed: number; readonly precision: "float32" | "float64"; readonly samples: number },
): Model {
  const { features, kind, base, bijection } = architecture;
  const affine = triangularAffine({ features, fitted: true });
  const parts = {
    base,
    bijection,
    preparation: chain([affine, space.bijection]),
    contextPreparation: undefined,
  };
  return {
    ...parts,
    kind,
    columns: space.columns,
    given: [],
    precision: own.precision,
    values: {
      ...initialValues(parameterTree(parts), split(randomKey(own.seed), "initial")),
      ...withPrefix("preparation.0.", {
        shift: mean,
        lower: factor.map((value, i) => (i % features < Math.floor(i / features) ? value : 0)),
        logDiagonal: Float64Array.from({ length: features }, (_, i) => Math.log(factor[i * (features + 1)]!)),
      }),
    },
    fitted: {
      rows: own.samples,
      seed: own.seed,
      epochs: 0,
      trainLogProb: 0,
      validationLogProb: 0,
      dequantized: {},
    },
  };
}
