import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import type { Bijection } from "../../src/entries/bijections.ts";
import { luAffine, permutation, triangularAffine } from "../../src/entries/bijections.ts";
import { diagonalNormal, standardNormal } from "../../src/entries/distributions.ts";
import { ops as g } from "../../src/entries/graph.ts";
import { bindTree } from "../../src/graph/parameters.ts";

// Values of zuko 1.6.0 on PyTorch 2.8.0 in float64; test/golden/make.py made the files and says how.
const read = (name: string): never =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8")) as never;

interface Linear {
  readonly cases: readonly {
    readonly features: number;
    readonly lower: number[][];
    readonly unitUpper: number[][];
    readonly x: number[][];
    readonly y: number[][];
    readonly ladj: number[];
    readonly triangular: {
      matrix: number[][];
      shift: number[];
      x: number[][];
      y: number[][];
      ladj: number[];
      inverseOfX: number[][];
    };
  }[];
}

async function both(bijection: Bijection, values: Record<string, Float64Array>, x: number[][]) {
  const bound = bindTree(bijection.parameters);
  const input = g.input("x", [bijection.features]);
  const forward = bijection.forward(input, bound);
  const inverse = bijection.inverse(input, bound);
  const executable = await referenceEngine.compile({
    rows: { forward: forward.value, log: forward.logAbsDet, inverse: inverse.value },
  });
  await setKnownParameters(executable, values);
  return (await executable.run({ rows: x.length, inputs: { x: Float64Array.from(x.flat()) } })).rows;
}

function expectAll(actual: Float64Array, expected: readonly number[]): void {
  expected.forEach((value, i) =>
    expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-10 * (1 + Math.abs(value))),
  );
}

// Diagonals are positive here and of any sign there: with S the signs of the diagonal, M x = (M S) (S x).
const signsOf = (diagonal: readonly number[]): number[] => diagonal.map(Math.sign);
const flip = (rows: number[][], signs: readonly number[]): number[][] =>
  rows.map((row) => row.map((value, i) => value * signs[i]!));

describe("linear maps match zuko", () => {
  const { cases } = read("linear") as Linear;
  const diagonalOf = (matrix: number[][]): number[] => matrix.map((row, i) => row[i]!);

  test.each(cases.map((own) => [own.features, own] as const))(
    "triangular, %i features",
    async (n, { triangular }) => {
      const signs = signsOf(diagonalOf(triangular.matrix));
      const matrix = flip(triangular.matrix, signs);
      const values = {
        shift: Float64Array.from(triangular.shift),
        lower: Float64Array.from(matrix.flat()),
        logDiagonal: Float64Array.from(diagonalOf(matrix), Math.log),
      };
      const bijection = triangularAffine({ features: n });
      const forward = await both(bijection, values, flip(triangular.x, signs));
      expectAll(forward.forward!, triangular.y.flat());
      expectAll(
        Float64Array.from(triangular.ladj, () => forward.log![0]!),
        triangular.ladj,
      );
      const back = await both(bijection, values, triangular.x);
      expectAll(back.inverse!, flip(triangular.inverseOfX, signs).flat());
    },
  );

  test.each(cases.map((own) => [own.features, own] as const))("LU, %i features", async (n, own) => {
    // zuko keeps the diagonal D in L and a unit U; here it is the other way round: L U = (L D^-1) (D U).
    const diagonal = diagonalOf(own.lower);
    const signs = signsOf(diagonal);
    const at = (matrix: number[][], k: number): number => matrix[Math.floor(k / n)]![k % n]!;
    const values = {
      shift: new Float64Array(n),
      lower: Float64Array.from({ length: n * n }, (_, k) => at(own.lower, k) / diagonal[k % n]!),
      upper: Float64Array.from(
        { length: n * n },
        (_, k) => diagonal[Math.floor(k / n)]! * at(own.unitUpper, k) * signs[k % n]!,
      ),
      logDiagonal: Float64Array.from(diagonal, (value) => Math.log(Math.abs(value))),
    };
    const out = await both(luAffine({ features: n }), values, flip(own.x, signs));
    expectAll(out.forward!, own.y.flat());
    for (const value of own.ladj) expect(out.log![0]).toBeCloseTo(value, 10);
  });
});

describe("permutations match zuko", () => {
  const { cases } = read("permutation") as {
    cases: { order: number[]; x: number[][]; y: number[][]; inverseOfX: number[][] }[];
  };
  test.each(cases)("order $order", async ({ order, x, y, inverseOfX }) => {
    const out = await both(permutation(order), {}, x);
    expectAll(out.forward!, y.flat());
    expectAll(out.inverse!, inverseOfX.flat());
  });
});

describe("normal distributions match SciPy", () => {
  const golden = read("normal") as {
    x: number[][];
    standard: number[];
    diagonal: { mean: number[]; std: number[]; logProb: number[] };
  };
  const n = golden.x[0]!.length;
  const input = g.input("x", [n]);
  const inputs = { x: Float64Array.from(golden.x.flat()) };

  test("standard", async () => {
    const executable = await referenceEngine.compile({
      rows: { p: standardNormal({ features: n }).logProb(input, {}) },
    });
    expectAll((await executable.run({ rows: golden.x.length, inputs })).rows.p!, golden.standard);
  });

  test("diagonal", async () => {
    const base = diagonalNormal({ features: n });
    const executable = await referenceEngine.compile({
      rows: { p: base.logProb(input, bindTree(base.parameters)) },
    });
    await executable.setParameters({
      mean: Float64Array.from(golden.diagonal.mean),
      logScale: Float64Array.from(golden.diagonal.std, Math.log),
    });
    expectAll((await executable.run({ rows: golden.x.length, inputs })).rows.p!, golden.diagonal.logProb);
  });
});
