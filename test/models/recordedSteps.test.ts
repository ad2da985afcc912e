/** Earlier models whose columns were spread over their recorded step: their samples come back on it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { modelFromBytes, modelToBytes } from "../../src/models/files/modelFile.ts";
import { load } from "../../src/models/flow.ts";
import { column } from "../../src/tables/table.ts";

const folder = fileURLToPath(new URL("../files/models/", import.meta.url));
const { samples } = JSON.parse(readFileSync(join(folder, "scores.json"), "utf8")) as {
  readonly samples: Readonly<
    Record<string, { readonly drawn: readonly number[]; readonly continuous: readonly number[] }>
  >;
};
const bytesOf = (name: string): Uint8Array => readFileSync(join(folder, `${name}.safetensors`));
const one = { threads: 1, seed: 1 } as const;

describe.each(Object.keys(samples))("samples of %s", (name) => {
  it("are those of the version that wrote it", async () => {
    const flow = await load(bytesOf(name));
    for (const continuous of [false, true]) {
      const expected = samples[name]![continuous ? "continuous" : "drawn"];
      const { values } = await flow.sample(expected.length / 2, {
        seed: 1,
        engine: "reference",
        continuous,
      });
      expected.forEach((value, i) => {
        expect(Math.abs(values[i]! - value)).toBeLessThan(1e-11);
      });
    }
  });

  it("are values that the column can have, within its range; the rest is drawn as ever", async () => {
    const flow = await load(bytesOf(name));
    const [grid] = flow.description.fitted.grids! as readonly { from: number; step: number; steps: number }[];
    expect(flow.description.fitted.dequantized).toEqual({ y: 0.25 });
    const drawn = await flow.sample(2000, one);
    const raw = await flow.sample(2000, { ...one, continuous: true });
    const [own, other] = [column(drawn, "y"), column(raw, "y")];
    const [least, most] = [grid!.from, grid!.from + grid!.step * grid!.steps];
    own.forEach((value, row) => {
      expect(Number.isInteger(value / grid!.step)).toBe(true);
      expect(value).toBeGreaterThanOrEqual(least);
      expect(value).toBeLessThanOrEqual(most);
      if (other[row]! > least && other[row]! < most)
        expect(Math.abs(other[row]! - value)).toBeLessThanOrEqual(grid!.step / 2 + 1e-9);
    });
    expect(other.some((value) => value < least || value > most)).toBe(true);
    expect(column(drawn, "x")).toEqual(column(raw, "x"));
    const { table, logProb } = await flow.sampleWithLogProb(50, one);
    expect(table.values).toEqual(raw.values.subarray(0, table.values.length));
    (await flow.logProb(table, one)).forEach((value, row) => {
      expect(Math.abs(value - logProb[row]!)).toBeLessThan(1e-4 * (1 + Math.abs(value)));
    });
  });
});

it("samples stay continuous where the model's file has no grid; a grid that cannot be is refused", async () => {
  const { model } = await load(bytesOf("gaussian-spread"));
  const withGrids = (grids: unknown): Uint8Array => {
    const fitted = { ...model.fitted, grids } as typeof model.fitted;
    return modelToBytes({ ...model, fitted });
  };
  const old = await load(withGrids(undefined));
  expect((await old.sample(20, one)).values).toEqual(
    (await (await load(bytesOf("gaussian-spread"))).sample(20, { ...one, continuous: true })).values,
  );
  const listed = await load(withGrids([{ column: "y", values: [-1, 0, 7.01] }]));
  for (const value of column(await listed.sample(50, one), "y")) expect([-1, 0, 7.01]).toContain(value);
  for (const bad of [
    [{ column: "other", from: 0, step: 1, steps: 3 }],
    [{ column: "y", from: 0, step: 0, steps: 3 }],
    [{ column: "y", from: 0, step: 1, steps: 1.5 }],
    [{ column: "y", values: [2, 1] }],
    [{ column: "y", values: [] }],
    { age: 1 },
  ])
    expect(() => modelFromBytes(withGrids(bad))).toThrow(/damaged/);
});
