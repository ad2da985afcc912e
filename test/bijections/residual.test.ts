/** Residual maps: the bound of the contraction, log-determinants exact, cut off and estimated, and the inverse's promise. */

import { LuDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { type Bound, bindTree, flattenTree, leafOf, type Mapped } from "../../src/bijections/bijection.ts";
import { logMixedNorm, logSpectralNorm, spectralSlack } from "../../src/bijections/inducedNorm.ts";
import type { ContractionNorm } from "../../src/bijections/lipschitzNetwork.ts";
import { type Residual, type ResidualOptions, residual } from "../../src/bijections/residual.ts";
import {
  defaultRoulette,
  drawTerms,
  logDetByElimination,
  mostTerms,
  type Roulette,
  seriesError,
  seriesLogDet,
} from "../../src/bijections/residualLogDet.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { compileProgram } from "../../src/engines/wasm/compiler.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { UsageError } from "../../src/errors.ts";
import { initialValues } from "../../src/flows/parameters.ts";
import { jvp, vjp } from "../../src/graph/derivative.ts";
import type { Expr, ParameterExpr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { prepareProgram } from "../../src/graph/program.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { randomParameters, stream, type Values } from "../registry.ts";

const float64 = wasmEngine({ precision: "float64", threads: 1 });
const float32 = wasmEngine({ threads: 1 });

const normals = (count: number, seed: number): Float64Array => {
  const source = stream(seed, "residual test");
  return Float64Array.from({ length: count }, () => source.normal());
};
const matrixOf = (data: ArrayLike<number>, rows: number, columns: number): Matrix =>
  Matrix.from1DArray(rows, columns, Array.from(data));
const largestSingular = (matrix: Matrix): number =>
  Math.max(...new SingularValueDecomposition(matrix, { autoTranspose: true }).diagonal);

describe("bounds of norms", () => {
  const shapes: [number, number][] = [
    [1, 1],
    [1, 7],
    [9, 2],
    [16, 16],
    [40, 64],
  ];

  test.each(shapes)("the spectral norm of a %d by %d matrix, from above by at most 1 %%", async (m, n) => {
    const w = g.parameter("w", [m, n]);
    const program = { sums: { bound: g.exp(logSpectralNorm(w)) } };
    for (const engine of [referenceEngine, float32]) {
      const compiled = await engine.compile(program);
      // Random, orthogonal (all singular values equal), of rank one, tiny and large ones.
      const random = matrixOf(normals(m * n, m), m, n);
      const { leftSingularVectors: u, rightSingularVectors: v } = new SingularValueDecomposition(random, {
        autoTranspose: true,
      });
      const flat = u.mmul(v.transpose());
      const single = matrixOf(normals(m, 3), m, 1).mmul(matrixOf(normals(n, 4), 1, n));
      for (const [matrix, size] of [
        [random, 1],
        [flat, 1],
        [single, 1],
        [random, 1e-6],
        [random, 1e6],
      ] as const) {
        const scaled = Matrix.mul(matrix, size);
        await compiled.setParameters({ w: Float64Array.from(scaled.to1DArray()) });
        const { sums } = await compiled.run({ rows: 1, inputs: {} });
        const share = sums.bound![0]! / largestSingular(scaled);
        expect(share).toBeGreaterThan(1 - 2e-6);
        expect(share).toBeLessThan(1 + spectralSlack + 2e-6);
      }
      compiled.dispose();
    }
  });

  test("a norm from p to q is above what any vector shows, and closed forms are met", async () => {
    const [m, n] = [5, 4];
    const w = g.parameter("w", [m, n]);
    const [a, b] = [g.parameter("a", []), g.parameter("b", [])];
    const compiled = await referenceEngine.compile({ sums: { bound: g.exp(logMixedNorm(w, a, b)) } });
    const length = (x: ArrayLike<number>, inverse: number): number =>
      inverse === 0
        ? Math.max(...Array.from(x, Math.abs))
        : Array.from(x).reduce((sum, value) => sum + Math.abs(value) ** (1 / inverse), 0) ** inverse;
    const data = normals(m * n, 11);
    const matrix = matrixOf(data, m, n);
    const columns = Array.from({ length: n }, (_, j) => matrix.getColumn(j));
    const rows = Array.from({ length: m }, (_, i) => matrix.getRow(i));
    const closed: [number, number, number][] = [
      [1, 1, Math.max(...columns.map((x) => length(x, 1)))],
      [0, 0, Math.max(...rows.map((x) => length(x, 1)))],
      [1, 0, Math.max(...Array.from(data, Math.abs))],
      [0.5, 0.5, largestSingular(matrix)],
    ];
    const boundOf = async (inP: number, inQ: number): Promise<number> => {
      await compiled.setParameters({ w: data, a: Float64Array.of(inP), b: Float64Array.of(inQ) });
      return (await compiled.run({ rows: 1, inputs: {} })).sums.bound![0]!;
    };
    for (const [p, q, norm] of closed) {
      expect(await boundOf(p, q)).toBeGreaterThan(norm * (1 - 1e-9));
      expect(await boundOf(p, q)).toBeLessThan(norm * 1.0101);
    }
    for (const p of [0, 0.2, 0.5, 0.7, 1])
      for (const q of [0, 0.3, 0.5, 0.8, 1]) {
        const bound = await boundOf(p, q);
        let largest = 0;
        for (let k = 0; k < 400; k++) {
          // Signs and unit vectors are where norms with flat balls are attained.
          const x = Array.from(normals(n, 1000 + k), (value, i) =>
            k % 3 === 0 ? Math.sign(value) : k % 3 === 1 ? Number(i === k % n) : value,
          );
          const y = matrix.mmul(matrixOf(x, n, 1)).to1DArray();
          largest = Math.max(largest, length(y, q) / length(x, p));
        }
        expect(bound).toBeGreaterThan(largest * (1 - 1e-9));
      }
    compiled.dispose();
  });
});

test("a bound's derivatives are those of finite differences", async () => {
  const [m, n] = [4, 3];
  const w = g.parameter("w", [m, n]);
  const [a, b] = [g.parameter("a", []), g.parameter("b", [])];
  const at: Values = { w: normals(m * n, 21), a: Float64Array.of(0.7), b: Float64Array.of(0.4) };
  for (const [value, leaves] of [
    [logSpectralNorm(w), [w]],
    [logMixedNorm(w, a, b), [w, a, b]],
    [logMixedNorm(w, b, a), [w, a, b]],
  ] as const) {
    const gradients = vjp([value], [g.constant(1)], leaves);
    const sums = { value, ...Object.fromEntries(gradients.map((own, i) => [leaves[i]!.name, own])) };
    const compiled = await referenceEngine.compile({ sums });
    const valueAt = async (values: Values): Promise<Readonly<Values>> => {
      await compiled.setParameters(values);
      return (await compiled.run({ rows: 1, inputs: {} })).sums;
    };
    const { value: _, ...own } = await valueAt(at);
    for (const [name, gradient] of Object.entries(own))
      for (let i = 0; i < gradient.length; i++) {
        const moved = (by: number): Values => ({
          ...at,
          [name]: at[name]!.map((x, k) => (k === i ? x + by : x)),
        });
        const step = 1e-5;
        const [up, down] = [await valueAt(moved(step)), await valueAt(moved(-step))];
        expect(gradient[i]).toBeCloseTo((up.value![0]! - down.value![0]!) / (2 * step), 7);
      }
    compiled.dispose();
  }
});

/** The trained leaves of a map, and their values at the start. */
function partsOf(options: ResidualOptions) {
  const map = residual(options);
  const bound = bindTree(map.parameters);
  const names = Array.from(flattenTree(map.parameters).keys()).filter((name) => !name.includes("."));
  const leaves = names.map((name) => leafOf(bound, name) as ParameterExpr);
  return { map, bound, names, leaves };
}

describe("the bound holds after every step", () => {
  const lipschitz = 0.97;
  const hidden = [24, 12];
  const norms: ContractionNorm[] = ["spectral", "one", "infinity", "learned"];

  test.each(norms)("%s: of an optimizer whose steps are far too large", async (norm) => {
    const features = 5;
    const { map, bound, leaves } = partsOf({ features, hidden, lipschitz, norm });
    const y = g.input("y", [features]);
    const { value, logAbsDet } = map.inverse(y, bound);
    const loss = g.sub(g.mul(0.5, g.sum(g.square(value))), logAbsDet);
    const total = g.sumRows(g.mul(g.rowMark(), loss));
    const gradients = vjp([total], [g.constant(1)], leaves);
    const rate = g.stepInput("rate");
    // Steps by the sign of the gradient: their length is the rate, whatever the gradient.
    const updates = leaves.map((parameter, i) => ({
      parameter,
      value: g.sub(parameter, g.mul(rate, g.sign(gradients[i]!))),
    }));
    const matrices = map.weights(bound);
    const sums = { total, ...Object.fromEntries(matrices.map((w, i) => [`w${i}`, w])) };
    const training = await float32.compile({ sums, updates });
    await training.setParameters(initialValues(map.parameters, randomKey(1)));
    const rows = 32;
    await training.load({ rows, inputs: { y: normals(rows * features, 5) } });
    let largest = 0;
    for (let step = 0; step < 36; step++) {
      const outputs = await training.step({
        indices: Uint32Array.from({ length: rows }, (_, i) => i),
        counts: [rows],
        stepInputs: { rate: Float64Array.of([0.03, 0.3, 30, 3000][step % 4]!) },
      });
      expect(Number.isFinite(outputs.total![0]!)).toBe(true);
      const w = matrices.map((own, i) => matrixOf(outputs[`w${i}`]!, own.shape[0]!, own.shape[1]!));
      const product = w.reduce((size, matrix) => size * normOf(matrix, norm), 1);
      expect(product).toBeLessThan(lipschitz * (1 + 1e-5));
      largest = Math.max(largest, product);
      // Whatever the norm: the composed map contracts in it, so that its spectral radius is below 1.
      const through = w.reduce((all, matrix) => matrix.mmul(all), Matrix.eye(features));
      expect(spectralRadius(through)).toBeLessThan(lipschitz * (1 + 1e-5));
    }
    // And it is reached, by all but the slack of three layers.
    if (norm !== "learned") expect(largest).toBeGreaterThan(lipschitz * 0.96);
    training.dispose();
  });
});

describe("g moves no two points apart by more than its constant allows", () => {
  const lipschitz = 0.9;
  const length = (x: readonly number[], p: number): number =>
    p > 100
      ? Math.max(...x.map(Math.abs))
      : x.reduce((sum, value) => sum + Math.abs(value) ** p, 0) ** (1 / p);

  /** The largest |g(x) - g(y)| / |x - y| of pairs near and far, in a p-norm. */
  async function stretch(options: ResidualOptions, own: Values, p: number): Promise<number> {
    const { map, bound } = partsOf(options);
    const { features } = options;
    const y = g.input("y", [features]);
    const compiled = await float64.compile({ rows: { value: g.sub(map.inverse(y, bound).value, y) } });
    await compiled.setParameters({ ...initialValues(map.parameters, randomKey(1)), ...own });
    const pairs = 6000;
    const [at, along] = [normals(pairs * features, 31), normals(pairs * features, 32)];
    const point = (pair: number, i: number): number => 2 * at[pair * features + i]! * (pair % 5);
    const step = (pair: number, i: number): number => {
      const own = along[pair * features + i]!;
      // Signs and single elements too, where norms with flat balls are attained.
      const shape = pair % 3 === 0 ? own : pair % 3 === 1 ? Math.sign(own) : Number(pair % features === i);
      return shape * 10 ** -(pair % 7);
    };
    const both = (which: number): Float64Array =>
      Float64Array.from({ length: pairs * features }, (_, k) => {
        const [pair, i] = [Math.floor(k / features), k % features];
        return point(pair, i) + which * step(pair, i);
      });
    const run = async (x: Float64Array): Promise<Float64Array> =>
      (await compiled.run({ rows: pairs, inputs: { y: x } })).rows.value!;
    const [first, second] = [await run(both(0)), await run(both(1))];
    compiled.dispose();
    let most = 0;
    for (let pair = 0; pair < pairs; pair++) {
      const range = Array.from({ length: features }, (_, i) => pair * features + i);
      const moved = length(
        range.map((k) => first[k]! - second[k]!),
        p,
      );
      most = Math.max(
        most,
        moved /
          length(
            range.map((_, i) => step(pair, i)),
            p,
          ),
      );
    }
    return most;
  }

  // One unit whose slope is the activation's, with the whole of the constant on it.
  test.each(["lipswish", "elu", "tanh"] as const)(
    "%s has slopes of at most 1, and reaches it",
    async (activation) => {
      const options: ResidualOptions = { features: 1, hidden: [1], lipschitz, activation };
      for (const beta of activation === "lipswish" ? [-3, 0.5, 6] : [0]) {
        const most = await stretch(
          options,
          {
            weight0: Float64Array.of(50),
            weight1: Float64Array.of(50),
            bias0: Float64Array.of(0),
            ...(activation === "lipswish" ? { beta0: Float64Array.of(beta) } : {}),
          },
          2,
        );
        expect(most).toBeLessThan(lipschitz * (1 + 1e-6));
        // A gentle lipswish bends beyond the points that are tried.
        if (beta >= 0) expect(most).toBeGreaterThan(lipschitz * 0.98);
      }
    },
  );

  test.each([
    ["spectral", 2],
    ["one", 1],
    ["infinity", 1000],
  ] as const)("in the norm that was asked for: %s", async (norm, p) => {
    const options: ResidualOptions = { features: 3, hidden: [6, 5], lipschitz, norm };
    const large = randomParameters(partsOf(options).map, 3, 30);
    expect(await stretch(options, large, p)).toBeLessThan(lipschitz * (1 + 1e-6));
  });

  test.each([
    [-9, 9],
    [9, -9],
    [0.4, -1],
    [-2, 0.3],
  ])("in the learned norm of the ends, 1/p the sigmoid of %d, of %d within", async (end, within) => {
    // Matrices of equal elements attain most norms.
    const options: ResidualOptions = {
      features: 2,
      hidden: [6],
      lipschitz,
      norm: "learned",
      activation: "tanh",
    };
    const order = Float64Array.of(end, within);
    const p = 1 + Math.exp(-end);
    const equal: Values = {
      order,
      weight0: new Float64Array(12).fill(3),
      weight1: new Float64Array(12).fill(3),
      bias0: new Float64Array(6),
    };
    const most = await stretch(options, equal, p);
    expect(most).toBeLessThan(lipschitz * (1 + 1e-6));
    expect(most).toBeGreaterThan(lipschitz * 0.1);
    const random = { ...randomParameters(partsOf(options).map, 3, 30), order };
    expect(await stretch(options, random, p)).toBeLessThan(lipschitz * (1 + 1e-6));
  });
});

/** The norm that a network is bounded in; 0 for learned ones, which have no closed form. */
function normOf(matrix: Matrix, norm: ContractionNorm): number {
  const sum = (values: number[]): number => values.reduce((total, value) => total + Math.abs(value), 0);
  if (norm === "spectral") return largestSingular(matrix);
  if (norm === "one") return Math.max(...matrix.transpose().to2DArray().map(sum));
  if (norm === "infinity") return Math.max(...matrix.to2DArray().map(sum));
  return 0;
}

/** Largest modulus of an eigenvalue, from a high power: within a thousandth from above. */
function spectralRadius(matrix: Matrix): number {
  let power = matrix;
  let log = 0;
  for (let k = 0; k < 12; k++) {
    const size = Math.max(1e-300, power.norm("frobenius"));
    log += Math.log(size) / 2 ** k;
    power = Matrix.div(power, size);
    power = power.mmul(power);
  }
  return Math.exp(log) / matrix.rows ** (1 / 2 ** 11);
}

describe("log-determinants", () => {
  const features = 4;
  const options: ResidualOptions = { features, hidden: [16], lipschitz: 0.8 };
  const { map, bound, names, leaves } = partsOf(options);
  const values: Values = { ...randomParameters(map, 3, 1), beta0: Float64Array.of(1.5) };
  const rows = 6;
  const x = normals(rows * features, 8);

  /** For each row the dense Jacobian of g. */
  async function jacobians(): Promise<Matrix[]> {
    const y = g.input("y", [features]);
    const image = g.sub(map.inverse(y, bound).value, y);
    const columns = Array.from({ length: features }, (_, k) => {
      const along = g.constant(Float64Array.from({ length: features }, (_, i) => Number(i === k)));
      return jvp([image], [y], [along])[0]!;
    });
    const compiled = await referenceEngine.compile({ rows: { columns: g.concatenate(columns) } });
    await compiled.setParameters(values);
    const outputs = await compiled.run({ rows, inputs: { y: x } });
    const size = features * features;
    return Array.from({ length: rows }, (_, row) =>
      matrixOf(outputs.rows.columns!.subarray(row * size, (row + 1) * size), features, features).transpose(),
    );
  }
  const exactOf = (j: Matrix): number =>
    Math.log(new LuDecomposition(Matrix.add(Matrix.eye(features), j)).determinant);

  test.each([1, 2, 5, 12, 13, 20])("elimination of %d rows gives the determinant", async (n) => {
    const m = g.input("m", [n, n]);
    const compiled = await float64.compile({
      rows: {
        logDet: logDetByElimination(
          Array.from({ length: n }, (_, row) => g.reshape(g.slice(m, row, row + 1), [n])),
        ),
      },
    });
    // I + J with a J whose spectral norm is 0.95, its symmetric part as negative as that allows.
    const j = matrixOf(normals(n * n, n), n, n);
    for (let i = 0; i < n; i++) j.set(i, i, j.get(i, i) - 2);
    const data = Matrix.add(Matrix.eye(n), Matrix.mul(j, 0.95 / largestSingular(j)));
    const { logDet } = (await compiled.run({ rows: 1, inputs: { m: Float64Array.from(data.to1DArray()) } }))
      .rows;
    expect(logDet![0]!).toBeCloseTo(Math.log(new LuDecomposition(data).determinant), 11);
    compiled.dispose();
  });

  test.each([1, 2, 5, 12])("a series of %d terms has the traces of as many powers", async (terms) => {
    const n = 3;
    const data = normals(n * n, 17);
    const j = matrixOf(data, n, n);
    j.mul(0.8 / largestSingular(j));
    const shared = g.constant(Float64Array.from(j.to1DArray()), [n, n]);
    const at = g.input("y", [n]);
    // With the unit vectors times the root of n the traces are exact.
    const probes = Array.from({ length: n }, (_, k) =>
      g.mul(
        g.rowMark(),
        g.constant(Float64Array.from({ length: n }, (_, i) => (i === k ? Math.sqrt(n) : 0))),
      ),
    );
    const compiled = await float64.compile({
      rows: {
        sum: seriesLogDet(
          {
            value: at,
            push: (direction) => g.linear(direction, shared),
            pull: (covector) => g.linear(covector, shared, undefined, { transposed: true }),
          },
          terms,
          probes,
        ),
      },
    });
    const { sum } = (await compiled.run({ rows: 1, inputs: { y: new Float64Array(n) } })).rows;
    let power = Matrix.eye(n);
    let wanted = 0;
    for (let k = 1; k <= terms; k++) {
      power = power.mmul(j);
      wanted += ((k % 2 === 1 ? 1 : -1) * power.trace()) / k;
    }
    expect(sum![0]!).toBeCloseTo(wanted, 12);
    compiled.dispose();
  });

  test("a series is off by no more than its bound, which falls to 0", async () => {
    const y = g.input("y", [features]);
    const js = await jacobians();
    for (const terms of [1, 2, 4, 8, 16, 32]) {
      const bound = seriesError(features, 0.8, terms);
      for (const j of js) {
        let power = Matrix.eye(features);
        let sum = 0;
        for (let k = 1; k <= terms; k++) {
          power = power.mmul(j);
          sum += ((k % 2 === 1 ? 1 : -1) * power.trace()) / k;
        }
        expect(Math.abs(sum - exactOf(j))).toBeLessThan(bound);
      }
    }
    expect(seriesError(features, 0.8, 64)).toBeLessThan(1e-6);
    expect(seriesError(1, 0.8, 0)).toBeCloseTo(-Math.log(0.2), 12);
    // The map's own, with so many directions that the traces are nearly exact.
    const many = residual({ ...options, logDet: { kind: "series", terms: 20, probes: 200 } });
    const compiled = await referenceEngine.compile({ rows: { logAbsDet: many.inverse(y, bound).logAbsDet } });
    await compiled.setParameters(values);
    const { logAbsDet } = (await compiled.run({ rows, inputs: { y: x } })).rows;
    js.forEach((j, row) => {
      expect(Math.abs(logAbsDet![row]! - exactOf(j))).toBeLessThan(0.1);
    });
  });

  /** An estimate whose direction and number of terms are given. */
  const roulette: Roulette = { exactTerms: 2, stop: 0.4 };
  const given = (y: Expr) =>
    map.estimate(y, bound, undefined, {
      probe: g.input("v", [features]),
      terms: g.stepInput("terms"),
      roulette,
    }).logAbsDet;
  const coefficient = (k: number): number => (k <= 2 ? 1 : 0.6 ** -(k - 3));

  test.each([1, 2, 3, 7])(
    "an estimate of %d terms is the series, its gradient Neumann's, and neither the other's",
    async (terms) => {
      const y = g.input("y", [features]);
      const estimate = given(y);
      const w = g.input("w", [features]);
      const image = g.sub(map.inverse(y, bound).value, y);
      const surrogate = g.sum(g.mul(w, jvp([image], [y], [g.input("v", [features])])[0]!));
      const gradientsOf = (value: Expr): Record<string, Expr> =>
        Object.fromEntries(
          vjp([g.sumRows(g.mul(g.rowMark(), value))], [g.constant(1)], leaves).map((own, i) => [
            names[i]!,
            own,
          ]),
        );
      const v = normals(rows * features, 9);
      const js = await jacobians();
      const expected: number[] = [];
      const ws = js.flatMap((j, row) => {
        const start = matrixOf(v.subarray(row * features, (row + 1) * features), 1, features);
        let power = start;
        let sum = 0;
        let total = start;
        for (let k = 1; k <= terms; k++) {
          power = power.mmul(j);
          const sign = k % 2 === 1 ? 1 : -1;
          sum += ((sign * coefficient(k)) / k) * power.dot(start);
          total = Matrix.add(total, Matrix.mul(power, -sign * coefficient(k)));
        }
        expected.push(sum);
        return total.to1DArray();
      });
      const compiled = await float64.compile({ rows: { estimate }, sums: gradientsOf(estimate) });
      const other = await float64.compile({ rows: { surrogate }, sums: gradientsOf(surrogate) });
      const inputs = { y: x, v, w: Float64Array.from(ws) };
      const stepInputs = { terms: Float64Array.of(terms) };
      for (const own of [compiled, other]) await own.setParameters(values);
      const found = await compiled.run({ rows, inputs }, { stepInputs });
      const neumann = await other.run({ rows, inputs });
      expected.forEach((value, row) => {
        expect(Math.abs(found.rows.estimate![row]! - value)).toBeLessThan(1e-11);
        expect(Math.abs(neumann.rows.surrogate![row]! - value)).toBeGreaterThan(1e-6);
      });
      for (const name of names)
        found.sums[name]!.forEach((own, i) => {
          expect(Math.abs(own - neumann.sums[name]![i]!)).toBeLessThan(1e-10);
        });
      compiled.dispose();
      other.dispose();
    },
  );

  test("memory does not grow with the number of terms, and is less than that of a series or the exact one", () => {
    const [wide, layers] = [16, 3];
    const bytesOf = (
      logAbsDet: (map: Residual, y: Expr, p: Bound) => Mapped,
      own: Partial<ResidualOptions> = {},
    ) => {
      const parts = Array.from({ length: layers }, () => residual({ features: wide, hidden: [32], ...own }));
      let value: Expr = g.input("y", [wide]);
      let total: Expr = g.constant(0);
      const parameters: Expr[] = [];
      parts.forEach((part, i) => {
        const p = bindTree(part.parameters, `${i}.`);
        parameters.push(leafOf(p, "weight0"), leafOf(p, "weight1"));
        const mapped = logAbsDet(part, value, p);
        value = mapped.value;
        total = g.add(total, mapped.logAbsDet);
      });
      const gradients = vjp([g.sumRows(g.sub(total, g.sum(g.square(value))))], [g.constant(1)], parameters);
      const program = { sums: Object.fromEntries(gradients.map((own, i) => [`${i}`, own])) };
      return compileProgram(prepareProgram(program), {
        vector: { precision: "float32", relaxed: false, wide: false },
        threads: 1,
        sharedMemory: false,
        maximumPages: 16384,
        rowLength: 64,
      }).arenaBytes;
    };
    const depth = g.stepInput("terms");
    const estimated = (exactTerms: number) =>
      bytesOf((map, y, p) =>
        map.estimate(y, p, undefined, {
          probe: g.randomNormal([wide], "probe"),
          terms: depth,
          roulette: { exactTerms, stop: 0.5 },
        }),
      );
    const series = (terms: number) =>
      bytesOf((map, y, p) => map.inverse(y, p), { logDet: { kind: "series", terms, probes: 1 } });
    const few = estimated(2);
    expect(estimated(20)).toBe(few);
    expect(series(20)).toBeGreaterThan(2 * few);
    expect(series(20)).toBeGreaterThan(1.5 * series(8));
    expect(bytesOf((map, y, p) => map.inverse(y, p))).toBeGreaterThan(2 * few);
  });

  test("a row's weight multiplies its own gradient", async () => {
    const y = g.input("y", [features]);
    const weighted = g.mul(g.input("weight", []), given(y));
    const gradients = vjp([g.sumRows(weighted)], [g.constant(1)], leaves);
    const compiled = await float64.compile({
      sums: Object.fromEntries(gradients.map((own, i) => [names[i]!, own])),
    });
    await compiled.setParameters(values);
    const inputs = { y: x, v: normals(rows * features, 9) };
    const run = async (weight: ArrayLike<number>): Promise<Readonly<Values>> =>
      (
        await compiled.run(
          { rows, inputs: { ...inputs, weight: Float64Array.from(weight) } },
          { stepInputs: { terms: Float64Array.of(5) } },
        )
      ).sums;
    const weights = Array.from({ length: rows }, (_, row) => Math.cos(2 * row) + 0.5);
    const all = await run(weights);
    const single: Readonly<Values>[] = [];
    for (let row = 0; row < rows; row++) single.push(await run(weights.map((_, i) => Number(i === row))));
    for (const name of names)
      all[name]!.forEach((own, i) => {
        const sum = weights.reduce((total, weight, row) => total + weight * single[row]![name]![i]!, 0);
        expect(Math.abs(own - sum)).toBeLessThan(1e-11 * (1 + Math.abs(sum)));
      });
    // They differ from row to row, so that one weight for all would show.
    expect(Math.abs(single[0]!.weight0![0]! - single[1]!.weight0![0]!)).toBeGreaterThan(1e-4);
    compiled.dispose();
  });

  test("the estimate and its gradient are unbiased, also of a weighted loss", async () => {
    const y = g.input("y", [features]);
    const copies = 24;
    const weight = g.input("weight", []);
    const estimate = map.estimate(y, bound, undefined, {
      probe: g.randomNormal([features], "probe"),
      terms: g.stepInput("terms"),
      roulette,
    }).logAbsDet;
    const exact = map.inverse(y, bound).logAbsDet;
    const outputs = (value: Expr) => {
      const loss = g.sumRows(g.mul(weight, value));
      const gradients = vjp([loss], [g.constant(1)], leaves);
      return { sums: { loss, ...Object.fromEntries(gradients.map((own, i) => [names[i]!, own])) } };
    };
    const inputs = {
      y: Float64Array.from({ length: copies * rows * features }, (_, i) => x[i % (rows * features)]!),
      weight: Float64Array.from({ length: copies * rows }, (_, i) => (0.3 + (i % rows)) / copies),
    };
    const truth = await float64.compile(outputs(exact));
    await truth.setParameters(values);
    const expected = (await truth.run({ rows: copies * rows, inputs })).sums;
    const sampled = await float64.compile(outputs(estimate));
    await sampled.setParameters(values);
    const runs = 3000;
    const moments = new Map<string, { sum: number; square: number; expected: number }>();
    for (let run = 0; run < runs; run++) {
      const key = split(randomKey(77), `run ${run}`);
      const terms = drawTerms(roulette, new RandomStream(split(key, "terms")));
      const { sums } = await sampled.run(
        { rows: copies * rows, inputs },
        { key, stepInputs: { terms: Float64Array.of(terms) } },
      );
      for (const [name, data] of Object.entries(sums))
        data.forEach((value, i) => {
          const at = `${name} ${i}`;
          const own = moments.get(at) ?? { sum: 0, square: 0, expected: expected[name]![i]! };
          own.sum += value;
          own.square += value * value;
          moments.set(at, own);
        });
    }
    let largest = 0;
    for (const { sum, square, expected } of moments.values()) {
      const mean = sum / runs;
      const error = Math.sqrt(Math.max(0, square / runs - mean * mean) / runs);
      const deviation = error === 0 ? mean - expected : (mean - expected) / error;
      largest = Math.max(largest, Math.abs(deviation));
    }
    const loss = moments.get("loss 0")!;
    const error = Math.sqrt((loss.square / runs - (loss.sum / runs) ** 2) / runs);
    // Small enough that a bias of 2 % of the loss would show, as that of the surrogate's value would.
    expect(error).toBeLessThan(0.004 * Math.abs(loss.expected));
    expect(Math.abs(loss.sum / runs - loss.expected)).toBeLessThan(4 * error);
    expect(largest).toBeLessThan(4.5);
    truth.dispose();
    sampled.dispose();
  });

  test("the number of terms has the law that the coefficients assume", () => {
    const source = new RandomStream(randomKey(4));
    const drawn = Array.from({ length: 20_000 }, () => drawTerms(roulette, source));
    for (let k = 1; k <= 8; k++) {
      const share = drawn.filter((terms) => terms >= k).length / drawn.length;
      expect(Math.abs(share - 1 / coefficient(k))).toBeLessThan(0.015);
    }
    expect(Math.max(...drawn)).toBeLessThanOrEqual(mostTerms(roulette));
    expect(mostTerms(defaultRoulette)).toBeGreaterThan(40);
  });
});

describe("sampling", () => {
  const features = 3;
  const lipschitz = 0.9;
  const { map, bound } = partsOf({ features, hidden: [20], lipschitz });
  const values = randomParameters(map, 6, 3);
  const rows = 50;
  const x = normals(rows * features, 12);

  const roundTrip = async (
    options: Partial<ResidualOptions>,
    engine = float64,
  ): Promise<{ value: Float64Array; back: Float64Array }> => {
    const own = residual({ features, hidden: [20], lipschitz, ...options });
    const value = own.forward(g.input("x", [features]), bound).value;
    const compiled = await engine.compile({ rows: { value, back: own.inverse(value, bound).value } });
    await compiled.setParameters(values);
    const outputs = (await compiled.run({ rows, inputs: { x } })).rows;
    compiled.dispose();
    return { value: outputs.value!, back: outputs.back! };
  };
  const errorOf = (back: Float64Array): number =>
    Math.max(...Array.from(back, (value, i) => Math.abs(value - x[i]!)));

  test("an iterate is off by at most L^k / (1 - L) times the first step", async () => {
    const state = g.input("state", [features]);
    const next = g.sub(g.input("x", [features]), g.sub(map.inverse(state, bound).value, state));
    const compiled = await float64.compile({ rows: { next } });
    await compiled.setParameters(values);
    const { value: exact } = await roundTrip({});
    const distance = (a: Float64Array, b: Float64Array, row: number): number =>
      Math.hypot(
        ...Array.from({ length: features }, (_, i) => a[row * features + i]! - b[row * features + i]!),
      );
    let at = x;
    const first: number[] = [];
    for (let k = 1; k <= 40; k++) {
      const after = (await compiled.run({ rows, inputs: { state: at, x } })).rows.next!;
      if (k === 1) for (let row = 0; row < rows; row++) first.push(distance(after, at, row));
      at = after;
      for (let row = 0; row < rows; row++)
        expect(distance(at, exact, row)).toBeLessThanOrEqual(
          (lipschitz ** k / (1 - lipschitz)) * first[row]! + 1e-13,
        );
    }
    compiled.dispose();
  });

  test("meets the arithmetic's precision by itself, or the tolerance that is given", async () => {
    expect(errorOf((await roundTrip({})).back)).toBeLessThan(1e-13);
    expect(errorOf((await roundTrip({}, float32)).back)).toBeLessThan(1e-4);
    const rough = await roundTrip({ tolerance: 1e-3 });
    const exact = (await roundTrip({})).value;
    const error = Math.max(...Array.from(rough.value, (value, i) => Math.abs(value - exact[i]!)));
    expect(error).toBeGreaterThan(1e-9);
    expect(error).toBeLessThan(1e-3 * (1 + Math.max(...x.map(Math.abs))));
  });

  describe.each(["spectral", "one", "infinity", "learned"] as const)("in the %s norm", (norm) => {
    const size = 4;
    const hard = { features: size, hidden: [size], lipschitz, norm, activation: "elu" } as const;
    // ELU with a large bias is the identity. g = -c y: all rounds move the same way, as slowly as the constant allows.
    const slow: Values = {
      weight0: Float64Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0)),
      weight1: Float64Array.from({ length: size * size }, (_, i) => -Number(i % (size + 1) === 0)),
      bias0: new Float64Array(size).fill(100),
      bias1: new Float64Array(size),
      ...(norm === "learned" ? { order: Float64Array.of(0.5, -0.5) } : {}),
    };
    const start = normals(rows * size, 13);
    const solve = async (own: Values, options: Partial<ResidualOptions>): Promise<Float64Array> => {
      const map = residual({ ...hard, ...options });
      const { value } = map.forward(g.input("x", [size]), bindTree(map.parameters));
      const compiled = await float64.compile({ rows: { value } });
      await compiled.setParameters(own);
      const outputs = (await compiled.run({ rows, inputs: { x: start } })).rows;
      compiled.dispose();
      return outputs.value!;
    };
    /** The largest error of rows that are numbers, as a share of what their tolerance allows; and how many are not. */
    const judge = (found: Float64Array, exact: Float64Array, tolerance: number): [number, number] => {
      let most = 0;
      let missing = 0;
      for (let row = 0; row < rows; row++) {
        const range = Array.from({ length: size }, (_, i) => row * size + i);
        if (Number.isNaN(found[row * size]!)) missing++;
        else {
          const allowed = tolerance * (1 + Math.max(...range.map((k) => Math.abs(exact[k]!))));
          most = Math.max(most, ...range.map((k) => Math.abs(found[k]! - exact[k]!) / allowed));
        }
      }
      return [most, missing];
    };

    test("meets its tolerance, whatever the map, and says so where it does not", async () => {
      const random = randomParameters(residual(hard), 6, 3);
      for (const own of [slow, random]) {
        const exact = await solve(own, {});
        for (const tolerance of [1e-2, 1e-4]) {
          const [most, missing] = judge(await solve(own, { tolerance }), exact, tolerance);
          expect(missing).toBe(0);
          expect(most).toBeLessThanOrEqual(1);
          // It ends before the last digit.
          if (own === slow) expect(most).toBeGreaterThan(0.01);
        }
        const counts = [];
        for (let iterations = 1; iterations < 300; iterations = Math.ceil(1.5 * iterations)) {
          const [most, missing] = judge(await solve(own, { tolerance: 1e-3, iterations }), exact, 1e-3);
          expect(most).toBeLessThanOrEqual(1);
          counts.push(missing);
        }
        expect(counts[0]).toBe(rows);
        expect(counts.at(-1)).toBe(0);
      }
    });
  });

  test("is no number where it has not arrived", async () => {
    const { value } = await roundTrip({ iterations: 4 });
    const missing = Array.from({ length: rows }, (_, row) => Number.isNaN(value[row * features]!));
    expect(missing.filter(Boolean).length).toBeGreaterThan(rows / 2);
    const exact = (await roundTrip({})).value;
    missing.forEach((isMissing, row) => {
      if (!isMissing)
        for (let i = 0; i < features; i++)
          expect(value[row * features + i]!).toBeCloseTo(exact[row * features + i]!, 8);
    });
  });
});

test("options out of range are refused", () => {
  const refused: Partial<ResidualOptions>[] = [
    { lipschitz: 1 },
    { lipschitz: 0 },
    { activation: "relu" as never },
    { norm: "frobenius" as never },
    { tolerance: -1 },
  ];
  for (const options of refused) expect(() => residual({ features: 2, ...options })).toThrow(UsageError);
  expect(() => residual({ features: 2, hidden: [0] })).toThrow(/hidden/);
  expect(() => residual({ features: 2, logDet: { kind: "series", terms: 0 } })).toThrow(/terms/);
});
