import { describe, expect, test } from "vitest";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { gradientFlow } from "../../src/fitting/gradientFlow/gradientFlow.ts";
import type { NormalMixture } from "../../src/fitting/gradientFlow/normalMixture.ts";
import { meanOf, neverFalls, plane, twoModes, worst } from "./flows.ts";

/** A normal that is neither standard nor diagonal. */
const tilted: NormalMixture = { weights: [1], means: [[0.3, -0.5]], covariances: [[1.5, 0.4, 0.4, 0.7]] };
const times = [0, 0.1, 0.3, 0.6, 1, 2, 4, 8];
const to = standardNormal({ features: 2 });

describe("the exact form", () => {
  test("is the closed form for a normal: m e^-t + (x - m) sqrt(S_t / S)", async () => {
    const points = Float64Array.of(-1, 0.2, 3);
    const flow = await gradientFlow({
      from: { weights: [1], means: [[2]], covariances: [[0.09]] },
      to: standardNormal({ features: 1 }),
      points,
      times,
    });
    times.forEach((t, k) => {
      const variance = 0.09 * Math.exp(-2 * t) + 1 - Math.exp(-2 * t);
      const slope = Math.sqrt(variance / 0.09);
      const closed = points.map((x) => 2 * Math.exp(-t) + (x - 2) * slope);
      // The path expands by 1 / 0.3, and errors with it.
      expect(worst(flow.points[k]!, closed)).toBeLessThan(1e-6);
      expect(
        worst(
          flow.logAbsDet[k]!,
          [0, 1, 2].map(() => Math.log(slope)),
        ),
      ).toBeLessThan(1e-6);
      const law = closed.map(
        (z) => -0.5 * ((z - 2 * Math.exp(-t)) ** 2 / variance + Math.log(2 * Math.PI * variance)),
      );
      expect(worst(flow.logDensity[k]!, law)).toBeLessThan(1e-6);
    });
  });

  for (const [name, target] of [
    ["a standard normal", to],
    ["a tilted normal", tilted],
  ] as const)
    test(`L never falls, and KL(rho_t || mu) never rises, towards ${name}`, async () => {
      const flow = await gradientFlow({ from: plane, to: target, rows: 500, times, jacobians: true });
      expect(neverFalls(flow.logLikelihood)).toBe(true);
      // KL = mean of log rho_t(z) - log mu(z); L + KL = mean of log rho at the start.
      const kl = flow.logDensity.map((own, k) =>
        meanOf(own.map((value, row) => value - (flow.logEstimate[k]![row]! - flow.logAbsDet[k]![row]!))),
      );
      expect(neverFalls(kl.map((value) => -value))).toBe(true);
      expect(Math.abs(kl.at(-1)!)).toBeLessThan(1e-4);
      // The Jacobian by its own equation has the determinant that the densities say.
      times.forEach((_, k) => {
        const det = Float64Array.from(flow.logAbsDet[k]!, (__, row) => {
          const [a, b, c, d] = flow.jacobians![k]!.subarray(4 * row, 4 * row + 4);
          return Math.log(a! * d! - b! * c!);
        });
        expect(worst(det, flow.logAbsDet[k]!)).toBeLessThan(1e-6);
      });
    });

  test("Jacobians are those of central differences, there and back", async () => {
    const h = 1e-4;
    const x = [0.3, -0.8];
    const points = Float64Array.of(
      ...x,
      x[0]! + h,
      x[1]!,
      x[0]! - h,
      x[1]!,
      x[0]!,
      x[1]! + h,
      x[0]!,
      x[1]! - h,
    );
    const flow = await gradientFlow({ from: plane, to: tilted, points, times: [0.7], jacobians: true });
    for (const path of [flow, await flow.toData(points)]) {
      const z = path.points[0]!;
      const differences = [z[2]! - z[4]!, z[6]! - z[8]!, z[3]! - z[5]!, z[7]! - z[9]!].map(
        (v) => v / (2 * h),
      );
      expect(worst(path.jacobians![0]!.subarray(0, 4), differences)).toBeLessThan(1e-5);
      const [a, b, c, d] = differences as [number, number, number, number];
      expect(path.logAbsDet[0]![0]).toBeCloseTo(Math.log(a * d - b * c), 5);
    }
  });

  test("along a path d log rho_t / dt is the opposite of the divergence, and dz/dt the velocity", async () => {
    const h = 1e-4;
    const flow = await gradientFlow({ from: plane, to: tilted, rows: 40, times: [0.5 - h, 0.5, 0.5 + h] });
    const rate = (a: Float64Array, b: Float64Array): Float64Array =>
      b.map((own, i) => (own - a[i]!) / (2 * h));
    const [before, , after] = flow.logDensity;
    expect(
      worst(
        rate(before!, after!),
        flow.divergences[1]!.map((own) => -own),
      ),
    ).toBeLessThan(1e-4);
    expect(worst(rate(flow.points[0]!, flow.points[2]!), flow.velocities[1]!)).toBeLessThan(1e-4);
  });

  test("the field vanishes where rho is mu", async () => {
    const flow = await gradientFlow({ from: tilted, to: tilted, rows: 50, times: [0, 3] });
    expect(
      worst(
        flow.velocities[0]!,
        flow.velocities[0]!.map(() => 0),
      ),
    ).toBeLessThan(1e-12);
    expect(worst(flow.points[1]!, flow.points[0]!)).toBeLessThan(1e-12);
  });

  test("the dual is the inverse, and its law goes from mu to rho", async () => {
    const flow = await gradientFlow({ from: plane, to, rows: 30, times: [0, 1, 12] });
    const back = await flow.toData(flow.points[1]!);
    expect(worst(back.points[1]!, flow.points[0]!)).toBeLessThan(1e-6);
    expect(
      worst(
        back.logAbsDet[1]!,
        flow.logAbsDet[1]!.map((own) => -own),
      ),
    ).toBeLessThan(1e-6);
    // At time 0 it is the identity, with the density of mu; in the limit that of rho.
    expect(back.points[0]).toEqual(flow.points[1]);
    const start = await gradientFlow({ from: plane, to, points: back.points[2]!, times: [0] });
    expect(worst(back.logDensity[2]!, start.logDensity[0]!)).toBeLessThan(1e-4);
  });

  test("a row does not depend on its neighbors", async () => {
    const flow = await gradientFlow({ from: plane, to, rows: 5, times: [1] });
    const alone = await flow.toBase(flow.points[0]!.slice(0, 2));
    const first = (await gradientFlow({ from: plane, to, rows: 1, times: [1] })).points[0]!;
    expect(first).toEqual(flow.points[0]!.slice(0, 2));
    expect(alone.points[0]!.length).toBe(2);
  });

  test("another form, mobility or size is refused with what to do", async () => {
    const one = standardNormal({ features: 1 });
    await expect(gradientFlow({ from: twoModes, to })).rejects.toThrow(/from has 1 features and to has 2/);
    await expect(
      gradientFlow({ from: twoModes, to: one, form: "exact", mobility: "density" }),
    ).rejects.toThrow(/unit mobility/);
    await expect(gradientFlow({ from: twoModes, to: one, times: [1, 0] })).rejects.toThrow(/ascending/);
    const flow = await gradientFlow({ from: twoModes, to: one, rows: 2 });
    expect(() => flow.at(0.3)).toThrow(/not at 0.3/);
    await expect(flow.toBase(Float64Array.of(Number.NaN))).rejects.toThrow(
      /row 1 must be of finite numbers, got NaN/,
    );
  });
});
