import { describe, expect, it } from "vitest";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import { fitGaussianMixture } from "../../src/fitting/statistics/gaussianMixture.ts";
import { modelFromBytes } from "../../src/models/files/modelFile.ts";
import { load } from "../../src/models/flow.ts";
import { withoutPrefix } from "../../src/models/parameters.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { Subject } from "../laws/harness.ts";
import { curved, draw, meanOf, momentsOf } from "./tables.ts";

/** A fit of a second: one plan, few layers. */
const quick: FitOptions = { seed: 1, layers: 12, step: 0.5, validation: 0.25, threads: 1 };

/** From the first decile of each column to the last. */
function rangesOf({ columns, rows, values }: Table): number[] {
  return columns.map((_, i) => {
    const sorted = Float64Array.from({ length: rows }, (_, row) => values[row * columns.length + i]!).sort();
    return sorted[Math.floor(0.9 * rows)]! - sorted[Math.floor(0.1 * rows)]!;
  });
}

/** A bent ridge in two columns. */
const bent = (rows: number, seed: number): Table =>
  draw(["x", "y"], rows, seed, (s) => {
    const x = s.normal();
    return [x, x * x + 0.4 * s.normal()];
  });
const bentTruth = -1 - Math.log(2 * Math.PI) - Math.log(0.4);

/** The kind of flow with some directions. */
const along = (rotation: "pca" | "ica" | "random" | "sliced"): FitOptions =>
  rotation === "sliced" ? { flow: "sliced" } : { flow: "gaussianization", rotation };

describe.each(["pca", "ica", "random", "sliced"] as const)("directions: %s", (rotation) => {
  it("describes curved data far better than a normal distribution, and nears the truth", async () => {
    const [train, test] = [bent(2000, 1), bent(2000, 2)];
    const {
      flow,
      report: { history },
    } = await fit(train, { ...quick, layers: 24, ...along(rotation) });
    const score = meanOf(await flow.logProb(test));
    const normal = meanOf((await fitGaussianMixture(train, 1)).logProb(test));
    expect(score).toBeGreaterThan(normal + 0.5);
    // In reach of the entropy, which nothing exceeds but by the noise of 2000 rows.
    expect(score).toBeGreaterThan(bentTruth - 0.15);
    expect(score).toBeLessThan(bentTruth + 0.08);
    expect(flow.description.kind).toBe(rotation === "sliced" ? "sliced" : "gaussianization");
    expect(history.length).toBeGreaterThan(3);
  });

  it("comes back from the base, in float64 and in float32, and from a file", async () => {
    const table = curved(1500, 3);
    const { flow } = await fit(table, { ...quick, layers: 6, ...along(rotation) });
    // Of a model of no layers all of this would hold.
    expect(flow.steps).toBeGreaterThan(2);
    const again = await load(flow.toBytes());
    expect(again.toBytes()).toEqual(flow.toBytes());
    expect(await again.logProb(table)).toEqual(await flow.logProb(table));
    const model = modelFromBytes(flow.toBytes());
    const values = withoutPrefix(model.values, "bijection.");
    const points = Float64Array.from({ length: 3 * 60 }, (_, i) => 2 * Math.sin(i * i));
    for (const { engine, tolerance } of [
      { engine: wasmEngine({ precision: "float64", threads: 1 }), tolerance: 1e-6 },
      { engine: wasmEngine({ precision: "float32", threads: 1 }), tolerance: 1e-4 },
    ]) {
      const subject = new Subject(model.bijection, engine);
      const there = await subject.image("forward", values, { x: points });
      const back = await subject.image("inverse", values, { x: there.value });
      points.forEach((own, i) => {
        expect(Math.abs(back.value[i]! - own)).toBeLessThan(tolerance * (1 + Math.abs(own)));
      });
      await subject.dispose();
    }
  });
});

describe.each(["kernel", "mixture", "histogram", "spline"] as const)("marginal estimate: %s", (marginal) => {
  it("has mass 1 in one column and in two, and follows two peaks", async () => {
    const table = draw(["x"], 2000, 4, (s) => [(s.uniform() < 0.3 ? -3 : 2) + 0.5 * s.normal()]);
    const { flow } = await fit(table, { flow: "gaussianization", ...quick, marginal });
    const grid = tableFromRows(
      ["x"],
      Array.from({ length: 8001 }, (_, i) => [(i - 4000) / 100]),
    );
    const mass = (await flow.logProb(grid)).reduce((sum, own) => sum + Math.exp(own) * 0.01, 0);
    expect(Math.abs(mass - 1)).toBeLessThan(1e-3);
    const at = await flow.logProb(tableFromRows(["x"], [[-3], [2], [-0.5]]));
    // Heights of the peaks: 0.3 / (0.5 sqrt(2 pi)) and 0.7 / (0.5 sqrt(2 pi)).
    expect(Math.abs(Math.exp(at[0]!) - 0.239)).toBeLessThan(0.06);
    expect(Math.abs(Math.exp(at[1]!) - 0.558)).toBeLessThan(0.12);
    expect(Math.exp(at[2]!)).toBeLessThan(0.06);

    const { flow: two } = await fit(bent(1500, 5), {
      ...quick,
      layers: 6,
      flow: "gaussianization",
      marginal,
    });
    // Densities of histograms jump.
    const cells = marginal === "histogram" ? 600 : 300;
    const [width, height] = [12 / cells, 28 / cells];
    const points = new Float64Array(2 * cells * cells);
    for (let i = 0; i < cells * cells; i++) {
      points[2 * i] = ((i % cells) + 0.5 - cells / 2) * width;
      points[2 * i + 1] = (Math.floor(i / cells) + 0.5) * height - 4;
    }
    const both = await two.logProb(points);
    expect(Math.abs(both.reduce((sum, own) => sum + Math.exp(own) * width * height, 0) - 1)).toBeLessThan(
      1e-3,
    );
  });
});

describe("fit of a Gaussianization", () => {
  it("keeps the number of layers that held-out rows score best", async () => {
    // 600 held-out rows choose alone.
    const {
      flow,
      report: { history, validationLogProb },
    } = await fit(bent(2400, 6), { flow: "gaussianization", ...quick, layers: 60 });
    const scores = history.map((entry) => entry.validationLogProb);
    const best = Math.max(...scores);
    expect(Math.abs(validationLogProb - best)).toBeLessThan(1e-6);
    expect(history.at(-1)!.bestEpoch).toBe(scores.indexOf(best) + 1);
    expect(flow.bijection.features).toBe(2);
    for (const score of scores) expect(score).toBeLessThanOrEqual(best);
  });

  it("gives the same bytes for the same seed and others for another", async () => {
    const table = curved(400, 7);
    const options = { ...quick, layers: 4, flow: "gaussianization" } as const;
    const once = (await fit(table, options)).flow.toBytes();
    expect((await fit(table, options)).flow.toBytes()).toEqual(once);
    expect((await fit(table, { ...options, seed: 2 })).flow.toBytes()).not.toEqual(once);
  });

  it("takes weights of whole numbers as repeated rows", async () => {
    const table = draw(["x", "y", "w"], 2400, 8, (s) => {
      const right = s.uniform() < 0.5;
      return [(right ? 4 : 0) + s.normal(), s.normal(), right ? 3 : 1];
    });
    const { flow } = await fit(table, { flow: "gaussianization", ...quick, weights: "w" });
    const drawn = momentsOf(await flow.sample(4000, { seed: 1 }));
    // Three quarters of the mass on the right.
    expect(Math.abs(drawn.mean[0]! - 3)).toBeLessThan(0.2);
    const peaks = await flow.logProb(
      tableFromRows(
        ["x", "y"],
        [
          [4, 0],
          [0, 0],
        ],
      ),
    );
    expect(Math.abs(peaks[0]! - peaks[1]! - Math.log(3))).toBeLessThan(0.35);
  });

  it("stops between all its layers, the first ones of another shape among them", async () => {
    const names = Array.from({ length: 10 }, (_, i) => `c${i}`);
    const table = draw(names, 700, 20, (s) => {
      const common = s.normal();
      return names.map((_, i) => Math.exp(0.3 * i) * (common ** 2 + s.normal()));
    });
    const {
      flow,
      report: { history, parameters },
    } = await fit(table, { ...quick, flow: "sliced", layers: 6, validation: 0 });
    expect(flow.steps).toBe(history.at(-1)!.bestEpoch);
    expect(flow.steps).toBeGreaterThan(3);
    // One layer along all directions, the others along eight.
    const start = flow.description.bijection as { parts: readonly { count: number }[] };
    expect(start.parts.map((part) => part.count)).toHaveLength(2);
    const scores: number[] = [];
    for (let t = 0; t <= flow.steps; t++) {
      const stopped = flow.at(t);
      expect(stopped.steps).toBe(t);
      scores.push(meanOf(await stopped.logProb(table)));
      if (t > 0) expect(Math.abs(scores[t]! - history[t - 1]!.trainLogProb)).toBeLessThan(1e-9);
      expect((await load(stopped.toBytes())).steps).toBe(t);
    }
    // Before any layer: columns standardized and independent.
    const { deviation } = momentsOf(table);
    const independent = deviation.reduce(
      (sum, own) => sum - Math.log(own) - 0.5 * Math.log(2 * Math.PI) - 0.5,
      0,
    );
    expect(Math.abs(scores[0]! - independent)).toBeLessThan(1e-6);
    expect((await flow.at(0).sample(5, { seed: 1 })).rows).toBe(5);
    // 24 knots of three numbers a direction; frames of 10 and of 8 directions in 10 columns have 45 and 44 freedoms.
    const [sliced, whole] = start.parts.map((part) => part.count) as [number, number];
    expect(parameters).toBe(sliced * (8 * 72 + 44) + whole * (10 * 72 + 45));
  });

  it("draws samples like the data", async () => {
    const table = curved(2000, 9);
    const { flow } = await fit(table, { ...quick, flow: "sliced", layers: 20 });
    const samples = await flow.sample(4000, { seed: 1 });
    const [had, drawn] = [momentsOf(table), momentsOf(samples)];
    const [ranges, drawnRanges] = [table, samples].map(rangesOf) as [number[], number[]];
    table.columns.forEach((_, i) => {
      expect(Math.abs(drawn.mean[i]! - had.mean[i]!)).toBeLessThan(0.1 * had.deviation[i]!);
      expect(Math.abs(drawnRanges[i]! / ranges[i]! - 1)).toBeLessThan(0.15);
      // That of the squares turns on the last bits of a fit: one in ten has a few draws far beyond the data.
      if (table.columns[i] !== "gap")
        expect(Math.abs(drawn.deviation[i]! / had.deviation[i]! - 1)).toBeLessThan(0.2);
    });
  });

  it("survives ties, duplicated rows, heavy tails and outliers", async () => {
    const tables = {
      ties: draw(["x", "y"], 150, 10, (s) => [
        Math.round(2 * s.normal()),
        s.uniform() < 0.6 ? 0 : s.normal(),
      ]),
      duplicates: tableFromRows(
        ["x", "y"],
        Array.from({ length: 150 }, (_, i) => [i % 7, (i % 7) ** 2 + (i % 2)]),
      ),
      tails: draw(["x", "y"], 300, 11, (s) => [Math.tan(Math.PI * (s.uniform() - 0.5)), s.normal()]),
      outlier: draw(["x", "y"], 150, 12, (s) => [s.uniform() < 0.01 ? 1e6 : s.normal(), s.normal()]),
      collinear: draw(["x", "y"], 150, 13, (s) => {
        const x = s.normal();
        return [x, 2 * x + 1e-7 * s.normal()];
      }),
    };
    for (const [name, table] of Object.entries(tables))
      for (const options of [
        { ...along("ica"), marginal: "kernel" },
        { ...along("sliced"), marginal: "mixture" },
        { ...along("pca"), marginal: "histogram" },
        { ...along("random"), marginal: "spline" },
      ] as const) {
        const { flow } = await fit(table, { ...quick, ...options, layers: 3 });
        const scores = await flow.logProb(table);
        const drawn = await flow.sample(200, { seed: 1 });
        expect([name, options.marginal, scores.every(Number.isFinite)]).toEqual([
          name,
          options.marginal,
          true,
        ]);
        expect([name, options.marginal, drawn.values.every(Number.isFinite)]).toEqual([
          name,
          options.marginal,
          true,
        ]);
      }
  }, 60_000);

  it("is not blinded by one row of a billion deviations", async () => {
    const entropy = 1 + Math.log(2 * Math.PI);
    const others = draw(["x", "y"], 1000, 22, (s) => [s.normal(), s.normal()]);
    for (const rows of [300, 2000]) {
      const table = draw(["x", "y"], rows, 21, (s) => [s.normal(), s.normal()]);
      table.values[100] = 1e9;
      // Wherever the row falls: among the rows that are fitted, or that are held out.
      for (const seed of [1, 2, 3]) {
        const options = { ...quick, seed, layers: 4, flow: "sliced" } as const;
        const { flow } = await fit(table, options);
        // A Gaussian that holds the row has a density of e^-21 where all others are.
        expect(meanOf(await flow.logProb(others))).toBeGreaterThan(-entropy - 0.3);
      }
    }
  });

  it("scores rows beyond the data by tails that do not fall off at the last row", async () => {
    const table = draw(["x"], 2000, 14, (s) => [s.normal()]);
    const { flow } = await fit(table, { ...quick, flow: "gaussianization" });
    const at = await flow.logProb(tableFromRows(["x"], [[4.5], [-4.5]]));
    const truth = -0.5 * 4.5 ** 2 - 0.5 * Math.log(2 * Math.PI);
    for (const own of at) expect(Math.abs(own - truth)).toBeLessThan(4);
  });

  it("does without held-out rows", async () => {
    const {
      flow,
      report: { history },
    } = await fit(bent(2000, 15), { flow: "gaussianization", ...quick, validation: 0, layers: 60 });
    expect(history.length).toBeLessThan(60);
    expect(meanOf(await flow.logProb(bent(2000, 16)))).toBeGreaterThan(bentTruth - 0.25);
  });

  it("refuses options outside their domain and stops when it is told to", async () => {
    const table = bent(100, 17);
    const refused = (options: object): Promise<void> =>
      expect(fit(table, { ...options, flow: "gaussianization" })).rejects.toThrow(UsageError);
    await refused({ rotation: "qr" });
    await refused({ marginal: "normal" });
    await refused({ knots: 4 });
    await refused({ step: 1 });
    await refused({ layers: 0 });
    await refused({ given: ["x"] });
    const controller = new AbortController();
    const stopped = fit(table, {
      flow: "gaussianization",
      signal: controller.signal,
      validation: 0.5,
      onProgress: () => controller.abort(),
    });
    await expect(stopped).rejects.toThrow(AbortedError);
  });
});
