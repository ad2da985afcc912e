/**
 * Laws of fitted flows, of every kind: each is fitted in moments to a small table, so that it has left its start, and must be a
 * density, whatever it has learned.
 */

import { beforeAll, describe, expect, test } from "vitest";
import { flowKinds, type ModelKind } from "../../src/architectures/kinds.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import { type Flow, load } from "../../src/models/flow.ts";
import { draw } from "../fitting/tables.ts";
import { type ArchitectureCase, architectureCases, architectureKinds } from "./cases/architectures.ts";

const table = draw(["mass", "gap", "height"], 90, 5, (stream) => {
  const [a, b, c] = [stream.normal(), stream.normal(), stream.normal()];
  return [100 * Math.exp(0.25 * a), 1e-3 * (0.3 * a * a + b), 50 + Math.sin(b) + c];
});

const one = { columns: ["mass"] };
const two = { columns: ["mass", "gap"] };
const conditional = { columns: ["gap"], given: ["mass"] };

test("each kind that is trained is made by one exported architecture", () => {
  expect(Object.values(architectureKinds).flat().sort()).toEqual([...flowKinds].sort());
});

/** A grid over the columns of a flow, and its density there; samples lie in it, and nearly all of the mass. */
interface Grid {
  readonly boxes: readonly { readonly from: number; readonly cell: number }[];
  readonly density: Float64Array;
  readonly volume: number;
  readonly samples: Float64Array;
}

async function gridOf(
  flow: Flow,
  side: number,
  given: Readonly<Record<string, number>>,
  turns: ArchitectureCase["turns"],
): Promise<Grid> {
  const all = flow.given.length + flow.columns.length;
  const { values: samples } = await flow.sample(2000, { seed: 1, given, threads: 1 });
  const boxes = flow.columns.map((name, i) => {
    const turn = turns?.[name];
    if (turn) return { from: turn[0], cell: turn[1] / side };
    const values = Array.from({ length: 2000 }, (_, row) => samples[row * all + flow.given.length + i]!);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { from: low - 0.5 * (high - low), cell: (2 * (high - low)) / side };
  });
  const cells = side ** boxes.length;
  const rows = new Float64Array(cells * all);
  for (let cell = 0, at = 0; cell < cells; cell++) {
    for (const name of flow.given) rows[at++] = given[name]!;
    boxes.forEach(({ from, cell: width }, i) => {
      rows[at++] = from + ((Math.floor(cell / side ** i) % side) + 0.5) * width;
    });
  }
  const density = (await flow.logProb(rows, { threads: 1 })).map(Math.exp);
  return { boxes, density, volume: boxes.reduce((product, { cell }) => product * cell, 1), samples };
}

const sum = (values: Iterable<number>): number =>
  Array.from(values).reduce((total, value) => total + value, 0);

describe.each(Object.keys(architectureCases) as ModelKind[])("%s: fitted", (kind) => {
  const { options, isConditional, side = 120, turns } = architectureCases[kind];
  const fitted = async (more: {
    readonly columns: readonly string[];
    readonly [option: string]: unknown;
  }) => {
    const angles = Object.entries(options.kinds ?? {}).filter(([name]) => more.columns.includes(name));
    const kinds = options.kinds && { kinds: Object.fromEntries(angles) };
    return (await fit(table, { flow: kind, seed: 3, threads: 1, ...options, ...kinds, ...more })).flow;
  };
  let flow: Flow;
  let grid: Grid;
  beforeAll(async () => {
    flow = await fitted(two);
    grid = await gridOf(flow, side, {}, turns);
  });

  test("its density integrates to one", () => {
    expect(Math.abs(sum(grid.density) * grid.volume - 1)).toBeLessThan(2e-3);
  });

  test("samples are where the density says, and have the log-densities that they are drawn with", async () => {
    const { boxes, density, volume, samples } = grid;
    // Each cell of a coarse grid of 4 x 4 about the samples: its mass by the density, and the share of the samples.
    const coarse = (at: (i: number) => number): number =>
      boxes.reduce((cell, { from, cell: width }, i) => {
        const place = Math.floor(((at(i) - from) / (side * width) - 0.25) * 8);
        return cell * 4 + Math.max(0, Math.min(3, place));
      }, 0);
    const mass = new Float64Array(16);
    density.forEach((value, cell) => {
      const place = coarse(
        (i) => boxes[i]!.from + ((Math.floor(cell / side ** i) % side) + 0.5) * boxes[i]!.cell,
      );
      mass[place]! += value * volume;
    });
    const share = new Float64Array(16);
    for (let row = 0; row < 2000; row++) share[coarse((i) => samples[2 * row + i]!)]! += 1 / 2000;
    share.forEach((observed, cell) => {
      const expected = mass[cell]!;
      // Five standard deviations of a share, and the error of the sum over cells that the border cuts.
      const tolerance = 5 * Math.sqrt((expected * (1 - expected)) / 2000 + 1e-7) + 6 / side / 4;
      expect(Math.abs(observed - expected), `cell ${cell}`).toBeLessThan(tolerance);
    });
    const drawn = await flow.sampleWithLogProb(50, { seed: 4, precision: "float64", threads: 1 });
    const scored = await flow.logProb(drawn.table, { precision: "float64", threads: 1 });
    scored.forEach((value, row) => {
      expect(Math.abs(drawn.logProb[row]! - value)).toBeLessThan(1e-3 * (1 + Math.abs(value)));
    });
  });

  test("saved and loaded it is the same, to the bit", async () => {
    const bytes = flow.toBytes();
    const back = await load(bytes);
    expect(back.description).toEqual(flow.description);
    expect(back.description.kind).toBe(kind);
    expect(back.toBytes()).toEqual(bytes);
    expect(await back.logProb(table, { threads: 1 })).toEqual(await flow.logProb(table, { threads: 1 }));
  });

  test("its float32 scores are those of the reference engine", async () => {
    const rows = grid.samples.subarray(0, 40);
    const exact = await flow.logProb(rows, { engine: "reference" });
    const single = await flow.logProb(rows, { precision: "float32", threads: 1 });
    single.forEach((value, row) => {
      expect(Math.abs(value - exact[row]!)).toBeLessThan(1e-3 * (1 + Math.abs(exact[row]!)));
    });
  });

  test("the same seed gives the same bytes on any number of threads; draws repeat", async () => {
    expect((await fitted({ ...two, threads: 2 })).toBytes()).toEqual(flow.toBytes());
    const draw = async (seed: number, threads: number): Promise<Float64Array> =>
      (await flow.sample(300, { seed, threads })).values;
    expect(await draw(1, 2)).toEqual(await draw(1, 1));
    expect(await draw(2, 1)).not.toEqual(await draw(1, 1));
  });

  test("a signal ends the fit", async () => {
    await expect(fitted({ ...two, signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
  });

  test("one feature is a density, too", async () => {
    const { density, volume } = await gridOf(await fitted(one), 4000, {}, turns);
    expect(Math.abs(sum(density) * volume - 1)).toBeLessThan(2e-3);
  });

  test.runIf(isConditional)("given a column, its density integrates to one for each value", async () => {
    const own = await fitted(conditional);
    for (const mass of [60, 250]) {
      const { density, volume } = await gridOf(own, 2000, { mass }, turns);
      expect(Math.abs(sum(density) * volume - 1)).toBeLessThan(2e-3);
    }
  });

  test.runIf(!isConditional)("columns that are given are refused", async () => {
    await expect(fitted(conditional)).rejects.toThrow(UsageError);
  });
});
