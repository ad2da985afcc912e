/**
 * What the checks of plans find. Faults that this library once had are put back, where they were or in a plan: each gave wrong numbers
 * without a word, and is refused now.
 */

import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Executable } from "../../src/engines/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import { type Expr, topologicalOrder } from "../../src/graph/expr.ts";
import { withInputs } from "../../src/graph/graphRules.ts";
import { convolution } from "../../src/graph/library/convolution.ts";
import { root } from "../../src/graph/library/root.ts";
import { extentsOf } from "../../src/graph/masks.ts";
import * as g from "../../src/graph/ops.ts";
import { type Program, prepareProgram } from "../../src/graph/program.ts";
import { substitute } from "../../src/graph/rebuild.ts";
import { callsOf } from "../../src/plan/check/calls.ts";
import { checkPlan, faultsOfPlan } from "../../src/plan/check/checkPlan.ts";
import { makePlan } from "../../src/plan/makePlan.ts";
import type { Item, Loop, Place, Plan, SharedCall } from "../../src/plan/plan.ts";
import { observePlans } from "../../src/plan/plans.ts";
import type { Pieces } from "../../src/platform/pieces.ts";

/** Which stage has its former fault. */
const faulty = vi.hoisted(() => ({ stage: "" }));

vi.mock("../../src/plan/analysis/sparsity.ts", async (original) => {
  const actual = await original<typeof import("../../src/plan/analysis/sparsity.ts")>();
  return {
    ...actual,
    // The mask of the first reader was taken for that of all.
    unionOf: ((masks, rows, columns) =>
      faulty.stage === "sparsity"
        ? extentsOf(masks[0], rows, columns, "rows")
        : actual.unionOf(masks, rows, columns)) satisfies typeof actual.unionOf,
  };
});
vi.mock("../../src/plan/analysis/padding.ts", async (original) => {
  const actual = await original<typeof import("../../src/plan/analysis/padding.ts")>();
  // A product with 0 was taken for 0, whatever the other factor is in lanes without a row.
  const zero = (node: Expr | undefined): boolean => {
    const [a, b] = node?.inputs ?? [];
    if (node?.op === "rowMark") return true;
    if (node?.op !== "elementwise") return node?.op === "reshape" && zero(a);
    if (node.name === "mul") return zero(a) || zero(b);
    return node.name === "div" ? zero(a) : node.name === "neg" && zero(a);
  };
  const guardingPadding = function* (outputs: readonly Expr[]): Pieces<Expr[]> {
    if (faulty.stage !== "padding") return yield* actual.guardingPadding(outputs);
    const guards = topologicalOrder(outputs).flatMap((node) =>
      node.op === "sumRows" && !zero(node.inputs[0])
        ? [[node, withInputs(node, [g.select(g.rowMark(), node.inputs[0]!, 0)])] as const]
        : [],
    );
    return substitute(outputs, new Map(guards));
  };
  return { ...actual, guardingPadding };
});
vi.mock("../../src/plan/analysis/storage.ts", async (original) => {
  const actual = await original<typeof import("../../src/plan/analysis/storage.ts")>();
  return {
    ...actual,
    // A new value that is a parameter was copied after other parameters had been overwritten.
    apartFromParameters: (value: Expr) =>
      faulty.stage === "updates" ? value : actual.apartFromParameters(value),
  };
});

// Faults are made on purpose here.
beforeAll(() => observePlans(undefined));
afterEach(() => {
  faulty.stage = "";
});

const target = { rowLength: 64, numberBytes: 4, lanes: 4, gates: true, reservedBytes: 128 } as const;
const planOf = (program: Partial<Program>): Plan => makePlan(prepareProgram({ ...program }), target);

const x = g.input("x", [8]);
const one = g.constant(1);

/** Two layers with masks, whose gradients are one sum of outer products. */
function twoMasks(): Partial<Program> {
  const mask = (lets: (row: number, column: number) => boolean): Expr =>
    g.constant(
      Float64Array.from({ length: 24 * 24 }, (_, i) => (lets(Math.floor(i / 24), i % 24) ? 1 : 0)),
      [24, 24],
    );
  const wide = g.input("wide", [24]);
  const [a, b] = ["a", "b"].map((name) => g.parameter(name, [24, 24])) as [Expr, Expr];
  const lower = g.linear(
    wide,
    g.mul(
      a,
      mask((row, column) => column < row),
    ),
  );
  const upper = g.linear(
    wide,
    g.mul(
      b,
      mask((row, column) => column > row),
    ),
  );
  const loss = g.sumRows(g.sum(g.tanh(g.add(lower, upper))));
  const [da, db] = vjp([loss], [one], [a, b]) as [Expr, Expr];
  return { sums: { da, db } };
}

/** A root whose equation overflows at the end of its bracket. */
function steepRoot(): Partial<Program> {
  const [y, slope] = [g.input("y", []), g.parameter("slope", [])];
  const solution = root(g.constant(-100), g.constant(100), (z) => g.sub(g.add(g.exp(z), z), g.mul(slope, y)));
  return { sums: { d: vjp([g.sumRows(solution)], [one], [slope])[0]! } };
}

/** The part of a scatter that nothing is moved to. */
function restOfScatter(): Partial<Program> {
  const weights = g.parameter("weights", [8]);
  const moved = g.scatter(g.mul(g.sumRows(x), weights), [0, 1, 2, 3, 0, 1, 2, 3], [8]);
  return { sums: { rest: g.mul(g.slice(moved, 4, 8), g.slice(weights, 0, 4)) } };
}

/** Two parameters that change places. */
function swap(): Partial<Program> {
  const [a, b] = ["a", "b"].map((name) => g.parameter(name, [3]));
  if (a?.op !== "parameter" || b?.op !== "parameter") throw new Error("not parameters");
  return {
    updates: [
      { parameter: a, value: b },
      { parameter: b, value: g.add(b, 1) },
    ],
  };
}

/** A scan whose slices are weights and biases, and part of a concatenation before it. */
function scanned(): Partial<Program> {
  const [weights, biases] = [g.parameter("weights", [3, 8, 8]), g.parameter("biases", [3, 8])];
  const both = g.concatenate([biases, g.exp(biases)]);
  const state = g.scan(x, 3, [weights, biases], (s, [w, b]) => g.tanh(g.linear(s, w!, b)));
  const loss = g.sumRows(g.mul(g.sum(state), g.sum(g.square(both))));
  return { rows: { state }, sums: { loss } };
}

/** A scan that is in the bodies of two others, each with its own stack. */
function scanInTwo(): Partial<Program> {
  const stacks = ["first", "second"].map((name) => g.parameter(name, [2, 3, 8]));
  const a = g.scan(x, 2, [stacks[0]!], (s, [rows]) =>
    g.scan(s, 3, [rows!], (t, [row]) => g.tanh(g.mul(t, row!))),
  );
  // The inner scan of the second is that of the first, with other inputs.
  if (a.op !== "scan" || a.result.op !== "scan") throw new Error("not a scan in a scan");
  const { result, slot, slices } = a;
  const b = g.scan(
    x,
    2,
    [stacks[1]!],
    (s, [rows]) =>
      substitute(
        [result],
        new Map([
          [slot, s],
          [slices[0]!, rows!],
        ]),
      )[0]!,
  );
  return { rows: { a, b } };
}

/** Part of a shared value: fewer numbers, and the last of them in the last vector of the whole. */
function partOfShared(): Partial<Program> {
  const six = g.parameter("six", [6]);
  const whole = g.exp(six);
  return { sums: { whole, part: g.sin(g.slice(whole, 0, 5)) } };
}

/** The gradient of a scan of 7 steps in blocks of 3. */
function wayBack(): Partial<Program> {
  const [x, weights] = [g.input("x", [4]), g.parameter("weights", [7, 4, 4])];
  const y = g.scan(x, 7, [weights], (s, [w]) => g.tanh(g.linear(s, w!)), { keptEvery: 3 });
  return { sums: { d: vjp([g.sumRows(g.sum(y))], [g.constant(1)], [weights])[0]! } };
}
const programs = { twoMasks, steepRoot, swap, restOfScatter, scanned, scanInTwo, partOfShared, wayBack };

describe("plans", () => {
  test.each(Object.entries(programs))("%s: sound, and plain data", (_, program) => {
    const plan = planOf(program());
    expect(faultsOfPlan(plan)).toEqual([]);
    expect(structuredClone(plan)).toEqual(plan);
  });
});

describe("faults put back where they were", () => {
  test.each([
    ["sparsity", twoMasks, /^reads: fused range .* of sumOuter what is not there/],
    ["padding", steepRoot, /^padding: sumRows .* lanes without a row/],
    ["updates", swap, /^reads: copyNumbers: it reads of b what is not there, or no longer/],
  ] as const)("%s", (stage, program, fault) => {
    faulty.stage = stage;
    const plan = planOf(program());
    expect(faultsOfPlan(plan).join("\n")).toMatch(new RegExp(fault.source, "m"));
    expect(() => checkPlan(plan)).toThrow(/^plan: \w+: /);
  });
  test("an engine that checks plans refuses the program", async () => {
    faulty.stage = "updates";
    const compile = (checkPlans: boolean): Promise<Executable> =>
      wasmEngine({ threads: 1, checkPlans }).compile(swap());
    await expect(compile(true)).rejects.toThrow(/^plan: reads: copyNumbers/);
    (await compile(false)).dispose();
  });
});

/** A plan with a change. */
const changed = (program: () => Partial<Program>, change: (plan: Plan) => Partial<Plan>): string[] => {
  const plan = structuredClone(planOf(program()));
  return faultsOfPlan({ ...plan, ...change(plan) });
};
const kindOf = (plan: Plan, item: Item): string =>
  "items" in item ? "loop" : plan.kernels[item.kernel]!.kind;

describe("faults in a plan", () => {
  test("the slice of a scan that is read as a bias, and kept for each row", () => {
    const faults = changed(scanned, (plan) => {
      const loop = plan.tile.find((item): item is Loop => "items" in item)!;
      const layer = loop.items.find((item) => kindOf(plan, item) === "layer")!;
      const bias = "items" in layer ? undefined : layer.arguments[3];
      if (bias?.kind !== "value") throw new Error("the layer has no bias");
      const place = { kind: "arena", offset: 0 } as const;
      return {
        values: plan.values.map((value, id) =>
          id === bias.value ? { ...value, space: "row" as const, place } : value,
        ),
      };
    });
    expect(faults.join("\n")).toMatch(
      /^operands: layer .*operand 3, slice, is kept as lines, and read as numbers/m,
    );
  });
  test("the slice of a scan that is read in another", () => {
    const faults = changed(scanInTwo, (plan) => ({
      values: plan.values.map((value) => {
        const first = plan.values.find(({ place }) => place.kind === "slice")!;
        return value.place.kind === "slice" ? { ...value, place: first.place } : value;
      }),
    }));
    expect(faults.join("\n")).toMatch(/^operands: fused row .*: it reads slice outside of its scan/m);
  });
  test("a call that is left out", () => {
    const plan = planOf(scanned());
    // What an output is left at, and a state at its start, is there.
    const harmless = ["store", "loop"];
    const left = plan.tile.map((_, i) => i).filter((i) => !harmless.includes(kindOf(plan, plan.tile[i]!)));
    for (const out of left)
      expect(
        faultsOfPlan({ ...plan, tile: plan.tile.filter((_, i) => i !== out) }),
        `${kindOf(plan, plan.tile[out]!)}`,
      ).not.toEqual([]);
  });
  /** The plan of a way back, its slices changed. */
  const withSlices = (change: (place: Extract<Place, { kind: "slice" }>) => Partial<Place>): string =>
    changed(wayBack, (plan) => ({
      values: plan.values.map((value) =>
        value.place.kind === "slice" && value.space === "row"
          ? { ...value, place: { ...value.place, ...change(value.place) } as Place }
          : value,
      ),
    })).join("\n");
  test("a state that is read at the place of the one before, or that is none", () => {
    expect(
      withSlices(({ offset, strides }) => ({ offset: strides.length > 0 && offset > 0 ? 8 : offset })),
    ).toMatch(/^reads: .* it reads of states what is not there/m);
    expect(withSlices(({ strides }) => ({ strides: strides.map((s) => ({ ...s, numbers: 8 })) }))).toMatch(
      /^operands: .* in a round it reaches past the \d+ numbers of what state is a slice of/m,
    );
  });
  test("what a step gains, at the place of another step's or past all of them", () => {
    const withSums = (factor: number): string =>
      changed(wayBack, (plan) => {
        const items = (list: readonly Item[]): Item[] =>
          list.map((item) => {
            if ("items" in item) return { ...item, items: items(item.items) };
            const args = item.arguments.map((argument) =>
              argument.kind === "sum"
                ? {
                    ...argument,
                    strides: argument.strides?.map((s) => ({ ...s, numbers: s.numbers * factor })),
                  }
                : argument,
            );
            return { ...item, arguments: args };
          });
        return { tile: items(plan.tile) };
      }).join("\n");
    expect(withSums(1)).toBe("");
    expect(withSums(0)).toMatch(/^reads: the output d is not there/m);
    expect(withSums(2)).toMatch(/^operands: .* in a round it reaches past/m);
  });
  test("two values in one place of the arena", () => {
    const faults = changed(scanned, (plan) => ({
      values: plan.values.map((value) =>
        value.place.kind === "arena" ? { ...value, place: { kind: "arena", offset: 0 } } : value,
      ),
    }));
    expect(faults.join("\n")).toMatch(/^reads: /m);
  });
  test("an operand that is too short", () => {
    const faults = changed(scanned, (plan) => ({
      values: plan.values.map((value) => (value.name === "biases" ? { ...value, size: 7 } : value)),
    }));
    expect(faults.join("\n")).toMatch(/^operands: .*it reaches past the 7 numbers of biases/m);
  });
  test("the table of a convolution that reaches past what there is, or leaves a position out", () => {
    const image = g.input("image", [3, 3, 4]);
    const weights = g.parameter("weights", [4, 2, 2, 4]);
    const out = convolution(image, weights);
    const [dw] = vjp([g.sumRows(g.sum(g.sin(out)))], [one], [weights]);
    const program = { rows: { out }, sums: { dw: dw! } };
    /** Faults with a number added at some places of the table of a kernel. */
    const faultsWith = (kind: string, places: number | readonly number[], added: number): string =>
      changed(
        () => program,
        (plan) => {
          const [call] = [...callsOf(plan.tile)].filter((item) => kindOf(plan, item) === kind);
          const argument = call?.arguments.find((operand) => operand.kind === "table");
          if (argument?.kind !== "table") throw new Error(`no table of a ${kind}`);
          for (const place of [places].flat()) plan.tables[argument.table]!.data[place]! += added;
          return {};
        },
      ).join("\n");
    // Of the first run the weights, the line of x, the line of y, and how many.
    expect(faultsWith("connected", 0, 57)).toMatch(/^operands: connected .*past the 64 numbers of weights/m);
    expect(faultsWith("connected", 1, 29)).toMatch(/^operands: connected .*past the 36 numbers of image/m);
    expect(faultsWith("connected", 2, 16)).toMatch(/^operands: connected .*past the 16 numbers of /m);
    expect(faultsWith("connected", 3, 200)).toMatch(/^operands: connected .*past the 36 numbers of image/m);
    // Both runs of the first position go to the second.
    expect(faultsWith("connected", [2, 6], 4)).toMatch(/^reads: .*it reads of connected what is not there/m);
    expect(faultsWith("sumConnected", 0, 13)).toMatch(/^operands: sumConnected .*past the 16 numbers of /m);
    expect(faultsWith("sumConnected", 1, 44)).toMatch(/^operands: sumConnected .*past the 48 numbers of /m);
    expect(faultsWith("sumConnected", 2, 9)).toMatch(
      /^operands: sumConnected .*past the 64 numbers of a sum/m,
    );
  });
  test("levels that are one, each call apart, or empty", () => {
    const twice = (levels: readonly (readonly SharedCall[])[]): SharedCall[][] => [levels.flat()];
    const apart = (levels: readonly (readonly SharedCall[])[]): SharedCall[][] =>
      levels.flat().map((call) => [call]);
    const phase = (change: (levels: Plan["prologue"]) => Plan["prologue"]): string =>
      changed(scanned, ({ prologue }) => ({ prologue: change(prologue) })).join("\n");
    expect(phase(twice)).toMatch(/^levels: level 0 of the prologue: ".*" and ".*" touch the same numbers/m);
    expect(phase(apart)).toMatch(/^levels: level \d of the prologue needs nothing of the one before/m);
    expect(phase((levels) => [[], ...levels])).toMatch(/^levels: level 0 of the prologue is empty/m);
  });
});
