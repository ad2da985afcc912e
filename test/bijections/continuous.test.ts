/** Continuous flows: their velocity, that of linear maps against closed forms, and descriptions. */

import { Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { bijectionFromJson } from "../../src/bijections/bijectionFromJson.ts";
import {
  type ContinuousOptions,
  continuous,
  type SolveOptions,
} from "../../src/bijections/continuous/continuous.ts";
import { FormatError, UsageError } from "../../src/errors.ts";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import * as g from "../../src/graph/publicOps.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { randomKey } from "../../src/random/philox.ts";
import { basis, exactly, expectMean, linearValues, normals, run, values } from "./continuousParts.ts";

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
