/** Analyses of a graph on its way to kernels: bounds, readiness, the order of units. */

import { describe, expect, test } from "vitest";
import { type Expr, type FixedPointExpr, topologicalOrder } from "../../src/graph/expr.ts";
import { withInputs } from "../../src/graph/graphRules.ts";
import * as g from "../../src/graph/ops.ts";
import { prepareProgram } from "../../src/graph/program.ts";
import { substitute } from "../../src/graph/rebuild.ts";
import { dependents } from "../../src/graph/slots.ts";
import { largestMagnitude } from "../../src/plan/analysis/bounds.ts";
import { fuse } from "../../src/plan/analysis/fusion.ts";
import { readinessOf } from "../../src/plan/analysis/readiness.ts";
import { ownersRead } from "../../src/plan/analysis/storage.ts";
import type { Kernel } from "../../src/plan/kernels.ts";
import { makePlan } from "../../src/plan/makePlan.ts";
import { inOnePiece } from "../../src/platform/pieces.ts";

const x = g.input("x", [4]);

describe("bounds", () => {
  test("of what an expression shows", () => {
    expect(largestMagnitude(g.add(g.mul(3, g.tanh(x)), g.sin(x)))).toBe(4);
    expect(largestMagnitude(g.select(g.less(x, 0), g.constant([1, -7, 2, 0]), g.sigmoid(x)))).toBe(7);
    expect(largestMagnitude(g.div(x, g.add(1, g.mul(0.25, g.abs(x)))))).toBe(4);
    expect(largestMagnitude(g.mul(0, g.exp(x)))).toBe(Number.POSITIVE_INFINITY);
    expect(largestMagnitude(g.max(x, 1))).toBe(Number.POSITIVE_INFINITY);
  });
  test("of a chain of any length", () => {
    let y: Expr = g.tanh(x);
    for (let i = 0; i < 20_000; i++) y = g.add(y, 1);
    expect(largestMagnitude(y)).toBe(20_001);
  });
});

test("a kernel computes of a map the results that are read", () => {
  const read = (index: number): readonly Kernel[] => {
    const results = g.mapFeatures([x, g.parameter("w", [4])], ([a], [b]) => [[g.exp(a!)], [g.mul(a!, b!)]]);
    const target = { rowLength: 64, numberBytes: 4, lanes: 4, gates: true, reservedBytes: 0 } as const;
    return makePlan(prepareProgram({ rows: { y: results[index]! } }), target).kernels;
  };
  const operations = (kernels: readonly Kernel[]): string[] =>
    kernels.flatMap((kernel) =>
      kernel.kind === "fused" ? kernel.code.instructions.map(({ op }) => op) : [],
    );
  expect(operations(read(0))).toContain("exp");
  expect(operations(read(0))).not.toContain("mul");
  expect(operations(read(1))).not.toContain("exp");
});

describe("readiness", () => {
  const state = (body: (s: Expr) => Expr, rounds = 4): Int32Array | undefined => {
    const node = g.fixedPoint(x, rounds, body) as FixedPointExpr;
    const inside = dependents([node.result], node.slot);
    const nodes = topologicalOrder([node.result]).filter((own) => inside.has(own) && own !== node.slot);
    return readinessOf(node, nodes, [])?.get(node.result);
  };
  const weights = g.parameter("w", [4, 4]);
  const masked = (lets: (row: number, column: number) => boolean): Expr =>
    g.mul(
      weights,
      g.constant(
        Float64Array.from({ length: 16 }, (_, i) => (lets(Math.floor(i / 4), i % 4) ? 1 : 0)),
        [4, 4],
      ),
    );
  test("of triangular bodies, in any order of features", () => {
    const lower = masked((row, column) => column < row);
    const upper = masked((row, column) => column > row);
    expect(state((s) => g.add(x, g.tanh(g.linear(s, lower))))).toEqual(Int32Array.of(0, 1, 2, 3));
    expect(state((s) => g.linear(s, upper))).toEqual(Int32Array.of(3, 2, 1, 0));
    expect(state((s) => g.linear(s, lower, undefined, { transposed: true }))).toEqual(
      Int32Array.of(3, 2, 1, 0),
    );
    expect(state((s) => g.gather(s, [-1, 0, 0, 2], [4]))).toEqual(Int32Array.of(0, 1, 1, 2));
    // In neither order of the features, in pairs, and where the one before matters to no one.
    expect(state((s) => g.gather(s, [2, 0, -1, 1], [4]))).toEqual(Int32Array.of(1, 2, 0, 3));
    const pairs = masked((row, column) => Math.floor(column / 2) < Math.floor(row / 2));
    expect(state((s) => g.linear(s, pairs))).toEqual(Int32Array.of(0, 0, 1, 1));
    expect(state((s) => g.gather(s, [-1, 0, -1, 2], [4]))).toEqual(Int32Array.of(0, 1, 0, 1));
  });
  test("a body that depends on itself, or longer than its rounds, has none", () => {
    expect(state((s) => g.linear(s, weights))).toBeUndefined();
    expect(
      state(
        (s) =>
          g.add(
            x,
            g.linear(
              s,
              masked((row, column) => column < row),
            ),
          ),
        2,
      ),
    ).toBeUndefined();
  });
});

test("units of a long chain are ordered without recursion, each after what it reads", () => {
  const chain: Expr[] = [];
  let z: Expr = x;
  for (let i = 0; i < 900; i++) {
    z = g.gather(z, [1, 2, 3, i % 2 ? -1 : 0], [4]);
    z = { op: "scatter", indices: Int32Array.of(0, 0, 1, 2), shape: [4], space: "row", inputs: [z] };
    chain.push(z);
  }
  const units = inOnePiece(fuse(topologicalOrder([z]), ownersRead, { totals: false }));
  const done = new Set<Expr>();
  for (const { nodes } of units)
    for (const node of nodes) {
      for (const owner of ownersRead(node)) if (!done.has(owner)) expect.fail("a unit before what it reads");
      done.add(node);
    }
  expect(chain.every((node) => done.has(node))).toBe(true);
});

describe("rebuilding", () => {
  test("keeps what has not changed, and what a node is", () => {
    const y = g.linear(g.tanh(x), g.parameter("w", [4, 4]));
    expect(substitute([y], new Map())).toEqual([y]);
    expect(substitute([y], new Map())[0]).toBe(y);
    const other = g.input("other", [4]);
    const [moved] = substitute([y], new Map<Expr, Expr>([[x, other]]));
    expect(topologicalOrder([moved!])).toContain(other);
    expect(topologicalOrder([moved!])).not.toContain(x);
  });
  test("a value that becomes shared makes shared what depends on it alone", () => {
    const shared = g.parameter("shared", [4]);
    expect(withInputs(g.sin(x), [shared]).space).toBe("shared");
    expect(withInputs(g.add(x, x), [shared, x]).space).toBe("row");
    expect(() =>
      withInputs(
        g.fixedPoint(x, 2, (s) => g.sin(s)),
        [shared],
      ),
    ).toThrow(/rebuildBody/);
  });
  test("goes into bodies", () => {
    const a = g.parameter("a", [4]);
    const b = g.parameter("b", [4]);
    const y = g.fixedPoint(x, 4, (s) => g.mul(0.1, g.add(s, a)));
    const [next] = substitute([y], new Map<Expr, Expr>([[a, b]])) as [FixedPointExpr];
    expect(next.inputs).toContain(b);
    expect(topologicalOrder([next.result])).not.toContain(a);
  });
});
