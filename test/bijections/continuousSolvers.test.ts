/** Solvers of continuous flows, and the estimate of the divergence. */

import { describe, expect, it } from "vitest";
import { type ContinuousOptions, continuous } from "../../src/bijections/continuous/continuous.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import { type Bound, bindTree, flattenTree } from "../../src/graph/parameters.ts";
import * as g from "../../src/graph/publicOps.ts";
import { randomKey } from "../../src/random/philox.ts";
import {
  engine,
  exactly,
  expectMean,
  linearValues,
  normals,
  run,
  single,
  values,
} from "./continuousParts.ts";

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
