/** Whether a flow of few rows is as sure as it may be. */

import { describe, expect, test } from "vitest";
import { neuralSplineFlow } from "../../src/architectures/architecture.ts";
import { standardization } from "../../src/bijections/linear/standardization.ts";
import type { FitData } from "../../src/fitting/fitData.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import { widened, widening } from "../../src/fitting/gradient/widening.ts";
import { load } from "../../src/index.ts";
import { Flow } from "../../src/models/flow.ts";
import { type Model, parameterTree } from "../../src/models/model.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

function normals(count: number, scale: number): Float64Array {
  const stream = new RandomStream(randomKey(4));
  return Float64Array.from({ length: count }, () => scale * stream.normal());
}

test("held-out rows that lie too far out ask for their own scale", () => {
  expect(Math.exp(widening(normals(2000, 1.25), 2))).toBeCloseTo(1.25, 1);
});

test("rows as far out as they should be, or nearer, ask for nothing", () => {
  expect(widening(normals(2000, 0.98), 2)).toBe(0);
  expect(widening(normals(2000, 0.7), 2)).toBe(0);
});

test("a few rows decide less than many with the same values", () => {
  const few = normals(12, 1.5);
  const many = Float64Array.from({ length: 1200 }, (_, i) => few[i % 12]!);
  expect(widening(few, 1)).toBeLessThan(widening(many, 1));
});

test("one row unlike the others does not widen them all", () => {
  const values = normals(200, 0.98);
  const before = widening(values, 1);
  values[7] = 40;
  // The deviation of all of them is 3.
  expect(widening(values, 1)).toBeLessThan(before + 0.03);
});

test("a row of weight 2 counts as two rows", () => {
  const values = normals(60, 1.3);
  const doubled = Float64Array.from({ length: 80 }, (_, i) => values[i < 60 ? i : i - 60]!);
  const weights = Float64Array.from({ length: 60 }, (_, i) => (i < 20 ? 2 : 1));
  expect(widening(values, 1, weights)).toBe(widening(doubled, 1));
});

describe("a flow whose held-out rows lie too far out", () => {
  const architecture = neuralSplineFlow({ features: 2, transforms: 1, hidden: [4] });
  const parts = {
    base: architecture.base,
    bijection: architecture.bijection,
    preparation: standardization({ features: 2 }),
    contextPreparation: undefined,
  };
  const model: Model = {
    ...parts,
    kind: "nsf",
    columns: ["x", "y"],
    given: [],
    precision: "float32",
    values: initialValues(parameterTree(parts), randomKey(1)),
    fitted: { rows: 500, seed: 0, epochs: 1, trainLogProb: 0, validationLogProb: 0, dequantized: {} },
  };
  const values = normals(400, 1.4);
  const held = { rows: 200, data: values, context: new Float64Array(0), weights: undefined };
  const data = { columns: ["x", "y"], given: [], rows: 500, validation: held } as unknown as FitData;

  test("is widened, scores them better, and is saved and read as any other", async () => {
    const flow = new Flow(await widened(model, architecture, data, { threads: 1 }));
    const before = await new Flow(model).logProb(values);
    const scores = await flow.logProb(values);
    const total = (all: Float64Array): number => all.reduce((sum, own) => sum + own, 0);
    expect(total(scores)).toBeGreaterThan(total(before) + 10);
    // Standard normal once more.
    const base = await flow.toBase(values);
    expect(Math.sqrt(base.reduce((sum, z) => sum + z * z, 0) / 400)).toBeCloseTo(1, 1);
    expect(await (await load(flow.toBytes())).logProb(values)).toEqual(scores);
  });

  test("stays as it is from 2,000 rows on, without held-out rows, and if it is the caller's own", async () => {
    const same = (own: FitData, options: FitOptions): Promise<Model> =>
      widened(model, architecture, own, options);
    expect(await same({ ...data, rows: 2000 }, {})).toBe(model);
    expect(await same({ ...data, validation: undefined }, {})).toBe(model);
    expect(await same(data, { flow: architecture })).toBe(model);
  });
});
