import { describe, expect, test } from "vitest";
import { ownArchitecture, realNVP, surjectiveFlow } from "../../src/entries/architectures.ts";
import {
  actNorm,
  affine,
  type Bijection,
  batchNormalization,
  chain,
  coupling,
  repeated,
  standardization,
  triangularAffine,
  whitening,
} from "../../src/entries/bijections.ts";
import { langevin, standardNormal, surjectionChain } from "../../src/entries/distributions.ts";
import { ShapeError } from "../../src/entries/errors.ts";
import { valuesFromData } from "../../src/entries/fitting.ts";
import { RandomStream, randomKey } from "../../src/entries/random.ts";
import { fit, load, register, tableFromRows } from "../../src/index.ts";
import { covariances, moments } from "../../src/numerics/moments.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";
import { expectClose, golden } from "../bijections/golden.ts";
import { Subject } from "../laws/harness.ts";
import { randomParameters } from "../laws/parameters.ts";

/** Rows that depend on each other, far from mean 0 and deviation 1. */
function someRows(count: number): Float64Array {
  const stream = new RandomStream(randomKey(4));
  const out = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const first = stream.normal();
    out[2 * i] = 300 + 4 * first;
    out[2 * i + 1] = -2 + 0.5 * first + 0.1 * stream.normal();
  }
  return out;
}

/** What reaches the base. */
const imageOf = async (
  bijection: Bijection,
  values: Readonly<Record<string, Float64Array>>,
  rows: Float64Array,
) => (await new Subject(bijection).image("inverse", values, { x: rows })).value;

const rows = someRows(500);
const network = coupling({ features: 2, transformed: [0], transformer: affineTransformer(), hidden: [4] });

describe("what starts from data", () => {
  test.each([
    ["standardization", standardization({ features: 2 }), false],
    ["actNorm", actNorm({ features: 2 }), false],
    ["batchNormalization", batchNormalization({ features: 2, epsilon: 1e-12 }), false],
    ["triangularAffine", triangularAffine({ features: 2, fitted: true }), true],
    ["whitening, pca", whitening({ features: 2 }), true],
    ["whitening, zca", whitening({ features: 2, method: "zca" }), true],
    ["whitening, cholesky", whitening({ features: 2, method: "cholesky" }), true],
  ])("%s gives rows mean 0 and deviation 1 behind maps that have other values", async (_, part, isWhite) => {
    const bijection = chain([part, network, affine({ features: 2 })]);
    const drawn = Object.fromEntries(
      Object.entries(randomParameters(bijection, 3, 0.5)).filter(([name]) => !name.startsWith("0.")),
    );
    const values = await valuesFromData(bijection, rows, { values: drawn });
    expect(values).toMatchObject(drawn);
    const base = await imageOf(bijection, values, rows);
    const { mean, scale } = moments(base, 2);
    expectClose(mean, [0, 0], () => 1e-9);
    expectClose(scale, [1, 1], () => 1e-9);
    if (isWhite) expectClose(covariances(base, 2, mean), [1, 0, 0, 1], () => 1e-9);
  });

  test("each layer of a repeated map starts from what the layers on its side of the data give", async () => {
    const layer = chain([affine({ features: 2 }), actNorm({ features: 2 })]);
    const bijection = chain([actNorm({ features: 2 }), repeated({ layer, count: 3 })]);
    const drawn = randomParameters(bijection, 5, 0.5);
    const values = await valuesFromData(bijection, rows, { values: drawn });
    const kept = { ...values, "0.shift": new Float64Array(2), "0.logScale": new Float64Array(2) };
    const { mean, scale } = moments(await imageOf(bijection, kept, rows), 2);
    // The affine map of the first layer alone is left.
    const shift = drawn["1.0.shift"]!;
    const logScale = drawn["1.0.logScale"]!;
    expectClose(
      mean,
      [0, 1].map((i) => -shift[i]! * Math.exp(-logScale[i]!)),
      () => 1e-9,
    );
    expectClose(
      scale,
      [0, 1].map((i) => Math.exp(-logScale[i]!)),
      () => 1e-9,
    );
    expectClose(values["0.shift"]!, mean, () => 1e-9);
  });

  test("weights count, and whitening is that of mpmath at 40 digits (golden/whitening.py)", async () => {
    const own = golden<{
      readonly rows: readonly number[][];
      readonly weights: readonly number[];
      readonly y: readonly number[];
      readonly images: Readonly<Record<"pca" | "zca" | "cholesky", readonly number[]>>;
      readonly logAbsDet: number;
    }>("whitening");
    const data = Float64Array.from(own.rows.flat());
    for (const method of ["pca", "zca", "cholesky"] as const) {
      const bijection = whitening({ features: 3, method });
      const values = await valuesFromData(bijection, data, { weights: Float64Array.from(own.weights) });
      const image = await new Subject(bijection).image("inverse", values, { x: own.y });
      expectClose(image.value, own.images[method], () => 1e-12);
      expect(image.logAbsDet[0]!).toBeCloseTo(own.logAbsDet, 12);
    }
  });

  test("a column that never varies, and one that follows from others, leave the map finite", async () => {
    const flat = Float64Array.from({ length: 60 }, (_, i) => [7, i, 2 * i][i % 3]! * (i % 3 === 0 ? 1 : 0.1));
    for (const method of ["pca", "zca", "cholesky"] as const) {
      const bijection = whitening({ features: 3, method });
      const base = await imageOf(bijection, await valuesFromData(bijection, flat), flat);
      expect(base.every(Number.isFinite)).toBe(true);
    }
    const values = await valuesFromData(actNorm({ features: 3 }), flat);
    expect(values.logScale![0]).toBe(0);
  });

  test("rows, values and weights of another length are refused", async () => {
    const bijection = actNorm({ features: 2 });
    for (const [data, options] of [
      [new Float64Array(3), {}],
      [new Float64Array(2), {}],
      [rows, { weights: new Float64Array(3) }],
      [rows, { values: { shift: new Float64Array(3) } }],
    ] as const)
      await expect(valuesFromData(bijection, data, options)).rejects.toThrow(ShapeError);
  });
});

test("a fit starts from its rows, running statistics follow its batches, and a saved model has them", async () => {
  const table = tableFromRows(
    ["a", "b"],
    Array.from({ length: 500 }, (_, i) => [rows[2 * i]!, rows[2 * i + 1]! ** 2]),
  );
  const flowOf = (momentum: number) =>
    ownArchitecture({
      kind: "normalized",
      features: 2,
      context: 0,
      transforms: 1,
      hidden: [4],
      base: standardNormal({ features: 2 }),
      bijection: chain([batchNormalization({ features: 2, momentum }), network, actNorm({ features: 2 })]),
    });
  const options = { epochs: 3, seed: 1, validation: 0.2, engine: "wasm", threads: 1 } as const;
  const { flow: fitted, report } = await fit(table, { flow: flowOf(0.1), ...options });
  expect(report.validationLogProb).toBeGreaterThan(report.history[0]!.validationLogProb - 1e-9);
  const { flow: unmoved } = await fit(table, { flow: flowOf(0), ...options });
  const [moved, kept] = [fitted, unmoved].map(({ model }) => model.values["bijection.0.variance"]!);
  moved!.forEach((value, i) => {
    expect(kept![i]!).toBeCloseTo(1, 3);
    expect(Math.abs(value - kept![i]!)).toBeGreaterThan(1e-5);
  });
  register({ architectures: ["normalized"] });
  const again = await load(fitted.toBytes());
  expect(await again.logProb(table)).toEqual(await fitted.logProb(table));
  // Where no step is better than the start, the start is the model: it has the digits that its file keeps.
  const flow = surjectiveFlow({
    surjection: ({ features }) =>
      surjectionChain([langevin({ target: standardNormal({ features }), steps: 1 }), actNorm({ features })]),
    flow: (size) => realNVP({ ...size, transforms: 1, hidden: [4] }),
  });
  const { flow: start } = await fit(table, { flow, ...options, learningRate: 5 });
  const name = Object.keys(start.model.values).find((each) => each.endsWith("shift"))!;
  expect((await load(start.toBytes())).model.values[name]).toEqual(start.model.values[name]);
});
