/** Residual flows: fitted by exact and by estimated log-determinants, saved, loaded, sampled, resumed. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ResidualFlowOptions, residualFlow } from "../../src/architectures/residualFlow.ts";
import type { Chain } from "../../src/bijections/combinators/chain.ts";
import type { Residual } from "../../src/bijections/residual/residual.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { AbortedError, NumericalError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import { topologicalOrder } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree, subtreeOf } from "../../src/graph/parameters.ts";
import { modelFromBytes } from "../../src/models/files/modelFile.ts";
import { type Flow, load } from "../../src/models/flow.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { draw, meanOf } from "../fitting/tables.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-residual-"));
afterAll(() => rmSync(folder, { recursive: true }));

const lipschitz = 0.9;
const table = draw(["angle", "height", "time"], 400, 3, (stream) => {
  const angle = 2 * stream.normal();
  return [angle, 10 + Math.sin(angle) + 0.2 * stream.normal(), angle * angle + stream.normal()];
});
const architecture = (options: Partial<ResidualFlowOptions> = {}) =>
  residualFlow({ features: 3, transforms: 3, hidden: [16], lipschitz, ...options });
const quick: FitOptions = { epochs: 25, threads: 1, seed: 1, learningRate: 0.02, batch: 64 };

describe.each(["exact", "estimate"] as const)(
  "a residual flow trained by log-determinants: %s",
  (training) => {
    let flow: Flow;
    let losses: number[];
    let reported: number;
    beforeAll(async () => {
      const result = await fit(table, { ...quick, flow: architecture({ training }) });
      flow = result.flow;
      losses = result.report.history.map(({ trainLogProb }) => trainLogProb);
      reported = result.report.trainLogProb;
    });

    test("gains on a Gaussian, and what it reports of a step is the log-density", async () => {
      const gaussian = -7.4;
      const score = meanOf(await flow.logProb(table, { threads: 1 }));
      expect(score).toBeGreaterThan(gaussian + 1.2);
      expect(Math.abs(reported - score)).toBeLessThan(0.1);
      // Estimates of the last epochs scatter around what the averaged parameters have.
      expect(Math.abs(meanOf(losses.slice(-5)) - score)).toBeLessThan(0.35);
    });

    test("is the same after it was saved and loaded, its matrices within their bound", async () => {
      const bytes = flow.toBytes();
      const read = await load(bytes);
      expect(await read.logProb(table, { threads: 1 })).toEqual(await flow.logProb(table, { threads: 1 }));
      const how = { seed: 3, threads: 1 };
      expect((await read.sample(30, how)).values).toEqual((await flow.sample(30, how)).values);
      const { bijection, values } = modelFromBytes(bytes);
      const bound = subtreeOf(bindTree({ bijection: bijection.parameters }), "bijection");
      const sums = Object.fromEntries(
        (bijection as Chain).parts.flatMap((part, i) =>
          part.type === "residual"
            ? (part as Residual).weights(subtreeOf(bound, String(i))).map((w, k) => [`${i} ${k}`, w])
            : [],
        ),
      );
      const compiled = await wasmEngine({ threads: 1 }).compile({ sums });
      await setKnownParameters(compiled, values);
      const matrices = (await compiled.run({ rows: 1, inputs: {} })).sums;
      for (const [name, matrix] of Object.entries(sums)) {
        const own = Matrix.from1DArray(matrix.shape[0]!, matrix.shape[1]!, Array.from(matrices[name]!));
        const norm = Math.max(...new SingularValueDecomposition(own, { autoTranspose: true }).diagonal);
        expect(norm).toBeLessThan(Math.sqrt(lipschitz) * (1 + 1e-5));
      }
      expect(Object.keys(sums).length).toBe(6);
    });

    test("draws samples that lead back to their noise", async () => {
      const { table: drawn, logProb } = await flow.sampleWithLogProb(200, { seed: 5, threads: 1 });
      const scored = await flow.logProb(drawn, { threads: 1 });
      scored.forEach((value, row) => {
        expect(Math.abs(value - logProb[row]!)).toBeLessThan(2e-3);
      });
      const inDouble = await flow.sample(200, { seed: 5, threads: 1, precision: "float64" });
      drawn.values.forEach((value, i) => {
        expect(Math.abs(value - inDouble.values[i]!)).toBeLessThan(1e-3 * (1 + Math.abs(value)));
      });
    });
  },
);

test("each transform has noise and a depth of its own, the noise of each row, the depth of each step", () => {
  const { base, bijection, training } = architecture({ training: "estimate" });
  const bound = {
    base: bindTree(base.parameters, "base."),
    bijection: bindTree(bijection.parameters, "bijection."),
  };
  const nodes = topologicalOrder([training!.loss(g.input("data", [3]), bound)]);
  const named = (op: "random" | "stepInput"): string[] =>
    nodes.flatMap((node) => (node.op === op ? [node.op === "random" ? node.stream : node.name] : []));
  expect(new Set(named("random")).size).toBe(3);
  expect(named("stepInput").sort()).toEqual(Object.keys(training!.draws!).sort());
  expect(named("stepInput").length).toBe(3);
  const depths = Array.from({ length: 200 }, (_, step) =>
    training!.draws![named("stepInput")[0]!]!(new RandomStream(split(randomKey(1), step)), step),
  );
  // 2 and a geometric number: 3, 4, 5, ... with probabilities 1/2, 1/4, 1/8, ...
  expect(Math.min(...depths)).toBe(3);
  expect(Math.abs(meanOf(depths) - 4)).toBeLessThan(4 * Math.sqrt(2 / 200));
});

test("samples that have not met the tolerance are an error that says how many", async () => {
  const { flow } = await fit(table, { flow: architecture({ iterations: 2 }), ...quick, epochs: 4 });
  const failed = flow.sample(100, { seed: 1, threads: 1 });
  await expect(failed).rejects.toThrow(NumericalError);
  await expect(failed).rejects.toThrow(/\d+ of 100 rows/);
  // Scores need no iteration.
  expect((await flow.logProb(table, { threads: 1 })).every(Number.isFinite)).toBe(true);
});

test("a killed fit by estimates ends with the bytes of an uninterrupted one, on any number of threads", async () => {
  const own = architecture({ training: "estimate" });
  const options = { ...quick, epochs: 6 };
  const whole = await fit(table, { ...options, flow: own });
  const checkpoint = join(folder, "fit.checkpoint");
  const controller = new AbortController();
  const killed = fit(table, {
    flow: own,
    ...options,
    checkpoint,
    signal: controller.signal,
    onProgress: ({ epoch }) => {
      if (epoch === 3) controller.abort();
    },
  });
  await expect(killed).rejects.toThrow(AbortedError);
  const resumed = await fit(table, { flow: own, ...options, checkpoint, resume: true, threads: 2 });
  expect(resumed.flow.toBytes()).toEqual(whole.flow.toBytes());
});

test("a conditional one follows what it is given", async () => {
  const own = residualFlow({
    features: 1,
    context: 2,
    transforms: 2,
    hidden: [16],
    training: "estimate",
  });
  const { flow } = await fit(table, { flow: own, ...quick, columns: ["height"], given: ["angle", "time"] });
  const mean = async (angle: number): Promise<number> => {
    const given = { angle, time: angle * angle };
    const drawn = await flow.sample(400, { seed: 2, given, threads: 1 });
    return meanOf(Array.from({ length: 400 }, (_, row) => drawn.values[row * 3 + 2]!));
  };
  expect((await mean(1.5)) - (await mean(-1.5))).toBeGreaterThan(1.2);
});

test("options out of range are refused", () => {
  expect(() => architecture({ training: "both" as never })).toThrow(UsageError);
  expect(() => architecture({ lipschitz: 1.2 })).toThrow(UsageError);
  expect(() => architecture({ roulette: { exactTerms: 0, stop: 1 } })).toThrow(UsageError);
  expect(() => architecture({ transforms: 0 })).toThrow(UsageError);
});
