/**
 * How long a training may take: steps, counted from a budget of seconds by a fixed cost of a step. The clock decides nothing,
 * so that the same seed gives the same bits on a busy machine, too.
 *
 * A training is one or more cycles of the learning rate. The first has the length of the recipe. As long as a cycle
 * raises the held-out score by more than its noise, another follows from the best weights, twice as long, until the budget is
 * used up: the score at the end of a cycle, where the rate has come down, is what tells whether more steps help.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { sizeOf } from "../../graph/expr.ts";
import { flattenTree } from "../../graph/parameters.ts";
import { optionText } from "../../optionText.ts";
import { stepsAnEpoch } from "./minimize.ts";
import { growsFrom, type Recipe } from "./recipe.ts";

/** The rounds of a training: epochs, or parts of long ones. */
export interface TrainingPlan {
  /** Rounds of one epoch, each of which ends in progress, and may end in a validation. */
  readonly roundsAnEpoch: number;
  /** Rounds of the first cycle. */
  readonly first: number;
  /** Rounds of the cycles that follow while they are worth it. */
  readonly more: readonly number[];
  /** Whether the budget allows less than the first cycle of the recipe. */
  readonly isShortened: boolean;
  /** Whether the budget allows no longer training: further cycles would need a larger one. */
  readonly isBudgeted: boolean;
}

/** Seconds of a training on two cores unless the caller says otherwise. */
export const usualBudget = 120;

/** Steps of a round at most. */
const mostRoundSteps = 500;
/** How much longer each cycle is than the one before. */
const growth = 2;

/**
 * Seconds of a step on two cores of the year 2024, fixed once for all: one for each step, and one for each row and trained
 * number.
 */
const secondsAStep = 3e-4;
const secondsAProduct = 1.5e-10;

/** How often a training goes through its parameters for a row, where that is not once. */
const passes: Readonly<Record<string, number>> = {
  cnf: 60,
  residual: 12,
  planar: 4,
  radial: 4,
  sylvester: 4,
};

/** Steps for which a budget of seconds is good: a function of the architecture and the batch alone. At least 1. */
export function stepsOfBudget(seconds: number, architecture: Architecture, batch: number): number {
  return stepsOfNumbers(seconds, batch, trainedNumbers(architecture) * (passes[architecture.kind] ?? 1));
}

/** How many numbers an architecture trains. */
export function trainedNumbers({ base, bijection }: Architecture): number {
  let numbers = 0;
  for (const [, spec] of flattenTree({ base: base.parameters, bijection: bijection.parameters }))
    if (spec.kind === "trained") numbers += sizeOf(spec.shape);
  return numbers;
}

/** The same for a count of trained numbers that each row of a step goes through once. */
export function stepsOfNumbers(seconds: number, batch: number, numbers: number): number {
  return Math.max(1, Math.floor(seconds / (secondsAStep + secondsAProduct * batch * numbers)));
}

/**
 * Rounds of the first cycle, and of those that may follow it within a budget.
 * @param usual - Rounds of the first cycle where the budget does not shorten it.
 * @param maximum - Rounds of the budget.
 */
export function roundsOfBudget(
  usual: number,
  maximum: number,
  canGrow: boolean,
): Pick<TrainingPlan, "first" | "more"> {
  const first = Math.min(usual, maximum);
  const more: number[] = [];
  let left = maximum - first;
  if (canGrow)
    for (let last = first; left >= last; ) {
      last = Math.min(left, growth * last);
      more.push(last);
      left -= last;
    }
  return { first, more };
}

/**
 * The rounds of a training.
 * @param rows - Rows trained on.
 * @param epochs - What the caller asks for; then the training has one cycle of so many.
 * @param budget - Seconds; undefined for the usual ones, which never shorten the first cycle.
 */
export function planTraining(
  architecture: Architecture,
  recipe: Recipe,
  rows: number,
  { epochs, budget, canGrow }: { epochs?: number | undefined; budget?: number | undefined; canGrow: boolean },
): TrainingPlan {
  const steps = stepsAnEpoch(rows, recipe.batch);
  const roundsAnEpoch = Math.ceil(steps / mostRoundSteps);
  if (epochs !== undefined)
    return { roundsAnEpoch, first: epochs * roundsAnEpoch, more: [], isShortened: false, isBudgeted: false };
  const inRounds = (count: number): number => Math.max(1, Math.floor((count * roundsAnEpoch) / steps));
  const maximum = inRounds(stepsOfBudget(budget ?? usualBudget, architecture, recipe.batch));
  const usual =
    roundsAnEpoch === 1 ? recipe.epochs : Math.min(recipe.epochs * roundsAnEpoch, inRounds(recipe.steps));
  const canFollow = canGrow && (rows >= growsFrom || budget !== undefined);
  const { first, more } = roundsOfBudget(
    usual,
    budget === undefined ? Math.max(usual, maximum) : maximum,
    canFollow,
  );
  const isShortened = first < usual;
  return { roundsAnEpoch, first, more, isShortened, isBudgeted: isShortened || rows >= growsFrom };
}

/** What is said where the held-out score still rose at the end. */
export function improvingWarning(budget: number = usualBudget): string {
  return `the held-out log-likelihood was still rising when the budget of ${budget} s was used up: a larger ${optionText("budget", 4 * budget)} is likely to give a better model`;
}
