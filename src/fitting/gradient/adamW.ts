/**
 * AdamW (Kingma & Ba 2015; Loshchilov & Hutter 2019) with clipping by norm and a moving average of the parameters,
 * as updates of a program: the engine runs it where the gradients are.
 *
 *     m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2
 *     p <- p - rate (c1 m / (sqrt(c2 v) + eps) + decay p),  c1 = 1 / (1 - b1^t),  c2 = 1 / (1 - b2^t)
 *     a <- a + share (p - a)
 *
 * A step whose gradient is not finite leaves everything as it was.
 *
 * @see https://arxiv.org/abs/1711.05101
 * @module
 */

import { type Expr, type ParameterExpr, sizeOf } from "../../graph/expr.ts";
import { joinedParameter, partsOf } from "../../graph/ops/leaves.ts";
import * as g from "../../graph/ops.ts";
import type { Update } from "../../graph/program.ts";
import {
  anObject,
  checkArgument,
  checkedOptions,
  listOf,
  notNegative,
  numberOf,
  type OptionKind,
  type OptionTable,
  positive,
  refuse,
} from "../../options.ts";

/** Options of {@link adamW}. */
export interface AdamWOptions {
  /** Decay of the first moment (default 0.9). */
  readonly beta1?: number | undefined;
  /** Decay of the second moment (default 0.999). */
  readonly beta2?: number | undefined;
  /** Weight decay of matrices, per step, relative to the learning rate (default 1e-4); vectors do not decay. */
  readonly weightDecay?: number | undefined;
  /** Largest norm of the gradient of all parameters together (default 5). */
  readonly clip?: number | undefined;
}

/** Options of {@link adamW} in a program that several trainings share. */
export interface SharedAdamWOptions extends AdamWOptions {
  /** The weight decay as an expression, such as a step input, in the place of `weightDecay`. */
  readonly decay?: Expr | undefined;
}

/** Names of the state that an optimizer keeps for a parameter. */
export const stateNames = {
  mean: (name: string): string => `adamW.mean.${name}`,
  square: (name: string): string => `adamW.square.${name}`,
  average: (name: string): string => `average.${name}`,
} as const;

/** What each of them may be. */
export const adamWOptionTable: OptionTable<AdamWOptions> = {
  beta1: numberOf("at least 0 and below 1", (x) => x >= 0 && x < 1),
  beta2: numberOf("at least 0 and below 1", (x) => x >= 0 && x < 1),
  weightDecay: notNegative,
  clip: positive,
};

/** The options of the optimizer among others. */
function pickAdamW(options: AdamWOptions | undefined): AdamWOptions {
  const { beta1, beta2, weightDecay, clip } = options ?? {};
  return checkedOptions("adamW", { beta1, beta2, weightDecay, clip } as AdamWOptions, adamWOptionTable);
}

const listed = listOf(anObject, "an array of expressions, one or more");
const expressions: OptionKind = {
  ...listed,
  accepts: (value) => listed.accepts(value) && (value as unknown[]).length > 0,
};

/**
 * The updates of one step of AdamW, to be put into a program beside its sums.
 *
 * The program then has four step inputs, one number per step each: `rate`, the learning rate; `correction1` and
 * `correction2`, 1 / (1 - beta^t); `averageShare`, by how much of the difference the moving average follows.
 *
 * @param gradients - One a parameter, shared, of its shape.
 */
export function adamW(
  parameters: readonly ParameterExpr[],
  gradients: readonly Expr[],
  options: SharedAdamWOptions = {},
): {
  /** New moments, averages and values of all parameters. */
  readonly updates: Update[];
  /** Norm of the gradient of all parameters together, before clipping; a shared scalar. */
  readonly norm: Expr;
} {
  for (const [name, list] of Object.entries({ parameters, gradients }))
    checkArgument("adamW", name, list, expressions);
  if (gradients.length !== parameters.length)
    refuse("adamW", "gradients", `one per parameter, ${parameters.length}`, gradients.length);
  const { beta1 = 0.9, beta2 = 0.999, weightDecay = 1e-4, clip = 5 } = pickAdamW(options);
  const rate = g.stepInput("rate");
  const correction1 = g.stepInput("correction1");
  const correction2 = g.stepInput("correction2");
  const share = g.stepInput("averageShare");
  const norm = g.sqrt(gradients.map((gradient) => g.sum(g.square(gradient))).reduce((a, b) => g.add(a, b)));
  // A comparison with NaN is false, so that only a finite norm passes.
  const hasFiniteNorm = g.less(norm, 1e30);
  const scale = g.select(hasFiniteNorm, g.div(clip, g.max(norm, clip)), 0);
  const updates = joinedGradients(parameters, gradients).flatMap((joined): Update[] => {
    const { parameter: p, gradient: ofLoss, hasDecay } = joined;
    const gradient = g.mul(g.select(hasFiniteNorm, ofLoss, 0), scale);
    const mean = stateOf(p, stateNames.mean);
    const second = stateOf(p, stateNames.square);
    const average = stateOf(p, stateNames.average);
    const nextMean = g.add(g.mul(beta1, mean), g.mul(1 - beta1, gradient));
    const nextSecond = g.add(g.mul(beta2, second), g.mul(1 - beta2, g.square(gradient)));
    const direction = g.div(
      g.mul(correction1, nextMean),
      g.add(g.sqrt(g.mul(correction2, nextSecond)), 1e-8),
    );
    const decayed = hasDecay ? g.add(direction, g.mul(options.decay ?? weightDecay, p)) : direction;
    const moved = g.sub(p, g.mul(rate, decayed));
    const nextValue = g.select(hasFiniteNorm, moved, p);
    return [
      { parameter: mean, value: g.select(hasFiniteNorm, nextMean, mean) },
      { parameter: second, value: g.select(hasFiniteNorm, nextSecond, second) },
      { parameter: average, value: g.add(average, g.mul(share, g.sub(nextValue, average))) },
      { parameter: p, value: nextValue },
    ];
  });
  return { updates, norm };
}

/** State of a parameter: of one that is made of others each part has its own. */
function stateOf({ name, shape, parts }: ParameterExpr, nameOf: (name: string) => string): ParameterExpr {
  const own = parts?.map((part) => g.parameter(nameOf(part.name), part.shape));
  return own ? joinedParameter(nameOf(name), own) : g.parameter(nameOf(name), shape);
}

/** Parameters of more numbers are not joined: their gradients would be there twice. */
const mostJoined = 2 ** 16;

/**
 * Parameters as parts of two, of those that decay and of those that do not: what an optimizer does to each number is then planned and
 * called twice, not once for each parameter. Large ones stay as they are.
 */
export function joinedParameters(parameters: readonly ParameterExpr[]): ParameterExpr[] {
  const parts = new Map<ParameterExpr, ParameterExpr>();
  for (const kind of ["matrices", "vectors"]) {
    const own = parameters.filter(
      (p) => sizeOf(p.shape) <= mostJoined && isMatrix(p) === (kind === "matrices"),
    );
    if (own.length < 2) continue;
    const joined = partsOf(joinedParameter(`joined.${kind}`, own));
    own.forEach((p, i) => parts.set(p, joined[i]!));
  }
  return parameters.map((p) => parts.get(p) ?? p);
}

const isMatrix = ({ shape }: ParameterExpr): boolean => shape.length > 1;

/** What is updated by itself: a parameter, or a whole with its parts. */
interface JoinedGradient {
  readonly parameter: ParameterExpr;
  readonly gradient: Expr;
  readonly hasDecay: boolean;
}

function joinedGradients(
  parameters: readonly ParameterExpr[],
  gradients: readonly Expr[],
): readonly JoinedGradient[] {
  const gradientOf = new Map(parameters.map(({ name }, i) => [name, gradients[i]!]));
  return [...new Set(parameters.map((p) => p.part?.of ?? p))].map((p): JoinedGradient => {
    const { name, parts } = p;
    const gradient = parts
      ? g.concatenate(parts.map((part) => g.reshape(gradientOf.get(part.name)!, [sizeOf(part.shape)])))
      : gradientOf.get(name)!;
    return { parameter: p, gradient, hasDecay: isMatrix(parts?.[0] ?? p) };
  });
}

/** Names of the step inputs that {@link adamW} reads. */
export const adamWStepInputs: readonly string[] = ["rate", "correction1", "correction2", "averageShare"];

/** Values of the step inputs for steps `first` to `end` (counted from 0) of `total`. */
export function adamWSchedule(
  first: number,
  end: number,
  total: number,
  {
    learningRate,
    averaging,
    beta1 = 0.9,
    beta2 = 0.999,
  }: AdamWOptions & { learningRate: number; averaging: number },
): Record<string, Float64Array> {
  const steps = Float64Array.from({ length: end - first }, (_, i) => first + i);
  return {
    rate: steps.map((step) => learningRate * warmupCosine(step, total)),
    correction1: steps.map((step) => 1 / (1 - beta1 ** (step + 1))),
    correction2: steps.map((step) => 1 / (1 - beta2 ** (step + 1))),
    // A short memory at first, so that the average forgets the start.
    averageShare: steps.map((step) => 1 - Math.min(averaging, (1 + step) / (10 + step))),
  };
}

/** Linear warm-up over the first tenth of the steps, then half a cosine down to 0. */
export function warmupCosine(step: number, total: number): number {
  const done = (step + 1) / total;
  const warm = 0.1;
  if (done < warm) return done / warm;
  return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, (done - warm) / (1 - warm))));
}
