/** Columns that were spread over their recorded step come back on it. */

import { describe, expect, it } from "vitest";
import { fit } from "../../src/fitting/fit.ts";
import { modelFromBytes, modelToBytes } from "../../src/models/files/modelFile.ts";
import { load } from "../../src/models/flow.ts";
import { column, type Table } from "../../src/tables/table.ts";
import { draw } from "./tables.ts";

const one = { threads: 1, seed: 1 } as const;

/** Whole numbers of which few are 0, tenths, a step of 5 from 3 on, and values without a step. */
const people: Table = draw(["age", "tenth", "five", "odd", "income"], 400, 3, (stream) => [
  18 + Math.floor(60 * stream.uniform() ** 2),
  Math.round(10 * stream.normal()) / 10,
  3 + 5 * Math.floor(3 * stream.uniform()),
  [Math.SQRT2, Math.E, Math.PI, 7, 7.01][Math.floor(5 * stream.uniform())]!,
  1000 * Math.exp(stream.normal()),
]);
const spread = ["age", "tenth", "five", "odd"];

describe("samples of columns that were spread", () => {
  it("are values that the column can have, within its range; the rest is drawn as ever", async () => {
    const { flow } = await fit(people, { ...one, flow: "gaussian", dequantize: spread });
    const copy = await load(flow.toBytes());
    const samples = await copy.sample(2000, one);
    expect(samples).toEqual(await flow.sample(2000, one));
    const raw = await copy.sample(2000, { ...one, continuous: true });
    for (const name of spread) {
      const known = column(people, name);
      const [least, most] = [Math.min(...known), Math.max(...known)];
      const own = column(samples, name);
      const step = flow.description.fitted.dequantized[name]!;
      for (const value of own) {
        expect(value).toBeGreaterThanOrEqual(least);
        expect(value).toBeLessThanOrEqual(most);
        if (name === "odd") expect(known).toContain(value);
        // Not 0.30000000000000004, where the table has 0.3.
        else {
          const place = (value - least) / step;
          expect(Math.abs(place - Math.round(place))).toBeLessThan(1e-9);
          expect(value).toBe(Number(value.toFixed(1)));
        }
      }
      const drawn = column(raw, name);
      if (name !== "odd")
        drawn.forEach((value, row) => {
          if (value > least && value < most)
            expect(Math.abs(value - own[row]!)).toBeLessThanOrEqual(step / 2 + 1e-9);
        });
      expect(drawn.some((value) => value < least || value > most)).toBe(true);
    }
    expect(column(samples, "income")).toEqual(column(raw, "income"));
    const { table, logProb } = await copy.sampleWithLogProb(50, one);
    expect(table.values).toEqual(raw.values.subarray(0, table.values.length));
    (await copy.logProb(table, one)).forEach((value, row) => {
      expect(Math.abs(value - logProb[row]!)).toBeLessThan(1e-9 * (1 + Math.abs(value)));
    });
  });

  it("stay continuous where the model's file has no grid; a grid that cannot be is refused", async () => {
    const { flow } = await fit(people, {
      ...one,
      flow: "gaussian",
      columns: ["age", "income"],
      dequantize: ["age"],
    });
    const grid = { column: "age", from: 18, step: 1, steps: expect.any(Number) };
    expect(flow.description.fitted.grids).toEqual([grid]);
    const withGrids = (grids: unknown): Uint8Array => {
      const fitted = { ...flow.model.fitted, grids } as typeof flow.model.fitted;
      return modelToBytes({ ...flow.model, fitted });
    };
    const old = await load(withGrids(undefined));
    expect((await old.sample(20, one)).values).toEqual(
      (await flow.sample(20, { ...one, continuous: true })).values,
    );
    for (const bad of [
      [{ column: "other", from: 0, step: 1, steps: 3 }],
      [{ column: "age", from: 0, step: 0, steps: 3 }],
      [{ column: "age", from: 0, step: 1, steps: 1.5 }],
      [{ column: "age", values: [2, 1] }],
      [{ column: "age", values: [] }],
      { age: 1 },
    ])
      expect(() => modelFromBytes(withGrids(bad))).toThrow(/damaged/);
  });
});
