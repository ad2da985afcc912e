/** The laws that every bijection obeys, run over the table of registry.ts with random parameters far from identity. */

import * as fc from "fast-check";
import { LuDecomposition, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { bijectionReaders } from "../src/bijections/registry.ts";
import * as api from "../src/index.ts";
import {
  type Bijection,
  bijectionFromJson,
  bindTree,
  type Engine,
  type Executable,
  type Expr,
  flattenTree,
  ops as g,
  jvp,
  pushforwardLogProb,
  RandomStream,
  randomKey,
  referenceEngine,
  standardNormal,
  vjp,
  wasmEngine,
} from "../src/index.ts";
import { cases } from "./registry.ts";

const scales = [0.3, 1, 3] as const;

/** Random values for a bijection's parameters; statistics keep the order that they must have. */
function randomParameters(bijection: Bijection, seed: number, scale: number): Record<string, Float64Array> {
  const stream = new RandomStream(randomKey(seed));
  return Object.fromEntries(
    Array.from(flattenTree(bijection.parameters), ([name, spec]) => {
      const size = spec.shape.reduce((a, b) => a * b, 1);
      const draw = Float64Array.from({ length: size }, () => Math.fround(scale * stream.normal()));
      if (name === "scale") return [name, draw.map((x) => Math.fround(Math.exp(0.3 * x)))];
      if (name === "data" || name === "base") {
        const knots = spec.shape[1]!;
        return [
          name,
          draw
            .map((_, i) => (i % knots === 0 ? -2 : 0))
            .map((start, i, list) => {
              if (i % knots > 0) list[i] = Math.fround(list[i - 1]! + 0.1 + 1.5 * stream.uniform());
              return list[i] ?? start;
            }),
        ];
      }
      return [
        name,
        name === "logSlope" || name === "logDiagonal" || name === "logScale"
          ? draw.map((x) => Math.fround(0.3 * x))
          : draw,
      ];
    }),
  );
}

/** A bijection's maps and their derivatives, compiled. */
async function compile(bijection: Bijection, engine: Engine): Promise<Executable> {
  const bound = bindTree(bijection.parameters);
  const n = bijection.features;
  const x = g.input("x", [n]);
  const context = bijection.context > 0 ? g.input("context", [bijection.context]) : undefined;
  const forward = bijection.forward(x, bound, context);
  const inverse = bijection.inverse(x, bound, context);
  const back = bijection.inverse(forward.value, bound, context);
  const there = bijection.forward(inverse.value, bound, context);
  return engine.compile({
    rows: {
      forward: forward.value,
      forwardLog: g.broadcastTo(forward.logAbsDet, []),
      inverse: inverse.value,
      inverseLog: inverse.logAbsDet,
      back: back.value,
      backLog: back.logAbsDet,
      there: there.value,
      thereLog: there.logAbsDet,
    },
  });
}

function rowsOf(
  bijection: Bijection,
  points: readonly (readonly number[])[],
  seed: number,
): Record<string, Float64Array> {
  const stream = new RandomStream(randomKey(seed + 1000));
  const x = Float64Array.from(points.flat());
  if (bijection.context === 0) return { x };
  const context = Float64Array.from({ length: points.length * bijection.context }, () =>
    Math.fround(stream.normal()),
  );
  return { x, context };
}

/** Dense Jacobian of one direction at one row, by jvp along every axis. */
async function jacobian(
  bijection: Bijection,
  direction: "forward" | "inverse",
  parameters: Record<string, Float64Array>,
  inputs: Record<string, Float64Array>,
  rows: number,
): Promise<Matrix[]> {
  const n = bijection.features;
  const x = g.input("x", [n]);
  const context = bijection.context > 0 ? g.input("context", [bijection.context]) : undefined;
  const { value } = bijection[direction](x, bindTree(bijection.parameters), context);
  const columns = Object.fromEntries(
    Array.from({ length: n }, (_, j) => {
      const axis = g.constant(Float64Array.from({ length: n }, (__, i) => (i === j ? 1 : 0)));
      return [`c${j}`, jvp([value], [x], [axis])[0]!];
    }),
  );
  const executable = await referenceEngine.compile({ rows: columns });
  await executable.setParameters(parameters);
  const { rows: out } = await executable.run({ rows, inputs });
  return Array.from({ length: rows }, (_, row) => {
    const matrix = Matrix.zeros(n, n);
    for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) matrix.set(i, j, out[`c${j}`]![row * n + i]!);
    return matrix;
  });
}

function normalPoints(n: number, rows: number, seed: number, scale = 1.5): number[][] {
  const stream = new RandomStream(randomKey(seed));
  return Array.from({ length: rows }, () =>
    Array.from({ length: n }, () => Math.fround(scale * stream.normal())),
  );
}

const invertible = Object.entries(cases).filter(([, { bijection }]) => !bijection.branches);

test("every exported bijection has a row in the table", () => {
  const types = new Set<string>();
  const collect = (json: unknown): void => {
    if (typeof json !== "object" || json === null) return;
    const { type } = json as { type?: unknown };
    if (typeof type === "string") types.add(type);
    for (const member of Object.values(json)) collect(member);
  };
  for (const { bijection } of Object.values(cases)) collect(JSON.parse(JSON.stringify(bijection)));
  for (const type of Object.keys(bijectionReaders)) expect(types, `no row for "${type}"`).toContain(type);
  // Every reader's constructor is exported under the name of its type, so that users can write what files hold.
  for (const type of Object.keys(bijectionReaders))
    expect(api, `"${type}" is not exported`).toHaveProperty(type);
});

describe.each(invertible)("%s", (_, { bijection, startsAsIdentity }) => {
  const n = bijection.features;

  test("round trips both ways, within what the conditioning of the map allows", async () => {
    const executable = await compile(bijection, referenceEngine);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.constantFrom(...scales),
        fc.array(fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: n, maxLength: n }), {
          minLength: 1,
          maxLength: 4,
        }),
        async (seed, scale, points) => {
          const parameters = randomParameters(bijection, seed, scale);
          await executable.setParameters(parameters);
          const inputs = rowsOf(bijection, points, seed);
          const { rows } = await executable.run({ rows: points.length, inputs });
          const forward = await jacobian(bijection, "forward", parameters, inputs, points.length);
          const inverse = await jacobian(bijection, "inverse", parameters, inputs, points.length);
          points.forEach((point, row) => {
            const size = Math.max(1, ...point.map(Math.abs));
            for (const [name, own, image] of [
              ["back", forward, "forward"],
              ["there", inverse, "inverse"],
            ] as const) {
              // A map that nearly loses a direction cannot give it back: 64 eps times condition and size of the image.
              const span = Math.max(
                size,
                ...Array.from(rows[image]!.subarray(row * n, (row + 1) * n), Math.abs),
              );
              const condition = own[row]!.norm() * inverseNorm(own[row]!);
              const tolerance = 1e4 * 2 ** -52 * Math.max(1, condition) * span * n;
              for (let i = 0; i < n; i++)
                expect(Math.abs(rows[name]![row * n + i]! - point[i]!)).toBeLessThanOrEqual(tolerance);
            }
          });
        },
      ),
      { seed: 17, numRuns: 40 },
    );
  });

  test("logAbsDet is that of the dense Jacobian, and opposite to that of the other direction", async () => {
    const executable = await compile(bijection, referenceEngine);
    for (const scale of scales) {
      const parameters = randomParameters(bijection, 3, scale);
      await executable.setParameters(parameters);
      const points = [...normalPoints(n, 8, 5), ...normalPoints(n, 4, 6, 12)];
      const inputs = rowsOf(bijection, points, 5);
      const { rows } = await executable.run({ rows: points.length, inputs });
      for (const direction of ["forward", "inverse"] as const) {
        const dense = await jacobian(bijection, direction, parameters, inputs, points.length);
        dense.forEach((matrix, row) => {
          const expected = Math.log(Math.abs(new LuDecomposition(matrix).determinant));
          const own =
            rows[`${direction}Log`]![direction === "forward" ? row % rows.forwardLog!.length : row]!;
          expect(Math.abs(own - expected)).toBeLessThan(1e-8 * (1 + Math.abs(expected)));
        });
      }
      // The second map starts from a point that the first one rounded; where the map bends by thousands, so does that.
      if (scale === 3) continue;
      points.forEach((_, row) => {
        const forwardLog = rows.forwardLog![row % rows.forwardLog!.length]!;
        const inverseLog = rows.inverseLog![row % rows.inverseLog!.length]!;
        expect(Math.abs(rows.backLog![row]! + forwardLog)).toBeLessThan(1e-6);
        expect(Math.abs(rows.thereLog![row]! + inverseLog)).toBeLessThan(1e-6);
      });
    }
  });

  test("gradients agree with central differences, and every trained parameter gets one", async () => {
    const bound = bindTree(bijection.parameters);
    const leaves = new Map<string, Expr>();
    const walk = (tree: object, prefix: string): void => {
      for (const [key, member] of Object.entries(tree)) {
        if (typeof (member as Expr).op === "string") leaves.set(prefix + key, member as Expr);
        else walk(member as object, `${prefix}${key}.`);
      }
    };
    walk(bound, "");
    const x = g.input("x", [n]);
    const context = bijection.context > 0 ? g.input("context", [bijection.context]) : undefined;
    const points = normalPoints(n, 60, 9);
    const inputs = rowsOf(bijection, points, 9);
    const weights = g.constant(Float64Array.from({ length: n }, (_, i) => 1 + Math.cos(i)));
    for (const direction of ["forward", "inverse"] as const) {
      const { value, logAbsDet } = bijection[direction](x, bound, context);
      const loss = g.sumRows(
        g.mul(g.rowMark(), g.add(g.sum(g.mul(weights, g.log1p(g.square(value)))), logAbsDet)),
      );
      const gradients = vjp([loss], [g.constant(1)], [...leaves.values()]);
      const sums = {
        loss,
        ...Object.fromEntries([...leaves.keys()].map((name, i) => [name, gradients[i]!])),
      };
      const executable = await referenceEngine.compile({ sums });
      const parameters = randomParameters(bijection, 21, 0.7);
      const evaluate = async (
        values: Record<string, Float64Array>,
      ): Promise<Record<string, Float64Array>> => {
        await executable.setParameters(values);
        return { ...(await executable.run({ rows: points.length, inputs })).sums };
      };
      const at = await evaluate(parameters);
      for (const [name, spec] of flattenTree(bijection.parameters)) {
        const gradient = at[name]!;
        if (spec.kind === "trained")
          expect(
            gradient.some((value) => value !== 0),
            `${name} gets no gradient`,
          ).toBe(true);
        // One random direction in each tensor: the pairing with the gradient is the slope along it.
        const stream = new RandomStream(randomKey(33));
        const along = gradient.map(() => stream.normal());
        const h = 1e-6;
        const moved = async (by: number): Promise<number> =>
          (
            await evaluate({
              ...parameters,
              [name]: parameters[name]!.map((value, i) => value + by * along[i]!),
            })
          ).loss![0]!;
        const slope = ((await moved(h)) - (await moved(-h))) / (2 * h);
        const paired = gradient.reduce((sum, value, i) => sum + value * along[i]!, 0);
        expect(Math.abs(slope - paired)).toBeLessThan(2e-4 * (1 + Math.abs(slope)));
      }
    }
  });

  test("the engines agree", async () => {
    const points = [...normalPoints(n, 100, 13), ...normalPoints(n, 40, 14, 12)];
    const inputs = rowsOf(bijection, points, 13);
    const parameters = randomParameters(bijection, 4, 0.7);
    const results = [];
    for (const engine of [
      referenceEngine,
      wasmEngine({ precision: "float64", threads: 1 }),
      wasmEngine({ threads: 1 }),
    ]) {
      const executable = await compile(bijection, engine);
      await executable.setParameters(parameters);
      results.push((await executable.run({ rows: points.length, inputs })).rows);
      executable.dispose();
    }
    const [expected, double, single] = results as [
      (typeof results)[0],
      (typeof results)[0],
      (typeof results)[0],
    ];
    for (const name of ["forward", "forwardLog", "inverse", "inverseLog"]) {
      expected[name]!.forEach((value, i) => {
        expect(Math.abs(double[name]![i]! - value)).toBeLessThan(1e-9 * (1 + Math.abs(value)));
        expect(Math.abs(single[name]![i]! - value)).toBeLessThan(2e-3 * (1 + Math.abs(value)));
      });
    }
  });

  test("no finite input gives NaN, in values, log-determinants or gradients", async () => {
    const extremes = [0, 1e-320, -1e-30, 1, -3, 3, 5, -20, 1e6, -1e6, 1e30, -1e30];
    const points = extremes.flatMap((a) =>
      extremes.slice(0, 4).map((b) => Array.from({ length: n }, (_, i) => (i % 2 === 0 ? a : b))),
    );
    const bound = bindTree(bijection.parameters);
    const x = g.input("x", [n]);
    const context = bijection.context > 0 ? g.input("context", [bijection.context]) : undefined;
    const outputs: Record<string, Expr> = {};
    for (const direction of ["forward", "inverse"] as const) {
      const { value, logAbsDet } = bijection[direction](x, bound, context);
      outputs[direction] = value;
      outputs[`${direction}Log`] = logAbsDet;
      const [toX] = vjp([logAbsDet], [g.constant(1)], [x]);
      outputs[`${direction}Gradient`] = toX!;
    }
    const executable = await referenceEngine.compile({ rows: outputs });
    for (const scale of [1, 10, 1000]) {
      const parameters = randomParameters(bijection, 8, scale);
      // Stored logarithms are exponents: 1000 of them are beyond any number, by definition and not by failure.
      for (const [name, spec] of flattenTree(bijection.parameters))
        if (/log|lower|upper/i.test(name) || spec.kind === "statistics")
          parameters[name] = randomParameters(bijection, 8, 1)[name]!;
      await executable.setParameters(parameters);
      const { rows } = await executable.run({ rows: points.length, inputs: rowsOf(bijection, points, 8) });
      for (const [name, data] of Object.entries(rows))
        expect(
          data.every((value) => !Number.isNaN(value)),
          `${name} at scale ${scale}`,
        ).toBe(true);
    }
  });

  test("its description reads back as the same map", async () => {
    const copy = bijectionFromJson(JSON.parse(JSON.stringify(bijection)));
    expect(copy.toJSON()).toEqual(bijection.toJSON());
    const parameters = randomParameters(bijection, 2, 1);
    const points = normalPoints(n, 5, 2);
    const run = async (own: Bijection): Promise<unknown> => {
      const executable = await compile(own, referenceEngine);
      await executable.setParameters(parameters);
      return (await executable.run({ rows: points.length, inputs: rowsOf(bijection, points, 2) })).rows;
    };
    expect(await run(copy)).toEqual(await run(bijection));
  });

  test.runIf(startsAsIdentity)("starts as the identity", async () => {
    const executable = await compile(bijection, referenceEngine);
    await executable.setParameters(api.initialValues(bijection.parameters, randomKey(1)));
    const points = [...normalPoints(n, 10, 4), ...normalPoints(n, 5, 5, 10)];
    const { rows } = await executable.run({ rows: points.length, inputs: rowsOf(bijection, points, 4) });
    points.flat().forEach((value, i) => {
      expect(Math.abs(rows.forward![i]! - value)).toBeLessThan(1e-12 * (1 + Math.abs(value)));
      expect(Math.abs(rows.inverse![i]! - value)).toBeLessThan(1e-12 * (1 + Math.abs(value)));
    });
    for (const value of [...rows.forwardLog!, ...rows.inverseLog!])
      expect(Math.abs(value)).toBeLessThan(1e-12);
  });

  test("a row's result does not depend on its neighbours", async () => {
    const executable = await compile(bijection, wasmEngine({ threads: 1 }));
    await executable.setParameters(randomParameters(bijection, 6, 1));
    const points = normalPoints(n, 130, 7);
    const inputs = rowsOf(bijection, points, 7);
    const whole = (await executable.run({ rows: 130, inputs })).rows;
    const part = Object.fromEntries(
      Object.entries(inputs).map(([name, data]) => [
        name,
        data.subarray((data.length / 130) * 100, (data.length / 130) * 103),
      ]),
    );
    const few = (await executable.run({ rows: 3, inputs: part })).rows;
    executable.dispose();
    for (const [name, data] of Object.entries(few))
      expect(data).toEqual(
        whole[name]!.slice((whole[name]!.length / 130) * 100, (whole[name]!.length / 130) * 103),
      );
  });
});

/** Frobenius norm of the inverse; infinite for a singular matrix. */
function inverseNorm(matrix: Matrix): number {
  const decomposition = new LuDecomposition(matrix);
  if (decomposition.isSingular()) return Number.POSITIVE_INFINITY;
  return decomposition.solve(Matrix.eye(matrix.rows)).norm();
}

describe("densities integrate to one", () => {
  const small = Object.entries(cases).filter(([, { bijection }]) => bijection.features <= 2);
  test.each(small)("%s", async (_, { bijection }) => {
    const n = bijection.features;
    const x = g.input("x", [n]);
    const context = bijection.context > 0 ? g.input("context", [bijection.context]) : undefined;
    const bound = { base: {}, bijection: bindTree(bijection.parameters) };
    const logProb = pushforwardLogProb(standardNormal({ features: n }), bijection, x, bound, context);
    const executable = await wasmEngine({ precision: "float64", threads: 1 }).compile({ rows: { logProb } });
    await executable.setParameters(randomParameters(bijection, 11, 0.4));
    const side = n === 1 ? 200_001 : 2001;
    const reach = 25;
    const step = (2 * reach) / (side - 1);
    const grid = Float64Array.from({ length: side ** n * n }, (__, i) => {
      const cell = Math.floor(i / n);
      return -reach + step * (i % n === 0 ? cell % side : Math.floor(cell / side));
    });
    const rows = side ** n;
    const fixed = Float64Array.from({ length: rows * bijection.context }, (__, i) =>
      Math.cos(i % bijection.context),
    );
    const inputs = bijection.context > 0 ? { x: grid, context: fixed } : { x: grid };
    const { rows: out } = await executable.run({ rows, inputs });
    executable.dispose();
    const total = out.logProb!.reduce((sum, value) => sum + Math.exp(value), 0) * step ** n;
    expect(Math.abs(total - 1)).toBeLessThan(bijection.branches ? 0.05 : 1e-3);
  });

  test("outside the support of a map with branches the log-density is minus infinity", async () => {
    const bijection = api.absoluteValue({ features: 2 });
    const logProb = pushforwardLogProb(standardNormal({ features: 2 }), bijection, g.input("x", [2]), {
      base: {},
      bijection: {},
    });
    for (const engine of [
      referenceEngine,
      wasmEngine({ threads: 1 }),
      wasmEngine({ precision: "float64", threads: 1 }),
    ]) {
      const executable = await engine.compile({ rows: { logProb } });
      const { rows } = await executable.run({
        rows: 3,
        inputs: { x: Float64Array.of(-1, 2, 1, 1, 0.5, -0.1) },
      });
      executable.dispose();
      expect(rows.logProb![0]).toBe(Number.NEGATIVE_INFINITY);
      expect(rows.logProb![1]).toBeCloseTo(2 * Math.log(2) - 1 - Math.log(2 * Math.PI), 5);
      expect(rows.logProb![2]).toBe(Number.NEGATIVE_INFINITY);
    }
  });
});
