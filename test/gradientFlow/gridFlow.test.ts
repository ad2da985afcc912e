import { describe, expect, test } from "vitest";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { type Density, densityOf } from "../../src/fitting/gradientFlow/density.ts";
import { gradientFlow } from "../../src/fitting/gradientFlow/gradientFlow.ts";
import * as g from "../../src/graph/ops.ts";
import { neverFalls, plane, twoModes, worst } from "./flows.ts";

const line = standardNormal({ features: 1 });
const times = [0, 0.1, 0.3, 0.6, 1, 2, 4];

/** A target without a field of its own. */
const flat = (features: number): Density => ({
  features,
  logDensity: (points) => new Float64Array(points.length / features),
  gradient: (points) => new Float64Array(points.length),
});

describe("the grid", () => {
  for (const mobility of ["unit", "density"] as const) {
    test(`L never falls and KL never rises, with ${mobility} mobility`, async () => {
      const flow = await gradientFlow({ from: twoModes, to: line, form: "grid", mobility, times });
      expect(neverFalls(flow.logLikelihood)).toBe(true);
      const kl = flow.logDensity.map((own, k) =>
        own.reduce(
          (sum, value, j) =>
            sum + flow.weights[j]! * (value - flow.logEstimate[k]![j]! + flow.logAbsDet[k]![j]!),
          0,
        ),
      );
      expect(neverFalls(kl.map((value) => -value))).toBe(true);
      expect(kl.at(-1)!).toBeLessThan(kl[0]! / 2);
    });

    test(`the field vanishes where rho is mu, with the square of the spacing, with ${mobility} mobility`, async () => {
      const largest: number[] = [];
      for (const nodes of [41, 81]) {
        const normal = { weights: [1], means: [[0]], covariances: [[1]] };
        const grid = { nodes, box: [[-4, 4]] as const };
        const flow = await gradientFlow({ from: normal, to: line, form: "grid", mobility, grid, times: [0] });
        // Inside: the nodes at the ends see the void.
        const inner = (values: Float64Array): number[] =>
          Array.from(values).filter((_, j) => Math.abs(flow.points[0]![j]!) < 2.5);
        largest.push(worst(inner(flow.velocities[0]!), new Array(nodes).fill(0)));
      }
      // (s h)^2 / 12 of the score, s <= 2.5.
      expect(largest[0]).toBeLessThan(0.07);
      expect(largest[0]! / largest[1]!).toBeGreaterThan(3.6);
    });
  }

  test("agrees with the exact form, to second order in the spacing", async () => {
    const errors: number[] = [];
    for (const nodes of [51, 101]) {
      const common = { from: twoModes, to: line, times: [0, 0.3, 1, 2] };
      const grid = await gradientFlow({ ...common, form: "grid", grid: { nodes }, tolerance: 1e-6 });
      const points = Float64Array.from({ length: 41 }, (_, i) => -2.5 + 0.125 * i);
      const ours = await grid.toBase(points);
      const exact = await gradientFlow({ ...common, points });
      errors.push(worst(ours.points[2]!, exact.points[2]!));
      expect(worst(ours.logAbsDet[2]!, exact.logAbsDet[2]!)).toBeLessThan(nodes === 51 ? 0.1 : 0.03);
    }
    expect(errors[1]).toBeLessThan(0.02);
    expect(errors[0]! / errors[1]!).toBeGreaterThan(3);
  });

  test("density mobility is the porous-medium equation where mu is flat: Barenblatt's solution, 1-D", async () => {
    // u = C - x^2 / (6 t) in one dimension at time t = 1, of mass 1; points move as x t^(1/3).
    const top = (3 / (4 * Math.sqrt(6))) ** (2 / 3);
    const edge = Math.sqrt(6 * top);
    const from: Density = {
      features: 1,
      logDensity: (x) => x.map((own) => Math.log(Math.max(0, top - own ** 2 / 6))),
    };
    const grid = { box: [[-edge, edge]] as const, nodes: 201 };
    const flow = await gradientFlow({ from, to: flat(1), mobility: "density", grid, times: [0, 1, 7] });
    const scale = [1, 2 ** (1 / 3), 2];
    const x = flow.points[0]!;
    [1, 2].forEach((k) => {
      expect(
        worst(
          flow.points[k]!,
          x.map((own) => own * scale[k]!),
        ),
      ).toBeLessThan(0.005);
    });
  });

  test("Barenblatt's solution in 2-D, and its Jacobian", async () => {
    // u = C - |x|^2 / (8 t) in two dimensions; points move as x t^(1/4).
    const top = 1 / Math.sqrt(4 * Math.PI);
    const edge = Math.sqrt(8 * top);
    const from: Density = {
      features: 2,
      logDensity: (points) =>
        Float64Array.from({ length: points.length / 2 }, (_, row) =>
          Math.log(Math.max(1e-5, top - (points[2 * row]! ** 2 + points[2 * row + 1]! ** 2) / 8)),
        ),
    };
    const grid = {
      box: [
        [-edge, edge],
        [-edge, edge],
      ] as const,
      nodes: 21,
    };
    const flow = await gradientFlow({ from, to: flat(2), mobility: "density", grid, times: [0, 0.3] });
    // Early: the corners, nearly empty, would fold later. Inside, where the density is not the floor.
    const points = Float64Array.of(0, 0, 0.5, 0.2, -0.4, 0.7, 0.1, -0.9);
    const moved = await flow.toBase(points);
    expect(
      worst(
        moved.points[1]!,
        points.map((own) => own * 1.3 ** 0.25),
      ),
    ).toBeLessThan(0.005);
    expect(
      worst(
        moved.logAbsDet[1]!,
        [0, 0, 0, 0].map(() => 0.5 * Math.log(1.3)),
      ),
    ).toBeLessThan(0.03);
  });

  test("density mobility agrees with the equation of rho_t on a fixed grid", async () => {
    // d rho/dt = -div(rho u), u = rho (log mu)' - rho'; fluxes between cells, small explicit steps.
    const count = 400;
    const h = 10 / count;
    const place = (i: number): number => -5 + (i + 0.5) * h;
    const normal = (x: number, m: number, v: number): number =>
      Math.exp((-0.5 * (x - m) ** 2) / v) / Math.sqrt(2 * Math.PI * v);
    const rho = Float64Array.from(
      { length: count },
      (_, i) => 0.4 * normal(place(i), -1.2, 0.3) + 0.6 * normal(place(i), 1, 0.5),
    );
    const step = 2e-4;
    for (let n = 0; n < 1 / step; n++) {
      const flux = new Float64Array(count + 1);
      for (let i = 1; i < count; i++) {
        const here = (rho[i - 1]! + rho[i]!) / 2;
        flux[i] = here * (-here * (place(i) - h / 2) - (rho[i]! - rho[i - 1]!) / h);
      }
      for (let i = 0; i < count; i++) rho[i]! -= (step / h) * (flux[i + 1]! - flux[i]!);
    }
    const flow = await gradientFlow({ from: twoModes, to: line, mobility: "density", times: [0, 1] });
    expect(flow.form).toBe("grid");
    flow.points[1]!.forEach((z, j) => {
      if (Math.abs(z) > 2.5) return;
      const at = (z + 5) / h - 0.5;
      const cell = Math.floor(at);
      const found = rho[cell]! + (at - cell) * (rho[cell + 1]! - rho[cell]!);
      expect(Math.abs(Math.exp(flow.logDensity[1]![j]!) - found)).toBeLessThan(3e-3);
    });
  });

  test("in 2-D it agrees with the exact form where the mass is, and L rises", async () => {
    const common = { from: plane, to: standardNormal({ features: 2 }), times: [0, 0.2, 0.5] };
    const flow = await gradientFlow({ ...common, form: "grid", jacobians: true });
    expect(neverFalls(flow.logLikelihood)).toBe(true);
    const points = Float64Array.of(-1, 0.2, 1, 0.5, 0, -1, 0.4, 0.9, -0.5, -0.6);
    const ours = await flow.toBase(points);
    const exact = await gradientFlow({ ...common, points });
    expect(worst(ours.points[2]!, exact.points[2]!)).toBeLessThan(0.03);
    expect(worst(ours.logAbsDet[2]!, exact.logAbsDet[2]!)).toBeLessThan(0.08);
    // Density mobility: L rises too.
    const slow = await gradientFlow({ ...common, form: "grid", mobility: "density" });
    expect(neverFalls(slow.logLikelihood)).toBe(true);
    // Its Jacobian is that of the map between nodes.
    const h = 1e-5;
    const around = Float64Array.of(0.3 + h, 0.4, 0.3 - h, 0.4, 0.3, 0.4 + h, 0.3, 0.4 - h, 0.3, 0.4);
    const near = await flow.toBase(around);
    const z = near.points[2]!;
    const differences = [z[0]! - z[2]!, z[4]! - z[6]!, z[1]! - z[3]!, z[5]! - z[7]!].map((v) => v / (2 * h));
    expect(worst(near.jacobians![2]!.subarray(16), differences)).toBeLessThan(1e-6);
    const back = await flow.toData(ours.points[2]!);
    expect(worst(back.points[2]!, points)).toBeLessThan(1e-10);
    expect(
      worst(
        back.logAbsDet[2]!,
        ours.logAbsDet[2]!.map((own) => -own),
      ),
    ).toBeLessThan(1e-9);
  });

  test("along a path d log rho_t / dt is the opposite of the divergence", async () => {
    const h = 1e-3;
    for (const mobility of ["unit", "density"] as const) {
      const flow = await gradientFlow({
        from: twoModes,
        to: line,
        form: "grid",
        mobility,
        tolerance: 1e-7,
        times: [0.5 - h, 0.5, 0.5 + h],
      });
      const ours = await flow.toBase(Float64Array.from({ length: 31 }, (_, i) => -2.25 + 0.15 * i));
      const [before, , after] = ours.logDensity;
      const rate = before!.map((own, i) => (after![i]! - own) / (2 * h));
      expect(
        worst(
          rate,
          ours.divergences[1]!.map((own) => -own),
        ),
      ).toBeLessThan(0.01);
    }
  });

  test("any two densities: from a skewed expression to a mixture", async () => {
    const skewed = densityOf(1, (x) => g.sum(g.sub(x, g.exp(x))));
    const grid = { box: [[-9, 2.2]] as const };
    const flow = await gradientFlow({ from: skewed, to: twoModes, grid, times: [0, 1, 6] });
    expect(flow.form).toBe("grid");
    expect(neverFalls(flow.logLikelihood)).toBe(true);
    // The estimate of log rho where rho is.
    flow.points[0]!.forEach((x, j) => {
      if (x > -2.5 && x < 1)
        expect(Math.abs(flow.logEstimate[2]![j]! - (x - Math.exp(x)))).toBeLessThan(0.05);
    });
  });

  test("a box that does not hold the mass, or a point outside of it, is refused", async () => {
    const small = { box: [[-1, 1]] as const };
    await expect(gradientFlow({ from: twoModes, to: line, grid: small })).rejects.toThrow(
      /the mass on the grid must be 1, got 0\./,
    );
    const flow = await gradientFlow({ from: twoModes, to: line, form: "grid", times: [0] });
    await expect(flow.toBase(Float64Array.of(50))).rejects.toThrow(/widen the box/);
    await expect(flow.toData(Float64Array.of(50))).rejects.toThrow(/widen the box/);
    await expect(gradientFlow({ from: flat(1), to: line, form: "grid" })).rejects.toThrow(/grid\.box/);
  });
});
