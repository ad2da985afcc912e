/** The bound of a contraction: norms and their bounds, after every step, between points. */

import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { describe, expect, test } from "vitest";
import type { ResidualOptions } from "../../src/bijections/residual/residual.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import * as g from "../../src/graph/ops.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { logMixedNorm, logSpectralNorm, spectralSlack } from "../../src/networks/inducedNorm.ts";
import type { ContractionNorm } from "../../src/networks/lipschitzNetwork.ts";
import { randomKey } from "../../src/random/philox.ts";
import { randomParameters, type Values } from "../laws/parameters.ts";

import { float32, float64, largestSingular, matrixOf, normals, partsOf } from "./residualParts.ts";

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
      await setKnownParameters(compiled, values);
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
    await setKnownParameters(training, initialValues(map.parameters, randomKey(1)));
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
    await setKnownParameters(compiled, { ...initialValues(map.parameters, randomKey(1)), ...own });
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
