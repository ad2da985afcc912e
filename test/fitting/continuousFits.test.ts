/**
 * Fits of continuous flows: what they promise to users. That they fit well is measured, not tested; here a fit must find two
 * humps that no Gaussian has.
 */

import { describe, expect, it } from "vitest";
import { type ContinuousFlowOptions, continuousFlow } from "../../src/architectures/continuousFlow.ts";
import { type FlowMatchingOptions, flowMatching } from "../../src/architectures/flowMatching.ts";
import type { Bijection } from "../../src/bijections/bijection.ts";
import { type ContinuousOptions, continuous } from "../../src/bijections/continuous/continuous.ts";
import { AbortedError, NumericalError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";

import type { FitProgress } from "../../src/fitting/fitOptions.ts";

import { Flow, load } from "../../src/models/flow.ts";
import { solverReport, trajectories } from "../../src/models/solverReport.ts";
import { column } from "../../src/tables/table.ts";
import { draw, meanOf } from "./tables.ts";

const two = draw(["a", "b"], 500, 3, (stream) => {
  const side = stream.uniform() < 0.5 ? -1 : 1;
  return [10 * (2 * side + 0.3 * stream.normal()), side * 0.5 + 0.4 * stream.normal()];
});
const more = draw(["a", "b"], 500, 4, (stream) => {
  const side = stream.uniform() < 0.5 ? -1 : 1;
  return [10 * (2 * side + 0.3 * stream.normal()), side * 0.5 + 0.4 * stream.normal()];
});
const quick = { threads: 1, seed: 1 } as const;
const sizes = { hidden: [16, 16] } as const;
const kinds = ["cnf", "flow-matching"] as const;
const epochsOf = { cnf: 30, "flow-matching": 150 } as const;
/** Mean log-density of the fresh rows under a normal distribution, fitted once. */
const gaussian = fit(two, { flow: "gaussian" })
  .then(({ flow }) => flow.logProb(more))
  .then(meanOf);

/** What a bijection was made from. */
function optionsOf(bijection: Bijection): ContinuousOptions {
  const { type, ...options } = bijection.toJSON();
  expect(type).toBe("continuous");
  return options as unknown as ContinuousOptions;
}

describe.each(kinds)("%s", (flow) => {
  it("finds two humps, is saved and loaded, samples what it scores, and repeats with its seed", async () => {
    const progress: FitProgress[] = [];
    const options = {
      ...quick,
      ...sizes,
      flow,
      epochs: epochsOf[flow],
      onProgress: (p: FitProgress) => progress.push(p),
    };
    const {
      flow: fitted,
      report: { trainLogProb },
    } = await fit(two, options);
    const scores = await fitted.logProb(more);
    expect(meanOf(scores)).toBeGreaterThan((await gaussian) + 0.5);
    // The loss of neither is a log-density; the epochs' log-densities on held-out rows are.
    expect(progress.length).toBeGreaterThan(5);
    for (const { trainLogProb: own, validationLogProb } of progress) {
      expect(own).toBeNaN();
      expect(Number.isFinite(validationLogProb)).toBe(true);
    }
    expect(Number.isFinite(trainLogProb)).toBe(true);
    const copy = await load(fitted.toBytes());
    expect(await copy.logProb(more)).toEqual(scores);
    const drawn = await fitted.sampleWithLogProb(400, { seed: 2 });
    const again = await fitted.logProb(drawn.table);
    drawn.logProb.forEach((value, i) => expect(Math.abs(value - again[i]!)).toBeLessThan(2e-3));
    const exacting = continuous({
      ...optionsOf(fitted.model.bijection),
      solver: { kind: "adaptive", tolerance: 1e-8 },
    });
    const finer = new Flow({ ...fitted.model, bijection: exacting });
    // Float32 cannot do what is asked for.
    expect((await solverReport(finer, more)).tolerance).toBeCloseTo(2 ** -20, 12);
    expect((await solverReport(finer, more, { precision: "float64" })).tolerance).toBe(1e-8);
    const { tolerance, evaluations, roundTrip } = await solverReport(fitted, more);
    expect(tolerance).toBe(JSON.parse(JSON.stringify(fitted.description.bijection)).solver.tolerance);
    expect(evaluations.every((count) => count >= 7 && count < 1000 && Number.isInteger(count))).toBe(true);
    expect(Math.max(...roundTrip)).toBeLessThan(1e-3);
    expect(Math.max(...roundTrip)).toBeGreaterThan(0);
    const paths = await trajectories(fitted, [0, 0.5, 1], 50, { seed: 2 });
    const samples = (await fitted.sample(50, { seed: 2 })).values;
    samples.forEach((value, i) => expect(Math.abs(paths[2]![i]! - value)).toBeLessThan(0.05));
    expect(Math.abs(paths[1]![0]! - paths[0]![0]!)).toBeGreaterThan(0);
    const side = Array.from({ length: 400 }, (_, i) => Number(drawn.table.values[2 * i]! > 0));
    expect(Math.abs(meanOf(side) - 0.5)).toBeLessThan(0.12);
    // A few epochs repeat as many do.
    const [once, twice] = [
      await fit(two, { ...options, epochs: 2 }),
      await fit(two, { ...options, epochs: 2 }),
    ];
    expect(twice.flow.toBytes()).toEqual(once.flow.toBytes());
  });

  it("is conditional", async () => {
    const table = draw(["y", "c"], 400, 5, (stream) => {
      const c = stream.normal();
      return [3 * c + (0.2 + 0.2 * Math.abs(c)) * stream.normal(), c];
    });
    const { flow: fitted } = await fit(table, {
      ...quick,
      ...sizes,
      flow,
      given: ["c"],
      epochs: epochsOf[flow],
    });
    const drawn = await fitted.sample(300, { given: { c: 1 }, seed: 1 });
    expect(Math.abs(meanOf(column(drawn, "y")) - 3)).toBeLessThan(0.4);
    // What is reported of the solver, and its paths, are given it too.
    const { roundTrip } = await solverReport(fitted, table);
    expect(Math.max(...roundTrip)).toBeLessThan(1e-3);
    const drawnAlone = await fitted.sample(5, { given: { c: -2 }, seed: 1 });
    const [end] = await trajectories(fitted, [1], 5, { given: { c: -2 }, seed: 1 });
    column(drawnAlone, "y").forEach((value, i) => expect(Math.abs(end![i]! - value)).toBeLessThan(0.01));
  });

  it("scores rows a million deviations away, and says so where its solver gives up", async () => {
    const { flow: fitted } = await fit(two, { ...quick, hidden: [8, 8], flow, epochs: 15 });
    const rows = Float64Array.of(3e7, 0, -3e7, 7e5, 1e30, -1e30, Number.POSITIVE_INFINITY, 0, 1, 1);
    const scores = await fitted.logProb(rows);
    expect(Array.from(scores, Number.isFinite)).toEqual([true, true, true, false, true]);
    expect(scores[3]).toBe(Number.NEGATIVE_INFINITY);
    const { model } = fitted;
    const bijection = continuous({
      ...optionsOf(model.bijection),
      solver: { kind: "adaptive", tolerance: 1e-13, most: 1 },
    });
    const short = new Flow({ ...model, bijection });
    for (const precision of ["float32", "float64"] as const) {
      const failed = short.logProb(two, { precision });
      await expect(failed).rejects.toThrow(NumericalError);
      await expect(failed).rejects.toThrow(/\d+ of 500 rows have no log-density/);
    }
    await expect(short.sample(10)).rejects.toThrow(NumericalError);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const fitting = fit(two, {
      ...quick,
      ...sizes,
      flow,
      epochs: 500,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(fitting).rejects.toThrow(AbortedError);
  });
});

describe("continuousFlow", () => {
  it.each<[string, ContinuousFlowOptions]>([
    [
      "Hutchinson's estimate and both regularizers",
      { features: 2, divergence: "sign", kinetic: 0.02, jacobian: 0.01 },
    ],
    ["three hidden layers", { features: 2, hidden: [8, 8, 8] }],
    [
      "steps of Dormand and Prince",
      { features: 2, trainingSolver: { kind: "fixed", order: "dormand-prince", steps: 2 } },
    ],
  ])("trains with %s", async (_, options) => {
    const { flow } = await fit(two, {
      flow: continuousFlow({ hidden: [8, 8], ...options }),
      ...quick,
      epochs: 15,
    });
    expect(meanOf(await flow.logProb(more))).toBeGreaterThan((await gaussian) + 0.1);
  });

  it.each<[string, Partial<ContinuousFlowOptions>, boolean]>([
    ["adaptive steps and nothing added", { trainingSolver: { kind: "adaptive", tolerance: 1e-3 } }, true],
    ["fixed steps", {}, false],
    ["a regularizer", { kinetic: 0.01, trainingSolver: { kind: "adaptive", tolerance: 1e-3 } }, false],
    ["another regularizer", { jacobian: 0.01, trainingSolver: { kind: "adaptive", tolerance: 1e-3 } }, false],
  ])("of a training by %s, the loss is reported as a log-density: %o", async (_, options, isReported) => {
    const progress: FitProgress[] = [];
    await fit(two, {
      flow: continuousFlow({ features: 2, hidden: [4], kinetic: 0, jacobian: 0, ...options }),
      ...quick,
      epochs: 2,
      onProgress: (p) => progress.push(p),
    });
    expect(progress.length).toBeGreaterThan(0);
    for (const { trainLogProb, validationLogProb } of progress) {
      expect(Number.isFinite(trainLogProb)).toBe(isReported);
      expect(Number.isFinite(validationLogProb)).toBe(true);
    }
  });

  it.each([
    [{ kinetic: -1 }, /kinetic/],
    [{ jacobian: Number.NaN }, /jacobian/],
    [{ tolerance: 0 }, /tolerance/],
    [{ hidden: [0] }, /hidden/],
  ])("refuses %j", (wrong, message) => {
    expect(() => continuousFlow({ features: 2, ...wrong })).toThrow(UsageError);
    expect(() => continuousFlow({ features: 2, ...wrong })).toThrow(message);
  });
});

describe("flowMatching", () => {
  it.each<[string, Partial<FlowMatchingOptions>]>([
    ["optimal transport", { coupling: "optimal-transport", group: 64 }],
    ["trigonometric paths", { interpolant: "trigonometric" }],
    ["a stochastic interpolant", { wander: 0.3 }],
    ["noise left at the end", { sigma: 0.1 }],
  ])("trains with %s", async (_, options) => {
    const { flow } = await fit(two, {
      flow: flowMatching({ features: 2, hidden: [16, 16], ...options }),
      ...quick,
      epochs: 120,
    });
    expect(meanOf(await flow.logProb(more))).toBeGreaterThan((await gaussian) + 0.3);
  });

  it("refuses optimal transport with a context or with weights, which it would bias", async () => {
    const coupling = "optimal-transport";
    expect(() => flowMatching({ features: 2, context: 1, coupling })).toThrow(/bias a conditional flow/);
    const weighted = draw(["a", "b", "w"], 200, 6, (stream) => [
      stream.normal(),
      stream.normal(),
      stream.uniform(),
    ]);
    const fitting = fit(weighted, {
      flow: flowMatching({ features: 2, hidden: [4], coupling }),
      ...quick,
      epochs: 2,
      weights: "w",
    });
    await expect(fitting).rejects.toThrow(/knows no row weights/);
  });

  it.each([
    [{ interpolant: "cubic" }, /interpolant/],
    [{ coupling: "none" }, /coupling/],
    [{ sigma: 1 }, /sigma/],
    [{ sigma: 0.1, interpolant: "trigonometric" }, /sigma/],
    [{ wander: -1 }, /wander/],
    [{ group: 0 }, /group/],
  ])("refuses %j", (wrong, message) => {
    const make = (): unknown => flowMatching({ features: 2, ...wrong } as FlowMatchingOptions);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });

  it("alone, with cnf, has trajectories and a report of its solver", async () => {
    const { flow } = await fit(two, { flow: "gaussian" });
    await expect(solverReport(flow, two)).rejects.toThrow(/solves no equation/);
    await expect(trajectories(flow, [0.5], 3)).rejects.toThrow(UsageError);
  });

  it("starts from a velocity whose flow is the identity", () => {
    expect(flowMatching({ features: 2 }).bijection.toJSON()).toMatchObject({
      start: "interpolation",
      hidden: [128, 128],
    });
    expect(continuous({ features: 2 }).toJSON()).toMatchObject({ start: "rest" });
  });
});
