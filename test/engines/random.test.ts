/** Random draws inside programs: the same for every engine, tile and number of threads; independent of each other. */

import { describe, expect, test } from "vitest";
import type { Executable } from "../../src/engines/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import * as g from "../../src/graph/ops.ts";
import { randomKey } from "../../src/random/philox.ts";
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
  });
});
