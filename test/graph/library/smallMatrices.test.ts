import { describe, expect, test } from "vitest";
import { compileProgram } from "../../../src/engines/wasm/compileAtOnce.ts";
import { jvp, vjp } from "../../../src/graph/derivative/derivative.ts";
import { type Expr, sizeOf } from "../../../src/graph/expr.ts";
import { prepareProgram } from "../../../src/graph/program.ts";
import * as g from "../../../src/graph/publicOps.ts";
import { substitute } from "../../../src/graph/rebuild.ts";
import { agree, runOn } from "../../engines/agree.ts";
import { engines } from "../../engines.ts";

const numbers = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(seed + 1.7 * i + 0.3 * i * i)));

/** Product of `[n, k]` and `[k, m]`, by its definition. */
function multiply(a: ArrayLike<number>, b: ArrayLike<number>, n: number, k: number, m: number): number[] {
  return Array.from({ length: n * m }, (_, i) => {
    let total = 0;
    for (let l = 0; l < k; l++) total += a[Math.floor(i / m) * k + l]! * b[l * m + (i % m)]!;
    return total;
  });
}
const turned = (a: ArrayLike<number>, n: number, m: number): number[] =>
  Array.from({ length: n * m }, (_, i) => a[(i % n) * m + Math.floor(i / n)]!);
/** Positive definite: B B^T + n. */
function definite(n: number, seed: number): number[] {
  const b = numbers(n * n, seed);
  return multiply(b, turned(b, n, n), n, n, n).map((value, i) => Math.fround(value + (i % (n + 1) ? 0 : n)));
}
/** A triangle with a diagonal of 1 to 2, and in the other half what nobody may read. */
function triangle(n: number, lower: boolean, seed: number): number[] {
  return numbers(n * n, seed).map((value, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    if (row === column) return Math.fround(1 + value * value);
    return lower === column < row ? Math.fround(value / 2) : Number.NaN;
  });
}
const cleaned = (a: readonly number[]): number[] => a.map((value) => (Number.isNaN(value) ? 0 : value));
const expectClose = (actual: ArrayLike<number>, expected: readonly number[], digits = 11): void => {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(actual[i], `${i}`).toBeCloseTo(value, digits));
};

describe("matrixProduct", () => {
  test.each([
    ["of each row", 2, 3, 4],
    ["of one number", 1, 1, 1],
    ["of more than one program", 9, 8, 10],
    ["of 16", 16, 16, 16],
  ])("%s: is what a loop gives, whichever of the two is shared", async (_, n, k, m) => {
    const left = { row: g.input("a", [n, k]), shared: g.parameter("sa", [n, k]) };
    const right = { row: g.input("b", [k, m]), shared: g.parameter("sb", [k, m]) };
    const [a, b] = [numbers(2 * n * k, 1), numbers(2 * k * m, 2)];
    const [sa, sb] = [numbers(n * k, 3), numbers(k * m, 4)];
    const { rows } = await agree(
      {
        rows: {
          both: g.matrixProduct(left.row, right.row),
          first: g.matrixProduct(left.row, right.shared),
          second: g.matrixProduct(left.shared, right.row),
        },
      },
      { rows: 2, inputs: { a, b }, parameters: { sa, sb } },
    );
    const at = (list: number[], row: number): number[] =>
      list.slice((row * list.length) / 2, ((row + 1) * list.length) / 2);
    const rowsOf = (product: (row: number) => number[]): number[] => [0, 1].flatMap(product);
    expectClose(
      rows.both!,
      rowsOf((row) => multiply(at(a, row), at(b, row), n, k, m)),
    );
    expectClose(
      rows.first!,
      rowsOf((row) => multiply(at(a, row), sb, n, k, m)),
    );
    expectClose(
      rows.second!,
      rowsOf((row) => multiply(sa, at(b, row), n, k, m)),
    );
  });

  test("takes a vector, of each row or shared", async () => {
    const a = g.input("a", [3, 4]);
    const given = {
      rows: 1,
      inputs: { a: numbers(12, 1), b: numbers(4, 2) },
      parameters: { p: numbers(4, 3) },
    };
    const { rows } = await agree(
      {
        rows: {
          row: g.matrixProduct(a, g.input("b", [4])),
          shared: g.matrixProduct(a, g.parameter("p", [4])),
          turned: g.matrixProduct(g.constant(numbers(8, 4), [2, 4]), g.input("b", [4])),
        },
      },
      given,
    );
    expectClose(rows.row!, multiply(given.inputs.a, given.inputs.b, 3, 4, 1));
    expectClose(rows.shared!, multiply(given.inputs.a, given.parameters.p, 3, 4, 1));
    expectClose(rows.turned!, multiply(numbers(8, 4), given.inputs.b, 2, 4, 1));
  });
});

describe("solveTriangular", () => {
  const kinds = [true, false].flatMap((lower) => [true, false].map((transposed) => ({ lower, transposed })));
  test.each([
    { n: 4, m: 3 },
    { n: 10, m: 10 },
  ])("$n rows, $m columns: solves the equation, and reads one triangle", async ({ n, m }) => {
    const expected: Record<string, number[]> = {};
    const outputs: Record<string, Expr> = {};
    const inputs: Record<string, number[]> = { b: numbers(n * m, 2), v: numbers(n, 5) };
    const [b, v] = [g.input("b", [n, m]), g.input("v", [n])];
    for (const { lower, transposed } of kinds) {
      const name = `${lower}${transposed}`;
      const a = g.input(name, [n, n]);
      inputs[name] = triangle(n, lower, 1);
      const clean = cleaned(inputs[name]);
      const matrix = g.constant(transposed ? turned(clean, n, n) : clean, [n, n]);
      for (const [key, right, data] of [
        ["b", b, inputs.b!],
        ["v", v, inputs.v!],
        ["s", g.constant(inputs.b!, [n, m]), inputs.b!],
      ] as const) {
        // What solves it gives the right side again.
        outputs[key + name] = g.matrixProduct(matrix, g.solveTriangular(a, right, { lower, transposed }));
        expected[key + name] = data;
      }
      // A shared matrix and the columns of each row.
      const shared = g.constant(inputs[name], [n, n]);
      outputs[`f${name}`] = g.matrixProduct(matrix, g.solveTriangular(shared, b, { lower, transposed }));
      expected[`f${name}`] = inputs.b!;
    }
    const { rows } = await agree({ rows: outputs }, { rows: 1, inputs, roundings: 3000 });
    for (const [name, data] of Object.entries(expected)) expectClose(rows[name]!, data, 10);
  });
});

describe("cholesky", () => {
  test.each([1, 3, 16])("of %i rows: L L^T is the matrix, of which the lower triangle is read", async (n) => {
    const data = definite(n, 1);
    const half = data.map((value, i) => (i % n > i / n ? Number.NaN : value));
    const factor = g.cholesky(g.input("a", [n, n]));
    const shared = g.cholesky(g.constant(half, [n, n]));
    const { rows } = await agree(
      { rows: { factor, shared: g.mul(g.rowMark(), shared) } },
      { rows: 1, inputs: { a: half } },
    );
    const found = Array.from(rows.factor!);
    expectClose(multiply(found, turned(found, n, n), n, n, n), data, 12);
    found.forEach((value, i) => {
      if (i % n > i / n) expect(value).toBe(0);
      if (i % (n + 1) === 0) expect(value).toBeGreaterThan(0);
    });
    expectClose(rows.shared!, found, 14);
  });

  test("what is not positive definite is NaN, in its row alone, with its determinant and its gradient", async () => {
    const a = g.input("a", [2, 2]);
    const factor = g.cholesky(a);
    const logDet = g.logAbsDeterminant(a, { known: "definite" });
    const [slope] = vjp([logDet], [g.constant(1)], [a]);
    const matrices = [
      [4, 0, 2, 5],
      [-1, 0, 0, 1],
      [1, 0, 2, 4],
      [1, 0, 2, 3],
      [0, 0, 0, 1],
      [0, 0, 1, 1],
      [1, 0, 0, 0],
      [Number.NaN, 0, 0, 1],
      [9, 0, 3, 2],
    ];
    const { rows } = await agree(
      { rows: { factor, logDet, slope: slope! } },
      { rows: matrices.length, inputs: { a: matrices.flat() } },
    );
    const isGood = [true, false, false, false, false, false, false, false, true];
    isGood.forEach((good, row) => {
      const triangular = [0, 2, 3].map((i) => rows.factor![4 * row + i]!);
      expect(triangular.map(Number.isNaN), `row ${row}`).toEqual([!good, !good, !good]);
      expect(rows.factor![4 * row + 1]).toBe(0);
      expect(Number.isNaN(rows.logDet![row])).toBe(!good);
      const slopes = Array.from(rows.slope!.slice(4 * row, 4 * row + 4));
      expect(slopes.every(Number.isFinite), `row ${row}: ${slopes}`).toBe(good);
    });
    expectClose(rows.factor!.slice(0, 4), [2, 0, 1, 2]);
    expect(rows.logDet![8]).toBeCloseTo(Math.log(9), 14);
  });

  test("scales of 2^-40 to 2^40 change no digit", async () => {
    const n = 6;
    const scales = [-20, 13, 20, 0, -7, 9];
    const a = definite(n, 4);
    const scaled = a.map((value, i) => value * 2 ** (scales[Math.floor(i / n)]! + scales[i % n]!));
    for (const engine of engines) {
      const [result] = await runOn(
        engine,
        { rows: { factor: g.cholesky(g.input("a", [n, n])) } },
        { rows: 2, inputs: { a: [...a, ...scaled] } },
      );
      const [plain, moved] = [result!.rows.factor!.slice(0, n * n), result!.rows.factor!.slice(n * n)];
      expect(Array.from(moved, (value, i) => value / 2 ** scales[Math.floor(i / n)]!)).toEqual(
        Array.from(plain),
      );
    }
  });

  test("a matrix that is nearly singular has a factor whose product is as near as rounding allows", async () => {
    // Hilbert's, of condition 1.5e10, with 2^-20 of its diagonal more where the engine cannot tell it from a singular one.
    const n = 8;
    for (const engine of engines) {
      const more = engine.epsilon > 1e-10 ? 2 ** -20 : 0;
      const hilbert = Array.from({ length: n * n }, (_, i) =>
        Math.fround(1 / (Math.floor(i / n) + (i % n) + 1) + (i % (n + 1) ? 0 : more)),
      );
      // In double precision the matrix is not rounded to single, or it would not be definite.
      const exact = Array.from({ length: n * n }, (_, i) => 1 / (Math.floor(i / n) + (i % n) + 1));
      const a = more ? g.input("a", [n, n]) : g.add(g.mul(0, g.rowMark()), g.constant(exact, [n, n]));
      const [result] = await runOn(
        engine,
        { rows: { factor: g.cholesky(a) } },
        { rows: 1, inputs: { a: hilbert } },
      );
      const factor = result!.rows.factor!;
      const product = multiply(factor, turned(factor, n, n), n, n, n);
      product.forEach((value, i) =>
        expect(Math.abs(value - (more ? hilbert : exact)[i]!)).toBeLessThan((n + 1) * engine.epsilon),
      );
    }
  });
});

describe("logAbsDeterminant", () => {
  test.each([1, 2, 9])("of %i rows: is that of the factors that a matrix is made of", async (n) => {
    const [lower, upper] = [cleaned(triangle(n, true, 1)), cleaned(triangle(n, false, 2))];
    lower.forEach((_, i) => {
      if (i % (n + 1) === 0) lower[i] = 1;
    });
    const product = multiply(lower, upper, n, n, n);
    // Its rows the other way round, and the diagonal of one sign or the other.
    const matrix = Array.from(product, (_, i) =>
      Math.fround(product[(n - 1 - Math.floor(i / n)) * n + (i % n)]!),
    );
    const diagonal = (a: readonly number[]): number =>
      a.reduce((total, value, i) => total + (i % (n + 1) ? 0 : Math.log(Math.abs(value))), 0);
    const { rows } = await agree(
      {
        rows: {
          any: g.logAbsDeterminant(g.input("a", [n, n])),
          triangle: g.logAbsDeterminant(g.input("t", [n, n]), { known: "triangular" }),
          definite: g.logAbsDeterminant(g.input("d", [n, n]), { known: "definite" }),
          same: g.logAbsDeterminant(g.input("d", [n, n])),
        },
      },
      { rows: 1, inputs: { a: matrix, t: triangle(n, false, 2), d: definite(n, 3) }, roundings: 3000 },
    );
    expect(rows.any![0]).toBeCloseTo(diagonal(upper), 4);
    expect(rows.triangle![0]).toBeCloseTo(diagonal(upper), 13);
    expect(rows.definite![0]).toBeCloseTo(rows.same![0]!, 12);
  });

  test("finds a pivot where the diagonal has none, among equals, and none in a singular matrix", async () => {
    const matrices = [
      [0, 1, 0, 0, 0, 1, 1, 0, 0],
      [1, 1, 1, 1, -1, 1, -1, 1, 1],
      [1, 2, 4, 3, 6, 12, 8, 1, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0],
      [0, 2, 3, 0, 4, 5, 0, 6, 8],
      [1e-20, 1, 0, 1, 1, 0, 0, 0, 1e20],
    ];
    const { rows } = await agree(
      { rows: { out: g.logAbsDeterminant(g.input("a", [3, 3])) } },
      { rows: matrices.length, inputs: { a: matrices.flat() } },
    );
    expectClose(rows.out!.slice(0, 2), [0, Math.log(4)]);
    expect(Array.from(rows.out!.slice(2, 5))).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(rows.out![5]).toBeCloseTo(Math.log(1e20), 6);
  });

  test("its gradient is the inverse, transposed", async () => {
    const n = 5;
    const a = g.input("a", [n, n]);
    const [slope] = vjp([g.logAbsDeterminant(a)], [g.constant(1)], [a]);
    const [half] = vjp([g.logAbsDeterminant(a, { known: "definite" })], [g.constant(1)], [a]);
    const { rows } = await agree(
      { rows: { identity: g.matrixProduct(a, g.transpose(slope!)), slope: slope!, half: half! } },
      { rows: 1, inputs: { a: definite(n, 2) } },
    );
    expectClose(
      rows.identity!,
      Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1)),
    );
    // The lower triangle stands for both.
    rows.half!.forEach((value, i) => {
      const share = i % n > i / n ? 0 : i % (n + 1) ? 2 : 1;
      expect(value).toBeCloseTo(share * rows.slope![i]!, 12);
    });
  });
});

/** A loss through all of them, of matrices of each row. */
function density(n: number): { out: Expr; a: Expr; x: Expr; w: Expr } {
  const [a, x, w] = [g.input("a", [n, n]), g.input("x", [n]), g.parameter("w", [n, n])];
  const covariance = g.add(g.matrixProduct(a, g.transpose(a)), g.constant(eye(n), [n, n]));
  const factor = g.cholesky(covariance);
  const z = g.solveTriangular(factor, x, { lower: true });
  const inner = g.solveTriangular(factor, g.matrixProduct(a, w), { lower: true, transposed: true });
  const out = g.total(
    g.mul(-0.5, g.sum(g.square(z))),
    g.neg(g.logAbsDeterminant(factor, { known: "triangular" })),
    g.mul(0.1, g.sum(g.tanh(inner))),
    g.mul(0.2, g.logAbsDeterminant(g.add(covariance, g.mul(0.3, w)))),
  );
  return { out, a, x, w };
}
const eye = (n: number): number[] => Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1));

test("derivatives are those of differences, forward and reverse, and of second order", async () => {
  const n = 3;
  const { out, a, x, w } = density(n);
  const leaves = [a, x, w];
  const directions = leaves.map(({ shape }, i) => g.constant(numbers(sizeOf(shape), 20 + i), shape));
  const gradients = vjp([out], [g.constant(1)], leaves);
  const [slope] = jvp([out], leaves, directions);
  const [da, dx, dw] = gradients.map((gradient, i) => g.sum(g.mul(gradient, directions[i]!))) as [
    Expr,
    Expr,
    Expr,
  ];
  const second = jvp(gradients, leaves, directions);
  const rows = { slope: slope!, ofRow: g.add(da, dx), second: second[0]! };
  const given = {
    rows: 1,
    inputs: { a: numbers(n * n, 1), x: numbers(n, 2) },
    parameters: { w: numbers(n * n, 3) },
    roundings: 3000,
  };
  const exact = await agree({ rows, sums: { dw, second: second[2]! } }, given);
  expect(exact.rows.ofRow![0]! + exact.sums.dw![0]!).toBeCloseTo(exact.rows.slope![0]!, 12);

  const step = 2 ** -17;
  const [up, down] = [1, -1].map((sign) =>
    substitute(
      [out, ...gradients],
      new Map(leaves.map((leaf, i) => [leaf, g.add(leaf, g.mul(sign * step, directions[i]!))])),
    ),
  );
  const [slopeByDifference, ofA, , ofW] = up!.map((value, i) => g.div(g.sub(value, down![i]!), 2 * step));
  const [differences] = await runOn(
    engines[0]!,
    { rows: { slope: slopeByDifference!, ofA: ofA! }, sums: { ofW: ofW! } },
    given,
  );
  expect(exact.rows.slope![0]).toBeCloseTo(differences!.rows.slope![0]!, 7);
  expectClose(exact.rows.second!, Array.from(differences!.rows.ofA!), 7);
  expectClose(exact.sums.second!, Array.from(differences!.sums.ofW!), 7);
});

test("engines agree on the gradient of 9 features, where programs are repeated", async () => {
  const { out, a, x, w } = density(9);
  const [da, dx, dw] = vjp([out], [g.constant(1)], [a, x, w]);
  await agree(
    { rows: { out, da: da!, dx: dx! }, sums: { dw: dw! } },
    { rows: 3, scale: 0.1, roundings: 3000 },
  );
});

test("in the body of a map they are written out", async () => {
  const x = g.input("x", [5, 3]);
  const [mapped] = g.mapFeatures([x], (slots) => {
    const [p, q, r] = slots as [Expr, Expr, Expr];
    const matrix = g.reshape(g.concatenate([g.exp(p), g.constant(0), q, g.add(9, g.square(r))]), [2, 2]);
    return [[g.logAbsDeterminant(matrix, { known: "definite" })]];
  });
  const { rows } = await agree({ rows: { mapped: mapped! } }, { rows: 1, inputs: { x: numbers(15, 1) } });
  const expected = Array.from({ length: 5 }, (_, i) => {
    const [p, q, r] = numbers(15, 1).slice(3 * i);
    return Math.log(Math.exp(p!) * (9 + r! * r!) - q! * q!);
  });
  expectClose(rows.mapped!, expected);
});

test("the code of the largest matrices stays within bounds", () => {
  const bytes = (outputs: Record<string, Expr>): number =>
    compileProgram(prepareProgram({ rows: outputs }), {
      threads: 1,
      sharedMemory: false,
      maximumPages: 64,
      rowLength: 64,
      vector: { precision: "float32", relaxed: false, wide: true },
    }).bytes.length;
  const [a, b] = [g.input("a", [16, 16]), g.input("b", [16, 16])];
  const factor = g.cholesky(a);
  expect(bytes({ factor, gradient: vjp([factor], [b], [a])[0]! })).toBeLessThan(200_000);
  expect(bytes({ product: g.matrixProduct(a, b) })).toBeLessThan(30_000);
  expect(bytes({ x: g.solveTriangular(a, b, { lower: true }) })).toBeLessThan(30_000);
  expect(bytes({ any: g.logAbsDeterminant(a) })).toBeLessThan(60_000);
});

test("what does not fit is refused by name", () => {
  const of = (...shape: number[]): Expr => g.input(`x${shape}`, shape);
  expect(() => g.cholesky(of(17, 17))).toThrow(/square, of at most 16 rows, got \[17, 17\]/);
  expect(() => g.cholesky(of(3, 4))).toThrow(/square/);
  expect(() => g.cholesky(of(4))).toThrow(/square/);
  expect(() => g.logAbsDeterminant(of(3, 2))).toThrow(/square/);
  expect(() => g.logAbsDeterminant(of(3, 3), { known: "diagonal" as "definite" })).toThrow(/known/);
  expect(() => g.matrixProduct(of(3, 4), of(3, 4))).toThrow(/\[n, k\] and \[k, m\]/);
  expect(() => g.matrixProduct(of(3, 17), of(17, 3))).toThrow(/at most 16 rows and columns/);
  expect(() => g.matrixProduct(of(3), of(3))).toThrow(/\[n, k\]/);
  expect(() => g.solveTriangular(of(3, 3), of(4), { lower: true })).toThrow(/b must be \[3\], or \[3, m\]/);
  expect(() => g.solveTriangular(of(3, 3), of(3, 17), { lower: true })).toThrow(/at most 16/);
  expect(() => g.solveTriangular(of(3, 3), of(3), {} as { lower: boolean })).toThrow(/lower/);
});
