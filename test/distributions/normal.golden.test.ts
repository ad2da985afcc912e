/** Normal densities against scipy.stats, checked there against torch (golden/make.py). */

import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { expect, test } from "vitest";
import { triangularAffine } from "../../src/bijections/linear/triangularAffine.ts";
import { diagonalNormal } from "../../src/distributions/diagonalNormal.ts";
import type { Distribution } from "../../src/distributions/distribution.ts";
import { distributionFromJson } from "../../src/distributions/distributionFromJson.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { FormatError, UsageError } from "../../src/errors.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { expectClose, golden } from "../bijections/golden.ts";
import { engines } from "../engines.ts";
import { Subject } from "../laws/harness.ts";
import type { Values } from "../laws/parameters.ts";

const values = golden<{
  x: number[][];
  standard: number[];
  diagonal: { mean: number[]; std: number[]; logProb: number[] };
  full: { mean: number[]; covariance: number[][]; logProb: number[] };
}>("normal");
const x = Float64Array.from(values.x.flat());
const rows = values.x.length;

async function logProb(
  distribution: Distribution,
  parameters: Values,
  engine = engines[0]!,
): Promise<Float64Array> {
  const out = distribution.logProb(g.input("x", [4]), bindTree(distribution.parameters));
  const compiled = await engine.engine.compile({ rows: { out } });
  await setKnownParameters(compiled, parameters);
  const { rows: found } = await compiled.run({ rows, inputs: { x } });
  compiled.dispose();
  return found.out!;
}

test.each(engines)("$name: standard normal", async (engine) => {
  const own = await logProb(standardNormal({ features: 4 }), {}, engine);
  expectClose(own, values.standard, (i) => 8 * engine.epsilon * Math.abs(values.standard[i]!));
});

test.each(engines)("$name: diagonal normal", async (engine) => {
  const { mean, std, logProb: expected } = values.diagonal;
  const parameters = { mean: Float64Array.from(mean), logScale: Float64Array.from(std, Math.log) };
  const own = await logProb(diagonalNormal({ features: 4 }), parameters, engine);
  // x - m loses what |x| + |m| hold more than their difference, which the square doubles.
  const lost = (i: number): number =>
    mean.reduce((sum, m, k) => {
      const z = Math.abs(values.x[i]![k]! - m) / std[k]!;
      return (
        sum + z * (z + (Math.abs(m) + Math.abs(values.x[i]![k]!)) / std[k]!) + Math.abs(Math.log(std[k]!))
      );
    }, 8);
  expectClose(own, expected, (i) => 4 * engine.epsilon * lost(i));
});

test("a triangular map with the Cholesky factor pushes the standard normal to the full one", async () => {
  const { mean, covariance, logProb: expected } = values.full;
  const factor = new CholeskyDecomposition(new Matrix(covariance)).lowerTriangularMatrix;
  const subject = new Subject(triangularAffine({ features: 4, fitted: true }));
  const parameters = {
    shift: Float64Array.from(mean),
    lower: Float64Array.from(factor.to1DArray()),
    logDiagonal: Float64Array.from(factor.diag(), Math.log),
  };
  const own = await subject.logDensity(parameters, { x });
  expectClose(own, expected, (i) => 256 * 2 ** -52 * (1 + Math.abs(expected[i]!)));
});

test("a sample of noise z is m + s z, and its density is that of z over s", async () => {
  const distribution = diagonalNormal({ features: 4 });
  const bound = bindTree(distribution.parameters);
  const noise = g.input("x", [4]);
  const sample = distribution.sample(noise, bound);
  const logDensity = distribution.logProb(sample, bound);
  const compiled = await engines[0]!.engine.compile({ rows: { sample, logDensity } });
  const { mean, std } = values.diagonal;
  await compiled.setParameters({ mean: Float64Array.from(mean), logScale: Float64Array.from(std, Math.log) });
  const { rows: found } = await compiled.run({ rows, inputs: { x } });
  const expected = Array.from(x, (z, i) => mean[i % 4]! + std[i % 4]! * z);
  expectClose(
    found.sample!,
    expected,
    (i) => 8 * 2 ** -52 * (Math.abs(mean[i % 4]!) + std[i % 4]! * Math.abs(x[i]!)),
  );
  const shift = std.reduce((sum, s) => sum + Math.log(s), 0);
  expectClose(
    found.logDensity!,
    values.standard.map((v) => v - shift),
    (i) => 1e-13 * Math.abs(values.standard[i]!) + 1e-13,
  );
});

test("descriptions read back; others are refused", () => {
  for (const own of [standardNormal({ features: 3 }), diagonalNormal({ features: 2 })]) {
    const copy = distributionFromJson(JSON.parse(JSON.stringify(own)));
    expect(copy.toJSON()).toEqual(own.toJSON());
    expect(copy.parameters).toEqual(own.parameters);
  }
  expect(() => distributionFromJson({ type: "cauchy", features: 1 })).toThrow(FormatError);
  expect(() => distributionFromJson(null)).toThrow(FormatError);
  for (const features of [0, -1, 1.5, Number.NaN]) {
    expect(() => standardNormal({ features })).toThrow(UsageError);
    expect(() => diagonalNormal({ features })).toThrow(UsageError);
  }
});
