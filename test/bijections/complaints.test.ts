/**
 * What users of other flow libraries reported, each as a test that says what it guards. Thread numbers are those of
 * the projects named.
 */

import { describe, expect, test } from "vitest";
import { coupling } from "../../src/bijections/autoregressive/coupling.ts";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import { marginalSpline } from "../../src/bijections/autoregressive/marginalSpline.ts";
import { maskedAutoregressive } from "../../src/bijections/autoregressive/maskedAutoregressive.ts";
import type { Bijection } from "../../src/bijections/bijection.ts";
import { bijectionFromJson } from "../../src/bijections/bijectionFromJson.ts";
import { chain } from "../../src/bijections/combinators/chain.ts";
import { invert } from "../../src/bijections/combinators/invert.ts";
import { luAffine } from "../../src/bijections/linear/luAffine.ts";
import { permutation } from "../../src/bijections/linear/permutation.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import { flattenTree } from "../../src/graph/parameters.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { randomKey } from "../../src/random/philox.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";
import { rationalQuadraticTransformer } from "../../src/transformers/rationalQuadraticTransformer.ts";
import { transformerFromJson } from "../../src/transformers/transformerFromJson.ts";
import { engines } from "../engines.ts";
import { norm, Subject } from "../laws/harness.ts";
import { extremeParameters, randomParameters, stream } from "../laws/parameters.ts";
import { expectClose } from "./golden.ts";

const spline = rationalQuadraticTransformer({ bins: 8, bound: 3 });
const oneSpline = elementwise({ features: 1, transformer: spline });
const affine = affineTransformer();

/** Normal rows, some standard deviations wide. */
function normals(count: number, seed: number, scale = 1): Float64Array {
  const source = stream(seed, "normals");
  return Float64Array.from({ length: count }, () => scale * source.normal());
}
const allFinite = (data: Float64Array): boolean => data.every(Number.isFinite);

describe.each(engines)("splines, $name", ({ engine, epsilon }) => {
  const subject = new Subject(oneSpline, engine);

  test("sampling a spline never fails on a negative discriminant (nflows #87)", async () => {
    const inside = Float64Array.from({ length: 2001 }, (_, i) => (i - 1000) / 300);
    for (let seed = 0; seed < 30; seed++) {
      const own =
        seed < 20
          ? randomParameters(oneSpline, seed, [1, 5, 50][seed % 3]!)
          : extremeParameters(oneSpline, seed, 1e3);
      const { value, logAbsDet } = await subject.image("forward", own, { x: inside });
      expect(allFinite(value) && allFinite(logAbsDet)).toBe(true);
      // An increasing map, up to a rounding: never a root of the wrong branch.
      const slack = 64 * epsilon * 5;
      let least = Number.POSITIVE_INFINITY;
      for (let i = 1; i < value.length; i++) least = Math.min(least, value[i]! - value[i - 1]!);
      expect(least).toBeGreaterThan(-slack);
    }
  });

  test("a batch with all rows outside the box is mapped, both ways (nflows #23, #62; pyro #3139)", async () => {
    const outside = [-1e6, -50, -3.0001, 3.0001, 4, 1e3];
    const own = randomParameters(oneSpline, 1, 1);
    for (const direction of ["forward", "inverse"] as const) {
      const { value, logAbsDet } = await subject.image(direction, own, { x: outside });
      expect(allFinite(value) && allFinite(logAbsDet)).toBe(true);
      const back = await subject.image(direction === "forward" ? "inverse" : "forward", own, { x: value });
      expectClose(
        back.value,
        outside,
        (i) => 64 * epsilon * (3 + Math.abs(outside[i]!)) * (1 + Math.exp(Math.abs(logAbsDet[i]!))),
      );
    }
  });

  test("an out-of-box row gives no NaN gradient to its batch (flowjax #239)", async () => {
    const own = randomParameters(oneSpline, 2, 1);
    const within = normals(6, 3);
    for (const direction of ["forward", "inverse"] as const) {
      const gradient = await subject.gradient(direction, own, { x: [...within, 1e6, -1e6, 3, -3, 1e10] });
      for (const data of Object.values(gradient)) expect(allFinite(data)).toBe(true);
      const alone = await subject.gradient(direction, own, { x: within });
      expect(gradient.x!.slice(0, 6)).toEqual(alone.x);
    }
  });

  test("heavy tails, far beyond the box, have finite densities and gradients (bayesflow #721, sbi #373)", async () => {
    const cauchy = normals(300, 4).map((x, i) => x / (normals(300, 5)[i]! || 1));
    const own = randomParameters(oneSpline, 6, 1);
    const density = await subject.logDensity(own, { x: cauchy });
    expect(allFinite(density)).toBe(true);
    const gradient = await subject.gradient("inverse", own, { x: cauchy });
    for (const data of Object.values(gradient)) expect(allFinite(data)).toBe(true);
  });

  test("just outside the edge is just beyond the image of the edge, with the same slope (sbi #373)", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const own = randomParameters(oneSpline, seed, 1);
      for (const direction of ["forward", "inverse"] as const) {
        const h = Math.sqrt(epsilon);
        const { value, logAbsDet } = await subject.image(direction, own, {
          x: [3 - h * h, 3, 3 + h, -3 + h * h, -3, -3 - h],
        });
        expectClose([value[1]!, value[4]!], [3, -3], 16 * epsilon);
        for (const k of [0, 3]) {
          const slope = Math.exp(logAbsDet[k + 1]!);
          expect(Math.abs(Math.abs(value[k + 2]! - value[k + 1]!) / (slope * h) - 1)).toBeLessThan(64 * h);
          // A root tail bends from there on: by its slope on the data side, by 1 on the other.
          const bend = direction === "inverse" ? slope * h : h;
          expect(Math.abs(logAbsDet[k + 2]! - logAbsDet[k + 1]!)).toBeLessThan(1.1 * bend + 64 * epsilon);
        }
      }
    }
  });

  /** Parameters whose end knots have the slopes 2 and 3: logarithms before a soft clip. */
  const twoAndThree = (limit: number): { values: Float64Array } => {
    const raw = (slope: number): number => Math.log(slope) / (1 - Math.log(slope) / limit);
    const values = new Float64Array(25);
    values[16] = raw(2);
    values[24] = raw(3);
    return { values };
  };

  test("straight tails have the slope that was learned; at the start it is 1, which is the identity (bayesflow #721)", async () => {
    const transformer = rationalQuadraticTransformer({ bins: 8, bound: 3, tails: "learned" });
    const straight = new Subject(elementwise({ features: 1, transformer }), engine);
    const far = [-500, -20, 20, 500];
    const start = { values: new Float64Array(25) };
    const { value, logAbsDet } = await straight.image("inverse", start, { x: far });
    expectClose(value, far, 0);
    expectClose(logAbsDet, [0, 0, 0, 0], 0);
    const learned = twoAndThree(Math.log(1000));
    const moved = await straight.image("inverse", learned, { x: far });
    const expected = [-3 + 2 * -497, -3 + 2 * -17, 3 + 3 * 17, 3 + 3 * 497];
    expectClose(moved.value, expected, (i) => 8 * epsilon * Math.abs(expected[i]!));
    expectClose(moved.logAbsDet, [2, 2, 3, 3].map(Math.log), 8 * epsilon);
    const gradient = await straight.gradient("inverse", learned, { x: far });
    expect(gradient.values![16]).not.toBe(0);
    expect(gradient.values![24]).not.toBe(0);
    await straight.dispose();
  });

  test("a description that names no tails has straight ones, as files of the time before root tails do", () => {
    const description = { type: "rationalQuadratic", bins: 8, bound: 3 };
    expect(transformerFromJson(description).toJSON()).toEqual(description);
    const learned = rationalQuadraticTransformer({ bins: 8, bound: 3, tails: "learned" });
    expect(learned.toJSON()).toEqual(description);
    expect(transformerFromJson(spline.toJSON()).toJSON()).toEqual({ ...description, tails: "root" });
  });

  test("root tails begin with the slope that was learned, and go on straight at a tenth of it", async () => {
    const learned = twoAndThree(Math.log(10));
    const far = [-503, -15, 7, 503];
    // 2 * 12 and 3 * 4 are below the 49.5 from which sqrt(1 + 2 v) is 10; 2 * 500 and 3 * 500 are beyond.
    const expected = [-3 - (9 + 950.5 / 10), -3 - 6, 3 + 4, 3 + (9 + 1450.5 / 10)];
    const slopes = [2 / 10, 2 / 7, 3 / 5, 3 / 10].map(Math.log);
    const there = await subject.image("inverse", learned, { x: far });
    expectClose(there.value, expected, (i) => 16 * epsilon * Math.abs(expected[i]!));
    expectClose(there.logAbsDet, slopes, 16 * epsilon);
    const back = await subject.image("forward", learned, { x: expected });
    expectClose(back.value, far, (i) => 64 * epsilon * Math.abs(far[i]!));
    expectClose(
      back.logAbsDet,
      slopes.map((slope) => -slope),
      16 * epsilon,
    );
    const steepest = new Float64Array(25).fill(1e6);
    const { logAbsDet } = await subject.image("inverse", { values: steepest }, { x: [3 + 1e-6] });
    expect(Math.exp(logAbsDet[0]!)).toBeLessThan(10.001);
  });

  test("samples of every architecture are finite, whatever the parameters (zuko #20)", async () => {
    const maps: Bijection[] = [
      maskedAutoregressive({ features: 3, transformer: spline, hidden: [8] }),
      coupling({ features: 3, transformed: [1], transformer: spline, hidden: [8] }),
      coupling({ features: 3, transformed: [0, 2], transformer: affine, hidden: [8] }),
    ];
    for (const map of maps) {
      const own = new Subject(map, engine);
      const at = { x: normals(300, 8) };
      for (const seed of [1, 2, 3])
        for (const parameters of [extremeParameters(map, seed, 100), randomParameters(map, seed, 30)]) {
          const { value, logAbsDet } = await own.image("forward", parameters, at);
          expect(allFinite(value) && allFinite(logAbsDet)).toBe(true);
        }
      await own.dispose();
    }
  });

  test("narrow, nearly empty bins and equal knots of data do not divide by zero", async () => {
    const own = new Subject(marginalSpline({ features: 1, knots: 4 }), engine);
    const parameters = {
      data: Float64Array.of(-1, 0, 2 ** -20, 1),
      base: Float64Array.of(-2, -0.1, 0.1, 2),
      logSlope: Float64Array.of(0, 9, 9, 0),
    };
    for (const direction of ["forward", "inverse"] as const) {
      const x = [-3, -1, -0.1, 0, 2 ** -21, 2 ** -20, 0.1, 1, 3];
      const { value, logAbsDet } = await own.image(direction, parameters, { x });
      expect(allFinite(value) && allFinite(logAbsDet)).toBe(true);
      for (const data of Object.values(await own.gradient(direction, parameters, { x })))
        expect(allFinite(data)).toBe(true);
    }
    await own.dispose();
  });
});

describe("inverses", () => {
  const conditional = chain([
    coupling({ features: 4, context: 2, transformed: [0, 1], transformer: affine, hidden: [16] }),
    permutation([2, 3, 0, 1]),
    coupling({ features: 4, context: 2, transformed: [0, 1], transformer: affine, hidden: [16] }),
  ]);

  test("forward and reverse agree in a conditional flow (FrEIA #84, #35)", async () => {
    const subject = new Subject(conditional);
    const own = randomParameters(conditional, 1, 0.3);
    const at = { x: normals(80, 2), context: normals(40, 3) };
    const { value, logAbsDet } = await subject.image("forward", own, at);
    const back = await subject.image("inverse", own, { x: value, context: at.context });
    expectClose(back.value, at.x, 1e-10);
    expectClose(
      back.logAbsDet,
      logAbsDet.map((v) => -v),
      1e-10,
    );
  });

  test("going to and fro does not let the error grow (invertible-resnet #3)", async () => {
    const map = chain([
      maskedAutoregressive({ features: 3, transformer: spline, hidden: [12] }),
      luAffine({ features: 3 }),
    ]);
    const subject = new Subject(map);
    const own = randomParameters(map, 4, 0.3);
    const start = normals(30, 5);
    let x = start;
    const errors: number[] = [];
    for (let trip = 0; trip < 30; trip++) {
      x = (await subject.image("inverse", own, { x: (await subject.image("forward", own, { x })).value }))
        .value;
      errors.push(norm(x.map((v, i) => v - start[i]!)));
    }
    expect(errors[29]).toBeLessThan(30 * (errors[0]! + 1e-14));
    expect(errors[29]).toBeLessThan(1e-10);
  });

  test("inverse may be called before forward, on its own (INNLab #17; pyro #2718, #1993, #3235, #2076)", async () => {
    const own = randomParameters(conditional, 6, 0.3);
    const at = { x: normals(80, 7), context: normals(40, 8) };
    const fresh = await new Subject(conditional).image("inverse", own, at);
    const used = new Subject(conditional);
    await used.image("forward", own, at);
    expect(await used.image("inverse", own, at)).toEqual(fresh);
  });

  test("a long chain still gives the point back (rbig #11)", async () => {
    const map = chain(
      Array.from({ length: 24 }, (_, k) =>
        coupling({ features: 4, transformed: k % 2 ? [0, 2] : [1, 3], transformer: affine, hidden: [8] }),
      ),
    );
    const subject = new Subject(map);
    const own = randomParameters(map, 9, 0.2);
    const x = normals(80, 10);
    const { value } = await subject.image("forward", own, { x });
    expectClose((await subject.image("inverse", own, { x: value })).value, x, 1e-9);
  });

  test("an inverse autoregressive flow is `invert` of an autoregressive one (nflows #16)", async () => {
    const made = maskedAutoregressive({ features: 3, transformer: affine, hidden: [9] });
    const inverse = invert(made);
    const own = randomParameters(made, 11, 1);
    const inner = Object.fromEntries(Object.entries(own).map(([name, data]) => [`inner.${name}`, data]));
    const at = { x: normals(30, 12) };
    expect(await new Subject(inverse).image("forward", inner, at)).toEqual(
      await new Subject(made).image("inverse", own, at),
    );
    const twice = Object.fromEntries(
      Object.entries(own).map(([name, data]) => [`inner.inner.${name}`, data]),
    );
    expect(await new Subject(invert(inverse)).image("forward", twice, at)).toEqual(
      await new Subject(made).image("forward", own, at),
    );
  });

  test("samples come with their log-density in one pass (zuko #18, flowtorch #88, normflows #21)", async () => {
    const subject = new Subject(oneSpline);
    const own = randomParameters(oneSpline, 13, 1);
    const x = normals(50, 14);
    const { value, logAbsDet } = await subject.image("forward", own, { x });
    const density = await subject.logDensity(own, { x: value });
    const expected = Array.from(x, (v, i) => -0.5 * v * v - 0.5 * Math.log(2 * Math.PI) - logAbsDet[i]!);
    expectClose(density, expected, 1e-9);
  });
});

describe("stability", () => {
  test("twenty affine blocks with large weights give no NaN (FrEIA #38)", async () => {
    const map = chain(
      Array.from({ length: 20 }, (_, k) =>
        coupling({
          features: 4,
          transformed: k % 2 ? [0, 2] : [1, 3],
          transformer: affine,
          hidden: [16, 16],
        }),
      ),
    );
    const subject = new Subject(map);
    for (const scale of [0.3, 1, 5])
      for (const direction of ["forward", "inverse"] as const) {
        const own = randomParameters(map, 1, scale);
        const at = { x: normals(40, 2) };
        const { value, logAbsDet } = await subject.image(direction, own, at);
        expect(allFinite(value) && allFinite(logAbsDet)).toBe(true);
        for (const data of Object.values(await subject.gradient(direction, own, at)))
          expect(data.some(Number.isNaN)).toBe(false);
      }
  });

  test("one affine step scales by at most 1000, so that no validation row costs 1e27 (distrax #203)", async () => {
    const map = coupling({ features: 2, transformed: [1], transformer: affine, hidden: [8] });
    const subject = new Subject(map);
    for (let seed = 0; seed < 20; seed++) {
      const { logAbsDet } = await subject.image("inverse", randomParameters(map, seed, 10), {
        x: normals(40, seed, 10),
      });
      for (const value of logAbsDet) expect(Math.abs(value)).toBeLessThan(Math.log(1000));
    }
  });

  test("a conditional autoregressive flow is finite at the start, and the identity (tfp #1203; normflows PR #55)", async () => {
    const map = maskedAutoregressive({ features: 3, context: 4, transformer: affine, hidden: [64, 64] });
    const own = initialValues(map.parameters, randomKey(3));
    const at = { x: normals(30, 4), context: normals(40, 5, 100) };
    const { value, logAbsDet } = await new Subject(map).image("inverse", own, at);
    expectClose(value, at.x, 0);
    expectClose(logAbsDet, new Float64Array(10), 0);
    for (const data of Object.values(await new Subject(map).gradient("inverse", own, at)))
      expect(allFinite(data)).toBe(true);
  });
});

describe("signs and masks", () => {
  test("a map that stretches data lowers the density, and one that shrinks raises it (normflows #27)", async () => {
    const one = elementwise({ features: 1, transformer: affine });
    const subject = new Subject(one);
    // inverse is y e^s + t: with s > 0 data is narrower than the base.
    const narrow = { values: Float64Array.of(0, 1) };
    const wide = { values: Float64Array.of(0, -1) };
    const standard = -0.5 * Math.log(2 * Math.PI);
    expect((await subject.logDensity(narrow, { x: [0] }))[0]).toBeGreaterThan(standard + 0.5);
    expect((await subject.logDensity(wide, { x: [0] }))[0]).toBeLessThan(standard - 0.5);
    expect((await subject.image("inverse", narrow, { x: [0] })).logAbsDet[0]).toBeGreaterThan(0);
    expect((await subject.image("forward", narrow, { x: [0] })).logAbsDet[0]).toBeLessThan(0);
  });

  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
  ];
  test.each(orders.flatMap((order) => [0, 2].map((context) => [order, context] as const)))(
    "MADE masks: with order %j and a context of %i a feature sees those before it and none after (pytorch-flows #16)",
    async (order, context) => {
      const map = maskedAutoregressive({
        features: 4,
        context,
        order,
        transformer: affine,
        hidden: [24, 24],
      });
      const subject = new Subject(map);
      const at = { x: normals(40, 1), context: normals(10 * context, 2) };
      const seen = new Set<string>();
      for (const seed of [1, 2, 3])
        for (const direction of ["forward", "inverse"] as const)
          for (const jacobian of await subject.jacobian(direction, randomParameters(map, seed, 1), at))
            jacobian.forEach((value, k) => {
              if (value !== 0) seen.add(`${order.indexOf(Math.floor(k / 4))} sees ${order.indexOf(k % 4)}`);
            });
      const expected = [0, 1, 2, 3].flatMap((i) =>
        [0, 1, 2, 3].filter((j) => j <= i).map((j) => `${i} sees ${j}`),
      );
      expect([...seen].sort()).toEqual(expected.sort());
    },
  );

  /** Features whose image, and whether logAbsDet, moves with the context. */
  async function reachedByContext(map: Bijection): Promise<boolean[]> {
    const subject = new Subject(map);
    const n = map.features;
    const reached = new Array<boolean>(n + 1).fill(false);
    for (const seed of [1, 2, 3]) {
      const own = randomParameters(map, seed, 1);
      const x = normals(20 * n, seed);
      const [a, b] = [normals(20 * map.context, 5), normals(20 * map.context, 6)];
      const one = await subject.image("inverse", own, { x, context: a });
      const two = await subject.image("inverse", own, { x, context: b });
      one.value.forEach((value, i) => (reached[i % n] ||= value !== two.value[i]));
      one.logAbsDet.forEach((value, i) => (reached[n] ||= value !== two.logAbsDet[i]));
    }
    return reached;
  }

  test.each([1, 2, 3])("MADE masks keep the context with %i features (flowjax #147)", async (features) => {
    for (const transformer of [affine, spline]) {
      const map = maskedAutoregressive({ features, context: 2, transformer, hidden: [12] });
      expect(await reachedByContext(map)).toEqual(new Array(features + 1).fill(true));
      const narrow = maskedAutoregressive({ features, context: 2, transformer, hidden: [1, 2] });
      expect((await reachedByContext(narrow)).at(-1)).toBe(true);
    }
  });

  test("the context reaches every transformed feature of a coupling and of an element-wise map (flowtorch #81)", async () => {
    const map = coupling({ features: 3, context: 1, transformed: [2, 0], transformer: spline, hidden: [12] });
    expect(await reachedByContext(map)).toEqual([true, false, true, true]);
    const each = elementwise({ features: 2, context: 1, transformer: spline, hidden: [12] });
    expect(await reachedByContext(each)).toEqual([true, true, true]);
  });

  test("a coupling leaves its conditioning features alone, to the bit, both ways", async () => {
    const map = coupling({ features: 4, transformed: [3, 1], transformer: spline, hidden: [8] });
    const own = randomParameters(map, 3, 3);
    const x = normals(80, 4, 3);
    for (const direction of ["forward", "inverse"] as const) {
      const { value } = await new Subject(map).image(direction, own, { x });
      value.forEach((v, i) => {
        if (i % 4 === 0 || i % 4 === 2) expect(v).toBe(x[i]);
      });
    }
  });
});

describe("saving", () => {
  test("permutations and orders are part of the description (pytorch-flows PR #17)", async () => {
    const map = chain([
      permutation([3, 1, 0, 2]),
      maskedAutoregressive({ features: 4, order: [2, 3, 1, 0], transformer: affine, hidden: [8] }),
      coupling({ features: 4, transformed: [3, 0], transformer: affine, hidden: [8] }),
    ]);
    const text = JSON.stringify(map);
    const copy = bijectionFromJson(JSON.parse(text));
    expect(JSON.stringify(copy)).toBe(text);
    const own = randomParameters(map, 5, 1);
    const at = { x: normals(40, 6) };
    for (const direction of ["forward", "inverse"] as const)
      expect(await new Subject(copy).image(direction, own, at)).toEqual(
        await new Subject(map).image(direction, own, at),
      );
  });

  test("every parameter has a name of its own, so that none is lost (tfp #1439, #674)", () => {
    const map = chain([
      luAffine({ features: 2 }),
      luAffine({ features: 2 }),
      invert(luAffine({ features: 2 })),
    ]);
    expect([...flattenTree(map.parameters).keys()]).toEqual(
      ["0.", "1.", "2.inner."].flatMap((p) =>
        ["shift", "lower", "upper", "logDiagonal"].map((name) => p + name),
      ),
    );
  });
});

test("shapes that do not fit are refused with a ShapeError when the map is described (distrax #42)", () => {
  const wrong: (() => Bijection)[] = [
    () => coupling({ features: 2, transformed: [], transformer: affine, hidden: [] }),
    () => coupling({ features: 2, transformed: [0, 1], transformer: affine, hidden: [] }),
    () => coupling({ features: 2, transformed: [2], transformer: affine, hidden: [] }),
    () => coupling({ features: 3, transformed: [1, 1], transformer: affine, hidden: [] }),
    () => coupling({ features: 1, transformed: [0], transformer: affine, hidden: [] }),
    () => maskedAutoregressive({ features: 2, order: [0, 0], transformer: affine, hidden: [] }),
    () => maskedAutoregressive({ features: 2, order: [0], transformer: affine, hidden: [] }),
    () => permutation([]),
    () => permutation([1, 2]),
    () => chain([]),
    () => chain([luAffine({ features: 2 }), luAffine({ features: 3 })]),
  ];
  wrong.forEach((make, i) => expect(make, `case ${i}`).toThrow(ShapeError));
});

test("options out of their domain are refused with a UsageError when the map is described", () => {
  const wrong: (() => Bijection)[] = [
    () => elementwise({ features: 0, transformer: affine }),
    () => elementwise({ features: 2, context: 1, transformer: affine, hidden: [0] }),
    () => coupling({ features: 2, context: -1, transformed: [0], transformer: affine, hidden: [] }),
    () => coupling({ features: 2, context: 1.5, transformed: [0], transformer: affine, hidden: [] }),
    () => maskedAutoregressive({ features: 2, hidden: [-3], transformer: affine }),
    () => luAffine({ features: Number.NaN }),
    () => elementwise({ features: 1, transformer: rationalQuadraticTransformer({ bins: 1 }) }),
    () => elementwise({ features: 1, transformer: rationalQuadraticTransformer({ bound: -1 }) }),
    () => marginalSpline({ features: 1, knots: 2 }),
  ];
  wrong.forEach((make, i) => expect(make, `case ${i}`).toThrow(UsageError));
});
