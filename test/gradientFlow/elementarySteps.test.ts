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

/** Without an array for each point: there are tens of millions. */
type Psi = (x: number, y: number, out: Float64Array) => void;

/** A family of elementary maps, of which two numbers choose one. */
interface Family {
  readonly draw: (stream: RandomStream) => Vector;
  /** Places of a quadrature over the draws, with their probabilities. */
  readonly places: readonly (readonly [own: Vector, probability: number])[];
  /** Writes psi_k of one map at a point, two numbers each; there are as many as in `out`, which is used again. */
  readonly psi: (own: Vector) => Psi;
  /** Number of psi_k. */
  readonly count: number;
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
    psi([cx, cy]) {
      return (x, y, out) => {
        const push = 1 / (1 + Math.hypot(x - cx, y - cy) / width);
        out[0] = push * (x - cx);
        out[1] = push * (y - cy);
      };
    },
    count: 1,
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
    psi([angle, x0]) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      return (x, y, out) => {
        const along = c * x + s * y;
        const q = Math.hypot(width, along - x0);
        out[0] = -along * c;
        out[1] = -along * s;
        out[2] = q * c;
        out[3] = q * s;
        out[4] = c;
        out[5] = s;
      };
    },
    count: 3,
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

/** Adds sum_k G_k psi_k at each point to `out`, which may be the points. */
function move(
  out: Float64Array,
  points: Float64Array,
  G: ArrayLike<number>,
  psi: Psi,
  pushes: Float64Array,
): void {
  for (let at = 0; at < points.length; at += 2) {
    psi(points[at]!, points[at + 1]!, pushes);
    for (let k = 0; k < G.length; k++) {
      out[at]! += G[k]! * pushes[2 * k]!;
      out[at + 1]! += G[k]! * pushes[2 * k + 1]!;
    }
  }
}

/** The smoothed field at the probes, by the midpoint rule over z' and the family, from the unsmoothed field itself. */
async function smoothedField({ places, psi, count: fields }: Family): Promise<Float64Array> {
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
  const masses = logDensity.map((value) => Math.exp(value) * h * h);
  const pushes = new Float64Array(2 * fields);
  for (const [own, probability] of places) {
    if (probability < 1e-8) continue;
    const at = psi(own);
    const G = new Float64Array(fields);
    for (let row = 0; row < masses.length; row++) {
      at(points[2 * row]!, points[2 * row + 1]!, pushes);
      for (let k = 0; k < fields; k++)
        G[k]! +=
          masses[row]! * (pushes[2 * k]! * velocity[2 * row]! + pushes[2 * k + 1]! * velocity[2 * row + 1]!);
    }
    move(
      out,
      probes,
      G.map((value) => probability * value),
      at,
      pushes,
    );
  }
  return out;
}

describe.each(Object.entries(families))("many small %s steps", (_, family) => {
  test("move points on average by the smoothed field", async () => {
    const field = await smoothedField(family);
    const [steps, dt, repeats, counted] = [250, 4e-5, 24, 500];
    const rates: number[][] = Array.from(probes, () => []);
    const pushes = new Float64Array(2 * family.count);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const stream = new RandomStream(split(randomKey(11), repeat));
      const points = Float64Array.of(...sampleMixture(plane, counted, stream), ...probes);
      for (let step = 0; step < steps; step++) {
        const own = family.draw(stream);
        const G = family.gradient(own, points.subarray(0, 2 * counted)).map((value) => dt * value);
        move(points, points, G, family.psi(own), pushes);
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
