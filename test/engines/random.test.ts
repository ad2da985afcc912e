/** Random draws inside programs: the same for every engine, tile and number of threads; independent of each other. */

import { describe, expect, test } from "vitest";
import type { Executable } from "../../src/engines/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { philox4x32, randomKey, streamWord } from "../../src/random/philox.ts";
import { engines } from "../engines.ts";

const uniform = g.randomUniform([7], "noise");
const program = {
  rows: { uniform, again: g.randomUniform([7], "noise"), other: g.randomUniform([7], "other") },
};
const cases = [
  ...engines.map(({ engine, name }) => ({ engine, name })),
  { name: "two threads", engine: wasmEngine({ threads: 2 }) },
  { name: "wide", engine: wasmEngine({ threads: 2, wide: true }) },
];

async function draw(
  executable: Executable,
  seed: number,
  rows: number,
): Promise<Record<string, Float64Array>> {
  return { ...(await executable.run({ rows, inputs: {} }, { key: randomKey(seed) })).rows };
}

test("the uniforms of all engines are the same", async () => {
  const all = await Promise.all(
    cases.map(async ({ engine }) => draw(await engine.compile(program), 5, 3000)),
  );
  for (const own of all) {
    expect(own.uniform).toEqual(all[0]!.uniform);
    expect(own.again).toEqual(own.uniform);
    expect(own.other).toEqual(all[0]!.other);
  }
});

test("an element is a word of a block of Philox, whatever the size of the draw and the row's place", async () => {
  const key = randomKey(-7);
  const rows = 66_000;
  const sizes = [1, 2, 4, 9];
  const draws = Object.fromEntries(
    sizes.map((size) => [`of ${size}`, g.randomUniform([size], `of ${size}`)]),
  );
  const block = new Uint32Array(4);
  for (const { engine } of cases.slice(1)) {
    const executable = await engine.compile({ rows: draws });
    const { rows: found } = await executable.run({ rows, inputs: {} }, { key });
    // The last is beyond the rows that an engine computes at a time.
    for (const row of [0, 1, 63, 64, 65_535, 65_536, rows - 1])
      for (const size of sizes)
        for (let i = 0; i < size; i++) {
          philox4x32(Math.floor(i / 4), row, 0, streamWord(`of ${size}`), key.k0, key.k1, block);
          const expected = (2 * (block[i % 4]! >>> 9) + 1) / 2 ** 24;
          expect(found[`of ${size}`]![row * size + i]).toBe(expected);
        }
  }
});

test("draws are values like others: sliced, and read by iterations", async () => {
  const x = g.input("x", [3]);
  const step = g.randomNormal([3], "step");
  const body = (state: Expr): Expr => g.add(g.mul(g.tanh(state), 0.3), step);
  const draws = {
    sliced: g.slice(g.randomUniform([9], "nine"), 3, 7),
    gathered: g.gather(g.randomUniform([9], "nine"), [8, 0, 0, 3], [2, 2]),
    scanned: g.scan(x, 2, [g.constant(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3])], (state, [slice]) =>
      g.add(g.mul(body(state), slice!), step),
    ),
    fixed: g.fixedPoint(x, 60, body, { tolerance: 1e-12 }),
    iterated: g.iterate(x, 5, (state) => ({ state: body(state), done: g.less(g.sum(state), 0) })),
    scalar: g.randomNormal([], "scalar"),
  };
  const rows = 133;
  const inputs = { x: Float64Array.from({ length: 3 * rows }, (_, i) => Math.sin(i)) };
  const [exact, ...others] = await Promise.all(
    cases.map(async ({ engine }) => {
      const executable = await engine.compile({ rows: draws });
      return (await executable.run({ rows, inputs }, { key: randomKey(2) })).rows;
    }),
  );
  // Quantiles in float32 are good to about 4 units in the last place of 5.
  for (const own of others)
    for (const name of Object.keys(draws))
      own[name]!.forEach((value, i) => {
        expect(Math.abs(value - exact![name]![i]!), name).toBeLessThan(1e-4);
      });
});

test("the least and the largest uniform number have finite quantiles of the same size", async () => {
  const ends = { rows: 2, inputs: { u: Float64Array.of(2 ** -24, 1 - 2 ** -24) } };
  for (const { engine } of cases) {
    const executable = await engine.compile({ rows: { z: g.normalQuantile(g.input("u", [])) } });
    const { z } = (await executable.run(ends)).rows;
    expect(z![0]).toBeCloseTo(-5.2947, 4);
    expect(z![1]).toBe(-z![0]!);
  }
});

describe.each(cases.slice(0, 3))("$name", ({ engine }) => {
  test("rows, elements, streams, seeds and steps are independent", async () => {
    const executable = await engine.compile(program);
    const rows = 4000;
    const [first, second] = [await draw(executable, 1, rows), await draw(executable, 2, rows)];
    const correlation = (a: Float64Array, b: Float64Array, shift = 0): number => {
      let sum = 0;
      for (let i = 0; i + shift < a.length; i++) sum += 12 * (a[i]! - 0.5) * (b[i + shift]! - 0.5);
      return Math.abs(sum / Math.sqrt(a.length));
    };
    // Each is about standard normal.
    for (const value of [
      correlation(first.uniform!, first.uniform!, 1),
      correlation(first.uniform!, first.uniform!, 7),
      correlation(first.uniform!, first.other!),
      correlation(first.uniform!, second.uniform!),
    ])
      expect(value).toBeLessThan(4);
    const mean = first.uniform!.reduce((sum, own) => sum + own, 0) / (7 * rows);
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * 7 * rows));
    const counts = new Float64Array(64);
    for (const own of first.uniform!) counts[Math.floor(64 * own)]! += 1;
    const expected = (7 * rows) / 64;
    const square = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(square).toBeLessThan(63 + 5 * Math.sqrt(126));
  });

  test("normals and signs have their moments", async () => {
    const executable = await engine.compile({
      rows: { normal: g.randomNormal([5], "n"), sign: g.randomSign([5], "s") },
    });
    const rows = 8000;
    const { normal, sign } = await draw(executable, 3, rows);
    const moment = (data: Float64Array, power: number): number =>
      data.reduce((sum, own) => sum + own ** power, 0) / data.length;
    const error = 1 / Math.sqrt(5 * rows);
    expect(Math.abs(moment(normal!, 1))).toBeLessThan(4 * error);
    expect(Math.abs(moment(normal!, 2) - 1)).toBeLessThan(4 * Math.sqrt(2) * error);
    expect(Math.abs(moment(normal!, 4) - 3)).toBeLessThan(4 * Math.sqrt(96) * error);
    expect(Math.abs(moment(sign!, 1))).toBeLessThan(4 * error);
    expect(moment(sign!, 2)).toBe(1);
  });

  test("each step draws anew, whatever the steps before", async () => {
    const total = g.parameter("total", []);
    const executable = await engine.compile({
      sums: { sum: g.sumRows(g.sum(uniform)) },
      updates: [{ parameter: total, value: g.add(total, g.sumRows(g.sum(uniform))) }],
    });
    await executable.load({ rows: 10, inputs: {} });
    const steps = async (firstStep: number, count: number): Promise<number[]> =>
      Array.from(
        (
          await executable.step({
            indices: Uint32Array.from({ length: 10 * count }, (_, i) => i % 10),
            counts: Array.from({ length: count }, () => 10),
            stepInputs: {},
            key: randomKey(1),
            firstStep,
          })
        ).sum!,
      );
    const all = await steps(0, 6);
    expect(new Set(all).size).toBe(6);
    expect([...(await steps(0, 2)), ...(await steps(2, 4))]).toEqual(all);
    const { sums } = await executable.run({ rows: 10, inputs: {} }, { key: randomKey(1) });
    expect(sums.sum![0]).toBe(all[0]);
  });

  test("a program that draws needs a key, and a stream one shape", async () => {
    const executable = await engine.compile(program);
    await expect(executable.run({ rows: 1, inputs: {} })).rejects.toThrow("give the key");
    const twice = { rows: { a: g.randomUniform([2], "x"), b: g.randomUniform([3], "x") } };
    await expect(engine.compile(twice)).rejects.toThrow('"x" is drawn in two shapes');
    // Two of the names, rare ones, that have the same number.
    const alike = {
      rows: { a: g.randomUniform([], "noise 15092"), b: g.randomUniform([], "noise 57642") },
    };
    await expect(engine.compile(alike)).rejects.toThrow('"noise 57642" would be the same numbers');
    expect(() => g.mapFeatures([uniform], ([u]) => [[g.mul(u!, g.randomUniform([], "inside"))]])).toThrow(
      "a body cannot read a random from outside",
    );
  });

  test("step inputs that are missing or of another length are refused", async () => {
    const executable = await engine.compile({
      sums: { sum: g.sumRows(g.mul(g.rowMark(), g.sum(g.stepInput("three", [3])))) },
    });
    const rows = { rows: 2, inputs: {} };
    await executable.load(rows);
    const steps = { indices: Uint32Array.of(0, 1, 0, 1), counts: [2, 2] };
    const three = Float64Array.of(1, 2, 3);
    await expect(executable.step({ ...steps, stepInputs: {} })).rejects.toThrow("got none");
    await expect(executable.step({ ...steps, stepInputs: { three } })).rejects.toThrow(
      'step: step input "three" must be 6 numbers, 3 for each of 2 steps, got 3.',
    );
    const four = { three: new Float64Array(4) };
    await expect(executable.run(rows, { stepInputs: four })).rejects.toThrow(
      "must be 3 numbers, 3 for each of 1 steps, got 4",
    );
    expect((await executable.run(rows, { stepInputs: { three } })).sums.sum![0]).toBe(12);
    expect((await executable.run(rows)).sums.sum![0]).toBe(0);
  });
});
