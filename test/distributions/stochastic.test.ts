/** Layers that are drawn in both directions: bounds below what is exact, whose means of densities are exact, and paths with weights. */

import { expect, test } from "vitest";
import { pushforwardSample } from "../../src/distributions/density.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { realNVP, surjectiveFlow } from "../../src/entries/architectures.ts";
import {
  absoluteValue,
  actNorm,
  affine,
  augmentation,
  largest,
  planar,
  rounding,
  type Surjection,
} from "../../src/entries/bijections.ts";
import {
  conditionalNormal,
  gaussianMixture,
  hamiltonianMonteCarlo,
  type LangevinTarget,
  langevin,
  manyToOne,
  mixtureOf,
  standardNormal,
  studentT,
  surjectionChain,
  uniform,
  variationalAutoencoder,
} from "../../src/entries/distributions.ts";
import { ShapeError, UsageError } from "../../src/entries/errors.ts";
import { exportModel, verifyExport } from "../../src/entries/exchange.ts";
import { evidenceBound, logProbBound } from "../../src/entries/fitting.ts";
import { bindTree, type Expr, initialValues, ops, vjp } from "../../src/entries/graph.ts";
import { RandomStream, randomKey } from "../../src/entries/random.ts";
import { fit, load, tableFromRows } from "../../src/index.ts";

const engine = wasmEngine({ precision: "float64", threads: 1 });
const logNormal = (x: number, mean = 0, variance = 1): number =>
  -0.5 * ((x - mean) ** 2 / variance + Math.log(2 * Math.PI * variance));
const autoencoder = (features: number, latent: number, hidden: readonly number[] = [4]) =>
  variationalAutoencoder({
    decoder: conditionalNormal({ features, context: latent, hidden }),
    encoder: conditionalNormal({ features: latent, context: features, hidden }),
  });
const well = gaussianMixture({ features: 1, components: 2 });

/** A log-density of one's own, as users give it. */
const ownNormal: LangevinTarget = {
  type: "own",
  features: 1,
  parameters: {},
  logProb: (x) => ops.mul(-0.5, ops.sum(ops.square(x))),
  toJSON: () => ({ type: "own" }),
};

/** A surjection behind an affine map of a standard normal base, bound, with numbers of its parameters far from where they start. */
function parted(surjection: Surjection, spread: number) {
  const features = surjection.latent;
  const parts = { base: standardNormal({ features }), bijection: affine({ features }), surjection };
  const tree = { base: {}, bijection: parts.bijection.parameters, surjection: surjection.parameters };
  const stream = new RandomStream(randomKey(5));
  const values = Object.fromEntries(
    Object.entries(initialValues(tree, randomKey(1))).map(([name, data]) => [
      name,
      data.map((value) => value + spread * stream.normal()),
    ]),
  );
  return { parts, values, bound: bindTree(tree) as never };
}

async function ran(
  rows: Readonly<Record<string, Expr>>,
  values: Readonly<Record<string, Float64Array>>,
  count: number,
  inputs: Readonly<Record<string, Float64Array>> = {},
): Promise<Record<string, Float64Array>> {
  const executable = await engine.compile({ rows });
  await setKnownParameters(executable, values);
  const out = await executable.run({ rows: count, inputs }, { key: randomKey(7) });
  executable.dispose();
  return out.rows as Record<string, Float64Array>;
}

const mean = (values: Float64Array, of: (value: number, i: number) => number = (value) => value): number =>
  values.reduce((sum, value, i) => sum + of(value, i), 0) / values.length;

/** The mean of draws is a number, as far as that many can tell. */
function expectMean(draws: Float64Array, exact: number): void {
  const own = mean(draws);
  const error = Math.sqrt(mean(draws, (value) => (value - own) ** 2) / draws.length);
  expect(error).toBeLessThan(0.1 * exact);
  expect(Math.abs(own - exact)).toBeLessThan(5 * error);
}

const layers: Readonly<Record<string, Surjection>> = {
  "an autoencoder": autoencoder(1, 2, []),
  "unadjusted steps": langevin({ target: well, steps: 3, stepSize: 0.3 }),
  "adjusted steps": langevin({ target: well, steps: 3, stepSize: 0.5, adjusted: true }),
  "Hamiltonian steps": hamiltonianMonteCarlo({ target: studentT({ features: 1 }), leaps: 3, stepSize: 0.4 }),
  "unadjusted Hamiltonian steps": hamiltonianMonteCarlo({ target: well, leaps: 2, adjusted: false }),
  "a chain": surjectionChain([
    autoencoder(2, 1),
    affine({ features: 2 }),
    langevin({ target: gaussianMixture({ features: 2, components: 2 }), steps: 2 }),
    augmentation({ features: 1, extra: 1 }),
    langevin({ target: well, steps: 1, adjusted: true }),
  ]),
};

test.each(Object.entries(layers))(
  "%s: densities of its bound have mass 1 and the moments of its samples",
  async (_, surjection) => {
    const { parts, values, bound } = parted(surjection, /langevin|Hamil/i.test(surjection.type) ? 0.4 : 0.2);
    const rows = 20_000;
    const [low, high] = [-12, 12];
    const y = Float64Array.from({ length: rows }, (_, i) => low + ((high - low) * (i + 0.5)) / rows);
    const score = logProbBound(ops.input("y", [1]), bound, { ...parts, draws: 2 });
    const { scores } = await ran({ scores: score }, values, rows, { y });
    const base = manyToOne({ ...parts, draws: 1 });
    const value = pushforwardSample(base, affine({ features: 1 }), ops.randomNormal([base.noise], "noise"), {
      base: bound,
      bijection: bindTree(affine({ features: 1 }).parameters, "own."),
    } as never);
    const own = { "own.shift": new Float64Array(1), "own.logScale": new Float64Array(1) };
    const { sample } = await ran({ sample: value }, { ...values, ...own }, rows);
    for (const power of [0, 1, 2]) {
      const terms = scores!.map((score, i) => (high - low) * Math.exp(score) * y[i]! ** power);
      const drawn = sample!.map((value) => value ** power);
      // Points are in order: what is next to each other differs by its draws.
      const noise = mean(terms, (term, i) => 0.5 * (term - (terms[i - 1] ?? term)) ** 2);
      const exact = mean(drawn);
      const error = Math.sqrt((noise + mean(drawn, (value) => (value - exact) ** 2)) / rows);
      expect(error).toBeLessThan(0.05);
      expect(Math.abs(mean(terms) - exact)).toBeLessThan(5 * error);
    }
  },
);

test("what is exact in closed form comes out: the posterior as encoder, a target that is the law already, steps between normal laws", async () => {
  const y = Float64Array.of(-30, -1.3, 0, 0.4, 2.5);
  const at = ops.input("y", [1]);
  const scoreOf = async (
    surjection: Surjection,
    values: Readonly<Record<string, Float64Array>>,
    repeats = 1,
  ) => {
    const { parts, bound } = parted(surjection, 0);
    const inputs = { y: Float64Array.from({ length: 5 * repeats }, (_, i) => y[i % 5]!) };
    const zero = { "bijection.shift": Float64Array.of(0), "bijection.logScale": Float64Array.of(0) };
    const score = logProbBound(at, bound, parts);
    return (await ran({ score }, { ...zero, ...values }, 5 * repeats, inputs)).score!;
  };
  // y = 0.7 x + 0.5 e: x given y is normal, of mean 0.7 y / 0.74 and variance 0.25 / 0.74. The log scale of s = softClip(raw, 10) is raw / (1 + |raw| / 10).
  const raw = (s: number): number => s / (1 - Math.abs(s) / 10);
  const exact = autoencoder(1, 1, []);
  const names = Object.keys(initialValues({ surjection: exact.parameters }, randomKey(0)));
  const network = (side: string, slope: number, logScale: number) =>
    Object.fromEntries(
      names
        .filter((name) => name.includes(side))
        .map((name) => [
          name,
          /weight/i.test(name) ? Float64Array.of(slope, 0) : Float64Array.of(0, raw(logScale)),
        ]),
    );
  const linear = {
    ...network("decoder", 0.7, Math.log(0.5)),
    ...network("encoder", 0.7 / 0.74, 0.5 * Math.log(0.25 / 0.74)),
  };
  (await scoreOf(exact, linear)).forEach((score, i) => {
    if (i > 0) expect(score).toBeCloseTo(logNormal(y[i]!, 0, 0.74), 12);
  });
  const still = { "surjection.logFactor": Float64Array.of(0.3, -0.5, 0) };
  for (const settled of [
    langevin({ target: ownNormal, steps: 3, stepSize: 0.8, adjusted: true }),
    hamiltonianMonteCarlo({ target: ownNormal, steps: 3, leaps: 2, stepSize: 0.8 }),
  ])
    (await scoreOf(settled, still)).forEach((score, i) => {
      expect(score).toBeCloseTo(logNormal(y[i]!), 10);
    });
  // A step of h makes (1 - h)^2 v + 2 h of a variance v, and (1 - h) m of a mean m.
  const two = langevin({ target: ownNormal, steps: 2, stepSize: 0.1 });
  // Two leaps of length e, each of which makes (1 - e^2 / 2) a + e v of a, and (1 - e^2 / 2) v - e (1 - e^2 / 4) a of v.
  const leaping = hamiltonianMonteCarlo({
    target: ownNormal,
    steps: 1,
    leaps: 2,
    stepSize: 0.3,
    adjusted: false,
  });
  const [kept, gained] = [1 - 0.045, 0.3];
  const [ofPoint, ofMomentum] = [kept * kept - gained * gained * (1 - 0.0225), 2 * kept * gained];
  const from = {
    "bijection.shift": Float64Array.of(1),
    "bijection.logScale": Float64Array.of(Math.log(1.5)),
    "surjection.logFactor": Float64Array.of(0, 0),
  };
  const repeats = 8000;
  for (const [steps, center, variance] of [
    [two, 0.81, 0.81 * (0.81 * 2.25 + 0.2) + 0.2],
    [leaping, ofPoint, ofPoint ** 2 * 2.25 + ofMomentum ** 2],
  ] as const) {
    const count = steps.parameters.logFactor as { readonly shape: readonly number[] };
    const own = { ...from, "surjection.logFactor": new Float64Array(count.shape[0]!) };
    const scores = await scoreOf(steps, own, repeats);
    for (const i of [1, 2, 3, 4]) {
      const drawn = scores.filter((_, k) => k % 5 === i);
      const closed = logNormal(y[i]!, center, variance);
      expectMean(drawn.map(Math.exp), Math.exp(closed));
      expect(Math.log(mean(drawn, Math.exp))).toBeCloseTo(closed, 1);
      expect(mean(drawn)).toBeLessThan(closed);
    }
  }
});

test("the slope that a mixture knows is the gradient of its log-density, far out and under narrow components too", async () => {
  const mixture = gaussianMixture({ features: 2, components: 3 });
  const p = bindTree(mixture.parameters);
  const x = ops.input("x", [2]);
  const values = {
    logWeight: Float64Array.of(0, 1, -3),
    mean: Float64Array.of(0, 0, 3, -1, 100, 0),
    factor: Float64Array.of(0.5, -0.7, 0, -3, 0.02, -4, 1, 2, 0),
  };
  const gradient = vjp([mixture.logProb(x, p)], [ops.constant(1)], [x])[0]!;
  const points = Float64Array.of(0.3, -0.2, 3.01, -1.02, 99, 5, -1e4, 2e3, 1.5, -0.5);
  const out = await ran({ slope: mixture.slope!(x, p), gradient }, values, 5, { x: points });
  out.slope!.forEach((slope, i) => {
    expect(Math.abs(slope - out.gradient![i]!)).toBeLessThan(1e-12 * (1 + Math.abs(slope)));
    expect(Math.abs(slope)).toBeGreaterThan(1e-3);
  });
});

test("steps towards a mixture without a slope are nearly those with it", async () => {
  const at = ops.input("y", [2]);
  const mixture = gaussianMixture({ features: 2, components: 3 });
  const [known, derived] = await Promise.all(
    [mixture, { ...ownNormal, features: 2, parameters: mixture.parameters, logProb: mixture.logProb }].map(
      async (target) => {
        const { parts, values, bound } = parted(langevin({ target, steps: 3 }), 0.5);
        const score = logProbBound(at, bound, parts);
        return (await ran({ score }, values, 5, { y: Float64Array.from({ length: 10 }, (_, i) => i - 4) }))
          .score!;
      },
    ),
  );
  known!.forEach((score, i) => {
    // Differences are off by 2^-16 / 6 times the third derivative.
    expect(Math.abs(score - derived![i]!)).toBeLessThan(1e-3 * Math.abs(score));
  });
});

test("shares of a mixture's components add up to 1 where its density is 0", async () => {
  const mixture = gaussianMixture({ features: 2, components: 3 });
  const x = ops.input("x", [2]);
  const values = initialValues(mixture.parameters, randomKey(0));
  const points = Float64Array.of(1e12, -3, 1e3, 2e9);
  // Three components, all of them standard normal.
  const { slope } = await ran({ slope: mixture.slope!(x, bindTree(mixture.parameters)) }, values, 2, {
    x: points,
  });
  expect(slope).toEqual(points.map((value) => -value));
});

test("weights of paths have the integral of a density as their mean, and gradients of a bound are its differences", async () => {
  const logDensity = (y: Expr): Expr => ops.sub(1.3, ops.mul(0.5, ops.sum(ops.square(ops.sub(y, 0.5)))));
  const logIntegral = 1.3 + 0.5 * Math.log(2 * Math.PI);
  const surjection = surjectionChain([
    langevin({ target: well, steps: 2, stepSize: 0.2 }),
    affine({ features: 1 }),
    langevin({ target: ownNormal, steps: 1, adjusted: true }),
    autoencoder(1, 1),
  ]);
  const { parts, values, bound } = parted(surjection, 0.2);
  const { bound: one } = evidenceBound(logDensity, bound, parts);
  const { bound: four } = evidenceBound(logDensity, bound, { ...parts, draws: 4 });
  const found = await ran({ one, four }, values, 20_000);
  expect(Math.log(mean(found.one!, Math.exp))).toBeCloseTo(logIntegral, 1);
  expect(mean(found.one!)).toBeLessThan(mean(found.four!));
  expect(mean(found.four!)).toBeLessThan(logIntegral);
  const drawn = langevin({ target: well, steps: 2, stepSize: 0.2 });
  const own = parted(drawn, 0.3);
  const loss = evidenceBound(logDensity, own.bound, own.parts).bound;
  const lossAt = async (name: string, by: number): Promise<number> => {
    const moved = { ...own.values, [name]: own.values[name]!.map((value, i) => value + (i === 0 ? by : 0)) };
    return mean((await ran({ loss }, moved, 1)).loss!);
  };
  for (const name of ["surjection.logFactor", "surjection.target.mean", "surjection.target.factor"]) {
    const leaf = name
      .split(".")
      .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], own.bound) as Expr;
    const executable = await engine.compile({ sums: { slope: vjp([loss], [ops.constant(1)], [leaf])[0]! } });
    await setKnownParameters(executable, own.values);
    const { sums } = await executable.run({ rows: 1, inputs: {} }, { key: randomKey(7) });
    executable.dispose();
    const difference = ((await lossAt(name, 1e-5)) - (await lossAt(name, -1e-5))) / 2e-5;
    expect(Math.abs(difference)).toBeGreaterThan(1e-3);
    expect(sums.slope![0]).toBeCloseTo(difference, 6);
  }
});

test("a flow with an autoencoder and steps behind it is fitted, saved and exported by its bound", async () => {
  const stream = new RandomStream(randomKey(3));
  // Three columns on a line, with noise, of a scale of their own.
  const rows = Array.from({ length: 300 }, () => {
    const x = stream.normal();
    return [100 + 5 * x, 20 - 3 * x, 8 * x].map((value) => value + 0.5 * stream.normal());
  });
  const layer = langevin({ target: gaussianMixture({ features: 1, components: 2 }), steps: 1 });
  const flow = surjectiveFlow({
    surjection: ({ features }) =>
      surjectionChain([layer, autoencoder(features, 1, []), actNorm({ features })]),
    flow: realNVP({ transforms: 1, hidden: [4] }),
    draws: 1,
  });
  const { flow: fitted } = await fit(tableFromRows(["a", "b", "c"], rows), {
    flow,
    epochs: 40,
    batch: 20,
    learningRate: 0.02,
    seed: 1,
  });
  expect(fitted.description.bound).toBe(true);
  expect(fitted.facts.architecture).toMatch(/^flow through surjectionChain/);
  const scores = await fitted.logProb(rows);
  // Independent normal columns have -9.0, a normal law of all three -5.5.
  expect(mean(scores)).toBeGreaterThan(-6.5);
  const { values } = await fitted.sample(2000, { seed: 2 });
  const sums = Float64Array.from({ length: 2000 }, (_, i) => values[3 * i]! / 5 + values[3 * i + 1]! / 3);
  expect(mean(sums)).toBeCloseTo(20 + 20 / 3, 0);
  const again = await load(fitted.toBytes());
  expect(await again.logProb(rows)).toEqual(scores);
  const module = await exportModel(again, { to: "wasm" });
  expect(await verifyExport(again, module, rows.slice(0, 20))).toMatchObject({ passes: true });
});

test("with a context, weights of paths have the integral of each row, and a flow given columns is fitted and saved, its targets with it", async () => {
  const c = ops.input("context", [1]);
  const logDensity = (y: Expr, given?: Expr): Expr =>
    ops.add(ops.sum(given!), ops.mul(-0.5, ops.sum(ops.square(ops.sub(y, given!)))));
  const target = conditionalNormal({ features: 1, context: 1, hidden: [] });
  const layers = surjectionChain([
    langevin({ target, steps: 2 }),
    affine({ features: 1 }),
    hamiltonianMonteCarlo({ target, steps: 1, leaps: 2 }),
    variationalAutoencoder({
      decoder: conditionalNormal({ features: 1, context: 2, hidden: [] }),
      encoder: conditionalNormal({ features: 1, context: 2, hidden: [] }),
      context: 1,
    }),
  ]);
  expect(layers.context).toBe(1);
  const { parts, values, bound } = parted(layers, 0.05);
  const context = Float64Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? -0.5 : 0.5));
  const paths = evidenceBound(logDensity, bound, { ...parts, draws: 1 }, c);
  const { weights } = await ran({ weights: ops.exp(paths.bound) }, values, context.length, { context });
  for (const [which, given] of [-0.5, 0.5].entries())
    expectMean(
      weights!.filter((_, i) => i % 2 === which),
      Math.exp(given) * Math.sqrt(2 * Math.PI),
    );
  expect(() => evidenceBound(logDensity, bound, parts)).toThrow(ShapeError);

  const stream = new RandomStream(randomKey(4));
  const rows = Array.from({ length: 300 }, () => {
    const given = stream.normal();
    return [2 * given + 0.2 * stream.normal(), given];
  });
  const flow = surjectiveFlow({
    surjection: ({ features, context }) =>
      surjectionChain([
        hamiltonianMonteCarlo({
          target: conditionalNormal({ features, context, hidden: [] }),
          steps: 1,
          leaps: 2,
        }),
        langevin({
          target: mixtureOf({ parts: [studentT({ features }), studentT({ features })] }),
          steps: 1,
        }),
      ]),
    flow: realNVP({ transforms: 1, hidden: [4] }),
    draws: 1,
  });
  const table = tableFromRows(["a", "c"], rows);
  const { flow: fitted } = await fit(table, {
    flow,
    given: ["c"],
    epochs: 20,
    batch: 30,
    learningRate: 0.02,
    seed: 1,
  });
  const again = await load(fitted.toBytes());
  const scores = await fitted.logProb(table);
  expect(await again.logProb(table)).toEqual(scores);
  // Of the column by itself -2.1.
  expect(mean(scores)).toBeGreaterThan(-1);
  const module = await exportModel(again, { to: "wasm" });
  expect(await verifyExport(again, module, table)).toMatchObject({ passes: true });
  const { values: drawn } = await again.sample(500, { seed: 2, given: { c: 1 } });
  expect(Math.abs(mean(Float64Array.from({ length: 500 }, (_, i) => drawn[2 * i + 1]!)) - 2)).toBeLessThan(
    0.3,
  );
});

test("parts that do not fit each other are refused", () => {
  const normal = gaussianMixture({ features: 1, components: 1 });
  const given = conditionalNormal({ features: 1, context: 2, hidden: [] });
  expect(() => variationalAutoencoder({ decoder: given, encoder: given })).toThrow(ShapeError);
  expect(() => langevin({ target: uniform({ lower: [0], upper: [1] }) })).toThrow(UsageError);
  expect(() => hamiltonianMonteCarlo({ target: normal, steps: 9, leaps: 8 })).toThrow(/at most 64/);
  expect(() => surjectionChain([langevin({ target: given }), planar({ features: 1, context: 3 })])).toThrow(
    /context of planar must be 2, as langevin, got 3/,
  );
  expect(() => langevin({ target: normal, steps: 33 })).toThrow(UsageError);
  expect(() => surjectionChain([])).toThrow(ShapeError);
  expect(() => surjectionChain([affine({ features: 1 })])).toThrow(UsageError);
  expect(() => surjectionChain([rounding({ features: 1 }), affine({ features: 1 })])).toThrow(UsageError);
  expect(() => surjectionChain([langevin({ target: normal }), affine({ features: 2 })])).toThrow(ShapeError);
  expect(() => surjectionChain([augmentation({ features: 9, extra: 1 }), largest({ of: 9 })])).not.toThrow();
  const parts = { base: standardNormal({ features: 3 }), bijection: affine({ features: 3 }) };
  const bound = bindTree({ base: {}, bijection: {}, surjection: {} }) as never;
  expect(() => evidenceBound((y) => ops.sum(y), bound, { ...parts, surjection: largest({ of: 3 }) })).toThrow(
    UsageError,
  );
  expect(() => surjectionChain([langevin({ target: normal }), normal as never])).toThrow(
    /bijections and surjections/,
  );
  const steps = langevin({ target: normal });
  const own = {
    base: standardNormal({ features: 1 }),
    bijection: affine({ features: 1 }),
    surjection: steps,
  };
  expect(() => manyToOne({ ...own, surjection: affine({ features: 1 }) as never })).toThrow(
    /must be a surjection/,
  );
  const ownBound = bindTree({
    base: {},
    bijection: own.bijection.parameters,
    surjection: steps.parameters,
  }) as never;
  const refused = (given: Partial<typeof own>, message: RegExp, logDensity = (y: Expr) => ops.sum(y)) =>
    expect(() => evidenceBound(logDensity, ownBound, { ...own, ...given })).toThrow(message);
  // With several preimages of x the weights of paths would have another mean than the integral.
  refused({ bijection: absoluteValue({ features: 1 }) }, /bijection must be one to one/);
  refused(
    { base: conditionalNormal({ features: 1, context: 2, hidden: [] }) },
    /context must be of 2 numbers, as the parts take, got none/,
  );
  refused({ base: manyToOne(own) }, /whose log-density is known/);
  refused({}, /what logDensity returns must be of the shape \[\]/, (y) => y);
});
