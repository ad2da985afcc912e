/** How long a training may take: cycles while the held-out score rises, within a budget of steps. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { neuralSplineFlow } from "../../src/architectures/architecture.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import { fitData } from "../../src/fitting/fitData.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import { hasGained, wasRising } from "../../src/fitting/gradient/cycles.ts";

import { Likelihood } from "../../src/fitting/gradient/likelihood.ts";
import { defaultRecipe, type Recipe } from "../../src/fitting/gradient/recipe.ts";
import { planTraining } from "../../src/fitting/gradient/trainingPlan.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { curved, draw } from "./tables.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-budget-"));
afterAll(() => rmSync(folder, { recursive: true }));

const splineFlow = ({ transforms, hidden, bins }: Recipe, features: number) =>
  neuralSplineFlow({ transforms, hidden, bins, features, autoregressive: true });

const planOf = (rows: number, budget?: number) => {
  const recipe = defaultRecipe({ rows, features: 8 });
  const architecture = splineFlow(recipe, 8);
  return planTraining(architecture, recipe, Math.round(0.9 * rows), { budget, canGrow: true });
};

test("small tables have one cycle, large ones more, each twice as long, within the budget", () => {
  expect(planOf(2000)).toMatchObject({ roundsAnEpoch: 1, more: [] });
  const { roundsAnEpoch, first, more } = planOf(40_000);
  expect(roundsAnEpoch).toBe(1);
  expect(first).toBe(10);
  expect(more.slice(0, 3)).toEqual([20, 40, 80]);
  const longer = planOf(40_000, 1200);
  expect(longer.more.length).toBeGreaterThan(more.length);
  expect(longer.isShortened).toBe(false);
  // A budget below the recipe shortens the first cycle.
  const shorter = planOf(40_000, 1);
  expect(shorter.first).toBeLessThan(10);
  expect(shorter.isShortened).toBe(true);
});

test("long epochs are gone through in rounds of at most 500 steps", () => {
  const plan = planOf(1_000_000);
  expect(plan.roundsAnEpoch).toBe(8);
  // 1,375 batches, where a whole epoch would be 3,516.
  expect(plan.first).toBe(3);
});

test("a cycle follows where the last one was worth it, and the end says whether it was", () => {
  const at = (epoch: number, validationLoss: number, bestEpoch: number) => ({
    epoch,
    trainLoss: 0,
    validationLoss,
    bestEpoch,
  });
  const first = { index: 0, start: 0, end: 10 };
  const second = { index: 1, start: 10, end: 30 };
  expect(hasGained([at(5, 1, 5), at(10, 0.5, 10)], first)).toBe(true);
  expect(hasGained([at(5, 1, 5), at(10, 1.5, 5)], first)).toBe(false);
  const start = [at(5, 1, 5), at(10, 0.5, 10)];
  expect(hasGained([...start, at(30, 0.48, 30)], second)).toBe(true);
  expect(hasGained([...start, at(30, 0.495, 30)], second)).toBe(false);
  expect(wasRising([at(5, 1, 5), at(10, 0.5, 10)], first)).toBe(true);
  expect(wasRising([at(5, 1, 5), at(10, 0.99, 10)], first)).toBe(false);
});

const table = curved(120, 1);
const options: FitOptions = {
  flow: "realnvp",
  transforms: 2,
  hidden: [8],
  batch: 64,
  budget: 0.6,
  // So slow that the first cycle ends while the held-out score rises.
  learningRate: 2e-3,
  patience: 10_000,
  seed: 1,
  threads: 1,
};

test("a fit that is killed in a later cycle ends with the bytes of an uninterrupted one", async () => {
  const whole = await fit(table, options);
  const checkpoint = join(folder, "later.checkpoint");
  const recipe = defaultRecipe({ rows: 120, features: 3 }, { batch: 64 });
  expect(whole.report.epochs).toBeGreaterThan(recipe.epochs);
  const controller = new AbortController();
  const killed = fit(table, {
    ...options,
    checkpoint,
    signal: controller.signal,
    onProgress: ({ epoch }) => {
      if (epoch > 1.2 * recipe.epochs) controller.abort();
    },
  });
  await expect(killed).rejects.toThrow(AbortedError);
  const resumed = await fit(table, { ...options, checkpoint, resume: true });
  expect(resumed.flow.toBytes()).toEqual(whole.flow.toBytes());
  expect(resumed.report.history).toEqual(whole.report.history);
  expect(resumed.report.stillImproving).toBe(whole.report.stillImproving);
  await expect(fit(table, { ...options, checkpoint, resume: true, budget: 1 })).rejects.toThrow(
    /other data, options/,
  );
});

test("the end of a short budget says that the score was still rising, and what to do", async () => {
  const warnings: string[] = [];
  const short = await fit(curved(1500, 2), {
    ...options,
    budget: 0.05,
    onWarning: (line) => warnings.push(line),
  });
  expect(short.report.stillImproving).toBe(true);
  expect(warnings.join()).toMatch(
    /still rising when the budget of 0.05 s was used up: a larger `budget: 0.2`/,
  );
});

test("trials of preparations are short where the budget is, and a cut training says so in spite of a gap", async () => {
  const few = draw(["a", "b", "c"], 120, 1, (stream) => {
    const [x, y] = [stream.normal(), stream.normal()];
    return [x, x * x + 0.2 * stream.normal(), x * y + 0.1 * stream.normal()];
  });
  const recipe = defaultRecipe({ rows: few.rows, features: 3 }, { batch: 64 });
  const architecture = splineFlow(recipe, 3);
  const data = fitData(few, {}, randomKey(1), () => 0.1);
  const trialSteps = async (budget?: number): Promise<number> => {
    const plan = planTraining(architecture, recipe, data.train.rows, { budget, canGrow: true });
    const likelihood = await Likelihood.compile(architecture, data, recipe, plan, {
      threads: 1,
      engine: "reference",
    });
    likelihood.dispose();
    return likelihood.trialSteps;
  };
  expect(await trialSteps()).toBeGreaterThan(100);
  expect(await trialSteps(0.004)).toBeLessThan(5);
  const cut = { ...options, learningRate: 0.02, budget: 0.005 };
  const {
    report: { trainLogProb, validationLogProb, stillImproving },
  } = await fit(few, cut);
  expect(trainLogProb - validationLogProb).toBeGreaterThan(0.1);
  expect(stillImproving).toBe(true);
});

test("progress comes within a long epoch", async () => {
  const seen: number[] = [];
  await fit(curved(3000, 2), {
    ...options,
    budget: undefined,
    batch: 2,
    epochs: 1,
    validation: 0,
    onProgress: ({ epoch, epochs }) => {
      expect(epochs).toBe(1);
      seen.push(epoch);
    },
  });
  expect(seen).toEqual([1 / 3, 2 / 3, 1]);
});

test("what contradicts a budget is refused", async () => {
  await expect(fit(table, { budget: 60, epochs: 3 })).rejects.toThrow(UsageError);
  await expect(fit(table, { budget: -1 })).rejects.toThrow(/budget must be a positive number of seconds/);
});

test("a budget of mixed columns is steps, too: the same bits twice, fewer than the recipe or more while that helps", async () => {
  const stream = new RandomStream(randomKey(5));
  const table = tableFromObjects(
    Array.from({ length: 150 }, () => {
      const isTall = stream.uniform() < 0.5;
      return { tall: isTall ? "yes" : "no", count: Math.round((isTall ? 9 : 2) + stream.normal()) };
    }),
  );
  const stepsOf = async (options: FitOptions) => {
    const { flow, report } = await fit(table, { seed: 1, threads: 1, hidden: [4], members: 1, ...options });
    return { steps: report.history.at(-1)!.steps, warnings: report.warnings, bytes: flow.toBytes() };
  };
  const short = await stepsOf({ budget: 0.005 });
  expect(short.steps).toBe(16);
  expect((await stepsOf({ budget: 0.005 })).bytes).toEqual(short.bytes);
  const usual = await stepsOf({});
  const long = await stepsOf({ budget: 60 });
  expect(usual.steps).toBe(700);
  expect(long.steps).toBeGreaterThan(100 * usual.steps);
});
