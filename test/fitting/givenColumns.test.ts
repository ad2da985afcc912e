/** Given columns: prepared as fitted ones are, and followed where a density is sharp in them. */

import { describe, expect, test } from "vitest";
import { continuousFlow, embeddedFlow, mixtureOfFlows } from "../../src/entries/architectures.ts";
import {
  actNorm,
  affine,
  batchNormalization,
  chain,
  elementwise,
  embedded,
} from "../../src/entries/bijections.ts";
import { standardNormal } from "../../src/entries/distributions.ts";
import { ShapeError } from "../../src/entries/errors.ts";
import { exportModel, verifyExport } from "../../src/entries/exchange.ts";
import { affineTransformer } from "../../src/entries/transformers.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions, FitPhase } from "../../src/fitting/fitOptions.ts";
import { modelFromBytes } from "../../src/models/files/modelFile.ts";
import { Flow } from "../../src/models/flow.ts";
import { column, tableFromRows } from "../../src/tables/table.ts";
import { draw } from "./tables.ts";

const small: FitOptions = {
  transforms: 2,
  hidden: [32],
  epochs: 40,
  seed: 1,
  threads: 1,
};

/** y given x, which has a log-normal tail, or given its logarithm. */
const heavyTailed = (seed: number) =>
  draw(["y", "x", "logx"], 800, seed, (stream) => {
    const logx = 3 * stream.normal();
    return [logx / 3 + 0.2 * stream.normal(), Math.exp(logx), logx];
  });

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("a given column with heavy tails", () => {
  test("tells as much as its logarithm, and nothing far out breaks it", async () => {
    const table = heavyTailed(1);
    const fresh = heavyTailed(2);
    const phases: FitPhase[] = [];
    const scores: number[] = [];
    for (const given of ["logx", "x"]) {
      const { flow } = await fit(table, {
        ...small,
        columns: ["y"],
        given: [given],
        onPhase: (phase) => phases.push(phase),
      });
      scores.push(mean(await flow.logProb(fresh)));
      const far = [-1e300, -1e30, -1, 0, 1e30, 1e300, Number.MAX_VALUE];
      const at = tableFromRows(
        ["y", given],
        far.map((value) => [0.5, value]),
      );
      const read = new Flow(modelFromBytes(flow.toBytes()));
      const found = await read.logProb(at);
      expect(found.every(Number.isFinite), found.join()).toBe(true);
      const sampled = await read.sample(far.length, { given: { [given]: Float64Array.from(far) }, seed: 1 });
      expect(sampled.values.every(Number.isFinite), sampled.values.join()).toBe(true);
    }
    expect(scores[1]!).toBeGreaterThan(scores[0]! - 0.15);
    expect(phases.slice(0, 5)).toEqual([
      { phase: "preparation", done: 0, total: 3 },
      { phase: "preparation", done: 1, total: 3 },
      { phase: "preparation", done: 2, total: 3 },
      { phase: "preparation", done: 3, total: 3 },
      { phase: "training", done: 0, total: 40 },
    ]);
  });
});

test("samples of a sharp conditional density stay beside it", async () => {
  const table = draw(["z", "x"], 600, 3, (stream) => {
    const z = 20 * stream.uniform() - 10;
    return [z, z + 0.1 * stream.normal()];
  });
  const { flow } = await fit(table, { ...small, epochs: 60, columns: ["z"], given: ["x"] });
  const x = Float64Array.from({ length: 10_000 }, (_, i) => -9.5 + (19 * i) / 10_000);
  const z = column(await flow.sample(x.length, { given: { x }, seed: 5 }), "z");
  const gaps = z.map((value, i) => Math.abs(value - x[i]!));
  // With a box of fixed width around the whole column, a tenth of them lay beyond 0.5, some more than 10 away.
  expect(Math.max(...gaps)).toBeLessThan(3);
  expect(gaps.filter((gap) => gap > 0.5).length / gaps.length).toBeLessThan(0.05);
});

describe("an embedding of what is given", () => {
  const given = Array.from({ length: 6 }, (_, i) => `c${i}`);
  /** y is the sum of what is given, nearly. */
  const table = draw(["y", ...given], 400, 4, (stream) => {
    const c = given.map(() => stream.normal());
    return [c.reduce((sum, value) => sum + value, 0) + 0.3 * stream.normal(), ...c];
  });
  const options: FitOptions = { ...small, hidden: [8], epochs: 30, columns: ["y"], given };

  test("is trained with the flow, saved, exported, and trained further", async () => {
    const { flow } = await fit(table, { ...options, flow: "maf", learningRate: 0.02, embedding: [8, 2] });
    expect(flow.description.kind).toBe("maf");
    expect(flow.facts.architecture).toMatch(/^masked autoregressive flow, 2 transforms, hidden 8$/);
    const scores = await flow.logProb(table);
    // The entropy of the noise is -0.215 nats; y alone has 1.42 + log sqrt(6.09) = 2.32.
    expect(mean(scores)).toBeGreaterThan(-1);
    const read = new Flow(modelFromBytes(flow.toBytes()));
    expect(await read.logProb(table)).toEqual(scores);
    const module = await exportModel(flow, { to: "wasm" });
    expect(await verifyExport(flow, module, table)).toMatchObject({ passes: true });
    const further = await fit(table, { from: flow, epochs: 1, threads: 1 });
    expect(further.flow.facts.architecture).toBe(flow.facts.architecture);
  });

  test("is one of any architecture; data start and change what is inside", async () => {
    const inside = chain([
      elementwise({ features: 1, context: 2, hidden: [4], transformer: affineTransformer() }),
      batchNormalization({ features: 1 }),
      actNorm({ features: 1 }),
    ]);
    const own = { kind: "own", features: 1, context: 2, transforms: 1, hidden: [] };
    const flow = embeddedFlow({
      embedding: [4, 2],
      flow: () => ({ ...own, base: standardNormal({ features: 1 }), bijection: inside, preparation: "none" }),
    });
    const { flow: fitted } = await fit(table, { flow, epochs: 2, columns: ["y"], given, threads: 1 });
    const { values } = fitted.model;
    const named = (part: string) => Object.entries(values).find(([name]) => name.includes(part))![1];
    // The deviation of y is sqrt(6.09): both normalizations have seen the rows.
    expect(Object.keys(values).join()).toMatch(/inner\.2\.logScale/);
    expect(named("inner.2.logScale")[0]).toBeGreaterThan(0.5);
    expect(named("inner.1.")).not.toEqual(Float64Array.of(0));
  });

  test("is refused where there is nothing to embed, or one network sees it all", async () => {
    await expect(fit(table, { flow: "nsf", embedding: [4] })).rejects.toThrow(/given nothing/);
    await expect(fit(table, { ...options, flow: "cnf", embedding: [4] })).rejects.toThrow(/embedding/);
    const flow = embeddedFlow({ embedding: [4], flow: continuousFlow() });
    expect(() => flow({ features: 1, context: 3 })).toThrow(/a training of its own/);
    const ofClasses = { features: 1, context: 2, embedding: [4], flow: mixtureOfFlows() };
    expect(() => embeddedFlow(ofClasses)).toThrow(/base mixture/);
    expect(() => embedded({ inner: affine({ features: 1 }), context: 2, embedding: [3] })).toThrow(
      ShapeError,
    );
  });
});
