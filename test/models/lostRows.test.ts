/** Rows that float32 has no number for, and models that have none for any row. */

import { beforeAll, describe, expect, test } from "vitest";
import { NumericalError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";

import { Flow } from "../../src/models/flow.ts";
import { curved, quick } from "../fitting/tables.ts";

let flow: Flow;
beforeAll(async () => {
  flow = (await fit(curved(60, 1), { ...quick, hidden: [4], epochs: 1, flow: "realnvp" })).flow;
});

describe("float32", () => {
  test("has a number in the base wherever float64 has one", async () => {
    const width = flow.columns.length;
    const sizes = [0.5, 30, 1e4, 1e10, 1e20, 1e30, 1e38, 1e39, 1e60];
    const rows = Float64Array.from({ length: sizes.length * width }, (_, i) => sizes[Math.floor(i / width)]!);
    const single = await flow.toBase(rows, { threads: 1 });
    const double = await flow.toBase(rows, { threads: 1, precision: "float64" });
    single.forEach((value, i) => {
      expect(Number.isFinite(value), `${rows[i]}`).toBe(Number.isFinite(double[i]!));
      if (Number.isFinite(value))
        expect(Math.abs(value - double[i]!)).toBeLessThan(1e-3 * (1 + Math.abs(double[i]!)));
    });
  });

  test("has the density of each sample", async () => {
    const { table, logProb } = await flow.sampleWithLogProb(100, { threads: 1 });
    const own = await flow.logProb(table, { threads: 1 });
    logProb.forEach((value, i) => {
      expect(value).toBeCloseTo(own[i]!, 2);
    });
  });
});

describe("a model with a parameter that is no number", () => {
  const broken = (): Flow => {
    const { model } = flow;
    const [first] = Object.keys(model.values).filter((name) => name.endsWith("weight0"));
    const values = { ...model.values, [first!]: model.values[first!]!.map(() => Number.NaN) };
    return new Flow({ ...model, values });
  };

  test("has no log-density, and does not call it minus infinity", async () => {
    const rows = new Float64Array(2 * flow.columns.length).fill(0.5);
    for (const engine of ["wasm", "reference"] as const) {
      const error = await broken()
        .logProb(rows, { engine, threads: 1 })
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(NumericalError);
      expect((error as Error).message).toMatch(/2 of 2 rows have no log-density.*damaged/);
    }
  });

  test("is not saved, as it could not be read back", () =>
    expect(() => broken().toBytes()).toThrow(/cannot be saved.*weight0" holds values that are not finite/));
});
