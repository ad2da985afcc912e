import { expect, test } from "vitest";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { gradientFlow } from "../../src/fitting/gradientFlow/gradientFlow.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { meanOf, plane, twoModes, worst } from "./flows.ts";

const line = standardNormal({ features: 1 });

test("particles end too narrow, by 1 / (1 + c^2), and follow d s^2/dt = -2 s^2 + 2 / (1 + c^2)", async () => {
  const stream = new RandomStream(randomKey(5));
  const points = Float64Array.from({ length: 150 }, () => 0.5 * stream.normal());
  const bandwidth = 0.3;
  const times = [0, 0.5, 4];
  const flow = await gradientFlow({ from: points, to: line, points, bandwidth, times });
  expect(flow.form).toBe("particles");
  const variance = (values: Float64Array): number => meanOf(values.map((own) => (own - meanOf(values)) ** 2));
  const start = variance(points);
  const end = 1 / (1 + bandwidth ** 2);
  times.forEach((t, k) => {
    const expected = end + (start - end) * Math.exp(-2 * t);
    // The start is not quite normal; measured 0.92 at the end.
    expect(Math.abs(variance(flow.points[k]!) - expected)).toBeLessThan(0.03);
  });
  // The bias is seen: 1 is not within reach.
  expect(variance(flow.points[2]!)).toBeLessThan(0.95);
});

test("against the exact flow the bias grows with the bandwidth", async () => {
  const times = [0, 0.5];
  const errors: number[] = [];
  for (const bandwidth of [0.15, 0.6]) {
    const common = { from: twoModes, to: line, times };
    const ours = await gradientFlow({ ...common, form: "particles", rows: 150, bandwidth });
    const exact = await gradientFlow({ ...common, points: ours.points[0]! });
    errors.push(Math.sqrt(meanOf(ours.points[1]!.map((own, i) => (own - exact.points[1]![i]!) ** 2))));
    expect(ours.logLikelihood[1]).toBeGreaterThan(ours.logLikelihood[0]!);
  }
  expect(errors[0]).toBeLessThan(0.15);
  expect(errors[1]).toBeGreaterThan(1.5 * errors[0]!);
});

for (const mobility of ["unit", "density"] as const)
  test(`others are carried by the particles' field, with their Jacobians, ${mobility} mobility`, async () => {
    const h = 1e-3;
    const t = 0.3;
    const flow = await gradientFlow({
      from: plane,
      to: standardNormal({ features: 2 }),
      form: "particles",
      mobility,
      rows: 80,
      times: [t - h, t, t + h],
      tolerance: 1e-6,
      jacobians: true,
    });
    const points = Float64Array.of(0.3, 0.4, 0.3 + h, 0.4, 0.3 - h, 0.4, 0.3, 0.4 + h, 0.3, 0.4 - h);
    const moved = await flow.toBase(points);
    const z = moved.points[1]!;
    const differences = [z[2]! - z[4]!, z[6]! - z[8]!, z[3]! - z[5]!, z[7]! - z[9]!].map((v) => v / (2 * h));
    expect(worst(moved.jacobians![1]!.subarray(0, 4), differences)).toBeLessThan(2e-3);
    const [a, b, c, d] = differences as [number, number, number, number];
    expect(Math.abs(moved.logAbsDet[1]![0]! - Math.log(a * d - b * c))).toBeLessThan(2e-3);
    const rate = (moved.logDensity[2]![0]! - moved.logDensity[0]![0]!) / (2 * h);
    expect(Math.abs(rate + moved.divergences[1]![0]!)).toBeLessThan(2e-3);
    const back = await flow.toData(z);
    expect(worst(back.points[1]!, points)).toBeLessThan(1e-3);
    expect(
      worst(
        back.logAbsDet[1]!,
        moved.logAbsDet[1]!.map((own) => -own),
      ),
    ).toBeLessThan(2e-3);
  });

test("particles without spread, or a bandwidth that is none, are refused", async () => {
  await expect(gradientFlow({ from: Float64Array.of(1, 1), to: line })).rejects.toThrow(/spread/);
  await expect(gradientFlow({ from: Float64Array.of(1, 2), to: line, bandwidth: 0 })).rejects.toThrow(
    /bandwidth/,
  );
  await expect(gradientFlow({ from: Float64Array.of(1, 2), to: line, form: "grid" })).rejects.toThrow(
    /needs a density/,
  );
});
