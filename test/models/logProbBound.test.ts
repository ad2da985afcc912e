import { describe, expect, test } from "vitest";
import { pushforwardLogProb, pushforwardSample } from "../../src/distributions/density.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import {
  affine,
  chain,
  elementwise,
  largest,
  rounding,
  type Surjection,
  sort,
} from "../../src/entries/bijections.ts";
import { diagonalNormal, laplace, sorted, standardNormal, uniform } from "../../src/entries/distributions.ts";
import { ShapeError, UsageError } from "../../src/entries/errors.ts";
import { logProbBound, minimize } from "../../src/entries/fitting.ts";
import { bindTree, initialValues, ops } from "../../src/entries/graph.ts";
import { randomKey } from "../../src/entries/random.ts";
import { normalCdf } from "../../src/numerics/special.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";

const engine = wasmEngine({ precision: "float64", threads: 1 });

/** Means over many rows that are all y, with their standard error. */
async function meanBound(
  surjection: Surjection,
  y: readonly number[],
  draws: number,
  values: Readonly<Record<string, Float64Array>> = {},
): Promise<{ readonly mean: number; readonly error: number; readonly logMean: number }> {
  const parts = {
    base: standardNormal({ features: surjection.latent }),
    bijection: affine({ features: surjection.latent }),
    surjection,
  };
  const tree = Object.fromEntries(Object.entries(parts).map(([name, { parameters }]) => [name, parameters]));
  const bound = bindTree(tree) as never;
  const x = ops.mul(ops.rowMark(), ops.input("y", [y.length]));
  const executable = await engine.compile({ rows: { bound: logProbBound(x, bound, { ...parts, draws }) } });
  await executable.setParameters({ ...initialValues(tree, randomKey(1)), ...values });
  const rows = 20_000;
  const inputs = { y: Float64Array.from({ length: rows * y.length }, (_, i) => y[i % y.length]!) };
  const out = (await executable.run({ rows, inputs }, { key: randomKey(7) })).rows.bound!;
  executable.dispose();
  const mean = out.reduce((sum, value) => sum + value, 0) / rows;
  const variance = out.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
  return {
    mean,
    error: Math.sqrt(variance / rows),
    logMean: Math.log(out.reduce((sum, value) => sum + Math.exp(value), 0) / rows),
  };
}

const logDensity = (x: number): number => -0.5 * x * x - 0.5 * Math.log(2 * Math.PI);

describe("a bound by drawn preimages", () => {
  const affineOf = (logScale: number, features: number) => ({
    "bijection.logScale": new Float64Array(features).fill(logScale),
  });

  test.each([
    {
      name: "rounding of a normal number",
      surjection: rounding({ features: 1, step: 0.5 }),
      y: [0.5],
      values: affineOf(-1, 1),
      exact: Math.log(normalCdf(1 * Math.E) - normalCdf(0.5 * Math.E)),
    },
    {
      name: "rounding with learned noise, which starts uniform",
      surjection: rounding({
        features: 2,
        noise: elementwise({ features: 2, context: 2, transformer: affineTransformer(), hidden: [3] }),
      }),
      y: [-1, 0],
      values: affineOf(0, 2),
      exact: 2 * Math.log(normalCdf(1) - 0.5),
    },
    {
      name: "the largest of three normal numbers",
      surjection: largest({ of: 3 }),
      y: [0.7],
      values: { "surjection.logScale": Float64Array.of(0.2, -0.3, 0.1) },
      exact: Math.log(3) + logDensity(0.7) + 2 * Math.log(normalCdf(0.7)),
    },
  ])("$name: below the exact value, nearer with more draws, whose mean density is exact", async (row) => {
    const one = await meanBound(row.surjection, row.y, 1, row.values);
    const many = await meanBound(row.surjection, row.y, 16, row.values);
    expect(one.mean).toBeLessThan(row.exact + 4 * one.error);
    expect(many.mean).toBeGreaterThan(one.mean);
    expect(many.mean).toBeLessThan(row.exact + 4 * many.error);
    expect(Math.abs(one.logMean - row.exact)).toBeLessThan(0.03);
    expect(Math.abs(many.logMean - row.exact)).toBeLessThan(0.01);
  });

  test("learned noise closes most of the gap that uniform noise leaves", async () => {
    const sizes = { features: 1, context: 1, transformer: affineTransformer(), hidden: [8] };
    const values = affineOf(-1.5, 1);
    const cells = [-1, 0];
    const exact = cells.map((y) =>
      Math.log(normalCdf((y + 1) * Math.exp(1.5)) - normalCdf(y * Math.exp(1.5))),
    );
    const uniformNoise = await meanBound(rounding({ features: 1 }), [0], 1, values);
    const surjection = rounding({ features: 1, noise: elementwise(sizes) });
    const parts = { base: standardNormal({ features: 1 }), bijection: affine({ features: 1 }), surjection };
    const tree = Object.fromEntries(
      Object.entries(parts).map(([name, { parameters }]) => [name, parameters]),
    );
    const bound = bindTree(tree) as never;
    const loss = ops.neg(logProbBound(ops.input("y", [1]), bound, parts));
    const start = { ...initialValues(tree, randomKey(2)), ...values };
    const leaves = Object.keys(start)
      .filter((name) => name.startsWith("surjection."))
      .map((name) => {
        const at = name
          .split(".")
          .reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], bound);
        return at as never;
      });
    const rows = { rows: 256, inputs: { y: Float64Array.from({ length: 256 }, (_, i) => cells[i % 2]!) } };
    const { values: fitted } = await minimize({ loss, parameters: leaves }, rows, start, {
      engine,
      key: randomKey(3),
      epochs: 150,
      batch: 64,
      learningRate: 0.02,
      averaging: 0.95,
      patience: 1000,
    });
    const learned = await meanBound(surjection, [0], 1, fitted);
    expect(exact[1]! - learned.mean).toBeLessThan(0.1 * (exact[1]! - uniformNoise.mean));
  });

  test("rounding gives values of its grid, and parts of other sizes are refused", async () => {
    const surjection = rounding({ features: 2, step: 0.25 });
    const value = surjection.forward(ops.input("x", [2]));
    const executable = await engine.compile({ rows: { value } });
    const { rows } = await executable.run({ rows: 1, inputs: { x: Float64Array.of(-0.3, 0.6) } });
    expect([...rows.value!]).toEqual([-0.5, 0.5]);
    const p = { base: {}, bijection: {}, surjection: {} };
    const other = { base: standardNormal({ features: 3 }), bijection: affine({ features: 3 }), surjection };
    expect(() => logProbBound(ops.input("y", [2]), p, other)).toThrow(ShapeError);
    expect(() => rounding({ features: 2, noise: affine({ features: 2 }) })).toThrow(ShapeError);
  });
});

describe("sorting", () => {
  const densityAt = async (y: readonly number[], kind: "sort" | "sorted"): Promise<number> => {
    const features = y.length;
    const normal = standardNormal({ features });
    const [base, map] =
      kind === "sort"
        ? [normal, chain([sort({ features })])]
        : [sorted({ of: normal }), affine({ features })];
    const tree = { base: base.parameters, bijection: map.parameters };
    const logProb = pushforwardLogProb(base, map, ops.input("y", [features]), bindTree(tree) as never);
    const executable = await engine.compile({ rows: { logProb } });
    await executable.setParameters(initialValues(tree, randomKey(0)));
    return (await executable.run({ rows: 1, inputs: { y: Float64Array.from(y) } })).rows.logProb![0]!;
  };

  test("the sum over orders of a normal base is log n! + log p, where the point ascends", async () => {
    const y = [-2, -1, 0.25, 0.5, 2, 3];
    const exact = Math.log(720) + y.reduce((sum, value) => sum + logDensity(value), 0);
    expect(await densityAt(y, "sort")).toBeCloseTo(exact, 12);
    expect(await densityAt(y, "sorted")).toBeCloseTo(exact, 12);
    for (const kind of ["sort", "sorted"] as const)
      expect(await densityAt([0, -1, 2], kind)).toBe(Number.NEGATIVE_INFINITY);
  });

  test("orders of a base with different features have different densities, and add up to mass 1", async () => {
    const base = diagonalNormal({ features: 2 });
    const map = sort({ features: 2 });
    const tree = { base: base.parameters, bijection: map.parameters };
    const parameters = bindTree(tree) as never;
    const logProb = pushforwardLogProb(base, map, ops.input("y", [2]), parameters);
    const value = pushforwardSample(base, map, ops.input("noise", [2]), parameters);
    const density = await engine.compile({ rows: { logProb } });
    const draw = await engine.compile({ rows: { value } });
    const set = { "base.mean": Float64Array.of(1, -1), "base.logScale": Float64Array.of(0, -0.7) };
    await density.setParameters(set);
    await draw.setParameters(set);
    expect([...(await draw.run({ rows: 1, inputs: { noise: Float64Array.of(-3, 1) } })).rows.value!][0]).toBe(
      -2,
    );
    // Cells of which the diagonal is an edge: y2 = y1 + t.
    const side = 400;
    const nodes = Float64Array.from({ length: 2 * side * side }, (_, k) => {
      const node = k >> 1;
      const first = -9 + (18 * (Math.floor(node / side) + 0.5)) / side;
      return k % 2 === 0 ? first : first + (14 * ((node % side) + 0.5)) / side;
    });
    const found = (await density.run({ rows: side * side, inputs: { y: nodes } })).rows.logProb!;
    const mass = found.reduce((sum, value) => sum + Math.exp(value), 0) * (18 / side) * (14 / side);
    expect(mass).toBeCloseTo(1, 3);
  });

  test("the loop over orders adds up what the orders one by one do, behind a map and before one", async () => {
    const shift = affine({ features: 4 });
    const loop = sort({ features: 4 });
    const { sumOfBranches: _, ...listed } = loop;
    const base = diagonalNormal({ features: 4 });
    const rows = Object.fromEntries(
      [loop, listed].map((map, i) => {
        const bijection = chain([shift, map, shift]);
        const tree = { base: base.parameters, bijection: bijection.parameters };
        return [`${i}`, pushforwardLogProb(base, bijection, ops.input("y", [4]), bindTree(tree) as never)];
      }),
    );
    const executable = await engine.compile({ rows });
    await executable.setParameters({
      "base.mean": Float64Array.of(1, -1, 0, 2),
      "base.logScale": Float64Array.of(0, -0.7, 0.3, 0.1),
      "bijection.0.shift": Float64Array.of(0.2, 0, -0.4, 0),
      "bijection.0.logScale": Float64Array.of(0, 0.2, 0, -0.1),
      "bijection.2.shift": Float64Array.of(0, 0, 0, 0),
      "bijection.2.logScale": Float64Array.of(0.1, 0.1, 0.1, 0.1),
    });
    const y = Float64Array.of(-1, 0, 0.5, 2, 3, 2, 1, 0);
    const { rows: found } = await executable.run({ rows: 2, inputs: { y } });
    expect(found["0"]![0]).toBeCloseTo(found["1"]![0]!, 12);
    expect(Number.isFinite(found["0"]![0])).toBe(true);
    expect([found["0"]![1], found["1"]![1]]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  test("a map that sums over branches and does not have them is no bijection", () => {
    const { branches: _, ...own } = sort({ features: 2 });
    expect(() => chain([own, affine({ features: 2 })])).toThrow(UsageError);
  });

  test("bases of which features may differ, and sums of too many orders, are refused", () => {
    expect(() => sorted({ of: laplace({ features: 2 }) })).toThrow(/sort\(/);
    expect(() => sorted({ of: uniform({ lower: [0, 0], upper: [1, 2] }) })).toThrow(UsageError);
    expect(sorted({ of: uniform({ lower: [0, 0], upper: [2, 2] }) }).features).toBe(2);
    expect(() => sort({ features: 9 })).toThrow(/sorted\(/);
  });
});
