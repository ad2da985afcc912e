/** Training by another loss than the log-density: what is minimized, drawn, reported, repeated and resumed. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Architecture, realNVP } from "../../src/architectures/architecture.ts";
import type { ArchitectureParameters, PreparedTraining, Training } from "../../src/architectures/training.ts";
import { pushforwardLogProb } from "../../src/distributions/density.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import { minimize, type StepDraw } from "../../src/fitting/gradient/minimize.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { type RandomStream, randomKey } from "../../src/random/philox.ts";
import { draw } from "./tables.ts";

const table = draw(["a", "b"], 300, 1, (stream) => {
  const a = stream.normal();
  return [a, a * a + 0.3 * stream.normal()];
});
const plain = realNVP({ features: 2, hidden: [8], transforms: 2 });
const { base, bijection } = plain;

/** Maximum likelihood of rows with noise whose size is drawn once a step; its value is far from any log-density. */
const far = 1000;
const noisy: Training = {
  isLogProb: false,
  settings: { most: 0.2 },
  draws: { size: (stream) => 0.2 * stream.uniform() },
  loss(y, parameters) {
    const moved = g.add(y, g.mul(g.stepInput("size"), g.randomNormal([2], "noise")));
    return g.sub(far, pushforwardLogProb(base, bijection, moved, parameters));
  },
};
const withTraining = (training: Partial<Training> = {}): Architecture => ({
  ...plain,
  training: { ...noisy, ...training },
});
const options: FitOptions = { epochs: 8, threads: 1, seed: 1, learningRate: 0.01, batch: 32 };

describe("a fit by the loss of the architecture", () => {
  test("reports the log-density of held-out rows, and no value of the loss", async () => {
    const {
      flow,
      report: { history, trainLogProb, validationLogProb },
    } = await fit(table, { ...options, flow: withTraining() });
    expect(history.map((record) => record.trainLogProb)).toEqual(history.map(() => Number.NaN));
    const best = Math.max(...history.map((record) => record.validationLogProb));
    expect(validationLogProb).toBeCloseTo(best, 4);
    expect(history[0]!.validationLogProb).toBeLessThan(best);
    const scores = await flow.logProb(table);
    const mean = scores.reduce((sum, score) => sum + score, 0) / table.rows;
    expect(0.9 * trainLogProb + 0.1 * validationLogProb).toBeCloseTo(mean, 3);
  });

  test("reports nothing on the way where no rows are held out", async () => {
    const {
      report: { history, trainLogProb },
    } = await fit(table, { flow: withTraining(), ...options, validation: 0 });
    for (const record of history)
      expect([record.trainLogProb, record.validationLogProb]).toEqual([Number.NaN, Number.NaN]);
    expect(trainLogProb).toBeGreaterThan(-10);
  });

  test("reports the loss where it is said to be minus a log-density", async () => {
    const {
      report: { history },
    } = await fit(table, { ...options, flow: withTraining({ isLogProb: true }) });
    for (const { trainLogProb, validationLogProb } of history) {
      expect(Math.abs(trainLogProb + far)).toBeLessThan(10);
      expect(Math.abs(validationLogProb)).toBeLessThan(10);
    }
  });

  test("compares epochs by the log-density that the training names", async () => {
    const {
      report: { history },
    } = await fit(table, { ...options, flow: withTraining({ logProb: () => g.mul(g.rowMark(), -5) }) });
    expect(new Set(history.map(({ validationLogProb }) => validationLogProb)).size).toBe(1);
    expect(new Set(history.map(({ bestEpoch }) => bestEpoch))).toEqual(new Set([0]));
  });

  test("may prepare values of each row, in sets that epochs take in turn, in its trials, too", async () => {
    const made = new Map<number, number>();
    const training = {
      draws: {},
      companionSets: 3,
      companions: ({ data }: PreparedTraining, stream: RandomStream) => {
        made.set(data.length, (made.get(data.length) ?? 0) + 1);
        return { shift: data.map(() => 0.1 * stream.normal()) };
      },
      loss: (y: Expr, parameters: ArchitectureParameters) =>
        g.neg(pushforwardLogProb(base, bijection, g.add(y, g.input("shift", [2])), parameters)),
    };
    const { flow } = await fit(table, { ...options, flow: withTraining(training) });
    // The longest are those of the training; each of the four trials has sets of its own.
    const [longest] = [...made.keys()].sort((a, b) => b - a);
    expect(made.get(longest!)).toBe(3);
    expect([...made.keys()].length).toBe(2);
    expect((await fit(table, { ...options, flow: withTraining(training) })).flow.toBytes()).toEqual(
      flow.toBytes(),
    );
  });

  test("gives the same bytes for every number of threads, others for another seed", async () => {
    const bytes = async (own: FitOptions): Promise<Uint8Array> =>
      (await fit(table, { flow: withTraining(), ...options, ...own })).flow.toBytes();
    const first = await bytes({});
    expect(await bytes({ threads: 2 })).toEqual(first);
    expect(await bytes({ seed: 2 })).not.toEqual(first);
  });
});

describe("a checkpoint", () => {
  const folder = mkdtempSync(join(tmpdir(), "pushforward-training-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const checkpoint = join(folder, "fit.checkpoint");

  test("goes on with the draws of the steps that are left, and with the same training alone", async () => {
    const whole = await fit(table, { ...options, flow: withTraining() });
    const controller = new AbortController();
    const killed = fit(table, {
      flow: withTraining(),
      ...options,
      checkpoint,
      signal: controller.signal,
      onProgress: ({ epoch }) => {
        if (epoch === 3) controller.abort();
      },
    });
    await expect(killed).rejects.toThrow(AbortedError);
    const resume = { ...options, checkpoint, resume: true };
    await expect(fit(table, { ...resume, flow: withTraining({ settings: { most: 0.3 } }) })).rejects.toThrow(
      UsageError,
    );
    await expect(fit(table, { ...resume, flow: plain })).rejects.toThrow(
      "belongs to a fit with other data, options or",
    );
    const resumed = await fit(table, { ...resume, flow: withTraining() });
    expect(resumed.flow.toBytes()).toEqual(whole.flow.toBytes());
    expect(resumed.report.history).toEqual(whole.report.history);
  });
});

test("weights decay as asked for", async () => {
  const of = async (weightDecay?: number): Promise<number> =>
    (await fit(table, { flow: plain, ...options, weightDecay })).report.trainLogProb;
  const usual = await of();
  expect(await of(1e-4)).toBe(usual);
  // At the peak of the schedule a step takes nine tenths of a weight: the conditioners hardly know their inputs.
  expect(await of(90)).toBeLessThan(usual - 0.1);
});

describe.each([
  ["reference", referenceEngine],
  ["wasm", wasmEngine({ precision: "float64", threads: 2 })],
] as const)("minimize on %s", (_, engine) => {
  const level = g.parameter("level", []);
  /** The same for every row. */
  const ofEachRow = (value: Expr): Expr => g.mul(g.rowMark(), value);
  const rows = { rows: 40, inputs: {} };
  const how = {
    engine,
    key: randomKey(3),
    epochs: 4,
    batch: 10,
    // The parameter stays where it is.
    learningRate: 1e-30,
    averaging: 0.9,
    patience: 10,
    validation: { rows: 50, inputs: {} },
  };
  const initial = { level: new Float64Array(1) };

  test("numbers of a step are drawn once for it, and are zero in validation", async () => {
    const drawn: { readonly step: number; readonly target: number }[] = [];
    const target: StepDraw = (stream, step) => {
      drawn.push({ step, target: stream.normal() });
      return drawn.at(-1)!.target;
    };
    const difference = g.sub(g.add(level, g.stepInput("target")), g.stepInput("other"));
    const loss = ofEachRow(g.square(difference));
    const draws = { target, other: () => 0 };
    const { history } = await minimize({ loss, parameters: [level], draws }, rows, initial, how);
    expect(drawn.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, step) => step));
    expect(new Set(drawn.map((one) => one.target)).size).toBe(16);
    history.forEach(({ trainLoss, validationLoss }, epoch) => {
      const own = drawn.slice(4 * epoch, 4 * epoch + 4).map((one) => one.target ** 2 / 4);
      expect(trainLoss).toBeCloseTo(own[0]! + own[1]! + own[2]! + own[3]!, 12);
      expect(validationLoss).toBeCloseTo(0, 12);
    });
  });

  test("noise is new in every epoch, and the same in every validation", async () => {
    const loss = g.add(g.square(level), g.randomUniform([], "noise"));
    const { history } = await minimize({ loss, parameters: [level] }, rows, initial, how);
    expect(new Set(history.map(({ trainLoss }) => trainLoss)).size).toBe(4);
    expect(new Set(history.map(({ validationLoss }) => validationLoss)).size).toBe(1);
    // Means of 40 and of 50 uniform numbers, 5 standard errors.
    for (const { trainLoss, validationLoss } of history) {
      expect(Math.abs(trainLoss - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 40));
      expect(Math.abs(validationLoss - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 50));
    }
  });

  test("draws that are missing, or named as what the optimizer reads, are refused", async () => {
    const objective = { loss: ofEachRow(g.mul(level, g.stepInput("target"))), parameters: [level] };
    await expect(minimize(objective, rows, initial, how)).rejects.toThrow(
      'step: step input "target" must be 4 numbers, 1 for each of 4 steps, got none.',
    );
    const draws = { rate: () => 1 };
    await expect(minimize({ ...objective, draws }, rows, initial, how)).rejects.toThrow(
      '"rate" is a step input of the optimizer',
    );
  });
});
