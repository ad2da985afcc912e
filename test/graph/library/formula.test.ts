import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { referenceEngine } from "../../../src/engines/reference/engine.ts";
import { ShapeError, UsageError } from "../../../src/errors.ts";
import type { Expr } from "../../../src/graph/expr.ts";
import { type FormulaScope, formula, formulaFunctions } from "../../../src/graph/library/formula.ts";
import * as g from "../../../src/graph/ops.ts";

/** The value of an expression of x, y and a vector v of three, at one row. */
async function valueAt(value: Expr, x: number, y: number, v: readonly number[] = [1, 2, 3]): Promise<number> {
  const program = await referenceEngine.compile({
    rows: {
      value: g.add(
        value,
        g.mul(0, g.add(g.add(g.input("x", []), g.input("y", [])), g.sum(g.input("v", [3])))),
      ),
    },
  });
  try {
    const inputs = { x: Float64Array.of(x), y: Float64Array.of(y), v: Float64Array.from(v) };
    const { rows } = await program.run({ rows: 1, inputs });
    return rows.value![0]!;
  } finally {
    program.dispose();
  }
}

const scope = (): FormulaScope => ({
  x: g.input("x", []),
  y: g.input("y", []),
  v: g.input("v", [3]),
  two: 2,
  list: [4, 5, 6],
});
const at = (text: string, x = 0.7, y = -1.3): Promise<number> => valueAt(formula(text, scope()), x, y);

describe("a formula means what mathematics means", () => {
  const [x, y] = [0.7, -1.3];
  const cases: readonly (readonly [string, number])[] = [
    ["1 + 2 * 3", 7],
    ["-x^2", -(x ** 2)],
    ["(-x)^2", x ** 2],
    ["2^-x^2", 2 ** -(x ** 2)],
    ["2^3^2", 512],
    ["-2^2", -4],
    ["x^-2", x ** -2],
    ["x - y - 1", x - y - 1],
    ["8 / 4 / 2", 1],
    ["x*-y", x * -y],
    ["+x", x],
    ["- -x", x],
    ["y^3", y ** 3],
    ["x < y ? 1 : x > y ? 2 : 3", 2],
    ["(x <= x) + (x >= 1)", 1],
    ["exp(-x^2 / 2) / sqrt(2 * pi)", Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)],
    ["max(x, y, two) + min(x, y)", 2 + y],
    ["v[0] + 10 * v[2]", 31],
    ["sum(v * list)", 32],
    ["dot(v, v)", 14],
    ["log(e^2)", 2],
    ["1e-3*1.5E2", 0.15],
    ["\n\tx\n", x],
  ];
  test.each(cases)("%s", async (text, expected) => {
    expect(await at(text)).toBeCloseTo(expected, 14);
  });

  test("a name of the scope wins over a constant", async () => {
    expect(await valueAt(formula("e + pi", { e: 1, pi: 2 }), 0, 0)).toBe(3);
  });

  test("random sums, products and powers are those of JavaScript", async () => {
    const leaf = fc.constantFrom("x", "y", "2", "0.5", "3");
    const tree = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc
          .tuple(tie("node"), fc.constantFrom("+", "-", "*", "/"), tie("node"))
          .map((parts) => parts.join(" ")),
        tie("node").map((inner) => `(${inner})`),
        tie("node").map((inner) => `(-(${inner}))`),
        tie("node").map((inner) => `(${inner})^2`),
      ),
    })).node;
    await fc.assert(
      fc.asyncProperty(tree, async (text) => {
        const expected = new Function("x", "y", `return ${text.replaceAll("^", "**")}`)(x, y);
        const got = await at(text);
        if (Number.isFinite(expected))
          expect(Math.abs(got - expected)).toBeLessThan(1e-9 * (1 + Math.abs(expected)));
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe("a formula that cannot be read says where", () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ["x + ", 5, /an expression is missing after \+\.$/],
    ["x + * y", 5, /./],
    ["(x + y", 7, /parenthesis/],
    ["x + zz", 5, /no "zz"/],
    ["x + twoo", 5, /did you mean "two"/],
    ["1 + expp(x)", 5, /no function "expp"; did you mean "exp"\?$/],
    ["two(x)", 1, /product is written a \* b/],
    ["x y", 3, /operator/],
    ["2x", 2, /./],
    ["x ** y", 4, /missing after \*; a power is written a\^b\.$/],
    ["Math.log(x)", 1, /functions have plain names/],
    ["exp(x, y)", 1, /takes 1 operand, got 2/],
    ["min(x)", 1, /takes 2 or more operands, got 1/],
    ["exp + x", 1, /needs its operands/],
    ["v[3]", 1, /from 0 to 2/],
    ["x[0]", 1, /vector/],
    ["v[x]", 1, /from 0 to 2/],
    ["v.length", 1, /point/],
    ["x + 'a'", 5, /quotes/],
    ["x = 3", 3, /./],
    ["constructor", 1, /no "constructor"/],
    ["toString(x)", 1, /no function/],
    ["", 1, /empty/],
  ];
  test.each(cases)("%s", (text, column, message) => {
    expect(() => formula(text, scope())).toThrow(UsageError);
    expect(() => formula(text, scope())).toThrow(message);
    expect(() => formula(text, scope())).toThrow(`column ${column}:`);
  });

  test("shapes that do not fit", () => {
    expect(() => formula("x + (v + list2)", { ...scope(), list2: [1, 2] })).toThrow(ShapeError);
    expect(() => formula("x + (v + list2)", { ...scope(), list2: [1, 2] })).toThrow(/column 5: add: shapes/);
  });

  test.each([null, undefined, 5, {}])("a text that is %s", (text) => {
    expect(() => formula(text as unknown as string, {})).toThrow(UsageError);
  });

  test("where the fault is, when two copies of the library are in one process", async () => {
    expect(() => formula("-(x - m)^2", scope())).toThrow(
      /^formula "-\(x - m\)\^2", column 7: there is no "m"/,
    );
    vi.resetModules();
    const copy = await import("../../../src/graph/library/formula.ts");
    expect(() => copy.formula("-(x - m)^2", scope())).toThrow(/column 7: there is no "m"/);
  });

  test("a text that is too long or too deep ends in an error of ours", () => {
    expect(() => formula("(".repeat(9000), {})).toThrow(UsageError);
    expect(() => formula("1+".repeat(9000), {})).toThrow(UsageError);
  });
});

test("each function can be called", () => {
  for (const name of formulaFunctions) {
    const makes = ["x", "v", "x, y", "x, y, 1"].some((operands) => {
      try {
        formula(`${name}(${operands})`, scope());
        return true;
      } catch {
        return false;
      }
    });
    expect(makes, name).toBe(true);
  }
});
