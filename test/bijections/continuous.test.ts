/**
 * Continuous flows against closed forms and dense Jacobians: the laws know no solver and no estimator.
 */

import { Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { bijectionFromJson } from "../../src/bijections/bijectionFromJson.ts";
import {
  type ContinuousOptions,
  continuous,
  type SolveOptions,
} from "../../src/bijections/continuous/continuous.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { FormatError, UsageError } from "../../src/errors.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import { sizeOf } from "../../src/graph/expr.ts";
import { type Bound, bindTree, flattenTree } from "../../src/graph/parameters.ts";
import * as g from "../../src/graph/publicOps.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { Subject } from "../laws/harness.ts";

const engine = wasmEngine({ precision: "float64", threads: 1 });
const single = wasmEngine({ precision: "float32", threads: 1 });
const exactly = { kind: "adaptive", tolerance: 1e-11 } as const;

/** Values of size `scale` for every parameter. */
function values(options: ContinuousOptions, seed: number, scale = 0.5): Record<string, Float64Array> {
  const { parameters } = continuous(options);
  return Object.fromEntries(
    Array.from(flattenTree(parameters), ([name, { shape }]) => {
      const stream = new RandomStream(split(randomKey(seed), name));
      return [name, Float64Array.from({ length: sizeOf(shape) }, () => scale * stream.normal())];
    }),
  );
}

function normals(count: number, seed: number): Float64Array {
  const stream = new RandomStream(randomKey(seed));
  return Float64Array.from({ length: count }, () => stream.normal());
}

/** Runs a program of x (and context) of a flow with some values. */
async function run(
  options: ContinuousOptions,
  own: Record<string, Float64Array>,
  inputs: { x: Float64Array; context?: Float64Array },
  build: (
    flow: ReturnType<typeof continuous>,
    x: Expr,
    p: Bound,
    c: Expr | undefined,
  ) => Record<string, Expr>,
  { on = engine, seed = 0 }: { on?: typeof engine; seed?: number } = {},
): Promise<Readonly<Record<string, Float64Array>>> {
  const flow = continuous(options);
  const c = options.context ? g.input("context", [options.context]) : undefined;
  const x = g.input("x", [options.features]);
  const executable = await on.compile({ rows: build(flow, x, bindTree(flow.parameters), c) });
  await setKnownParameters(executable, own);
  const rows = inputs.x.length / options.features;
  const { rows: found } = await executable.run({ rows, inputs }, { key: randomKey(seed) });
  executable.dispose();
  return found;
}

function basis(n: number, i: number): Expr {
  return g.constant(Float64Array.from({ length: n }, (_, k) => Number(k === i)));
}

describe("the divergence of the velocity", () => {
  it.each(
    (["silu", "tanh", "softplus"] as const).flatMap((activation) =>
      (["rest", "interpolation"] as const).flatMap((start) =>
        [[5], [5, 4], [5, 4, 3], [4, 3, 5, 4]].flatMap((hidden) =>
          [0, hidden.length].map((waves) => [activation, start, hidden, waves] as const),
        ),
      ),
    ),
  )(
    "of %s from %s, hidden %j, %i of them waves, is the trace of the Jacobian, and its products are those of it",
    async (activation, start, hidden, waves) => {
      const options: ContinuousOptions = {
        features: 3,
        context: 2,
        hidden,
        activation,
        waves,
        start,
        frequencies: 2,
      };
      const found = await run(
        options,
        values(options, 3),
        { x: normals(15, 1), context: normals(10, 2) },
        (flow, x, p, c) => {
          const time = g.mul(0.3, g.rowMark());
          const v = flow.velocity(time, x, p, c);
          const columns = [0, 1, 2].map((i) => jvp([v.value], [x], [basis(3, i)])[0]!);
          const e = g.constant([0.3, -1.1, 0.7]);
          return {
            own: v.divergence(),
            trace: columns
              .map((column, i) => g.sum(g.mul(column, basis(3, i))))
              .reduce((a, b) => g.add(a, b)),
            pushed: v.push(e),
            along: jvp([v.value], [x], [e])[0]!,
            pulled: v.pull(e),
            back: vjp([v.value], [g.mul(g.rowMark(), e)], [x])[0]!,
          };
        },
      );
      for (let row = 0; row < 5; row++) expect(found.own![row]).toBeCloseTo(found.trace![row]!, 12);
      found.pushed!.forEach((value, i) => expect(value).toBeCloseTo(found.along![i]!, 12));
      found.pulled!.forEach((value, i) => expect(value).toBeCloseTo(found.back![i]!, 12));
    },
  );
});

describe("the velocity", () => {
  it("has sines in the place of the first activations", async () => {
    const options: ContinuousOptions = { features: 1, hidden: [2], activation: "tanh", waves: 1 };
    const own = {
      ...values(options, 0, 0),
      position: Float64Array.of(0.7, -0.4),
      bias0: Float64Array.of(0.1, 0.2),
      out: Float64Array.of(1.5, -0.5),
    };
    const x = [-30, -1, 0, 0.3, 2];
    const { value } = await run(options, own, { x: Float64Array.from(x) }, (flow, at, p) => ({
      value: flow.velocity(g.constant(0.4), at, p).value,
    }));
    x.forEach((at, i) =>
      expect(value![i]).toBeCloseTo(
        1.5 * Math.sin(3 * (0.7 * at + 0.1)) - 0.5 * Math.tanh(-0.4 * at + 0.2),
        12,
      ),
    );
  });

  it("sees the time, and the cosines and sines of its multiples", async () => {
    const times = 7;
    // One unit near 0, whose shift is one feature of the time after the other.
    const options: ContinuousOptions = { features: 1, hidden: [1], activation: "tanh", frequencies: 3 };
    const found = await Promise.all(
      Array.from({ length: times }, (_, k) =>
        run(
          options,
          {
            ...values(options, 0, 0),
            shift0: Float64Array.from({ length: times }, (_, i) => (i === k ? 1e-6 : 0)),
            out: Float64Array.of(1e6),
          },
          { x: Float64Array.of(0) },
          (flow, x, p) => ({ value: flow.velocity(g.mul(0.3, g.rowMark()), x, p).value }),
        ),
      ),
    );
    const angles = [1, 2, 3].map((k) => 0.3 * Math.PI * k);
    const wanted = [0.3, ...angles.map(Math.cos), ...angles.map(Math.sin)];
    wanted.forEach((value, k) => expect(found[k]!.value![0]).toBeCloseTo(value, 9));
  });

  it("starts from that of linear interpolation between normal variables, for flow matching", async () => {
    const options: ContinuousOptions = { features: 2, hidden: [3], start: "interpolation" };
    const own = initialValues(continuous(options).parameters, randomKey(1));
    const x = normals(2, 1);
    for (const t of [0, 0.2, 0.5, 0.9, 1]) {
      const { value } = await run(options, own, { x }, (flow, at, p) => ({
        value: flow.velocity(g.mul(t, g.rowMark()), at, p).value,
      }));
      // E[b - a | (1 - t) a + t b = z] of independent standard normal a and b, by the covariances.
      const mean = (t - (1 - t)) / (t * t + (1 - t) * (1 - t));
      value!.forEach((found, i) => expect(found).toBeCloseTo(mean * x[i]!, 12));
    }
  });
});

/**
 * Values that make the velocity linear to the last digits: f = A z + b with tanh units that stay near 0. The scale of A is
 * taken out by a first layer of 1e-6.
 */
function linearValues(a: number[][], b: number[]): Record<string, Float64Array> {
  const n = b.length;
  const small = 1e-6;
  const options: ContinuousOptions = { features: n, hidden: [n], activation: "tanh", frequencies: 0 };
  const own = values(options, 0, 0);
  own.position!.forEach((_, i) => {
    own.position![i] = i % n === Math.floor(i / n) ? small : 0;
  });
  own.out!.set(a.flat().map((value) => value / small));
  own.outBias!.set(b);
  return own;
}

describe("a linear velocity", () => {
  const a = [
    [0.4, -1.2, 0.3],
    [1, 0.1, -0.2],
    [0.2, 0.5, -0.9],
  ];
  const options: ContinuousOptions = {
    features: 3,
    hidden: [3],
    activation: "tanh",
    frequencies: 0,
    solver: exactly,
  };
  const own = linearValues(a, [0, 0, 0]);
  const x = normals(12, 4);

  /** e^(A t), by its series. */
  function exponential(t: number): Matrix {
    let term = Matrix.eye(3);
    let total = Matrix.eye(3);
    for (let k = 1; k < 40; k++) {
      term = term.mmul(new Matrix(a)).mul(t / k);
      total = total.add(term);
    }
    return total;
  }

  it("gives e^A x and the trace of A, and back", async () => {
    const found = await run(options, own, { x }, (flow, at, p) => {
      const { value, logAbsDet } = flow.forward(at, p);
      const back = flow.inverse(value, p);
      return { value, logAbsDet, back: back.value, backLog: back.logAbsDet };
    });
    const wanted = exponential(1);
    for (let row = 0; row < 4; row++) {
      const image = wanted.mmul(Matrix.columnVector([...x.subarray(3 * row, 3 * row + 3)])).getColumn(0);
      image.forEach((value, i) => expect(found.value![3 * row + i]).toBeCloseTo(value, 8));
      expect(found.logAbsDet![row]).toBeCloseTo(0.4 + 0.1 - 0.9, 8);
      expect(found.backLog![row]).toBeCloseTo(0.4, 8);
    }
    found.back!.forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 8));
  });

  it("has the regularizers of its closed forms, in both directions", async () => {
    // Trapezoids of |A e^(At) x|^2 over time; the squared Frobenius norm of A, whose estimate by signs has that mean.
    const steps = 2000;
    const kinetic = [0, 1, 2, 3].map((row) => {
      const at = Matrix.columnVector([...x.subarray(3 * row, 3 * row + 3)]);
      let total = 0;
      for (let k = 0; k <= steps; k++) {
        const velocity = new Matrix(a).mmul(exponential(k / steps)).mmul(at);
        total += (velocity.norm("frobenius") ** 2 * (k % steps === 0 ? 0.5 : 1)) / steps;
      }
      return total;
    });
    const many = new Float64Array(3 * 4000);
    for (let i = 0; i < many.length; i++) many[i] = x[i % 12]!;
    const solve: SolveOptions = { kinetic: true, jacobian: true };
    const found = await run(
      { ...options, solver: { kind: "adaptive", tolerance: 1e-8 } },
      own,
      { x: many },
      (flow, at, p) => {
        const there = flow.solve("forward", at, p, undefined, solve);
        const back = flow.solve("inverse", there.value, p, undefined, solve);
        return {
          there: there.kinetic,
          back: back.kinetic,
          jacobian: there.jacobian,
          backJacobian: back.jacobian,
        };
      },
    );
    for (let row = 0; row < 4; row++) {
      expect(found.there![row]).toBeCloseTo(kinetic[row]!, 5);
      expect(found.back![row]).toBeCloseTo(kinetic[row]!, 5);
    }
    const frobenius = a.flat().reduce((sum, value) => sum + value * value, 0);
    expectMean(found.jacobian!, frobenius);
    found.jacobian!.forEach((value, row) => {
      expect(value).toBeGreaterThan(0);
      expect(found.backJacobian![row]).toBeCloseTo(value, 5);
    });
  });
});

/** Fails unless a mean is within four standard errors of its expectation. */
function expectMean(draws: Float64Array, expected: number): void {
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws.length - 1);
  const error = Math.sqrt(variance / draws.length);
  expect(error).toBeGreaterThan(0);
  expect(Math.abs(mean - expected)).toBeLessThan(4 * error);
}

function correlation(a: Float64Array, b: Float64Array): number {
  const centred = (data: Float64Array): Float64Array => {
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    return data.map((value) => value - mean);
  };
  const [x, y] = [centred(a), centred(b)];
  const product = (u: Float64Array, v: Float64Array): number =>
    u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

describe("Hutchinson's estimate", () => {
  const options: ContinuousOptions = {
    features: 3,
    hidden: [5, 4],
    solver: { kind: "fixed", order: "rk4", steps: 4 },
  };
  const own = values(options, 8);
  const point = normals(3, 9);
  const x = new Float64Array(3 * 4000);
  for (let i = 0; i < x.length; i++) x[i] = point[i % 3]!;

  it.each(["normal", "sign"] as const)(
    "of %s noise is unbiased in both directions, one draw a solution",
    async (law) => {
      const found = await run(options, own, { x }, (flow, at, p) => {
        const estimate = flow.solve("forward", at, p, undefined, { divergence: law });
        const back = flow.solve("inverse", at, p, undefined, { divergence: law });
        return {
          estimate: estimate.logAbsDet,
          exact: flow.forward(at, p).logAbsDet,
          back: back.logAbsDet,
          backExact: flow.inverse(at, p).logAbsDet,
          value: estimate.value,
          exactValue: flow.forward(at, p).value,
        };
      });
      expectMean(found.estimate!, found.exact![0]!);
      expectMean(found.back!, found.backExact![0]!);
      // The noise moves the estimate and not the point.
      expect(found.value).toEqual(found.exactValue);
    },
  );

  it("is exact for independent features with signs, and not with normal noise", async () => {
    const diagonal = [
      [0.4, 0],
      [0, -0.7],
    ];
    const apart: ContinuousOptions = { features: 2, hidden: [2], activation: "tanh", frequencies: 0 };
    const at = normals(2000, 3);
    const found = await run(apart, linearValues(diagonal, [0, 0]), { x: at }, (flow, x, p) => ({
      sign: flow.solve("forward", x, p, undefined, { divergence: "sign" }).logAbsDet,
      normal: flow.solve("forward", x, p, undefined, { divergence: "normal" }).logAbsDet,
    }));
    found.sign!.forEach((value) => expect(value).toBeCloseTo(-0.3, 6));
    // e^2 of a normal number has a variance of 2.
    const variance = found.normal!.reduce((sum, value) => sum + (value + 0.3) ** 2, 0) / 1000;
    expect(Math.abs(variance / (2 * (0.4 ** 2 + 0.7 ** 2)) - 1)).toBeLessThan(0.4);
  });

  it("has a gradient whose mean is that of the exact one", async () => {
    const found = await run(options, own, { x }, (flow, at, p) => {
      const gradient = (divergence: "exact" | "sign"): Expr =>
        vjp([flow.solve("forward", at, p, undefined, { divergence }).logAbsDet], [g.rowMark()], [at])[0]!;
      return { estimate: gradient("sign"), exact: gradient("exact") };
    });
    for (let i = 0; i < 3; i++)
      expectMean(
        found.estimate!.filter((_, k) => k % 3 === i),
        found.exact![i]!,
      );
  });

  it("has noise of its own in each flow of a program, and one noise in each flow", async () => {
    const flow = continuous(options);
    const at = g.input("x", [3]);
    const bound: Record<string, Bound> = Object.fromEntries(
      ["0.", "1."].map((scope) => [scope, bindTree(flow.parameters, scope)]),
    );
    const solve = (scope: string, divergence: "sign" | "normal") =>
      flow.solve("forward", at, bound[scope]!, undefined, { divergence, jacobian: true });
    const solved = Object.fromEntries(
      (["sign", "normal"] as const).flatMap((law) => {
        const [first, second, again] = [solve("0.", law), solve("1.", law), solve("0.", law)];
        return Object.entries({ first, second, again }).flatMap(([name, { logAbsDet, jacobian }]) => [
          [`${law} ${name}`, logAbsDet],
          [`${law} ${name} jacobian`, jacobian],
        ]);
      }),
    );
    const executable = await engine.compile({ rows: solved });
    // The same parameters in both, so that only the noise tells them apart.
    const both = ["0.", "1."].flatMap((scope) =>
      Object.entries(own).map(([name, data]) => [scope + name, data] as const),
    );
    await setKnownParameters(executable, Object.fromEntries(both));
    const { rows: found } = await executable.run({ rows: 4000, inputs: { x } }, { key: randomKey(1) });
    executable.dispose();
    for (const law of ["sign", "normal"])
      for (const what of ["", " jacobian"]) {
        const [first, second] = [found[`${law} first${what}`]!, found[`${law} second${what}`]!];
        expect(found[`${law} again${what}`]).toEqual(first);
        expect(Math.abs(correlation(first, second))).toBeLessThan(4 / Math.sqrt(4000));
      }
  });

  it("has other noise with another seed, and the same with the same", async () => {
    const estimate = (seed: number): Promise<Readonly<Record<string, Float64Array>>> =>
      run(
        { ...options, divergence: "sign" },
        own,
        { x: x.subarray(0, 30) },
        (flow, at, p) => ({ logAbsDet: flow.forward(at, p).logAbsDet }),
        { seed },
      );
    const first = await estimate(1);
    expect(await estimate(1)).toEqual(first);
    expect(await estimate(2)).not.toEqual(first);
  });
});

describe("solvers", () => {
  const options: ContinuousOptions = { features: 2, hidden: [6, 6], context: 1, frequencies: 2 };
  const own = values(options, 5, 0.4);
  const inputs = { x: normals(40, 6), context: normals(20, 7) };
  const image = (
    solver: ContinuousOptions["solver"],
    on = engine,
    at = inputs,
  ): Promise<Readonly<Record<string, Float64Array>>> =>
    run(
      { ...options, solver },
      own,
      at,
      (flow, x, p, c) => {
        const { value, logAbsDet, evaluations } = flow.solve("forward", x, p, c);
        return { value, logAbsDet, evaluations };
      },
      { on },
    );
  const apart = (a: Float64Array, b: Float64Array): number =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

  it("are as exact as their tolerance, with more evaluations for a smaller one", async () => {
    const best = await image(exactly);
    let evaluations = 0;
    for (const tolerance of [1e-3, 1e-5, 1e-7]) {
      const found = await image({ kind: "adaptive", tolerance });
      expect(apart(found.value!, best.value!)).toBeLessThan(100 * tolerance);
      expect(apart(found.logAbsDet!, best.logAbsDet!)).toBeLessThan(100 * tolerance);
      const own = found.evaluations!.reduce((a, b) => a + b, 0);
      expect(own).toBeGreaterThan(evaluations);
      evaluations = own;
    }
    const steps = await image({ kind: "fixed", order: "rk4", steps: 100 });
    expect(apart(steps.value!, best.value!)).toBeLessThan(1e-6);
    expect([...steps.evaluations!].every((count) => count === 400)).toBe(true);
  });

  it("give a row the same, whatever its neighbors", async () => {
    for (const on of [engine, single]) {
      const solver = { kind: "adaptive", tolerance: 1e-4 } as const;
      const all = await image(solver, on);
      expect(new Set(all.evaluations).size).toBeGreaterThan(1);
      for (const row of [0, 7, 19]) {
        const alone = await image(solver, on, {
          x: inputs.x.slice(2 * row, 2 * row + 2),
          context: inputs.context.slice(row, row + 1),
        });
        expect([...alone.value!]).toEqual([...all.value!.subarray(2 * row, 2 * row + 2)]);
        expect(alone.logAbsDet![0]).toBe(all.logAbsDet![row]);
        expect(alone.evaluations![0]).toBe(all.evaluations![row]);
      }
    }
  });

  it("round trips within 1e-4 in float32 and 1e-6 in float64", async () => {
    for (const [on, most] of [
      [single, 1e-4],
      [engine, 1e-6],
    ] as const) {
      const found = await run(
        { ...options, solver: { kind: "adaptive", tolerance: on === single ? 1e-6 : 1e-8 } },
        own,
        inputs,
        (flow, x, p, c) => {
          const there = flow.forward(x, p, c);
          const back = flow.inverse(there.value, p, c);
          return { value: back.value, sum: g.add(there.logAbsDet, back.logAbsDet) };
        },
        { on },
      );
      expect(apart(found.value!, inputs.x)).toBeLessThan(most);
      expect(apart(found.sum!, new Float64Array(20))).toBeLessThan(most);
    }
  });

  it.each(["exact", "sign"] as const)(
    "have gradients by the adjoint that agree with those through many steps, to the tolerance: divergence %s",
    async (divergence) => {
      const small: ContinuousOptions = { features: 2, hidden: [4, 3], context: 1 };
      const flow = continuous(small);
      const p = bindTree(flow.parameters);
      const [x, c] = [g.input("x", [2]), g.input("context", [1])];
      const leaves = Array.from(flattenTree(flow.parameters).keys(), (name) => p[name] as Expr);
      const gradients = async (
        solver: ContinuousOptions["solver"],
      ): Promise<Record<string, Float64Array>> => {
        const solved = flow.solve("inverse", x, p, c, { solver, divergence, kinetic: true, jacobian: true });
        const added = g.add(g.mul(0.1, solved.kinetic), g.mul(0.2, solved.jacobian));
        const loss = g.add(g.sum(g.square(solved.value)), g.sub(added, solved.logAbsDet));
        const found = vjp([g.sumRows(loss)], [g.constant(1)], [...leaves, x, c]);
        const executable = await engine.compile({
          sums: Object.fromEntries(leaves.map((_, i) => [`${i}`, found[i]!])),
          rows: { x: found[leaves.length]!, c: found[leaves.length + 1]! },
        });
        await setKnownParameters(executable, values(small, 2));
        const { sums, rows } = await executable.run({ rows: 20, inputs }, { key: randomKey(1) });
        executable.dispose();
        return { ...sums, ...rows };
      };
      const wanted = await gradients({ kind: "fixed", order: "dormand-prince", steps: 6 });
      for (const tolerance of [1e-4, 1e-6]) {
        const found = await gradients({ kind: "adaptive", tolerance });
        for (const [name, data] of Object.entries(wanted)) {
          const size = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          expect(apart(found[name]!, data)).toBeLessThan(100 * tolerance * size);
        }
      }
    },
  );

  it("stop at `until`: two halves make the whole", async () => {
    const half = await run({ ...options, solver: exactly, until: 0.5 }, own, inputs, (flow, x, p, c) => ({
      ...flow.forward(x, p, c),
    }));
    const whole = await image(exactly);
    const velocity = continuous(options);
    const c = g.input("context", [1]);
    const p = bindTree(velocity.parameters);
    const rest = g.solveOde(g.input("x", [2]), (time, z) => velocity.velocity(time, z, p, c).value, {
      from: 0.5,
      to: 1,
      method: exactly,
    });
    const executable = await engine.compile({ rows: { value: rest.state } });
    await setKnownParameters(executable, own);
    const { rows } = await executable.run({ rows: 20, inputs: { x: half.value!, context: inputs.context } });
    expect(apart(rows.value!, whole.value!)).toBeLessThan(1e-9);
    executable.dispose();
  });
});

describe("the laws of bijections, to the tolerance of the solver", () => {
  const options: ContinuousOptions = {
    features: 2,
    context: 1,
    hidden: [4, 3],
    solver: { kind: "adaptive", tolerance: 1e-9 },
  };
  const own = values(options, 11, 0.6);
  const at = { x: normals(12, 12), context: normals(6, 13) };

  it.each(["forward", "inverse"] as const)(
    "%s: logAbsDet is that of the dense Jacobian",
    async (direction) => {
      const subject = new Subject(continuous(options), engine);
      const { logAbsDet } = await subject.image(direction, own, at);
      const jacobians = await subject.jacobian(direction, own, at);
      jacobians.forEach(([a, b, c, d], row) => {
        expect(logAbsDet[row]).toBeCloseTo(Math.log(a! * d! - b! * c!), 6);
      });
      await subject.dispose();
    },
  );

  it("every trained parameter gets a gradient", async () => {
    const subject = new Subject(
      continuous({ ...options, solver: { kind: "fixed", order: "rk4", steps: 2 } }),
      engine,
    );
    for (const direction of ["forward", "inverse"] as const) {
      const gradient = await subject.gradient(direction, own, at);
      for (const name of subject.trained) expect([name, gradient[name]!.indexOf(0)]).toEqual([name, -1]);
    }
    await subject.dispose();
  });

  it.each(["rest", "interpolation"] as const)("is the identity at the start, from %s", async (start) => {
    const subject = new Subject(continuous({ ...options, start, hidden: [4, 3] }), engine);
    const initial = initialValues(subject.bijection.parameters, randomKey(1));
    for (const direction of ["forward", "inverse"] as const) {
      const { value, logAbsDet } = await subject.image(direction, initial, at);
      value.forEach((number, i) => expect(number).toBeCloseTo(at.x[i]!, 7));
      logAbsDet.forEach((number) => expect(number).toBeCloseTo(0, 7));
    }
    await subject.dispose();
  });

  it("engines agree", async () => {
    const subjects = [referenceEngine, engine, single].map((on) => new Subject(continuous(options), on));
    const rounded = Object.fromEntries(
      Object.entries(own).map(([name, data]) => [name, data.map(Math.fround)]),
    );
    const rows = { x: at.x.map(Math.fround), context: at.context.map(Math.fround) };
    const [reference, ...others] = await Promise.all(
      subjects.map((subject) => subject.image("inverse", rounded, rows)),
    );
    others.forEach(({ value, logAbsDet }, i) => {
      const digits = i === 0 ? 7 : 4;
      value.forEach((number, k) => expect(number).toBeCloseTo(reference!.value[k]!, digits));
      logAbsDet.forEach((number, k) => expect(number).toBeCloseTo(reference!.logAbsDet[k]!, digits));
    });
    for (const subject of subjects) await subject.dispose();
  });

  it("the density integrates to 1", async () => {
    const side = 141;
    const reach = 7;
    const grid = Float64Array.from({ length: 2 * side * side }, (_, i) => {
      const place = i % 2 === 0 ? Math.floor(i / 2 / side) : Math.floor(i / 2) % side;
      return (2 * reach * place) / (side - 1) - reach;
    });
    const subject = new Subject(
      continuous({ ...options, solver: { kind: "adaptive", tolerance: 1e-5 } }),
      engine,
    );
    const context = new Float64Array(side * side).fill(0.4);
    const logDensity = await subject.logDensity(own, { x: grid, context });
    const total =
      logDensity.reduce((sum, value) => sum + Math.exp(value), 0) * ((2 * reach) / (side - 1)) ** 2;
    expect(Math.abs(total - 1)).toBeLessThan(1e-3);
    await subject.dispose();
  });

  it("far rows stay finite", async () => {
    const subject = new Subject(
      continuous({ ...options, solver: { kind: "adaptive", tolerance: 1e-5 } }),
      engine,
    );
    const far = [1e3, -1e6, 1e12, 20];
    const { value, logAbsDet } = await subject.image("inverse", own, {
      x: Float64Array.from(far.flatMap((a) => [a, -a])),
      context: new Float64Array(4),
    });
    expect([...value, ...logAbsDet].every(Number.isFinite)).toBe(true);
    await subject.dispose();
  });
});

describe("descriptions", () => {
  it("come back from JSON with every option", () => {
    const options: ContinuousOptions = {
      features: 2,
      context: 1,
      hidden: [3],
      activation: "softplus",
      waves: 2,
      frequencies: 4,
      start: "interpolation",
      divergence: "normal",
      solver: { kind: "fixed", order: "midpoint", steps: 3 },
      until: 0.5,
    };
    const json = JSON.parse(JSON.stringify(continuous(options).toJSON()));
    expect(json).toEqual({ type: "continuous", ...options });
    expect(bijectionFromJson(json).toJSON()).toEqual(json);
    // Descriptions of before there were waves have none.
    const { waves: _, ...before } = json;
    expect(bijectionFromJson(before).toJSON()).toEqual({ ...json, waves: 0 });
    expect(() => bijectionFromJson({ ...json, solver: { kind: "magic" } })).toThrow(FormatError);
  });

  it.each([
    [{ hidden: [] }, /at least one layer/],
    [{ activation: "relu" }, /activation must be one of/],
    [{ divergence: "guess" }, /divergence must be one of/],
    [{ until: 0 }, /until must be a positive number/],
    [{ frequencies: 1.5 }, /frequencies must be/],
    [{ hidden: [4], waves: 5 }, /waves must be an integer from 0 to the first hidden size, 4/],
    [{ start: "here" }, /start must be/],
    [{ solver: { kind: "fixed", order: "rk5", steps: 2 } }, /solver.order/],
    [{ solver: { kind: "fixed", order: "rk4", steps: 0 } }, /solver.steps/],
    [{ solver: { kind: "adaptive", tolerance: 0 } }, /solver.tolerance/],
  ])("refuse %j", (wrong, message) => {
    const make = (): unknown => continuous({ features: 2, ...wrong } as unknown as ContinuousOptions);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });
});
