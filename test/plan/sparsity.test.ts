import { describe, expect, test } from "vitest";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import { type Extent, extentsOf, maskOf } from "../../src/graph/masks.ts";
import * as g from "../../src/graph/ops.ts";
import { bandsOf, unionOf } from "../../src/plan/analysis/sparsity.ts";
import { agree } from "../engines/agree.ts";

const n = 24;
const mask = (lets: (row: number, column: number) => boolean): Expr =>
  g.constant(
    Float64Array.from({ length: n * n }, (_, i) => (lets(Math.floor(i / n), i % n) ? 1 : 0)),
    [n, n],
  );
const lower = mask((row, column) => column < row);
const upper = mask((row, column) => column > row);
const block = mask((row, column) => row > 18 && column > 2 && column < 7);
const nothing = mask(() => false);

describe("gradients of weights that are read through masks", () => {
  const x = g.input("x", [n]);
  const w = ["w1", "w2", "w3"].map((name) => g.parameter(name, [n, n]));
  const gradients = (...masks: (Expr | undefined)[]): Record<string, Expr> => {
    const layers = masks.map((own, i) => g.linear(x, own ? g.mul(w[i]!, own) : w[i]!));
    const y = g.tanh(layers.reduce((total, layer) => g.add(total, layer)));
    const wrt = w.slice(0, masks.length);
    return Object.fromEntries(
      vjp([g.sumRows(g.sum(y))], [g.constant(1)], wrt).map((own, i) => [`d${i}`, own]),
    );
  };
  test.each<[string, (Expr | undefined)[]]>([
    ["two masks on one outer product", [lower, upper]],
    ["three", [block, lower, upper]],
    ["the same mask twice", [lower, lower]],
    ["a mask and a plain reader", [lower, undefined]],
    ["a plain reader and a mask", [undefined, block]],
    ["a mask of zeros and another", [nothing, block]],
    ["two masks of zeros", [nothing, nothing]],
  ])("%s", async (_, masks) => {
    const parameters = Object.fromEntries(
      w.map(({ name }, k) => [name, Array.from({ length: n * n }, (_, i) => 0.02 * Math.sin(i + k))]),
    );
    const out = await agree({ sums: gradients(...masks) }, { rows: 5, parameters });
    masks.forEach((own, i) => {
      const allowed = own?.op === "constant" ? own.data : new Float64Array(n * n).fill(1);
      out.sums[`d${i}`]!.forEach((value, k) => expect(value !== 0).toBe(allowed[k] !== 0));
    });
  });
});

describe("extents", () => {
  const data = Float64Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0);
  test("of rows and columns of a mask", () => {
    expect(extentsOf(data, 3, 4, "rows")).toEqual([
      [1, 2],
      [4, 0],
      [1, 3],
    ]);
    expect(extentsOf(data, 3, 4, "columns")).toEqual([
      [3, 0],
      [0, 3],
      [2, 3],
      [3, 0],
    ]);
  });
  test("of several masks: what any of them lets through", () => {
    const other = Float64Array.of(0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0);
    expect(unionOf([data, other], 3, 4)).toEqual([
      [1, 4],
      [4, 0],
      [0, 3],
    ]);
    expect(unionOf([data, undefined], 3, 4)).toBeUndefined();
    expect(unionOf([], 3, 4)).toBeUndefined();
  });
  test("bands cover every row once, and what each row has", () => {
    const extents = Array.from({ length: 40 }, (_, row): Extent => [row % 5, 5 + (row % 7)]);
    for (const fewest of [1, 3, 12]) {
      const bands = bandsOf(extents, fewest);
      expect(bands.map(({ start }) => start)).toEqual([0, ...bands.slice(0, -1).map(({ end }) => end)]);
      expect(bands.at(-1)!.end).toBe(40);
      for (const { start, end, from, to } of bands)
        for (let row = start; row < end; row++) {
          expect(from).toBeLessThanOrEqual(extents[row]![0]);
          expect(to).toBeGreaterThanOrEqual(extents[row]![1]);
        }
    }
  });
  test("a mask is a constant matrix with zeros", () => {
    const w = g.parameter("w", [n, n]);
    expect(maskOf(g.mul(w, lower))).toBeDefined();
    expect(maskOf(g.mul(lower, w))).toBeDefined();
    expect(maskOf(g.mul(w, 2))).toBeUndefined();
    expect(maskOf(g.add(w, lower))).toBeUndefined();
  });
});
