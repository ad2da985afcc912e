/** Given columns: prepared as fitted ones are, and followed where a density is sharp in them. */

import { describe, expect, test } from "vitest";
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
