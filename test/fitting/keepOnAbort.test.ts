import { expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import type { FitResult } from "../../src/fitting/fitReport.ts";

import { minimize } from "../../src/fitting/gradient/minimize.ts";
import * as g from "../../src/graph/ops.ts";
import { randomKey } from "../../src/random/philox.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { curved, quick } from "./tables.ts";

const table = curved(300, 1);
const options: FitOptions = {
  ...quick,
  epochs: 8,
  batch: 16,
  validation: 0.3,
  averaging: 0.9,
  keepOnAbort: true,
};
const whole = fit(table, options);

/** A fit that is stopped after an epoch, and keeps what it has. */
async function stoppedAt(epoch: number, own: FitOptions = options): Promise<FitResult> {
  const controller = new AbortController();
  return await fit(table, {
    ...own,
    signal: controller.signal,
    onProgress: (progress) => {
      if (progress.epoch === epoch) controller.abort();
    },
  });
}

it("an aborted fit that keeps gives the best model so far, measured as any other", async () => {
  const kept = await stoppedAt(5);
  const {
    report: { interrupted, history },
  } = await whole;
  expect({ whole: interrupted, kept: kept.report.interrupted }).toEqual({ whole: false, kept: true });
  expect(kept.report.epochs).toBe(5);
  expect(kept.report.history).toEqual(history.slice(0, 5));
  const best = kept.report.history.find(({ epoch }) => epoch === kept.report.history.at(-1)!.bestEpoch)!;
  expect(kept.report.validationLogProb).toBeCloseTo(best.validationLogProb, 4);
  expect(kept.flow.description.fitted).toMatchObject({ epochs: 5, trainLogProb: kept.report.trainLogProb });
  expect((await kept.flow.sample(5)).rows).toBe(5);
});

it("a checkpoint goes on from where a fit that kept its model was stopped", async () => {
  const own = { ...options, checkpoint: `${temporaryFolder()}/checkpoint` };
  await stoppedAt(3, own);
  const resumed = await fit(table, { ...own, resume: true });
  expect(resumed.flow.toBytes()).toEqual((await whole).flow.toBytes());
});

it("without held-out rows the last epoch is kept", async () => {
  const kept = await stoppedAt(4, { ...options, validation: 0 });
  expect(kept.report).toMatchObject({ interrupted: true, epochs: 4 });
  expect(kept.report.trainLogProb).toBeGreaterThan(kept.report.history[0]!.trainLogProb);
});

it("what the first epoch has learned is kept where it is stopped within it", async () => {
  const x = g.input("x", [1]);
  const place = g.parameter("place", [1]);
  const objective = { loss: g.sum(g.square(g.sub(x, place))), parameters: [place] };
  const rows = { rows: 400, inputs: { x: new Float64Array(400).fill(3) } };
  // A signal that fires when it is looked at for the hundredth time: between two steps.
  let looks = 0;
  const signal = Object.defineProperty(new AbortController().signal, "aborted", { get: () => ++looks > 100 });
  const own = { key: randomKey(1), epochs: 5, batch: 1, learningRate: 0.1, averaging: 0.5, patience: 5 };
  const keep = { ...own, signal, keepOnAbort: true, engine: referenceEngine };
  const start = { place: new Float64Array([0]) };
  for (const validation of [rows, undefined]) {
    looks = 0;
    const { interrupted, values, history } = await minimize(objective, rows, start, { ...keep, validation });
    expect({ interrupted, history }).toEqual({ interrupted: true, history: [] });
    expect(values.place![0]).toBeGreaterThan(0.5);
  }
});

it("there is nothing to keep before the first step", async () => {
  const signal = AbortSignal.abort();
  await expect(fit(table, { ...options, signal })).rejects.toThrow(AbortedError);
});

it("kinds that are fitted without gradients refuse to keep", async () => {
  await expect(fit(table, { flow: "mixture", keepOnAbort: true })).rejects.toThrow(UsageError);
});
