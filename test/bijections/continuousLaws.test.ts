/** The laws of bijections for continuous flows, against dense Jacobians: the laws know no solver and no estimator. */

import { describe, expect, it } from "vitest";
import { type ContinuousOptions, continuous } from "../../src/bijections/continuous/continuous.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { randomKey } from "../../src/random/philox.ts";
import { Subject } from "../laws/harness.ts";
import { engine, normals, single, values } from "./continuousParts.ts";

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
