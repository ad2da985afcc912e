/** Radial and directional maps against the formulas of the papers in their own letters (Python 3, module math). */

import { expect, test } from "vitest";
import { directionalMap } from "../../src/bijections/residual/directionalMap.ts";
import { radialMap, radialStrength } from "../../src/bijections/residual/radialMap.ts";
import type { RadialProfile } from "../../src/bijections/residual/radialProfiles.ts";
import { engines } from "../engines.ts";
import { Subject } from "../laws/harness.ts";
import { stream } from "../laws/parameters.ts";
import { expectClose } from "./golden.ts";

const double = 2 ** -52;

// y = z + beta f(r)(z - x0), then (y - shift) / scale: x0 = (0.3, -0.2), alpha = 1.3, beta f(0) = 0.8, shift = (0.1, -0.3),
// scale = 1.3, at z = (1.1, 0.4).
const radial: Readonly<Record<RadialProfile, readonly [x: number, y: number, logAbsDet: number]>> = {
  erf: [1.1794994289774272, 0.846163033271532, 0.35262644285024547],
  algebraic: [1.0474916387959865, 0.7471571906354515, 0.0759280322028697],
  compact: [0.7954483386436049, 0.5581247155211653, -0.7593147007924802],
};

test.each(Object.entries(radial))("radial map, %s", async (profile, [x, y, logAbsDet]) => {
  const subject = new Subject(radialMap({ features: 2, profile: profile as RadialProfile }));
  const parameters = {
    centre: Float64Array.of(0.3, -0.2),
    logRadius: Float64Array.of(Math.log(1.3)),
    strength: Float64Array.of(radialStrength(0.8)),
    shift: Float64Array.of(0.1, -0.3),
    logScale: Float64Array.of(Math.log(1.3)),
  };
  const there = await subject.image("inverse", parameters, { x: [1.1, 0.4] });
  expectClose(there.value, [x, y], 16 * double);
  expectClose(there.logAbsDet, [logAbsDet], 16 * double);
  const back = await subject.image("forward", parameters, { x: [x, y] });
  expectClose(back.value, [1.1, 0.4], 32 * double);
  expectClose(back.logAbsDet, [-logAbsDet], 32 * double);
});

test("directional map", async () => {
  // (1 - sigma) u + phi0 + gamma sqrt(eps^2 + ((1 - sigma) u - x0)^2) at u = 1.7 with
  // sigma = 0.3, gamma = -0.4, phi0 = 0.2, x0 = 0.5, eps = 0.6.
  const subject = new Subject(directionalMap({ features: 1 }));
  const parameters = {
    directions: Float64Array.of(1),
    logSlope: Float64Array.of(Math.log(0.7)),
    bend: Float64Array.of(Math.atanh(-0.4)),
    shift: Float64Array.of(0.2),
    centre: Float64Array.of(0.5),
    logWidth: Float64Array.of(Math.log(0.6)),
  };
  const there = await subject.image("inverse", parameters, { x: [1.7] });
  expectClose(there.value, [1.024245984300924], 16 * double);
  expectClose(there.logAbsDet, [-0.7159850839091964], 16 * double);
  const back = await subject.image("forward", parameters, { x: there.value });
  expectClose(back.value, [1.7], 32 * double);
});

test.each(engines)("$name: roots are found for every strength, near and far", async ({ engine, epsilon }) => {
  const source = stream(1, "roots");
  for (const profile of ["erf", "compact", "algebraic"] as const) {
    const subject = new Subject(radialMap({ features: 1, profile }), engine);
    for (const strength of [-60, -3, -1, -0.01, 0.01, 1, 3, 60]) {
      const parameters = {
        centre: Float64Array.of(0),
        logRadius: Float64Array.of(0),
        strength: Float64Array.of(strength),
        shift: Float64Array.of(0),
        logScale: Float64Array.of(0),
      };
      const x = Float64Array.from({ length: 200 }, () => Math.fround(Math.exp(5 * source.normal())));
      const { value } = await subject.image("inverse", parameters, { x });
      const back = await subject.image("forward", parameters, { x: value });
      // Slopes are between 1/4 and 3.
      back.value.forEach((own, i) => expect(Math.abs(own / x[i]! - 1)).toBeLessThan(32 * epsilon));
    }
    await subject.dispose();
  }
});
