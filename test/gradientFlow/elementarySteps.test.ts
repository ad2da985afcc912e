/**
 * Small elementary steps of dual ascent follow a smoothed gradient flow (Tabak & Turner 2013). A step moves
 *
 *     z -> z + dt G psi(z),   psi(z) = f(r) (z - z0),  r = |z - z0|,  f = 1 / (a + r)
 *     G = E[(n - 1) f + (f + r f') - f z . (z - z0)] = E[div psi + psi . grad log mu]
 *
 * with a random centre z0. By parts G = E[psi . (grad log mu - grad log rho_t)], so that on average
 *
 *     dz/dt = E over z0 of psi(z) Int psi(z') . (grad log mu - grad log rho_t)(z') rho_t(z') dz'
 */
import { describe, expect, test } from "vitest";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { gradientFlow } from "../../src/gradientFlow/gradientFlow.ts";
import { sampleMixture } from "../../src/gradientFlow/normalMixture.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { meanOf, plane } from "./flows.ts";

const width = 0.5;
const probes = Float64Array.of(-1, 0.2, 1, 0.5, 0, -1.2, 2, 1);

/** One elementary step: moves all points, by the statistics of the first `counted` of them. */
function step(points: Float64Array, counted: number, z0: readonly [number, number], dt: number): void {
  let G = 0;
  for (let row = 0; row < counted; row++) {
    const dx = points[2 * row]! - z0[0];
    const dy = points[2 * row + 1]! - z0[1];
    const r = Math.hypot(dx, dy);
    const f = 1 / (width + r);
    G += (f + width * f * f - f * (points[2 * row]! * dx + points[2 * row + 1]! * dy)) / counted;
  }
  for (let at = 0; at < points.length; at += 2) {
    const dx = points[at]! - z0[0];
    const dy = points[at + 1]! - z0[1];
    const push = (dt * G) / (width + Math.hypot(dx, dy));
    points[at]! += push * dx;
    points[at + 1]! += push * dy;
  }
}

/** The smoothed field at the probes, by the midpoint rule over z' and z0, from the unsmoothed field itself. */
async function smoothedField(): Promise<Float64Array> {
  const cells = (count: number, half: number): Float64Array =>
    Float64Array.from({ length: 2 * count * count }, (_, at) => {
      const cell = at >> 1;
      const i = at % 2 === 0 ? Math.floor(cell / count) : cell % count;
      return -half + ((i + 0.5) * 2 * half) / count;
    });
  const places = cells(48, 5);
  const area = (10 / 48) ** 2;
  const flow = await gradientFlow({
    from: plane,
    to: standardNormal({ features: 2 }),
    points: places,
    times: [0],
  });
  const centres = cells(40, 5);
  const out = new Float64Array(probes.length);
  for (let c = 0; c < centres.length; c += 2) {
    const [cx, cy] = [centres[c]!, centres[c + 1]!];
    const share = (Math.exp(-0.5 * (cx * cx + cy * cy)) / (2 * Math.PI)) * (10 / 40) ** 2;
    if (share < 1e-8) continue;
    let G = 0;
    for (let row = 0; row < places.length / 2; row++) {
      const dx = places[2 * row]! - cx;
      const dy = places[2 * row + 1]! - cy;
      const along =
        (dx * flow.velocities[0]![2 * row]! + dy * flow.velocities[0]![2 * row + 1]!) /
        (width + Math.hypot(dx, dy));
      G += along * Math.exp(flow.logDensity[0]![row]!) * area;
    }
    for (let at = 0; at < probes.length; at += 2) {
      const dx = probes[at]! - cx;
      const dy = probes[at + 1]! - cy;
      const psi = (share * G) / (width + Math.hypot(dx, dy));
      out[at]! += psi * dx;
      out[at + 1]! += psi * dy;
    }
  }
  return out;
}

describe("many small elementary steps", () => {
  test("move points on average by the smoothed field", async () => {
    const field = await smoothedField();
    const steps = 250;
    const dt = 4e-5;
    const repeats = 24;
    const rates: number[][] = Array.from(probes, () => []);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const stream = new RandomStream(split(randomKey(11), repeat));
      const sample = sampleMixture(plane, 1500, stream);
      const points = Float64Array.of(...sample, ...probes);
      for (let k = 0; k < steps; k++) step(points, sample.length / 2, [stream.normal(), stream.normal()], dt);
      probes.forEach((own, at) => {
        rates[at]!.push((points[sample.length + at]! - own) / (steps * dt));
      });
    }
    let largest = 0;
    field.forEach((own, at) => {
      const mean = meanOf(rates[at]!);
      const error = Math.sqrt(meanOf(rates[at]!.map((value) => (value - mean) ** 2)) / (repeats - 1));
      // Four standard errors, and what the field changes within the time of 0.01.
      expect(Math.abs(mean - own)).toBeLessThan(4 * error + 0.01 * Math.abs(own) + 2e-4);
      largest = Math.max(largest, Math.abs(own) / error);
    });
    // The comparison has teeth: the field is many standard errors away from none.
    expect(largest).toBeGreaterThan(20);
  });
});
