/** The laws of maps of the sphere, by the Jacobian between tangent spaces, and a fit of directions. */

import { expect, test } from "vitest";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import { bijectionFromJson } from "../../src/bijections/bijectionFromJson.ts";
import { chain } from "../../src/bijections/combinators/chain.ts";
import { affine } from "../../src/bijections/linear/affine.ts";
import { onSphere } from "../../src/bijections/sphere/onSphere.ts";
import { pushforwardLogProb } from "../../src/distributions/density.ts";
import { distributionFromJson } from "../../src/distributions/distributionFromJson.ts";
import { uniformSphere } from "../../src/distributions/joint/uniformSphere.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { sphereFlow } from "../../src/entries/architectures.ts";
import { fit } from "../../src/fitting/fit.ts";
import { atan2 } from "../../src/graph/library/atan2.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { load } from "../../src/models/flow.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";
import { circularShift } from "../../src/transformers/circular/circularShift.ts";
import { formulaTransformer } from "../../src/transformers/formula/formulaTransformer.ts";
import { eachTransformer } from "../../src/transformers/structure/eachTransformer.ts";
import { draw } from "../fitting/tables.ts";
import { Subject } from "../laws/harness.ts";
import { randomParameters, stream } from "../laws/parameters.ts";

const fast = wasmEngine({ precision: "float64", threads: 1 });
const float32 = wasmEngine({ threads: 1 });

function unit(values: readonly number[]): number[] {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** Orthonormal vectors that are orthogonal to a unit vector. */
function tangents(point: readonly number[]): number[][] {
  const basis = [point];
  const source = stream(1, "tangents");
  while (basis.length < point.length) {
    let next = point.map(() => source.normal());
    for (const own of [...basis, ...basis]) {
      const along = next.reduce((sum, value, i) => sum + value * own[i]!, 0);
      next = next.map((value, i) => value - along * own[i]!);
    }
    basis.push(unit(next) as number[]);
  }
  return basis.slice(1).map((own) => [...own]);
}

/** log abs(det) of a square matrix. */
function logAbsDet(matrix: number[][]): number {
  const rows = matrix.map((row) => row.slice());
  let log = 0;
  rows.forEach((_, k) => {
    const best = rows.reduce(
      (most, row, i) => (i >= k && Math.abs(row[k]!) > Math.abs(rows[most]![k]!) ? i : most),
      k,
    );
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    log += Math.log(Math.abs(rows[k]![k]!));
    for (let i = k + 1; i < rows.length; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      rows[i] = rows[i]!.map((value, j) => value - factor * rows[k]![j]!);
    }
  });
  return log;
}

test.each([
  [2, 0],
  [3, 0],
  [3, 2],
  [5, 0],
])(
  "of %i features with a context of %i: there and back, the surface Jacobian, engines and descriptions agree",
  async (features, context) => {
    const { bijection } = sphereFlow({ features, context, transforms: 2, bins: 3, hidden: [5] });
    const subject = new Subject(bijection);
    const values = randomParameters(bijection, 3, 1);
    const source = stream(2, "points");
    // Random ones, poles of both maps, and near them.
    const axis = (i: number, off: number) =>
      unit(Array.from({ length: features }, (_, k) => (k === i ? 1 : off * (k + 1))));
    const points = [
      ...Array.from({ length: 8 }, () => unit(Array.from({ length: features }, () => source.normal()))),
      axis(0, 1e-3),
      axis(1, -1e-3),
    ];
    const given = points.flatMap(() => Array.from({ length: context }, (_, i) => 0.5 - i));
    const at = (own: readonly number[][], direction: "forward" | "inverse", tested = subject) =>
      tested.image(direction, values, { x: own.flat(), context: given.slice(0, own.length * context) });
    const row = (image: Float64Array, i: number) => [...image.subarray(i * features, (i + 1) * features)];
    const there = await at(points, "forward");
    const images = points.map((_, i) => row(there.value, i));
    const back = await at(images, "inverse");
    for (const [i, point] of points.entries()) {
      expect(Math.hypot(...images[i]!)).toBeCloseTo(1, 12);
      row(back.value, i).forEach((value, k) => expect(value).toBeCloseTo(point[k]!, 8));
      expect(back.logAbsDet[i]).toBeCloseTo(-there.logAbsDet[i]!, 6);
    }
    for (const [i, point] of points.slice(0, 8).entries()) {
      const step = 1e-5;
      const ends = tangents(point).flatMap((own) =>
        [1, -1].map((side) => unit(point.map((value, k) => value + side * step * own[k]!))),
      );
      const moved = await subject.image("forward", values, {
        x: ends.flat(),
        context: ends.flatMap(() => given.slice(0, context)),
      });
      const basis = tangents(images[i]!);
      const jacobian = basis.map((own) =>
        tangents(point).map((_, j) => {
          const [up, down] = [row(moved.value, 2 * j), row(moved.value, 2 * j + 1)];
          return own.reduce((sum, value, k) => sum + (value * (up[k]! - down[k]!)) / (2 * step), 0);
        }),
      );
      expect(there.logAbsDet[i]).toBeCloseTo(logAbsDet(jacobian), 4);
    }
    for (const [engine, digits] of [
      [fast, 8],
      [float32, 1],
    ] as const) {
      const other = new Subject(bijection, engine);
      const same = await at(points.slice(0, 8), "inverse", other);
      const oracle = await at(points.slice(0, 8), "inverse");
      same.value.forEach((value, k) => expect(value).toBeCloseTo(oracle.value[k]!, digits + 1));
      same.logAbsDet.forEach((value, k) => expect(value).toBeCloseTo(oracle.logAbsDet[k]!, digits));
      await other.dispose();
    }
    await subject.dispose();
    const read = bijectionFromJson(JSON.parse(JSON.stringify(bijection)));
    expect(read.toJSON()).toEqual(bijection.toJSON());
    expect(read.parameters).toEqual(bijection.parameters);
  },
);

test("the density integrates to 1 over the sphere, and is minus infinity off it", async () => {
  const { base, bijection } = sphereFlow({ features: 3, transforms: 2, bins: 3, hidden: [5] });
  const bound = { base: {}, bijection: bindTree(bijection.parameters) };
  const executable = await fast.compile({
    rows: { logProb: pushforwardLogProb(base, bijection, g.input("y", [3]), bound) },
  });
  await setKnownParameters(executable, randomParameters(bijection, 5, 0.5));
  const side = 300;
  // Equal areas: heights and angles in even steps (Archimedes).
  const y = Float64Array.from({ length: 3 * side * side }, (_, i) => {
    const [cell, k] = [Math.floor(i / 3), i % 3];
    const height = -1 + (2 * (Math.floor(cell / side) + 0.5)) / side;
    const angle = (2 * Math.PI * ((cell % side) + 0.5)) / side;
    return k === 2 ? height : Math.sqrt(1 - height * height) * (k === 0 ? Math.cos(angle) : Math.sin(angle));
  });
  const run = async (points: Float64Array) =>
    (await executable.run({ rows: points.length / 3, inputs: { y: points } })).rows.logProb!;
  const mass = (await run(y)).reduce((sum, log) => sum + (Math.exp(log) * 4 * Math.PI) / side ** 2, 0);
  expect(mass).toBeCloseTo(1, 2);
  const off = await run(Float64Array.of(1.01, 0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 1e30, -1e30, 0, 1e200, 0, 1));
  expect([...off]).toEqual(new Array(5).fill(Number.NEGATIVE_INFINITY));
  executable.dispose();
});

test("heights by the quantile function of a von Mises-Fisher law give its density in space", async () => {
  const k = 3;
  const height = formulaTransformer({
    formula: `1 + log((1 + x) / 2 + (1 - x) / 2 * exp(${-2 * k})) / ${k}`,
    domain: [-1, 1],
    codomain: [-1, 1],
  });
  const transformer = eachTransformer({ parts: [height, circularShift({ bound: 1, shift: 0 })] });
  const bijection = onSphere({
    features: 3,
    order: [1, 2, 0],
    map: elementwise({ features: 2, transformer }),
  });
  const source = stream(6, "points");
  const points = Array.from({ length: 20 }, () => unit([source.normal(), source.normal(), source.normal()]));
  const executable = await fast.compile({
    rows: {
      p: pushforwardLogProb(uniformSphere({ features: 3 }), bijection, g.input("y", [3]), {
        base: {},
        bijection: {},
      }),
    },
  });
  const { p } = (await executable.run({ rows: 20, inputs: { y: Float64Array.from(points.flat()) } })).rows;
  executable.dispose();
  // Mardia & Jupp 2000, 9.3.2: k e^(k h) / (4 pi sinh k).
  for (const [i, point] of points.entries())
    expect(p![i]).toBeCloseTo(Math.log(k / (4 * Math.PI * Math.sinh(k))) + k * point[1]!, 6);
});

test("every trained parameter has a gradient", async () => {
  const { bijection } = sphereFlow({ features: 3, transforms: 1, bins: 2, hidden: [3] });
  const subject = new Subject(bijection);
  const source = stream(4, "rows");
  const x = Array.from({ length: 40 }, () =>
    unit([source.normal(), source.normal(), source.normal()]),
  ).flat();
  const gradient = await subject.gradient("inverse", randomParameters(bijection, 1, 0.7), { x });
  for (const [name, own] of Object.entries(gradient))
    expect(
      own.some((value) => value !== 0),
      name,
    ).toBe(true);
  await subject.dispose();
});

test("what is not on the sphere does not fit before it, and the uniform base has its area", async () => {
  const map = elementwise({ features: 2, transformer: affineTransformer() });
  expect(() => onSphere({ features: 3, map })).toThrow(
    "map must be one of numbers from -1 to 1 onto themselves",
  );
  const { bijection } = sphereFlow({ features: 3, transforms: 1 });
  expect(() => chain([affine({ features: 3 }), bijection])).toThrow("a map to unit vectors");
  const bound = { base: {}, bijection: bindTree(bijection.parameters) };
  expect(() =>
    pushforwardLogProb(standardNormal({ features: 3 }), bijection, g.input("y", [3]), bound),
  ).toThrow("a map to unit vectors");
  expect(() => uniformSphere({ features: 1 })).toThrow("an integer of at least 2");
  // mpmath: -log(2 pi^(d/2) / gamma(d/2))
  const areas = [-1.8378770664093456, -2.5310242469692907, -2.9826069522587457, -3.2702890247105265];
  for (const [i, area] of areas.entries()) {
    const base = distributionFromJson(JSON.parse(JSON.stringify(uniformSphere({ features: 2 + i }))));
    const executable = await fast.compile({
      rows: { p: base.logProb(g.input("x", [2 + i]), {}), x: base.sample(g.input("n", [2 + i]), {}) },
    });
    const n = Float64Array.from({ length: 2 + i }, (_, k) => k - 0.7);
    const { rows } = await executable.run({
      rows: 1,
      inputs: { x: Float64Array.from({ length: 2 + i }, (_, k) => Number(k === 1)), n },
    });
    executable.dispose();
    expect(rows.p![0]).toBeCloseTo(area, 12);
    expect(Math.hypot(...rows.x!)).toBeCloseTo(1, 14);
  }
});

test("the angle of a point has all digits, in every direction", async () => {
  const angles = Array.from({ length: 401 }, (_, i) => ((i - 200) * Math.PI) / 200);
  const x = Float64Array.from([
    ...angles.flatMap((t) => [3 * Math.cos(t), 3 * Math.sin(t)]),
    0,
    0,
    1e-20,
    1e20,
  ]);
  const point = g.input("x", [2]);
  const executable = await fast.compile({ rows: { t: atan2(g.slice(point, 1, 2), g.slice(point, 0, 1)) } });
  const { t } = (await executable.run({ rows: x.length / 2, inputs: { x } })).rows;
  executable.dispose();
  t!.forEach((own, i) => expect(Math.abs(own - Math.atan2(x[2 * i + 1]!, x[2 * i]!))).toBeLessThan(2e-15));
});

test("directions are fitted as they are, sampled on the sphere, saved and read", async () => {
  const table = draw(["x", "y", "z"], 300, 3, (source) =>
    unit([3 + source.normal(), source.normal(), -2 + source.normal()]),
  );
  const { flow, report } = await fit(table, {
    flow: sphereFlow({ transforms: 2, bins: 4, hidden: [8] }),
    epochs: 60,
    learningRate: 0.03,
    seed: 1,
    threads: 1,
  });
  // The uniform density has -2.53 nats.
  expect(report.validationLogProb).toBeGreaterThan(-0.5);
  const back = await load(flow.toBytes());
  expect(await back.logProb(table)).toEqual(await flow.logProb(table));
  const { values } = await back.sample(200, { seed: 2 });
  let mean = 0;
  for (let i = 0; i < 600; i += 3) {
    expect(Math.hypot(values[i]!, values[i + 1]!, values[i + 2]!)).toBeCloseTo(1, 5);
    mean += (3 * values[i]! - 2 * values[i + 2]!) / Math.sqrt(13) / 200;
  }
  expect(mean).toBeGreaterThan(0.8);
  const off = draw(["x", "y", "z"], 60, 3, (source) => [source.normal(), source.normal(), source.normal()]);
  await expect(
    fit(off, { flow: sphereFlow({ transforms: 1, hidden: [4] }), epochs: 2, threads: 1 }),
  ).rejects.toThrow(/60 of 60 rows are not unit vectors.*such as x .* divide each row by its length/);
  expect(await back.logProb([[1, 1, 1]])).toEqual(Float64Array.of(Number.NEGATIVE_INFINITY));
});
