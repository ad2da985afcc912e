/** Log-determinants of residual maps: exact, cut off and estimated, with their gradients. */

import { LuDecomposition, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import type { Mapped } from "../../src/bijections/bijection.ts";
import { type Residual, type ResidualOptions, residual } from "../../src/bijections/residual/residual.ts";
import {
  defaultRoulette,
  drawTerms,
  logDetByElimination,
  mostTerms,
  type Roulette,
  seriesError,
  seriesLogDet,
} from "../../src/bijections/residual/residualLogDet.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { compileProgram } from "../../src/engines/wasm/compileAtOnce.ts";
import * as normal from "../../src/engines/wasm/emit/normal.ts";
import { addRandomRows } from "../../src/engines/wasm/emit/randomKernel.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { type Bound, bindTree, leafOf } from "../../src/graph/parameters.ts";
import { prepareProgram } from "../../src/graph/program.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { randomParameters, type Values } from "../laws/parameters.ts";

import { float64, largestSingular, matrixOf, normals, partsOf } from "./residualParts.ts";

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
    await setKnownParameters(compiled, values);
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
    await setKnownParameters(compiled, values);
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
      for (const own of [compiled, other]) await setKnownParameters(own, values);
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
        vector: { precision: "float32", relaxed: false, wide: false, functions: normal },
        threads: 1,
        sharedMemory: false,
        maximumPages: 16384,
        rowLength: 64,
        addRandomRows,
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
    await setKnownParameters(compiled, values);
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
    await setKnownParameters(truth, values);
    const expected = (await truth.run({ rows: copies * rows, inputs })).sums;
    const sampled = await float64.compile(outputs(estimate));
    await setKnownParameters(sampled, values);
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
