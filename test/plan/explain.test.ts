import { expect, test } from "vitest";
import { realNVP } from "../../src/architectures/architecture.ts";
import { pushforwardLogProb } from "../../src/distributions/density.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { explain } from "../../src/plan/explain.ts";
import { blocks, readText } from "../docs/project.ts";

test("a program is explained: what is computed when, from what, in how many bytes", () => {
  const [x, w] = [g.input("x", [3]), g.parameter("w", [4, 3])];
  const loss = g.sumRows(
    g.sum(g.exp(g.linear(x, g.mul(w, g.constant([1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0], [4, 3]))))),
  );
  const [gradient] = vjp([loss], [g.constant(1)], [w]);
  const text = explain({ sums: { loss, gradient: gradient! } });
  expect(text.split("\n")).toMatchInlineSnapshot(`
    [
      "values    7 of rows, 6 shared, 0 of steps",
      "kernels   11, called at 12 places",
      "memory    128 B shared, 3.4 kB a thread, 8 shards of 128 B",
      "barriers  5 a step",
      "prologue, level 0",
      "  fused of 1 operation: w.0, constant.11 -> mul.3, shared by threads",
      "tile of 64 rows",
      "  load 3: rows of x -> x.1",
      "  mark:  -> rowMark.2",
      "  layer 4 3 1 false plain: mul.3, x.1 -> linear.4",
      "  fused of 2 operations: linear.4, rowMark.2 -> sum.5, mul.6",
      "  transpose 3 4: x.1 -> transposed.8",
      "  sumOuter 4 4: mul.6, transposed.8 -> sum of sumOuter.7",
      "  fused of 1 operation: rowMark.2, sum.5 -> select.9",
      "  sumRows 1: select.9 -> sum of sumRows.10",
      "epilogue, level 0",
      "  addShards 3 4 false: sum of sumOuter.7 -> sumOuter.7, shared by threads",
      "  addShards 0 0 true: sum of sumRows.10 -> sumRows.10, shared by threads",
      "epilogue, level 1",
      "  fused of 1 operation: constant.11, sumOuter.7 -> mul.12, shared by threads",
      "",
    ]
  `);
});

test("a scan is a loop, and options are checked", () => {
  const [x, shifts] = [g.input("x", [2]), g.parameter("shifts", [5, 2])];
  const program = { rows: { y: g.scan(x, 5, [shifts], (state, [shift]) => g.tanh(g.add(state, shift!))) } };
  expect(explain(program, { precision: "float64" })).toMatch(
    /^ {2}5 times, slices from the first\n {4}fused of 2 operations: /m,
  );
  expect(() => explain(program, { precision: "float16" as never })).toThrow(/precision/);
});

test("the page of engines shows the plan that it speaks of", () => {
  const { base, bijection } = realNVP({ features: 4, transforms: 2, hidden: [32] });
  const bound = bindTree({ base: base.parameters, bijection: bijection.parameters });
  const parts = bound as { base: typeof bound; bijection: typeof bound };
  const logProb = pushforwardLogProb(base, bijection, g.input("data", [4]), parts);
  expect(blocks(readText("docs/engine.md"), "text")).toEqual([explain({ rows: { logProb } })]);
});

test("a plan as data: all that is said of it, arrays by their lengths", () => {
  const plan = JSON.parse(
    explain({ rows: { y: g.add(g.constant([1, 2, 3]), g.input("x", [3])) } }, { format: "json" }),
  );
  expect(plan.kernels.map(({ kind }: { kind: string }) => kind)).toEqual(["load", "fused", "store"]);
  expect(plan.values.find(({ name }: { name: string }) => name === "constant").constant).toBe(3);
  expect(() => explain({}, { format: "xml" } as never)).toThrow(/format/);
});
