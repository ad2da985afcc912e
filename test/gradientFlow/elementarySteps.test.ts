/**
 * Small elementary steps of dual ascent follow a smoothed gradient flow (Tabak & Vanden-Eijnden 2010; Tabak & Turner
 * 2013). A step moves
 *
 *     z -> z + dt sum_k G_k psi_k(z),   G_k = E[div psi_k + psi_k . grad log mu]
 *
 * with random psi: F(r) (z - z0) around a center, or along a direction e, with x = e . z, those of the three
 * parameters of a bend: -x e, sqrt(eps^2 + (x - x0)^2) e and e. By parts G_k = E[psi_k . (grad log mu - grad log rho_t)],
 * so that on average
 *
 *     dz/dt = E over psi of sum_k psi_k(z) Int psi_k(z') . (grad log mu - grad log rho_t)(z') rho_t(z') dz'
 *
 * G is what the library computes; psi and the field are written out here.
 */
import { describe, expect, test } from "vitest";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { ascentPoints } from "../../src/fitting/dualAscent/ascentPoints.ts";
import { directionalModel } from "../../src/fitting/dualAscent/directionalAscent.ts";
import {
  distances,
  radialModel,
  radialScratch,
  radialTerms,
} from "../../src/fitting/dualAscent/radialAscent.ts";
import { gradientFlow } from "../../src/fitting/gradientFlow/gradientFlow.ts";
import { sampleMixture } from "../../src/fitting/gradientFlow/normalMixture.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { meanOf, plane } from "./flows.ts";

type Vector = readonly [number, number];

/** A family of elementary maps, of which two numbers choose one. */
interface Family {
  readonly draw: (stream: RandomStream) => Vector;
  /** Places of a quadrature over the draws, with their probabilities. */
  readonly places: readonly (readonly [own: Vector, probability: number])[];
  /** psi_k of one map at a point. */
  readonly psi: (own: Vector, z: Vector) => readonly Vector[];
  /** G_k of one map from points, row-major, as the library has it. */
  readonly gradient: (own: Vector, points: Float64Array) => readonly number[];
}

const width = 0.5;
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
/** Midpoints of cells from -5 to 5, with the probability of each under N(0, 1). */
const normalPlaces = Array.from({ length: 40 }, (_, i) => -4.875 + 0.25 * i).map(
  (x) => [x, 0.25 * density(x)] as const,
);

const families: Readonly<Record<string, Family>> = {
  radial: {
    draw: (stream) => [stream.normal(), stream.normal()],
    places: normalPlaces.flatMap(([x, p]) => normalPlaces.map(([y, q]) => [[x, y], p * q] as const)),
    psi([cx, cy], [x, y]) {
      const push = 1 / (1 + Math.hypot(x - cx, y - cy) / width);
      return [[push * (x - cx), push * (y - cy)]];
    },
    gradient(centre, points) {
      const own = ascentPoints(points, 2, undefined);
      const scratch = radialScratch(own.rows);
      const all = [0, own.rows] as const;
      distances(own, Float64Array.from(centre), scratch.radii, all);
      radialTerms("algebraic", width, scratch, all);
      return [radialModel(own, scratch, Float64Array.from(centre), all).gradient];
    },
  },
  directional: {
    draw: (stream) => [Math.PI * stream.uniform(), stream.normal()],
    places: Array.from({ length: 24 }, (_, i) => ((i + 0.5) * Math.PI) / 24).flatMap((angle) =>
      normalPlaces.map(([x0, p]) => [[angle, x0], p / 24] as const),
    ),
    psi([angle, x0], [x, y]) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const along = c * x + s * y;
      const q = Math.hypot(width, along - x0);
      return [-along, q, 1].map((size) => [size * c, size * s] as const);
    },
    gradient([angle, x0], points) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const column = Float64Array.from(
        { length: points.length / 2 },
        (_, row) => c * points[2 * row]! + s * points[2 * row + 1]!,
      );
      return directionalModel(column, undefined, x0, width).gradient;
    },
  },
};

const probes = Float64Array.of(-1, 0.2, 1, 0.5, 0, -1.2, 2, 1);

/** The smoothed field at the probes, by the midpoint rule over z' and the family, from the unsmoothed field itself. */
async function smoothedField({ places, psi }: Family): Promise<Float64Array> {
  const count = 48;
  const h = 10 / count;
  const points = Float64Array.from({ length: 2 * count * count }, (_, at) => {
    const cell = at >> 1;
    return -5 + ((at % 2 === 0 ? Math.floor(cell / count) : cell % count) + 0.5) * h;
  });
  const to = standardNormal({ features: 2 });
  const flow = await gradientFlow({ from: plane, to, points, times: [0] });
  const [velocity, logDensity] = [flow.velocities[0]!, flow.logDensity[0]!];
  const out = new Float64Array(probes.length);
  for (const [own, probability] of places) {
    if (probability < 1e-8) continue;
    const G = [0, 0, 0];
    for (let row = 0; row < logDensity.length; row++) {
      const mass = Math.exp(logDensity[row]!) * h * h;
      psi(own, [points[2 * row]!, points[2 * row + 1]!]).forEach(([px, py], k) => {
        G[k]! += mass * (px * velocity[2 * row]! + py * velocity[2 * row + 1]!);
      });
    }
    for (let at = 0; at < probes.length; at += 2)
      psi(own, [probes[at]!, probes[at + 1]!]).forEach(([px, py], k) => {
        out[at]! += probability * G[k]! * px;
        out[at + 1]! += probability * G[k]! * py;
      });
  }
  return out;
}

describe.each(Object.entries(families))("many small %s steps", (_, family) => {
  test("move points on average by the smoothed field", async () => {
    const field = await smoothedField(family);
    const [steps, dt, repeats, counted] = [250, 4e-5, 24, 1500];
    const rates: number[][] = Array.from(probes, () => []);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const stream = new RandomStream(split(randomKey(11), repeat));
      const points = Float64Array.of(...sampleMixture(plane, counted, stream), ...probes);
      for (let step = 0; step < steps; step++) {
        const own = family.draw(stream);
        const G = family.gradient(own, points.subarray(0, 2 * counted));
        for (let at = 0; at < points.length; at += 2)
          family.psi(own, [points[at]!, points[at + 1]!]).forEach(([px, py], k) => {
            points[at]! += dt * G[k]! * px;
            points[at + 1]! += dt * G[k]! * py;
          });
      }
      probes.forEach((own, at) => {
        rates[at]!.push((points[2 * counted + at]! - own) / (steps * dt));
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
